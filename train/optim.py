"""The optimiser, its learning rate schedule, and gradient clipping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Above, Checked, From

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

Beta = Annotated[float, From(0, 0.999_999)]  # at 1 a moving average would never move


@dataclass(frozen=True)
class Optim(Checked):
    """AdamW with a linear warm-up, a constant stretch, and a linear decay to zero over the last share of the run."""

    lr: Annotated[float, Above(0)] = 3e-4
    betas: tuple[Beta, Beta] = (0.9, 0.95)
    weight_decay: Annotated[float, From(0)] = 0.0
    clip: Annotated[float, Above(0)] = 1.0  # of the gradient's norm
    warmup: Annotated[int, From(0)] = 0  # iterations
    decay: Annotated[float, From(0, 1)] = 0.0  # share of the iterations

    def rate(self, iteration: int, iterations: int) -> float:
        """The learning rate of an iteration."""
        up = min((iteration + 1) / self.warmup, 1.0) if self.warmup else 1.0
        down = min((iterations - iteration) / (self.decay * iterations), 1.0) if self.decay else 1.0
        return self.lr * up * down

    def optimizer(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """An optimiser of these parameters."""
        from torch.optim import AdamW

        return AdamW(parameters, self.lr, self.betas, weight_decay=self.weight_decay, fused=True)
