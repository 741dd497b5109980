"""The share of the gap between a base and a target that their hybrid recovers."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.measures.facts import Cell, Fact
from train.stages.stage import Shelf
from train.steering import Deploy, LearnedVectors
from train.steering.hybrids.deploy import read_deployed
from train.steering.hybrids.learned import read_learned

SMALLEST = 0.1  # gap of which a share is taken: that of a smaller one would be noise
SUCCESS, RECOVERY, STEERED = "success", "recovery", "steered"
RATE, FIXED = "rate", "fixed"


def recovery(base: float, target: float, hybrid: float) -> float | None:
    """The share of the gap from base to target that lies between base and hybrid (arXiv:2510.07364); None where the gap is smaller than ten
    points. It is negative where the hybrid is worse than the base."""
    gap = round(target - base, 9)  # of two means: a gap of ten points may miss .1 by the last bit
    return (hybrid - base) / gap if gap >= SMALLEST else None


@dataclass(frozen=True)
class Recovered:
    """Success, every step right, by the base (`before`), by the target (`target`) and by the hybrid (`after`); the hybrid's recovery, and
    the share of words after which it is steered, along its own completions."""

    needs: tuple[str, ...] = ("base", "target", "hybrid")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = {phase: read_deployed(cell.stage(name, Deploy), shelf) for name, phase in self._phases()}
        n = len(found["after"].process)
        success = {phase: float(each.process.mean()) for phase, each in found.items()}
        for phase, value in success.items():
            yield cell.fact(phase, SUCCESS, None, value, n)
        yield cell.fact("after", STEERED, None, found["after"].share, n)
        if (share := recovery(success["before"], success["target"], success["after"])) is not None:
            yield cell.fact("after", RECOVERY, None, share, n)

    def _phases(self) -> Iterator[tuple[str, str]]:
        return zip(self.needs, ("before", "target", "after"), strict=True)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield from (cell.fact(phase, SUCCESS, None, 0.0) for _, phase in self._phases())
        yield from (cell.fact("after", metric, None, 0.0) for metric in (STEERED, RECOVERY))


@dataclass(frozen=True)
class Learned:
    """The share of words at which base and target differ, on what the vectors are learned from; and the share of words, where they are
    added, at which the base then says the target's."""

    needs: tuple[str, ...] = ("learned",)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = read_learned(cell.stage("learned", LearnedVectors), shelf)
        yield cell.fact("learning", RATE, None, found.rate)
        yield cell.fact("learning", FIXED, None, found.fixed)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("learning", metric, None, 0.0) for metric in (RATE, FIXED))
