"""Completions of the policy with their verdicts. Reward, credit and objective are functions of this record.

Shapes: P problems, G completions of each, B = P * G rows, T tokens of the longest completion, S of the longest prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from models.cost import Passed
from synthtasks.domains import Value
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface, at_once
from synthtasks.trace import Trace
from synthtasks.verify import Verdict, verify
from synthtasks.vocab import Vocab

if TYPE_CHECKING:
    from torch import Tensor

Record = Literal["entropy", "second", "roles", "logp"]
OF_PROBLEMS = ("prompts", "prompt_lengths", "begun")  # the tensors with one row for each problem
OF_ROWS = ("tokens", "lengths", "mask", "logp")  # the tensors with one row for each completion


@dataclass(frozen=True)
class Rollouts:
    """G completions of each of P problems. Row b answers problem b // G."""

    problems: Sequence[Problem]  # [P]
    group: int  # G
    limit: int  # tokens that a completion was allowed
    path: tuple[str | int, ...]  # of the random generators: in RL the seed, the iteration, the draw
    surface: Surface
    vocab: Vocab
    prompts: Tensor  # [P, S], padded on the right
    prompt_lengths: Tensor  # [P]
    begun: Tensor  # [P] tokens at the end of each prompt that begin its solution; they are judged with each completion
    tokens: Tensor  # [B, T] the completions, 0 after their end
    lengths: Tensor  # [B] tokens of each completion, observations included
    mask: Tensor  # bool [B, T], true on tokens that the policy chose; false on observations and after the end
    logp: Tensor  # [B, T] under the sampling distribution; 0 off the mask
    forwarded: Passed  # through the model
    solutions: Tensor | None = None  # [P, *] tokens of the completions that alone are right, 0 after them; None: others may be right too
    records: Mapping[Record, Tensor] = field(default_factory=dict)  # [B, T] each, as requested by `Sampler.records`

    @cached_property
    def completions(self) -> tuple[tuple[int, ...], ...]:  # [B]
        """The tokens of each completion."""
        return tuple([tuple(row[:length]) for row, length in zip(self.tokens.tolist(), self.lengths.tolist(), strict=True)])

    @cached_property
    def whole(self) -> tuple[tuple[int, ...], ...]:  # [B]
        """The tokens of each completion, after those of its solution that the prompt gives."""
        prompts = zip(self.prompts.tolist(), self.prompt_lengths.tolist(), self.begun.tolist(), strict=True)
        given = [tuple(row[length - begun : length]) for row, length, begun in prompts]
        return tuple([given[b // self.group] + tokens for b, tokens in enumerate(self.completions)])

    @cached_property
    def traces(self) -> tuple[Trace, ...]:  # [B]
        """The content of each completion, after the given steps: the places of assertions are those in `whole`."""
        read = cache(lambda tokens: self.surface.read(self.vocab.decode(tokens)))  # many are equal
        return tuple([read(tokens) for tokens in self.whole])

    @cached_property
    def verdicts(self) -> tuple[Verdict, ...]:  # [B]
        """The judge's verdict on each completion."""
        judge = cache(lambda p, trace: verify(self.problems[p], trace))
        return tuple([judge(b // self.group, trace) for b, trace in enumerate(self.traces)])

    @cached_property
    def answers(self) -> tuple[Value | None, ...]:  # [B]
        """The answer of each completion; None where it gives none."""
        if not at_once(self.surface):
            return tuple([trace.answer for trace in self.traces])
        read = cache(lambda tokens: self.surface.read(self.vocab.decode(tokens)).answer)  # few differ
        return tuple([read(tokens[-self.surface.answer_words :]) for tokens in self.completions])

    @cached_property
    def correct(self) -> Tensor:  # bool [B]
        """True for a right answer."""
        if self.solutions is None:
            return self.mask.new_tensor([verdict.correct for verdict in self.verdicts])
        assert at_once(self.surface)
        ends = last(self.solutions, _lengths(self.solutions), self.surface.answer_words)  # [P, n]
        return (last(self.tokens, self.lengths, ends.shape[1]) == ends.repeat_interleave(self.group, 0)).all(1)

    @cached_property
    def process(self) -> Tensor:  # bool [B]
        """True for a right answer by a right, complete and exact derivation."""
        if self.solutions is None:
            return self.mask.new_tensor([verdict.process for verdict in self.verdicts])
        solutions = self.solutions.repeat_interleave(self.group, 0)  # [B, *]
        width = min(solutions.shape[1], self.tokens.shape[1])
        return (self.tokens[:, :width] == solutions[:, :width]).all(1) & (self.lengths == _lengths(solutions))

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
        return replace(
            self,
            problems=tuple([self.problems[p] for p in groups.tolist()]),
            solutions=None if self.solutions is None else self.solutions[groups],
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
        if len({(r.group, r.surface, r.vocab, frozenset(r.records)) for r in rollouts}) != 1:
            found = ", ".join(f"groups of {r.group} with {sorted(r.records) or 'no records'} in {r.surface}" for r in rollouts) or "none"
            raise ValueError(f"expected rollouts of one sampler; found {found}")
        first = rollouts[0]
        solutions = [r.solutions for r in rollouts if r.solutions is not None]
        same = takewhile(lambda numbers: len(set(numbers)) == 1, zip(*(r.path for r in rollouts), strict=False))
        return replace(
            first,
            problems=tuple(p for r in rollouts for p in r.problems),
            limit=max(r.limit for r in rollouts),
            path=tuple(numbers[0] for numbers in same),
            solutions=joined(solutions) if len(solutions) == len(rollouts) else None,
            forwarded=sum((r.forwarded for r in rollouts), Passed()),
            records={name: joined([r.records[name] for r in rollouts]) for name in first.records},
            **{name: joined([getattr(r, name) for r in rollouts]) for name in (*OF_PROBLEMS, *OF_ROWS)},  # type: ignore[arg-type]  # tensors
        )


def last(tokens: Tensor, lengths: Tensor, count: int) -> Tensor:  # [N, *], [N] -> [N, count]
    """The last tokens of each row, -1 where it has fewer."""
    places = lengths[:, None] + lengths.new_tensor(range(-count, 0))
    return tokens.gather(1, places.clamp(min=0)).where(places >= 0, -1)


def _lengths(solutions: Tensor) -> Tensor:  # [P, *] -> [P]
    return (solutions != 0).sum(1)


def joined(tensors: Sequence[Tensor]) -> Tensor:  # [*, t] each -> [sum of *, longest t], or [*] each -> [sum of *]
    """The rows of all, padded on the right with 0."""
    import torch
    from torch.nn.functional import pad

    longest = max(x.shape[-1] for x in tensors)
    return torch.cat([pad(x, (0, longest - x.shape[-1])) if x.dim() > 1 else x for x in tensors])
