"""The results of a study under way, read little by little, and each file again only when it has changed."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from analysis.design.study import Setting, Study
from analysis.live.snapshot import Shelf, Snapshot, look
from analysis.measures.facts import Cell, Fact, Measure, Outcome, applies, measured, merged, needs, outcomes
from analysis.report.titles import titles
from analysis.running.agenda import State
from analysis.running.plan import Plan, history
from analysis.running.progress import standing
from train.stages.reading import Malformed
from train.stages.stage import Stage, closure
from train.stages.store import Store

Stamp = tuple[int, ...]  # of the files that were read; it differs when they have changed
Read = TypeVar("Read")
Key = tuple[Cell | Stage, int]  # of a measure's facts, by its number: of a cell, or of a stage under way


class Request(Protocol):
    """A request for a study, as the command line gives it."""

    @property
    def study(self) -> Study: ...
    @property
    def setting(self) -> Setting: ...
    @property
    def out(self) -> Path: ...
    @property
    def jobs(self) -> int: ...
    @property
    def store(self) -> Store: ...
    def cells(self) -> tuple[Cell, ...]: ...


@runtime_checkable
class Noting(Protocol):
    """A measure that can read what its stage notes while it runs."""

    stage: str
    phase: str

    def read(self, cell: Cell, file: Path, phase: str) -> Iterator[Fact]: ...


def _noting(measure: object) -> Noting | None:
    return measure if isinstance(measure, Noting) else None


@dataclass
class Growing:
    """The facts so far of a request's cells: each measure is taken as soon as the stages that it reads are there."""

    request: Request
    cells: tuple[Cell, ...]
    stages: tuple[Stage, ...]
    names: Mapping[Stage, str]
    shelf: Shelf
    now: Snapshot = field(default_factory=Snapshot)
    faults: dict[tuple[object, object], str] = field(default_factory=dict)  # the reasons why files could not be read
    _facts: dict[Key, tuple[Stamp, tuple[Fact, ...] | None]] = field(default_factory=dict)
    _seconds: dict[Stage, tuple[Stamp, float | None]] = field(default_factory=dict)

    @staticmethod
    def of(request: Request) -> "Growing":
        """The results of a request, of which nothing has been read yet."""
        cells, store = request.cells(), request.store
        return Growing(request, cells, closure([s for c in cells for s in c.stages]), titles(cells), Shelf(store.root, store.machine))

    @cached_property
    def measures(self) -> Mapping[Cell, Mapping[int, Measure]]:
        """The measures that apply to each cell, by their number."""
        return {c: {i: m for i, m in enumerate(self.request.study.measures) if applies(m, c)} for c in self.cells}

    def read(self, enough: Callable[[], bool]) -> bool:
        """Look at the folder, and take measures until it is `enough`; true if some are left."""
        self.now = look(self.stages, self.shelf)
        jobs = {key: (stamp, job) for key, stamp, job in self._jobs()}
        self._facts = {key: known for key, known in self._facts.items() if key in jobs}
        for key, (stamp, job) in jobs.items():
            if key not in self._facts or self._facts[key][0] != stamp:
                if enough():
                    return True
                self._facts[key] = stamp, self._legible(key, lambda: tuple(job()))  # noqa: B023
        return False

    def _jobs(self) -> Iterator[tuple[Key, Stamp, Callable[[], Iterable[Fact]]]]:
        """The measures of cells whose stages are there, and of the notes of stages under way, each once for all of its cells."""
        there, begun = self.now.there, self.now.begun
        for cell, measures in self.measures.items():
            for i, measure in measures.items():
                stages = [cell[name] for name in needs(measure, cell)]
                if all(stage in there for stage in stages):
                    yield (cell, i), tuple(there[stage] for stage in stages), partial(measured, cell, (measure,), self.shelf)
                noting = _noting(measure)
                if noting and (draft := begun.get(cell[noting.stage])) and (file := draft.folder / "metrics.jsonl").exists():
                    stamp = (file.stat().st_mtime_ns, file.stat().st_size)
                    yield (cell[noting.stage], i), stamp, partial(noting.read, cell, file, f"{noting.phase} under way")

    def _legible(self, key: tuple[object, object], read: Callable[[], Read]) -> Read | None:
        """The value that `read` gives; None, where a file is not legible, which is said among the `faults`."""
        self.faults.pop(key, None)
        try:
            return read()
        except Malformed as fault:
            self.faults[key] = str(fault)
            return None

    def _known(self, of: Cell | Stage, i: int) -> tuple[Fact, ...] | None:
        return self._facts.get((of, i), ((), None))[1]

    def facts_of(self, cell: Cell) -> tuple[Fact, ...]:
        """The facts of a cell so far, as they would be if it were measured at once."""
        return merged([f for i in self.measures[cell] for f in self._known(cell, i) or ()])

    def facts(self) -> tuple[Fact, ...]:
        """The facts of all cells so far, with those of stages under way."""
        found: list[Fact] = []
        for cell, measures in self.measures.items():
            notes = [self._known(cell[noting.stage], i) or () for i, m in measures.items() if (noting := _noting(m))]
            found += (*self.facts_of(cell), *(replace(fact, labels=cell.labels, seed=cell.seed) for noted in notes for fact in noted))
        return tuple(found)

    def whole(self) -> tuple[Cell, ...]:
        """The cells whose measures have all been taken."""
        return tuple(c for c, measures in self.measures.items() if all(self._known(c, i) is not None for i in measures))

    def outcomes(self) -> dict[Cell, Outcome]:
        """The outcomes of the cells that are whole."""
        return {cell: outcome for cell in self.whole() for outcome in outcomes(self.facts_of(cell))}

    def stamps(self, kind: type[Cell] | type[Stage]) -> tuple[object, ...]:
        """Equal where the facts of cells, or of stages under way, are."""
        return tuple((key, stamp) for key, (stamp, _) in self._facts.items() if isinstance(key[0], kind))

    def seconds(self) -> dict[str, float]:
        """Mean seconds of the finished stages of each kind; where none has finished, an estimate from the progress of the first one."""
        for stage, stamp in self.now.there.items():
            if self._seconds.get(stage, ((), 0.0))[0] != (stamp,):
                took = self._legible((stage, "seconds"), lambda stage=stage: history((stage,), self.shelf)[stage.word])  # type: ignore[misc]
                self._seconds[stage] = (stamp,), took
        found: dict[str, list[float]] = defaultdict(list)
        for stage in self.now.there:
            found[stage.word] += [spent] if (spent := self._seconds[stage][1]) is not None else []
        means = {name: sum(each) / len(each) for name, each in found.items() if each}
        for stage, draft in self.now.underway.items():
            if (at := standing(stage, self.shelf)) and stage.word not in means:
                means[stage.word] = (draft.touched - draft.began) / at.iteration * at.iterations
        return means

    def state(self) -> State:
        """The state of the run, as the process that runs the study would give it."""
        clock, began = time.monotonic(), time.time()
        running = {s: clock - (began - d.began) for s, d in self.now.underway.items()}
        waiting = {s for s in self.stages if s not in self.now.there and s not in running and s not in self.now.failed}
        return State(waiting, running, set(), set(self.now.there), dict(self.now.failed))

    def plan(self) -> Plan:
        """The plan, with the times that are known."""
        there = frozenset(self.now.there)
        return Plan(len(self.cells), self.stages, there, self.seconds(), max(self.request.jobs, len(self.now.underway)))
