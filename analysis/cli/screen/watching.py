"""Progress while a study runs: a live screen on a terminal, plain lines elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from analysis.cli.screen.bars import screen
from analysis.cli.screen.lines import Lines
from analysis.measures.facts import Cell
from analysis.report.titles import titles
from analysis.running.agenda import State
from analysis.running.plan import Plan
from analysis.running.progress import Clock
from train.stages.store import Store


@contextmanager
def watching(console: Console, plan: Plan, store: Store, cells: Sequence[Cell]) -> Iterator[Callable[[State], None]]:
    """A function that shows a state: on a live screen if the console is a terminal, else in lines."""
    clock, names = Clock(plan, store), titles(cells)
    if console.is_terminal:
        with Live(console=console, refresh_per_second=2, transient=True) as live:
            yield lambda state: live.update(screen(state, clock, names))
    else:
        yield Lines(console, clock, names)
