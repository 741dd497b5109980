"""The compute that made a policy, and the check that arms which are said to be of equal compute are so."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from analysis.measures.facts import Cell, Fact
from synthtasks.checked import Above, Checked
from train.ledger import read_ledger
from train.sample import Sample
from train.stages.seal import defined
from train.stages.stage import Shelf, Stage, Undefined

IDLE = "nothing to learn from"


@dataclass(frozen=True)
class Compute(Checked):
    """Floating-point operations of all that made the policy `learn` of `base`; and, where the cell names as its `budget` the policy whose
    compute it is to spend, their ratio.

    A ratio that misses 1 by more than `within` makes the cell undefined, with the reason: what it claims to compare, it does not. Cells
    with nothing to learn from are excepted: of an arm some stage of which cost nothing, a note says so.
    """

    within: Annotated[float, Above(0, 1)] = 0.02  # of the budget
    needs: ClassVar[tuple[str, ...]] = ("base", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        """As a `Measure`.

        Raises:
            Undefined: if the arm spent more or less than its budget.
        """
        made = spent_on(cell["learn"], cell["base"])
        yield cell.fact("compute", "FLOPs", None, spent := _flops(made, shelf))
        if (budget := cell.by_name.get("budget")) is None:
            return
        ratio = spent / _flops(spent_on(budget, cell["base"]), shelf)
        idle = not all(read_ledger(shelf.get(stage)).flops for stage in made)
        yield Fact(cell.labels, cell.seed, "compute", None, "share of the budget", ratio, 0, IDLE if idle else "")
        if abs(ratio - 1) > self.within and not idle:
            raise Undefined(f"this arm spent {ratio:.1%} of the compute that it is said to equal, which may differ by {self.within:.0%}")

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact("compute", "FLOPs", None, 1.0)
        if "budget" in cell.by_name:
            yield cell.fact("compute", "share of the budget", None, 1.0)


def spent_on(policy: Stage, start: Stage) -> tuple[Stage, ...]:
    """The stages whose compute made a policy of another: every policy on the way, and the samples that they learned from. Teachers, edges
    and scores are not among them.

    Raises:
        ValueError: if it was not made of that one.
    """
    found: dict[Stage, None] = {}
    now: object = policy
    while now != start:
        if not isinstance(now, Stage):
            raise ValueError(f"{policy} was not made of {start}")
        found |= dict.fromkeys((now, *(stage for stage in now.upstream if isinstance(stage, Sample))))
        now = getattr(now, "policy", None)
    return tuple(found)


def _flops(stages: tuple[Stage, ...], shelf: Shelf) -> float:
    return float(sum(read_ledger(defined(shelf.get(stage))).flops for stage in stages))
