"""What the engine and the plan cost themselves: `python -m tests.bench.engine`. Stages that do nothing, in a store that holds many."""

import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from analysis.design.scale import SMOKE
from analysis.design.study import Setting
from analysis.running.agenda import Agenda, State
from analysis.running.engine import Care, run_stages
from analysis.running.plan import make_plan
from analysis.running.progress import Clock
from analysis.studies import STUDIES
from train.stages.disk import write_json
from train.stages.seal import SEAL, sealed
from train.stages.stage import Context, Stage, closure, encode
from train.stages.store import Store

STORED, NEW = 10_000, 300
EQUAL, TERMS = 16, 150_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Nothing(Stage):
    """Does nothing, on another stage that does nothing."""

    number: int
    part: Stage | None = None

    def run(self, out: Path, context: Context) -> None:
        """Nothing."""


@dataclass(frozen=True, eq=False, repr=False)
class Sum(Stage):
    """Adds up numbers, which takes as long for one as for another."""

    number: int

    def run(self, out: Path, context: Context) -> None:
        """Add."""
        assert sum(range(TERMS)) == TERMS * (TERMS - 1) // 2


def quiet(state: State) -> None:
    """Nobody watches."""


def pair(i: int) -> Nothing:
    """Two stages, one on the other."""
    return Nothing(i, Nothing(i))


def fill(store: Store, stages: tuple[Stage, ...]) -> None:
    """Put folders there as if `stages` had run."""
    for stage in stages:
        folder = store.path(stage)
        folder.mkdir(parents=True)
        write_json(folder / "stage.json", encode(stage))
        write_json(folder / "run.json", {"seconds": 1.0, "peak_memory_mb": 100})
        write_json(folder / SEAL, sealed(folder, stage.meaning).record())


def seconds(what: str, table: Table, per: int, began: float) -> None:
    """A row: all, and each."""
    took = time.monotonic() - began
    table.add_row(what, f"{took:.2f} s", f"{1_000 * took / per:.2f} ms each")


def slots(table: Table) -> None:
    """Equal stages, by one worker and by two, the start of the workers included."""
    took = []
    for jobs in (1, 2):
        with TemporaryDirectory() as folder:
            began = time.monotonic()
            assert (
                len(run_stages(tuple(Sum(i) for i in range(EQUAL)), Store(Path(folder)), jobs, lambda s: 1.0, quiet, Care()).done) == EQUAL
            )
            took.append(time.monotonic() - began)
    table.add_row(f"{EQUAL} equal stages by one worker and by two", f"{took[0]:.1f} and {took[1]:.1f} s", f"ratio {took[1] / took[0]:.2f}")


def main() -> None:
    """Measure and print."""
    table = Table("what", "together", "", box=None, padding=(0, 2))
    slots(table)
    study = STUDIES["grid"]
    grid = Setting(SMOKE, tuple(range(170)), study.options)
    with TemporaryDirectory() as folder:
        store = Store(Path(folder))
        old, new = tuple(pair(i) for i in range(STORED // 2)), tuple(pair(-1 - i) for i in range(NEW // 2))
        fill(store, closure(old))
        began = time.monotonic()
        agenda = Agenda((*old, *new), Store(store.root), lambda s: 1.0)
        while (stage := agenda.next()) is not None:
            agenda.done(stage)
        seconds(f"agenda of {STORED + NEW} stages, {STORED} there", table, STORED + NEW, began)

        began = time.monotonic()
        run_stages((Nothing(-STORED),), store, 1, lambda s: 1.0, quiet, Care())
        start = time.monotonic() - began  # what starting a worker costs is apart
        began = time.monotonic()
        state = run_stages((*old, *new), Store(store.root), 1, lambda s: 1.0, quiet, Care())
        assert len(state.done) == NEW
        seconds(f"{NEW} stages by one worker in a store of {STORED}, less the {start:.1f} s of its start", table, NEW, began + start)

    with TemporaryDirectory() as folder:
        began = time.monotonic()
        wanted = tuple(s for cell in study.every(grid) for s in cell.stages)
        seconds("the expressions of a grid of 170 seeds", table, len(closure(wanted)), began)
        store = Store(Path(folder))
        stages = closure(wanted)
        fill(store, stages[: len(stages) - 33])
        began = time.monotonic()
        made = make_plan(wanted, 1, Store(store.root), 2)
        seconds(f"plan over {len(stages)} stages", table, len(stages), began)
        clock, state = Clock(made, store), State(waiting=set(stages))
        clock.left(state)
        began = time.monotonic()
        clock.left(state)
        seconds("time left, all of them waiting", table, len(stages), began)
        began = time.monotonic()
        clock.share(state)
        seconds("part that is done, all of them waiting", table, len(stages), began)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
