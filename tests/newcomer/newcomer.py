"""A newcomer, played: `make newcomer` takes a fresh clone of the present commit, types the first commands of its README and nothing else,
and counts commands and minutes on the way to a report, a figure of a lesson, and a family of one's own that its tests accept."""

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parent.parent.parent
COMMANDS, MINUTES = 3, 10.0  # at most
LEFT_OUT = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "PYTHONPATH", "VIRTUAL_ENV")  # a newcomer's shell has none of them


@dataclass(frozen=True)
class Step:
    """A command, and the time it took."""

    command: str
    status: int
    wall: float  # seconds
    cpu: float  # seconds of all its processes


def commands(readme: str) -> tuple[str, ...]:
    """The commands of the first block of code of a README, without their comments."""
    block = re.search(r"(?:^    .+\n)+", readme, re.MULTILINE)
    return tuple(line.split(" #")[0].strip() for line in block.group().splitlines()) if block else ()


def goals(clone: Path) -> Mapping[str, Path | None]:
    """The things that a newcomer came for, each with the file that shows it, or None. (The command that makes a family tests it.)"""
    figures = (f for f in sorted(clone.glob("runs/lessons/**/*")) if f.suffix in (".html", ".png", ".svg"))
    return {
        "a report": next(iter(sorted(clone.glob("runs/*/*/report.html"))), None),
        "a figure of a lesson": next(figures, None),
        "a family of one's own": next(iter(sorted(clone.glob("test_*.py"))), None),
    }


def typed(command: str, clone: Path) -> Step:
    """Type a command in the clone, with an empty cache of pip."""
    environment = {k: v for k, v in os.environ.items() if k not in LEFT_OUT} | {"PIP_NO_CACHE_DIR": "1"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    print(f"\n$ {command}", flush=True)
    status = subprocess.run(["sh", "-c", command], cwd=clone, env=environment).returncode
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Step(command, status, time.monotonic() - began, sum(after[:2]) - sum(before[:2]))


def play(source: Path, folder: Path, say: Callable[[str], None] = print) -> int:
    """Play a newcomer with a clone of `source` in `folder`; the exit status, which is 1 if something was not reached, or took too long."""
    clone = folder / "synthtasks"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", source, clone], check=True)
    wanted = commands((clone / "README.md").read_text(encoding="utf-8"))
    steps: list[Step] = []
    for command in wanted:
        steps.append(typed(command, clone))
        if steps[-1].status:
            break
    reached = goals(clone)
    wall, cpu = sum(s.wall for s in steps) / 60, sum(s.cpu for s in steps) / 60
    say("")
    for step in steps:
        failed = f"   failed with status {step.status}" if step.status else ""
        say(f"{step.command:<32} {step.wall / 60:5.1f} min {step.cpu / 60:5.1f} min of processors{failed}")
    together = f"{len(wanted)} commands"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    say(f"{together:<32} {wall:5.1f} min {cpu:5.1f} min of processors, on {cores} cores with a load of {os.getloadavg()[0]:.1f}")
    for goal, file in reached.items():
        say(f"{goal:<32} {file.relative_to(clone) if file else 'is not there'}")
    faults = [*_faults(steps, wanted, wall), *(f"{goal} is not there" for goal, file in reached.items() if file is None)]
    say("\n".join(faults) or "all is there, in time")
    return 1 if faults else 0


def _faults(steps: Sequence[Step], wanted: Sequence[str], wall: float) -> list[str]:
    faults = [f"`{step.command}` failed" for step in steps if step.status]
    if len(wanted) > COMMANDS:
        faults.append(f"{len(wanted)} commands, and {COMMANDS} are the most")
    if wall > MINUTES:
        faults.append(f"{wall:.1f} minutes, and {MINUTES:g} are the most")
    return faults


def main() -> int:
    """Play in a temporary folder, or in one that is kept."""
    said = argparse.ArgumentParser(prog="python tests/newcomer/newcomer.py", description=__doc__)
    said.add_argument("--keep", type=Path, metavar="FOLDER", help="a new folder for the clone (default: a temporary one)")
    folder = said.parse_args().keep
    if changed := subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=True).stdout:
        print(f"{len(changed.splitlines())} files differ from the commit, which is what a newcomer gets")
    if folder:
        folder.mkdir(parents=True)
        return play(ROOT, folder)
    with TemporaryDirectory() as scratch:
        return play(ROOT, Path(scratch))


if __name__ == "__main__":
    sys.exit(main())
