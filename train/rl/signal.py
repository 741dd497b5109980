"""Which groups have something to teach. Decided on what completions earned, never on the advantage, where rounding looks like a difference.

Shapes: P problems, G completions of each, B = P * G rows, T tokens.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from train.rl.credit import Credit, compares
from train.rl.rollouts import Rollouts


@dataclass(frozen=True)
class Judged:
    """Rollouts, what they earned, and which of their groups have signal."""

    rollouts: Rollouts
    reward: Tensor  # [B, T]
    signal: Tensor  # bool [P]


def has_signal(credit: tuple[Credit, ...], reward: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> bool [P]
    """Which groups have signal; the others are not learned from.

    A completion earns the sum of its tokens' rewards. Where a rule of `credit` compares the completions of a problem, a group has signal
    if these earn different sums. Where none does (REINFORCE without a baseline; groups of one), the rewards of the whole batch are
    compared: if they are all equal no group has signal, and if not, every group that earned anything has. So a constant reward teaches
    nothing, whatever the credit.
    """
    if compares(credit):
        return differ(reward, r.group)
    return (reward != 0).view(len(r.problems), -1).any(1) & differ(reward, len(reward))


def differ(reward: Tensor, size: int) -> Tensor:  # [B, T] -> bool [B / size]
    """Which stretches of `size` rows hold rows of different sums: by more than rounding, where more than one token earns something."""
    x = reward.double()
    many = (x != 0).sum(1)  # [B]
    rounding = torch.finfo(reward.dtype).eps + many * torch.finfo(x.dtype).eps
    slack = torch.where(many > 1, x.abs().sum(1) * rounding, 0.0).view(-1, size)
    sums = x.sum(1).view(-1, size)
    return sums.amax(1) - sums.amin(1) > slack.amax(1)


def with_signal(parts: list[Judged], problems: int) -> Judged:
    """The first `problems` groups, those with signal before those without."""
    every = [part.rollouts for part in parts]
    longest = max(r.tokens.shape[1] for r in every)
    widest = max(r.prompts.shape[1] for r in every)

    def joined(tensors: list[Tensor], width: int) -> Tensor:  # [*, t] each -> [sum of *, width]
        return torch.cat([torch.nn.functional.pad(x, (0, width - x.shape[1])) for x in tensors])

    first, group = every[0], every[0].group
    signal = torch.cat([part.signal for part in parts])
    order = signal.int().argsort(descending=True, stable=True)[:problems]
    rows = (order[:, None] * group + torch.arange(group, device=order.device)).view(-1)
    kept = replace(
        first,
        problems=tuple([p for r in every for p in r.problems][i] for i in order.tolist()),
        limit=max(r.limit for r in every),
        prompts=joined([r.prompts for r in every], widest)[order],
        prompt_lengths=torch.cat([r.prompt_lengths for r in every])[order],
        tokens=joined([r.tokens for r in every], longest)[rows],
        mask=joined([r.mask for r in every], longest)[rows],
        logp=joined([r.logp for r in every], longest)[rows],
        traces=tuple([t for r in every for t in r.traces][i] for i in rows.tolist()),
        verdicts=tuple([v for r in every for v in r.verdicts][i] for i in rows.tolist()),
        forwarded=sum(r.forwarded for r in every),
    )
    return Judged(kept, joined([part.reward for part in parts], longest)[rows], signal[order])
