"""The factorial study: primitives taught in pretraining x region of RL relative to the edge of competence x reward.

Both arms read the same documents; in the absent arm the loss is masked on the results of the withheld primitives. Bands come from the
present base of the same seed, and both arms practise on identical problems.
"""

from collections.abc import Iterator
from itertools import product

from analysis.claims.claims import At, Claim, Deeper, More, Same, Term, gain
from analysis.design.recipes import REWARDS, Tasks, base, knowing, needing, practise, present_edge, sample, score, tasks_of
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.curves import OriginShares, PassCurves
from analysis.figures.learning import LearningCurves
from analysis.figures.maps import EdgeMap, GainMap
from analysis.measures.edge import REGIONS, Edge
from analysis.measures.exact import BEFORE_AND_AFTER, AtEdge, Exact, Headroom, Roles, Updates, at_best_temperature
from analysis.measures.facts import Cell
from analysis.measures.noted import Noted
from analysis.measures.sampled import Sampled
from analysis.studies.grid_demo import grid_demo
from synthtasks.families import Family, Uses
from train.learn import Learn
from train.rl.problems import Band

AXES = {
    "primitive": ("present", "absent"),
    "region": REGIONS,
    "reward": ("outcome", "process", "coin", "none"),
    "control": ("none", "known", "coin", "temperature"),
}


def labels(control: str, primitive: str, region: str, reward: str) -> dict[str, str]:
    """The labels of a cell."""
    return {"control": control, "primitive": primitive, "region": region, "reward": reward}


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """The factorial cells and the controls."""
    scale, tasks = setting.scale, tasks_of(setting)
    present, absent = (base(scale, names, seed, tasks) for names in ((), tasks.withhold))
    edge, family = present_edge(scale, tasks, seed), needing(scale, tasks)
    for (primitive, policy), region, reward in product((("present", present), ("absent", absent)), REGIONS, ("outcome", "process")):
        yield practised(labels("none", primitive, region, reward), setting, seed, policy, edge, family)
    if easy := knowing(scale, tasks):  # positive control: RL on what the absent base knows, at its own edge there
        own = Edge(score(scale, absent, easy, seed, tasks=tasks))
        yield practised(labels("known", "absent", "at", "process"), setting, seed, absent, own, easy)
    yield practised(labels("coin", "present", "at", "coin"), setting, seed, present, edge, family)  # a reward that means nothing
    yield Cell.of(labels("temperature", "present", "at", "none"), seed, edge=edge, before=edge.scores, tempered=edge.scores)  # no RL


def practised(labels: dict[str, str], setting: Setting, seed: int, policy: Learn, edge: Edge, family: Family) -> Cell:
    """The cell of a policy that practises in one region of an edge."""
    scale, tasks = setting.scale, tasks_of(setting)
    given = Band(family, edge, labels["region"])  # type: ignore[arg-type]  # checked there
    learned = practise(scale, policy, given, REWARDS[labels["reward"]], seed, tasks)
    test = Band(family, edge, "at", "test")
    return Cell.of(
        labels,
        seed,
        edge=edge,
        before=edge.scores if edge.scores.policy == policy else score(scale, policy, family, seed, tasks=tasks),
        after=score(scale, learned, family, seed, tasks=tasks),
        base=policy,
        learn=learned,
        sampled_before=sample(scale, policy, test, seed, tasks),
        sampled_after=sample(scale, learned, test, seed, tasks),
    )


def region_of(cell: Cell) -> str:
    """The region in which RL practised."""
    return dict(cell.labels)["region"]


def guessed(cell: Cell) -> tuple[str, ...]:
    """The primitives that every problem needs: a base from which they were withheld has to guess their results."""
    edge = cell["edge"]
    assert isinstance(edge, Edge)
    uses: Uses = getattr(edge.scores.families[0], "uses", Uses())
    return uses.names


def factorial(primitive: str, region: str) -> dict[str, str]:
    """The labels of a factorial cell, both rewards."""
    return {"control": "none", "primitive": primitive, "region": region}


FACTORIAL = {"control": "none"}
AT, BELOW, BEYOND = (factorial("present", region) for region in ("at", "below", "beyond"))
ABSENT_AT, ABSENT_BELOW = factorial("absent", "at"), factorial("absent", "below")
KNOWN, COIN, TEMPERATURE = {"control": "known"}, {"control": "coin"}, {"control": "temperature"}
OUTCOME, PROCESS = {**AT, "reward": "outcome"}, {**AT, "reward": "process"}
FIRST = At("at", 1)  # where answers were sampled

INTERACTION = (*gain(AT), *gain(BELOW, sign=-1.0), *gain(ABSENT_AT, sign=-1.0), *gain(ABSENT_BELOW))
OVER_TEMPERATURE = ((1.0, Term(tuple(AT.items()))), (-1.0, Term(tuple(TEMPERATURE.items()))))
PASS_1, HEADROOM = "pass@1, points of 100", "% of headroom"

TESTED = (
    Claim("1 gain at the edge", "With the primitive, RL at the edge raises pass@128 there.", gain(AT), More(10)),
    Claim("2 gain beyond training", "... and two steps deeper than anything RL trained on.", gain(AT, Deeper(2)), More(10)),
    Claim("3 below: no gain", "With the primitive, RL below the edge does not move it.", gain(BELOW), Same(10)),
    Claim("4 beyond: no gain", "With the primitive, RL beyond the edge does not move it.", gain(BEYOND), Same(10)),
    *(
        Claim(
            f"5 absent, {region}: no gain",
            f"Without the primitive, RL {region} the edge does not move it.",
            gain(factorial("absent", region)),
            Same(5),
        )
        for region in REGIONS
    ),
    Claim("6 interaction", "At rather than below pays with the primitive more than without.", INTERACTION, More(10)),
    Claim("7 positive control", "The absent base gains by RL on primitives it knows, at its own edge.", gain(KNOWN), More(10)),
    Claim("8a more than a coin", "The gain of claim 1 exceeds that of a random reward.", (*gain(AT), *gain(COIN, sign=-1.0)), More(0)),
    Claim("8b more than temperature", "After RL, pass@128 exceeds the base's at its best temperature.", OVER_TEMPERATURE, More(0)),
)
REPORTED = (
    Claim("pass@1 at the edge", "Claim 1 on pass@1.", gain(AT, metric="pass@1"), unit=PASS_1),
    Claim("pass@1 beyond training", "Claim 2 on pass@1.", gain(AT, Deeper(2), "pass@1"), unit=PASS_1),
    *(
        Claim(f"headroom{name}", said, gain(AT, metric=f"headroom pass@{k}", least=None), unit=HEADROOM)
        for k, name, said in (
            (128, " at the edge", "Share of the room above the base that claim 1 fills."),
            (1, " of pass@1", "The same on pass@1."),
        )
    ),
    Claim(
        "absent, below: pass@1",
        "Without the primitive, where RL trained: a lucky guess may raise pass@1 ...",
        gain(ABSENT_BELOW, At("below"), "pass@1"),
        unit=PASS_1,
    ),
    Claim("absent, below: pass@128", "... while pass@128 falls.", gain(ABSENT_BELOW, At("below"))),
    Claim(
        "answers at the edge", "Right answers, whatever the steps (sampled).", gain(AT, FIRST, "answer@8"), unit="answer@8, points of 100"
    ),
    Claim("processes at the edge", "Right processes (sampled).", gain(AT, FIRST, "sampled process@8"), unit="process@8, points of 100"),
    Claim("outcome less process", "Gain by outcome reward less gain by process reward.", (*gain(OUTCOME), *gain(PROCESS, sign=-1.0))),
)

FIGURES = (
    Figure(
        "Where competence ends",
        EdgeMap(
            {
                "base, primitive present": {"control": "none", "primitive": "present"},
                "base, primitive absent": {"control": "none", "primitive": "absent"},
                "base, primitive absent (control: known)": KNOWN,
            }
        ),
        "Exact success of each base before RL, from the probability of the one valid solution: thin lines are seeds, bold lines their "
        "mean. pass@1 and pass@128 are of the whole solution; plan, copy and execute are the probability that all words of that role "
        "are right. Shaded: the regions below, at and beyond the edge, by the share of seeds that place a difficulty there; "
        "difficulties in none of them are used by no cell. Dotted: the success of whoever does all else right and guesses the results "
        "of the withheld primitives, at k = 1 and k = 128.",
    ),
    Figure(
        "What RL gained, and at which difficulties",
        GainMap(),
        "pass@128 after RL less before, in points, mean over seeds; blue is gain, red is loss, white is none. Framed: the difficulties "
        "that RL was given (fainter, where only some seeds were). Grey: not defined.",
    ),
    Figure(
        "pass@k before and after RL",
        PassCurves("primitive", "region", FACTORIAL),
        "Exact pass@k on the problems at the edge, mean over seeds with the 95 % interval over seeds where there are several. Where "
        "curves start apart and meet at large k, RL made likelier what the base reached, too, with so many samples; where they stay "
        "apart, it solves problems that so many samples of the base do not.",
    ),
    Figure(
        "Learning curves",
        LearningCurves("region", "reward", labels=FACTORIAL),
        "Rollouts of RL as it went, mean over seeds, averaged over a fortieth of the run. A group has signal if its rewards "
        "differ; without one, an iteration takes no step.",
    ),
    Figure(
        "Created or elicited",
        OriginShares(),
        "Problems at the edge that RL brought from p < 1/2 to p ≥ 1/2, pooled over seeds. Granted K samples of each problem, the base "
        "would hardly have shown a solution (created: p < .05/K), would have shown one or more on average (elicited: p ≥ 1/K), or lies "
        "between (undetermined).",
    ),
    Figure(
        "Pretraining",
        LearningCurves("", "", {"loss": "loss, nats a word"}, "pretraining"),
        "The loss of each base on the words that it learns from, mean over seeds, averaged over a fortieth of the run. The absent base "
        "has no loss on the results of the withheld primitives, so the two are not means over the same words.",
    ),
)

STUDY = Study(
    name="grid",
    question="When does reinforcement learning give a language model reasoning it did not have, and when does it only sharpen what it had?",
    source="arXiv:2512.07783",
    axes=AXES,
    cells=cells,
    measures=(
        *BEFORE_AND_AFTER,
        Exact("tempered", "after", at_best_temperature),
        Roles(guessed),
        Headroom(),
        AtEdge(guessed),
        Sampled("sampled_before", "before"),
        Sampled("sampled_after", "after"),
        Updates(region_of),
        Noted("learn"),
        Noted("base", ("loss",), "pretraining"),
    ),
    claims=(*TESTED, *REPORTED),
    figures=FIGURES,
    demo=grid_demo(cells),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2512.07783, figure 1",
                "RL at the edge of competence raises pass@128 there by up to 42 points; one seed, without an interval.",
            ),
        ),
        "Claim 1 would fall if the gain at the edge were no larger than below it, or than a coin's; that RL needs the primitive would fall "
        "if a base without it gained 5 points in any region, while the positive control holds.",
        "What RL gained, and at which difficulties",
        checks=("7 positive control", "8a more than a coin"),
    ),
)
