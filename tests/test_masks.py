"""Learning in a part of the weights, and in master weights of 16 bits: what moves, and what stays equal to the bit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
import torch
from torch import Tensor

from tests.test_learn import CONFIG, FRESH, OPTIM, TAUGHT, imitate, learn, practice, weights
from tests.test_stacked import BFLOAT, SINGLE, compare, imitating
from train.learn import Learn, Mask, MostChanged, Scattered
from train.learn.masks import most_changed
from train.optim import Muon, Optim
from train.policy import Fresh, torch_rng
from train.run import Run, Update
from train.stages.stage import Shelf, Stage, Undefined, closure
from train.stages.store import Store

WIDE = replace(FRESH, config=replace(CONFIG, width=128))
STEPS, RATE = 200, 1e-6


@dataclass(frozen=True)
class Push:
    """A gradient that is the same in every iteration: 1 or -1 for each weight."""

    per_iteration: ClassVar[int] = 1
    drawn_by: ClassVar[str] = "push"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        yield Update(((p * self.sign(name, p)).sum() for name, p in run.bare.named_parameters()), {})

    @staticmethod
    def sign(name: str, p: Tensor) -> Tensor:
        return torch.randint(2, p.shape, generator=torch_rng("push", name)) * 2.0 - 1


@dataclass(frozen=True)
class Idle:
    """Nothing to learn from, and no step."""

    per_iteration: ClassVar[int] = 1
    drawn_by: ClassVar[str] = "idle"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        yield Update((), {})


def matrices(found: dict[str, Tensor]) -> Tensor:
    """The weights that are normal with a deviation of width ** -.5, in a row."""
    return torch.cat([x.flatten() for name, x in found.items() if name.endswith(("qkv.weight", "up.weight"))])


# Adam's steps under a steady gradient are as long as the rate. Distances in bfloat16 are 2^-7 of the power of two below |w|, so that a step
# of 1e-6 < 2^-19.9 is lost from |w| = 2^-11 on; and a way of 200 steps, 2e-4 < 2^-12.2, that is rounded once at its end, from 2^-4 on. Of
# weights with a deviation of 128^-.5, 48 % lie there. In float32 each weight moves.
def test_half_of_the_weights_survive_200_steps_in_bfloat16(tmp_path: Path) -> None:
    store = Store(tmp_path)
    rounded = Learn(WIDE, ((1.0, Idle()),), 1, Optim(RATE, master="bfloat16"))  # rounded, that is all
    start, single, half = (
        matrices(weights(store.get(stage)))
        for stage in (rounded, *(Learn(rounded, ((1.0, Push()),), STEPS, Optim(RATE, master=m)) for m in ("float32", "bfloat16")))
    )
    size = start.abs()
    assert (single != start).all()
    at_last = single.bfloat16().float() == start
    assert at_last.float().mean().item() == pytest.approx(0.48, abs=0.02)
    assert at_last[size > 2**-4].all()
    assert not at_last[size < 2**-4].any()
    at_each = half == start
    assert torch.equal(half, half.bfloat16().float())
    assert at_each.float().mean().item() == pytest.approx(1 - 0.0044, abs=0.002)  # 2^-11 is .0055 deviations
    assert at_each[size > 2**-11].all()
    assert not at_each[size < 2**-12].any()


# Broken if a stack rounded otherwise than a network alone, or stacked what is rounded with what is not.
@pytest.mark.parametrize(("muon", "within"), [(None, SINGLE), (Muon(), BFLOAT)], ids=["adamw", "muon"])
def test_networks_round_as_one(muon: Muon | None, within: float, tmp_path: Path) -> None:
    optim = replace(OPTIM, matrices=muon, master="bfloat16")
    stages = [imitating(seed, optim=optim) for seed in range(3)]
    assert imitating(0, optim=replace(optim, master="float32")).stacks != stages[0].stacks != None  # noqa: E711
    _, stacked = compare(stages, tmp_path, max(within, 2**-7))  # a difference in rounding is one of a whole place
    assert all(torch.equal(x, x.bfloat16().float()) for stage in stages for x in weights(stacked.get(stage)).values())


# |dW| is .1, .1, .4, 0, .3; relative to the larger of both it is 1/11, 1/2, 4/104, 0, 3/5.
def test_the_most_changed_by_hand() -> None:
    before = {"a": torch.tensor([1.0, 0.1]), "b": torch.tensor([[10.0], [0.0], [-0.5]])}
    after = {"a": torch.tensor([1.1, 0.2]), "b": torch.tensor([[10.4], [0.0], [-0.2]])}

    def chosen(share: float, by: str) -> list[bool]:
        found = most_changed(before, after, share, by)  # type: ignore[arg-type]
        assert {name: x.shape for name, x in found.items()} == {name: x.shape for name, x in before.items()}
        return torch.cat([x.flatten() for x in found.values()]).tolist()

    assert chosen(0.2, "ratio") == [False, False, False, False, True]
    assert chosen(0.4, "ratio") == [False, True, False, False, True]
    assert chosen(0.4, "difference") == [False, False, True, False, True]
    assert chosen(0.6, "ratio") == [True, True, False, False, True]
    with pytest.raises(Undefined, match="4 of 5 weights changed"):
        most_changed(before, after, 1.0)


# Broken if the control had another density in some tensor, or the weights that it is the control for.
def test_a_scattered_mask_is_as_dense_in_each_tensor(tmp_path: Path) -> None:
    store = Store(tmp_path)
    like = MostChanged(FRESH, TAUGHT, 0.4)
    store.get(TAUGHT)
    given, drawn, other = (mask.weights(store) for mask in (like, Scattered(like), Scattered(like, seed=1)))
    total = sum(x.numel() for x in given.values())
    assert sum(int(x.sum()) for x in given.values()) == round(0.4 * total)
    assert len({round(x.float().mean().item(), 3) for x in given.values()}) > 2
    assert {name: int(x.sum()) for name, x in drawn.items()} == {name: int(x.sum()) for name, x in given.items()}
    for mask in (given, other):
        assert not torch.equal(drawn["head.weight"], mask["head.weight"])


# Broken if weight decay, Muon's orthogonal steps or rounding reached a weight off the mask, one on it did not learn, or the stage did not
# build on the policies of its mask.
@pytest.mark.parametrize("optim", [OPTIM, replace(OPTIM, matrices=Muon())], ids=["adamw", "muon"])
def test_weights_off_the_mask_stay_equal_to_the_bit(optim: Optim, tmp_path: Path) -> None:
    store, mask = Store(tmp_path), MostChanged(FRESH, TAUGHT, 0.3)
    stage = replace(learn(imitate(), practice(), optim=optim), mask=mask)
    assert TAUGHT in closure([stage])
    assert imitating(0).stacks is not None
    assert replace(imitating(0), mask=mask).stacks is None
    assert stage.identity != replace(stage, mask=replace(mask, share=0.2)).identity
    start, end, chosen = weights(store.get(FRESH)), weights(store.get(stage)), mask.weights(store)
    for name, on in chosen.items():
        assert torch.equal(end[name][~on], start[name][~on])
        if name != "embed.weight" and on.any():  # of which some words are not met
            assert (end[name][on] != start[name][on]).float().mean() > 0.9


# Broken if a gradient off the mask took part in clipping: the weights on it would learn more slowly than the rest allows.
def test_the_norm_is_that_of_the_masked_gradient(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.get(TAUGHT)
    mask = MostChanged(FRESH, TAUGHT, 0.25)
    folder = store.get(Learn(FRESH, ((1.0, Push()),), 1, mask=mask))
    number = sum(int(x.sum()) for x in mask.weights(store).values())
    assert f'"gradient_norm": {number**0.5:.4f}'[:24] in (folder / "metrics.jsonl").read_text()


@dataclass(frozen=True)
class Whole:
    """All weights of a policy."""

    policy: Stage

    def weights(self, shelf: Shelf) -> dict[str, Tensor]:
        return {name: torch.ones_like(x, dtype=torch.bool) for name, x in weights(shelf.get(self.policy)).items()}


# Broken if a mask of another model were taken as far as it goes; or if a mask of all weights changed anything.
def test_a_mask_fits_the_model(tmp_path: Path) -> None:
    store, stage = Store(tmp_path), learn(imitate())
    other: Fresh = replace(FRESH, config=replace(CONFIG, layers=2))
    for policy in (FRESH, other):
        store.get(policy)
    mask: Mask = Whole(other)
    with pytest.raises(ValueError, match=r"a tensor for every parameter.*blocks\.1"):
        store.get(replace(stage, mask=mask))
    assert weights(store.get(replace(stage, mask=Whole(FRESH)))).keys() == weights(store.get(stage)).keys()
    for name, x in weights(store.get(replace(stage, mask=Whole(FRESH)))).items():
        assert torch.equal(x, weights(store.get(stage))[name])
