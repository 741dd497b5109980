"""Worker processes: each runs one stage after the other, keeps what it has loaded, and can die without harm to the rest."""

import math
import multiprocessing
import os
import signal
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from synthtasks.console.stdout import say_every_character
from train.stages.machine import Machine
from train.stages.stage import Interrupted, Stage, Tracker
from train.stages.store import Store

CONTEXT = multiprocessing.get_context("spawn")
WATCH = 0.5  # seconds between looks at the parent


@dataclass(frozen=True)
class Begun:
    """The worker has loaded what it needs, and begins the stage."""


@dataclass(frozen=True)
class Done:
    """The stage is there."""


@dataclass(frozen=True)
class Busy:
    """Somebody else is at the stage."""


@dataclass(frozen=True)
class Saved:
    """The stage was asked to stop, and did."""


@dataclass(frozen=True)
class Failed:
    """The stage raised an error."""

    traceback: str


Outcome = Begun | Done | Busy | Saved | Failed


@dataclass(frozen=True)
class Place:
    """Where a worker finds and puts results."""

    root: Path
    machine: Machine
    checkpoint_seconds: float
    tracker: Tracker | None


class Worker:
    """A process that runs stages. It dies with its parent, and leaves Ctrl-C and SIGTERM to it."""

    def __init__(self, place: Place):
        self.connection, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_serve, args=(theirs, place, os.getpid()), daemon=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited, so that none is heard early
        self.process.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.stopping = False
        self.at: Stage  # what it was last given
        self.given = self.since = math.inf  # when, and when it began that (time.monotonic)

    def begin(self, stage: Stage) -> None:
        """Run a stage; that it began, and its outcome, come through `connection`, which ends if the worker dies."""
        self.at, self.given, self.since = stage, time.monotonic(), math.inf
        with suppress(BrokenPipeError):  # it died between two stages: the connection says so when it is read
            self.connection.send(stage)

    def stop(self) -> None:
        """Ask it to stop, once, where it can save what it has."""
        if not self.stopping:
            self.stopping = True
            with suppress(BrokenPipeError):
                self.connection.send(None)

    def outcome(self) -> Outcome | None:
        """The outcome of the stage; None where the worker died."""
        try:
            outcome: Outcome = self.connection.recv()
        except (EOFError, ConnectionResetError):
            return None
        return outcome

    def kill(self) -> str:
        """End it, if it has not ended; how it ended. Its checkpoints stay."""
        if self.process.exitcode is None and self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()
        code = self.process.exitcode or 0
        return f"killed by signal {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def _serve(connection: Connection, place: Place, parent: int) -> None:
    say_every_character()
    for heard in (signal.SIGINT, signal.SIGTERM):
        signal.signal(heard, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    asked = connection.poll  # what comes while a stage runs asks to stop; nothing is shared, and so no lock that one could be killed with
    store = Store(place.root, place.machine, place.checkpoint_seconds, asked, tracker=place.tracker)
    while True:
        try:
            stage = connection.recv()
        except EOFError:
            return
        if stage is None:
            return
        connection.send(Begun())
        connection.send(evaluate(stage, store))


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH)
    os._exit(1)


def evaluate(stage: Stage, store: Store) -> Outcome:
    """Run a stage, unless it is there or somebody else is at it."""
    if store.machine.device.type == "cuda":
        torch.cuda.set_per_process_memory_fraction(store.machine.memory_fraction)  # schedulers count it; nothing else fences it off
    try:
        return Busy() if store.attempt(stage) is None else Done()
    except Interrupted:
        return Saved()
    except Exception:  # reported to the parent, which fails what stands on this stage
        return Failed(traceback.format_exc())
