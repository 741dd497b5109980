"""A meeting of threads: what they ask is answered for all of them at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass
class _Asked(Generic[Q, A]):
    answer: Callable[[list[Q]], Sequence[A]]
    question: Q
    reply: A | None = None
    error: BaseException | None = None


class Meeting:
    """So many threads, each of which runs a stage. One runs at a time, until it asks or leaves, as Python runs one at a time in any case.
    Once every thread waits for an answer or has left, the questions of one kind are answered together, in the order of the threads'
    numbers; so what is answered together does not depend on their speed.
    """

    def __init__(self, threads: int):
        self.size = threads
        self._turns = [threading.Semaphore(0) for _ in range(threads)]
        self._ready = list(range(threads))  # in the order in which they will run
        self._asked: dict[int, _Asked[object, object]] = {}
        self._number = threading.local()
        self._pass_on()

    def enter(self, number: int) -> None:
        """Call this in each thread first: its place in the order. It returns at its turn."""
        self._number.value = number
        self._turns[number].acquire()

    def leave(self) -> None:
        """Call this in each thread last, whatever happened to it."""
        self._pass_on()

    def ask(self, answer: Callable[[list[Q]], Sequence[A]], question: Q) -> A:
        """The reply of `answer` to `question`, together with the questions that other threads ask of an equal `answer` at the same time. An
        error of `answer` is raised in all of these threads."""
        mine, number = _Asked(answer, question), self._number.value
        self._asked[number] = cast("_Asked[object, object]", mine)
        self._pass_on()
        self._turns[number].acquire()
        if mine.error is not None:
            raise mine.error
        return cast(A, mine.reply)

    def _pass_on(self) -> None:
        """Give the turn to the next thread; if none is ready, answer everything first. No other thread runs meanwhile."""
        if not self._ready and self._asked:
            self._answer()
        if self._ready:
            self._turns[self._ready.pop(0)].release()

    def _answer(self) -> None:
        asked = [self._asked[number] for number in sorted(self._asked)]
        self._ready, self._asked = sorted(self._asked), {}
        while asked:
            same = [each for each in asked if each.answer == asked[0].answer]
            asked = [each for each in asked if each.answer != asked[0].answer]
            try:
                for each, reply in zip(same, same[0].answer([each.question for each in same]), strict=True):
                    each.reply = reply
            except BaseException as error:  # it belongs to those who asked, not to the thread that happened to come last
                for each in same:
                    each.error = error
