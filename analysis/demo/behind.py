"""Stages that run behind the scenes, while a class reads: an engine in a thread, and the state that it shows."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from analysis.running.agenda import State
from analysis.running.engine import Care, Engine
from train.stages.stage import Stage, closure
from train.stages.store import Store

URGENT = 8.0  # times as urgent is an act as the next one: more than a chain of stages within one act is long


def urgency(acts: Sequence[Sequence[Stage]]) -> Callable[[Stage], float]:
    """A cost of each stage by which an engine runs the acts one after the other: it begins the start of the longest chain first."""
    first = {stage: i for i, stages in reversed(list(enumerate(acts))) for stage in closure(stages)}
    return lambda stage: URGENT ** (len(acts) - first[stage])


class Behind:
    """The stages of all acts, from the first act's to the last one's. A context: leaving it stops them, and keeps what they have."""

    def __init__(self, acts: Sequence[Sequence[Stage]], store: Store, jobs: int, engine: Engine):
        stages = [stage for act in acts for stage in act]
        self.state = State(waiting=set(closure(stages)))  # a copy, of a moment
        self.seen = 0  # states so far
        self._stopping, self._error = threading.Event(), list[BaseException]()
        self._thread = threading.Thread(target=self._run, args=(engine, stages, store, jobs, urgency(acts)), name="stages", daemon=True)

    def __enter__(self) -> "Behind":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join()

    @property
    def over(self) -> bool:
        """True if nothing runs any more.

        Raises:
            BaseException: what the engine raised.
        """
        if self._error:
            raise self._error[0]
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """True if somebody asked the stages to stop."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Begin no further stage; those that learn save a checkpoint and stop."""
        self._stopping.set()

    def ready(self, stages: Sequence[Stage]) -> bool:
        """True if all of these are done."""
        return set(closure(stages)) <= self.state.done | self.state.already

    def failed(self, stages: Sequence[Stage]) -> bool:
        """True if one of these has failed."""
        return not self.state.failed.keys().isdisjoint(closure(stages))

    def _run(self, engine: Engine, stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float]) -> None:
        try:
            self._watch(engine(stages, store, jobs, cost, self._watch, Care()))
        except BaseException as error:  # raised again where the demo waits
            self._error.append(error)

    def _watch(self, state: State) -> None:
        if self._stopping.is_set():
            state.stopping = True
        self.state = replace(  # the engine goes on to change its own
            state,
            waiting=set(state.waiting),
            running=dict(state.running),
            done=set(state.done),
            already=set(state.already),
            failed=dict(state.failed),
        )
        self.seen += 1
