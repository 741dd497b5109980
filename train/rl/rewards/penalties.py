"""Penalties on the form of a completion, at its end, besides another reward.

Shapes: B completions, T tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Above, Checked, From
from train.rl.rewards.reward import Reward, by_token
from train.rl.rewards.truth import Correct
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Overlong(Checked):
    """A reward, less a penalty that grows from 0 to 1 over the last `margin` tokens that a completion is allowed (arXiv:2503.14476)."""

    reward: Reward = Correct()
    margin: Annotated[int, From(1)] = 4  # tokens

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        over = (r.lengths - (r.limit - self.margin)).clamp(0, self.margin) / self.margin  # [B]
        return by_token(self.reward, r, run) - r.at_end(over)


@dataclass(frozen=True)
class Repeats(Checked):
    """A reward, less `weight` times the share of a completion's runs of `words` words that stood in it before (arXiv:2502.03373)."""

    reward: Reward = Correct()
    weight: Annotated[float, Above(0)] = 1.0
    words: Annotated[int, From(1)] = 4

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return by_token(self.reward, r, run) - r.at_end(self.weight * r.logp.new_tensor([self._share(row) for row in r.completions]))

    def _share(self, tokens: tuple[int, ...]) -> float:
        runs = [tokens[i : i + self.words] for i in range(len(tokens) - self.words + 1)]
        return 1 - len({*runs}) / len(runs) if runs else 0.0
