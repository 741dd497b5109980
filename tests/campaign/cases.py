"""What the campaign is about: every family, with its dials turned, on every surface that can say it."""

from dataclasses import dataclass
from random import Random

from synthtasks import Problem, Program, Verdict, rng, verify
from synthtasks.families import FUNCTIONS, S3, S5, Circuit, Compose, Dag, Dial, Family, Grid, Group, Hops, Mix, Part, Tree, Z
from synthtasks.families.dials import turn
from synthtasks.primitives import ADD, MAX, MIN, MUL, SUB, SUM
from synthtasks.surfaces import FESTIVAL, SCHOOL, ZOO, Code, Compact, Equations, Nested, Story, Surface
from tests.interpreter import INTERPRETERS, Interpreter, Told
from tests.interpreter.process import Question, Solution

Words = tuple[str, ...]

FAMILIES: dict[str, Family] = {
    "program": Program(),
    "program of words": Program(steps=4, lines=8, primitives=(MAX, MIN, ADD), outside=(MAX, SUB)),
    "dag": Dag(branching=1, disconnected=1),
    "dag with totals": Dag(steps=9, depth=5, shares=1, totals=2, branching=1),
    "dag with surplus": Dag(shares=1, totals=1, branching=3, disconnected=3, surplus="allowed"),
    "dag of words": Dag(primitives=(MAX, MIN, MUL, SUM), branching=2, totals=1),
    "circuit": Circuit(shares=1, branching=1, disconnected=2),
    "tree": Tree(),
    "tree of words": Tree(primitives=(ADD, MAX, MIN, MUL)),
    "hops": Hops(),
    "group S5": Group(product=S5),
    "group S3": Group(product=S3),
    "group Z": Group(product=Z, order=7),
    "grid": Grid(),
    "compose hidden": Compose(steps=3),
    "compose visible": Compose(steps=3, functions=FUNCTIONS, definitions="visible"),
    "mix": Mix((Part(2, Tree(steps=4, depth=3)), Part(1, Hops()), Part(1, Compose()))),
    "mix of chains": Mix((Part(1, Program(steps=4, lines=9)), Part(2, Group(product=S3)))),
}
STORIES = (Story(ZOO), Story(SCHOOL), Story(FESTIVAL))
SURFACES: dict[str, tuple[Surface, ...]] = {
    "Compact": (Compact(),),
    "Equations": (Equations(),),
    "Code": (Code(),),
    "Story": STORIES,
    "Nested": (Nested(),),
}
SAYS = {
    "Compact": ("program", "program of words", "group S5", "group S3", "group Z", "mix of chains"),
    "Equations": tuple(FAMILIES),
    "Code": tuple(FAMILIES),
    "Story": tuple(FAMILIES),
    "Nested": ("tree", "tree of words", "hops", "group S5", "group S3", "group Z", "grid", "compose hidden", "compose visible", "mix"),
}
HIDDEN = {function.symbol: function.name for function in FUNCTIONS}
"""What the symbols of texts mean, where a prompt does not say it."""


class Misunderstood(Exception):
    """A prompt or a solution in which the interpreter finds no sense."""


@dataclass(frozen=True)
class Put:
    """A problem on a surface, and how the interpreter understands it."""

    surface: Surface
    interpreter: Interpreter
    problem: Problem
    vocabulary: Words
    question: Question
    words: Words  # of the solution
    solution: Solution

    def judge(self, words: Words) -> Verdict:
        """What the library thinks of a completion."""
        return verify(self.problem, self.surface.read(words))

    def interpret(self, words: Words) -> bool:
        """Whether the interpreter accepts it."""
        return self.interpreter.accepts(self.question, words, self.problem.surplus)


@dataclass(frozen=True)
class Case:
    """A family on a surface."""

    family: str
    surface: str

    def put(self, i: int) -> Put:
        """The i-th problem of this case: every other one with its family's dials turned.

        Raises:
            Misunderstood: if the interpreter cannot make out what the prompt asks, or what the solution says.
        """
        dice = Random(f"{self.family}, {self.surface}, {i}")
        family = FAMILIES[self.family]
        family = varied(family, dice) if i % 2 else family
        surface, interpreter = dice.choice(SURFACES[self.surface]), INTERPRETERS[self.surface]
        problem = family(rng("campaign", self.family, self.surface, i))
        prompt, words = surface.prompt(problem), surface.solution(problem)
        try:
            question = interpreter.question(prompt, Told(problem.modulus, HIDDEN))
        except Exception as error:
            raise Misunderstood(f"prompt {' '.join(prompt)!r} ({error!r}), of which {' '.join(words)!r} is the solution") from error
        solution = interpreter.solution(question, words)
        if solution is None or interpreter.written(solution) != words:
            raise Misunderstood(f"prompt {' '.join(prompt)!r}, solution {' '.join(words)!r}")
        vocabulary = surface.vocab(family.names, family.primitives, family.modulus).words
        return Put(surface, interpreter, problem, vocabulary, question, words, solution)


def varied(family: Family, dice: Random) -> Family:
    """The family with each of its dials at one of its values; of a mixture, every part."""
    if isinstance(family, Mix):
        return Mix(tuple(Part(part.weight, varied(part.family, dice)) for part in family.parts))
    dials: tuple[Dial, ...] = family.dials
    chosen = {dial.field: dice.choice(dial.values) for dial in dials}
    return turn(family, chosen)


CASES = tuple(Case(family, surface) for surface, families in SAYS.items() for family in families)
