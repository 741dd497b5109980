"""The study of rewards that know nothing: its fraction, its bases, and an example that is never solved."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import torch

from analysis.claims.claims import Share
from analysis.design.recipes import PROGRAMS
from analysis.design.study import Setting
from analysis.studies.grid import cells as factorial
from analysis.studies.limits.spurious import AXES, CELLS, FORMATS, PRIOR, RELIABLE, SHORTER, STUDY, UPDATES, cells, condition, problems
from synthtasks.corpora import Corpus
from synthtasks.formats import Formatted
from tests.tiny import TINY
from train.learn import Learn
from train.ledger import read_ledger
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.policy import load_policy
from train.rl import Few
from train.stages.stage import closure
from train.stages.store import Store

SETTING = Setting(TINY, (0,))
EVERY = tuple(cells(SETTING, 0))


# Broken if a seed cost bases of its own, a cell came twice, or the fraction outgrew what was registered.
def test_a_fraction_of_the_factorial_on_the_bases_of_the_grid() -> None:
    assert {tuple(dict(cell.labels).values()) for cell in EVERY} == {*CELLS} <= {*product(*AXES.values())}
    assert len(EVERY) == len(CELLS) <= 24
    there = set(closure(stage for cell in factorial(Setting(TINY, (0,), PROGRAMS), 0) for stage in cell.stages))
    mine = set(closure(stage for cell in EVERY for stage in cell.stages)) - there
    kinds = [type(stage.losses[0][1]) for stage in mine if isinstance(stage, Learn)]
    assert kinds.count(Imitate) == len(RELIABLE)  # each reads on from a base of the grid
    assert kinds.count(Practice) == len(CELLS)
    assert not [stage for stage in mine if type(stage).__name__ == "Fresh"]
    assert all(any(claim.speaks_of(dict(cell.labels)) for claim in STUDY.claims) for cell in EVERY)


# Broken if alignments differed in more than how often their formats are right, or F1 were not the likelier one in each.
def test_alignments_differ_in_reliability_alone() -> None:
    read = {dict(cell.labels)["base"]: cell.stage("learn", Learn).policy for cell in EVERY}
    for alignment, policy in read.items():
        assert isinstance(policy, Learn)
        ((_, loss),) = policy.losses
        assert isinstance(loss, Imitate)
        assert isinstance(loss.source, Corpus)
        for recipe in loss.source.recipes:
            assert isinstance(recipe.write, Formatted)
            assert [f.surface for f in recipe.write.formats] == [*FORMATS.values()]
            assert tuple(f.right for f in recipe.write.formats) == RELIABLE[alignment]
            assert recipe.write.formats[0].share == PRIOR > 0.5
        assert loss.source.withheld == (("mul",) if alignment == "no skill" else ())


# Ratios of e and 1/e: with the clip at .2 the first has no gradient where the advantage is positive; without it all have.
@pytest.mark.parametrize(("update", "expected"), [("clip", [0.0, 2.718]), ("no clip", [-2.718, 2.718]), ("on-policy", [0.0, 2.718])])
def test_without_a_clip_every_token_has_a_gradient(update: str, expected: list[float]) -> None:
    logp = torch.tensor([[1.0, 1.0]], requires_grad=True)
    algorithm, _ = UPDATES[update]
    algorithm.surrogate(logp, torch.zeros(1, 2), torch.tensor([[1.0, -1.0]]), torch.ones(1, 2, dtype=torch.bool)).sum().backward()
    assert logp.grad is not None
    assert logp.grad[0].tolist() == pytest.approx(expected, abs=1e-3)


# An example with p = 0 has no group with signal: no step is taken, and the weights stay as they are, to the bit.
def test_an_example_that_is_never_solved_changes_nothing(tmp_path: Path) -> None:
    (never,) = (cell for cell in EVERY if dict(cell.labels)["examples"] == "1 never solved")
    learn = never.stage("learn", Learn)
    ((_, practice),) = learn.losses
    assert isinstance(practice, Practice)
    assert practice.source == Few(problems(TINY, TINY.deepest), 1)
    fresh = learn.policy.policy.policy  # type: ignore[attr-defined]  # it has read nothing, so it solves nothing
    store = Store(tmp_path)
    learned = store.get(replace(learn, policy=fresh))
    assert read_ledger(learned).updates == 0
    assert learn.iterations == max(2, TINY.rl_iterations // SHORTER)
    before, after = (load_policy(folder).model.state_dict() for folder in (store.get(fresh), learned))
    assert all(torch.equal(before[name], after[name]) for name in before)


# Broken if cells of a figure shared a name, or the distribution over seeds were judged by its mean alone.
def test_names_and_shares() -> None:
    names = [condition(dict(cell.labels)) for cell in EVERY]
    assert len({*names}) == len(names)
    assert {"aligned, coin", "aligned, coin, no clip", "aligned, truth, 1"} <= {*names}
    assert [type(claim.test) for claim in STUDY.claims[:2]] == [Share, Share]
    assert sum(claim.tested for claim in STUDY.claims) == 10
