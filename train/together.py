"""The processes that learn as one on this machine, `Machine.devices` of them, by Fabric's data-parallel strategy.

The first is the one that was asked to learn: it alone sees to files, loggers and whoever wants it to stop. The others are its children.
They know nothing that it does not know, and end when it does, however it ends.
"""

import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait

import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers.logger import Logger
from lightning.fabric.plugins.environments.lightning import LightningEnvironment, find_free_network_port
from lightning.fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from synthtasks.console.stdout import say_every_character
from train.share import ALONE, Share
from train.stages.machine import Machine

CONTEXT = multiprocessing.get_context("forkserver")  # a fresh process each, that need not load everything again
PATIENCE = 600.0  # seconds that a process may take to load what it needs
GRACE = 2.0  # seconds that a process gets to say why it left the others alone


class Started(LightningEnvironment):
    """Processes on this machine that we have started."""

    creates_processes_externally = True

    def __init__(self, index: int, port: int):
        super().__init__()
        self._index, self._main_port = index, port

    def local_rank(self) -> int:
        """Which of them this one is."""
        return self._index


class Summed(DDPStrategy):
    """The loop adds gradients up, once an update: so a process that has nothing to learn there keeps nobody waiting."""

    def setup_module(self, module: nn.Module) -> nn.Module:  # type: ignore[override]
        """Nothing is wrapped around the model."""
        return module

    def barrier(self, *args: object, **kwargs: object) -> None:
        """Nobody waits where checkpoints are written or read: that is for the first process alone."""


@contextmanager
def together(machine: Machine, follow: Callable[[Fabric], None], loggers: Sequence[Logger]) -> Iterator[Fabric]:
    """The Fabric of the first process; in the others, if there are any, runs `follow` with theirs. It must be picklable.

    Raises:
        RuntimeError: if one of the others failed, or was killed.
    """
    if machine.devices == 1:
        yield Fabric(accelerator=machine.accelerator, devices=1, precision=machine.precision, loggers=list(loggers))
        return
    port = find_free_network_port()
    others = [Other(machine, index, port, follow) for index in range(1, machine.devices)]
    try:
        for other in others:
            if not other.connection.poll(PATIENCE):
                raise RuntimeError(f"{other.name} did not begin within {PATIENCE:.0f} s")
            other.connection.recv()  # it has loaded what it needs, and will not let us wait
        yield _joined(machine, 0, port, loggers)
    except (RuntimeError, EOFError) as error:
        heard = wait([o.connection for o in others], GRACE)
        for fault in [o.fault() for o in others if o.connection in heard]:
            raise RuntimeError(fault) from error
        raise
    finally:
        for other in others:
            other.end()
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


class Other:
    """A process that is not the first."""

    def __init__(self, machine: Machine, index: int, port: int, follow: Callable[[Fabric], None]):
        self.name = f"process {index + 1} of {machine.devices}"
        CONTEXT.set_forkserver_preload([__name__])
        self.connection, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_serve, args=(theirs, machine, index, port, follow), daemon=True)
        self.process.start()
        theirs.close()

    def fault(self) -> str:
        """Why it ended."""
        try:
            return f"{self.name} failed:\n{self.connection.recv()}"
        except (EOFError, ConnectionResetError):
            self.process.join(GRACE)
            code = self.process.exitcode or 0
            return f"{self.name} was killed by {signal.Signals(-code).name}" if code < 0 else f"{self.name} ended with status {code}"

    def end(self) -> None:
        """It has nothing to lose."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _joined(machine: Machine, index: int, port: int, loggers: Sequence[Logger]) -> Fabric:
    for part in ("lightning.fabric", "lightning.pytorch"):
        logging.getLogger(part).setLevel(logging.WARNING)  # they greet every stage
    fabric = Fabric(
        accelerator=machine.accelerator,
        devices=machine.devices,
        strategy=Summed(),
        plugins=[Started(index, port)],
        precision=machine.precision,
        loggers=list(loggers),
    )
    fabric.launch()
    return fabric


def _serve(connection: Connection, machine: Machine, index: int, port: int, follow: Callable[[Fabric], None]) -> None:
    say_every_character()
    for heard in (signal.SIGINT, signal.SIGTERM):
        signal.signal(heard, signal.SIG_IGN)  # they are for the first one
    threading.Thread(target=_last, args=(connection,), daemon=True).start()
    torch.set_num_threads(machine.threads)
    connection.send("ready")
    try:
        follow(_joined(machine, index, port, ()))
    except Exception:  # the first one says it
        with suppress(OSError):
            connection.send(traceback.format_exc())


def _last(connection: Connection) -> None:
    """End this process as soon as the first one has ended."""
    with suppress(EOFError, OSError):
        connection.recv()
    os._exit(1)


def share_of(fabric: Fabric) -> Share:
    """What of an iteration this process does."""

    def total(x: Tensor) -> Tensor:
        summed = fabric.all_reduce(x, reduce_op="sum")
        assert isinstance(summed, Tensor)
        return summed

    return ALONE if fabric.world_size == 1 else Share(fabric.global_rank, fabric.world_size, total)


def add_up(parameters: Sequence[nn.Parameter], share: Share) -> None:
    """Put the sum over all processes in the place of each gradient."""
    flat = share.sum(torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in parameters]))
    for p, gradient in zip(parameters, torch.split(flat, [p.numel() for p in parameters]), strict=True):
        p.grad = gradient.view_as(p)
