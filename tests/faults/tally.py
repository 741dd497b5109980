"""What came of the faults, by kind."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["ended equal", "clear error", "lost", "wrong", "unclear", "hung", "litter", "outside"]
OUTCOMES: Mapping[Outcome, str] = {
    "ended equal": "the same command ended in the bits of a run left alone",
    "clear error": "it named the file and the way out; that done, it ended in these bits",
    "lost": "a finished stage was gone, or made again",
    "wrong": "it ended in other bits",
    "unclear": "it failed without naming a file and the way out",
    "hung": "it did not end",
    "litter": "it left files behind that a run left alone does not",
    "outside": "it wrote to a file, or made one, that is not in the folder of results",
}
GOOD: tuple[Outcome, ...] = ("ended equal", "clear error")


@dataclass
class Tally:
    """Counts of faults by kind and outcome, and what is to be said of those that should not be."""

    counts: dict[str, Counter[Outcome]] = field(default_factory=lambda: defaultdict(Counter))
    notes: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def add(self, kind: str, faults: int, outcome: Outcome, note: str) -> None:
        """So many faults of a kind had this outcome."""
        self.counts[kind][outcome] += faults
        if outcome not in GOOD:
            self.notes.append(f"{outcome}: {kind}: {note}")
            print(self.notes[-1], flush=True)

    @property
    def faults(self) -> int:
        """How many there were."""
        return sum(c.total() for c in self.counts.values())

    @property
    def good(self) -> bool:
        """Whether all ended as they should."""
        return all(c.total() == sum(c[o] for o in GOOD) for c in self.counts.values())

    def table(self) -> str:
        """As text."""
        rows = [("fault", "how many", *OUTCOMES)]
        rows += [(kind, str(c.total()), *(str(c[o]) for o in OUTCOMES)) for kind, c in self.counts.items()]
        every = sum(self.counts.values(), Counter[Outcome]())
        rows.append(("all", str(every.total()), *(str(every[o]) for o in OUTCOMES)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]) for row in rows]
        return "\n".join([*lines, "", *(f"{o}: {meaning}" for o, meaning in OUTCOMES.items())])
