"""One optimiser step on the weighted sum of several losses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from train.run import Loss, Metrics, Term, Update

if TYPE_CHECKING:
    from lightning.fabric import Fabric
    from torch import Tensor
    from torch.optim import Optimizer

    from models.gpt import GPT, LanguageModel

OWN = ("iteration", "loss", "gradient_norm")  # metrics of a step as a whole
Weighted = Sequence[tuple[float, Loss]]
Terms = Sequence[tuple[float, Iterable["Term | Tensor"]]]  # of each loss, with its weight


class Network(Protocol):
    """The weights that learn, alone or in a stack."""

    def step(self, terms: Terms, rate: float) -> tuple[list[float], float | None]:
        """Take one step; give the value of each loss and the norm of the gradient. Without terms there is no step, and no norm. If a value
        or the norm is not finite, there is no step."""


def fit_together(losses: Sequence[Loss]) -> None:
    """Check that losses can share optimiser steps: equally many updates, and different draws.

    Raises:
        ValueError: if they cannot.
    """
    for loss in losses:
        for what in ("per_iteration", "drawn_by"):
            if not hasattr(loss, what):
                raise ValueError(f"{type(loss).__name__} is to be learned from and has no `{what}`; see train.run.Loss")
        if type(many := loss.per_iteration) is not int or many < 1:
            raise ValueError(f"{type(loss).__name__}.per_iteration is an int of at least 1; found {many!r}")
    if len({loss.per_iteration for loss in losses}) > 1:
        found = ", ".join(f"{type(loss).__name__} {loss.per_iteration}" for loss in losses)
        raise ValueError(
            f"losses that learn together make equally many updates an iteration; found {found}: change Practice.reuse or .minibatches"
        )
    drawn = [loss.drawn_by for loss in losses]
    for i, by in enumerate(drawn):
        if (first := drawn.index(by)) < i:
            raise ValueError(f"losses {first + 1} and {i + 1}, {type(losses[i]).__name__}, draw the same; give each a seed of its own")


def abreast(losses: Weighted, streams: Sequence[Iterator[Update]], iteration: int) -> Iterator[list[Update]]:
    """The updates of an iteration, one of each loss at a time.

    Raises:
        ValueError: if a loss makes more or fewer than it says.
    """
    many = losses[0][1].per_iteration
    for number in range(many + 1):
        updates = [next(stream, None) for stream in streams]
        for (_, loss), update in zip(losses, updates, strict=True):
            if (update is None) == (number < many):
                found = "more" if update else number
                raise ValueError(f"{type(loss).__name__}.per_iteration is {many}; in iteration {iteration} it makes {found}")
        if number < many:
            yield [update for update in updates if update]


def take(network: Network, rate: float, losses: Weighted, updates: Sequence[Update], iteration: int) -> Metrics:
    """Take one optimiser step, if there are terms, and return its metrics.

    Raises:
        RuntimeError: if a loss or its gradient is not finite.
    """
    terms = [(weight, update.terms) for (weight, _), update in zip(losses, updates, strict=True)]
    values, norm = network.step(terms, rate)
    for (_, loss), value in zip(losses, values, strict=False):  # up to the first that is not finite
        _check_finite("loss", value, loss, iteration)
    metrics = _apart([update.metrics for update in updates])
    if norm is None:
        return metrics
    _check_finite("gradient", norm, losses[len(values) - 1][1], iteration)
    total = sum(weight * value for (weight, _), value in zip(losses, values, strict=True))
    return {"loss": total, "gradient_norm": norm} | metrics


class Alone:
    """A network that learns alone."""

    def __init__(self, fabric: Fabric, model: LanguageModel, bare: GPT, optimizer: Optimizer, clip: float):
        self.fabric, self.model, self.optimizer, self.clip = fabric, model, optimizer, clip
        self.parameters = list(bare.parameters())

    def step(self, terms: Terms, rate: float) -> tuple[list[float], float | None]:
        """As `Network`. The values end with the first loss at which a number was not finite."""
        from torch import nn

        for group in self.optimizer.param_groups:
            group["lr"] = rate
        values, norm = list[float](), None
        self.optimizer.zero_grad(set_to_none=True)
        for weight, parts in terms:
            values.append(0.0)
            for part in parts:
                term = part.value(self.model) if isinstance(part, Term) else part
                values[-1] += term.item()
                if not math.isfinite(values[-1]):
                    return values, None
                self.fabric.backward(weight * term)
            if gradients := [p.grad for p in self.parameters if p.grad is not None]:
                norm = nn.utils.get_total_norm(gradients)
                if not math.isfinite(norm):
                    return values, norm.item()
        if norm is None:
            return values, None
        nn.utils.clip_grads_with_norm_(self.parameters, self.clip, norm)
        self.optimizer.step()
        return values, norm.item()


def _check_finite(what: str, value: float, loss: Loss, iteration: int) -> None:
    if not math.isfinite(value):
        raise RuntimeError(f"the {what} of {type(loss).__name__} is {value} in iteration {iteration}; a lower Optim.lr may help")


def _apart(each: list[Metrics]) -> Metrics:
    """The metrics of all losses. A name that is not unique, or is the step's own, gets the number of its loss appended."""
    often = Counter(name for metrics in each for name in metrics) + Counter(OWN)
    return {name if often[name] == 1 else f"{name}/{i}": x for i, metrics in enumerate(each, 1) for name, x in metrics.items()}
