"""The study of meta-reasoning: is it the reasoning that pays, or the penalty of repeats that comes with it?

A policy walks through mazes whose walls it finds by walking into them. A cold start from a sloppy walker teaches it to begin a turn
with a tag: plan, explore, reflect or monitor. RL then rewards success and, in RLVMR, turns by their tags: a plan if the episode succeeds, an
exploration that repeats nothing, a reflection that changes an action that was in vain. All arms share the cold start and the compute. Beside
RLVMR stand its parts left out, its rewards permuted among the turns, a penalty of repeats without any tags, and shaping by a potential,
which cannot change what is best.

Levels: L0 are mazes that RL has met, L1 others, L2 locks, whose rule neither cold start nor RL has shown. In open fields no action is
invalid and nothing can be tried again in time: there the rewards for exploration and reflection say nothing.

As in the code of RLVMR its rewards are 1, its weight is 1, and a turn is compared with those of its problem that have its tag, by mean and
deviation. There is no KL divergence, and no penalty of a wrong format, which the cold start leaves no cause for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from analysis.claims.claims import Claim, Contrast, More, Places, Same, Term
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
from train.rl import GRPO, Again, ByTurn, Credit, Endless, Meta, Nearer, Sampler, Shuffled
from train.sample import Sample
from train.stages.stage import Stage

MAZE, FIELD, LOCK = Maze(side=3, horizon=10, doors=1), Field(side=3), Lock(side=3, horizon=10)
WORLD = World(MAZE.modulus)
TASKS: Mapping[str, Family] = {"maze": MAZE, "field": FIELD}
TURN = 3  # words
SPARE = TURN * MAZE.horizon  # tokens beyond an expert's walk, so that the horizon ends every episode
SLIPS = 0.5  # of the walkers whose documents are read, as a share of their turns
READING, RATE = 1 / 4, 4e-3  # iterations of pretraining, as a share of the scale's, and its learning rate
COLD, COLD_RATE = 1 / 20, 1e-3  # of the cold start
DOCUMENTS = 300  # of the cold start
LONGER = 0.4  # iterations of RL, as a share of the scale's
RL_RATE = 1e-3
FEWER = 2  # times fewer episodes of each problem than the scale has completions
DRAWN, GROUP = 128, 4  # searches of an exam, and episodes of each
LEVELS = ("L0", "L1", "L2")
"""Mazes that RL met last, mazes held out, and locks; of fields, which are few, the first."""
BARE, OUTCOME, FULL = "outcome, no tags", "outcome", "full"
ARMS: Mapping[str, tuple[Credit, ...]] = {
    BARE: (),
    OUTCOME: (),
    FULL: (ByTurn(),),
    "no planning": (ByTurn(Meta(planning=0.0)),),
    "no exploration": (ByTurn(Meta(exploration=0.0)),),
    "no reflection": (ByTurn(Meta(reflection=0.0)),),
    "shuffled": (Shuffled(),),
    "repeat penalty": (ByTurn(Again(), among="problem"),),
    "shaping": (ByTurn(Nearer(), mode="mean_norm", among="problem", earns="from it on"),),
}
TRIED = {"maze": tuple(ARMS), "field": (OUTCOME, FULL)}
AXES = {"task": tuple(TASKS), "arm": tuple(ARMS)}


def read(write: Walked, problems: int | None) -> Corpus:
    """Walks through mazes."""
    return Corpus((Recipe(1.0, MAZE, write, problems=problems),))


def walker(scale: Scale, seed: int) -> Learn:
    """A policy that has read walks without tags, and what they observed."""
    vocab = Turns().vocab(1, (), MAZE.modulus)
    config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads)
    iterations = max(2, round(READING * scale.pretraining))
    optim = Optim(RATE, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    corpus = read(Walked(SLIPS, (), "learned"), None)
    return Learn(Fresh(config, vocab, seed), ((1.0, Imitate(corpus, scale.tokens, seed)),), iterations, optim)


def cold_started(scale: Scale, policy: Stage, seed: int) -> Learn:
    """The policy after it has read a few walks with tags."""
    iterations = max(2, round(COLD * scale.pretraining))
    optim = Optim(COLD_RATE, weight_decay=0.1, warmup=iterations // 10, decay=1.0)
    return Learn(policy, ((1.0, Imitate(read(Walked(SLIPS), DOCUMENTS), scale.tokens, seed)),), iterations, optim)


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


def rate(metric: str, arm: str, level: str = "L1", sign: float = 1.0, task: str = "maze", phase: str = "after") -> Contrast:
    """A rate of an arm at a level."""
    return ((sign, Term(of(arm, task), Places(), at_level(metric, level), phase)),)


def over(metric: str, arm: str, other: str, level: str = "L1", task: str = "maze") -> Contrast:
    """A rate of an arm less that of another."""
    return (*rate(metric, arm, level, task=task), *rate(metric, other, level, -1.0, task))


def number(metric: str, level: str = "L1") -> Callable[[Outcome], float | None]:
    """A metric after RL, in points of 100."""

    def read(outcome: Outcome) -> float | None:
        value = outcome.value("after", at_level(metric, level))
        return None if value is None else 100 * value

    return read


def in_mazes(facts: Sequence[Fact]) -> str:
    """Arms in mazes, less the outcome alone."""
    numbers = {
        "success": number(SUCCESS),
        "repeat rate": number(REPEATS),
        "invalid rate": number(INVALID),
        "success in locks": number(SUCCESS, "L2"),
    }
    return Ranked(numbers, "arm", OUTCOME, ("shuffled",))([fact for fact in facts if ("task", "maze") in fact.labels])


REPEATED, SUCCEEDED, IN_VAIN = "repeats, % of turns", "success, % of episodes", "invalid, % of turns"

CLAIMS = (
    Claim(
        "1 fewer repeats",
        "In new mazes, RLVMR repeats less than RL on the outcome after the same cold start.",
        over(REPEATS, OUTCOME, FULL),
        More(5),
        REPEATED,
    ),
    Claim("2 more success", "... and succeeds more often.", over(SUCCESS, FULL, OUTCOME), More(5), SUCCEEDED),
    Claim(
        "3 locks", "In locks, whose rule it has not met, it succeeds more often.", over(SUCCESS, FULL, OUTCOME, "L2"), More(5), SUCCEEDED
    ),
    Claim(
        "4 placebo: permuted rewards",
        "In new mazes, it repeats less than with its rewards permuted among turns.",
        over(REPEATS, "shuffled", FULL),
        More(5),
        REPEATED,
    ),
    Claim(
        "5 it is reflection",
        "Without the reward for reflection, it repeats more.",
        over(REPEATS, "no reflection", FULL),
        More(5),
        REPEATED,
    ),
    Claim(
        "6 a penalty does as well",
        "A penalty of repeats alone gives as few repeats or fewer.",
        over(REPEATS, "repeat penalty", FULL),
        Same(5),
        REPEATED,
    ),
    Claim("7 and as much success", "... and as much success.", over(SUCCESS, "repeat penalty", FULL), Same(5), SUCCEEDED),
    Claim(
        "8 shaping",
        "Shaping by a potential gives as much success as the outcome alone.",
        over(SUCCESS, "shaping", OUTCOME),
        Same(5),
        SUCCEEDED,
    ),
    Claim(
        "9 nothing to gain",
        "In fields, where no turn can be made good, RLVMR succeeds as often as RL on the outcome.",
        over(SUCCESS, FULL, OUTCOME, "L0", "field"),
        Same(5),
        SUCCEEDED,
    ),
)

FIGURES = (
    Figure(
        "What each part adds to the outcome",
        in_mazes,
        "Each line is an arm: its rate in new mazes, and its success in locks, less that of RL on the outcome alone after the same cold start, "
        "with the 95 % interval over seeds; dots are seeds. The band is the noise of the placebo, whose rewards are permuted. If it were the "
        "reasoning, `full` would lie right of the repeat penalty in success.",
    ),
    Figure(
        "Success and repeats",
        Scatter(
            (Axis("after", at_level(REPEATS, "L1"), "repeat rate, new mazes"),),
            (Axis("after", at_level(SUCCESS, "L1"), "success, new mazes"),),
            "share of episodes",
            "arm",
            "arm",
        ),
        "Each mark is an arm after RL: the mean over seeds with its 95 % interval; dots are seeds. Rates are over all episodes, failures too.",
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
        (Published("arXiv:2507.22844", "Reports that RLVMR lowers the rate of repeated actions and raises success over GRPO."),),
        "x",
    ),
)
