"""The study of meta-reasoning: is it the reasoning that pays, or the penalty of repeats that comes with it?

A policy walks through mazes whose walls it finds by walking into them. A cold start from a sloppy walker teaches it to begin turns with
tags: plan, explore, reflect or monitor. RL then rewards success and, in RLVMR, turns by their tags: a plan if the episode succeeds, an
exploration that repeats nothing, a reflection that changes what was in vain. All arms have equally many episodes, and all but one, which
has no tags, one cold start. Beside RLVMR stand: its parts left out; its rewards permuted among the turns; a penalty of repeats, whatever
the tags; and shaping by a potential, which changes no gradient in the mean.

Levels: L0 are mazes that RL has met, L1 mazes with walls that neither cold start nor RL has met, L2 locks, whose rule is new, too. In open
fields the horizon is just the shortest way, so that no turn in vain can be made good: there rewards of such turns tell nothing.

As in the code of RLVMR, rewards are 1 and so is their weight, and a turn is compared with those of its problem that have its tag. That code
can compare by the mean alone, as the arms here do, or by mean and deviation, as its scripts do and the arm `full, by deviation` does. The
original has a KL divergence of weight .01, which is left out, and a penalty of .1 for actions of a wrong form; here such an action is a
turn in vain, which is penalty enough: a policy that could make up observations did so when repeats were penalised.

Pilots on seeds 100 and 101, in mazes with a door more and a shorter horizon, and on seed 102, as here, chose sizes, mode and claims. By
mean and deviation, RLVMR succeeded less often than the outcome alone in both seeds tried, and the penalty of repeats far less often. By the
mean, RLVMR had 9 points fewer repeats than the outcome, as many, and 2 fewer; the penalty 11, 3 and 9 fewer; permuted rewards 6 and none.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.claims.claims import Claim, Contrast, More, Places, Same, Term, Throughout
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.ranked import Ranked
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.episodes import INVALID, REPEATS, SUCCESS, Walks, at_level
from analysis.measures.facts import Cell, Fact, Outcome
from analysis.measures.noted import Noted
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Family
from synthtasks.search import Field, Lock, Maze, Turns, Walked, World
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import GRPO, Again, ByTurn, Credit, Endless, Meta, Nearer, Sampler, ShuffledTurns
from train.rl.credit import Mode
from train.sample import Sample
from train.stages.stage import Stage

if TYPE_CHECKING:
    from altair.typing import ChartType

MAZE, FIELD, LOCK = Maze(side=3, horizon=14, doors=0), Field(side=3), Lock(side=3, horizon=14)
WORLD = World(MAZE.modulus)
TASKS: Mapping[str, Family] = {"maze": MAZE, "field": FIELD}
SPARE = 3 * MAZE.horizon  # tokens beyond an expert's walk, so that the horizon ends every episode
SLIPS = 0.5  # of the walkers whose documents are read, as a share of their turns
READING, RATE = 1 / 4, 4e-3  # iterations of pretraining, as a share of the scale's, and its learning rate
COLD, COLD_RATE = 1 / 20, 1e-3  # of the cold start
DOCUMENTS = 300  # of the cold start
LONGER = 0.35  # iterations of RL, as a share of the scale's
RL_RATE = 1e-3
FEWER = 2  # times fewer episodes of each problem than the scale has completions
DRAWN, GROUP = 128, 4  # searches of an exam, and episodes of each
LEVELS = ("L0", "L1", "L2")
"""Mazes that RL met last, mazes held out, and locks; of fields, which are few, the first."""
BARE, OUTCOME, FULL, PLACEBO, PENALTY = "outcome, no tags", "outcome", "full", "permuted", "repeat penalty"
BY_DEVIATION, UNREFLECTED, UNEXPLORED, SHAPED = "full, by deviation", "no reflection", "no exploration", "shaping"
UNPLANNED = "no planning"
MEAN: Mode = "mean_norm"
ARMS: Mapping[str, tuple[Credit, ...]] = {
    BARE: (),
    OUTCOME: (),
    FULL: (ByTurn(mode=MEAN),),
    BY_DEVIATION: (ByTurn(),),
    UNPLANNED: (ByTurn(Meta(planning=0.0), mode=MEAN),),
    UNEXPLORED: (ByTurn(Meta(exploration=0.0), mode=MEAN),),
    UNREFLECTED: (ByTurn(Meta(reflection=0.0), mode=MEAN),),
    PLACEBO: (ShuffledTurns(mode=MEAN),),
    PENALTY: (ByTurn(Again(), mode=MEAN, among="problem"),),
    SHAPED: (ByTurn(Nearer(), mode=MEAN, among="problem", earns="from it on"),),
}
TRIED = {"maze": tuple(ARMS), "field": (OUTCOME, FULL)}
AXES = {"task": tuple(TASKS), "arm": tuple(ARMS)}


def walker(scale: Scale, seed: int) -> Learn:
    """A policy that has read walks without tags, and what they observed."""
    vocab = Turns().vocab(1, (), MAZE.modulus)
    config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads)
    iterations = max(2, round(READING * scale.pretraining))
    optim = Optim(RATE, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    corpus = Corpus((Recipe(1.0, MAZE, Walked(SLIPS, (), "learned")),))
    return Learn(Fresh(config, vocab, seed), ((1.0, Imitate(corpus, scale.tokens, seed)),), iterations, optim)


def cold_started(scale: Scale, policy: Stage, seed: int) -> Learn:
    """The policy after it has read a few walks with tags."""
    iterations = max(2, round(COLD * scale.pretraining))
    optim = Optim(COLD_RATE, weight_decay=0.1, warmup=iterations // 10, decay=1.0)
    corpus = Corpus((Recipe(1.0, MAZE, Walked(SLIPS), DOCUMENTS),))
    return Learn(policy, ((1.0, Imitate(corpus, scale.tokens, seed)),), iterations, optim)


def reinforced(scale: Scale, policy: Stage, family: Family, rules: tuple[Credit, ...], seed: int) -> Learn:
    """The policy after RL on success, and on turns by these rules."""
    algorithm = replace(GRPO, credit=(*GRPO.credit, *rules))
    sampler = Sampler(max(2, scale.group // FEWER), SPARE, surface=Turns(), environment=WORLD)
    practice = Practice(Endless(family), algorithm=algorithm, sampler=sampler, problems=scale.problems, seed=seed)
    return Learn(policy, ((1.0, practice),), max(2, round(LONGER * scale.rl_iterations)), Optim(RL_RATE))


def examined(scale: Scale, policy: Stage, task: str, learn: Learn, phase: str, seed: int) -> dict[str, Stage]:
    """Episodes of a policy at each level, by their names in a cell."""
    assert isinstance(learn.iterations, int)
    sampler = Sampler(GROUP, SPARE, surface=Turns(), environment=WORLD)
    batches = max(1, min(DRAWN // scale.problems, learn.iterations))
    met = Sample(policy, Endless(TASKS[task]), scale.problems, sampler, seed, batches, learn.iterations - batches)
    held_out = {"L1": MAZE, "L2": LOCK} if task == "maze" else {}
    others = {level: Sample(policy, Endless(family, "test"), DRAWN, sampler, seed) for level, family in held_out.items()}
    return {f"{phase} {level}": stage for level, stage in {"L0": met, **others}.items()}


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Every arm in mazes, and two in fields."""
    scale = setting.scale
    start = walker(scale, seed)
    tagged = cold_started(scale, start, seed)
    for task, arms in TRIED.items():
        for arm in arms:
            policy = start if arm == BARE else tagged
            learn = reinforced(scale, policy, TASKS[task], ARMS[arm], seed)
            before, after = (examined(scale, p, task, learn, phase, seed) for p, phase in ((policy, "before"), (learn, "after")))
            yield Cell.of({"task": task, "arm": arm}, seed, learn=learn, **before, **after)


def of(arm: str, task: str = "maze") -> tuple[tuple[str, str], ...]:
    """The labels of a cell."""
    return ("task", task), ("arm", arm)


def rate(metric: str, arm: str, level: str = "L1", sign: float = 1.0) -> Contrast:
    """A rate of an arm in mazes, or in locks."""
    return ((sign, Term(of(arm), Places(), at_level(metric, level))),)


def over(metric: str, arm: str, other: str, level: str = "L1") -> Contrast:
    """A rate of an arm less that of another."""
    return (*rate(metric, arm, level), *rate(metric, other, level, -1.0))


def running(arm: str, sign: float = 1.0, task: str = "maze") -> Contrast:
    """Success in training, mean over the run."""
    return ((sign, Term(of(arm, task), Throughout("learning"), "pass@1", "learning")),)


def number(metric: str, level: str = "L1") -> Callable[[Outcome], float | None]:
    """A metric after RL, in points of 100."""

    def read(outcome: Outcome) -> float | None:
        value = outcome.value("after", at_level(metric, level))
        return None if value is None else 100 * value

    return read


def in_mazes(facts: Sequence[Fact]) -> "ChartType | None":
    """Arms in mazes, less the outcome alone."""
    numbers = {
        "success": number(SUCCESS),
        "repeat rate": number(REPEATS),
        "invalid rate": number(INVALID),
        "success in locks": number(SUCCESS, "L2"),
    }
    return Ranked(numbers, "arm", OUTCOME, (PLACEBO,))([fact for fact in facts if ("task", "maze") in fact.labels])


REPEATED, SUCCEEDED, IN_VAIN = "repeats, % of turns", "success, % of episodes", "invalid, % of turns"

CLAIMS = (
    Claim(
        "1 fewer repeats",
        "In new mazes, RLVMR repeats less than RL on the outcome after the same cold start ...",
        over(REPEATS, OUTCOME, FULL),
        More(5),
        REPEATED,
    ),
    Claim("2 more success", "... and succeeds more often.", over(SUCCESS, FULL, OUTCOME), More(5), SUCCEEDED),
    Claim(
        "3 and in locks",
        "In locks, whose rule neither cold start nor RL has shown, it succeeds more often, too.",
        over(SUCCESS, FULL, OUTCOME, "L2"),
        More(5),
        SUCCEEDED,
    ),
    Claim(
        "4 placebo",
        "In new mazes, it repeats less than with its rewards permuted among the turns.",
        over(REPEATS, PLACEBO, FULL),
        More(5),
        REPEATED,
    ),
    Claim(
        "5 a penalty does more",
        "A penalty of repeats alone, whatever the tags, leaves fewer repeats than RLVMR ...",
        over(REPEATS, FULL, PENALTY),
        More(5),
        REPEATED,
    ),
    Claim(
        "6 and as much success",
        "... and as much success in training.",
        (*running(PENALTY), *running(FULL, -1.0)),
        Same(5),
        SUCCEEDED,
    ),
    Claim(
        "7 reflection is of walls",
        "Without the reward for reflection, more actions are in vain.",
        over(INVALID, UNREFLECTED, FULL),
        More(5),
        IN_VAIN,
    ),
    Claim(
        "8 no deviation",
        "RLVMR that compares turns by their mean alone succeeds more often than by mean and deviation.",
        over(SUCCESS, FULL, BY_DEVIATION),
        More(5),
        SUCCEEDED,
    ),
    Claim(
        "9 shaping changes nothing",
        "Shaping by a potential succeeds in training as often as the outcome alone.",
        (*running(SHAPED), *running(OUTCOME, -1.0)),
        Same(5),
        SUCCEEDED,
    ),
    Claim(
        "10 nothing to repeat",
        "In fields, where no turn can be made good, RLVMR succeeds in training as often as RL on the outcome.",
        (*running(FULL, task="field"), *running(OUTCOME, -1.0, "field")),
        Same(5),
        SUCCEEDED,
    ),
    Claim("penalty and outcome", "The penalty's success, less that of the outcome.", over(SUCCESS, PENALTY, OUTCOME), unit=SUCCEEDED),
    Claim("no planning", "Success without the reward for planning, less that with it.", over(SUCCESS, UNPLANNED, FULL), unit=SUCCEEDED),
    Claim(
        "no exploration", "Repeats without the reward for exploration, less those with it.", over(REPEATS, UNEXPLORED, FULL), unit=REPEATED
    ),
    Claim(
        "no tags", "Success of the outcome without cold start and tags, less that with them.", over(SUCCESS, BARE, OUTCOME), unit=SUCCEEDED
    ),
    *(
        Claim(f"{metric}, outcome, {level}", f"At level {level}.", rate(metric, OUTCOME, level), unit=unit)
        for level in LEVELS
        for metric, unit in ((SUCCESS, SUCCEEDED), (REPEATS, REPEATED))
    ),
)

FIGURES = (
    Figure(
        "What each arm adds to the outcome",
        in_mazes,
        "Each line is an arm: its rates in new mazes, and its success in locks, less those of RL on the outcome alone after the same cold "
        "start, with the 95 % interval over seeds; dots are seeds. The band is the noise of the placebo, whose rewards are permuted. If it "
        "were the reasoning, `full` would succeed more often than the repeat penalty.",
    ),
    Figure(
        "Success and repeats",
        Scatter(
            (Axis("after", at_level(REPEATS, "L1"), "repeats, share of turns"),),
            (Axis("after", at_level(SUCCESS, "L1"), "success"),),
            "share of episodes",
            "arm",
            "arm",
        ),
        "Each mark is an arm after RL, in new mazes: the mean over seeds with its 95 % interval; dots are seeds. Rates are over all "
        "episodes, those that fail, too.",
    ),
)

STUDY = Study(
    name="meta",
    question="Do rewards for planning, exploring and reflecting help, and is it the reasoning or the penalty of repeats?",
    source="arXiv:2507.22844",
    axes=AXES,
    cells=cells,
    measures=(*(Walks(level, phase) for phase in ("before", "after") for level in LEVELS), Noted("learn")),
    claims=CLAIMS,
    figures=FIGURES,
    card=Card(
        (
            Published(
                "arXiv:2507.22844",
                "Reports fewer repeated and invalid actions than GRPO and more success, most in tasks of unseen kinds; that GRPO repeats "
                "more as models grow; and that success falls without any of its parts. A summary that gives a share by which repeats fall "
                "has taken GRPO's own rate of repeats for it.",
            ),
            Published(
                "arXiv:2507.22844, code",
                "A plan is rewarded if the episode succeeds: the outcome again. An exploration is rewarded if it repeats nothing. Turns "
                "are compared within their tag, so that the choice of a tag earns nothing.",
            ),
        ),
        "Claims 5 and 6 would fall if RLVMR succeeded more often than a penalty of repeats, or repeated less; claim 1 if mazes left "
        "nothing to repeat.",
        checks=("4 placebo",),
    ),
)
