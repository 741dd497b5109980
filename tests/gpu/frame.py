"""Runs checks one after the other under a common limit of time. A check that fails is reported, and stops no other."""

import json
import platform
import signal
import statistics
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Literal

import torch
from rich.markup import escape
from rich.table import Table

Figures = dict[str, float | str]  # by name and unit, as "ms a step"
Status = Literal["passed", "failed", "skipped"]
ROUNDS = 5
SOON = 1e-3  # seconds until a deadline that passed meanwhile


class OutOfTimeError(BaseException):
    """A check ran into the limit. No `except Exception` on the way, as in a compiler, takes it for an error of its own."""


@dataclass(frozen=True)
class Place:
    """Where a check runs, and the figures of the checks before it, by their names."""

    device: torch.device
    found: Mapping[str, Figures] = field(default_factory=dict)

    def seconds(self, do: Callable[[], object], rounds: int = ROUNDS) -> float:
        """Median wall seconds of a call, its work on the device included, after one call that does not count."""
        spent = []
        for _ in range(rounds + 1):
            began = time.perf_counter()
            do()
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)
            spent.append(time.perf_counter() - began)
        return statistics.median(spent[1:])


@dataclass(frozen=True)
class Check:
    """A function that measures, and raises if something is wrong. It imports what it needs: a package that is missing fails it alone."""

    name: str
    measure: Callable[[Place], Figures]
    needs: Literal["any", "cuda"] = "any"


@dataclass(frozen=True)
class Outcome:
    """The outcome of a check."""

    check: str
    status: Status
    seconds: float = 0.0
    figures: Figures = field(default_factory=dict)
    reason: str = ""  # why it was skipped, or the traceback


def outcomes(checks: Sequence[Check], device: torch.device, limit: float) -> Iterator[Outcome]:
    """Run the checks, within `limit` seconds in all. Those that the limit leaves no time for fail."""
    deadline, found = time.monotonic() + limit, dict[str, Figures]()
    for check in checks:
        if check.needs not in ("any", device.type):
            yield Outcome(check.name, "skipped", reason=f"needs {check.needs}")
            continue
        began = time.monotonic()
        try:
            with until(deadline):
                found[check.name] = check.measure(Place(device, found))
        except (Exception, OutOfTimeError):  # whatever it is: it is reported, and the exit status tells
            yield Outcome(check.name, "failed", time.monotonic() - began, reason=traceback.format_exc())
        else:
            yield Outcome(check.name, "passed", time.monotonic() - began, found[check.name])


@contextmanager
def until(deadline: float) -> Iterator[None]:
    """Raise `OutOfTimeError` inside at the deadline, or at once if it has passed; or at that of an enclosing one, if it is earlier."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise OutOfTimeError("the limit of time for all checks has passed; raise --seconds")

    if (left := deadline - time.monotonic()) <= 0:
        stop(signal.SIGALRM, None)
    outer, began = signal.getitimer(signal.ITIMER_REAL)[0], time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, min(left, outer or left))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - began), SOON))


def write(file: Path, device: torch.device, every: Sequence[Outcome]) -> None:
    """All figures as JSON. It is written after each check, so that a run that is killed leaves what it found."""
    file.parent.mkdir(parents=True, exist_ok=True)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    versions = {"torch": torch.__version__, "cuda": torch.version.cuda, "python": platform.python_version()}
    record = {"device": device.type, "name": name, "versions": versions, "checks": [asdict(outcome) for outcome in every]}
    file.write_text(json.dumps(record, indent=1), encoding="utf-8")


def table(every: Sequence[Outcome]) -> Table:
    """All outcomes for a reader, a line for each figure."""
    shown = Table("check", "", "seconds", "figures", box=None, padding=(0, 2))
    colours = {"passed": "green", "failed": "bold red", "skipped": "yellow"}
    for outcome in every:
        lines = [f"{name}: {f'{x:.4g}' if isinstance(x, float) else x}" for name, x in outcome.figures.items()]
        last = outcome.reason.strip().rpartition("\n")[2]
        status = f"[{colours[outcome.status]}]{outcome.status}[/]"
        shown.add_row(outcome.check, status, f"{outcome.seconds:.1f}", escape("\n".join(lines) or last))
    return shown
