"""What the fault campaign runs: a study of two seeds, whose stages take less than a second each.

`python -m tests.faults.small OUT [TIME_LIMIT [RETRIES]]` makes what is missing, judges and reports, as `python -m analysis run` does.
"""

import os
import signal
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.claims.claims import At, Claim, More, gain
from analysis.cli.command import run
from analysis.cli.request import Request
from analysis.cli.terminal import Terminal
from analysis.design.recipes import practise, sample
from analysis.design.scale import Scale
from analysis.design.study import Setting, Study
from analysis.measures.edge import Edge, Rule
from analysis.measures.facts import Cell
from analysis.running.engine import Care, run_stages
from analysis.running.shard import Shard
from analysis.studies.grid import STUDY as GRID
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from tests.tiny import TINY
from train.learn import Learn
from train.losses.imitate import Imitate
from train.policy import Fresh
from train.rl.problems import Band
from train.rl.rewards import Correct
from train.score import Score
from train.stages.store import Store

CHECKPOINT_SECONDS = 0.1
WIDTH = 1_000  # of a line, so that no path is broken

SCALE: Scale = replace(
    TINY, modulus=3, lines=2, solved=2, deepest=2, pretraining=60, tokens=200, rl_iterations=15, exam_problems=32, seeds=2
)
FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(2, (ADD, MUL), 3)
CONFIG = GPTConfig(len(VOCAB), SCALE.width, SCALE.layers, SCALE.heads, SCALE.heads, context=64)
EVERYTHING = Rule(mastered=2.0, hard=2.0, reach=-1.0, room=2.0, hopeless=-1.0)  # is at the edge
LABELS = {"control": "none", "primitive": "present", "region": "at", "reward": "outcome"}


@dataclass(frozen=True, eq=False, repr=False)
class Faulty(Score):
    """A score that does first what the file `fault` beside the stages says: raises, hangs, or is killed as where memory is short."""

    def run(self, out: Path, store: Store) -> None:
        fault = store.root.parent / "fault"
        what = fault.read_text() if fault.exists() else ""
        if what == "raise":
            raise ArithmeticError("a stage that raises")
        if what == "memory":
            os.kill(os.getpid(), signal.SIGKILL)
        while what == "hang":
            time.sleep(1)
        super().run(out, store)


def cell(seed: int) -> Cell:
    """The only cell of a seed: pretraining, an edge that holds everything, practice there."""
    base = Learn(Fresh(CONFIG, VOCAB, seed), ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), SCALE.tokens, seed)),), SCALE.pretraining)
    families = replace(FAMILY, steps=1), replace(FAMILY, steps=2, outside=FAMILY.outside[:1])  # of two exams, so in two pieces
    before = Score(base, families, SCALE.exam_problems, seed=seed)
    edge = Edge(before, EVERYTHING)
    learned = practise(SCALE, base, Band(FAMILY, edge, "at"), Correct(), seed)
    test = Band(FAMILY, edge, "at", "test")
    return Cell.of(
        LABELS,
        seed,
        edge=edge,
        before=before,
        after=Faulty(learned, families, SCALE.exam_problems, seed=seed),
        base=base,
        learn=learned,
        sampled_before=sample(SCALE, base, test, seed),
        sampled_after=sample(SCALE, learned, test, seed),
    )


STUDY = Study(
    name="small",
    question="Does a fault change any bit?",
    source="tests/faults",
    axes={axis: (value,) for axis, value in LABELS.items()},
    cells=lambda setting, seed: (cell(seed),),
    measures=GRID.measures,
    claims=(Claim("gain", "Practice raises pass@128.", gain(LABELS, At("at")), More(10)),),
)


@dataclass(frozen=True)
class Hasty(Request):
    """A request whose stages save checkpoints all the time."""

    @property
    def store(self) -> Store:
        return Store(self.out / "stages", self.setting.scale.machine, CHECKPOINT_SECONDS)


def small(out: Path, care: Care) -> int:
    """Make what is missing; the exit status. A mistake is told as by the command line."""
    console = Terminal(width=WIDTH)
    try:
        return run(Hasty(STUDY, Setting(SCALE, (0, 1)), {}, out, 2), console, care, Shard(), run_stages)
    except (ValueError, OSError) as mistake:
        console.print(f"error: {mistake}", highlight=False)
        return 2


def main() -> int:
    """From the command line."""
    out, *care = sys.argv[1:]
    limit, retries = (float(care[0]) if care else 60.0), (int(care[1]) if care[1:] else 1_000)
    return small(Path(out), Care(retries, limit))


if __name__ == "__main__":
    sys.exit(main())
