"""`make faults`: two hundred faults and more. After each the same command ends in the bits of a run left alone, or names the file and
the way out; no stage that was whole is lost, and nothing wrong is taken for right. `python -m tests.faults.campaign [SHARE]` injects a
share of them."""

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.test_study import bits

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65_534  # a user that even root may become, to whom a read-only folder is read-only
WAY_OUT = re.compile(r"same command|remove|make room|free|choose")
ENDLESS = 900  # seconds after which a run hangs


@dataclass
class Campaign:
    """A folder that faults are injected into, and what came of it."""

    folder: Path
    calm: dict[str, str] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    injected: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)  # finished stages that are gone or were made again
    wrong: list[str] = field(default_factory=list)  # faults after which other bits were accepted
    unclear: list[str] = field(default_factory=list)  # faults after which no file, or no way out, was named

    def begin(self, **more: object) -> subprocess.Popen[str]:
        """Start a run in its own session."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.small", str(self.folder), *(str(v) for v in more.pop("arguments", ()))],  # type: ignore[attr-defined]
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, **more,  # type: ignore[call-overload]
        )  # fmt: skip

    def whole(self) -> dict[str, int]:
        """The finished stages, and when each was made."""
        found = [f for f in self.folder.glob("*-*") if f.is_dir() and "." not in f.name] if self.folder.exists() else []
        return {f.name: (f / "run.json").stat().st_mtime_ns for f in found if (f / "run.json").exists()}

    def end(self, fault: str, spoiled: frozenset[str] = frozenset()) -> None:
        """Run to the end, following the way out where one is named; judge what came of it."""
        before = self.whole()
        for _ in range(1 + 2 * len(spoiled)):
            process = self.begin()
            said, _ = process.communicate(timeout=ENDLESS)
            if process.returncode == 0:
                break
            named = [p for p in re.findall(re.escape(str(self.folder)) + r"[^\s:,;'\"]*", said) if Path(p).exists()]
            if not named or not WAY_OUT.search(said):
                self.unclear.append(f"{fault}: {said[-1_000:]}")
            for path in {self.folder / Path(p).relative_to(self.folder).parts[0] for p in named if p != str(self.folder)}:
                (shutil.rmtree if path.is_dir() else os.remove)(path)
        after = self.whole()
        self.lost += [f"{fault}: {s}" for s, made in before.items() if s not in spoiled and after.get(s) != made]
        if self.results() != self.calm:
            self.wrong.append(fault)

    def results(self) -> dict[str, str]:
        """The bits of all that is whole."""
        return {f: h for f, h in bits(self.folder).items() if not f.startswith("leases/")}

    def fresh(self) -> None:
        """Begin anew."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()


def children(pid: int) -> list[int]:
    """The workers of a run: its children that have loaded torch."""
    try:
        found = [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [c for c in found if "spawn_main" in Path(f"/proc/{c}/cmdline").read_text()]
    except OSError:
        return []


def worker_kills(c: Campaign, n: int) -> None:
    """kill -9 of workers at random moments, as the system does that is out of memory."""
    process = c.begin()
    for _ in range(n):
        time.sleep(c.chance.uniform(0.5, 4))
        if process.poll() is not None:
            c.end("worker killed")
            c.fresh()
            process = c.begin()
        elif workers := children(process.pid):
            os.kill(c.chance.choice(workers), signal.SIGKILL)
            c.injected["worker killed"] += 1
    process.wait(ENDLESS)
    c.end("worker killed")


def parent_kills(c: Campaign, n: int) -> None:
    """kill -9 of the parent, with or without its workers; or of a parent beside another one."""
    for i in range(n):
        other = c.begin() if i % 4 == 3 else None
        process = c.begin()
        time.sleep(c.chance.uniform(1, 12))
        if process.poll() is None:
            (os.killpg if c.chance.random() < 0.5 else os.kill)(process.pid, signal.SIGKILL)
        what = "parent killed" if other is None else "one of two parents killed"
        c.injected[what] += 1
        process.wait()
        if other is not None:
            other.wait(ENDLESS)
        if i % 4 == 3:
            c.end(what)
            c.fresh()


def two_parents(c: Campaign, n: int) -> None:
    """Two runs of one folder at once."""
    for _ in range(n):
        c.fresh()
        pair = (c.begin(), c.begin())
        c.injected["two parents"] += 1
        if [p.wait(ENDLESS) for p in pair] != [0, 0]:
            c.unclear.append("two parents: one failed")
        c.end("two parents")


def interrupted(c: Campaign, seconds: tuple[float, float]) -> None:
    """Leave drafts with checkpoints: a run that is killed in the middle."""
    process = c.begin()
    time.sleep(c.chance.uniform(*seconds))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def spoil(c: Campaign, files: list[Path], how: str) -> frozenset[str]:
    """Truncate a file at random, flip a bit in it, or set the clock by which it was written; the stage that it belongs to."""
    if not files:
        return frozenset()
    file = c.chance.choice(files)
    data = bytearray(file.read_bytes())
    if how == "clock set back":
        for each in [*files, *c.folder.glob("leases/*")]:
            os.utime(each, (c.chance.choice([0, 2**31]),) * 2)
    elif not data:
        return frozenset()
    elif how == "truncated":
        file.write_bytes(data[: c.chance.randrange(len(data))])
    else:
        data[c.chance.randrange(len(data))] ^= 1 << c.chance.randrange(8)
        file.write_bytes(data)
    c.injected[f"{how} {'draft' if '.draft' in str(file) else 'result'}"] += 1
    return frozenset() if how == "clock set back" else frozenset({file.relative_to(c.folder).parts[0].split(".")[0]})


def spoiled(c: Campaign, n: int) -> None:
    """Files of drafts and of finished stages that were damaged between two runs."""
    for i in range(n):
        how = ("truncated", "bit flipped", "clock set back")[i % 3]
        if i % 2:
            c.fresh()
            interrupted(c, (4, 12))
            files = [f for d in c.folder.glob("*.draft") for f in d.iterdir() if f.suffix in (".pt", ".jsonl", ".json")]
        else:
            c.end("before a fault")
            files = [f for d in c.folder.glob("*-*") if d.is_dir() and ".draft" not in d.name for f in d.iterdir() if f.name != "run.json"]
        hit = spoil(c, files, how)
        above = {f.name for f in c.folder.glob("*-*")} if hit and not i % 2 else set()  # what stands on it may be made again
        c.end(f"{how} {'draft' if i % 2 else 'result'}", hit | above)


def disk(c: Campaign, n: int) -> None:
    """No room: files may have so many bytes and no more. And a folder in which nothing can be written."""
    for i in range(n):
        c.fresh()
        if i % 3 == 2:
            c.folder.chmod(0o555)
            process = c.begin(**({"user": NOBODY} if os.getuid() == 0 else {}))
        else:
            limit = c.chance.choice((20, 3_000, 15_000, 60_000))
            process = c.begin(preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        what = "read-only folder" if i % 3 == 2 else "disk full"
        said, _ = process.communicate(timeout=ENDLESS)
        c.injected[what] += 1
        c.folder.chmod(0o755)
        if process.returncode == 0 or str(c.folder) not in said:
            c.unclear.append(f"{what}: status {process.returncode}, {said[-1_000:]}")
        c.end(what)


def stages_that_fail(c: Campaign, n: int) -> None:
    """A stage that raises, and one that hangs: each fails, and the rest is made."""
    for i in range(n):
        what = ("raise", "hang")[i % 2]
        c.fresh()
        (c.folder / "fault").write_text(what)
        process = c.begin(arguments=(5.0,) if what == "hang" else ())
        said, _ = process.communicate(timeout=ENDLESS)
        c.injected[f"stages that {what}"] += 3
        if process.returncode != 1 or said.count("error.txt") < 3 or not WAY_OUT.search(said):
            c.unclear.append(f"{what}: status {process.returncode}, {said[-1_000:]}")
        (c.folder / "fault").unlink()
        c.end(what)


FAULTS: tuple[tuple[Callable[[Campaign, int], None], int], ...] = (
    (worker_kills, 90),
    (parent_kills, 40),
    (two_parents, 6),
    (spoiled, 42),
    (disk, 12),
    (stages_that_fail, 6),
)


def main() -> int:
    """Inject them all, and count."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        c = Campaign(Path(folder) / "stages")
        c.fresh()
        if c.begin().wait(ENDLESS):
            raise RuntimeError("the run that is left alone failed")
        c.calm = c.results()
        for inject, n in FAULTS:
            began = time.monotonic()
            c.fresh()
            inject(c, max(1, round(n * share)))
            print(f"{inject.__name__}: {time.monotonic() - began:.0f} s", flush=True)
    for what, count in c.injected.items():
        print(f"{count:4} {what}")
    print(
        f"{c.injected.total()} faults: {len(c.lost)} finished stages lost, {len(c.wrong)} wrong results accepted, {len(c.unclear)} unclear"
    )
    print(*c.lost, *c.wrong, *c.unclear, sep="\n")
    return bool(c.lost or c.wrong or c.unclear)


if __name__ == "__main__":
    sys.exit(main())
