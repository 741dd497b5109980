"""Completions of the policy with their verdicts. Reward, credit and objective are functions of this record.

Shapes: P problems, G completions of each, B = P * G rows, T tokens of the longest completion, S of the longest prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from synthtasks.problem import Problem
from synthtasks.trace import Trace
from synthtasks.verify import Verdict

if TYPE_CHECKING:
    from torch import Tensor

Record = Literal["entropy", "second", "roles"]
OF_PROBLEMS = ("prompts", "prompt_lengths")  # the tensors with one row for each problem
OF_ROWS = ("tokens", "lengths", "mask", "logp")  # the tensors with one row for each completion


@dataclass(frozen=True)
class Rollouts:
    """G completions of each of P problems. Row b answers problem b // G."""

    problems: tuple[Problem, ...]  # [P]
    group: int  # G
    limit: int  # tokens that a completion was allowed
    path: tuple[str | int, ...]  # of the random generators: in RL the seed, the iteration, the draw
    prompts: Tensor  # [P, S], padded on the right
    prompt_lengths: Tensor  # [P]
    tokens: Tensor  # [B, T] the completions, 0 after their end
    lengths: Tensor  # [B] tokens of each completion, observations included
    mask: Tensor  # bool [B, T], true on tokens that the policy chose; false on observations and after the end
    logp: Tensor  # [B, T] under the sampling distribution; 0 off the mask
    traces: tuple[Trace, ...]  # [B]
    verdicts: tuple[Verdict, ...]  # [B]
    forwarded: int  # tokens that went through the model
    records: Mapping[Record, Tensor] = field(default_factory=dict)  # [B, T] each, as requested by `Sampler.records`

    @property
    def entropy(self) -> Tensor:
        """Entropy in nats of the distribution that each token was sampled from [B, T], 0 off the mask."""
        return self._record("entropy")

    @property
    def second(self) -> Tensor:
        """Log-probability of the second-likeliest word there [B, T], 0 off the mask."""
        return self._record("second")

    @property
    def roles(self) -> Tensor:
        """Place in `synthtasks.surfaces.ROLES` of each word's role [B, T], observations included; -1 after the end."""
        return self._record("roles") - 1

    def _record(self, name: Record) -> Tensor:
        if name not in self.records:
            raise ValueError(f"these rollouts hold no {name}: ask for it, Sampler(records=({name!r},))")
        return self.records[name]

    def at_end(self, x: Tensor) -> Tensor:  # [B] -> [B, T]
        """x of each row on the last token that the policy chose, zero elsewhere.

        Raises:
            ValueError: if x is of another length.
        """
        if x.shape != self.mask.shape[:1]:
            raise ValueError(f"expected one value for each of the {len(self.mask)} completions; found {list(x.shape)}")
        last = self.mask.shape[1] - 1 - self.mask.flip(1).int().argmax(1, keepdim=True)  # [B, 1]
        return self.logp.new_zeros(self.logp.shape).scatter(1, last, x[:, None].to(self.logp))

    def row_mean(self, x: Tensor) -> Tensor:  # [B, T] -> [P, G]
        """The mean of x over the tokens of each row that the policy chose."""
        return ((x * self.mask).sum(1) / self.mask.sum(1)).view(-1, self.group)

    def rows(self, groups: Tensor) -> Tensor:  # [N] -> [N * G]
        """The rows of these groups."""
        return (groups[:, None] * self.group + groups.new_tensor(range(self.group))).view(-1)

    def take(self, groups: Tensor) -> Rollouts:  # [N]
        """The rollouts of these groups, in this order. Width and `forwarded` stay those of all groups."""
        rows = self.rows(groups)
        places = rows.tolist()
        return replace(
            self,
            problems=tuple([self.problems[p] for p in groups.tolist()]),
            traces=tuple([self.traces[b] for b in places]),
            verdicts=tuple([self.verdicts[b] for b in places]),
            records={name: x[rows] for name, x in self.records.items()},
            **{name: getattr(self, name)[groups] for name in OF_PROBLEMS},
            **{name: getattr(self, name)[rows] for name in OF_ROWS},
        )

    @staticmethod
    def concat(rollouts: Sequence[Rollouts]) -> Rollouts:
        """The groups of all `rollouts` in order, padded to the longest; the path is the common prefix of their paths.

        Raises:
            ValueError: if there are none, or they differ in the size of their groups or in what was recorded.
        """
        if len({(r.group, frozenset(r.records)) for r in rollouts}) != 1:
            found = ", ".join(f"groups of {r.group} with {sorted(r.records) or 'no records'}" for r in rollouts) or "none"
            raise ValueError(f"expected rollouts of one sampler; found {found}")
        first = rollouts[0]
        same = takewhile(lambda numbers: len(set(numbers)) == 1, zip(*(r.path for r in rollouts), strict=False))
        return replace(
            first,
            problems=tuple(p for r in rollouts for p in r.problems),
            limit=max(r.limit for r in rollouts),
            path=tuple(numbers[0] for numbers in same),
            traces=tuple(t for r in rollouts for t in r.traces),
            verdicts=tuple(v for r in rollouts for v in r.verdicts),
            forwarded=sum(r.forwarded for r in rollouts),
            records={name: joined([r.records[name] for r in rollouts]) for name in first.records},
            **{name: joined([getattr(r, name) for r in rollouts]) for name in (*OF_PROBLEMS, *OF_ROWS)},  # type: ignore[arg-type]  # tensors
        )


def joined(tensors: Sequence[Tensor]) -> Tensor:  # [*, t] each -> [sum of *, longest t], or [*] each -> [sum of *]
    """The rows of all, padded on the right with 0."""
    import torch
    from torch.nn.functional import pad

    longest = max(x.shape[-1] for x in tensors)
    return torch.cat([pad(x, (0, longest - x.shape[-1])) if x.dim() > 1 else x for x in tensors])
