"""Progress where the output is no terminal: few lines, in a file or in the log of a job."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console

from analysis.cli.screen.bars import percent
from analysis.running.agenda import STANDS, State
from analysis.running.progress import Clock, standing, summary
from train.stages.stage import Stage

FIRST = 10.0  # seconds until the first line
LATER = 0.1  # a further line comes when the run has lasted so much longer: some 40 in twenty minutes, 70 in ten hours


@dataclass
class Lines:
    """A line now and then, which names the last stage that learned or learns, and one for every stage that failed."""

    console: Console
    clock: Clock
    names: Mapping[Stage, str]
    seen: set[Stage] = field(default_factory=set)
    began: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    stopping: bool = False

    def __call__(self, state: State) -> None:
        now = time.monotonic()
        for stage, error in state.failed.items():
            if stage not in self.seen and not error.startswith(STANDS):
                self.console.print(f"failed: {self.names[stage]}: {error.strip().splitlines()[-1]}", soft_wrap=True)
        self.seen |= state.failed.keys()
        if now - self.last > max(FIRST, LATER * (now - self.began)) or (state.stopping and not self.stopping):
            new = [s for s in self.clock.plan.stages if s in state.done - self.seen]
            where = [f"; {self.names[s]}: {at.place}, {at.text}" for s in (*state.running, *new) if (at := standing(s, self.clock.store))]
            self.console.print(f"{percent(self.clock.share(state))}: {summary(state, self.clock)}{''.join(where[-1:])}", soft_wrap=True)
            self.last, self.stopping, self.seen = now, state.stopping, self.seen | state.done
