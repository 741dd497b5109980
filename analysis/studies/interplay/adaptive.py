"""Does it pay to choose problems by the policy's own success, and where?

All arms learn in equally many rounds, each with a fresh optimiser, on as many problems. The adaptive arm measures the edge again after each
round; these exams are not charged to it. The others practise at the first edge, everywhere, or from easy to hard. Where the base earns no
reward at all (beyond its edge), practice there alone is set against ways that lead there.
"""

from collections.abc import Iterator

from analysis.claims.claims import At, Claim, Contrast, Everywhere, More, Same, Where, gain
from analysis.design.recipes import REWARDS, Tasks, base, needing, present_edge, score, tasks_of
from analysis.design.rounds import adaptive, half, in_rounds
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.spread import Gain, Spread
from analysis.measures.exact import BEFORE_AND_AFTER
from analysis.measures.facts import Cell
from analysis.studies.interplay.gaps import Given
from synthtasks.families import difficulties
from train.learn import Learn
from train.rl import Band, Prefixed, ProblemSource
from train.rl.problems import easy_to_hard, spectrum

ROUNDS = 4
EVERY = 2  # steps between the difficulties of a spectrum
SHARE, GIVEN = 0.5, 0.5  # of problems that start from a prefix, and of the steps in it
COIN = "uniform, coin"
POLICIES = ("fixed", "adaptive", "uniform", "easy to hard")  # ways to choose problems
ARMS = (*POLICIES, "beyond alone", "beyond, prefix", COIN)


def learned(setting: Setting, seed: int, arm: str) -> Learn:
    """The policy of an arm."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    if arm == "adaptive":
        return adaptive(scale, policy, edge, family, ROUNDS, REWARDS["process"], seed, tasks)
    depths = difficulties(family, scale.deepest)[EVERY - 1 :: EVERY]
    sources: dict[str, ProblemSource] = {
        "fixed": Band(family, half(edge), "below"),
        "uniform": spectrum(family, depths),
        "easy to hard": easy_to_hard(family, depths, scale.rl_iterations),
        "beyond alone": Band(family, edge, "beyond"),
        "beyond, prefix": Prefixed(Band(family, edge, "beyond"), SHARE, GIVEN),
        COIN: spectrum(family, depths),
    }
    return in_rounds(scale, policy, [sources[arm]] * ROUNDS, REWARDS["coin" if arm == COIN else "process"], seed, tasks)


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """An arm each."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    for arm in ARMS:
        learn = learned(setting, seed, arm)
        after = score(scale, learn, family, seed, tasks=tasks)
        yield Cell.of({"problems": arm}, seed, edge=edge, before=edge.scores, base=policy, learn=learn, after=after)


def over(one: str, other: str, where: Where, metric: str = "pass@128") -> Contrast:
    """The gain of an arm less that of another."""
    return (*gain({"problems": one}, where, metric), *gain({"problems": other}, where, metric, sign=-1.0))


MAP, BEYOND = Everywhere(), At("beyond")
PASS_1 = "pass@1, points of 100"

CLAIMS = (
    Claim(
        "1 uniform gains",
        "RL on problems of every difficulty raises pass@128 over the whole map.",
        gain({"problems": "uniform"}, MAP),
        More(10),
    ),
    *(
        Claim(
            f"2 {one}: no better than {other}",
            f"Over the whole map, {one} problems gain as much as {other} ones.",
            over(one, other, MAP),
            Same(10),
        )
        for one, other in (("adaptive", "fixed"), ("adaptive", "uniform"), ("easy to hard", "uniform"))
    ),
    Claim(
        "3 beyond alone: no gain",
        "Where the base earns nothing, practice there alone gains nothing.",
        gain({"problems": "beyond alone"}, BEYOND),
        Same(10),
    ),
    Claim("4 staging beyond", "... and the adaptive edge leads there.", over("adaptive", "beyond alone", BEYOND), More(10)),
    Claim(
        "5 prefix beyond", "... and so do starts from a prefix of the solution.", over("beyond, prefix", "beyond alone", BEYOND), More(10)
    ),
    Claim(
        "6 more than a coin",
        "On problems of every difficulty, the true reward gains more than a coin.",
        over("uniform", COIN, MAP),
        More(10),
    ),
    *(Claim(f"{arm}: beyond", f"Gain where the base solves nothing, {arm}.", gain({"problems": arm}, BEYOND)) for arm in POLICIES),
    *(
        Claim(f"{arm}: pass@1", f"Gain over the whole map on pass@1, {arm}.", gain({"problems": arm}, MAP, "pass@1"), unit=PASS_1)
        for arm in POLICIES
    ),
)

STUDY = Study(
    name="adaptive",
    question="Does it pay to choose problems by the policy's own success, and where?",
    source="arXiv:2609.06107",
    axes={"problems": ARMS},
    cells=cells,
    measures=(*BEFORE_AND_AFTER, Given()),
    claims=CLAIMS,
    figures=(
        Figure(
            "Each seed, by the problems on which RL practised",
            Spread({"at the edge": Gain(At()), "beyond the edge": Gain(BEYOND), "whole map": Gain(MAP)}, "problems"),
            "Gain in pass@128 at the first edge, beyond it, where the base earns no reward, and over every difficulty. Each dot is a "
            "seed, the bar their mean. At the right: the seeds that gain more than 10 points (dotted line), with the 95 % interval of "
            "their share. The upper four arms choose problems in different ways; below them is practice beyond the edge alone, without "
            "and with starts from a prefix, and the coin.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2609.06107",
                "Of 13 policies for choosing data, in 12 matched seeds, none beats uniform choice.",
            ),
        ),
        "That no choice matters would fall if the adaptive edge, or going from easy to hard, gained 10 points more than uniform choice.",
        checks=("6 more than a coin",),
    ),
)
