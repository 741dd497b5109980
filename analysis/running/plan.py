"""Plans: the stages of a study, those that are done, and the time, memory and disk that the rest will take."""

import math
import os
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean as mean
from tempfile import TemporaryDirectory

from train.stages.circumstances import read_made
from train.stages.disk import Unwritable
from train.stages.machine import Machine
from train.stages.stage import Interrupted, Stage, closure
from train.stages.store import Store

TRIAL = 30.0  # seconds after which a trial stops at its next iteration: on a slow machine the first one tells enough
OVERHEAD = 0.05  # seconds that any stage costs
MIB = 2**20


@dataclass(frozen=True)
class Plan:
    """The distinct stages of a study, those that are done, and the needs of the others."""

    cells: int
    stages: tuple[Stage, ...]
    there: frozenset[Stage]
    seconds: dict[str, float]  # of a stage of each kind, measured on this machine
    jobs: int
    memory: dict[str, float] = field(default_factory=dict)  # MiB at most, of a stage of each kind
    disk: dict[str, float] = field(default_factory=dict)  # MiB of its folder

    @property
    def missing(self) -> tuple[Stage, ...]:
        return tuple(s for s in self.stages if s not in self.there)

    def cost(self, stage: Stage) -> float:
        """Estimated seconds of a stage."""
        return self.seconds.get(stage.word, OVERHEAD)

    @property
    def wall(self) -> float:
        """Estimated seconds until all missing stages are done."""
        return schedule(self.missing, self.cost, self.jobs)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The kinds of missing stages of which none has run where stages run as one; their needs are not counted."""
        return tuple(dict.fromkeys(s.word for s in self.missing if s.word not in self.seconds))

    @property
    def peak(self) -> float:
        """MiB of memory that the missing stages need at most, when the largest run at once."""
        return sum(sorted((self.memory.get(s.word, 0.0) for s in self.missing), reverse=True)[: self.jobs])

    @property
    def space(self) -> float:
        """MiB on disk of all missing stages."""
        return sum(self.disk.get(s.word, 0.0) for s in self.missing)


@dataclass(frozen=True)
class Need:
    """The needs of a stage."""

    seconds: float
    memory: float = 0.0  # MiB at most
    disk: float = 0.0  # MiB


def make_plan(wanted: Sequence[Stage], cells: int, store: Store, jobs: int, tell: Callable[[str], None] = lambda message: None) -> Plan:
    """The plan for `wanted`. Kinds of which no stage is done are measured on this machine by trials, each announced through `tell`.

    Raises:
        ValueError: if a stage is missing, and this machine lacks the GPU that the store's stages need.
    """
    stages = closure(wanted)
    there = frozenset(s for s in stages if store.sound(s))
    needs = taken(there, store)
    if len(there) < len(stages):
        able(store.machine)
    for stage in stages:
        if stage.word not in needs and store.machine.stack == 1:  # a trial of one stage would not tell what a stack costs
            if stage.trials():
                tell(f"measuring this machine: {stage.word}, a small part of a stage")
            needs[stage.word] = probe(stage, store)
    seconds, memory, disk = ({k: getattr(n, what) for k, n in needs.items()} for what in ("seconds", "memory", "disk"))
    return Plan(cells, stages, there, seconds, jobs, memory, disk)


def able(machine: Machine) -> None:
    """Check that this machine has the GPU that a setting needs.

    Raises:
        ValueError: if it has none.
    """
    if machine.accelerator != "cuda":
        return
    import torch  # takes seconds, which listing finished results need not wait

    if not torch.cuda.is_available():
        raise ValueError(
            f"this scale needs a GPU, and torch {torch.__version__} finds none here. "
            "Without one: --scale cpu (make SCALE=cpu). With one: a torch that is built for it"
        )


def physical_memory() -> float:
    """Bytes of memory of this machine; infinite if the system does not tell."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf


def taken(stages: Collection[Stage], store: Store) -> dict[str, Need]:
    """The needs of the finished stages of each kind: the mean of seconds and disk, the maximum of memory."""
    spent: dict[str, list[Need]] = defaultdict(list)
    for stage in stages:
        spent[stage.word].append(measured(store.path(stage)))
    return {k: Need(mean(n.seconds for n in v), max(n.memory for n in v), mean(n.disk for n in v)) for k, v in spent.items()}


def measured(folder: Path) -> Need:
    """The needs of the stage in `folder`, from its record and the size of its files."""
    made = read_made(folder)
    return Need(made.seconds, made.peak_memory_mb, sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / MIB)


def history(stages: Collection[Stage], store: Store) -> dict[str, float]:
    """Mean seconds of the finished stages of each kind, from their records."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for stage in stages:
        seconds[stage.word].append(read_made(store.path(stage)).seconds)
    return {k: mean(v) for k, v in seconds.items()}


def schedule(stages: Sequence[Stage], cost: Callable[[Stage], float], jobs: int) -> float:
    """Seconds that `stages` take in `jobs` slots: the work divided evenly, or the longest chain, whichever is more."""
    return max(sum(cost(s) for s in stages) / jobs, longest(stages, cost))


def longest(stages: Sequence[Stage], cost: Callable[[Stage], float]) -> float:
    """Seconds of the longest chain of stages that build on each other."""
    ends: dict[Stage, float] = {}
    for stage in stages:
        ends[stage] = cost(stage) + max((ends.get(u, 0.0) for u in stage.upstream), default=0.0)
    return max(ends.values(), default=0.0)


def probe(stage: Stage, store: Store) -> Need:
    """The needs of a stage, from its trials on an untrained policy, in a temporary folder.

    Raises:
        Unwritable: if that folder cannot be written.
    """
    with TemporaryDirectory() as folder:
        until = time.monotonic() + TRIAL
        scratch = Store(Path(folder), store.machine, stopping=lambda: time.monotonic() > until)
        try:
            tried = [(trial.times, _need(trial.stage, scratch)) for trial in stage.trials()]
        except Unwritable as refusal:  # here the advice to choose another `--out` would not help
            message = f"{refusal} But that is a folder for trials, to measure this machine: make room there, or name another with TMPDIR."
            raise Unwritable(message) from refusal
    seconds = sum(times * need.seconds for times, need in tried)
    memory, disk = (max((getattr(need, what) for _, need in tried), default=0.0) for what in ("memory", "disk"))
    return Need(max(seconds, OVERHEAD), memory, disk)


def _need(stage: Stage, store: Store) -> Need:
    for upstream in stage.upstream:
        store.get(upstream)
    began = time.monotonic()
    try:
        folder = store.get(stage)
    except Interrupted:  # at the first iteration that ended after the trial's time
        return Need(time.monotonic() - began)
    return replace(measured(folder), seconds=time.monotonic() - began)
