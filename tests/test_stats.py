"""Measured difficulty: every dial does its own work alone, as far as what the quantities are allows."""

from dataclasses import dataclass
from functools import cache
from itertools import combinations, islice
from typing import ClassVar

import numpy as np
import pytest

from synthtasks import Problem, Step, rng
from synthtasks.commands.catalogue import FAMILIES, named
from synthtasks.families import Circuit, Dag, Dial, Forced, Program, Tree, at, problems
from synthtasks.families.dials.quantities import domain_size, length, width
from synthtasks.primitives import ADD
from synthtasks.stats.figure import painted
from synthtasks.stats.measured import BAR, Correlation, Stats
from synthtasks.stats.measuring import measure, rho
from synthtasks.stats.overlap import Overlap, overlaps
from synthtasks.surfaces import Code, Equations, Nested, Story

DRAWS = 1_600  # problems of each family
CHANCE = 4 / DRAWS**0.5  # four standard errors of a correlation of nothing: 1 in 16,000


@dataclass(frozen=True)
class Sticky:
    """A family whose second dial moves the first one's quantity."""

    steps: int = 2
    modulus: int = 10
    names: ClassVar[int] = 12
    primitives: ClassVar[tuple[object, ...]] = (ADD,)
    dials: ClassVar[tuple[Dial, ...]] = (Dial("steps", (2, 4, 6), length), Dial("modulus", (7, 10, 13), domain_size))
    forced: ClassVar[tuple[Forced, ...]] = ()

    def __call__(self, g: np.random.Generator) -> Problem:
        made = [Step("A", ADD, (0, int(g.integers(self.modulus))))]
        for i in range(1, self.steps - 1 + (self.modulus > 10)):
            made.append(Step("ABCDEFGHIJKL"[i], ADD, (made[-1].name, 1)))
        return Problem(tuple(made), made[-1].name, self.modulus)


class Excused(Sticky):
    """The same, with an excuse for one of the two."""

    forced: ClassVar[tuple[Forced, ...]] = (Forced("modulus", "length", "a reason"),)


class Misspelt(Sticky):
    """An excuse for nothing."""

    forced: ClassVar[tuple[Forced, ...]] = (Forced("modulus", "lenght", "a reason"),)


class Fixed(Sticky):
    """One value for each dial."""

    dials: ClassVar[tuple[Dial, ...]] = (Dial("steps", (4,), length), Dial("modulus", (10,), domain_size))


@cache
def measured(name: str) -> Stats:
    found = FAMILIES[name]
    return measure(found.family, named(found.surfaces[:1]), DRAWS, 0)


# The bar itself: a dial that moves another's quantity, or depth that comes with length, would pass for the difficulty it is not.
# 10^4 problems and a bound of .05 take a minute: `python -m synthtasks stats FAMILY --problems 10000`.
@pytest.mark.parametrize("name", FAMILIES)
def test_a_dial_moves_what_it_sets_and_what_it_is_forced_to(name: str) -> None:
    stats = measured(name)
    free = {(c.dial, c.quantity): c.rho for c in stats.correlations if c.relation == "free" and c.rho is not None}
    assert {pair: r for pair, r in free.items() if abs(r) >= CHANCE} == {}
    own = [c for c in stats.correlations if c.relation == "own"]
    assert [c.dial for c in own] == [dial.field for dial in stats.dials]
    assert all(c.rho == pytest.approx(1) for c in own)


# A pair that is excused for no effect would hide one that comes later. (Of Dag, shares hardly narrow it: -.07 of 10^4 problems.)
@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_forced_is_there(name: str) -> None:
    stats = measured(name)
    weak = [(c.dial, c.quantity) for c in stats.correlations if c.relation == "forced" and (c.rho is None or abs(c.rho) < CHANCE)]
    assert set(weak) <= {("shares", "width")}


# The measurement would not see a dial that sticks to another's quantity.
def test_a_family_with_a_sticky_dial_is_caught() -> None:
    stats = measure(Sticky(), (Equations(),), 400, 0)
    assert {(c.dial, c.quantity) for c in stats.correlations if c.loose} >= {("modulus", "length"), ("modulus", "depth")}
    pairs = {(c.dial, c.quantity): c for c in measure(Excused(), (Equations(),), 400, 0).correlations}
    assert (pairs["modulus", "length"].relation, pairs["modulus", "length"].reason) == ("forced", "a reason")
    assert not pairs["modulus", "length"].loose
    assert pairs["modulus", "depth"].loose
    with pytest.raises(ValueError, match="no pair"):
        measure(Misspelt(), (Equations(),), 400, 0)


# Deeper would be longer, and a model that fails at depth may only have failed at length.
@pytest.mark.parametrize("surface", [Equations(), Code(), Story()])
def test_depth_is_length_matched(surface: Equations | Code | Story) -> None:
    sizes = {}
    for depth in range(4, 13):  # with binary steps, 12 of them need at least 4 levels
        drawn = [Dag(steps=12, depth=depth, branching=2)(rng("matched", depth, i)) for i in range(5)]
        sizes |= {(depth, i): (len(surface.prompt(p)), len(surface.solution(p))) for i, p in enumerate(drawn)}
    assert len(set(sizes.values())) == 1
    with pytest.raises(ValueError, match="this shape takes"):
        Dag(steps=12, depth=3)


# Brackets, too: a deeper expression of as many operators is as long.
def test_a_deeper_expression_is_as_long() -> None:
    drawn = [Tree(steps=7, depth=depth)(rng("matched", depth)) for depth in (3, 4, 5, 6, 7)]
    assert len({(len(Nested().prompt(p)), len(Nested().solution(p))) for p in drawn}) == 1


# Another number than the largest set of steps of which none depends on another, found by trying all sets.
@pytest.mark.parametrize("family", [Dag(10, 6, 1, branching=3), Circuit(9, 5, 2), Tree(8, 4), Dag(9, 6, 0, 1)])
def test_width_is_the_largest_antichain(family: Dag | Circuit | Tree) -> None:
    found = set()
    for i in range(25):
        p = family(rng("width", i))
        above: dict[str, set[str]] = {}
        for step in p.proof:
            above[step.name] = {a for a in step.arguments if isinstance(a, str)}
            above[step.name] |= {b for a in above[step.name] for b in above[a]}
        sets = (some for size in range(len(above), 0, -1) for some in combinations(above, size))
        apart = (some for some in sets if not any(a in above[b] or b in above[a] for a, b in combinations(some, 2)))
        assert width(p) == len(next(apart))
        found.add(width(p))
    assert len(found) > 1


# A seed that turns the dials and draws the same problems; a correlation of what never varies.
def test_a_seed_draws_other_problems_at_the_same_dials() -> None:
    one, two = (measure(Fixed(), (Equations(),), 50, seed) for seed in (1, 2))
    assert one.answers != two.answers
    assert one.correlations == two.correlations
    assert {c.rho for c in one.correlations} == {None}


# Numbers worked by hand: rho of (1, 2, 3) with (1, 2, 3), (3, 2, 1), (1, 0, 1), (5, 5, 5) and (0, 0, 3): .866 is the root of 3/4.
@pytest.mark.parametrize(
    ("y", "expected"), [((1, 2, 3), 1.0), ((3, 2, 1), -1.0), ((1, 0, 1), 0.0), ((5, 5, 5), None), ((0, 0, 3), 0.75**0.5)]
)
def test_correlations(y: tuple[float, ...], expected: float | None) -> None:
    found = rho(np.array([1.0, 2.0, 3.0]), np.array(y, dtype=float))
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))
    judged = [Correlation("a", "b", r, "free", "").loose for r in (None, 0.049, -BAR)]
    assert judged == [False, False, True]
    said = [Correlation("a", "b", r, "free", "").brief for r in (None, 0.0484, 0.0504, -0.001, -0.238, 1.0)]
    assert said == ["-", ".048", ".05", ".00", "-.24", "1.00"]


# Means, shares or vocabularies of other problems than those drawn, or another draw at each call.
def test_measurements_are_of_the_problems() -> None:
    circuit = Circuit()
    stats = measure(circuit, (Equations(), Story()), 300, 5)
    assert stats == measure(circuit, (Equations(), Story()), 300, 5)
    assert stats.answers != measure(circuit, (Equations(), Story()), 300, 6).answers
    assert sum(answer.share for answer in stats.answers) == pytest.approx(1)
    assert [answer.value for answer in stats.answers] in (["0", "1"], ["1", "0"])
    assert stats.answers[0].share >= 0.5 == stats.uniform
    by_name = {q.name: q for q in stats.quantities}
    assert by_name["length"].values == (10, 11, 12, 13, 14)
    assert sum(by_name["length"].counts) == 300
    assert by_name["statements"].mean == pytest.approx(by_name["length"].mean + by_name["distractors"].mean)
    assert by_name["distractors"].mean == pytest.approx(by_name["branching"].mean + by_name["disconnected"].mean)
    sizes = [len(surface.vocab(22, circuit.primitives, 2)) for surface in (Equations(), Story())]
    assert [vocabulary.size for vocabulary in stats.vocabularies] == sizes


# A picture whose cells stand under another quantity, or beside another dial, than they are of.
def test_the_picture_shows_every_correlation() -> None:
    stats = measure(Sticky(), (Equations(),), 200, 0)
    heat = painted(stats).axes[len(stats.quantities)]
    said = {(round(t.get_position()[0] - 0.5, 3), round(t.get_position()[1] - 0.5, 3)): t.get_text() for t in heat.texts}
    columns, rows = [q.name for q in stats.quantities], [dial.field for dial in stats.dials]
    for c in stats.correlations:
        shown = said[columns.index(c.quantity), rows.index(c.dial)].replace("−", "-")
        assert shown == "–" if c.rho is None else float(shown) == pytest.approx(c.rho, abs=0.0051)
    assert [label.get_text().split()[0] for label in heat.get_yticklabels()] == rows
    assert heat.get_ylim()[0] > heat.get_ylim()[1]  # the first dial is on top


# A test problem that a training problem works out on its way would go uncounted. Sums modulo 2 are so few that those of four steps
# work out every one of three; and those of three steps none, as the split keeps whole problems apart.
def test_what_stands_inside_is_counted() -> None:
    few = Program(steps=3, lines=5, primitives=(ADD,), modulus=2)
    same, longer = overlaps(few, 500, 0)
    assert (same.training, same.inside, same.problems) == ("the same", 0, 500)
    assert (longer.training, longer.inside, longer.tests) == ("of 4 steps", 1_000, 1_000)
    keys = {p.key for p in islice(problems(few, "test", "overlap", "test", 1), 300)}
    inside = {name for p in islice(problems(at(few, 4), "train", "overlap", "train", 1), 500) for name in p.derivations}
    assert keys <= inside
    with pytest.raises(ValueError, match="at least one training problem; found 0"):
        overlaps(few, 0, 0)
    with pytest.raises(ValueError, match="no training problems of one step more"):
        overlaps(Program(steps=3, lines=3), 1, 0)


# Other bounds than those worked by hand: of 0 in 10, z^2 / (10 + z^2) = 3.8415 / 13.8415; of 5 in 10, the textbook's .2366 and .7634.
def test_intervals_of_an_overlap() -> None:
    low, high = zip(*(Overlap("", 1, 10, inside).interval for inside in (0, 5, 10)), strict=True)
    assert low == pytest.approx((0, 0.2366, 10 / 13.8415), abs=5e-5)
    assert high == pytest.approx((3.8415 / 13.8415, 0.7634, 1), abs=5e-5)
