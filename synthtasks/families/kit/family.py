"""The protocol of families, and problems drawn by name."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import count, islice
from typing import Protocol, TypeVar, cast, get_args, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import one_of
from synthtasks.primitives import Operation
from synthtasks.problem import Problem, Split
from synthtasks.rng import Uniforms, rename, rng, uniforms

ATTEMPTS = 1_000  # draws for one problem; with one form in eight in the smaller split, 1,000 misses have p = 1e-58
BLOCK = 64  # problems that a stream draws at once from a `Bulk` family
SPLITS: tuple[Split, ...] = get_args(Split)
NAMES = 100_000  # most steps of a problem
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Family(Protocol):
    """A distribution over problems: a frozen dataclass, and a pure function of the generator. Its fields are its dials."""

    @property
    def primitives(self) -> tuple[Operation, ...]: ...  # that its problems may apply

    @property
    def modulus(self) -> int: ...  # the size of the domain of its values

    @property
    def names(self) -> int: ...  # its steps are called `label(0)` to `label(names - 1)`

    def __call__(self, g: np.random.Generator) -> Problem: ...
    def __hash__(self) -> int: ...


class Many(Protocol):
    """P problems of one shape, as arrays."""

    def __len__(self) -> int: ...
    def among(self, split: Split) -> NDArray[np.bool_]: ...  # [P] true for problems of the split
    def problem(self, i: int) -> Problem: ...


Drawn = TypeVar("Drawn", bound=Many, covariant=True)


@runtime_checkable
class Bulk(Family, Protocol[Drawn]):
    """A family that draws many problems at once: `self(g)` is `self.many(g.random((1, self.uniforms))).problem(0)`."""

    @property
    def uniforms(self) -> int: ...  # numbers in [0, 1) that a problem takes

    def many(self, u: Uniforms) -> Drawn: ...  # [P, uniforms]


def has_one_derivation(family: Family) -> bool:
    """True if the family declares `one_derivation`: the judge accepts the solution of a problem and no other completion.

    This holds where the proof is a chain and surplus steps are refused, because a surface writes a trace in one way only.
    A family that declares nothing may have several derivations.
    """
    return bool(getattr(family, "one_derivation", False))


def changed(family: Family, /, **values: object) -> Family:
    """The family with other values of some fields.

    Raises:
        ValueError: if the family refuses a value.
    """
    return cast(Callable[..., Family], replace)(family, **values)


@cache
def label(i: int) -> str:
    """The name of step `i`: A..Z, then A1..Z1, A2..

    Raises:
        ValueError: if `i` is negative.
    """
    if i < 0:
        raise ValueError(f"steps are numbered from 0; found {i}")
    return LETTERS[i % 26] + (str(i // 26) if i >= 26 else "")


@cache
def labels(count: int) -> tuple[str, ...]:
    """The names of the first `count` steps.

    Raises:
        ValueError: if the count is negative or more than `NAMES`.
    """
    if not 0 <= count <= NAMES:
        raise ValueError(f"a problem has up to {NAMES:,} steps; found {count:,}")
    return tuple(label(i) for i in range(count))


def one_split(split: Split) -> None:
    """Check that `split` names a split, faster than `one_of`.

    Raises:
        ValueError: if it does not.
    """
    if split not in SPLITS:
        one_of("split", split, SPLITS)


def problem(family: Family, split: Split, *path: str | int) -> Problem:
    """The problem called `path`: the first of the draws `rng(*path, 0)`, `rng(*path, 1)`, ... that lies in `split`.

    A pure function of its arguments: it does not depend on earlier draws or on the process.

    Raises:
        ValueError: if there is no such split, or no draw lies in it because the family is too small to be split.
    """
    one_split(split)
    return _draw(family, split, rng(*path, 0), path)


def problems(family: Family, split: Split, *path: str | int) -> Iterator[Problem]:
    """The endless stream called `path`; its i-th item is `problem(family, split, *path, i)`.

    Raises:
        ValueError: as `problem`.
    """
    return named(family, split, count(), *path)


def named(family: Family, split: Split, numbers: Iterable[int], *path: str | int) -> Iterator[Problem]:
    """Problems by their numbers in the stream called `path`.

    Raises:
        ValueError: as `problem`.
    """
    one_split(split)
    if isinstance(family, Bulk):
        return _in_blocks(family, split, numbers, path)
    g = rng(*path)
    return (_draw(family, split, g, (*path, i)) for i in numbers)


def many(family: Bulk[Drawn], split: Split, numbers: Sequence[int], *path: str | int) -> Drawn:
    """Problems of `named`, as arrays.

    Raises:
        ValueError: as `problem`.
    """
    one_split(split)
    u = uniforms(family.uniforms, path, numbers, 0)
    rejected = np.arange(len(numbers))
    for attempt in range(1, ATTEMPTS + 1):
        rejected = rejected[~family.many(u[rejected]).among(split)]
        if not len(rejected):
            return family.many(u)
        u[rejected] = uniforms(family.uniforms, path, [numbers[i] for i in rejected.tolist()], attempt)
    raise out_of_draws(family, split)


def _in_blocks(family: Bulk[Many], split: Split, numbers: Iterable[int], path: tuple[str | int, ...]) -> Iterator[Problem]:
    rest = iter(numbers)
    while block := list(islice(rest, BLOCK)):
        drawn = many(family, split, block, *path)
        yield from (drawn.problem(i) for i in range(len(block)))


def _draw(family: Family, split: Split, g: np.random.Generator, path: tuple[str | int, ...]) -> Problem:
    """The problem called `path`. `g` may be any generator: it is renamed."""
    for attempt in range(ATTEMPTS):
        if (drawn := family(rename(g, *path, attempt))).split in (split, "both"):
            return drawn
    raise out_of_draws(family, split)


def out_of_draws(family: Family, split: Split) -> ValueError:
    return ValueError(f"{family} has no {split} problems: {ATTEMPTS:,} draws all fell in the other split")
