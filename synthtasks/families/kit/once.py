"""A memory of recent values that threads share."""

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import Lock
from typing import TypeVar, TypeVarTuple

A = TypeVarTuple("A")
T = TypeVar("T")


def once(recent: int) -> Callable[[Callable[[*A], T]], Callable[[*A], T]]:
    """Remember the last `recent` values of a pure function of hashable values. Threads wait for each other, so that a value which several
    ask for at the same time is computed once."""

    def remembering(function: Callable[[*A], T]) -> Callable[[*A], T]:
        known, lock = lru_cache(recent)(function), Lock()

        @wraps(function)
        def call(*args: *A) -> T:
            with lock:
                return known(*args)

        return call

    return remembering
