"""Credit rules with a formula of their own for the rewards of a group. They follow `Spread`; x has one value a row."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import Checked, From
from train.rl.credit.group import to_rows
from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor


SAME = 1e-3  # nats: equal completions differ by less, by rounding


@dataclass(frozen=True)
class OverMean:
    """Divide what is left of the mean by the mean: (r - mean) / mean, and 0 where the mean is 0 (MaxRL, arXiv:2602.02710).

    For rewards of 0 or 1 and groups of G it climbs, in expectation, the sum over k < G of pass@k / k, which tends to log pass@1: the
    likelihood of success. The estimator without the subtraction has the term of k = G as well.
    """

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        mean = r.row_mean(x).mean(1, keepdim=True)  # [P, 1]
        there = mean != 0
        return (x - to_rows(mean, r)) / to_rows(mean.where(there, 1.0), r) * to_rows(there, r)


@dataclass(frozen=True)
class BestOnly:
    """The best completion of a group receives by how much it beats the second best; others, and ties, receive 0 (arXiv:2503.19595)."""

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        rewards = r.row_mean(x)  # [P, G]
        best, second = rewards.topk(2).values.unbind(1)  # [P] each
        lead = (rewards == best[:, None]) * (best - second)[:, None]
        return to_rows(lead, r).expand(x.shape)


@dataclass(frozen=True)
class Subsets(Checked):
    """The best reward of k completions, and its mean over subsets of a group. Base of the rules for pass@k.

    Raises:
        ValueError: from a call, if a group has fewer than k completions.
    """

    k: Annotated[int, From(2)] = 8

    def best(self, x: Tensor, r: Rollouts) -> tuple[Tensor, Tensor]:
        """The mean of the best reward over the subsets of k that hold a row [P, G]; that over all subsets, and of its square [P, 2]."""
        import torch

        rewards, (G, k) = r.row_mean(x), (r.group, self.k)
        if k > G:
            raise ValueError(f"pass@{k} needs at least {k} completions of a problem; found a group of {G}")
        order = rewards.argsort(1)  # [P, G] ascending
        up = rewards.gather(1, order)
        # subsets that hold row i, and whose best is row j (by rank from 0): of the k - 2 others all lie below j; none of them for i = j
        own, every = comb(G - 1, k - 1), comb(G, k)  # subsets that hold a row; all
        holding = [[(comb(j - 1, k - 2) if j > i else comb(i, k - 1) * (j == i)) / own for i in range(G)] for j in range(G)]
        ended = [comb(j, k - 1) / every for j in range(G)]  # the share of all whose best is row j
        mean = up @ up.new_tensor(holding)
        moments = torch.stack((up, up**2), 1) @ up.new_tensor(ended)  # [P, 2]
        return torch.empty_like(mean).scatter(1, order, mean), moments


@dataclass(frozen=True)
class SubsetMean(Subsets):
    """Every row receives the mean advantage of the subsets of k that hold it. A subset earns its best reward, and its advantage is that
    of GRPO among all subsets (pass@k training, arXiv:2508.10751). Where all subsets earn the same, rows receive 0."""

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        mean, moments = self.best(x, r)
        every, square = moments[:, :1], moments[:, 1:]  # [P, 1] each
        variance = square - every**2
        spread = (variance > 1e-9 * square).to(x) * variance.clamp(min=0).sqrt()
        return to_rows((mean - every) / spread.where(spread > 0, 1.0) * (spread > 0), r).expand(x.shape)


@dataclass(frozen=True)
class SubsetLead(Subsets):
    """Every row receives by how much it raises the best of the subsets of k that hold it, times k in the mean: an unbiased gradient of
    pass@k, with the others of the subset as the baseline (PKPO, arXiv:2505.15201)."""

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        import torch

        rewards, (G, k) = r.row_mean(x), (r.group, self.k)
        mean, _ = self.best(x, r)
        order = rewards.argsort(1)
        up = rewards.gather(1, order)
        # the best of k - 1 others of row i is row j: the k - 2 below j come from j rows, or from one fewer where i is among them
        below = [[comb(j - (i < j), k - 2) * (j != i) / comb(G - 1, k - 1) for i in range(G)] for j in range(G)]
        without = torch.empty_like(mean).scatter(1, order, up @ up.new_tensor(below))
        return to_rows(k * (mean - without), r).expand(x.shape)


@dataclass(frozen=True)
class Unlikely(Checked):
    """Likelier completions receive less: r (1 - b (G - rank) / G), where rank counts the likelier ones of the group (arXiv:2506.02355).
    Equal completions have equal ranks, however their likelihoods were rounded."""

    b: Annotated[float, From(0, 1)] = 0.25

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        logp = (r.logp * r.mask).sum(1).view(-1, r.group)  # [P, G]
        rank = (logp[:, None, :] > logp[:, :, None] + SAME).sum(2)  # [P, G]
        return x * to_rows(1 - self.b * (r.group - rank).to(x) / r.group, r)


@dataclass(frozen=True)
class Praise:
    """Blame is left out: no completion becomes less likely but by what others gain (arXiv:2506.01347)."""

    least_group: ClassVar[int] = 1

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x.clamp(min=0)


@dataclass(frozen=True)
class Blame:
    """Praise is left out: what a bad completion loses goes to all others (arXiv:2506.01347)."""

    least_group: ClassVar[int] = 1

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x.clamp(max=0)
