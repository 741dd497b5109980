"""What it costs to check what parts of an algorithm give, and configuration where it is made: as a share of the RL iterations around it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from models import GPTConfig
from synthtasks.families import Program, Uses
from synthtasks.surfaces import Compact
from tests.bench.rows import Row
from train.learn import Learn
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import GRPO, Coin, Endless, Sampler
from train.rl.contracts import fitting
from train.stages.store import Store

PROBLEMS, GROUP, ITERATIONS, BUILT = 32, 16, 6, 1_000


class Timed:
    """A function whose time is added up."""

    def __init__(self, function: Callable[..., object]):
        self.function, self.seconds, self.calls = function, 0.0, 0

    def __call__(self, *given: object, **named: object) -> object:
        """Call it."""
        began = time.perf_counter()
        found = self.function(*given, **named)
        self.seconds += time.perf_counter() - began
        self.calls += 1
        return found


def checked() -> Iterator[Row]:
    """Rows: both checks, in and beside one run of the study's RL, by a coin's reward, so that every group has signal."""
    family = Program(steps=8, lines=20, uses=Uses(("mul",), 3))
    vocab = Compact().vocab(20, family.primitives, 10)
    fresh = Fresh(GPTConfig(len(vocab)), vocab)

    def build() -> Learn:
        practice = Practice(Endless(family), Coin(), GRPO, Sampler(GROUP), PROBLEMS)
        return Learn(fresh, ((1.0, practice),), ITERATIONS, Optim())

    timed = Timed(fitting)
    with TemporaryDirectory() as folder, patch("train.losses.practice.fitting", timed), patch("train.rl.credit.chain.fitting", timed):
        store = Store(Path(folder))
        store.get(fresh)
        began = time.perf_counter()
        store.get(build())
        took = time.perf_counter() - began
    yield Row(f"an RL iteration of {PROBLEMS} x {GROUP} completions, {timed.calls / ITERATIONS:.0f} checks", took / ITERATIONS, "s")
    yield Row("  its checks", 1e6 * timed.seconds / ITERATIONS, "µs", timed.seconds / took, "of an iteration")
    began = time.perf_counter()
    for _ in range(BUILT):
        build()
    made = (time.perf_counter() - began) / BUILT
    yield Row("  to build and check its configuration, once a run", 1e6 * made, "µs", made * ITERATIONS / took, "of an iteration")
