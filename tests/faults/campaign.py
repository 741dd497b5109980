"""`make faults`: more than 500 faults into a small study. After each the same command ends in the bits of a run left alone, or
names the file and the way out; no finished stage is lost, and nothing wrong is taken for right.

`python -m tests.faults.campaign [SHARE] [--only KIND ...] [--seed N]` injects a share of them.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from tests.faults import damage, foreign, kills, leases, links, live, refusals, suspended, trials
from tests.faults.field import PATIENCE, Field
from tests.faults.process import Cold


@dataclass(frozen=True)
class Part:
    """A way of injecting faults, and how many."""

    inject: Callable[[Field, int], None]
    faults: int


PARTS = {
    "workers": Part(kills.workers, 70),
    "parents": Part(kills.parents, 36),
    "cold": Part(kills.cold, 10),
    "one-of-two": Part(kills.one_of_two, 8),
    "two": Part(kills.two_parents, 6),
    "drafts": Part(damage.drafts, 32),
    "results": Part(damage.results, 76),
    "clock": Part(damage.clock, 12),
    "full": Part(refusals.full, 10),
    "read-only": Part(refusals.read_only, 6),
    "stages": Part(refusals.stages, 18),
    "suspended": Part(suspended.suspended, 100),
    "copies": Part(links.copies, 8),
    "links": Part(links.drafts, 32),
    "study-links": Part(links.studies, 8),
    "folders": Part(links.folders, 10),
    "leases": Part(leases.hostile, 30),
    "live": Part(live.damaged, 24),
    "removed": Part(live.removed, 24),
    "foreign": Part(foreign.foreign, 12),
    "hostile": Part(trials.inject, 180),
}


def main() -> int:
    """Inject them, and count; 1 if any ended as none should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("share", nargs="?", type=float, default=1.0)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        field = Field(Path(folder) / "disk", Path(folder) / "calm")
        if (alone := field.start(Cold())).wait(PATIENCE) != 0:
            raise RuntimeError(f"the run that is left alone failed: {alone.said()}")
        shutil.copytree(field.out, field.calm)
        for name in given.only:
            field.chance = random.Random(f"{name} {given.seed}")
            field.fresh()
            before, since = field.tally.faults, time.monotonic()
            PARTS[name].inject(field, max(1, round(PARTS[name].faults * given.share)))
            print(f"{name}: {field.tally.faults - before} faults, {time.monotonic() - since:.0f} s", flush=True)
    cpu = getrusage(RUSAGE_CHILDREN)
    print("", field.tally.table(), "", sep="\n")
    print(*(f"skipped: {s}" for s in field.tally.skipped), *field.tally.notes, sep="\n")
    print(f"{field.tally.faults} faults in {time.monotonic() - began:.0f} s, {cpu.ru_utime + cpu.ru_stime:.0f} s of CPU")
    return not field.tally.good


if __name__ == "__main__":
    sys.exit(main())
