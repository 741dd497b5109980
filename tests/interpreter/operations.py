"""What every operation does, worked out anew: by counting, by ranking permutations, by drawing the board, by cutting strings."""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from math import factorial, isqrt

Value = int | tuple[str, ...]
"""A number, or a text as its letters."""
Apply = Callable[[tuple[Value, ...], int], Value]
"""From operands and the size of the domain to the value."""

ALPHABET = tuple("abcdefghijklmnopqrstuvwxyz")


@cache
def ring(size: int, forward: int) -> tuple[int, ...]:
    """Where each number of a ring of `size` comes after `forward` steps."""
    numbers = list(range(size))
    return tuple(numbers[forward:] + numbers[:forward])


def plus(a: int, b: int, size: int) -> int:
    return ring(size, b)[a]


def minus(a: int, b: int, size: int) -> int:
    """The number from which `b` steps lead to `a`."""
    return next(x for x in range(size) if plus(x, b, size) == a)


def times(a: int, b: int, size: int) -> int:
    """`b`, added up `a` times."""
    total = 0
    for _ in range(a):
        total = plus(total, b, size)
    return total


def unrank(rank: int, points: int) -> tuple[int, ...]:
    """The permutation at this place of the lexicographic order, from its factorial digits."""
    left, images = list(range(points)), []
    for i in range(points - 1, -1, -1):
        digit, rank = divmod(rank, factorial(i))
        images.append(left.pop(digit))
    return tuple(images)


def place(images: tuple[int, ...]) -> int:
    """Inverts `unrank`: by how many smaller images come later."""
    later = [sum(other < image for other in images[i:]) for i, image in enumerate(images)]
    return sum(smaller * factorial(len(images) - 1 - i) for i, smaller in enumerate(later))


@cache
def product(a: int, b: int, points: int) -> int:
    """First `a`, then `b`."""
    first, then = unrank(a, points), unrank(b, points)
    return place(tuple(then[first[point]] for point in range(points)))


@cache
def neighbours(cells: int) -> Mapping[tuple[str, int], int]:
    """By direction and cell, the cell that one comes to on a square board; what is not there leads off the board."""
    side = isqrt(cells)
    assert side * side == cells, f"{cells} cells make no square"
    rows = [list(range(side * r, side * (r + 1))) for r in range(side)]
    ways: dict[tuple[str, int], int] = {}
    for row in rows:
        for left, right in pairwise(row):
            ways["east", left], ways["west", right] = right, left
    for upper, lower in pairwise(rows):
        for above, below in zip(upper, lower, strict=True):
            ways["south", above], ways["north", below] = below, above
    return ways


def exchanged(letters: str) -> str:
    """Neighbours exchanged, two by two; an odd one stays."""
    return "".join(letters[i : i + 2][::-1] for i in range(0, len(letters), 2))


TEXT: Mapping[str, Callable[[str, str], str]] = {  # from letters and the alphabet
    "reverse": lambda t, abc: "".join(reversed(t)),
    "rotate": lambda t, abc: t[1:] + t[0],
    "swap": lambda t, abc: t if len(t) == 1 else t[-1] + t[1:-1] + t[0],
    "sort": lambda t, abc: "".join(letter * t.count(letter) for letter in abc),
    "shift": lambda t, abc: t.translate(str.maketrans(abc, abc[1:] + abc[0])),
    "mirror": lambda t, abc: t.translate(str.maketrans(abc, abc[::-1])),
    "pairs": lambda t, abc: exchanged(t),
    "halves": lambda t, abc: t[len(t) // 2 :] + t[: len(t) // 2],
    "odds": lambda t, abc: "".join(c for i, c in enumerate(t, 1) if i % 2) + "".join(c for i, c in enumerate(t, 1) if not i % 2),
    "first": lambda t, abc: t[0] * len(t),
    "last": lambda t, abc: t.removesuffix(t[-1]) + t[0],
    "highest": lambda t, abc: sorted(t)[-1] + t[1:],
}


def on_numbers(apply: Callable[[int, int, int], int]) -> Apply:
    """From left to right, two at a time."""

    def fold(operands: tuple[Value, ...], size: int) -> Value:
        total, *rest = operands
        for operand in rest:
            assert isinstance(total, int)
            assert isinstance(operand, int)
            total = apply(total, operand, size)
        return total

    return fold


def on_text(apply: Callable[[str, str], str]) -> Apply:
    def of_letters(operands: tuple[Value, ...], size: int) -> Value:
        (letters,) = operands
        assert isinstance(letters, tuple)
        return tuple(apply("".join(letters), "".join(ALPHABET[:size])))

    return of_letters


def walk(direction: str) -> Apply:
    return lambda operands, size: neighbours(size).get((direction, int(str(operands[0]))), operands[0])


OPERATIONS: Mapping[str, Apply] = {
    **{name: on_numbers(apply) for name, apply in (("add", plus), ("sum", plus), ("z", plus), ("sub", minus), ("mul", times))},
    "max": on_numbers(lambda a, b, size: sorted((a, b))[1]),
    "min": on_numbers(lambda a, b, size: sorted((a, b))[0]),
    "and": on_numbers(lambda a, b, size: int((a, b) == (1, 1))),
    "or": on_numbers(lambda a, b, size: int((a, b) != (0, 0))),
    "xor": on_numbers(lambda a, b, size: int(a != b)),
    "nand": on_numbers(lambda a, b, size: int((a, b) != (1, 1))),
    "not": lambda operands, size: int(operands[0] == 0),
    "s3": on_numbers(lambda a, b, size: product(a, b, 3)),
    "s5": on_numbers(lambda a, b, size: product(a, b, 5)),
    **{direction: walk(direction) for direction in ("north", "east", "south", "west")},
    **{name: on_text(apply) for name, apply in TEXT.items()},
}
"""Every operation, by what it means."""

SIGNS: Mapping[str, str] = {"+": "add", "-": "sub", "*": "mul"}
"""What signs mean; a word means itself, unless one is told otherwise."""

COMMUTATIVE = frozenset({"add", "sum", "z", "mul", "max", "min", "and", "or", "xor", "nand"})
