"""Problems as one asks a person or an instruct model."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Annotated, Literal

from synthtasks.asking.instruction import ONE_ANSWER, derivation, explained, lines
from synthtasks.asking.listening import heard
from synthtasks.checked import Checked, From
from synthtasks.datasets.received import Message
from synthtasks.families import Family, problem
from synthtasks.families.kit.family import ATTEMPTS
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface
from synthtasks.surfaces.surface import ending
from synthtasks.trace import Trace

Asked = Literal["derivation", "answer"]


@dataclass(frozen=True)
class Instruct(Checked):
    """An instruction, solved examples, and the problem; replies are read as `synthtasks.asking.listening` says.

    Examples are training problems of the family, other than the problem and no step on the way to it.

    >>> from synthtasks import Dag, rng
    >>> from synthtasks.surfaces import Equations
    >>> p, form = Dag(steps=2, depth=2, totals=0)(rng("example")), Instruct()
    >>> print(form.reply(p, Equations()))
    B = 2 - 6 = 6 ;
    A = B * 0 = 0 ;
    answer 0
    >>> form.read("So $A = \\\\boxed{0}$, I think.", p, Equations()).answer
    0
    """

    asks: Asked = "derivation"
    shots: Annotated[int, From(0)] = 0  # solved examples
    wording: str = ""  # the instruction; "": made from the problem and what its surface and operations say of themselves

    def question(self, problem: Problem, family: Family, surface: Surface) -> str:
        """Instruction, examples and problem as one text.

        Raises:
            ValueError: if the surface or an operation does not explain itself, or the family has too few examples.
        """
        solved = (f"Problem:\n{lines(surface.prompt(p))}\n\nSolution:\n{self.reply(p, surface)}" for p in self._examples(problem, family))
        texts = (self._instruction(problem, family, surface), *solved, f"Problem:\n{lines(surface.prompt(problem))}\n\nSolution:")
        return "\n\n".join(texts)

    def messages(self, problem: Problem, family: Family, surface: Surface) -> list[Message]:
        """Instruction, examples and problem as a conversation, without a system's message, which some chat templates refuse.

        Raises:
            ValueError: as `question`.
        """
        asked = (*self._examples(problem, family), problem)
        turns: list[Message] = []
        for p in asked:
            turns += [{"role": "user", "content": lines(surface.prompt(p))}, {"role": "assistant", "content": self.reply(p, surface)}]
        turns[0]["content"] = f"{self._instruction(problem, family, surface)}\n\n{turns[0]['content']}"
        return turns[:-1]

    def reply(self, problem: Problem, surface: Surface) -> str:
        """The solution, a step a line, or the answer alone; without the mark of the end."""
        answer = ending(problem.answer)
        steps = surface.solution(problem)[: -len(answer)] if self.asks == "derivation" else ()
        return f"{lines(steps)}\n{lines(answer[:-1])}".lstrip()

    def read(self, reply: str, problem: Problem, surface: Surface) -> Trace:
        """The trace that is heard in free text."""
        return heard(reply, problem, surface)

    def _instruction(self, problem: Problem, family: Family, surface: Surface) -> str:
        if self.wording:
            return self.wording
        if not self.shots and not hasattr(surface, "explained"):
            advice = "give it a text `explained` that does, or ask with shots=1 or more"
            raise ValueError(f"an instruction says how to read a problem, and {type(surface).__name__} does not: {advice}")
        request = derivation(next(_others(problem, family)), surface) if self.asks == "derivation" else ONE_ANSWER
        return f"{explained(problem, surface)}\n\n{request}"

    def _examples(self, problem: Problem, family: Family) -> tuple[Problem, ...]:
        return tuple(islice(_others(problem, family), self.shots))


def _others(asked: Problem, family: Family) -> Iterator[Problem]:
    """Training problems named by the key of another, all different."""
    seen = set(asked.derivations)
    misses = 0
    for i in count():
        drawn = problem(family, "train", "examples", asked.key, i)
        if drawn.side == "train" and drawn.key not in seen:
            seen.add(drawn.key)
            misses = 0
            yield drawn
        elif (misses := misses + 1) >= ATTEMPTS:
            raise ValueError(f"{family} has only {len(seen)} training problems that can be examples for another; ask with fewer shots")
