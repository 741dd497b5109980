"""The study of phases: documents with slips in one skill, and arms that differ in credit alone."""

from dataclasses import replace
from itertools import islice

import pytest

from analysis.design.study import Setting
from analysis.measures.phases import Skills, skills
from analysis.studies.limits.phases import BASES, COIN, PLAN, RULES, SLIPS, TRIED, Slipping, cells
from synthtasks.corpora import Solved
from synthtasks.families import Program, problems
from synthtasks.surfaces import Compact
from tests.tiny import TINY
from train.learn import Learn
from train.losses.practice import Practice
from train.rl import DR_GRPO, Coin, Process

FAMILY = Program(steps=4, lines=12)
EVERY = tuple(cells(Setting(TINY, (0,)), 0))


def judged(planning: float, execution: float, count: int = 300) -> list[Skills]:
    """Planning and execution in documents with slips."""
    write = Slipping(planning, execution)
    return [skills(p, Compact().read(write(p).body)) for p in islice(problems(FAMILY, "train", "slips"), count)]


# Broken if a slip of one skill spoilt the other, a share were of documents and not of steps, or slips changed the length.
def test_slips_of_one_skill_leave_the_other() -> None:
    planned, executed, both = judged(SLIPS, 0.0), judged(0.0, SLIPS), judged(SLIPS, SLIPS)
    assert all(s.execution and s.steps == s.executed == 4 for s in planned)
    assert all(s.planning and s.steps == 4 for s in executed)
    right = (1 - SLIPS) ** 4  # .24
    assert sum(s.planning for s in planned) / 300 == pytest.approx(right, abs=0.07)
    assert sum(s.execution for s in executed) / 300 == pytest.approx(right, abs=0.07)
    assert sum(s.executed for s in both) / 1200 == pytest.approx(1 - SLIPS, abs=0.04)
    assert sum(s.planning and s.execution for s in both) / 300 == pytest.approx(right**2, abs=0.04)


# Broken if documents without slips were others than those that pretraining solves, or slips changed from one reading to the next.
def test_documents_without_slips_are_the_usual_ones() -> None:
    for p in islice(problems(FAMILY, "train", "plain"), 20):
        plain, usual = Slipping()(p), Solved()(p)
        assert (plain.prompt, plain.body, plain.steps) == (usual.prompt, usual.body, usual.steps)
        assert Slipping(0.5, 0.5)(p) == Slipping(0.5, 0.5)(p)


# Broken if arms of a base differed in more than their rule of credit and what it reads: a contrast would be of something else.
def test_arms_differ_in_credit_alone() -> None:
    found = {(labels["base"], labels["arm"]): cell.stage("learn", Learn) for cell in EVERY if (labels := dict(cell.labels))}
    assert set(found) == {(base, arm) for base, arms in TRIED.items() for arm in arms}
    plain, rest = found[PLAN, "grpo"], dict[str, Practice]()
    for arm in TRIED[PLAN]:
        learn = found[PLAN, arm]
        assert (learn.policy, learn.iterations, learn.optim) == (plain.policy, plain.iterations, plain.optim)
        ((_, practice),) = learn.losses
        assert isinstance(practice, Practice)
        assert practice.algorithm.credit == (*DR_GRPO.credit, *RULES.get(arm, ()))
        assert isinstance(practice.reward, Coin if arm == COIN else Process)
        rest[arm] = replace(practice, reward=Process(), algorithm=DR_GRPO, sampler=replace(practice.sampler, records=()))
    assert len(set(rest.values())) == 1
    assert len({found[base, "grpo"].policy for base in BASES}) == len(BASES)


# Broken if the runs of the three bases had other snapshots than one another, or an arm without a trajectory paid for some.
def test_plain_runs_have_snapshots() -> None:
    kept = {labels["base"]: cell.stage("learn", Learn).keep for cell in EVERY if (labels := dict(cell.labels))["arm"] == "grpo"}
    assert set(kept) == set(BASES)
    assert len(set(kept.values())) == 1
    assert all(not cell.stage("learn", Learn).keep for cell in EVERY if dict(cell.labels)["arm"] != "grpo")
