"""The study of algorithms: what it shares with the factorial, its arms, and the figure that ranks them."""

from types import MappingProxyType

import pytest

from analysis.claims.claims import Places
from analysis.design.recipes import Tasks
from analysis.design.scale import CPU
from analysis.design.study import Setting
from analysis.figures.ranked import Ranked, noise, paired
from analysis.figures.spread import Gain
from analysis.figures.svg import specification, still
from analysis.measures.facts import Fact, Outcome
from analysis.studies.grid import cells as factorial
from analysis.studies.limits.algorithms import AXES, KINDS, TWINS, cells, entry
from tests.tiny import TINY
from train.learn import Learn, Spend
from train.losses import Practice
from train.rl import INDEX, SubsetLead, SubsetMean
from train.stages.stage import closure

SETTING = Setting(TINY, (0,), Tasks())
EVERY = {dict(cell.labels)["algorithm"]: cell for cell in cells(SETTING, 0)}


def practice(name: str) -> Practice:
    loss = EVERY[name].stage("learn", Learn).losses[0][1]
    assert isinstance(loss, Practice)
    return loss


# Broken if GRPO and the coin ran again, or the rest cost more than their practice and exam.
def test_the_factorial_is_not_run_twice() -> None:
    there = set(closure(stage for cell in factorial(SETTING, 0) for stage in cell.stages))
    new = set(closure(stage for cell in EVERY.values() for stage in cell.stages)) - there
    assert {name for name, cell in EVERY.items() if set(cell.stages) <= there} == {"grpo", "coin"}
    assert len(new) == 2 * (len(EVERY) - 2)


# Broken if an algorithm practised with other settings than the index says, on other problems, beyond the budget, or a twin on equal ones.
def test_arms_differ_in_the_algorithm_alone() -> None:
    assert set(EVERY) == set(AXES["algorithm"])
    like = EVERY["grpo"]["learn"]
    for names in KINDS.values():
        for name in names:
            mine, found = practice(name), entry(name, TINY.group)
            assert (mine.algorithm, mine.minibatches, mine.sampler.records) == (found.algorithm, INDEX[name].minibatches, found.records)
            assert mine.drawn_by == practice("grpo").drawn_by
            assert EVERY[name].stage("learn", Learn).iterations == Spend(like)
            assert EVERY[name]["budget"] == like
    assert len({practice(name).drawn_by for name in ("grpo", *TWINS)}) == 3
    assert {practice(name).algorithm for name in TWINS} == {practice("grpo").algorithm}
    assert [entry(name, CPU.group).algorithm.credit[1] for name in ("subset-mean", "pkpo")] == [SubsetMean(8), SubsetLead(8)]
    assert set(INDEX) == set(AXES["algorithm"]) - {"coin", *TWINS}  # every algorithm of the index takes part


def outcome(name: str, seed: int, after: float) -> Outcome:
    labels = (("algorithm", name),)
    facts = tuple(Fact(labels, seed, phase, None, "pass@1", value, 1) for phase, value in (("before", 0.1), ("after", after)))
    return Outcome(MappingProxyType(dict(labels)), seed, facts)


# Broken if a seed were compared with another's reference, one without a reference counted, or the band were the mean of twins.
def test_ranks_are_paired_by_hand() -> None:
    number = Gain(Places(), "pass@1")
    every = [outcome(*given) for given in (("a", 0, 0.5), ("a", 1, 0.6), ("a", 2, 0.9), ("b", 0, 0.2), ("b", 1, 0.4))]
    found = paired(every, number, "algorithm", "b")
    assert found["a"] == pytest.approx({0: 30.0, 1: 20.0})
    assert found["b"] == {0: 0.0, 1: 0.0}
    assert paired(every, number, "algorithm", "c") == {}
    # the mean of 2 and -4 is -1, its 95 % interval -1 -+ 12.706 * 3
    assert noise([[2.0, -4.0]]) == pytest.approx(1 + 12.706 * 3, rel=1e-3)
    assert noise([[3.0], [-5.0]]) == 5.0
    assert noise([]) == 0.0
    draw = Ranked({"pass@1": number}, "algorithm", "b", ())
    chart = draw([fact for one in every for fact in one.facts])
    assert chart is not None
    svg = still(specification(chart), "f")
    assert 0 < svg.index(">a<") < svg.index(">b<")  # the best one is at the top
    assert draw([fact for one in every[:3] for fact in one.facts]) is None
