"""Checks of lesson 7, a family of one's own."""

from collections.abc import Callable, Sequence
from itertools import islice

from analysis.lessons.answers import Mark, not_yet, right
from analysis.lessons.families.clock import LATER
from synthtasks import Problem, Step, laws, problems
from synthtasks.families import Family, Program, label
from synthtasks.families.kit.family import problem
from synthtasks.surfaces import Equations

MODULI = (2, 12, 24)
DAYS = 7
TOLERANCE = 1e-9
EXAMPLES = 20  # of each law


def check_exercise_1(candidate: Callable[[int, int], int | None]) -> Mark:
    """Every hour of some clocks."""
    for modulus in MODULI:
        for hour in range(modulus):
            if (found := candidate(hour, modulus)) is None:
                return not_yet("exercise_1 gives None. Replace `return None` by your solution.")
            if found != (due := (hour + modulus // 2) % modulus):
                return not_yet(f"on a clock of {modulus} hours, opposite of {hour} is {due}, yours is {found}.")
    return right("every hour of three clocks lies opposite to yours.")


def turned(start: int, *hours: int) -> Problem:
    """A chain of turns of the hand."""
    steps = [Step(label(i), LATER, (label(i - 1) if i else start, hour)) for i, hour in enumerate(hours)]
    return Problem(tuple(steps), steps[-1].name, 12)


def check_exercise_2(candidate: Callable[[Sequence[Problem]], float | None]) -> Mark:
    """Questions in which all, half or none of the answers can be copied, and ones in which the answer moves about."""
    home = [turned(start, hours, 12 - hours) for start, hours in ((3, 5), (0, 7), (11, 1), (6, 2))]
    away = [turned(start, 1, hours) for start, hours in ((3, 2), (1, 4), (8, 5), (2, 6))]  # no answer stands in them
    moving = [turned(0, 0, 5), turned(5, 7, 5), turned(7, 0, 0), turned(1, 4, 7)]  # at the third place, the third, the first, none
    for what, tasks, due in (
        ("every turn is undone", home, 1.0),
        ("no answer stands in the question", away, 0.0),
        ("half of the turns are undone", [*home, *away], 0.5),
        ("the answer is now here, now there", moving, 0.5),
    ):
        if (found := candidate(tasks)) is None:
            return not_yet("exercise_2 gives None. Replace `return None` by your solution.")
        if abs(found - due) > TOLERANCE:
            return not_yet(f"where {what}, the share is {due:g}, yours is {found:g}. Compare one place at a time.")
    drawn = list(islice(problems(Program(steps=3, lines=3), "train", "check lesson 7"), 50))
    if (found := candidate(drawn)) is None or not 0 <= found < 1:
        return not_yet(f"of 50 programs whose answers cannot be copied the share is below 1, yours is {found}.")
    return right("it tells a family that gives its answers away from one that does not.")


def check_exercise_3(candidate: Callable[[], Callable[[int], Family] | None]) -> Mark:
    """A family of days that keeps the laws."""
    if (make := candidate()) is None:
        return not_yet("exercise_3 gives None. Replace `return None` by your class.")
    family = make(4)
    symbols = [primitive.name for primitive in family.primitives]
    if family.modulus != DAYS:
        return not_yet(f"a week has {DAYS} days, so `modulus` is {DAYS}; found {family.modulus}.")
    if "later" not in symbols or len(symbols) < 2:
        return not_yet(f"its primitives are `later` and one that you invent; found {', '.join(symbols) or 'none'}.")
    try:
        laws.check(family, Equations(), examples=EXAMPLES)
    except laws.LawBroken as broken:
        return not_yet(f"it breaks a law. {broken}")
    for steps in (2, 5):
        if (found := len(problem(make(steps), "train", "check lesson 7", 0).proof)) != steps:
            return not_yet(f"called with {steps} steps, it draws a problem of {found}.")
    return right(f"it keeps all {len(laws.LAWS)} laws.")
