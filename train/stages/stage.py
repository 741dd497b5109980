"""Experiments as expressions. A stage is a frozen dataclass; the stages it builds on are its fields.

    Score(policy=Learn(policy=Fresh(config, vocab), losses=((1.0, Imitate(corpus)),), ...), families=...)

Evaluating an expression means: evaluate the stages inside it, then run it, once. What it makes lies in a folder named
by a hash of the whole expression, so equal expressions, in one grid or in twenty, share one run.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from functools import cached_property
from inspect import get_annotations
from pathlib import Path
from typing import ClassVar, Protocol

from train.stages.forms import Forms, Hashed, form_of_parts
from train.stages.inside import Place, filled, inside, swapped
from train.stages.machine import Machine

OURS = frozenset({"identity", "meaning", "hashes", "upstream", "run", "word", "work", "memory", "trials"})  # no field is called so


class Undefined(Exception):
    """A stage has no answer (a band of an edge that has no such region). A result, which propagates downstream."""


class Interrupted(Exception):
    """A stage was asked to stop, and did so at a checkpoint. Not its failure: whoever runs it next goes on from there."""


class Shelf(Protocol):
    """Where results are found by their expression."""

    def get(self, stage: "Stage") -> Path:
        """The folder of the results of `stage`."""


class Log(Protocol):
    """A log of metrics; Lightning's loggers are such logs."""

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None: ...


Tracker = Callable[["Stage"], AbstractContextManager[Log]]
"""Opens the log of a stage, empty, and closes it."""


class Context(Shelf, Protocol):
    """All that a stage may know of where it runs."""

    machine: Machine
    checkpoint_seconds: float  # between two checkpoints
    stopping: Callable[[], bool]  # true as soon as the stage is to save a checkpoint, and to raise `Interrupted`
    tracker: Tracker | None  # gets the metrics of learning, besides the stage's own file of them

    def confirm(self, draft: Path) -> None:
        """Make sure, before something in `draft` is replaced, that nobody has taken it over.

        Raises:
            Lost: if somebody has, while this process was silent.
        """


@dataclass(frozen=True, eq=False, repr=False)
class Stage(Hashed, ABC):
    """Something that makes files. Two stages are equal if their expressions are; subclasses take the same three options."""

    VERSION: ClassVar[int] = 1  # raise it when `run` comes to mean something else
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
        return self.hashes.changed

    @property
    def meaning(self) -> str:
        """A hash of the expression with every default, truth table and stage inside it."""
        return self.hashes.whole

    @cached_property
    def hashes(self) -> Forms:
        """Both.

        Raises:
            TypeError: as `identity`.
        """
        of = type(self)
        if of.__eq__ is not Stage.__eq__ or of.__hash__ is not Stage.__hash__:
            raise TypeError(
                f"{of.__qualname__} is a stage, and equal where its expression is: @dataclass(frozen=True, eq=False, repr=False)"
            )
        for part in _objects(self.upstream, lambda s: "hashes" in vars(s)):  # those first, so that a long chain is no deep recursion
            _ = part.hashes
        return Forms(*(hashlib.sha256(form.encode()).hexdigest()[:12] for form in form_of_parts(self, None)))

    @cached_property
    def upstream(self) -> tuple["Stage", ...]:
        """The stages directly inside this one, however deep in tuples and plain dataclasses."""
        return tuple(inside([getattr(self, field.name) for field in fields(self)], Stage))  # type: ignore[type-abstract]

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
        """Bytes of memory that it surely needs."""
        return 0.0

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
        """Every stage inside once, after those it builds on: a long chain is no deep pickle."""
        stages = _objects((self,))
        places = {id(stage): Place(i) for i, stage in enumerate(stages)}

        def said(value: object) -> object:
            return swapped(value, Stage, lambda part: places[id(part)])  # type: ignore[type-abstract]

        return _again, (tuple((type(s), {f.name: said(getattr(s, f.name)) for f in fields(s)}) for s in stages),)


@dataclass(frozen=True)
class Trial:
    """A small stage like another that is to be run."""

    stage: Stage
    times: float = 0.0  # how often its seconds count for those of the other; never, where it is tried for its memory alone


def fingerprint(stage: Stage) -> str:
    """The identity of an expression."""
    return stage.identity


def name(stage: Stage) -> str:
    """The name of the stage's folder."""
    return f"{type(stage).__name__}-{fingerprint(stage)}"


def closure(stages: Iterable[Stage], there: Callable[[Stage], bool] = lambda stage: False) -> tuple[Stage, ...]:
    """The distinct stages that `stages` consist of, each after those it builds on; without those that are `there`, and what only they
    build on."""
    return tuple(dict.fromkeys(_objects(stages, there)))


def _objects(stages: Iterable[Stage], there: Callable[[Stage], bool] = lambda stage: False) -> list[Stage]:
    """The same, told apart as objects: by that one can go through an expression whose stages have no hash yet."""
    found, seen = list[Stage](), set[int]()
    path: list[tuple[Iterator[Stage], Stage | None]] = [(iter(stages), None)]  # where we are, from the outside in
    while path:
        rest, whole = path[-1]
        part = next((p for p in rest if id(p) not in seen), None)
        if part is not None:
            seen.add(id(part))
            if not there(part):
                path.append((iter(part.upstream), part))
        else:
            path.pop()
            if whole is not None:
                found.append(whole)
    return found


def _again(said: Iterable[tuple[type[Stage], Mapping[str, object]]]) -> Stage:
    """The last of the stages that a pickle says."""
    made = list[Stage]()
    for of, values in said:
        made.append(filled(of, {field: swapped(value, Place, lambda at: made[at.number]) for field, value in values.items()}))
    return made[-1]
