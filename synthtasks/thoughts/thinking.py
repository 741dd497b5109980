"""A surface in which a prompt opens a thought, and the completion begins with it."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtasks.checked import check
from synthtasks.families.kit.programs import Programs
from synthtasks.primitives import Operation
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from synthtasks.surfaces.surface import Role, Tokens
from synthtasks.trace import Trace, Words
from synthtasks.vocab import Vocab


@dataclass(frozen=True)
class Thinking:
    """`Compact` with room for a thought. The prompt ends with the mark `opens`; the thought is the derivation; the word before the answer,
    `closes`, closes it.

    The prompt holds nothing of the answer, and less its mark it is the prompt of `Compact`. A document without a thought goes on there with
    the answer (`Answered`), so that a thought may stand before it or not.

    >>> from synthtasks import Program, rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> " ".join(Thinking().prompt(p))
    'A - 6 B * 8 C - 0 run B to C from 0 : list'
    >>> " ".join(Thinking().solution(p))
    'B * 8 0 C - 0 0 answer 0 <end>'

    Raises:
        ValueError: from `vocab`, if the mark is no word of `Compact`.
    """

    opens: str = "list"

    closes: ClassVar[str] = "answer"
    answer_words: ClassVar[int] = Compact.answer_words
    shares: ClassVar[bool] = True  # prompts about one program begin with its lines

    def __post_init__(self) -> None:
        check(self)

    def prompt(self, problem: Problem) -> Words:
        """The prompt of `Compact`, and the mark."""
        return (*Compact().prompt(problem), self.opens)

    def prompts(self, programs: Programs, vocab: Vocab) -> Tokens:  # [P, S]
        """`prompt` of each program, as tokens."""
        plain = Compact().prompts(programs, vocab)
        return np.pad(plain, ((0, 0), (0, 1)), constant_values=vocab.encode((self.opens,))[0])

    def solution(self, problem: Problem) -> Words:
        return Compact().solution(problem)

    def solutions(self, programs: Programs, vocab: Vocab) -> Tokens:  # [P, T]
        return Compact().solutions(programs, vocab)

    def write(self, trace: Trace) -> Words:
        return Compact().write(trace)

    def read(self, words: Words) -> Trace:
        return Compact().read(words)

    def roles(self, words: Words) -> tuple[Role, ...]:
        return Compact().roles(words)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """The vocabulary of `Compact`."""
        vocab = Compact().vocab(names, primitives, modulus)
        if self.opens not in vocab.tokens:
            raise ValueError(f"Thinking.opens is a word that {Compact()} has already; found {self.opens!r}")
        return vocab
