"""Tasks of other libraries, and laws that say of each case of such a task how it is broken, if it is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol, TypedDict

LONGEST = 200  # characters of a text in the words of a finding


class Entry(TypedDict):
    """An item. The answer is None where the task offers none."""

    question: str
    answer: str | None
    metadata: dict[str, object]


class Dataset(Protocol):
    """Items by their index, and the score of an answer to one, from 0 to 1."""

    def __getitem__(self, idx: int) -> Entry: ...

    def score_answer(self, answer: str | None, entry: Entry) -> float: ...


class Library(Protocol):
    """A library of tasks."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def create(self, task: str, seed: int, size: int) -> Dataset:
        """The dataset of a task at its default settings."""

    def at(self, task: str, levels: Mapping[str, int], seed: int, size: int) -> Dataset:
        """The dataset at levels of the curriculum's attributes; the others stay at their default level.

        Raises:
            AssertionError: if the library refuses these settings.
        """

    def levels(self, task: str) -> Mapping[str, int]:
        """The number of levels of each attribute of the task's curriculum."""

    def extract(self, completion: str) -> str | None:
        """The answer in a completion that is written as the library asks for it."""


@dataclass(frozen=True)
class Decoration:
    """A way to write a right answer that the task's text promises to accept."""

    name: str
    write: Callable[[str, Entry], str | None]  # of a right answer; None where there is no such form


@dataclass(frozen=True)
class Task:
    """A task, with all that the laws need to know besides: a checker of its own, and what its text promises."""

    library: Library
    name: str
    kind: str
    right: Callable[[Entry, str], bool]  # an independent checker of answers in the form of those that are stated
    decorations: tuple[Decoration, ...] = ()
    dials: Mapping[str, Callable[[Entry], float]] = field(default_factory=dict, compare=False)  # an attribute and what it should enlarge
    after: str = ""  # the words of a question after which it differs from others; findings show it from there
    until: str = ""  # the words at which its instructions begin

    def asked(self, entry: Entry) -> str:
        """The question without the words that all share."""
        found = entry["question"].partition(self.after)[2] if self.after else entry["question"]
        return cut((found.partition(self.until)[0] if self.until else found).strip())

    def make(self, seed: int, size: int) -> Dataset:
        return self.library.create(self.name, seed, size)


@dataclass(frozen=True)
class Case:
    """One place where a law is tried: an item, and what is done to it."""

    seed: int
    index: int
    probe: str = ""


@dataclass(frozen=True)
class Law:
    """A law of foreign tasks. `broken` says how a case breaks it, in words that are the same in every run, or gives None."""

    name: str
    says: str
    ground: str  # words of the library that suggest it; or that it is a law of this library
    cases: Callable[[Task], Iterator[Case]]
    broken: Callable[[Task, Case], str | None]


@cache
def drawn(task: Task, seed: int, size: int) -> tuple[Entry, ...]:
    """The first items of a dataset, read in order; kept, since most laws read the same ones."""
    dataset = task.make(seed, size)
    return tuple(dataset[i] for i in range(size))


def solution(entry: Entry) -> str | None:
    """The stated answer or, where an item states none, the example in its metadata."""
    example = entry["metadata"].get("example_answer")
    return entry["answer"] if entry["answer"] is not None else example if isinstance(example, str) else None


def cut(text: object) -> str:
    """The repr of a value, with its middle left out if it is long."""
    full = repr(text)
    return full if len(full) <= LONGEST else f"{full[: LONGEST // 2]} … {full[-LONGEST // 2 :]}"
