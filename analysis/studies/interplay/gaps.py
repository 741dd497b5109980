"""Does RL need a smooth spectrum of difficulties, or does it cross a gap?

Every arm practises on a mixture of difficulties in equal shares, as many problems in all. Those of the spectra are counted from the first
difficulty at the edge of the seed's base, so that a gap lies at the same place in every seed: on what the base solves now and then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.claims.claims import At, Claim, Everywhere, More, Past, Same, Share, gain
from analysis.design.recipes import REWARDS, Tasks, base, needing, practise, present_edge, score, tasks_of
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.spread import Gain, Spread
from analysis.measures.compute import spent_on
from analysis.measures.exact import BEFORE_AND_AFTER, bands_of
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from synthtasks.families import at, difficulties, level
from train.learn import Learn
from train.ledger import read_ledger
from train.losses import Practice
from train.rl import Around, Band, Endless, Mixture, Prefixed, ProblemSource, Schedule
from train.rl.problems import without
from train.stages.seal import defined
from train.stages.stage import Shelf, Stage

LADDER = range(-4, 11, 2)  # steps from the edge: from what the base masters, or nearly, to what it never solves
ONE, TWO = (range(-1, 8),), (range(-3, 2), range(3, 8))
SPECTRA = {"smooth": tuple(LADDER), "one gap": without(LADDER, *ONE), "two gaps": without(LADDER, *TWO)}
MASTERED = (2, 3)  # steps: every base solves these always
REGIONS = ("below", "beyond")  # on which RL practises alone, as in the factorial study
WIDEST, COIN = "widest gap", "smooth, coin"
ARMS = (*SPECTRA, WIDEST, *REGIONS, COIN)


def problems(setting: Setting, seed: int, arm: str) -> ProblemSource:
    """The problems of an arm."""
    scale, tasks = setting.scale, tasks_of(setting)
    family, edge = needing(scale, tasks), present_edge(scale, tasks, seed)
    if arm == WIDEST:
        every = difficulties(family, scale.deepest)
        easy = [n for n in every if n in MASTERED] or every[:1]
        parts = [(1.0, n) for n in easy] + [(float(len(easy)), every[-1])]
        return Mixture(tuple((weight, Endless(at(family, n))) for weight, n in parts))
    if arm in REGIONS:
        return Band(family, edge, arm)  # type: ignore[arg-type]  # one of them
    return Around(family, edge, SPECTRA["smooth" if arm == COIN else arm])


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """An arm each."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    for arm in ARMS:
        reward = REWARDS["coin" if arm == COIN else "process"]
        learned = practise(scale, policy, problems(setting, seed, arm), reward, seed, tasks)
        after = score(scale, learned, family, seed, tasks=tasks)
        yield Cell.of({"mixture": arm}, seed, edge=edge, before=edge.scores, base=policy, learn=learned, after=after)


def levels(source: ProblemSource, edge: Stage, bands: Mapping[str, Sequence[int]]) -> set[int]:
    """The difficulties of a source, as far as they follow from the bands of this edge."""
    match source:
        case Endless(family=family):
            return {level(family)}
        case Band(edge=its, region=region) if its == edge:
            return set(bands[region])
        case Around(edge=its, region=region, offsets=offsets) if its == edge:
            return {bands[region][0] + by for by in offsets} if bands[region] else set()
        case Mixture(parts=parts) | Schedule(turns=parts):
            return {n for _, part in parts for n in levels(part, edge, bands)}
        case Prefixed(source=inner):
            return levels(inner, edge, bands)
    return set()


@dataclass(frozen=True)
class Given:
    """The difficulties that RL was given, those of its last round, and the optimiser steps that it took in all rounds."""

    needs: tuple[str, ...] = ("edge", "base", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        practice = cell.stage("learn", Learn).losses[0][1]
        assert isinstance(practice, Practice)
        given = levels(practice.source, cell["edge"], bands_of(cell, shelf))
        yield from (cell.fact("learning", "given", n, 1.0) for n in sorted(given))
        made = spent_on(cell["learn"], cell["base"])
        yield cell.fact("learning", "updates", None, float(sum(read_ledger(defined(shelf.get(stage))).updates for stage in made)))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact("learning", "updates", None, 1.0)


def arm(name: str) -> dict[str, str]:
    """The labels of an arm."""
    return {"mixture": name}


BEYOND, DEEPER, MAP = At("beyond"), Past("at", 2), Everywhere()
SMOOTH, GAP = arm("smooth"), arm("one gap")

CLAIMS = (
    Claim(
        "1 smooth carries beyond", "RL on a smooth spectrum raises pass@128 where the base solves nothing.", gain(SMOOTH, BEYOND), More(10)
    ),
    Claim(
        "2 a gap costs",
        "A gap over the edge takes away some of that.",
        (*gain(SMOOTH, BEYOND), *gain(GAP, BEYOND, sign=-1.0)),
        More(5),
    ),
    Claim(
        "3 relay",
        "Across the gap, problems beyond help: RL on both sides gains more beyond than RL below the edge alone.",
        (*gain(GAP, BEYOND), *gain(arm("below"), BEYOND, sign=-1.0)),
        More(5),
    ),
    Claim(
        "4 widest gap: no gain",
        "Where the base masters one side of the gap, and never solves the other, nothing is gained at the edge.",
        gain(arm(WIDEST)),
        Same(10),
    ),
    Claim(
        "5 more than a coin",
        "On the smooth spectrum, the true reward gains more than a coin.",
        (*gain(SMOOTH, BEYOND), *gain(arm(COIN), BEYOND, sign=-1.0)),
        More(10),
    ),
    *(Claim(f"{name}: beyond", f"Gain where the base solves nothing, {name}.", gain(arm(name), BEYOND)) for name in ("two gaps", *REGIONS)),
    *(
        Claim(
            f"{name}: seeds",
            f"Seeds that gain more than 10 points where the base solves nothing, {name}.",
            gain(arm(name), BEYOND),
            Share(10),
        )
        for name in (*SPECTRA, *REGIONS)
    ),
    *(Claim(f"{name}: whole map", f"Gain over every difficulty, {name}.", gain(arm(name), MAP)) for name in (*SPECTRA, *REGIONS)),
)

STUDY = Study(
    name="gaps",
    question="Does reinforcement learning need a smooth spectrum of difficulties, or does it cross a gap?",
    source="arXiv:2602.14872",
    axes={"mixture": ARMS},
    cells=cells,
    measures=(*BEFORE_AND_AFTER, Given(), Noted("learn")),
    claims=CLAIMS,
    figures=(
        Figure(
            "Each seed, by the mixture on which RL practised",
            Spread({"two steps deeper than the edge": Gain(DEEPER), "beyond the edge": Gain(BEYOND), "whole map": Gain(MAP)}, "mixture"),
            "Gain in pass@128. Each dot is a seed, the bar their mean. At the right: the seeds that gain more than 10 points (dotted "
            "line), with the 95 % interval of their share (Clopper and Pearson). Where dots lie in two heaps, the mean describes no seed.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2602.14872",
                "RL relays itself along smooth spectra of difficulty, and stays on a plateau where they have a gap.",
            ),
        ),
        "The relay would fall if a spectrum with a gap gained as much as a smooth one beyond the edge (claim 2), or if "
        "RL on problems far too easy and far too hard moved the edge (claim 4).",
        checks=("5 more than a coin",),
    ),
)
