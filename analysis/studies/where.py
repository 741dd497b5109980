"""The study of where RL must practise: every second difficulty, one base for each seed, and a coin as control at three of them.

Below some depth the base solves everything, and beyond another nothing: no group of completions has signal there. Between them RL may move
the edge, wherever it practises.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.claims.claims import Claim, More, Past, Same, gain
from analysis.design.recipes import REWARDS, Tasks, base, exam, needing, practise, present_edge, score, tasks_of
from analysis.design.study import Figure, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import Exact, Regions, bands_of, scored
from analysis.measures.facts import Cell, Fact, Outcome
from analysis.measures.noted import Noted
from synthtasks.families import level
from train.ledger import read_ledger
from train.rl.problems import Endless
from train.stages.stage import Shelf

DEPTHS = tuple(range(2, 27, 2))  # difficulties at which RL practises, up to the deepest of the scale
COINS = DEPTHS[1:10:4]  # the base masters all, most, and few problems there
DEEPER = 2  # steps beyond the edge


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Process reward at every depth, and the coin at some."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    depths = {level(f): f for f in exam(family, scale.deepest)}
    for reward, chosen in (("process", DEPTHS), ("coin", COINS)):
        for depth in (n for n in chosen if n in depths):
            learned = practise(scale, policy, Endless(depths[depth]), REWARDS[reward], seed, tasks)
            after = score(scale, learned, family, seed, tasks=tasks)
            yield Cell.of({"depth": str(depth), "reward": reward}, seed, edge=edge, before=edge.scores, learn=learned, after=after)


@dataclass(frozen=True)
class Practised:
    """Facts about one place of practice: its depth, the success of the base there, the share of groups with signal, and the gain in
    points at the edge and deeper."""

    needs: tuple[str, ...] = ("edge", "before", "after", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        depth, band = int(dict(cell.labels)["depth"]), bands_of(cell, shelf)["at"]
        before, after = scored(cell, "before", shelf), scored(cell, "after", shelf)
        problems = before.plain.shape[1]
        yield cell.fact("learning", "given", depth, 1.0)
        yield cell.fact("learning", "updates", None, float(read_ledger(shelf.get(cell["learn"])).updates))
        there = exact_pass_at_k(before.plain[before.at(depth)], 1)
        yield cell.fact("before", "pass@1 where RL practised", None, float(there.mean()), problems)
        signal = [fact.value for fact in Noted("learn", ("signal",))(cell, shelf)]
        yield cell.fact("learning", "share of groups with signal", None, sum(signal) / len(signal), len(signal))
        deeper = [n for n in [max(band, default=0) + DEEPER] if band and n in before.difficulties]
        for name, places in (("at the edge", band), ("two deeper", deeper)):
            if places:
                at = [before.at(n) for n in places]
                gains = exact_pass_at_k(after.plain[at], 128) - exact_pass_at_k(before.plain[at], 128)
                yield cell.fact("after", f"gain {name}", None, 100 * float(gains.mean()), problems)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact("learning", "given", int(dict(cell.labels)["depth"]), 1.0)
        yield cell.fact("learning", "updates", None, 1.0)


@dataclass(frozen=True)
class Nearest:
    """Picks the cell of the first of these depths that reaches the start of a region of the seed's edge, or else of the deepest; none if
    the edge has no such region."""

    region: str = "at"
    among: tuple[int, ...] = DEPTHS

    def __call__(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        cells = {depth: o for o in outcomes if (depth := int(o.labels["depth"])) in self.among}
        first = outcomes[0].places("edge", f"band {self.region}")[:1]
        return [cells[min(cells, key=lambda depth: (depth < start, abs(depth - start)))] for start in first]


PROCESS, COIN = {"reward": "process"}, {"reward": "coin"}
MASTERED = {"depth": "2", "reward": "process"}
AT, AT_COINS, DEEP = Nearest(), Nearest(among=COINS), Past("at", DEEPER)

CLAIMS = (
    Claim("1 gain at the edge", "RL on problems at the edge raises pass@128 there.", gain(PROCESS, pick=AT), More(10)),
    Claim("2 gain deeper", "... and two steps deeper.", gain(PROCESS, DEEP, pick=AT), More(10)),
    Claim("3 mastered: no gain", "RL on problems of 2 steps, which the base masters, does not move the edge.", gain(MASTERED), Same(10)),
    Claim(
        "4 where matters",
        "RL at the edge gains more there than RL on problems of 2 steps.",
        (*gain(PROCESS, pick=AT), *gain(MASTERED, sign=-1.0)),
        More(10),
    ),
    Claim(
        "5 more than a coin",
        "Where a coin was tried next to the edge, the true reward gains more.",
        (*gain(PROCESS, pick=AT_COINS), *gain(COIN, sign=-1.0, pick=AT_COINS)),
        More(0),
    ),
    Claim("gain by RL beyond", "RL on problems beyond the edge.", gain(PROCESS, pick=Nearest("beyond"))),
    Claim("gain by a coin", "The coin next to the edge.", gain(COIN, pick=AT_COINS)),
)

STUDY = Study(
    name="where",
    question="Where has reinforcement learning to practise, so that the edge of competence moves?",
    source="arXiv:2602.14872",
    axes={"depth": tuple(map(str, DEPTHS)), "reward": ("process", "coin")},
    cells=cells,
    measures=(Regions(), Exact("before", "before"), Exact("after", "after"), Practised(), Noted("learn")),
    claims=CLAIMS,
    figures=(
        Figure(
            "Gain, by what the base could do where RL practised",
            Scatter(
                (
                    Axis("before", "pass@1 where RL practised", "pass@1 of the base where RL practised"),
                    Axis("learning", "share of groups with signal", "share of groups with signal in RL"),
                ),
                (Axis("after", "gain at the edge", "at the edge"), Axis("after", "gain two deeper", "two steps deeper")),
                "gain in pass@128, points of 100",
                colour="reward",
                name="depth",
            ),
            "Each depth at which RL practised is a mark: the mean over seeds with its 95 % interval; the number is the depth, dots are "
            "seeds. Left: by the base's success there. Right: by the share of groups whose rewards differ. Where the base masters or never "
            "solves a depth, no group has signal and nothing is gained.",
        ),
    ),
    options=Tasks(),
)
