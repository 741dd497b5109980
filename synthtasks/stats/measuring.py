"""Measurements of how the dials of a family move quantities of its problems."""

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from synthtasks.domains import Value
from synthtasks.families.dials import Dial, Dialled, Forced, turn
from synthtasks.families.dials.quantities import QUANTITIES, Quantity
from synthtasks.problem import Problem
from synthtasks.rng import one_seed, rng
from synthtasks.stats.measured import Answer, Correlation, Measured, Relation, Stats, Turned, Vocabulary
from synthtasks.surfaces.surface import Surface

Floats = npt.NDArray[np.float64]
WORDS = ("prompt words", "solution words")
ANSWERS = 12  # most frequent answers to report


def measure(family: Dialled, surfaces: Sequence[Surface], problems: int, seed: int) -> Stats:
    """Draw problems of `family`, each with random dials, and measure them; words are counted in the first surface.

    Raises:
        ValueError: if there is no dial or no surface, a dial turns no field, there are fewer than two problems, the seed is
            negative, or a forced pair names no dial or quantity.
    """
    name = type(family).__name__
    if not getattr(family, "dials", ()) or not surfaces or type(problems) is not int or problems < 2:
        found = f"{name}, {len(surfaces)} surfaces, {problems} problems"
        raise ValueError(f"measurements need a family with `dials`, a surface and at least 2 problems; found {found}")
    one_seed(seed)
    sets: dict[str, int] = getattr(family, "sets", {})
    quantities = measures(family, surfaces[0])
    dials, measured = np.empty((problems, len(family.dials))), np.empty((problems, len(quantities)))
    answers: Counter[str] = Counter()
    uniform, names, modulus = 0.0, 0, 0
    for i in range(problems):
        g = rng("stats", "dials", seed, i)
        chosen = {dial.field: dial.values[int(g.integers(len(dial.values)))] for dial in family.dials}
        turned = turn(family, chosen)
        drawn = turned(rng("stats", seed, i))
        dials[i] = list(chosen.values())
        measured[i] = [quantity(drawn) for quantity in quantities.values()]
        answers[_spelled(drawn.answer)] += 1
        uniform += 1 / drawn.modulus ** (len(drawn.answer) if isinstance(drawn.answer, tuple) else 1)
        names, modulus = max(names, turned.names), max(modulus, turned.modulus)
    return Stats(
        family=name,
        surface=type(surfaces[0]).__name__,
        problems=problems,
        seed=seed,
        sets=sets,
        dials=tuple(_turned(dial, quantities) for dial in family.dials),
        quantities=tuple(_measured(quantity, column) for quantity, column in zip(quantities, measured.T, strict=True)),
        correlations=_correlations(family, quantities, dials, measured),
        answers=tuple(Answer(value, count / problems) for value, count in answers.most_common(ANSWERS)),
        uniform=uniform / problems,
        vocabularies=tuple(Vocabulary(type(s).__name__, len(s.vocab(names, family.primitives, modulus))) for s in surfaces),
    )


def measures(family: Dialled, surface: Surface) -> dict[str, Quantity]:
    """All measured quantities by name: `QUANTITIES`, other quantities that a dial sets (named after the dial), and words."""
    others = {dial.field: dial.measure for dial in family.dials if dial.measure not in QUANTITIES.values()}

    def prompt_words(p: Problem) -> float:
        return len(surface.prompt(p))

    def solution_words(p: Problem) -> float:
        return len(surface.solution(p))

    return {**QUANTITIES, **others, **dict(zip(WORDS, (prompt_words, solution_words), strict=True))}


def _spelled(answer: Value) -> str:
    """An answer in one word."""
    return str(answer) if isinstance(answer, int) else "".join(answer)


def rho(x: Floats, y: Floats) -> float | None:  # [P], [P] ->
    """Pearson's correlation; None if either is constant."""
    return None if min(np.ptp(x), np.ptp(y)) == 0 else float(np.corrcoef(x, y)[0, 1])


def _turned(dial: Dial, quantities: Mapping[str, Quantity]) -> Turned:
    sets = next(name for name, quantity in quantities.items() if quantity == dial.measure)
    return Turned(dial.field, dial.values, sets, inspect.getdoc(dial.measure) or "")


def _measured(name: str, column: Floats) -> Measured:  # [P]
    values, counts = np.unique(column, return_counts=True)
    return Measured(name, float(column.mean()), float(column.std()), tuple(values.tolist()), tuple(counts.tolist()))


def _correlations(family: Dialled, quantities: Mapping[str, Quantity], dials: Floats, measured: Floats) -> tuple[Correlation, ...]:
    pairs: tuple[Forced, ...] = getattr(family, "forced", ())
    forced = {(pair.dial, pair.quantity): pair.reason for pair in pairs}
    fields = [dial.field for dial in family.dials]
    if strange := [pair for pair in forced if pair[0] not in fields or pair[1] not in quantities]:
        raise ValueError(f"`forced` pairs a dial with a quantity; there is no pair {strange} of {fields} with {list(quantities)}")
    found: list[Correlation] = []
    for dial, x in zip(family.dials, dials.T, strict=True):
        for (name, quantity), y in zip(quantities.items(), measured.T, strict=True):
            reason = forced.get((dial.field, name), "")
            relation: Relation = "own" if quantity == dial.measure else "forced" if reason else "length" if name in WORDS else "free"
            found.append(Correlation(dial.field, name, rho(x, y), relation, reason))
    return tuple(found)
