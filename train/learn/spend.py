"""The length of learning: so many iterations, or as much compute as another stage spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

from synthtasks.checked import Above, Checked
from train.ledger import Ledger, read_ledger
from train.run import Metrics
from train.stages.seal import defined
from train.stages.stage import Shelf, Stage

SPENT = "spent"  # the metric: share of the budget that was spent


@dataclass(frozen=True)
class Spend(Checked):
    """A budget in floating-point operations: a share of those in the ledger of the stage `of`, less those of the stages `less`, such as the
    sample that is learned from.

    Learning ends with the iteration after which its own ledger lies nearest to the budget, by the mean cost of its iterations so far. Rates
    are annealed on the share of the budget that is left. Without a budget, or with nothing to learn from (an iteration takes no step and
    costs nothing), learning ends and leaves the policy as it was; its ledger says 0 updates.
    """

    of: Stage
    share: Annotated[float, Above(0)] = 1.0
    less: tuple[Stage, ...] = ()

    @property
    def work(self) -> float:
        """As `Stage.work`."""
        return max(0.0, self.share * self.of.work - sum(stage.work for stage in self.less))

    def budget(self, shelf: Shelf) -> int:
        """The operations that learning may spend.

        Raises:
            Undefined: if one of the stages has no result.
            ValueError: if the stages `less` spent more than the share.
        """
        whole, *less = (read_ledger(defined(shelf.get(stage))).flops for stage in (self.of, *self.less))
        if sum(less) > self.share * whole:
            by = ", ".join(map(str, self.less))
            raise ValueError(
                f"{by} spent {sum(less):.3g} operations, more than {self.share:.0%} of the {whole:.3g} of {self.of}: sample less"
            )
        return round(self.share * whole - sum(less))


class Goal(Protocol):
    """The end of learning."""

    @property
    def most(self) -> int: ...  # iterations that there can be

    def left(self, iteration: int, ledger: Ledger) -> float: ...  # the share of learning before this iteration; 0 at the end

    def note(self, ledger: Ledger) -> Metrics: ...  # after a step


@dataclass(frozen=True)
class Iterations:
    """Learning ends after so many iterations."""

    most: int

    def left(self, iteration: int, ledger: Ledger) -> float:
        return (self.most - iteration) / self.most

    def note(self, ledger: Ledger) -> Metrics:
        return {}


@dataclass(frozen=True)
class Operations:
    """Learning ends with the iteration whose end lies nearest to a budget."""

    budget: int
    most: ClassVar[int] = 2**63 - 1

    def left(self, iteration: int, ledger: Ledger) -> float:
        """As `Goal`.

        Raises:
            ValueError: if a step was taken, and cost nothing.
        """
        if iteration and not ledger.flops:
            if ledger.updates:
                raise ValueError("a loss takes steps and counts no operations (Run.ledger), so that a budget would never be spent")
            return 0.0
        nearest = ledger.flops + ledger.flops / max(iteration, 1) / 2
        return 0.0 if nearest >= self.budget else 1 - ledger.flops / self.budget

    def note(self, ledger: Ledger) -> Metrics:
        return {SPENT: ledger.flops / self.budget}


def goal(length: int | Spend, shelf: Shelf) -> Goal:
    """The end of learning of this length.

    Raises:
        Undefined, ValueError: as `Spend.budget`.
    """
    return Operations(length.budget(shelf)) if isinstance(length, Spend) else Iterations(length)
