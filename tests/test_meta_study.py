"""The study of meta-reasoning: arms that differ in credit alone, and exams on the problems that they say."""

from dataclasses import replace
from pathlib import Path

from analysis.design.study import Setting
from analysis.studies.elicit.meta import ARMS, BARE, MAZE, OUTCOME, STUDY, TRIED, cells
from synthtasks.search import Walked
from tests.tiny import TINY
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.rl import GRPO, Correct
from train.sample import Sample
from train.stages.stage import closure
from train.stages.store import Store

EVERY = tuple(cells(Setting(TINY, (0,)), 0))


def practice(learn: Learn) -> Practice:
    """The loss of an arm."""
    ((_, loss),) = learn.losses
    assert isinstance(loss, Practice)
    return loss


# Broken if an arm had another start, budget, reward or problems than the outcome, or a cell came twice.
def test_arms_differ_in_credit_alone() -> None:
    assert [tuple(dict(c.labels).values()) for c in EVERY] == [(task, arm) for task, arms in TRIED.items() for arm in arms]
    for task in TRIED:
        learns = {dict(c.labels)["arm"]: c.stage("learn", Learn) for c in EVERY if ("task", task) in c.labels}
        plain = learns[OUTCOME]
        for arm, learn in learns.items():
            own = practice(learn)
            assert own.algorithm.credit == (*GRPO.credit, *ARMS[arm])
            assert replace(own, algorithm=GRPO) == replace(practice(plain), algorithm=GRPO)
            assert own.reward == Correct()
            assert (learn.policy == plain.policy) == (arm != BARE)
            assert replace(learn, losses=plain.losses, policy=plain.policy) == plain
    assert all(any(claim.speaks_of(dict(cell.labels)) for claim in STUDY.claims) for cell in EVERY)


# Broken if a seed cost more than one pretraining and one cold start, or the policy without tags had seen some.
def test_a_cold_start_alone_shows_tags() -> None:
    read = [s.losses[0][1] for s in closure(s for c in EVERY for s in c.stages) if isinstance(s, Learn)]
    writers = [loss.source.recipes[0].write for loss in read if isinstance(loss, Imitate)]  # type: ignore[union-attr]  # corpora
    assert [bool(write.tags) for write in writers if isinstance(write, Walked)] == [False, True]


# Broken if L0 were other mazes than RL met, or the held-out ones were among those.
def test_levels(tmp_path: Path) -> None:
    store, cell = Store(tmp_path), next(c for c in EVERY if ("arm", OUTCOME) in c.labels)
    learn = cell.stage("learn", Learn)
    loss = practice(learn)
    met = [p for i in range(int(str(learn.iterations))) for p in loss.source.batch(store, loss.problems, loss.seed, i, 0)]
    drawn = {}
    for level in ("L0", "L1", "L2"):
        exam = cell.stage(f"after {level}", Sample)
        batches = range(exam.first, exam.first + exam.iterations)
        drawn[level] = [p for i in batches for p in exam.source.batch(store, exam.problems, exam.seed, i, 0)]
    assert set(drawn["L0"]) <= set(met)
    assert all(p.split == "train" for p in drawn["L0"])
    assert all(p.split == "test" for level in ("L1", "L2") for p in drawn[level])
    assert not {p.tables for p in drawn["L1"]} & {p.tables for p in met}
    assert {p.modulus for level in drawn.values() for p in level} == {MAZE.modulus}  # one policy acts in all
