"""Environments: they answer the policy while it writes. Their words are appended to its completion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from synthtasks.problem import Problem
from synthtasks.trace import Words
from synthtasks.vocab import Vocab


class Environment(Protocol):
    """Answers calling words of the policy with words of the vocabulary.

    An answer is an observation: context for the policy, never learned from, and judged like any other word. It counts towards the length
    limit of a completion, and is cut off there. It may end the completion with `<end>`. `reply` must be a pure function: shared prefixes of
    completions are written once.
    """

    @property
    def calls(self) -> tuple[str, ...]: ...  # `reply` is called after these words, if the policy chose them
    def reply(
        self, problem: Problem, words: Words
    ) -> Words: ...  # to the completion so far, which ends with the calling word; () for no answer


@dataclass(frozen=True)
class Answers:
    """An environment in tokens, for the prompts of some problems: a `models.sampling.Observer`."""

    environment: Environment
    problems: Sequence[Problem]  # [P]
    vocab: Vocab

    @property
    def calls(self) -> list[int]:
        return self.vocab.encode(self.environment.calls)

    def __call__(self, prompt: int, tokens: tuple[int, ...]) -> list[int]:
        words = self.environment.reply(self.problems[prompt], self.vocab.decode(tokens))
        if unknown := [word for word in words if word not in self.vocab.tokens]:
            answer = f"the environment {self.environment} answered {' '.join(words)!r}"
            raise ValueError(f"{answer}, but {unknown[0]!r} is not in the policy's vocabulary: {' '.join(self.vocab.words)}")
        return self.vocab.encode(words)
