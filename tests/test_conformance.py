"""Our losses and gradients are those of TRL and verl in double precision, but for deviations that `tests.conformance.table` names.

Shapes: B rows, T tokens.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from tests.conformance.table import DEVIATIONS, TABLE, UNDONE
from tests.test_credit import record
from train.rl import INDEX, Algorithm, Constant, CutCov, HoldCov, Rollouts, RowMean, Scale
from train.rl.credit import chain
from train.rl.objectives import distance, kl

FOLDER = Path(__file__).parent / "conformance"
FIXTURES = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in TABLE}
EPS = {"trl": 1e-4, "verl": 1e-6}
CASES = [(library, name) for library, cases in TABLE.items() for name in cases]
Facts = dict[str, object]


@dataclass(frozen=True)
class SampleScale:
    """Their scale: by the sample's standard deviation."""

    eps: float

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x / (r.row_mean(x).std(1).repeat_interleave(r.group)[:, None] + self.eps)


@dataclass(frozen=True)
class Width:
    """Their constant denominator: the width of the batch."""

    def __call__(self, r: Rollouts) -> Tensor:  # [B, T]
        return r.mask / r.mask.numel()


@dataclass(frozen=True)
class Small:
    """Covariance rules with the shares of the fixtures, which are larger: 2e-4 of 30 tokens is one."""

    cut: ClassVar[CutCov] = CutCov(1.0, 0.5, 5.0)
    held: ClassVar[HoldCov] = HoldCov(0.2, 1.0)


@pytest.fixture
def double() -> Iterator[None]:
    """Weights of tokens in double precision."""
    torch.set_default_dtype(torch.double)
    yield
    torch.set_default_dtype(torch.float)


def as_theirs(a: Algorithm, library: str, undone: tuple[str, ...]) -> Algorithm:
    """Our algorithm with some deviations undone."""
    credit = tuple(Small.cut if isinstance(rule, CutCov) else rule for rule in a.credit)
    if "sample deviation" in undone:
        credit = tuple(SampleScale(EPS[library]) if isinstance(rule, Scale) else rule for rule in credit)
    aggregate = a.aggregate
    if aggregate == Constant():
        aggregate = RowMean() if "own length" in undone else Width() if "padded length" in undone else aggregate
    return replace(a, credit=credit, aggregate=aggregate, restraint=a.restraint and Small.held)


def ours(library: str, name: str, undone: tuple[str, ...]) -> tuple[Tensor, float, Tensor]:
    """Our advantage [B], loss, and gradient [B, T] on the rollouts of a fixture."""
    facts, a = FIXTURES[library], as_theirs(INDEX[name].algorithm, library, undone)
    given = {key: torch.tensor(x, dtype=torch.double) for key, x in facts["inputs"].items()}
    r = record(facts["group"], facts["lengths"], limit=facts["limit"])
    logp = given[facts["cases"][name]["policy"]].requires_grad_()
    r = replace(r, logp=given["old"].detach() * r.mask, records={"entropy": given["entropy"]})
    read = replace(r, logp=logp.detach()) if "policy of now" in undone else r
    advantage = chain(a.credit, r.at_end(torch.tensor(facts["reward"], dtype=torch.double)), read)
    x = a.surrogate(logp, r.logp, advantage, r.mask)
    if a.restraint:
        x = x + a.restraint(advantage, read) * distance(logp, r.logp)
    if a.kl:
        x = x + a.kl * kl(logp, given["reference"])
    loss = (x * a.aggregate(r)).sum()
    (gradient,) = torch.autograd.grad(loss, logp)
    return advantage, loss.item(), gradient


def agree(library: str, name: str, undone: tuple[str, ...]) -> bool:
    """True if loss and gradient are theirs: with `value only`, the gradient."""
    theirs = FIXTURES[library]["cases"][name]
    _, loss, gradient = ours(library, name, undone)
    near = 1e-7 if {"softened length", "single precision"} & set(TABLE[library][name]) else 1e-11
    same = torch.allclose(gradient, torch.tensor(theirs["gradient"], dtype=torch.double), rtol=near, atol=near / 10)
    return same and ("value only" in undone or loss == pytest.approx(theirs["loss"], rel=near, abs=near / 10))


# Broken if an algorithm of the index were another than that of its name in the libraries that people use, beyond what the table says.
@pytest.mark.parametrize(("library", "name"), CASES)
def test_losses_and_gradients_are_theirs(library: str, name: str, double: None) -> None:
    assert agree(library, name, TABLE[library][name])


# Broken if the table named a deviation that there is not.
@pytest.mark.parametrize(("library", "name"), CASES)
def test_every_deviation_makes_a_difference(library: str, name: str, double: None) -> None:
    named = TABLE[library][name]
    for one in set(named) & set(UNDONE):
        assert not agree(library, name, tuple(other for other in named if other != one)), one


# Broken if their advantages, which the fixtures keep, were not of the same rewards and groups.
@pytest.mark.parametrize(("library", "name"), [(library, name) for library, name in CASES if name not in ("clip-cov", "forking")])
def test_advantages_are_theirs(library: str, name: str, double: None) -> None:
    advantage, *_ = ours(library, name, TABLE[library][name])
    torch.testing.assert_close(advantage[:, 0], torch.tensor(FIXTURES[library]["cases"][name]["advantage"], dtype=torch.double))


# Broken if a deviation had no name, a fixture no line, or a line no fixture.
def test_the_table_is_complete() -> None:
    assert {name for cases in TABLE.values() for named in cases.values() for name in named} == set(DEVIATIONS)
    assert {library: set(cases) for library, cases in TABLE.items()} == {name: set(f["cases"]) for name, f in FIXTURES.items()}


# Broken if the library has changed since the fixtures were made.
@pytest.mark.skipif(find_spec("trl") is None, reason="TRL is not installed: pip install trl; the fixtures stand for it")
def test_the_fixtures_are_what_trl_gives_today() -> None:
    from tests.conformance.make import trl

    for name, found in trl().items():
        assert found["loss"] == pytest.approx(FIXTURES["trl"]["cases"][name]["loss"], rel=1e-12)
