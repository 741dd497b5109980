"""The folder that faults are injected into, and the judgement after each: the same command ends in the bits of a run left alone, or says
which file stands in its way, and what to do."""

import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.process import WARM, Process, nothing
from tests.faults.tally import Outcome, Tally
from tests.test_study import bits
from train.stages.disk import remove

PATIENCE = 120.0  # seconds after which a run hangs
WAY_OUT = re.compile(r"(?i)\b(remove|move|make|choose|free|try|raise|run|once)\b")
KEPT = ("leases/", "aside/")  # who is at work, and what was damaged: in `stages`, and no results
FOREIGN = frozenset({".DS_Store", ".nfs000000000001", "notes.txt~"})  # what others leave wherever they have been


@dataclass
class Field:
    """A disk with a folder of results on it, and what is known of them."""

    disk: Path
    calm: Path = Path()  # the results of a run left alone
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    tally: Tally = field(default_factory=Tally)
    seen: dict[str, bytes] = field(default_factory=dict)  # finished stages, with their circumstances
    precious: dict[Path, bytes] = field(default_factory=dict)  # what is none of ours

    @property
    def out(self) -> Path:
        return self.disk / "out"

    @property
    def stages(self) -> Path:
        return self.out / "stages"

    @property
    def elsewhere(self) -> Path:
        """A folder that is none of ours, with a file `victim` in it."""
        folder = self.disk / "elsewhere"
        if not folder.exists():
            folder.mkdir(parents=True)
            (folder / "victim").write_bytes(b"precious")
        return folder

    def keep(self) -> None:
        """Note what lies there: it must stay as it is."""
        self.precious = {f: f.read_bytes() if f.is_file() else b"" for f in self.elsewhere.rglob("*")}

    def start(self, command: Callable[[Path], int] = WARM, first: Callable[[], None] = nothing) -> Process:
        """The command, begun."""
        return Process(command, self.out, first)

    def fresh(self) -> None:
        """Begin anew."""
        self.seen.clear()
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.rmtree(self.disk / "elsewhere", ignore_errors=True)

    def restore(self, *without: str) -> None:
        """Begin with the results of the run left alone, but for these stages."""
        self.fresh()
        shutil.copytree(self.calm, self.out)
        for name in without:
            shutil.rmtree(self.stages / name)

    def look(self) -> None:
        """Note which stages are finished: from now on they must stay as they are."""
        for record in self._whole():
            self.seen.setdefault(record.parent.name, record.read_bytes())

    def pause(self, least: float, most: float) -> None:
        """Wait for a random time."""
        time.sleep(self.chance.uniform(least, most))

    def judge(
        self,
        kind: str,
        faults: int,
        outcome: Outcome = "ended equal",
        spoiled: frozenset[str] = frozenset(),
        first: Callable[[], None] = nothing,
    ) -> None:
        """Run the same command to its end, and say what came of so many faults, which may have spoiled some stages."""
        if not faults:
            return
        self.look()
        self.keep()
        process = self.start(first=first)
        status, said = process.wait(PATIENCE), process.said()
        if status is None:
            self.tally.add(kind, faults, "hung", said[-2_000:])
            return
        if status and not self.clear(said):
            self.tally.add(kind, faults, "unclear", f"status {status}: {said[-2_000:]}")
            return
        if status:
            outcome = "clear error"
            for path in self.named(said):
                remove(path)
            self.start(first=first).wait(PATIENCE)
        self.compare(kind, faults, outcome, spoiled, said)

    def compare(self, kind: str, faults: int, outcome: Outcome, spoiled: frozenset[str], said: str) -> None:
        """Say what came of so many faults, after which a run has ended."""
        found = {r.parent.name: r.read_bytes() for r in self._whole()}
        lost = sorted(s for s, circumstances in self.seen.items() if s not in spoiled and found.get(s) != circumstances)
        ours, calm = bits(self.out), bits(self.calm)
        wrong = sorted(f for f in calm if ours.get(f) != calm[f])
        more = [f for f in ours.keys() - calm.keys() if f.rpartition("/")[2] not in FOREIGN]
        litter = sorted(f for f in more if not f.removeprefix("stages/").startswith(KEPT))
        before = self.precious
        self.keep()
        if before != self.precious:
            self.tally.add(kind, faults, "outside", f"{sorted(map(str, before))}, {sorted(map(str, self.precious))}\n{said[-2_000:]}")
        elif lost:
            self.tally.add(kind, faults, "lost", ", ".join(lost))
        elif wrong:
            self.tally.add(kind, faults, "wrong", f"{', '.join(wrong)}\n{said[-2_000:]}")
        elif litter:
            self.tally.add(kind, faults, "litter", ", ".join(litter))
        else:
            self.tally.add(kind, faults, outcome, "")

    def named(self, said: str) -> list[Path]:
        """The files and folders below `out` that a message names, and that are there."""
        paths = {Path(p.rstrip(".")) for p in re.findall(re.escape(str(self.out)) + r"/[^\s:,;'\"()]*", said)}
        return sorted(p for p in paths if p.exists())

    def clear(self, said: str, way_out: re.Pattern[str] = WAY_OUT) -> bool:
        """Whether a message names a file and a way out, and shows no bare traceback."""
        return str(self.out) in said and bool(way_out.search(said)) and "Traceback" not in said

    def _whole(self) -> Iterator[Path]:
        return (f / "run.json" for f in self.stages.glob("*-*") if "." not in f.name and (f / "run.json").exists())
