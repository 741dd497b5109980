"""Claims are kept as they were before the run, and later differences are shown."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analysis.claims.claims import At, Claim, More, Same, Term, gain
from analysis.claims.judge import judge, one_look, over_looks
from analysis.claims.looks import Looks
from analysis.claims.multiverse import UNIVERSES, multiverse
from analysis.design import found
from analysis.design.registration import FILE, differences, plan_of, read_registration, register
from analysis.design.results import Results
from analysis.design.scale import CPU
from analysis.design.study import Setting, Study
from analysis.measures.effects import Changes
from analysis.measures.facts import Cell, Fact, Outcome, by_condition, measured, outcomes
from train.stages.reading import Malformed
from train.stages.stage import Shelf, Undefined

LABELS = (("arm", "a"),)
CLAIM = Claim("gain", "It gains.", gain({"arm": "a"}), More(10))


def nothing(setting: Setting, seed: int) -> Iterator[Cell]:
    yield Cell(LABELS, seed, ())


STUDY = Study("toy", "Does it?", "nowhere", {"arm": ("a",)}, nothing, (), (CLAIM, Claim("same", "It stays.", gain({"arm": "a"}), Same(5))))
CELL = Cell(LABELS, 0, ())


# Broken if a study could be registered twice, or the second time counted.
def test_the_first_registration_stays(tmp_path: Path) -> None:
    first = register(tmp_path / "toy", STUDY, (CELL,), 0)
    changed = replace(STUDY, claims=(replace(CLAIM, test=More(20)), *STUDY.claims[1:]))
    assert register(tmp_path / "toy", changed, (CELL,), 7) == first == read_registration(tmp_path / "toy")
    assert "before its first stage ran" in first.line


# Broken if whoever edits a margin, a contrast, a look or the set of claims after the run were not noticed.
def test_every_difference_is_shown_with_old_and_new(tmp_path: Path) -> None:
    registration = register(tmp_path, STUDY, (CELL,), 0)
    assert differences(registration, STUDY, (CELL,)) == ()
    claims = (replace(CLAIM, test=More(20)), replace(STUDY.claims[1], contrast=gain({"arm": "a"}, At("below"))))
    found = {d.what: (d.registered, d.now) for d in differences(registration, replace(STUDY, claims=claims), (CELL,))}
    assert found.pop("claims: gain: test: margin") == ("10", "20")
    assert list(found) == ["claims: same: contrast"]
    looks = differences(registration, replace(STUDY, looks=Looks((5, 20))), (CELL,))
    assert [(d.what, d.now) for d in looks] == [("looks: seeds", "[5, 20]")]
    fewer = differences(registration, replace(STUDY, claims=STUDY.claims[:1]), (CELL,))
    assert [(d.what, d.now, d.decides) for d in fewer] == [("claims: same", "none", True)]
    more = replace(STUDY, claims=(*STUDY.claims, replace(CLAIM, name="row", test=None), replace(CLAIM, name="late")))
    assert [(d.what, d.decides) for d in differences(registration, more, (CELL,))] == [("claims: row", False), ("claims: late", True)]
    untested = replace(STUDY, claims=(replace(CLAIM, test=None), *STUDY.claims[1:]))
    assert [(d.what, d.decides) for d in differences(registration, untested, (CELL,))] == [("claims: gain: test", True)]


# Broken if a problem could count as solved, or as created, by another bound after the run.
def test_the_thresholds_of_measures_are_registered() -> None:
    study = replace(STUDY, measures=(Changes(),))
    assert plan_of(study, (CELL,)) == plan_of(STUDY, (CELL,)) | {
        "thresholds": {"Changes": {"is": "Thresholds", "solved": 0.5, "hardly": 0.05, "surely": 1}}
    }


# Broken if a registration that was edited by hand were believed.
def test_an_edited_registration_is_refused(tmp_path: Path) -> None:
    register(tmp_path, STUDY, (CELL,), 0)
    record = json.loads((tmp_path / FILE).read_text())
    record["plan"]["claims"]["gain"]["test"]["margin"] = 5
    (tmp_path / FILE).write_text(json.dumps(record))
    with pytest.raises(Malformed, match="changed after it was written"):
        read_registration(tmp_path)


# Broken if README were made of claims that were changed after the run, of a reading between the looks, or of part of a study.
def test_only_a_registered_look_is_kept_for_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "FOUND", tmp_path / "found")
    registration = register(tmp_path, STUDY, (CELL,), 0)
    moved = replace(STUDY, claims=(replace(CLAIM, test=More(20)), *STUDY.claims[1:]))

    def kept(study: Study, seeds: int, whole: bool = True) -> set[str]:
        results = Results(study, Setting(CPU, tuple(range(seeds))), (CELL,), (), (), None)  # type: ignore[arg-type]  # no store is read
        return {file.name for file in found.keep(results, registration, tmp_path, whole)}

    assert kept(STUDY, 5) == {"found.json", "toy.json"}
    assert kept(moved, 5) == kept(STUDY, 6) == kept(STUDY, 5, whole=False) == {"found.json"}


def fact(seed: int, phase: str, metric: str, value: float, at: float = 1, arm: str = "a") -> Fact:
    return Fact((("arm", arm),), seed, phase, at, metric, value, 100)


def facts(gains: list[float], metrics: tuple[str, ...] = ("pass@128",)) -> list[Fact]:
    """The band is 1; every metric starts at .2."""
    found = []
    for seed, points in enumerate(gains):
        found += [fact(seed, "edge", f"{what} at", 1.0, at) for what, ats in (("band", (1,)), ("region", (1, 2, 3))) for at in ats]
        for metric in metrics:
            start = -0.8 if metric == "log p" else 0.2
            found += [fact(seed, "before", metric, start, at) for at in (1, 2, 3)]
            found += [fact(seed, "after", metric, start + points / 100 / at, at) for at in (1, 2, 3)]
    return found


# Broken if reading a claim after 5, 9 and 16 seeds had the chances of three tests, or another number of seeds those of a look.
def test_looks_spend_the_level() -> None:
    looks, gains = Looks(), [30.0, 40.0, 50.0, 31.0, 44.0]
    once = judge((CLAIM,), outcomes(facts(gains)))[0]
    at_look = judge((CLAIM,), outcomes(facts(gains)), over_looks(looks, range(5)))[0]
    assert once.p is not None
    assert at_look.p == pytest.approx(once.p * looks.alpha / looks.level(5))
    exploratory = judge((CLAIM,), outcomes(facts(gains[:4])), over_looks(looks, range(4)))[0]
    assert exploratory.p == judge((CLAIM,), outcomes(facts(gains[:4])), one_look)[0].p
    # what was shown by five seeds is still shown when four more of them say nothing
    later = judge((CLAIM,), outcomes(facts([*gains, 0.0, 0.0, 0.0, 70.0])), over_looks(looks, range(9)))[0]
    assert at_look.verdict == later.verdict == "shown"


# Broken if a universe judged something else than its name says.
def test_universes_by_hand() -> None:
    gains = [30.0, 33.0, 36.0, 31.0, 40.0]
    found = multiverse((CLAIM,), outcomes(facts(gains, ("pass@8", "pass@128"))))
    assert list(found) == list(UNIVERSES)
    assert not found["pass@1,024"]
    assert not found["answer@8 (sampled)"]
    mean = sum(gains) / 5
    for name in ("as registered", "pass@8", "pass@128", "band of 1", "margin × 2"):
        assert found[name]["gain"].difference == pytest.approx(mean)
    assert found["band of 3"]["gain"].difference == pytest.approx(mean * (1 + 1 / 2 + 1 / 3) / 3)
    assert found["margin × 2"]["gain"].margin == 20
    assert found["as registered"]["gain"].margin == 10


# Broken if what stands beside a verdict were of other values than the verdict.
def test_beside_the_verdict_by_hand() -> None:
    finding = judge((CLAIM,), outcomes(facts([30.0, 33.0, 36.0, 31.0, -5.0], ("pass@128", "log p"))))[0]
    assert finding.sides == (0.8, 0.2)
    assert finding.sign_flip == pytest.approx(4 / 32)  # of the 16 sign patterns to either side, those as extreme: 2, doubled
    assert finding.smallest is not None
    assert finding.smallest > 10
    assert finding.log_change == pytest.approx(0.36)
    # less the margin: -5, 2, 3, 1, 5, whose sum is 6; 9 of the 32 sign patterns give as much or more, and it is doubled
    near = judge((CLAIM,), outcomes(facts([5.0, 12.0, 13.0, 11.0, 15.0])))[0]
    assert near.sign_flip == pytest.approx(18 / 32)


# Broken if a claim found another number than the cell's, or averaged where it must not.
def test_terms_read_facts() -> None:
    two = outcomes([*facts([10.0]), fact(0, "after", "pass@128", 0.5, 1, "b")])
    assert Term(LABELS).value(two) == pytest.approx(0.3)
    assert Term(LABELS, At("at", 2)).value(two) == pytest.approx((0.3 + 0.25) / 2)
    assert Term((("arm", "b"),)).value(two) is None  # it has no band
    with pytest.raises(ValueError, match="no cell is labelled"):
        Term((("arm", "c"),)).value(two)
    with pytest.raises(ValueError, match="pass@7 after learning was not measured"):
        Term(LABELS, metric="pass@7").value(two)


@dataclass(frozen=True)
class Count:
    """One fact."""

    needs: tuple[str, ...] = ()

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        yield cell.fact("after", "count", None, 1.0)


def no_answer(cell: Cell, shelf: Shelf) -> Iterator[Fact]:
    yield cell.fact("after", "half", None, 1.0)
    raise Undefined("there is no edge")


# Broken if a measure without an answer took the other measures with it, or its reason were lost.
def test_what_is_undefined_says_why(tmp_path: Path) -> None:
    (outcome,) = outcomes(measured(CELL, (Count(), no_answer, Count(("absent",))), None))  # type: ignore[arg-type]  # neither reads it
    assert outcome.undefined == "there is no edge"
    assert outcome.value("after", "count") == 1.0
    assert isinstance(outcome, Outcome)


# Broken if cells of one condition fell apart by the order of their seeds.
def test_conditions_hold_their_seeds() -> None:
    found = by_condition(outcomes([*facts([1.0, 2.0]), fact(0, "after", "x", 1.0, 1, "b")]))
    assert {labels: [o.seed for o in mine] for labels, mine in found.items()} == {LABELS: [0, 1], (("arm", "b"),): [0]}
