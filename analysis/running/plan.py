"""Plans: the stages of a study, those that are there, and how long the rest will take."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from train.stages.circumstances import read_made
from train.stages.disk import Unwritable
from train.stages.machine import Machine
from train.stages.stage import Interrupted, Stage, closure
from train.stages.store import Store

TRIAL = 30.0  # seconds after which no further iteration of a kind is tried: the first tells enough of a slow machine
OVERHEAD = 0.05  # seconds that any stage costs
MEASURED = 20  # folders of a kind whose size is looked at
MIB = 2**20


@dataclass(frozen=True)
class Plan:
    """The distinct stages of a study, those that are there, and the time the others take."""

    cells: int
    stages: tuple[Stage, ...]
    there: frozenset[Stage]
    seconds: dict[str, float]  # a stage of each kind takes, measured on this machine
    jobs: int
    memory: dict[str, float] = field(default_factory=dict)  # MiB that a stage of each kind needs at most
    disk: dict[str, float] = field(default_factory=dict)  # MiB that its folder takes

    @property
    def missing(self) -> tuple[Stage, ...]:
        return tuple(s for s in self.stages if s not in self.there)

    def cost(self, stage: Stage) -> float:
        """Seconds that a stage takes, roughly."""
        return self.seconds.get(stage.word, OVERHEAD)

    @property
    def wall(self) -> float:
        """Seconds that the missing stages take together."""
        return schedule(self.missing, self.cost, self.jobs)

    @property
    def peak(self) -> float:
        """MiB of memory that the missing stages need at most, the largest of them side by side."""
        return sum(sorted((self.memory.get(s.word, 0.0) for s in self.missing), reverse=True)[: self.jobs])

    @property
    def space(self) -> float:
        """MiB on disk that the missing stages take together."""
        return sum(self.disk.get(s.word, 0.0) for s in self.missing)


@dataclass(frozen=True)
class Need:
    """The needs of a stage."""

    seconds: float
    memory: float = 0.0  # MiB at most
    disk: float = 0.0  # MiB


def unheard(said: str) -> None:
    """Nobody is told."""


def make_plan(wanted: Sequence[Stage], cells: int, store: Store, jobs: int, tell: Callable[[str], None] = unheard) -> Plan:
    """The plan for `wanted`; measures the speed of this machine where no finished stage tells it, and tells what is measured.

    Raises:
        ValueError: if something is to run, and this machine has not the GPUs that are asked for.
    """
    stages = closure(wanted)
    there = frozenset(s for s in stages if store.sound(s))
    needs = taken(there, store)
    if len(there) < len(stages):
        able(store.machine)
    unknown = {s.word: s for s in reversed(stages) if s not in there and s.word not in needs}  # the first of each kind
    for what, stage in reversed(unknown.items()):
        if stage.trials():
            tell(f"measuring this machine: {what}, a small part of a stage")
        needs[what] = probe(stage, store)
    seconds, memory, disk = ({k: getattr(n, what) for k, n in needs.items()} for what in ("seconds", "memory", "disk"))
    return Plan(cells, stages, there, seconds, jobs, memory, disk)


def able(machine: Machine) -> None:
    """Make sure that this machine has the GPU that is asked for, before anything is tried on them, or in their place.

    Raises:
        ValueError: if it has not.
    """
    if machine.accelerator != "cuda":
        return
    import torch  # takes seconds, and a store that holds everything needs none

    if not torch.cuda.is_available():
        raise ValueError(
            f"this scale needs a GPU, and torch {torch.__version__} finds none here. "
            "Without one: --scale cpu (make SCALE=cpu). With one: a torch that is built for it"
        )


def taken(stages: Collection[Stage], store: Store) -> dict[str, Need]:
    """The needs of the finished stages of each kind, from their records and folders: seconds and disk on average, memory at most."""
    spent: dict[str, list[Need]] = defaultdict(list)
    for stage in stages:
        few = len(spent[stage.word]) < MEASURED
        spent[stage.word].append(measured(store.path(stage)) if few else recorded(store.path(stage)))
    return {k: Need(mean([n.seconds for n in v]), max(n.memory for n in v), mean([n.disk for n in v[:MEASURED]])) for k, v in spent.items()}


def recorded(folder: Path) -> Need:
    """The needs of the stage in `folder`, by its record."""
    made = read_made(folder)
    return Need(made.seconds, made.peak_memory_mb)


def measured(folder: Path) -> Need:
    """The needs of the stage in `folder`, by its record and the size of its files."""
    return replace(recorded(folder), disk=sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / MIB)


def history(stages: Collection[Stage], store: Store) -> dict[str, float]:
    """Mean seconds of the finished stages of each kind, from their records."""
    return {k: n.seconds for k, n in taken(stages, store).items()}


def schedule(stages: Sequence[Stage], cost: Callable[[Stage], float], jobs: int) -> float:
    """Seconds that `stages` take in `jobs` slots: the work shared out evenly, or the longest chain, whichever is more."""
    return max(sum(cost(s) for s in stages) / jobs, longest(stages, cost))


def longest(stages: Sequence[Stage], cost: Callable[[Stage], float]) -> float:
    """Seconds of the longest chain of stages that stand on each other."""
    ends: dict[Stage, float] = {}
    for stage in stages:
        ends[stage] = cost(stage) + max((ends.get(u, 0.0) for u in stage.upstream), default=0.0)
    return max(ends.values(), default=0.0)


def probe(stage: Stage, store: Store) -> Need:
    """The needs of a stage, from its trials on an untrained policy, in a folder of their own.

    Raises:
        Unwritable: if that folder cannot be written.
    """
    with TemporaryDirectory() as folder, measuring():
        until = time.monotonic() + TRIAL
        scratch = Store(Path(folder), store.machine, stopping=lambda: time.monotonic() > until)
        tried = [(trial.times, _need(trial.stage, scratch)) for trial in stage.trials()]
    seconds = sum(times * need.seconds for times, need in tried)
    most = [max((getattr(need, what) for _, need in tried), default=0.0) for what in ("memory", "disk")]
    return Need(max(seconds, OVERHEAD), *most)


@contextmanager
def measuring() -> Iterator[None]:
    """Say of a refusal by the system that it came while this machine was measured: another `--out` is no way out."""
    try:
        yield
    except Unwritable as refusal:
        message = f"{refusal} But that is a folder for trials, to measure this machine: make room there, or name another with TMPDIR."
        raise Unwritable(message) from refusal


def _need(stage: Stage, store: Store) -> Need:
    for part in stage.upstream:
        store.get(part)
    began = time.monotonic()
    try:
        folder = store.get(stage)
    except Interrupted:  # at the first iteration that was over after the trial's time
        return Need(time.monotonic() - began)
    return replace(measured(folder), seconds=time.monotonic() - began)
