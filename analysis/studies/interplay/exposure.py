"""The study of exposure: how often must pretraining have shown the results of a primitive, so that RL can build on them?

All bases read the same documents. They differ in the documents in which the results of the withheld primitive carry loss: in none, in
about a tenth or a third of all, or in all of them. A tenth is shown either inside problems of several steps or alone, in problems of one
step: about as many results. Each base practises at its own edge. A base that does not know the results may learn to say the likeliest one
(0 is the product in 27 of 100 cases, and stays 0 under further products), so the base that saw none is the floor for all others.

The study `contexts` asks the same of a context.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from math import log10
from typing import cast

from analysis.claims.claims import At, Claim, Contrast, More, Places, Same, Term, gain
from analysis.design.recipes import (
    REWARDS,
    Tasks,
    base,
    corpus,
    everything,
    exam,
    knowing,
    needing,
    practise,
    present_edge,
    pretrained,
    score,
    tasks_of,
)
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.edge import Edge
from analysis.measures.effects import Changes, Fitted, Forgetting, OnDepth
from analysis.measures.effects.forgetting import KNOWN
from analysis.measures.exact import BEFORE_AND_AFTER, Updates
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Uses
from synthtasks.rng import rng
from train.learn import Learn
from train.losses.imitate import Imitate
from train.rl.problems import Band
from train.score import Score
from train.stages.stage import Context, Shelf

SHARES = {"10%": 0.135, "30%": 0.35}  # of the problems of several steps, which hold 86 % of all results
LONE = 0.72  # of the problems of one step, which hold the other 14 %: as many results as "10%"
FULL = "composed"
DEPTH = 4  # steps, as deep as pretraining solves at the scale `cpu`
PROBED = 16  # iterations of each recipe whose results are counted


def dosed(scale: Scale, tasks: Tasks, share: float, alone: bool) -> Corpus:
    """The corpus of the absent base, with the results of the withheld primitives shown in a share of the problems of one step (`alone`), or
    of several. The parts of a recipe stand side by side, so that each iteration reads what it reads without them."""
    whole = corpus(scale, tasks.withhold, tasks)
    parts = list[Recipe]()
    for i, recipe in enumerate(whole.recipes):
        if i < scale.solved and (i == 0) == alone:
            parts += [
                replace(recipe, weight=(1 - share) * recipe.weight),
                replace(recipe, weight=share * recipe.weight, shown=tasks.withhold),
            ]
        else:
            parts.append(recipe)
    return replace(whole, recipes=tuple(parts))


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """RL of each base at its own edge, on problems that need the primitive; and of the one that saw all by a coin."""
    scale, tasks = setting.scale, tasks_of(setting)
    present, narrow = base(scale, (), seed, tasks), replace(scale, width=scale.width // 2)
    yield practised({"seen": "none", "kind": FULL}, scale, tasks, seed, base(scale, tasks.withhold, seed, tasks))
    for seen, share in SHARES.items():
        shown = pretrained(scale, dosed(scale, tasks, share, alone=False), seed, tasks)
        yield practised({"seen": seen, "kind": FULL}, scale, tasks, seed, shown)
    yield practised({"seen": "all", "kind": FULL}, scale, tasks, seed, present)
    alone = pretrained(scale, dosed(scale, tasks, LONE, alone=True), seed, tasks)
    yield practised({"seen": "10%", "kind": "alone"}, scale, tasks, seed, alone)
    small = pretrained(narrow, dosed(narrow, tasks, SHARES["30%"], alone=False), seed, tasks)
    yield practised({"seen": "30%", "kind": "half width"}, narrow, tasks, seed, small)
    yield practised({"seen": "all", "kind": "coin"}, scale, tasks, seed, present, "coin")


def practised(labels: dict[str, str], scale: Scale, tasks: Tasks, seed: int, policy: Learn, reward: str = "process") -> Cell:
    """The cell of a base that practises at its own edge; that of the base that saw all is the edge of the factorial study."""
    family, edge = needing(scale, tasks), present_edge(scale, tasks, seed)
    if policy != edge.scores.policy:
        edge = Edge(score(scale, policy, family, seed, tasks=tasks))
    learned = practise(scale, policy, Band(family, edge, "at"), REWARDS[reward], seed, tasks)
    return Cell.of(
        labels,
        seed,
        edge=edge,
        before=edge.scores,
        after=score(scale, learned, family, seed, tasks=tasks),
        base=policy,
        learn=learned,
        known_before=without(scale, policy, seed, tasks),
        known_after=without(scale, learned, seed, tasks),
    )


def guessed(cell: Cell) -> tuple[str, ...]:
    """The primitives that every problem of the cell needs."""
    uses: Uses = getattr(cell.stage("edge", Edge).scores.families[0], "uses", Uses())
    return uses.names


def at_the_edge(cell: Cell) -> str:
    """The region in which RL practises, in every cell."""
    return "at"


def without(scale: Scale, policy: Learn, seed: int, tasks: Tasks) -> Score:
    """The exact success of a policy on problems such as pretraining solves that do not need the primitive, where there are such."""
    family = knowing(scale, tasks) or everything(scale, tasks)
    return Score(policy, exam(family, scale.solved), scale.exam_problems, (1.0,), tasks.said, seed)


@dataclass(frozen=True)
class Seen:
    """How many results of the withheld primitives carried loss in pretraining, and the logarithm of one more, for a figure. Estimated: the
    iterations of each recipe are counted, and the results in the first few of them."""

    needs: tuple[str, ...] = ("base", "edge")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        return self._facts(cell, seen(cell.stage("base", Learn), guessed(cell), shelf))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return self._facts(cell, 0.0)

    def _facts(self, cell: Cell, count: float) -> Iterator[Fact]:
        yield cell.fact("before", "results seen", None, count)
        yield cell.fact("before", "log10 of results seen", None, log10(1 + count))


def seen(policy: Learn, names: Collection[str], shelf: Shelf) -> float:
    """The results of primitives of these names that carried loss while a base was pretrained."""
    ((_, imitate),) = policy.losses
    assert isinstance(imitate, Imitate)
    read = imitate.source
    assert isinstance(read, Corpus)
    assert isinstance(policy.iterations, int)
    iterations: dict[Recipe, list[int]] = {}
    for i in range(policy.iterations):
        iterations.setdefault(read.recipe(rng("recipe", i)), []).append(i)
    count = 0.0
    for recipe, mine in iterations.items():
        if shown := {*names} - ({*read.withheld} - {*recipe.shown}):
            probed = mine[:PROBED]
            results = [
                r for i in probed for d in imitate.documents(cast(Context, shelf), i) for r in d.results
            ]  # a corpus asks it for nothing
            count += sum(r.primitive in shown for r in results) * len(mine) / len(probed)
    return count


NONE, TENTH, THIRD, ALL = ({"kind": FULL, "seen": seen} for seen in ("none", *SHARES, "all"))
ALONE, SMALL, COIN = ({"kind": kind} for kind in ("alone", "half width", "coin"))
THERE = Places((DEPTH,))
FIRST = "pass@1, points of 100"


def gained(labels: dict[str, str]) -> Contrast:
    """The gain in pass@1 on problems as deep as pretraining solves."""
    return gain(labels, THERE, "pass@1")


def after(labels: dict[str, str], sign: float = 1.0) -> Contrast:
    """pass@1 there after RL."""
    return ((sign, Term(tuple(labels.items()), THERE, "pass@1")),)


def known(labels: dict[str, str], sign: float) -> Contrast:
    """The success of the base where the primitive is not needed."""
    return ((sign, Term(tuple(labels.items()), Places(), KNOWN, "before")),)


CLAIMS = (
    Claim("1 a third is enough", "RL at the edge of a base that saw 30 % of the results raises pass@128 there.", gain(THIRD), More(10)),
    Claim("2 a tenth is not", "After RL, 10 % reaches less at 4 steps than 30 %.", (*after(THIRD), *after(TENTH, -1.0)), More(10), FIRST),
    Claim("3 a tenth is as none", "After RL, 10 % reaches there what none reaches.", (*after(TENTH), *after(NONE, -1.0)), Same(10), FIRST),
    Claim("4 a third is as all", "After RL, 30 % reaches there what all reaches.", (*after(THIRD), *after(ALL, -1.0)), Same(10), FIRST),
    Claim("5 more than a coin", "The gain of claim 1 exceeds that of a coin.", (*gain(THIRD), *gain(COIN, sign=-1.0)), More(5)),
    Claim(
        "6 elsewhere the same",
        "Where the primitive is not needed, bases that saw 30 % and all solve as much.",
        (*known(THIRD, 1.0), *known(ALL, -1.0)),
        Same(5),
        "pass@1 without the primitive, points of 100",
    ),
    Claim("gain from none", "RL for a base that saw none, at 4 steps: it may learn the likeliest result.", gained(NONE), unit=FIRST),
    Claim("gain from a tenth", "RL for a base that saw 10 %, at 4 steps ...", gained(TENTH), unit=FIRST),
    Claim("pass@128 from a tenth", "... and in pass@128: below 0, RL sharpens what was seen.", gain(TENTH, THERE)),
    Claim("alone less composed", "After RL, 10 % seen alone less 10 % composed.", (*after(ALONE), *after(TENTH, -1.0)), unit=FIRST),
    Claim("half the width", "After RL, 30 % at half the width less at the full width.", (*after(SMALL), *after(THIRD, -1.0)), unit=FIRST),
    Claim(
        "created",
        "Problems at its edge that RL newly solved for the base that saw 30 %, and that 128 samples of it hardly show.",
        ((1.0, Term(tuple(THIRD.items()), At(), "created@128")),),
        unit="% of the problems at the edge",
    ),
)

STUDY = Study(
    name="exposure",
    question="How often must pretraining have shown a primitive, so that reinforcement learning can build on it?",
    source="arXiv:2512.07783",
    axes={"seen": ("none", *SHARES, "all"), "kind": (FULL, "alone", "half width", "coin")},
    cells=cells,
    measures=(
        *BEFORE_AND_AFTER,
        Updates(at_the_edge),
        Changes(),
        Forgetting(),
        OnDepth(DEPTH),
        Seen(),
        Noted("learn"),
        Fitted(),
    ),
    claims=CLAIMS,
    figures=(
        Figure(
            "Success at 4 steps, by the results seen in pretraining",
            Scatter(
                (Axis("before", "log10 of results seen", "results of the primitive seen: log10(1 + count)"),),
                (Axis("before", OnDepth(DEPTH).metric, "before RL"), Axis("after", OnDepth(DEPTH).metric, "after RL")),
                OnDepth(DEPTH).metric,
                colour="kind",
                name="seen",
                bounds=(-0.03, 1.03),
            ),
            "Each base is a mark: the mean over seeds with its 95 % interval; dots are seeds, and the words say which share of the results "
            "it saw. Left: before RL. Right: after RL at its own edge. All problems apply the primitive three times. Where a mark rises "
            "from left to right, RL built on what was seen.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2512.07783, figure 4",
                "After RL, pass@128 in a context seen in 0 or 0.1 % of pretraining fails beyond the easiest problems; at 1 and 10 % it "
                "holds up to 20 operations. One seed; a share, not a count.",
            ),
            Published("arXiv:2512.07783, figure 1", "Gains of up to 60 points of pass@128 from 1 % of exposure on."),
        ),
        "If the base that saw none came near the one that saw all, RL would make a primitive by guessing. If a third gained nothing, the "
        "threshold would lie above some fifteen thousand results; if a tenth reached as much as a third, below some five thousand.",
        checks=("5 more than a coin",),
    ),
)
