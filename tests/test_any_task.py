"""Studies of any family in any surface: the guide's own and dependency graphs run through the factorial; others are checked, not run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analysis.claims.claims import gain
from analysis.design.checks import check_study
from analysis.design.recipes import Tasks, base, context, everything, exam, knowing, needing
from analysis.design.results import Results, collect
from analysis.design.scale import CPU, SCALES
from analysis.design.study import Setting
from analysis.measures.exact import LOWER_BOUND
from analysis.report.findings import derivations
from analysis.studies.grid import STUDY
from synthtasks import Dag, Program, Uses
from synthtasks.families import Family, problem
from synthtasks.families.dials.quantities import longest_path
from synthtasks.surfaces import Equations
from tests.tiny import TINY
from train.policy import Fresh
from train.rl.problems import Band
from train.stages.disk import write_json
from train.stages.stage import Context, Stage, closure
from train.stages.store import Store

GUIDE = Path(__file__).parent.parent / "synthtasks" / "README.md"
LEARNS = replace(TINY, lines=5, deepest=5, pretraining=200, tokens=1_024, pretraining_lr=1e-2)  # the least by which a base has an edge


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tasks]:
    """The guide's own family, imported from a file as a user's is."""
    code = next(c for c in re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL) if "class Clock" in c)
    folder = tmp_path_factory.mktemp("own")
    (folder / "clock.py").write_text(code, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield Tasks(("mirrored",), "clock:Clock")


def ran(tasks: Tasks, folder: Path) -> Results:
    """The small factorial of one seed, run in this process."""
    setting, store = Setting(LEARNS, (0,), tasks), Store(folder)
    check_study(STUDY, setting)
    cells = tuple(STUDY.every(setting))
    for stage in closure([s for c in cells for s in c.stages]):
        store.get(stage)
    return collect(STUDY, setting, cells, store)


def answered(results: Results) -> None:
    """Every cell is measured, or says why not; those at the edge are measured, by samples, too; each claim that can be asked is judged."""
    assert len(results.outcomes) == len(results.cells)
    for outcome in results.outcomes:
        assert ("pass@128" in outcome.metrics("after")) != ("the edge: no difficulty from 1 to 5 has pass@" in outcome.undefined)
        if outcome.has((("control", "none"), ("region", "at"))):
            place = outcome.places("edge", "band at")[0]
            for phase in ("before", "after"):
                for what in ("answer@1", "sampled process@8"):
                    low, mean, high = (outcome.value(phase, f"{what}{end}", place) for end in (" low", "", " high"))
                    assert 0 <= low <= mean <= high <= 1  # type: ignore[operator]  # each was measured
                    assert what != "answer@1" or low < high  # type: ignore[operator]  # modulo 2 some answers are right, and some wrong
    assert [f.name for f in results.findings] == [c.name for c in STUDY.claims_of(results.cells)]


# broken if the family that the guide shows how to write cannot be what the factorial is about; it has no field from which a primitive could
# be left out, so there is no positive control, and all else is there
def test_the_family_of_the_guide_runs_through_the_factorial(clock: Tasks, tmp_path: Path) -> None:
    results = ran(clock, tmp_path)
    answered(results)
    assert {dict(c.labels)["control"] for c in results.cells} == {"none", "coin", "temperature"}
    assert {c.name for c in STUDY.claims} - {f.name for f in results.findings} == {"7 positive control"}
    assert derivations(results) == ()  # a clock has one derivation


# broken if dependency graphs cannot be what the factorial is about, or a lower bound passes for success itself: graphs of 5 steps, depth 4,
# may be solved in several orders, chains of 1 to 4 steps may not; or if whoever guesses is not granted the withheld results
def test_dependency_graphs_run_through_the_factorial(tmp_path: Path) -> None:
    results = ran(Tasks(("mul",), "dag", "equations"), tmp_path)
    answered(results)
    assert {dict(c.labels)["control"] for c in results.cells} == {"none", "known", "coin", "temperature"}
    assert "a lower bound at difficulty 5:" in results.note
    sampled = [outcome for outcome in results.outcomes if outcome.curve("after", "sampled process@8")]
    assert sampled
    assert "".join(derivations(results)).count("<tr>") == 1 + 2 * len(sampled)  # a head; pass@1 and pass@8
    for outcome in results.outcomes:
        assert outcome.places("edge", LOWER_BOUND) == [5]
        if outcome.has((("control", "none"), ("region", "at"))):
            assert outcome.value("floor", "pass@1", 1) == 0.5  # one step, which multiplies, modulo 2


# broken if a study of another family or surface is refused, or a positive control is made where nothing is left to know
@pytest.mark.parametrize(
    ("tasks", "controlled"),
    [
        (Tasks(("mul",), surface="story"), True),
        (Tasks(("mul",), "tree"), True),
        (Tasks(("and", "xor"), "circuit", "code"), True),
        (Tasks(("reverse",), "compose"), True),
        (Tasks(("s5",), "group"), False),
        (Tasks(("next",), "hops", "nested"), False),
        (Tasks(("north",), "grid", "code"), False),
        (Tasks(("add", "mul", "sub")), False),
    ],
    ids=lambda x: f"{x.family} {x.surface}" if isinstance(x, Tasks) else "",
)
def test_other_families_and_surfaces_are_accepted(tasks: Tasks, controlled: bool) -> None:
    setting = Setting(TINY, (0,), tasks)
    check_study(STUDY, setting)
    assert any(dict(c.labels)["control"] == "known" for c in STUDY.every(setting)) == controlled


# broken if what cannot be named, said or withheld is found out later than when it is typed, or without what there is instead
@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ((("mul",), "dogs"), "no family is called 'dogs'; there are program, dag, .*, and MODULE:NAME for one of your own"),
        ((("mul",), "clock:Watch"), "clock:Watch cannot be loaded: .*Watch"),
        ((("mul",), "dag", "compact"), "--surface is one of 'equations', 'code', 'story'; found 'compact'"),
        ((("mul",), "circuit"), "--withhold takes some of and, or, xor, nand, not, each once; found mul"),
        ((("mul",), "clock:Clock"), "--withhold takes some of later, mirrored, each once; found mul"),
        ((("mul", "mul"),), "each once; found mul mul"),
        (((),), "--withhold takes some of add, sub, mul, each once; found none"),
    ],
)
def test_tasks_that_cannot_be_are_refused(clock: Tasks, typed: tuple[tuple[str, ...], str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tasks(*typed)


# broken if another family or surface changes the study of programs: its bases read, and its problems are, what they were
def test_programs_are_what_they_were() -> None:
    for scale in SCALES.values():
        family = Program(3, scale.lines, modulus=scale.modulus)
        assert everything(scale) == family
        assert needing(scale, Tasks()) == replace(family, uses=Uses(("mul",), scale.uses))
        assert knowing(scale, Tasks()) == replace(family, primitives=family.primitives[:2])
        assert exam(family, scale.deepest) == tuple(replace(family, steps=n) for n in range(1, scale.deepest + 1))
        assert context(scale, Tasks()) == 256
    assert everything(replace(CPU, lines=2, deepest=2, solved=1, uses=1)) == Program(2, 2)  # no longer than the lines there are


# broken if a model cannot read, or name, what it is asked: 24 equations with their solutions take more than 256 tokens
def test_a_model_has_room_and_words_for_the_largest_problems() -> None:
    tasks, hardest = Tasks(("mul",), "dag", "equations"), exam(Dag(), CPU.lines)[-1]
    model, said = base(CPU, (), 0, tasks).policy, Equations()
    assert isinstance(model, Fresh)
    for p in (problem(hardest, "test", "room", i) for i in range(20)):
        assert 256 < len(model.vocab.encode(said.prompt(p) + said.solution(p))) <= model.config.context == 512


# broken if a claim on cells that another task does not have stops the study, or a claim on cells that no task has does not
def test_claims_on_cells_that_a_task_lacks_are_left_out() -> None:
    setting = Setting(TINY, (0,), Tasks(("s5",), "group"))
    check_study(STUDY, setting)
    lost = replace(STUDY.claims[0], contrast=gain({"control": "known", "region": "below"}))
    with pytest.raises(ValueError, match=r"claim '1 gain at the edge': no cell is labelled .*'known'"):
        check_study(replace(STUDY, claims=(lost,)), setting)


@dataclass(frozen=True, eq=False, repr=False)
class Found(Stage):
    """An edge at difficulty 2 and 5."""

    def run(self, out: Path, context: Context) -> None:
        write_json(out / "edge.json", {"bands": {"at": [2, 5]}, "reasons": {}})


# broken if a band leaves depth where it cannot be: of depth 4, graphs have 4 steps or more
@pytest.mark.parametrize("family", [Dag(), needing(TINY, Tasks(("mul",), "dag"))])
def test_a_band_turns_the_dial_of_any_family(family: Family, tmp_path: Path) -> None:
    store = Store(tmp_path)
    for iteration, (steps, depth) in enumerate(((2, 2), (5, 4))):
        for p in Band(family, Found(), "at").batch(store, 3, 0, iteration, 0):
            assert (len(p.proof), longest_path(p)) == (steps, depth)
