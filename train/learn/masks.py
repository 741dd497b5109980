"""Masks of weights, for learning in a part of a network: the weights that changed most in another run, or as many at random.

A mask holds for each parameter, by its name in the model, a tensor of its shape, true for the weights that learn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from synthtasks.checked import Above, Checked, From
from train.policy import load_policy, torch_rng
from train.stages.stage import Shelf, Stage, Undefined

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from models.gpt import GPT

By = Literal["ratio", "difference"]


class Mask(Protocol):
    """Chooses the weights that learn. A stage that it asks the shelf for is a field of it."""

    def weights(self, shelf: Shelf) -> Mapping[str, Tensor]: ...  # bool, of each parameter's shape


@dataclass(frozen=True)
class MostChanged(Checked):
    """The weights that changed most from one policy to another: exactly this share of all weights, to the nearest whole number.

    By *ratio* a change counts relative to the larger magnitude of both, |w - w'| / max(|w|, |w'|); by *difference* as it is. No threshold
    says what a change is, since in 32 bits nearly every weight changes (arXiv:2505.11711 takes the weights that moved by more than a
    tolerance). Of equal changes the first count.

    Raises:
        Undefined: from `weights`, if fewer weights changed at all.
    """

    before: Stage
    after: Stage
    share: Annotated[float, Above(0, 1)]
    by: By = "ratio"

    def weights(self, shelf: Shelf) -> Mapping[str, Tensor]:
        """As `Mask`."""
        before, after = (dict(load_policy(shelf.get(stage)).model.named_parameters()) for stage in (self.before, self.after))
        return most_changed(before, after, self.share, self.by)


@dataclass(frozen=True)
class Scattered(Checked):
    """As many weights of each parameter as another mask has there, drawn at random: the control for a mask."""

    like: Mask
    seed: Annotated[int, From(0)] = 0

    def weights(self, shelf: Shelf) -> Mapping[str, Tensor]:
        """As `Mask`."""
        import torch

        drawn: dict[str, Tensor] = {}
        for name, mask in self.like.weights(shelf).items():
            places = torch.randperm(mask.numel(), generator=torch_rng("mask", self.seed, name))
            drawn[name] = (places < mask.sum()).view(mask.shape)
        return drawn


def most_changed(before: Mapping[str, Tensor], after: Mapping[str, Tensor], share: float, by: By = "ratio") -> Mapping[str, Tensor]:
    """True for this share of all weights, those that changed most (see `MostChanged`); tensors [...] by name, as in `before`.

    Raises:
        Undefined: if fewer weights changed at all.
    """
    import torch

    pairs = [(x.detach().double().flatten(), after[name].detach().double().flatten()) for name, x in before.items()]
    old, new = (torch.cat(each) for each in zip(*pairs, strict=True))  # [N] each
    change = (old - new).abs()
    number, changed = math.floor(share * len(change) + 0.5), int((change > 0).sum())
    if number > changed:
        raise Undefined(f"{changed:,} of {len(change):,} weights changed, fewer than the share of {share:g} that was asked for")
    if by == "ratio":
        change = change / torch.maximum(old.abs(), new.abs()).clamp(min=torch.finfo(change.dtype).tiny)
    chosen = torch.zeros(len(change), dtype=torch.bool)
    chosen[change.argsort(descending=True, stable=True)[:number].cpu()] = True
    parts = torch.split(chosen, [x.numel() for x in before.values()])
    return {name: part.view(x.shape) for (name, x), part in zip(before.items(), parts, strict=True)}


def fitting(mask: Mask, shelf: Shelf, model: GPT, device: torch.device) -> Mapping[str, Tensor]:
    """The tensors of a mask, on a device.

    Raises:
        ValueError: if they do not fit the parameters of the model.
    """
    found, wanted = mask.weights(shelf), {name: p.shape for name, p in model.named_parameters()}
    if {name: x.shape for name, x in found.items()} != wanted:
        odd = sorted(name for name in wanted.keys() | found.keys() if name not in found or found[name].shape != wanted.get(name))
        raise ValueError(
            f"a mask has a tensor for every parameter, of its shape; this one of {type(mask).__name__} differs in {', '.join(odd[:3])}"
        )
    return {name: x.to(device) for name, x in found.items()}
