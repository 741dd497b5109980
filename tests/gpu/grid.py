"""The factorial study on this device, as a user runs it: its seconds, and its findings."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import rmtree

from tests.gpu.frame import Check, Figures, Place

ROOT = Path(__file__).parents[2]
END = 3_000  # characters of the child's output that a failure shows
GRACE = 10.0  # seconds to end after the limit


@dataclass(frozen=True)
class Grid:
    """`analysis run grid` in a process of its own, in `folder / gpu-grid-SEEDS`. What it found is also in a JSON file of that name.

    Raises:
        AssertionError: if it fails, or takes longer than `limit` seconds; the file is written before.
    """

    folder: Path
    seeds: int
    limit: float  # seconds

    def __call__(self, place: Place) -> Figures:
        scale, seeds = ("gpu", self.seeds) if place.device.type == "cuda" else ("smoke", 1)
        out = self.folder.absolute() / f"gpu-grid-{self.seeds}"
        rmtree(out, ignore_errors=True)  # of an earlier measurement, which would leave nothing to do
        out.mkdir(parents=True)
        words = ["run", "grid", "--scale", scale, "--seeds", str(seeds), "--out", str(out)]
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        began, log = time.monotonic(), out / "output.txt"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "analysis", *words],
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": path},
            )
            try:
                status: int | None = process.wait(self.limit)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                _end(process)
        figures: Figures = {"scale": scale, "seeds": float(seeds), "seconds": time.monotonic() - began} | stages(out / "stages")
        found = findings(out / "grid" / "found.json")
        self._keep(figures, found, log)
        if status != 0:
            why = f"took longer than {self.limit:g} s" if status is None else f"ended with {status}"
            raise AssertionError(f"the study {why}; {figures}; its last words:\n{log.read_text(errors='replace')[-END:]}")
        return figures | {str(f["name"]): _estimate(f) for f in found}

    def _keep(self, figures: Figures, found: list[dict[str, object]], log: Path) -> None:
        record = {"figures": figures, "findings": found, "output": log.read_text(errors="replace")[-END:]}
        (self.folder / f"gpu-grid-{self.seeds}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the child, if it has not ended; its workers end with it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


def stages(store: Path) -> Figures:
    """The stages in a store: how many there are, their seconds by kind, and the seconds in which at least one of a kind ran."""
    spent, spans = defaultdict[str, float](float), defaultdict[str, list[tuple[float, float]]](list)
    many = defaultdict[str, int](int)
    for file in store.glob("*/run.json"):
        run = json.loads(file.read_text(encoding="utf-8"))
        kind = _kind(file.parent)
        many[kind] += 1
        spent[kind] += run["seconds"]  # of stages that ran as one, each has its share
        end = datetime.fromisoformat(run["finished"]).timestamp()
        spans[kind].append((end - run["seconds"] * run.get("together", 1), end))
    figures: Figures = {"stages": float(sum(many.values()))}
    for kind in sorted(many):
        figures |= {
            f"{kind}: stages": float(many[kind]),
            f"{kind}: seconds": spent[kind],
            f"{kind}: seconds on the clock": _covered(spans[kind]),
        }
    return figures


def _kind(folder: Path) -> str:
    name = folder.name.split("-")[0].lower()
    if name != "learn":
        return {"score": "exams", "sample": "answers"}.get(name, name)
    stage = json.dumps(json.loads((folder / "stage.json").read_text(encoding="utf-8"))["stages"][-1]["fields"]["losses"])
    return "RL" if "Practice" in stage else "bases"


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of the union of spans."""
    total, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, until))
        until = max(until, end)
    return total


def findings(file: Path) -> list[dict[str, object]]:
    """The findings of the study; none if it did not come so far."""
    found: list[dict[str, object]] = json.loads(file.read_text(encoding="utf-8"))["findings"] if file.exists() else []
    return found


def _estimate(f: dict[str, object]) -> str:
    difference, low, high = (f"{x:+.1f}" if isinstance(x := f[key], float) else "none" for key in ("difference", "low", "high"))
    return f"{difference} [{low}, {high}], {f['verdict']}"


def checks(folder: Path) -> tuple[Check, ...]:
    """The study with few seeds and with many. On a CPU it is the smallest scale, once."""
    return (
        Check("grid", Grid(folder, 5, 240.0)),
        Check("grid, 16 seeds", Grid(folder, 16, 240.0), "cuda"),
    )
