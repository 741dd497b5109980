"""Solutions of lesson 5, the coin and the clip. `mistake_N` is a common wrong answer, which the check refuses."""

from math import comb


def exercise_1(ratio: float, advantage: float, width: float) -> float:
    """The smaller of the two products, whatever the sign of the advantage."""
    held = min(max(ratio, 1 - width), 1 + width)
    return min(ratio * advantage, held * advantage)


def mistake_1(ratio: float, advantage: float, width: float) -> float:
    """A clip of the ratio alone: then a word with a negative advantage that became likelier is not pushed down any more."""
    return min(max(ratio, 1 - width), 1 + width) * advantage


def exercise_2(ratios: list[float], advantages: list[float], width: float) -> list[bool]:
    """A word is let go where it has gone beyond the bound in the direction of its advantage; without an advantage nothing pushes it."""
    words = zip(ratios, advantages, strict=True)
    return [ratio < 1 + width if advantage > 0 else ratio > 1 - width if advantage < 0 else False for ratio, advantage in words]


def mistake_2(ratios: list[float], advantages: list[float], width: float) -> list[bool]:
    """Both bounds for both signs: then a word that went the wrong way would never come back."""
    return [1 - width < ratio < 1 + width and advantage != 0 for ratio, advantage in zip(ratios, advantages, strict=True)]


def exercise_3(ups: int, seeds: int) -> float:
    """All ways in which at least so many seeds go up, of the 2^n ways there are."""
    return sum(comb(seeds, k) for k in range(ups, seeds + 1)) * 0.5**seeds


def mistake_3(ups: int, seeds: int) -> float:
    """The probability of exactly so many."""
    return comb(seeds, ups) * 0.5**seeds
