"""Strategies: program families with any dials, the problems they draw, and dependency graphs of any shape."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from synthtasks import PRIMITIVES, Primitive, Problem, Program, Step, Uses, Vocab, rng
from synthtasks.surfaces import Compact

SYMBOLS = tuple(sorted(p.symbol for p in PRIMITIVES.values()))
MODULI = st.integers(2, 13)

some_primitives = st.lists(st.sampled_from(tuple(PRIMITIVES.values())), min_size=1, unique=True).map(tuple)


@st.composite
def uses(draw: st.DrawFn, primitives: tuple[Primitive, ...]) -> Uses:
    """No demand, or one for up to nine applications of some of `primitives`."""
    names = draw(st.lists(st.sampled_from([p.name for p in primitives]), unique=True).map(tuple))
    return Uses(names, draw(st.integers(0, 9)) if names else 0)


@st.composite
def programs(draw: st.DrawFn, most_steps: int = 8, most_lines: int = 30) -> Program:
    """Families of straight-line programs."""
    steps = draw(st.integers(1, most_steps))
    inside, outside = draw(some_primitives), draw(some_primitives)
    return Program(steps, draw(st.integers(steps, most_lines)), inside, outside, draw(uses(inside)), draw(MODULI))


@st.composite
def programs_with_problem(draw: st.DrawFn, most_steps: int = 8, most_lines: int = 30) -> tuple[Program, Problem]:
    """A family, and one of its problems."""
    family = draw(programs(most_steps, most_lines))
    return family, family(rng("law", draw(st.integers(0, 10**6))))


def program_problems(most_steps: int = 8, most_lines: int = 30) -> st.SearchStrategy[Problem]:
    """Problems of families of straight-line programs."""
    return programs_with_problem(most_steps, most_lines).map(lambda pair: pair[1])


@st.composite
def graph_problems(draw: st.DrawFn) -> Problem:
    """Dependency graphs of up to eight steps: any sharing, any distractors, any of the steps as the query."""
    modulus = draw(st.integers(2, 7))
    names = draw(st.permutations([f"n{i}" for i in range(draw(st.integers(1, 8)))]))
    steps: list[Step] = []
    for i, name in enumerate(names):
        number = st.integers(0, modulus - 1)
        operand = st.one_of(st.sampled_from(names[:i]), number) if i else number
        steps.append(Step(name, draw(st.sampled_from(tuple(PRIMITIVES.values()))), (draw(operand), draw(operand))))
    return Problem(tuple(steps), draw(st.sampled_from(names)), modulus)


def vocab(family: Program) -> Vocab:
    """Every word that `family` can say, and the operators that it never uses."""
    return Compact().vocab(family.lines, tuple(PRIMITIVES.values()), family.modulus)


def examples(count: int) -> settings:
    """So many examples, the same in every run."""
    return settings(max_examples=count, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
