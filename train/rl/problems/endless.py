"""Problems of one family: always new ones, or a few again and again."""

from dataclasses import dataclass
from typing import Annotated

from synthtasks.checked import Checked, From
from synthtasks.families import Batch, Family
from synthtasks.problem import Split
from train.stages.stage import Context


@dataclass(frozen=True)
class Endless(Checked):
    """New problems in every batch."""

    family: Family
    split: Split = "train"

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Batch:
        return Batch(self.family, self.split, range(count), ("practice", seed, iteration, draw))


@dataclass(frozen=True)
class Few(Checked):
    """A fixed set of `problems` problems, repeated to fill every batch (one-shot RL: 1; arXiv:2504.20571).

    Raises:
        ValueError: from `batch`, if fewer are asked for, so that some would never be met.
    """

    family: Family
    problems: Annotated[int, From(1)] = 1

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Batch:
        if count < self.problems:
            raise ValueError(f"of the {self.problems} problems of Few, {count} would be met, always the same; ask for {self.problems}")
        return Batch(self.family, "train", [i % self.problems for i in range(count)], ("practice", seed, "few"))
