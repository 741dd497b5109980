"""The study of narrowing: what it shares with the factorial study, and where its claims look."""

from analysis.design.recipes import Tasks
from analysis.design.scale import CPU
from analysis.design.study import Setting
from analysis.measures.behaviour import curve
from analysis.measures.facts import Cell, Fact, Outcome
from analysis.studies.grid import cells as factorial
from analysis.studies.limits.narrowing import ARMS, AtK, Most, cells, of
from train.losses import Gold, Imitate, Practice, Traces
from train.stages.stage import Stage, closure

SETTING = Setting(CPU, (0,), Tasks())
EVERY = {tuple(dict(cell.labels).values()): cell for cell in cells(SETTING, 0)}


def learned(cell: Cell) -> Stage:
    return cell["learn"]


# Broken if RL that the factorial has run would run again, or a seed cost more than is planned for it.
def test_the_factorial_is_not_run_twice() -> None:
    there = set(closure(stage for cell in factorial(SETTING, 0) for stage in cell.stages))
    mine = set(closure(stage for cell in EVERY.values() for stage in cell.stages))
    again = {arm for (primitive, arm, exam), cell in EVERY.items() if exam == "edge" and "learn" in cell.by_name and learned(cell) in there}
    assert again == {"rl", "rl below", "coin"}
    assert learned(EVERY["absent", "rl", "edge"]) in there
    assert not {s for s in mine - there if s.word == "pretrain"}
    assert len(mine - there) <= 32


# Broken if an arm were no other than one beside it, or RL after fine-tuning met the problems that it was tuned on.
def test_arms_differ_in_what_they_learn_from() -> None:
    assert {arm for _, arm, _ in EVERY} == set(ARMS)
    policies = [cell["learn"] for (_, _, exam), cell in EVERY.items() if exam == "edge" and "learn" in cell.by_name]
    assert len(set(policies)) == len(policies) == 10
    tuned, after = (EVERY["present", arm, "edge"]["learn"].losses[0][1] for arm in ("sft", "sft then rl"))  # type: ignore[attr-defined]
    assert isinstance(tuned, Imitate)
    assert isinstance(tuned.source, Gold)
    assert isinstance(after, Practice)
    assert (tuned.source.problems, tuned.source.first) == (after.source, CPU.rl_iterations)
    same, new = (EVERY["absent", f"distil {name}", "edge"]["learn"].losses[0][1].source for name in ("same", "new"))  # type: ignore[attr-defined]
    assert isinstance(same, Traces)
    assert isinstance(new, Traces)
    assert same.sample.policy != new.sample.policy == EVERY["present", "rl", "edge"]["learn"].policy  # type: ignore[attr-defined]
    assert same.sample.source == new.sample.source


# A claim on a set of too few problems leaves out the seed; one at the most samples reads the last place of its curve.
def test_where_claims_look() -> None:
    labels = tuple(of("rl").items())
    facts = tuple(Fact(labels, 0, "after", k, curve("solved"), 0.5, 9) for k in (1, 32, 1_024))
    outcome = Outcome(dict(labels), 0, facts)
    assert list(AtK(1_024, curve("solved"))(outcome)) == [1_024]
    assert list(AtK(1_024, curve("unsolved"))(outcome)) == []
    assert list(Most(curve("solved"))(outcome)) == [1_024]
    assert list(Most(curve("unsolved"))(outcome)) == []
