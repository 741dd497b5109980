"""The edge of competence: the difficulties that a policy masters, those that it rarely solves, and those that it cannot solve."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from analysis.measures.estimates import bootstrap, exact_pass_at_k
from analysis.measures.scores import Scores, read_scores
from synthtasks.checked import Checked, From, check
from train.score import Score
from train.stages.disk import write_json
from train.stages.stage import Context, Stage

REGIONS = ("below", "at", "beyond")


@dataclass(frozen=True)
class Rule(Checked):
    """The region of a difficulty, by the point estimates of exact pass@1 and pass@128.

    A difficulty in none of them is *between*, and used by no cell: `at` must be difficult, in reach, and leave room to gain.
    """

    mastered: float = 0.9  # below: pass@1 at least
    hard: float = 0.5  # at: pass@1 less than
    reach: float = 0.05  # at: pass@128 at least
    room: float = 0.8  # at: pass@128 at most
    hopeless: float = 0.005  # beyond: pass@128 at most

    def region(self, pass_1: float, pass_128: float) -> str:
        """`below`, `at`, `beyond` or `between`."""
        if pass_1 >= self.mastered:
            return "below"
        if pass_128 <= self.hopeless:
            return "beyond"
        if pass_1 < self.hard and self.reach <= pass_128 <= self.room:
            return "at"
        return "between"

    def wants(self, region: str) -> str:
        """The conditions of a region, in words."""
        return {
            "below": f"pass@1 >= {self.mastered}",
            "at": f"pass@1 < {self.hard} and {self.reach} <= pass@128 <= {self.room}",
            "beyond": f"pass@128 <= {self.hopeless}",
        }[region]


@dataclass(frozen=True, eq=False, repr=False)
class Edge(Stage):
    """The edge of the scored policy.

    Writes `edge.json`: each difficulty with its region, pass@1 and pass@128 with intervals over problems, and the
    probability that all words of a role are right; and of each region the band (its first `width` difficulties; of
    `below` the last), or the reason why there is none.
    """

    scores: Score
    rule: Rule = Rule()
    width: Annotated[int, From(1)] = 2

    writes: ClassVar[tuple[str, ...]] = ("edge.json",)

    def __post_init__(self) -> None:
        check(self)

    def run(self, out: Path, context: Context) -> None:
        scores = read_scores(self.scores, context)
        map_ = [self._difficulty(scores, i) for i in range(len(scores.difficulties))]
        found = {region: [row["difficulty"] for row in map_ if row["region"] == region] for region in REGIONS}
        bands = {region: every[-self.width :] if region == "below" else every[: self.width] for region, every in found.items()}
        lacks = f"no difficulty from {scores.difficulties[0]} to {scores.difficulties[-1]} has"
        reasons = {region: f"{lacks} {self.rule.wants(region)}" for region, every in found.items() if not every}
        write_json(out / "edge.json", {"map": map_, "bands": bands, "reasons": reasons})

    def _difficulty(self, scores: Scores, i: int) -> dict[str, object]:
        first, many = (exact_pass_at_k(scores.plain[i], k) for k in (1, 128))
        difficulty = scores.difficulties[i]
        return {
            "difficulty": difficulty,
            "region": self.rule.region(float(first.mean()), float(many.mean())),
            "pass@1": vars(bootstrap(first, "edge", 1, difficulty)),
            "pass@128": vars(bootstrap(many, "edge", 128, difficulty)),
            "roles": {r: math.fsum(exact_pass_at_k(scores.role(r)[i], 1)) / len(first) for r in ("plan", "copy", "execute")},
        }
