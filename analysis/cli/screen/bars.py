"""The live screen: a bar of the time of the whole run, a small bar for each running stage, and what ended. It fits 60 columns."""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column
from rich.text import Text

from analysis.running.agenda import STANDS, State
from analysis.running.progress import Clock, Standing, minutes, standing, summary
from train.learn import Learn
from train.stages.reading import printable
from train.stages.stage import Stage

WHOLE = 1_000  # steps of a bar
BAR = 12  # columns of the bar of a stage
MOST = 2  # lines of an error but for the gaps at their ends; it is printed whole when the run ends
ENDED = 4  # finished stages, and failed ones, that are shown
AROUND = 6  # lines of the screen besides those of stages
WORDS = TextColumn("{task.description}", markup=False)
RATES = TextColumn("{task.fields[rates]}", markup=False, table_column=Column(overflow="fold", ratio=1))  # may take several lines


def percent(share: float) -> str:
    """A share in percent, which is 100 only at the end."""
    return f"{math.floor(100 * share)} %"


def shortened(name: str, width: int) -> str:
    """A name in so many columns. Its middle is left out: names of stages differ at both ends."""
    if cell_len(name) <= width:
        return name
    head = 2 * width // 3
    return f"{set_cell_size(name, head).rstrip()}…{set_cell_size(name[::-1], width - head - 1)[::-1].lstrip()}"


@dataclass(frozen=True)
class Row:
    """A running stage."""

    name: str
    at: Standing | None
    part: float  # of the stage that is done
    seconds: float  # since it began

    @property
    def place(self) -> str:
        return self.at.place if self.at else ""


@dataclass(frozen=True)
class Screen:
    """The state of a run at a moment; it is laid out for the terminal that prints it."""

    share: float
    summary: str
    running: tuple[Row, ...]
    finished: tuple[tuple[str, str], ...]  # names and metrics
    failed: tuple[tuple[str, str], ...]  # names and errors

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterable[RenderableType]:
        width = options.max_width
        whole = Progress(BarColumn(None, complete_style="cyan", finished_style="green"), WORDS, console=console, expand=True)
        whole.add_task(percent(self.share), total=WHOLE, completed=int(WHOLE * self.share))
        yield whole
        yield Text(f"{self.summary}\n")
        shown = self.running[: max(1, (console.height - AROUND - len(self.finished) - (MOST + 1) * len(self.failed)) // 2)]
        wide = max((len(row.place) for row in shown), default=0)
        for row in shown:
            yield Text(shortened(row.name, width), "bold", no_wrap=True, overflow="ellipsis")
            bar = Progress(BarColumn(BAR, complete_style="cyan"), WORDS, RATES, console=console, expand=True)
            place = f"{row.place:<{wide}} {minutes(row.seconds):>6}"
            bar.add_task(place, total=WHOLE, completed=int(WHOLE * row.part), rates=row.at.text if row.at else "")
            yield bar
        if more := len(self.running) - len(shown):
            yield Text(f"and {more} more", "dim")
        for name, text in self.finished:
            one = f"{name}  {text}"
            yield Text.assemble(
                ("✓ ", "green"), one if cell_len(one) <= width - 2 else shortened(name, width - 2), no_wrap=True, overflow="ellipsis"
            )
        for name, error in self.failed:
            yield Text.assemble(("✗\u00a0", "red"), shortened(f"{name}: {error}", MOST * width - 2))


def screen(state: State, clock: Clock, names: Mapping[Stage, str]) -> Screen:
    """The screen of a state. The state changes while a screen is printed, so all of it is read here."""
    said = {s: printable(names[s]) for s in clock.plan.stages if s in names}  # an escape takes more columns than what it stands for
    now, learned = time.monotonic(), [s for s in clock.plan.stages if s in state.done and isinstance(s, Learn)]
    running = [Row(said[s], standing(s, clock.store), clock.part(s, state), now - since) for s, since in state.running.items()]
    causes = {s: e for s, e in state.failed.items() if not e.startswith(STANDS)}
    return Screen(
        clock.share(state),
        summary(state, clock),
        tuple(running),
        tuple((said[s], at.text if (at := standing(s, clock.store)) else "") for s in learned[-ENDED:]),
        tuple((said[s], printable(e.strip().splitlines()[-1])) for s, e in list(causes.items())[-ENDED:]),
    )
