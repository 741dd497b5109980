"""Documents that criticise a candidate solution (critique fine-tuning, arXiv:2501.17703)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from synthtasks.checked import check
from synthtasks.corpora.documents import Document, Result
from synthtasks.domains import Value
from synthtasks.problem import Problem, Step
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, Surface
from synthtasks.trace import Assertion, Trace, Words


@dataclass(frozen=True)
class Critique:
    """The problem with a candidate solution that has one slip, and its critique: the first wrong step with its right value, alone, or after
    the right steps before it (`says="walk"`).

    The prompt is that of the problem, the candidate without its end, and the last word of the prompt again, which asks for the critique.
    The slip is a wrong value; later values follow from it. Of steps that apply a `hidden` primitive the critique gives no value: so a
    primitive may be kept from a policy that lacks it, and with all of them hidden, critiques reveal nothing but the place. Chance picks the
    slip by the words of the prompt, so that equal problems have equal documents.

    >>> from synthtasks import Program, rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> document = Critique()(p)
    >>> " ".join(document.prompt)
    'A - 6 B * 8 C - 0 run B to C from 0 : B * 8 0 C - 0 2 answer 2 :'
    >>> " ".join(document.body)
    'C - 0 0 <end>'
    >>> " ".join(Critique("walk")(p).body)
    'B * 8 0 C - 0 0 <end>'
    >>> " ".join(Critique("walk", hidden=("mul",))(p).body)
    'B * 8 C - 0 0 <end>'

    Raises:
        ValueError: when called, if a value of the problem is no number.
    """

    says: Literal["slip", "walk"] = "slip"
    surface: Surface = Compact()
    hidden: tuple[str, ...] = ()  # names of primitives

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, problem: Problem) -> Document:
        prompt = self.surface.prompt(problem)
        wrong, value, _ = _chosen(problem, prompt)
        candidate = self.surface.write(candidate_of(problem, wrong, value))
        return self.document(problem, candidate, wrong, problem.values)

    def document(self, problem: Problem, candidate: Words, wrong: Step, values: Mapping[str, Value]) -> Document:
        """The critique of a candidate that calls a step wrong and gives its steps these values."""
        steps = problem.proof[: problem.proof.index(wrong) + 1] if self.says == "walk" else (wrong,)
        said = tuple(Assertion(s.name, s.primitive.symbol, s.arguments, values[s.name], 0) for s in steps)
        words = self.surface.write(Trace(said, None))
        body, results, copied = list[str](), list[Result](), 0
        for assertion, step in zip(self.surface.read(words).assertions, steps, strict=True):
            body += words[copied : assertion.at]
            copied = assertion.at + assertion.words
            if step.primitive.name not in self.hidden:
                results.append(Result(len(body), step.primitive.name, assertion.words))
                body += words[assertion.at : copied]
        prompt = self.surface.prompt(problem)
        return Document((*prompt, *candidate[:-1], prompt[-1]), (*body, *words[copied:]), tuple(results))


@dataclass(frozen=True)
class Shuffled:
    """Critiques of the same form and with the same candidates, which say nothing true but by chance: each calls a random step wrong, and
    gives random values."""

    critique: Critique = Critique()

    def __call__(self, problem: Problem) -> Document:
        prompt = self.critique.surface.prompt(problem)
        wrong, value, g = _chosen(problem, prompt)
        candidate = self.critique.surface.write(candidate_of(problem, wrong, value))
        step = problem.proof[int(g.integers(len(problem.proof)))]
        values = {s.name: int(g.integers(problem.modulus)) for s in problem.proof}
        return self.critique.document(problem, candidate, step, values)


def candidate_of(problem: Problem, wrong: Step, value: Value) -> Trace:
    """The solution that gives a step this value, and computes all others rightly from what it wrote before."""
    values: dict[str, Value] = {}
    for step in problem.proof:
        operands = [values[a] if isinstance(a, str) else a for a in step.arguments]
        values[step.name] = value if step is wrong else step.primitive(*operands, modulus=problem.modulus)
    said = tuple(Assertion(s.name, s.primitive.symbol, s.arguments, values[s.name], 0) for s in problem.proof)
    return Trace(said, values[problem.query])


def _chosen(problem: Problem, prompt: Words) -> tuple[Step, int, np.random.Generator]:
    """The step at which the candidate slips, its wrong value, and the generator that chose them."""
    g = rng("critique", " ".join(prompt))
    step = problem.proof[int(g.integers(len(problem.proof)))]
    if not isinstance(true := problem.values[step.name], int):
        raise ValueError(f"a critique is of solutions whose values are numbers; found {true!r}")
    return step, (true + int(g.integers(1, problem.modulus))) % problem.modulus, g
