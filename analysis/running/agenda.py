"""Which stage is to run next: those whose parts are there, the start of the longest chain first. Shared by the engines."""

import heapq
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from train.stages.stage import Stage, closure
from train.stages.store import Store

STANDS = "stands on"  # how the error of a stage begins that did not run, since another failed


@dataclass
class State:
    """Where a run stands. `failed` holds the traceback of a stage that failed, or names the one it waited for."""

    waiting: set[Stage] = field(default_factory=set)
    running: dict[Stage, float] = field(default_factory=dict)  # and since when (time.monotonic)
    done: set[Stage] = field(default_factory=set)
    already: set[Stage] = field(default_factory=set)  # was there before the run
    failed: dict[Stage, str] = field(default_factory=dict)
    stopping: bool = False  # no stage begins any more

    @property
    def stopped(self) -> bool:
        """True if the run was ended before everything was there or had failed."""
        return self.stopping and bool(self.waiting)


class Agenda:
    """The stages that are not there yet, in the order in which they can run. A stage costs time in proportion to its parts, no more."""

    def __init__(self, stages: Sequence[Stage], store: Store, cost: Callable[[Stage], float]):
        self.state = State()
        order = closure(stages)
        for stage in order:
            (self.state.already if store.sound(stage) else self.state.waiting).add(stage)
        self._missing: dict[Stage, int] = {}  # how many parts of a waiting stage are not there
        self._users: Mapping[Stage, list[Stage]] = defaultdict(list)
        for stage in (s for s in order if s in self.state.waiting):
            parts = {u for u in stage.upstream if u in self.state.waiting}
            self._missing[stage] = len(parts)
            for part in parts:
                self._users[part].append(stage)
        self._chain: dict[Stage, float] = {}  # seconds from the start of a stage to the end of the longest chain on it
        for stage in (s for s in reversed(order) if s in self.state.waiting):
            self._chain[stage] = cost(stage) + max((self._chain[u] for u in self._users[stage]), default=0.0)
        self._place = {stage: i for i, stage in enumerate(order)}
        self._ready: list[tuple[float, int, Stage]] = []
        self._later: list[tuple[float, int, Stage]] = []  # held by somebody else: when to ask again
        for stage, missing in self._missing.items():
            if not missing:
                self._push(stage)

    @property
    def over(self) -> bool:
        """True if nothing is left to be done or waited for."""
        return not self.state.running and (self.state.stopping or not self.state.waiting)

    def next(self) -> Stage | None:
        """Begin a stage, if one can run now."""
        while self._later and self._later[0][0] <= time.monotonic():
            self._push(heapq.heappop(self._later)[2])
        if self.state.stopping or not self._ready:
            return None
        stage = heapq.heappop(self._ready)[2]
        self.state.waiting.remove(stage)
        self.state.running[stage] = time.monotonic()
        return stage

    def done(self, stage: Stage) -> None:
        """A stage is there: what waited for it may run."""
        del self.state.running[stage]
        self.state.done.add(stage)
        for user in self._users[stage]:
            self._missing[user] -= 1
            if not self._missing[user] and user in self.state.waiting:
                self._push(user)

    def again(self, stage: Stage, seconds: float = 0.0) -> None:
        """A stage is not there, through no fault of its own: it is to be begun again, after so many seconds."""
        del self.state.running[stage]
        self.state.waiting.add(stage)
        heapq.heappush(self._later, (time.monotonic() + seconds, self._place[stage], stage))

    def stop(self) -> None:
        """Begin nothing any more."""
        self.state.stopping = True

    def fail(self, stage: Stage, error: str) -> None:
        """A stage failed, and with it all that stands on it, and no more."""
        del self.state.running[stage]
        self.state.failed[stage] = error
        for user in self._above(stage):
            self.state.waiting.discard(user)
            self.state.failed[user] = f"{STANDS} {stage}, which failed"

    def _above(self, stage: Stage) -> Iterable[Stage]:
        found: dict[Stage, None] = {}
        todo = [stage]
        while todo:
            new = [u for u in self._users[todo.pop()] if u not in found and u not in self.state.failed]
            found.update(dict.fromkeys(new))
            todo += new
        return found

    def _push(self, stage: Stage) -> None:
        heapq.heappush(self._ready, (-self._chain[stage], self._place[stage], stage))
