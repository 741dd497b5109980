"""The support of a policy at a budget of samples: problems that learning keeps in it, brings in, and drops (arXiv:2507.14843)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.measures.estimates import Floats, crossed
from analysis.measures.exact import bands_of, imagined, scored
from analysis.measures.facts import Cell, Fact
from train.stages.stage import Shelf

BUDGETS = (8, 128, 1_024)
COUNTS = ("preserved", "expanded", "shrunk")
RATES = ("retention", "discovery", "dynamics", "change")


@dataclass(frozen=True)
class Support:
    """Numbers of problems by support before and after learning, and the rates that follow; a rate is NaN where it is a share of nothing."""

    preserved: int  # in the support of both
    expanded: int  # of the policy after alone
    shrunk: int  # of the policy before alone

    @property
    def retention(self) -> float:
        """SRR, the support retention rate: the share of the support that is kept."""
        return ratio(self.preserved, self.preserved + self.shrunk)

    @property
    def discovery(self) -> float:
        """NDR, the net discovery rate: the share of the support after learning that is new."""
        return ratio(self.expanded, self.preserved + self.expanded)

    @property
    def dynamics(self) -> float:
        """SDS, the support dynamics score: the harmonic mean of retention and discovery; 0 if one of them is."""
        kept, new = self.retention, self.discovery
        return 0.0 if kept == new == 0 else 2 * kept * new / (kept + new)

    @property
    def change(self) -> float:
        """NSCR, the net support change rate: gains less losses, as a share of all that was ever in the support."""
        return ratio(self.expanded - self.shrunk, self.preserved + self.expanded + self.shrunk)


def ratio(part: int, whole: int) -> float:
    """A share; NaN of nothing."""
    return part / whole if whole else math.nan


def support(before: Floats, after: Floats, k: int) -> Support:  # log-probabilities, any shape
    """Support at a budget of k samples: the problems with p >= 1 / k, of which k samples hold one solution or more on average. The paper
    counts problems that k samples did solve."""
    was, now = (logp >= -math.log(k) for logp in (before, after))
    gained, lost = crossed(was, now)
    return Support(int((was & now).sum()), int(gained.sum()), int(lost.sum()))


@dataclass(frozen=True)
class Supports:
    """Support at several budgets, on the band at the cell's edge: counts and rates. The axis is the budget k. A rate that is a share of
    nothing is left out."""

    before: str = "before"
    after: str = "after"
    budgets: tuple[int, ...] = BUDGETS

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if not (band := bands_of(cell, shelf)["at"]):
            return
        before, after = (s.plain[[s.at(n) for n in band]] for s in (scored(cell, name, shelf) for name in (self.before, self.after)))
        for k in self.budgets:
            found = support(before, after, k)
            yield from (cell.fact("after", f"support {what}", k, float(getattr(found, what)), before.size) for what in COUNTS)
            rates = ((what, getattr(found, what)) for what in RATES)
            yield from (cell.fact("after", f"support {what}", k, rate, before.size) for what, rate in rates if not math.isnan(rate))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return imagined(cell, "after", (f"support {what}" for what in (*COUNTS, *RATES)), self.budgets)
