"""Rewards that do not say which completions are right: the controls of arXiv:2506.10947, and the majority."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Checked, From
from synthtasks.problem import Problem
from synthtasks.rng import rng
from train.rl.rewards.reward import Reward, by_row
from train.rl.rewards.truth import Correct
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Coin(Checked):
    """1 with probability `p`, whatever the completion: a placebo (arXiv:2506.10947)."""

    p: Annotated[float, From(0, 1)] = 0.5

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.mask.new_tensor(rng("coin", *r.path).random(len(r.tokens)) < self.p))


@dataclass(frozen=True)
class Format:
    """1 for a completion that gives an answer and of which every word can be read, right or wrong (arXiv:2506.10947)."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.mask.new_tensor([trace.answer is not None and not trace.unread for trace in r.traces]))


@dataclass(frozen=True)
class Begins:
    """1 for a completion that begins with a word, right or wrong: pay for a format that a word tells (arXiv:2506.10947).

    Raises:
        ValueError: when called, if the policy does not know the word.
    """

    word: str

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        (token,) = r.vocab.encode((self.word,))
        return r.at_end(r.tokens[:, 0] == token)


@dataclass(frozen=True)
class Inverse:
    """1 less another reward, which lies between 0 and 1 (arXiv:2506.10947)."""

    of: Reward = Correct()

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(1 - by_row(self.of, r, run))


@dataclass(frozen=True)
class WrongLabel:
    """1 for one wrong answer of each problem, always the same: the number after the right one, modulo the modulus.

    arXiv:2506.10947 takes the wrong answer that a model gives most often; this one depends on no model.

    Raises:
        ValueError: when called, if an answer is no number.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        labels = [_wrong(problem) for problem in r.problems]
        return r.at_end(r.mask.new_tensor([answer == labels[b // r.group] for b, answer in enumerate(r.answers)]))


def _wrong(problem: Problem) -> int:
    if not isinstance(problem.answer, int):
        raise ValueError(f"WrongLabel takes problems whose answers are numbers; found {problem.answer!r}")
    return (problem.answer + 1) % problem.modulus


@dataclass(frozen=True)
class Majority:
    """1 for the answer that most completions of the problem give; of equally frequent ones, for that which comes first (arXiv:2504.16084).

    Completions without an answer have no vote.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        votes = [Counter(a for a in r.answers[b : b + r.group] if a is not None) for b in range(0, len(r.answers), r.group)]
        winners = [vote.most_common(1)[0][0] if vote else None for vote in votes]
        elected = [answer is not None and answer == winners[b // r.group] for b, answer in enumerate(r.answers)]
        return r.at_end(r.mask.new_tensor(elected))


@dataclass(frozen=True)
class Shuffled:
    """The rewards of another kind in random order among the completions of each problem: a placebo that keeps their distribution.

    All orders are equally likely, those that leave rewards in place, too. If none stayed, a completion would be paid for all others, so
    that under group centring the gradient would point away from the better ones.
    """

    of: Reward

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        order = rng("shuffled", *r.path).random((len(r.problems), r.group)).argsort(1)
        x = by_row(self.of, r, run).view(-1, r.group)
        return r.at_end(x.gather(1, r.lengths.new_tensor(order)).view(-1))
