"""Worker processes: each runs one stage after the other, keeps what it has loaded, and can die without harm to the others."""

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from synthtasks.console.stdout import say_every_character
from train.stacked.together import together
from train.stages.machine import Machine
from train.stages.stage import Interrupted, Stage, Tracker
from train.stages.store import Store

CONTEXT = multiprocessing.get_context("spawn")
WATCH = 0.5  # seconds between two checks that the parent lives


@dataclass(frozen=True)
class Outcome:
    """A worker's message about the stage it was given: `begun`, or how the attempt ended."""

    kind: Literal["begun", "done", "busy", "saved", "failed", "died"]  # busy: another process runs the stage; saved: it stopped when asked
    error: str = ""  # the traceback of a failed stage, or how the worker died


class Worker:
    """A process that runs stages. It dies with its parent, and leaves Ctrl-C and SIGTERM to the parent."""

    def __init__(self, store: Store):
        self.connection, theirs = CONTEXT.Pipe()
        place = (store.root, store.machine, store.checkpoint_seconds, store.tracker)
        self.process = CONTEXT.Process(target=_serve, args=(theirs, os.getpid(), *place), daemon=True)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: the worker gets no SIGINT before it ignores them
        self.process.start()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        self.at = list[Stage]()  # the stages that it runs
        self.alive = True

    def begin(self, stages: Sequence[Stage]) -> None:
        """Send stages that run as one to the worker; the outcomes come through `connection`, which ends if the worker dies."""
        self.at = list(stages)
        with suppress(BrokenPipeError):  # a worker that died between two stages is noticed when the connection is read
            self.connection.send(tuple(stages))

    def stop(self) -> None:
        """Ask it to stop at its next checkpoint."""
        with suppress(BrokenPipeError):
            self.connection.send(None)

    def outcomes(self) -> list[tuple[Stage, Outcome]]:
        """The next message, about one of its stages; if the worker died, how, for each that had not ended."""
        try:
            stage, outcome = self.connection.recv()
        except (EOFError, ConnectionResetError):
            end, self.alive = self.kill(), False
            ended, self.at = self.at, []
            return [(stage, Outcome("died", end)) for stage in ended]
        if outcome.kind != "begun":
            self.at.remove(stage)
        return [(stage, outcome)]

    def kill(self) -> str:
        """End the process if it has not ended, and say how it ended. Its checkpoints stay."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        code = self.process.exitcode or 0
        return f"was killed by signal {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"


def _serve(connection: Connection, parent: int, root: Path, machine: Machine, checkpoint_seconds: float, tracker: Tracker | None) -> None:
    say_every_character()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)

    def follow() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    stopping = connection.poll  # a message during a stage asks it to stop; no lock is shared, so a killed worker holds none
    store = Store(root, machine, checkpoint_seconds, stopping, tracker=tracker)
    import_module("torch")  # slow, and no part of the time that a stage may take: before "begun"
    with suppress(EOFError):
        telling = threading.Lock()

        def tell(stage: Stage, store: Store) -> None:
            outcome = evaluate(stage, store)
            with telling:
                connection.send((stage, outcome))

        while (stages := connection.recv()) is not None:
            for stage in stages:
                connection.send((stage, Outcome("begun")))
            if store.machine.stack == 1 or stages[0].stacks is None:
                tell(stages[0], store)
            else:
                together(stages, store, tell)


def evaluate(stage: Stage, store: Store) -> Outcome:
    """Run a stage, unless its result exists or another process runs it."""
    if store.machine.device.type == "cuda":
        import torch

        torch.cuda.set_per_process_memory_fraction(store.machine.memory_fraction)  # schedulers count on it; nothing else enforces it
    try:
        return Outcome("busy" if store.attempt(stage) is None else "done")
    except Interrupted:
        return Outcome("saved")
    except Exception:  # reported to the parent, which fails the stages that depend on this one
        return Outcome("failed", traceback.format_exc())
