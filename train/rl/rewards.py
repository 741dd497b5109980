"""What is good. A reward maps rollouts to [B, T]: how much, on the token that earned it."""

from dataclasses import dataclass
from typing import Annotated, Protocol

import torch
from torch import Tensor

from synthtasks.checked import From, check
from synthtasks.rng import rng
from train.rl.rollouts import Rollouts


class Reward(Protocol):
    """`path` names the iteration: a reward that needs chance draws from the generator of that name."""

    def __call__(self, r: Rollouts, *path: str | int) -> Tensor: ...  # [B, T]


@dataclass(frozen=True)
class Correct:
    """1 for a right answer, whatever came before it (outcome reward)."""

    def __call__(self, r: Rollouts, *path: str | int) -> Tensor:  # [B, T]
        return r.at_end(torch.tensor([v.correct for v in r.verdicts], device=r.tokens.device))


@dataclass(frozen=True)
class Process:
    """1 for a right answer by a right, whole and exact derivation."""

    def __call__(self, r: Rollouts, *path: str | int) -> Tensor:  # [B, T]
        return r.at_end(torch.tensor([v.process for v in r.verdicts], device=r.tokens.device))


@dataclass(frozen=True)
class Coin:
    """1 with probability `p`, whatever was said: a placebo (arXiv:2506.10947)."""

    p: Annotated[float, From(0, 1)] = 0.5

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, r: Rollouts, *path: str | int) -> Tensor:  # [B, T]
        heads = rng("coin", *path).random(len(r.tokens)) < self.p
        return r.at_end(torch.from_numpy(heads).to(r.tokens.device))
