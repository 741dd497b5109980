"""The optimiser, its learning rate schedule, and gradient clipping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from synthtasks.checked import Above, Checked, From

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

Beta = Annotated[float, From(0, 0.999_999)]  # at 1 a moving average would never move


@dataclass(frozen=True)
class Muon(Checked):
    """Steps along the momentum made orthogonal (Jordan et al. 2024), as long as those of AdamW (arXiv:2502.16982), so that both share a
    learning rate."""

    momentum: Beta = 0.95  # Nesterov's


@dataclass(frozen=True)
class Optim(Checked):
    """AdamW with a linear warm-up, a constant stretch, and a linear decay to zero over the last share of the run; for the matrices of the
    blocks Muon, if it is given."""

    lr: Annotated[float, Above(0)] = 3e-4
    betas: tuple[Beta, Beta] = (0.9, 0.95)
    weight_decay: Annotated[float, From(0)] = 0.0
    clip: Annotated[float, Above(0)] = 1.0  # of the gradient's norm
    warmup: Annotated[int, From(0)] = 0  # iterations
    decay: Annotated[float, From(0, 1)] = 0.0  # share of the iterations
    matrices: Muon | None = None  # None: AdamW
    master: Literal["float32", "bfloat16"] = "float32"  # format of the master weights: rounded to it at first, and after each step

    def rate(self, iteration: int, left: float) -> float:
        """The learning rate of an iteration, when this share of the run is left."""
        up = min((iteration + 1) / self.warmup, 1.0) if self.warmup else 1.0
        down = min(left / self.decay, 1.0) if self.decay else 1.0
        return self.lr * up * down

    def by_muon(self, weight: str) -> bool:
        """True if Muon steps the weight of this name: a matrix of a block."""
        return self.matrices is not None and weight.startswith("blocks.") and weight.endswith(".weight")

    def kept(self, weights: Tensor) -> Tensor:
        """Weights rounded to the format of the master weights, and held in 32 bits as before.

        In bfloat16 a weight has 8 significant bits: a step of less than half the distance to its neighbour, about |w| / 256, is lost.
        """
        return weights if self.master == "float32" else weights.bfloat16().to(weights)

    def round(self, parameters: Iterable[nn.Parameter]) -> None:
        """Round parameters in place, as `kept`."""
        if self.master != "float32":
            for p in parameters:
                p.data.copy_(self.kept(p.data))

    def optimizer(self, parameters: Iterable[tuple[str, nn.Parameter]]) -> Optimizer:
        """An optimiser of these parameters, given with their names in the model."""
        import torch

        every = list(parameters)
        matrices, others = ([p for name, p in every if self.by_muon(name) == muon] for muon in (True, False))
        adamw = torch.optim.AdamW(others, self.lr, self.betas, weight_decay=self.weight_decay, fused=True)
        if not self.matrices:
            return adamw
        momentum = self.matrices.momentum
        muon = torch.optim.Muon(matrices, self.lr, self.weight_decay, momentum, adjust_lr_fn="match_rms_adamw")
        return _as_one(adamw, muon)


def _as_one(*parts: Optimizer) -> Optimizer:
    """Optimisers of different parameters as one: their groups in a row, and one state."""
    from torch.optim import Optimizer

    class Together(Optimizer):
        def __init__(self) -> None:
            super().__init__([group for part in parts for group in part.param_groups], {})
            self._share()

        def step(self, closure: None = None) -> None:  # type: ignore[override]  # no closure here
            for part in parts:
                part.step()

        def load_state_dict(self, state_dict: dict[str, object]) -> None:
            super().load_state_dict(state_dict)  # which makes new groups and a new state
            self._share()

        def _share(self) -> None:
            for part, group in zip(parts, self.param_groups, strict=True):
                part.param_groups, part.state = [group], self.state

    return Together()
