"""The study of the amount of pretraining: does the loss of a base predict what RL makes of it?

Bases read a quarter, half, all and twice of what the scale says, each by a schedule annealed for its own end, and none is a checkpoint of a
longer run. All practise on the same problems: those at the edge of the base that read all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analysis.claims.claims import At, Claim, Contrast, IfMeasured, More, Places, Same, Term, gain
from analysis.design.recipes import REWARDS, Tasks, base, in_distribution, needing, practise, present_edge, sample, score, tasks_of
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.effects import AT_EDGE, Changes, Distance, Fitted, Forgetting, OnBand, SampledChanges, Sharpened, distances
from analysis.measures.effects.distance import FORWARD
from analysis.measures.estimates import Floats, exact_pass_at_k
from analysis.measures.exact import BEFORE_AND_AFTER, bands_of, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from synthtasks.families import at
from train.learn import Learn
from train.ledger import read_ledger
from train.rl import Endless, ProblemSource
from train.rl.problems import Band
from train.stages.seal import defined
from train.stages.stage import Shelf

AMOUNTS = {"quarter": 0.25, "half": 0.5, "whole": 1.0, "double": 2.0}  # of the scale's pretraining
MASTERED = 2  # steps of the problems that the base masters
LOSS = "loss, nats a solution"
OF_RESULT, OF_GAIN, SLOPE = (f"{what} by loss" for what in ("rank correlation of the result", "rank correlation of the gain", "slope"))


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """RL on the same problems from each base; on the whole one by a coin, and where it masters all, too; and all bases together."""
    scale, tasks = setting.scale, tasks_of(setting)
    edge, family = present_edge(scale, tasks, seed), needing(scale, tasks)
    there = Band(family, edge, "at")

    def practised(amount: str, practice: str, problems: ProblemSource, reward: str = "process") -> Cell:
        policy = base(replace(scale, pretraining=max(1, round(AMOUNTS[amount] * scale.pretraining))), (), seed, tasks)
        learned = practise(scale, policy, problems, REWARDS[reward], seed, tasks)
        return Cell.of(
            {"amount": amount, "practice": practice},
            seed,
            edge=edge,
            before=edge.scores if policy == edge.scores.policy else score(scale, policy, family, seed, tasks=tasks),
            after=score(scale, learned, family, seed, tasks=tasks),
            known_before=in_distribution(scale, policy, seed, tasks),
            known_after=in_distribution(scale, learned, seed, tasks),
            base=policy,
            learn=learned,
        )

    bases = {amount: practised(amount, "edge", there) for amount in AMOUNTS}
    for amount, cell in bases.items():
        yield with_samples(cell, setting, there) if amount == "whole" else cell
    yield practised("whole", "coin", there, "coin")
    yield practised("whole", "mastered", Endless(at(family, min(MASTERED, scale.deepest))))
    stages = {f"{name}_{amount}": cell[name] for amount, cell in bases.items() for name in ("before", "after", "known_before")}
    yield Cell.of({"amount": "every", "practice": "edge"}, seed, edge=edge, **stages)


def with_samples(cell: Cell, setting: Setting, problems: Band) -> Cell:
    """The cell with completions of the policies before and after RL, and their likelihoods under both."""
    asked = replace(problems, split="test")
    before, after = (sample(setting.scale, cell.stage(n, Learn), asked, cell.seed, tasks_of(setting)) for n in ("base", "learn"))
    more = {"sampled_before": before, "sampled_after": after, **distances(before, after)}
    return Cell.of(dict(cell.labels), cell.seed, **cell.by_name, **more)


@dataclass(frozen=True)
class Practised:
    """The loss of the base on held-out problems such as pretraining solves, in nats a solution; the difficulties that RL was given, and its
    steps."""

    needs: tuple[str, ...] = ("edge", "known_before", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        plain = scored(cell, "known_before", shelf).plain
        yield cell.fact("before", LOSS, None, loss(plain), plain.size)
        mastered = dict(cell.labels)["practice"] == "mastered"
        yield from (cell.fact("learning", "given", n, 1.0) for n in ([MASTERED] if mastered else bands_of(cell, shelf)["at"]))
        yield cell.fact("learning", "updates", None, float(read_ledger(defined(shelf.get(cell["learn"]))).updates))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact("before", LOSS, None, 0.0)
        yield cell.fact("learning", "given", 1, 1.0)
        yield cell.fact("learning", "updates", None, 1.0)


def loss(plain: Floats) -> float:  # [F, P] log-probabilities
    """The mean negative log-probability of a solution, nats."""
    return float(-np.minimum(plain, 0.0).mean())


@dataclass(frozen=True)
class Predicted:
    """Over the bases of a seed: the rank correlations (Spearman) of a low loss with pass@128 at the edge after RL and with the gain, and
    the slope of the former, in pass@128 a nat; nothing of what does not vary."""

    needs: tuple[str, ...] = ("edge", *(f"{name}_{amount}" for amount in AMOUNTS for name in ("before", "after", "known_before")))

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if not (band := bands_of(cell, shelf)["at"]):
            return
        low = np.array([-loss(scored(cell, f"known_before_{amount}", shelf).plain) for amount in AMOUNTS])
        before, result = (
            np.array(
                [
                    exact_pass_at_k(s.plain[[s.at(n) for n in band]], 128).mean()
                    for s in (scored(cell, f"{phase}_{a}", shelf) for a in AMOUNTS)
                ]
            )
            for phase in ("before", "after")
        )
        for metric, value in ((OF_RESULT, spearman(low, result)), (OF_GAIN, spearman(low, result - before)), (SLOPE, slope(low, result))):
            if value is not None:
                yield cell.fact("after", metric, None, value, len(AMOUNTS))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("after", metric, None, 0.0) for metric in (OF_RESULT, OF_GAIN, SLOPE))


def spearman(x: Floats, y: Floats) -> float | None:  # [N], [N]
    """The rank correlation; None if one of both does not vary."""
    from scipy import stats

    return None if np.ptp(x) == 0 or np.ptp(y) == 0 else float(stats.spearmanr(x, y).statistic)


def slope(x: Floats, y: Floats) -> float | None:  # [N], [N]
    """The slope of the least-squares line; None if x does not vary."""
    return None if np.ptp(x) == 0 else float(np.polyfit(x, y, 1)[0])


def of(amount: str, practice: str = "edge") -> dict[str, str]:
    """The labels of a cell."""
    return {"amount": amount, "practice": practice}


def every(metric: str, least: float | None = -1.0, most: float | None = 1.0) -> Contrast:
    """A number of all bases of a seed."""
    return ((1.0, Term(tuple(of("every").items()), IfMeasured("after", metric), metric, "after", least, most)),)


def after(amount: str, sign: float = 1.0) -> Contrast:
    """pass@128 at the edge after RL."""
    return ((sign, Term(tuple(of(amount).items()))),)


RANK = "rank correlation x 100"
CLAIMS = (
    Claim("1 loss predicts the result", "The lower the loss of a base, the higher pass@128 after RL.", every(OF_RESULT), More(50), RANK),
    Claim(
        "2 more reading, more after RL",
        "After RL, a base that read twice as much solves more than one that read half.",
        (*after("double"), *after("half", -1.0)),
        More(10),
    ),
    Claim("3 a quarter: no gain", "RL on these problems gains nothing for a base that read a quarter.", gain(of("quarter")), Same(10)),
    Claim(
        "4 more than a coin",
        "For the base that read all, the true reward gains more than a coin.",
        (*gain(of("whole")), *gain(of("whole", "coin"), sign=-1.0)),
        More(5),
    ),
    Claim(
        "5 mastered: no gain",
        "RL on problems of 2 steps, which that base masters, does not move the edge.",
        gain(of("whole", "mastered")),
        Same(10),
    ),
    Claim(
        "6 more than sharpening",
        "After RL, that base solves more at the first try than it could before if it were sampled from p^4, by the bound that favours it.",
        (
            (1.0, Term(tuple(of("whole").items()), At("at", 1), "pass@1")),
            (-1.0, Term(tuple(of("whole").items()), At("at", 1), "power 4 pass@1 high", "before")),
        ),
        More(5),
        "pass@1, points of 100",
    ),
    Claim("loss and gain", "The lower the loss, the higher the gain by RL.", every(OF_GAIN), unit=RANK),
    Claim("slope", "pass@128 after RL for each nat less of loss.", every(SLOPE, None, None), unit="points a nat"),
    Claim(
        "forward KL",
        "Nats a completion by which RL moved the base that read all from what it did.",
        ((0.01, Term(tuple(of("whole").items()), Places(), FORWARD, "after", None, None)),),
        unit="nats a completion",
    ),
    Claim("gain of the double base", "RL for the base that read twice as much.", gain(of("double"))),
)

STUDY = Study(
    name="amount",
    question="Does the loss of pretraining predict what reinforcement learning makes of a base?",
    source="arXiv:2607.16097",
    axes={"amount": (*AMOUNTS, "every"), "practice": ("edge", "coin", "mastered")},
    cells=cells,
    measures=(
        *BEFORE_AND_AFTER,
        Changes(),
        Forgetting(),
        OnBand(),
        Practised(),
        Predicted(),
        Distance(),
        SampledChanges(),
        Sharpened(),
        Noted("learn"),
        Fitted(),
        Noted("base", ("loss",), "pretraining"),
    ),
    claims=CLAIMS,
    figures=(
        Figure(
            "Success at the edge, by the loss of the base",
            Scatter(
                (Axis("before", LOSS, "loss of the base in distribution, nats a solution"),),
                (Axis("before", AT_EDGE, "before RL"), Axis("after", AT_EDGE, "after RL")),
                "pass@128 at the edge",
                colour="practice",
                name="amount",
                bounds=(-0.03, 1.03),
            ),
            "Each base is a mark: the mean over seeds with its 95 % interval; dots are seeds, and the words say how much it read. Left: "
            "before RL. Right: after RL, for all bases on the same problems. If loss predicts the result, marks fall from left to right.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2607.16097",
                "For chess, in models of 5 million to 1 billion parameters, pretraining loss predicts reward after RL: rank correlations "
                "of up to .99.",
            ),
        ),
        "A rank correlation near 0 within seeds would say that the loss does not predict. If a base that read a quarter gained as much as "
        "the others, RL would replace pretraining on these problems; if the double base ended no higher than the half, more reading would "
        "not pay.",
        checks=("4 more than a coin",),
    ),
)
