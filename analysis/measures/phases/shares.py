"""Planning's and execution's shares of a gain in success, by Shapley values."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from analysis.measures.estimates import Floats
from analysis.measures.phases.judged import Skills


class Parts(NamedTuple):
    """A gain in success as a sum of two parts."""

    planning: float
    execution: float

    @property
    def gain(self) -> float:
        """The whole gain."""
        return self.planning + self.execution

    @property
    def share(self) -> float:
        """Planning's share of the gain; below 0 or above 1 where one part is lost and the other gained.

        Raises:
            ValueError: if there is no gain to share.
        """
        if not self.gain:
            raise ValueError(f"a share is of a gain other than 0; found {self}")
        return self.planning / self.gain


def shapley(neither: float, planning: float, execution: float, both: float) -> Parts:
    """The Shapley values of two players, by the success with neither skill of the later policy, with one of them alone, and with both.

    Each part is the mean of what its skill adds before the other and after it.
    """
    return Parts((planning - neither + both - execution) / 2, (execution - neither + both - planning) / 2)


@dataclass(frozen=True)
class Joint:
    """The shares of completions by skill, which add up to 1."""

    both: float
    planning: float  # alone right
    execution: float  # alone right
    neither: float

    @staticmethod
    def of(found: Iterable[Skills]) -> "Joint":
        """The shares of these completions.

        Raises:
            ValueError: if there is none.
        """
        counts = Counter((each.planning, each.execution) for each in found)
        if not (n := counts.total()):
            raise ValueError("shares are of at least one completion; found none")
        return Joint(*(counts[which] / n for which in ((True, True), (True, False), (False, True), (False, False))))

    @property
    def planned(self) -> float:
        """Planning accuracy."""
        return self.both + self.planning

    @property
    def then(self) -> float:
        """Execution accuracy among completions with a right plan, so that `planned * then` is success.

        Raises:
            ValueError: if no plan is right.
        """
        if not self.planned:
            raise ValueError("where no plan is right, nothing can be said of its execution; draw more completions, or easier problems")
        return self.both / self.planned


def parts(before: Joint, after: Joint) -> Parts:
    """The parts of a gain in sampled success: that of planning, and that of execution given a right plan.

    Raises:
        ValueError: if no plan is right before or after.
    """
    return shapley(before.both, after.planned * before.then, before.planned * after.then, after.both)


def exact_parts(before: tuple[Floats, Floats], after: tuple[Floats, Floats]) -> Parts:  # ([P], [P]) each
    """The parts of a gain in exact success, mean over problems: before and after, the probability of all words of the plan, and that of all
    its values."""
    (plan, value), (later, better) = before, after
    mixed = [float((p * v).mean()) for p, v in ((plan, value), (later, value), (plan, better), (later, better))]
    return shapley(*mixed)
