"""The reach of a policy by the room that its base left: on problems that the base solves with many samples, and those it hardly solves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.measures.behaviour.matched import Matched
from analysis.measures.estimates import Bools, Floats, exact_pass_at_k
from analysis.measures.exact import EVERY_K, bands_of, imagined, scored
from analysis.measures.facts import Cell, Fact
from train.stages.stage import Shelf

MANY = 1_024  # samples by which the base solves a problem, or hardly
SURELY, HARDLY = 0.99, 0.5  # pass@1,024 of the base on solved problems at least, on unsolved ones below
KS = tuple(sorted({*EVERY_K, 128, MANY}))
DEEPER = 2  # steps beyond the band
FEWEST = 8  # problems of a set: of fewer nothing is told
SETS = ("solved", "unsolved", "deeper")


def curve(name: str) -> str:
    """The metric of a set of problems, whose axis is k."""
    return f"{name}: pass@k"


def sets(base: Floats) -> Mapping[str, Bools]:  # log p, any shape
    """The problems that 1,024 samples of the base solve, and those that they hardly solve; p is exact, so that none is there by luck."""
    reached = exact_pass_at_k(base, MANY)
    return {"solved": reached >= SURELY, "unsolved": reached < HARDLY}


@dataclass(frozen=True)
class Reached:
    """Exact pass@k for every k on three sets of problems: of the band at the cell's edge those that 1,024 samples of the base (`reference`)
    solve, and those that they hardly solve; and all problems two steps deeper. After learning, before it, and at the temperature of
    `Matched`, where the cell has these. Sets of fewer than 8 problems are left out."""

    matched: Matched = Matched()
    needs: tuple[str, ...] = ("edge", "reference", "after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if not (band := bands_of(cell, shelf)["at"]):
            return
        base = scored(cell, "reference", shelf)
        here, deep = [base.at(n) for n in band], band[-1] + DEEPER
        chosen = sets(base.plain[here])
        for phase in self._phases(cell):
            logp = self.matched.chosen(cell, shelf).logp if phase == "matched" else scored(cell, phase, shelf).plain
            drawn = {name: logp[here][which] for name, which in chosen.items()}
            drawn |= {"deeper": logp[base.at(deep)]} if deep in base.difficulties else {}
            for name, each in drawn.items():
                for k in KS if len(each) >= FEWEST else ():
                    yield cell.fact(phase, curve(name), k, float(exact_pass_at_k(each, k).mean()), len(each))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (fact for phase in self._phases(cell) for fact in imagined(cell, phase, map(curve, SETS), KS))

    def _phases(self, cell: Cell) -> tuple[str, ...]:
        found = ("after", *(["before"] if "before" in cell.by_name else []))
        return (*found, "matched") if set(self.matched.needs) <= cell.by_name.keys() else found
