"""Where RL has to practise: at every second difficulty, with the same base, against the coin at three of them.

Below some depth the base solves everything, beyond another nothing: there no group of completions has signal. Between them RL may
carry the edge, wherever it practises.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.claims.claims import At, Claim, More, Past, Same, gain
from analysis.design.recipes import REWARDS, Tasks, base, exam, needing, practise, present_edge, score, tasks_of
from analysis.design.study import Figure, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import Exact, Regions, bands_of, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from synthtasks.families import level
from train.ledger import read_ledger
from train.rl.problems import Endless
from train.stages.stage import Shelf

DEPTHS = tuple(range(2, 27, 2))  # difficulties of the problems that RL is given, as far as the scale goes
COINS = DEPTHS[1:6:2]
DEEPER = 2  # steps beyond the edge, where RL was given nothing


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
    """Where RL practised: its depth, the base's success there, the share of groups with signal, and the gain in points at the edge and
    deeper."""

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


def at(depth: int, reward: str = "process") -> dict[str, str]:
    """The labels of a cell."""
    return {"depth": str(depth), "reward": reward}


MASTERED, NEAR = 2, 8
DEEP = Past("at", DEEPER)

CLAIMS = (
    Claim("1 gain at the edge", "RL on problems of 8 steps raises pass@128 at the edge.", gain(at(NEAR)), More(10)),
    Claim("2 gain deeper", "... and two steps beyond the edge.", gain(at(NEAR), DEEP), More(10)),
    Claim(
        "3 mastered: no gain", "RL on problems of 2 steps, which the base masters, does not move the edge.", gain(at(MASTERED)), Same(10)
    ),
    Claim(
        "4 where matters",
        "RL on 8 steps gains more at the edge than RL on 2 steps.",
        (*gain(at(NEAR)), *gain(at(MASTERED), sign=-1.0)),
        More(10),
    ),
    Claim(
        "5 more than a coin",
        "The gain of claim 1 exceeds that of a random reward on the same problems.",
        (*gain(at(NEAR)), *gain(at(NEAR, "coin"), sign=-1.0)),
        More(0),
    ),
    *(Claim(f"gain by RL on {n} steps", "At the edge.", gain(at(n))) for n in DEPTHS if n not in (MASTERED, NEAR) and n <= 10),
    *(Claim(f"gain by a coin on {n} steps", "At the edge.", gain(at(n, "coin"), At())) for n in COINS if n <= 10),
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
