"""The order in which stages run: those whose upstream stages are done, the start of the longest chain first. Shared by the engines."""

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from train.stages.stage import Stage, closure
from train.stages.store import Store

STANDS = "stands on"  # the error of a stage that did not run, since one upstream failed, begins so


@dataclass
class State:
    """The progress of a run. `failed` holds the traceback of a stage, or names the failed stage upstream of it."""

    waiting: set[Stage] = field(default_factory=set)
    running: dict[Stage, float] = field(default_factory=dict)  # since when (time.monotonic)
    done: set[Stage] = field(default_factory=set)
    already: set[Stage] = field(default_factory=set)  # done before the run
    failed: dict[Stage, str] = field(default_factory=dict)
    stopping: bool = False  # no further stage begins

    @property
    def stopped(self) -> bool:
        """True if the run was stopped before every stage was done or had failed."""
        return self.stopping and bool(self.waiting)


class Agenda:
    """The missing stages, in the order in which they can run. The time that a stage costs here is linear in its upstream stages."""

    def __init__(self, stages: Sequence[Stage], store: Store, cost: Callable[[Stage], float]):
        self.state = State()
        order = closure(stages)
        for stage in order:
            (self.state.already if store.sound(stage) else self.state.waiting).add(stage)
        order = tuple(s for s in order if s in self.state.waiting)
        self._missing: dict[Stage, int] = {}  # number of upstream stages that are not done
        self._users: dict[Stage, list[Stage]] = defaultdict(list)
        for stage in order:
            upstream = {u for u in stage.upstream if u in self.state.waiting}
            self._missing[stage] = len(upstream)
            for needed in upstream:
                self._users[needed].append(stage)
        self._chain: dict[Stage, float] = {}  # seconds from the start of a stage to the end of its longest chain of users
        for stage in reversed(order):
            self._chain[stage] = cost(stage) + max((self._chain[u] for u in self._users[stage]), default=0.0)
        self._place = {stage: i for i, stage in enumerate(order)}
        self._ready: list[tuple[float, int, Stage]] = []
        self._later: list[tuple[float, int, Stage]] = []  # to be tried again, and when
        for stage, missing in self._missing.items():
            if not missing:
                self._push(stage)

    @property
    def over(self) -> bool:
        """True if nothing runs, and nothing may begin."""
        return not self.state.running and (self.state.stopping or not self.state.waiting)

    def next(self) -> Stage | None:
        """The next stage, now marked as running; None if no stage can run."""
        self._due()
        return None if self.state.stopping or not self._ready else self._begin(heapq.heappop(self._ready)[2])

    def as_one(self, most: int, slots: int = 1) -> list[Stage]:
        """The next stages that run as one, at most so many; they are marked as running. Stages of one shape wait for each other, unless
        nothing runs that they could wait for. They share the free slots with those of other shapes, and spread over the rest."""
        if most == 1:
            return [stage] if (stage := self.next()) else []
        self._due()
        if self.state.stopping:
            return []
        waiting = Counter(_shape(stage) for stage in self.state.waiting)
        ready: dict[Hashable, list[tuple[float, int, Stage]]] = defaultdict(list)
        for entry in sorted(self._ready):
            ready[_shape(entry[2])].append(entry)
        for shape, entries in ready.items():
            if len(entries) >= min(most, waiting[shape]) or not self.state.running:
                mine = max(1, slots // sum(not isinstance(other, Stage) for other in ready)) if entries[0][2].stacks is not None else 1
                size = min(most, -(-len(entries) // mine))
                chosen = sorted(entries, key=lambda entry: entry[1])[:size]  # seed by seed: its arms read the same, which is made once
                self._ready = [entry for entry in self._ready if entry not in chosen]
                heapq.heapify(self._ready)
                return [self._begin(stage) for _, _, stage in chosen]
        return []

    def done(self, stage: Stage) -> None:
        """Mark a stage as done: its users may run."""
        del self.state.running[stage]
        self.state.done.add(stage)
        for user in self._users[stage]:
            self._missing[user] -= 1
            if not self._missing[user] and user in self.state.waiting:
                self._push(user)

    def again(self, stage: Stage, seconds: float = 0.0) -> None:
        """Put a running stage back, to be tried again after so many seconds."""
        del self.state.running[stage]
        self.state.waiting.add(stage)
        heapq.heappush(self._later, (time.monotonic() + seconds, self._place[stage], stage))

    def stop(self) -> None:
        """Begin no further stage."""
        self.state.stopping = True

    def fail(self, stage: Stage, error: str) -> None:
        """Mark a stage as failed, and all stages downstream of it."""
        del self.state.running[stage]
        self.state.failed[stage] = error
        todo = [stage]
        while todo:
            for user in self._users[todo.pop()]:
                if user not in self.state.failed:
                    self.state.waiting.discard(user)
                    self.state.failed[user] = f"{STANDS} {stage}, which failed"
                    todo.append(user)

    def _due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._push(heapq.heappop(self._later)[2])

    def _begin(self, stage: Stage) -> Stage:
        self.state.waiting.remove(stage)
        self.state.running[stage] = time.monotonic()
        return stage

    def _push(self, stage: Stage) -> None:
        heapq.heappush(self._ready, (-self._chain[stage], self._place[stage], stage))


def _shape(stage: Stage) -> Hashable:
    """Equal for stages that may run as one; of its own for any other."""
    return stage if stage.stacks is None else (type(stage), stage.stacks)
