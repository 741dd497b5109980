"""The results of a study under way, read little by little, and each file again only when it has changed."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from analysis.cli.request import Request, stages_of
from analysis.cli.screen import standing, titles
from analysis.figures.learning import read_notes
from analysis.live.snapshot import Shelf, Snapshot, look
from analysis.measures.estimates import Floats
from analysis.running.agenda import State
from analysis.running.plan import Plan, history, kind
from analysis.studies.claims import Row
from analysis.studies.study import Cell, measure
from train.learn import Learn
from train.stages.reading import Malformed
from train.stages.stage import Stage, closure

Stamp = tuple[int, ...]  # differs when what was read has changed
Read = TypeVar("Read")


@dataclass
class Growing:
    """What has been read of a request's results."""

    asked: Request
    cells: tuple[Cell, ...]
    stages: tuple[Stage, ...]
    names: Mapping[Stage, str]
    shelf: Shelf
    now: Snapshot = field(default_factory=Snapshot)
    faults: dict[tuple[object, str], str] = field(default_factory=dict)  # why something could not be read, by what it is of
    _rows: dict[Cell, tuple[Stamp, Row | None]] = field(default_factory=dict)
    _seconds: dict[Stage, tuple[Stamp, float | None]] = field(default_factory=dict)
    _notes: dict[Stage, tuple[Stamp, Mapping[str, Floats]]] = field(default_factory=dict)

    @staticmethod
    def of(asked: Request) -> "Growing":
        """Nothing has been read yet."""
        cells, store = asked.cells(), asked.store
        return Growing(asked, cells, closure(stages_of(cells)), titles(cells), Shelf(store.root, store.machine))

    def read(self, enough: Callable[[], bool]) -> bool:
        """Look at the folder, and measure cells that have become whole until it is `enough`; whether any is left."""
        self.now = look(self.stages, self.shelf)
        for cell in self.cells:
            stamp = self._stamp(cell)
            if stamp is None:
                self._rows.pop(cell, None)
            elif cell not in self._rows or self._rows[cell][0] != stamp:
                if enough():
                    return True
                self._rows[cell] = stamp, self._legible((cell, "row"), lambda cell=cell: measure(cell, self.shelf))  # type: ignore[misc]
        return False

    def _legible(self, key: tuple[object, str], read: Callable[[], Read]) -> Read | None:
        """What `read` reads; nothing, where that is not legible, which is said among the `faults`."""
        self.faults.pop(key, None)
        try:
            return read()
        except Malformed as fault:
            self.faults[key] = str(fault)
            return None

    def _stamp(self, cell: Cell) -> Stamp | None:
        """Of a cell that is whole."""
        there = self.now.there
        return tuple(there[s] for s in cell.stages()) if all(s in there for s in cell.stages()) else None

    @property
    def rows(self) -> dict[Cell, Row]:
        """Of the cells that have been measured, in the order of the study."""
        return {cell: row for cell in self.cells if cell in self._rows and (row := self._rows[cell][1]) is not None}

    @property
    def measured(self) -> tuple[tuple[Cell, Stamp], ...]:
        """Which cells have been measured, and in which state."""
        return tuple((cell, stamp) for cell, (stamp, _) in self._rows.items())

    def learned(self) -> Iterator[tuple[Cell, Learn]]:
        """What learned in each cell."""
        return ((c, c.learn) for c in self.cells if c.learn is not None)

    def metrics(self, stage: Stage) -> Path | None:
        """The file of metrics of a stage that is there, or is under way and has one."""
        begun = self.now.begun.get(stage)
        folder = self.shelf.path(stage) if stage in self.now.there else begun and begun.folder
        return folder / "metrics.jsonl" if folder and (folder / "metrics.jsonl").exists() else None

    def stamp(self, stage: Stage) -> Stamp:
        """Of the metrics of a stage."""
        file = self.metrics(stage)
        return () if file is None else (file.stat().st_mtime_ns, file.stat().st_size, stage in self.now.there)

    def notes(self, stage: Stage) -> Mapping[str, Floats]:
        """What a stage noted so far."""
        stamp, file = self.stamp(stage), self.metrics(stage)
        if file is None:
            return {}
        if stage not in self._notes or self._notes[stage][0] != stamp:
            self._notes[stage] = stamp, self._legible((stage, "notes"), lambda: read_notes(file)) or {}
        return self._notes[stage][1]

    def seconds(self) -> dict[str, float]:
        """Mean seconds of the finished stages of each kind; of a kind of which none has finished, from how far its first one is."""
        for stage, stamp in self.now.there.items():
            if self._seconds.get(stage, ((), 0.0))[0] != (stamp,):
                took = self._legible((stage, "seconds"), lambda stage=stage: history((stage,), self.shelf)[kind(stage)])  # type: ignore[misc]
                self._seconds[stage] = (stamp,), took
        found: dict[str, list[float]] = {}
        for stage in self.now.there:
            if (spent := self._seconds[stage][1]) is not None:
                found.setdefault(kind(stage), []).append(spent)
        means = {name: sum(each) / len(each) for name, each in found.items()}
        for stage, draft in self.now.underway.items():
            if (at := standing(stage, self.shelf)) and kind(stage) not in means:
                means[kind(stage)] = (draft.touched - draft.began) / at.iteration * at.iterations
        return means

    def state(self) -> State:
        """What the process that runs the study would say of it."""
        clock, began = time.monotonic(), time.time()
        running = {s: clock - (began - d.began) for s, d in self.now.underway.items()}
        waiting = {s for s in self.stages if s not in self.now.there and s not in running and s not in self.now.failed}
        return State(waiting, running, set(), set(self.now.there), dict(self.now.failed))

    def plan(self) -> Plan:
        """The plan, with the times that are known."""
        there = frozenset(self.now.there)
        return Plan(len(self.cells), self.stages, there, self.seconds(), max(self.asked.jobs, len(self.now.underway)))
