"""Phases of learning: when a skill has improved, read from a curve (arXiv:2509.03646 calls them procedural consolidation and strategic
exploration)."""

from collections.abc import Sequence
from itertools import pairwise

NOISE = 0.02  # a total change of a curve below this is none: a skill that was there before has no phase


def reached(at: Sequence[float], values: Sequence[float], share: float, least: float = NOISE) -> float | None:
    """The place at which a rising curve first has made this `share` of its rise, from its first value to its last, by linear
    interpolation; None if it rises by less than `least`.

    Raises:
        ValueError: if places do not ascend, or there are not as many values.
    """
    _curve(at, values)
    if (rise := values[-1] - values[0]) < least:
        return None
    goal = values[0] + share * rise
    for (left, low), (right, high) in pairwise(zip(at, values, strict=True)):
        if low < goal <= high:
            return left + (right - left) * (goal - low) / (high - low)
    return at[0] if share <= 0 else at[-1]


def steepest(at: Sequence[float], values: Sequence[float], least: float = NOISE) -> float | None:
    """The middle of the first stretch in which a curve rises most steeply; None if it rises by less than `least` from first to last.

    Raises:
        ValueError: as `reached`.
    """
    _curve(at, values)
    if values[-1] - values[0] < least:
        return None
    slopes = [((b - a) / (right - left), (left + right) / 2) for (left, a), (right, b) in pairwise(zip(at, values, strict=True))]
    return max(slopes, key=lambda slope: slope[0])[1]


def _curve(at: Sequence[float], values: Sequence[float]) -> None:
    if len(at) != len(values) or len(at) < 2 or not all(a < b for a, b in pairwise(at)):
        raise ValueError(f"a curve has a value at each of at least two ascending places; found {len(values)} values at {list(at)}")
