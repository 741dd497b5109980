"""The audience of a demo: a class at a terminal, which guesses and says when to go on; or nobody, who reads a text."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from analysis.demo.pages import Rows, screens

TICK = 0.5  # seconds between two looks at what runs
WIDEST = 100  # columns of a text that nobody sees on a terminal
AROUND = 3  # rows around a screen: the title, a free one, and the keys
SKIP, LEAVE = ("\r", "\n"), ("q", "Q", "\x03", "\x04")
ON = (" ", *SKIP)  # but space, which goes on, answers no question: a class may not have guessed yet
Keyboard = Callable[[float], str]
"""Waits for a key, for at most so many seconds; "" if none came. A terminal that has gone reads as q."""


class Left(Exception):
    """The class leaves before the end."""


class Audience(Protocol):
    """Those before whom a demo is performed."""

    def show(self, title: str, pages: Sequence[RenderableType]) -> None:
        """Show pages one after the other.

        Raises:
            Left: if they leave.
        """

    def guess(self, title: str, page: RenderableType, choices: int) -> int | None:
        """Show a question; the choice, counted from 0, or None."""

    def wait(self, title: str, over: Callable[[], bool], page: Callable[[], RenderableType]) -> None:
        """Wait until it is `over`, and show how far it is."""

    def end(self, title: str, pages: Sequence[RenderableType]) -> None:
        """Show the last pages."""


@dataclass(frozen=True)
class Unattended:
    """Nobody: all is printed, and nothing waits but for stages. `told` says now and then how far they are."""

    console: Console
    told: Callable[[], None]
    tick: float = TICK

    def show(self, title: str, pages: Sequence[RenderableType]) -> None:
        width = min(self.console.width, WIDEST)
        for page in (Rule(Text(title, "bold"), align="left", style="dim"), *pages) if pages else ():
            self.console.print(page, width=width)
            self.console.print()

    def guess(self, title: str, page: RenderableType, choices: int) -> None:
        self.show(title, [page])

    def wait(self, title: str, over: Callable[[], bool], page: Callable[[], RenderableType]) -> None:
        while not over():
            self.told()
            time.sleep(self.tick)

    def end(self, title: str, pages: Sequence[RenderableType]) -> None:
        self.show(title, pages)


@dataclass(frozen=True)
class Class:
    """A class before a terminal, of which one screen is shown at a time. `left` says that somebody asked the program to stop."""

    console: Console
    put: Callable[[RenderableType], None]  # on the screen, in the place of all that was there
    keyboard: Keyboard
    left: Callable[[], bool]
    under: Callable[[], str]  # what runs meanwhile, in a few words
    kept: list[RenderableType] = field(default_factory=list)  # pages that stay on the terminal in the end
    tick: float = TICK

    def show(self, title: str, pages: Sequence[RenderableType]) -> None:
        for page in pages:
            number = 0
            while number < len(every := self._screens(page)):
                key = self._key(title, every[number], f"space: go on{_more(number, len(every))}")
                number += key in ON

    def guess(self, title: str, page: RenderableType, choices: int) -> int | None:
        while True:
            every = self._screens(page)
            key = self._key(title, every[-1], f"your guess: 1 to {choices}; Enter: no guess", every[:-1])
            if key in SKIP:
                return None
            if key.isdecimal() and 1 <= int(key) <= choices:
                return int(key) - 1

    def wait(self, title: str, over: Callable[[], bool], page: Callable[[], RenderableType]) -> None:
        while not over():
            self._key(title, self._screens(page())[0], "one moment")

    def end(self, title: str, pages: Sequence[RenderableType]) -> None:
        self.kept.extend(pages)
        self.show(title, pages)

    def _screens(self, page: RenderableType) -> list[Rows]:
        return screens(page, self.console, self.console.width, max(1, self.console.height - AROUND))

    def _key(self, title: str, screen: Rows, keys: str, before: Sequence[Rows] = ()) -> str:
        """Show a screen, and wait for a key or a tick; "" after a tick.

        Raises:
            Left: if they leave.
        """
        head = Rule(Text(title, "bold"), align="left", style="dim")
        foot = Text(f"{keys}   q: leave   {self.under()}", "dim", no_wrap=True, overflow="ellipsis")
        room = max(1, self.console.height - AROUND)
        self.put(Group(head, screen, Text("\n" * (room - len(screen.rows))), foot))
        key = self.keyboard(self.tick)
        if key in LEAVE or self.left():
            raise Left
        return key


def _more(number: int, count: int) -> str:
    return f" ({number + 1} of {count})" if count > 1 else ""


@contextmanager
def pressed() -> Iterator[Keyboard]:
    """The keys of the terminal, one by one and unseen; its settings are put back in the end."""
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def key(seconds: float) -> str:
        if not select.select([number], [], [], seconds)[0]:
            return ""
        typed = os.read(number, 16).decode(errors="replace")
        return typed[:1] or "q"

    try:
        tty.setcbreak(number)
        yield key
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
