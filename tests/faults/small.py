"""What the fault campaign runs: a dozen real stages of a second each. `python -m tests.faults.small FOLDER` makes what is missing."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from analysis.agenda import State
from analysis.command import ended
from analysis.engine import Care, run_stages
from models.gpt import GPTConfig
from synthtasks.corpus import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from train.imitate import Imitate
from train.learn import Learn
from train.policy import Fresh
from train.practice import Practice
from train.prompts import Endless
from train.rollouts import Sampler
from train.score import Score
from train.stage import Stage
from train.store import Store

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(2, (ADD, MUL), 3)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)
CHECKPOINT_SECONDS, TIME_LIMIT = 0.2, 60.0


@dataclass(frozen=True, eq=False, repr=False)
class Faulty(Stage):
    """Stands at the end of a chain; does what the file `root/fault` says: raises, or hangs."""

    scores: Score

    def run(self, out: Path, store: Store) -> None:
        fault = store.root / "fault"
        what = fault.read_text() if fault.exists() else ""
        if what == "raise":
            raise ArithmeticError("a stage that raises")
        while what == "hang":
            time.sleep(1)
        (out / "end").write_text("reached")


def stages(seeds: int = 3) -> tuple[Stage, ...]:
    """A chain for each seed: pretraining, practice, exam, end."""
    ends: list[Stage] = []
    for seed in range(seeds):
        base = Learn(Fresh(CONFIG, VOCAB, seed), ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), 200, seed)),), 80)
        after = Learn(base, ((1.0, Practice(Endless(FAMILY), sampler=Sampler(4), problems=4, seed=seed)),), 20)
        ends.append(Faulty(Score(after, (FAMILY,), problems=32, seed=seed)))
    return tuple(ends)


def quiet(state: State) -> None:
    """Nobody watches."""


def main() -> int:
    """Make what is missing; the exit status."""
    folder, limit = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else TIME_LIMIT
    store = Store(folder, checkpoint_seconds=CHECKPOINT_SECONDS)
    try:
        state = run_stages(stages(), store, 2, lambda s: 1.0, quiet, Care(retries=1_000, time_limit=limit))
    except (ValueError, OSError) as mistake:
        print(f"error: {mistake}")
        return 2
    return ended(state, store, Console(width=1_000)) if state.failed or state.stopped else 0


if __name__ == "__main__":
    sys.exit(main())
