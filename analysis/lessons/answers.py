"""A reader's guesses, compared with the results in words; and the marks of exercises."""

import math
from dataclasses import dataclass

FAR = 3  # times too high or too low, from which a factor says more than a difference


@dataclass(frozen=True)
class Mark:
    """The mark of an exercise: right, or what is wrong."""

    right: bool
    reason: str

    def __str__(self) -> str:
        return f"Right: {self.reason}" if self.right else f"Not yet: {self.reason}"


def right(reason: str) -> Mark:
    """The mark of a right solution, and the reason why it is one."""
    return Mark(True, reason)


def not_yet(reason: str) -> Mark:
    """The mark of a wrong or missing solution, and what is wrong with it."""
    return Mark(False, reason)


def guessed(guess: float | None, result: float, unit: str = "") -> str:
    """A guess of a number beside the result, in words; without a guess, the result alone.

    >>> print(guessed(None, 8, "steps"))
    The result is 8 steps. You made no guess: write one into the cell above, and run it again.
    >>> print(guessed(5, 8, "steps"))
    You guessed 5 steps; the result is 8 steps. The guess is too low by 3.
    >>> print(guessed(10, 1_000, "samples"))
    You guessed 10 samples; the result is 1,000 samples. The guess is 100 times too low.
    """
    said, found = (f"{_number(x)} {unit}".strip() if x is not None else "" for x in (guess, result))
    if guess is None:
        return f"The result is {found}. You made no guess: write one into the cell above, and run it again."
    if said == found:
        return f"You guessed {said}, and {found} it is."
    way = "high" if guess > result else "low"
    if guess > 0 and result > 0 and not 1 / FAR < (factor := guess / result) < FAR:
        return f"You guessed {said}; the result is {found}. The guess is {_number(max(factor, 1 / factor))} times too {way}."
    return f"You guessed {said}; the result is {found}. The guess is too {way} by {_number(abs(guess - result))}."


def chosen(guess: str | None, result: str) -> str:
    """A guess of one thing among several beside the result, in words.

    >>> print(chosen("B", "D"))
    You guessed B; it is D.
    """
    if guess is None:
        return f"It is {result}. You made no guess: write one into the cell above, and run it again."
    return f"You guessed {guess}, and {result} it is." if guess == result else f"You guessed {guess}; it is {result}."


def _number(x: float) -> str:
    """Three digits are enough for a reader; large whole numbers are written out."""
    if x == 0 or not math.isfinite(x):
        return f"{x:g}"
    return f"{round(x):,}" if abs(x) >= 100 else f"{float(f'{x:.3g}'):g}"
