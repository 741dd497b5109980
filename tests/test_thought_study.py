"""The study of thought in pretraining: equal bases, equal compute, the same RL for all, and problems in it that no arm has met."""

from itertools import product
from pathlib import Path

from analysis.design.recipes import PROGRAMS
from analysis.design.scale import SMOKE
from analysis.design.study import Setting
from analysis.studies.elicit.thought import AXES, CELLS, LATER, RATES, STUDY, THINKING, cells, corpus
from analysis.studies.grid import cells as factorial
from synthtasks.rng import rng
from tests.tiny import TINY
from train.learn import Learn, Spend
from train.losses import Imitate, Practice
from train.stages.stage import closure
from train.stages.store import Store

MADE = tuple(cells(Setting(TINY, (0,)), 0))
EVERY = {tuple(dict(cell.labels).values()): cell for cell in MADE}


# Broken if a seed cost bases of its own, a cell came twice, or one that no claim reads.
def test_every_cell_is_claimed_on_bases_of_the_grid() -> None:
    assert [tuple(dict(cell.labels).values()) for cell in MADE] == [*CELLS]
    assert {*CELLS} <= {*product(*AXES.values())}
    there = set(closure(stage for cell in factorial(Setting(TINY, (0,), PROGRAMS), 0) for stage in cell.stages))
    mine = set(closure(stage for cell in EVERY.values() for stage in cell.stages)) - there
    assert not [stage for stage in mine if type(stage).__name__ == "Fresh"]
    assert all(any(claim.speaks_of(dict(cell.labels)) for claim in STUDY.claims) for cell in EVERY.values())


# Broken if arms began from other policies, spent other compute where that is said, or practised otherwise afterwards.
def test_arms_differ_in_how_they_learn_alone() -> None:
    bases = {cell["base"] for (kind, _), cell in EVERY.items() if kind == "knows"}
    assert len(bases) == 1
    budget = EVERY["knows", "RLP"]["learn"]
    for arm in RATES:
        assert EVERY["knows", arm].stage("learn", Learn).iterations == Spend(budget)
    later = [EVERY["knows", arm].stage("practise", Learn) for arm in LATER]
    assert [stage.policy for stage in later] == [EVERY["knows", arm]["learn"] for arm in LATER]
    assert len({(stage.losses, stage.iterations, stage.optim) for stage in later}) == 1


# Broken if the RL that follows met the problems of which some arms have read the documents.
def test_rl_meets_new_problems(tmp_path: Path) -> None:
    cell = next(cell for cell in cells(Setting(SMOKE, (0,)), 0) if dict(cell.labels)["arm"] == "RLP")

    def met(name: str) -> set[str]:
        ((_, loss),) = cell.stage(name, Learn).losses
        assert isinstance(loss, Practice)
        batches = [loss.source.batch(Store(tmp_path), 12, loss.seed, iteration, 0) for iteration in range(4)]
        return {" ".join(THINKING.prompt(p)) for batch in batches for p in batch}

    assert len(met("learn")) > 20
    assert not met("learn") & met("practise")


# Broken if thoughts were more than a few percent of documents, or they and the others were of different problems.
def test_a_few_documents_hold_a_thought() -> None:
    found = [corpus(TINY).recipe(rng("thought", i)).write for i in range(1_000)]
    share = sum(getattr(write, "surface", None) == THINKING for write in found) / len(found)
    assert 0.02 < share < 0.06
    families = [[r.family for r in corpus(TINY).recipes if (r.write.surface == THINKING) == held] for held in (True, False)]  # type: ignore[attr-defined]
    assert families[0] == families[1]
    assert [r.family for r in corpus(TINY, 0.0).recipes] == families[1]
    ((_, loss),) = EVERY["lacks", "none"].stage("base", Learn).losses
    assert isinstance(loss, Imitate)
    assert loss.source == corpus(TINY)
