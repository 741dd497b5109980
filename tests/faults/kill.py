"""`make faults`: a smoke grid, killed with -9 at random moments until it is done, must end in the bits of one left alone."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.test_study import bits

ROOT = Path(__file__).parent.parent.parent
KILLS = 8


def command(out: Path) -> list[str]:
    return [sys.executable, "-m", "analysis", "run", "grid", "--scale", "smoke", "--out", str(out)]


def main() -> int:
    """Run both, compare, and say what differs."""
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        calm, rough = Path(folder) / "calm", Path(folder) / "rough"
        subprocess.run(command(calm), cwd=ROOT, check=True)
        for i in range(KILLS):
            process = subprocess.Popen(command(rough), cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)
            time.sleep(chance.uniform(8, 45))  # checkpoints lie 20 seconds apart at most
            everybody = chance.random() < 0.5  # the parent alone, or its workers too
            if process.poll() is None:
                (os.killpg if everybody else os.kill)(process.pid, signal.SIGKILL)
            process.wait(60)
            done = len([f for f in (rough / "stages").glob("*-*") if f.suffix == ""])
            print(f"kill {i + 1}: {'parent and workers' if everybody else 'parent'}; {done} stages are whole", flush=True)
        subprocess.run(command(rough), cwd=ROOT, check=True)
        one, two = bits(calm), bits(rough)
    different = sorted(f for f in one.keys() | two.keys() if one.get(f) != two.get(f))
    print(f"{len(one)} files, {len(different)} differ after {KILLS} kills", *different, sep="\n  ")
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
