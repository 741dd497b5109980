"""Experiments as expressions. A stage is a frozen dataclass; the stages it builds on are its fields.

    Score(policy=Learn(policy=Fresh(config, vocab), losses=((1.0, Imitate(corpus)),), ...), families=...)

Evaluating an expression means: evaluate the stages inside it, then run it, once. What it makes lies in a folder named
by a hash of the whole expression, so equal expressions, in one grid or in twenty, share one run.
"""

import hashlib
import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from inspect import get_annotations
from io import BytesIO
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from train.stages.machine import Machine
from train.stages.record import Canonical, Hashed, Hashes, Json, differences, form_of_fields
from train.stages.record import name as name

SCHEMA = 2  # of stage.json
Q = TypeVar("Q")
A = TypeVar("A")
OURS = frozenset(
    {"identity", "meaning", "hashes", "upstream", "run", "word", "work", "memory", "trials", "stacks"}
)  # no field is called so


class Undefined(Exception):
    """A stage has no answer (a band of an edge that has no such region). This is a result, and propagates downstream."""


class Interrupted(Exception):
    """A stage was asked to stop, and saved a checkpoint. This is no failure: the next run continues from it."""


class Shelf(Protocol):
    """Where results are found by their expression."""

    def get(self, stage: "Stage") -> Path:
        """The folder of the results of `stage`."""


class Log(Protocol):
    """A log of metrics; Lightning's loggers are such logs."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None: ...


class Meets(Protocol):
    """Other stages that run at the same time, as one (`train.stacked.meeting.Meeting`)."""

    @property
    def size(self) -> int: ...  # how many there are

    def ask(self, answer: Callable[[list[Q]], Sequence[A]], question: Q) -> A:
        """The reply of `answer` to `question`, together with the questions that the other stages ask of it."""


Tracker = Callable[["Stage"], AbstractContextManager[Log]]
"""Opens an empty log for a stage, and closes it."""


class Context(Shelf, Protocol):
    """Everything a stage may know about where it runs."""

    machine: Machine
    checkpoint_seconds: float  # between two checkpoints
    stopping: Callable[[], bool]  # true as soon as the stage is to save a checkpoint, and to raise `Interrupted`
    tracker: Tracker | None  # gets the metrics of learning, besides the stage's own file of them
    meeting: Meets | None  # None: the stage runs alone

    def confirm(self, draft: Path) -> None:
        """Check that no other process has taken `draft` over. Call it before replacing a file there.

        Raises:
            Lost: if somebody has, while this process was silent.
        """


@dataclass(frozen=True, eq=False, repr=False)
class Stage(Hashed, ABC):
    """Something that makes files. Two stages are equal if their expressions are; subclasses take the same three options."""

    VERSION: ClassVar[int] = 1  # if you change what `run` computes, raise it
    writes: ClassVar[tuple[str, ...]] = ()  # the files of a result, if it is known: all else is foreign; () if it is all but what looks so

    def __init_subclass__(cls) -> None:
        if taken := OURS & get_annotations(cls).keys():
            raise TypeError(f"a stage has its {min(taken)} from its expression; call that field of {cls.__qualname__} otherwise")

    @abstractmethod
    def run(self, out: Path, context: Context) -> None:
        """Write this stage's results into the folder `out`. Upstream results: `context.get(self.policy)`.

        `out` may hold what an earlier attempt, killed, left there: overwrite it, or continue from it.

        Raises:
            Undefined: if the question that this stage asks has no answer; that is recorded as its result.
        """

    @property
    def identity(self) -> str:
        """A hash of the expression. A field at its default does not enter: a new knob whose default keeps the old
        behaviour leaves every old result in place.

        Raises:
            TypeError: if a part of the expression has no stable identity.
        """
        return self.hashes.identity

    @property
    def meaning(self) -> str:
        """A hash of the expression with every default, truth table and stage inside it."""
        return self.hashes.meaning

    @cached_property
    def hashes(self) -> Hashes:
        """Identity and meaning.

        Raises:
            TypeError: as `identity`.
        """
        of = type(self)
        if of.__eq__ is not Stage.__eq__ or of.__hash__ is not Stage.__hash__:
            raise TypeError(f"{of.__name__} is a stage, and equal where its expression is: @dataclass(frozen=True, eq=False, repr=False)")
        for stage in _objects(self.upstream, lambda s: "hashes" in vars(s)):  # upstream first, so that a long chain does not recurse deeply
            _ = stage.hashes
        form = form_of_fields(self)
        return Hashes(*(hashlib.sha256(text.encode()).hexdigest()[:12] for text in (form.changed, form.whole)))

    @cached_property
    def upstream(self) -> tuple["Stage", ...]:
        """The stages directly inside this one, however deep in tuples and plain dataclasses."""
        return tuple(_inside([getattr(self, field.name) for field in fields(self)]))

    @property
    def word(self) -> str:
        """Its kind in plans and progress: stages of one word take about the same time."""
        return type(self).__name__.lower()

    @property
    def work(self) -> float:
        """Its cost in tokens forward, roughly; a function of the expression alone, and so equal on every machine."""
        return 0.0

    @property
    def memory(self) -> float:
        """Bytes of memory that it needs at least."""
        return 0.0

    @property
    def stacks(self) -> Hashable | None:
        """Stages of one kind with equal values may run as one, by what they ask of `Context.meeting`; None: it runs alone."""
        return None

    def trials(self) -> tuple["Trial", ...]:
        """Small stages like it, by which its needs are measured before it runs; none, if it takes next to nothing."""
        return ()

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and isinstance(other, Stage) and self.meaning == other.meaning)

    def __hash__(self) -> int:
        return hash(self.identity)

    def __repr__(self) -> str:
        return name(self)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle every stage inside once, after those it builds on, so that a long chain does not recurse deeply."""
        stages = _objects((self,))
        places, file = {id(stage): place for place, stage in enumerate(stages)}, BytesIO()
        pickler = pickle.Pickler(file)
        pickler.persistent_id = lambda value: places.get(id(value))  # type: ignore[method-assign]
        for stage in stages:
            pickler.dump((type(stage), {field.name: getattr(stage, field.name) for field in fields(stage)}))
        return _again, (len(stages), file.getvalue())


@dataclass(frozen=True)
class Trial:
    """A small stage like another that is to be run."""

    stage: Stage
    times: float = 0.0  # how often its seconds count for those of the other; never, where it is tried for its memory alone


def closure(stages: Iterable[Stage], there: Callable[[Stage], bool] = lambda stage: False) -> tuple[Stage, ...]:
    """The distinct stages that `stages` consist of, each after those it builds on; without those that are `there`, and what only they
    build on."""
    return tuple(dict.fromkeys(_objects(stages, there)))


def _objects(stages: Iterable[Stage], there: Callable[[Stage], bool] = lambda stage: False) -> list[Stage]:
    """`closure`, with stages compared by identity, since they may have no hash yet."""
    found, seen = list[Stage](), set[int]()
    path: list[tuple[Iterator[Stage], Stage | None]] = [(iter(stages), None)]  # where we are, from the outside in
    while path:
        rest, whole = path[-1]
        stage = next((p for p in rest if id(p) not in seen), None)
        if stage is not None:
            seen.add(id(stage))
            if not there(stage):
                path.append((iter(stage.upstream), stage))
        else:
            path.pop()
            if whole is not None:
                found.append(whole)
    return found


def encode(stage: Stage) -> dict[str, Json]:
    """The whole expression as JSON, for `stage.json`: every stage once, after those it builds on.

    Raises:
        TypeError: as `identity`.
    """
    return {"schema": SCHEMA, "stages": [_entry(each) for each in closure((stage,))]}


def _entry(stage: Stage) -> dict[str, Json]:
    entry = form_of_fields(stage).json
    assert isinstance(entry, dict)
    return {"name": name(stage), **entry}


def unlike(record: object, stage: Stage) -> Iterator[str]:
    """Differences between the JSON of an expression and `stage`. Fields that were added since must be at their default."""
    match record:
        case {"schema": int(schema), "stages": [*entries]} if schema == SCHEMA:
            recorded = {str(one.get("name")): one for one in entries if isinstance(one, dict)}
            stages = {name(each): each for each in closure((stage,))}
            if name(stage) not in recorded:
                yield f"it does not say {name(stage)}"
            for called in (called for called in stages if called in recorded):
                yield from differences(recorded[called], _entry(stages[called]), recorded, called)
        case _:
            yield f"it is no expression of schema {SCHEMA}"


def same(record: object, stage: Stage) -> bool:
    """True if the JSON of an expression describes `stage`."""
    return next(unlike(record, stage), None) is None


def _again(count: int, pickled: bytes) -> Stage:
    """The last of so many stages. Their fields were checked when they were made first."""
    made, unpickler = list[Stage](), pickle.Unpickler(BytesIO(pickled))
    unpickler.persistent_load = made.__getitem__  # type: ignore[method-assign]
    for _ in range(count):
        of, values = unpickler.load()
        made.append(object.__new__(of))
        for field, value in values.items():
            object.__setattr__(made[-1], field, value)
    return made[-1]


def _inside(values: Iterable[object]) -> Iterator[Stage]:
    """The stages among values and in them, however deep in tuples and plain dataclasses; none of those inside of stages."""
    for value in values:
        if isinstance(value, tuple):
            yield from _inside(value)
        elif names := _fields(type(value)):  # type: ignore[arg-type]  # a class is hashable
            if isinstance(value, Stage):
                yield value
            else:
                yield from _inside([getattr(value, name) for name in names])


@lru_cache(maxsize=4_096)
def _fields(of: type) -> tuple[str, ...]:
    """The names of the fields of a dataclass in which stages may lie; none of another class."""
    return tuple(f.name for f in fields(of)) if is_dataclass(of) and not issubclass(of, Canonical) else ()
