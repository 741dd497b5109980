"""Where has RL to practise? Every arm practises at one difficulty, from what the base masters to what it never solves.

The exact success p of the base on a problem says, before RL, how often a group of G completions has signal: 1 - p^G - (1 - p)^G. To tell
signal from depth, one arm practises at a fixed depth with rewards in a small share of the groups: as few have signal there as where the
base masters the problems.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from analysis.claims.claims import Claim, Contrast, Everywhere, More, Past, Places, Same, gain
from analysis.design.arms import continued, sft
from analysis.design.recipes import REWARDS, Tasks, base, exam, needing, practise, present_edge, score, tasks_of
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.compute import Compute
from analysis.measures.estimates import Floats, exact_pass_at_k
from analysis.measures.exact import BEFORE_AND_AFTER, bands_of, scored
from analysis.measures.facts import Cell, Fact, Outcome
from analysis.measures.noted import Noted
from synthtasks.checked import Checked, From
from synthtasks.families import level
from synthtasks.rng import rng
from train.learn import Learn
from train.ledger import read_ledger
from train.losses import Practice
from train.rl import Endless, Reward, Rollouts
from train.run import Run
from train.stages.seal import defined
from train.stages.stage import Shelf

if TYPE_CHECKING:
    from torch import Tensor

DEPTHS = (4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 24)  # difficulties at which RL practises
CONTROLLED = (6, 10)  # ... and other ways to spend as much compute there
THIN, KEPT = 8, 0.02  # the depth at which rewards are thinned out, and the share of the groups that keep theirs
ARMS = ("process", "coin", "thinned", "sft", "continued")
DEEPER = 2  # steps beyond the edge
FEWEST = 1e-3  # groups with signal: fewer are shown as so many


@dataclass(frozen=True)
class Thinned(Checked):
    """A reward in a share of the groups, drawn at random. In the others every completion gets 0, so that nothing is learned from them."""

    reward: Reward
    kept: Annotated[float, From(0, 1)]

    def __call__(self, r: Rollouts, run: Run) -> "Tensor":  # [B, T]
        kept = rng("thinned", *r.path).random(len(r.problems)) < self.kept  # [P]
        return self.reward(r, run) * r.mask.new_tensor(kept.repeat(r.group))[:, None]


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Process reward at every depth; at some a coin, and fine-tuning and more pretraining with the compute of RL."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    rewards = {**REWARDS, "thinned": Thinned(REWARDS["process"], KEPT)}
    for here in (f for f in exam(family, scale.deepest) if level(f) in DEPTHS):
        depth, problems = level(here), Endless(here)
        arms = {arm: practise(scale, policy, problems, rewards[arm], seed, tasks) for arm in ("process", "coin", "thinned")}
        like = arms["process"]
        arms |= {"sft": sft(scale, policy, problems, like, seed, tasks), "continued": continued(scale, policy, like)}
        chosen = ("process", *(("coin", "sft", "continued") if depth in CONTROLLED else ()), *(("thinned",) if depth == THIN else ()))
        for arm in chosen:
            stages = {"edge": edge, "before": edge.scores, "base": policy, "learn": arms[arm]}
            stages |= {"budget": like} if arm in ("sft", "continued") else {}
            after = score(scale, arms[arm], family, seed, tasks=tasks)
            yield Cell.of({"depth": str(depth), "arm": arm}, seed, **stages, after=after)


def signal(logp: Floats, group: int) -> Floats:  # [P] -> [P]
    """The chance that some of a problem's completions are right, and some are not."""
    p = np.exp(np.minimum(logp, 0.0))
    return np.asarray(exact_pass_at_k(logp, group) - p**group)


@dataclass(frozen=True)
class Practised:
    """Facts about one place of practice: its depth, the success of the base there, the groups with signal, and the gain in points at the
    edge, deeper, and over the whole map."""

    needs: tuple[str, ...] = ("edge", "before", "after", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        depth, band = int(dict(cell.labels)["depth"]), bands_of(cell, shelf)["at"]
        before, after = scored(cell, "before", shelf), scored(cell, "after", shelf)
        problems, learn = before.plain.shape[1], cell.stage("learn", Learn)
        yield cell.fact("learning", "given", depth, 1.0)
        yield cell.fact("learning", "updates", None, float(read_ledger(defined(shelf.get(learn))).updates))
        there = before.plain[before.at(depth)]
        yield cell.fact("before", P_1, None, float(exact_pass_at_k(there, 1).mean()), problems)
        practice = learn.losses[0][1]
        if isinstance(practice, Practice) and isinstance(learn.iterations, int):
            share = float(signal(there, practice.sampler.group).mean())
            groups = practice.problems * learn.iterations * share
            yield cell.fact("before", GROUPS, None, float(np.log10(max(groups, FEWEST))), problems)
            noted = [fact.value for fact in Noted("learn", ("signal",))(cell, shelf)]
            yield cell.fact("learning", "share of groups with signal", None, sum(noted) / len(noted), len(noted))
        deeper = [n for n in [max(band, default=0) + DEEPER] if band and n in before.difficulties]
        for name, places in (("at the edge", band), ("two deeper", deeper), ("over the map", before.difficulties)):
            if places:
                at = [before.at(n) for n in places]
                gains = exact_pass_at_k(after.plain[at], 128) - exact_pass_at_k(before.plain[at], 128)
                yield cell.fact("after", f"gain {name}", None, 100 * float(gains.mean()), problems)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        """As if the base solved the depths always, nearly always, seldom, never and often, in turn."""
        depth = int(dict(cell.labels)["depth"])
        kind = DEPTHS.index(depth) % 5
        yield cell.fact("learning", "given", depth, 1.0)
        yield cell.fact("learning", "updates", None, 1.0)
        yield cell.fact("before", P_1, None, (1.0, 0.95, 0.2, 0.0, 0.7)[kind])
        yield cell.fact("before", GROUPS, None, (1.0, 2.0, 3.0, -2.0, 3.0)[kind])


P_1, GROUPS = "pass@1 where RL practised", "log10 of expected groups with signal"


@dataclass(frozen=True)
class Between:
    """Picks the cells in which a number of the base lies between two bounds, the upper one left out."""

    low: float
    high: float
    metric: str = P_1

    def __call__(self, outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        values = [(o, o.value("before", self.metric)) for o in outcomes]
        return [o for o, value in values if value is not None and self.low <= value < self.high]


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


PROCESS, COIN, THINNED, SFT, CONTINUED = ({"arm": arm} for arm in ARMS)
MASTERED, NEARLY, PLATEAU = Between(0.995, 2.0), Between(0.9, 0.995), Between(0.1, 0.9)
UPPER, LOWER = Between(0.5, 0.9), Between(0.1, 0.5)
SILENT = Between(-9.0, -1.0, GROUPS)  # a chance below .1 of a single group with signal
DEEP, MAP, TAUGHT = Past("at", DEEPER), Everywhere(), Places((1.0, 2.0, 3.0))
NEXT = Nearest(among=CONTROLLED)


def there(labels: dict[str, str], pick: Between | Nearest, sign: float = 1.0) -> Contrast:
    """The gain at the edge by practice at the picked depths."""
    return gain(labels, pick=pick, sign=sign)


CLAIMS = (
    Claim(
        "1 plateau: gain",
        "RL where the base solves problems with p from .1 to .9 raises pass@128 at the edge.",
        there(PROCESS, PLATEAU),
        More(10),
    ),
    Claim("2 plateau: gain deeper", "... and two steps deeper.", gain(PROCESS, DEEP, pick=PLATEAU), More(10)),
    Claim(
        "3 mastered: no gain",
        "RL where the base masters problems (p of .995 or more) does not move the edge.",
        there(PROCESS, MASTERED),
        Same(10),
    ),
    Claim(
        "4 onset",
        "RL on problems that the base nearly masters (p from .9 to .995) gains more than RL on mastered ones.",
        (*there(PROCESS, NEARLY), *there(PROCESS, MASTERED, -1.0)),
        More(5),
    ),
    Claim(
        "5 no peak",
        "On the plateau, RL where p is below .5 gains as much as RL where it is above.",
        (*there(PROCESS, LOWER), *there(PROCESS, UPPER, -1.0)),
        Same(10),
    ),
    Claim(
        "6 end: no gain",
        "RL where the base hardly ever shows a right completion does not move the edge.",
        there(PROCESS, SILENT),
        Same(10),
    ),
    Claim(
        "7 signal, not depth",
        "At 8 steps, with rewards in 2 % of the groups, RL gains no more than on mastered problems.",
        (*there(THINNED, Between(0.05, 0.99)), *there(PROCESS, MASTERED, -1.0)),
        Same(10),
    ),
    Claim(
        "8 more than a coin",
        "Next to the edge, the true reward gains more than a coin.",
        (*there(PROCESS, NEXT), *there(COIN, NEXT, -1.0)),
        More(10),
    ),
    Claim(
        "9 more than pretraining",
        "... and more than continued pretraining with the compute of RL.",
        (*there(PROCESS, NEXT), *there(CONTINUED, NEXT, -1.0)),
        More(10),
    ),
    Claim(
        "10 as much as SFT",
        "... and as much as fine-tuning, with the compute of RL, on gold derivations of the same problems.",
        (*there(PROCESS, NEXT), *there(SFT, NEXT, -1.0)),
        Same(10),
    ),
    *(
        Claim(f"{name}: {what}", f"{name} next to the edge: {what}.", gain(arm, where, metric, pick=NEXT), unit=f"{metric}, points of 100")
        for name, arm in (("RL", PROCESS), ("SFT", SFT))
        for what, where, metric in (("gain over the map", MAP, "pass@128"), ("gain where pretraining solved problems", TAUGHT, "pass@1"))
    ),
)

STUDY = Study(
    name="where",
    question="Where has reinforcement learning to practise, so that the edge of competence moves?",
    source="arXiv:2602.14872",
    axes={"depth": tuple(map(str, DEPTHS)), "arm": ARMS},
    cells=cells,
    measures=(*BEFORE_AND_AFTER, Practised(), Compute(), Noted("learn")),
    claims=CLAIMS,
    figures=(
        Figure(
            "Gain, by what the base could do where RL practised",
            Scatter(
                (
                    Axis("before", P_1, "pass@1 of the base where RL practised"),
                    Axis("before", GROUPS, "log10 of groups with signal, expected of the base"),
                ),
                (
                    Axis("after", "gain at the edge", "at the edge"),
                    Axis("after", "gain two deeper", "two steps deeper"),
                    Axis("after", "gain over the map", "over the map"),
                ),
                "gain in pass@128, points of 100",
                colour="arm",
                name="depth",
            ),
            "Each arm and depth of practice is a mark: the mean over seeds with its 95 % interval; the number is the depth, dots are "
            "seeds. Left: by the exact success of the base there. Right: by the number of groups in the whole run that would have signal "
            "if the policy stayed as the base (0.001 or fewer at the left end). The table-top of the left column has a steep side near "
            "p = 1; the logarithm of the right column draws its other side, near p = 0, apart.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2512.07783, figure 1",
                "RL at the edge of competence raises pass@128 there by up to 42 points; one seed, without an interval.",
            ),
            Published(
                "arXiv:2602.14872",
                "RL relays itself to harder problems along a smooth spectrum of difficulty.",
            ),
        ),
        "The table-top would fall if RL where p is below .5 gained otherwise than where it is above (claim 5); that "
        "signal matters and not depth would fall if rewards in 2 % of the groups gained as much as rewards in all of "
        "them (claim 7).",
        checks=("8 more than a coin",),
    ),
)
