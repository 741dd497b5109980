"""Documents that criticise a candidate solution (critique fine-tuning, arXiv:2501.17703)."""

from dataclasses import dataclass

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
    """The problem with a candidate solution that has one slip, and its critique: the first wrong step with its right value.

    The prompt is that of the problem, the candidate without its end, and the last word of the prompt again, which asks for the critique.
    The slip is a wrong value; later values follow from it. Where the wrong step applies a `hidden` primitive, the critique names the step
    and gives no value: so a primitive may be kept from a policy that lacks it, and with all of them hidden, critiques reveal nothing but
    the place. Chance picks the slip by the words of the prompt, so that equal problems have equal documents.

    >>> from synthtasks import Program, rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> document = Critique()(p)
    >>> " ".join(document.prompt)
    'A - 6 B * 8 C - 0 run B to C from 0 : B * 8 0 C - 0 2 answer 2 :'
    >>> " ".join(document.body)
    'C - 0 0 <end>'
    >>> " ".join(Critique(hidden=("sub",))(p).body)
    'C - 0 <end>'

    Raises:
        ValueError: when called, if a value of the problem is no number.
    """

    surface: Surface = Compact()
    hidden: tuple[str, ...] = ()  # names of primitives

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, problem: Problem) -> Document:
        prompt = self.surface.prompt(problem)
        wrong, value, _ = _chosen(problem, prompt)
        candidate = self.surface.write(candidate_of(problem, wrong, value))
        body, results = self.said(wrong, problem.values[wrong.name])
        return Document((*prompt, *candidate[:-1], prompt[-1]), body, results)

    def said(self, step: Step, value: Value) -> tuple[Words, tuple[Result, ...]]:
        """The words of a critique that calls a step wrong and gives it a value, and the place of the value."""
        stated = Trace((Assertion(step.name, step.primitive.symbol, step.arguments, value, 0),), None)
        body = self.surface.write(stated)
        (found,) = self.surface.read(body).assertions
        if step.primitive.name in self.hidden:
            return (*body[: found.at], *body[found.at + found.words :]), ()
        return body, (Result(found.at, step.primitive.name, found.words),)


@dataclass(frozen=True)
class Shuffled:
    """Critiques of the same form and with the same candidates, which say nothing true but by chance: each calls a random step wrong, and
    gives it a random value."""

    critique: Critique = Critique()

    def __call__(self, problem: Problem) -> Document:
        document, prompt = self.critique(problem), self.critique.surface.prompt(problem)
        *_, g = _chosen(problem, prompt)
        step, value = problem.proof[int(g.integers(len(problem.proof)))], int(g.integers(problem.modulus))
        body, results = self.critique.said(step, value)
        return Document(document.prompt, body, results)


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
