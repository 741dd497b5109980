"""One optimiser step on the weighted sum of several losses."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from train.run import Loss, Metrics, Run, Update

if TYPE_CHECKING:
    from lightning.fabric import Fabric
    from torch.optim import Optimizer

OWN = ("iteration", "loss", "gradient_norm")  # metrics of a step as a whole
Weighted = Sequence[tuple[float, Loss]]


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
        raise ValueError(f"losses that learn together make equally many updates an iteration; found {found}: change Practice.reuse")
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


def take(fabric: Fabric, run: Run, optimizer: Optimizer, clip: float, losses: Weighted, updates: list[Update], iteration: int) -> Metrics:
    """Take one optimiser step, if there are terms, and return its metrics.

    Raises:
        RuntimeError: if a loss or its gradient is not finite.
    """
    from torch import nn

    total, norm, parameters = 0.0, None, list(run.bare.parameters())
    optimizer.zero_grad(set_to_none=True)
    for (weight, loss), update in zip(losses, updates, strict=True):
        for term in update.terms:
            _check_finite("loss", value := term.item(), loss, iteration)
            fabric.backward(weight * term)
            total += weight * value
        if gradients := [p.grad for p in parameters if p.grad is not None]:
            norm = nn.utils.get_total_norm(gradients)
            _check_finite("gradient", norm.item(), loss, iteration)
    metrics = _apart([update.metrics for update in updates])
    if norm is None:
        return metrics
    nn.utils.clip_grads_with_norm_(parameters, clip, norm)
    optimizer.step()
    run.ledger.updates += 1
    return {"loss": total, "gradient_norm": norm.item()} | metrics


def _check_finite(what: str, value: float, loss: Loss, iteration: int) -> None:
    if not math.isfinite(value):
        raise RuntimeError(f"the {what} of {type(loss).__name__} is {value} in iteration {iteration}; a lower Optim.lr may help")


def _apart(each: list[Metrics]) -> Metrics:
    """The metrics of all losses. A name that is not unique, or is the step's own, gets the number of its loss appended."""
    often = Counter(name for metrics in each for name in metrics) + Counter(OWN)
    return {name if often[name] == 1 else f"{name}/{i}": x for i, metrics in enumerate(each, 1) for name, x in metrics.items()}
