"""Stages that run at the same time in one process, each in a thread of its own, as if it were alone."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from threading import Thread
from typing import TypeVar

from train.stacked.meeting import Meeting
from train.stages.stage import Stage
from train.stages.store import Store

R = TypeVar("R")


def together(stages: Sequence[Stage], store: Store, run: Callable[[Stage, Store], R]) -> list[R]:
    """Call `run` on each of these stages at the same time, in a store where they meet (`Context.meeting`). Each succeeds or fails alone.

    `run` may raise nothing. What the stages stand on has to be there.
    """
    meeting, found = Meeting(len(stages)), dict[int, R]()
    shared = store.where_stages_meet(meeting)

    def alone(number: int) -> None:
        meeting.enter(number)
        try:
            found[number] = run(stages[number], shared)
        finally:
            meeting.leave()

    threads = [Thread(target=alone, args=(number,), name=str(stage)) for number, stage in enumerate(stages)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gc.collect()  # a stack and its captured graphs refer to each other, and hold the memory of a GPU
    return [found[number] for number in range(len(stages))]
