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
    answered: bool = False


class Meeting:
    """So many threads, each of which runs a stage. Once every thread waits for an answer or has left, the questions of one kind are
    answered together, in the order of the threads' numbers; so what is answered together does not depend on their speed.
    """

    def __init__(self, threads: int):
        self.size = self._present = threads
        self._asked: dict[int, _Asked[object, object]] = {}
        self._changed = threading.Condition()
        self._number = threading.local()

    def enter(self, number: int) -> None:
        """Call this in each thread first: its place in the order."""
        self._number.value = number

    def leave(self) -> None:
        """Call this in each thread last, whatever happened to it."""
        with self._changed:
            self._present -= 1
            self._settle()

    def ask(self, answer: Callable[[list[Q]], Sequence[A]], question: Q) -> A:
        """The reply of `answer` to `question`, together with the questions that other threads ask of an equal `answer` at the same time. An
        error of `answer` is raised in all of these threads."""
        mine = _Asked(answer, question)
        with self._changed:
            self._asked[self._number.value] = cast("_Asked[object, object]", mine)
            self._settle()
            while not mine.answered:
                self._changed.wait()
        if mine.error is not None:
            raise mine.error
        return cast(A, mine.reply)

    def _settle(self) -> None:
        """Answer everything, if nobody is left who may ask. The others sleep meanwhile, since this thread holds the lock."""
        if len(self._asked) < self._present or not self._asked:
            return
        asked = [self._asked.pop(number) for number in sorted(self._asked)]
        while asked:
            same = [each for each in asked if each.answer == asked[0].answer]
            asked = [each for each in asked if each.answer != asked[0].answer]
            try:
                for each, reply in zip(same, same[0].answer([each.question for each in same]), strict=True):
                    each.reply = reply
            except BaseException as error:  # it belongs to those who asked, not to the thread that happened to come last
                for each in same:
                    each.error = error
            for each in same:
                each.answered = True
        self._changed.notify_all()
