"""Recipes that studies share: bases, corpora, edges, exams, practice. Equal expressions of several studies run once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import cast

from analysis.design.scale import Scale
from analysis.design.study import Setting
from analysis.measures.edge import Edge
from models import GPTConfig
from synthtasks import families
from synthtasks.checked import check, one_of
from synthtasks.commands.catalogue import SURFACES, known
from synthtasks.corpora import Corpus, Recipe, Solved, Writer, can_ask, unsolved
from synthtasks.families import Family, Uses, at, difficulties, difficulty, level, problem
from synthtasks.surfaces import Surface
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Muon, Optim
from train.policy import Fresh
from train.rl import GRPO, Coin, Correct, ProblemSource, Process, Reward, Sampler
from train.sample import Sample
from train.score import Score

UNSOLVED = 0.3  # share of pretraining documents
ALONE = 2  # times the words of an iteration where a scale asks several questions and a family cannot: else it would read few documents
DRAWN = 32  # problems from which the length of documents is estimated
TEMPERATURES = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
REWARDS: Mapping[str, Reward] = {"outcome": Correct(), "process": Process(), "coin": Coin()}


@dataclass(frozen=True)
class Tasks:
    """The problems of a study, their surface, and the primitives that the absent arm does not learn to compute.

    The order of `withhold` makes no difference, so it is kept sorted.

    Raises:
        ValueError: if there is no such family, it has no such surface or no such primitive, or a primitive is named twice.
    """

    withhold: tuple[str, ...] = ("mul",)  # primitives that the absent arm does not learn to compute
    family: str = "program"  # of the problems, by name, or MODULE:NAME for one of your own
    surface: str = ""  # in which they are said, by name; unless given, the family's own

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "withhold", tuple(sorted(self.withhold)))
        found, names = known(self.family), self.withhold
        if self.surface:
            one_of("--surface", self.surface, found.surfaces)
        primitives = [p.name for p in found.family.primitives]
        if not names or len(set(names)) < len(names) or not set(names) <= set(primitives):
            raise ValueError(f"--withhold takes some of {', '.join(primitives)}, each once; found {' '.join(names) or 'none'}")

    @property
    def said(self) -> Surface:
        """The surface."""
        return SURFACES[self.surface or known(self.family).surfaces[0]]


PROGRAMS = Tasks()


def tasks_of(setting: Setting) -> Tasks:
    """The tasks of a setting whose options they are."""
    assert isinstance(setting.options, Tasks)
    return setting.options


@cache
def everything(scale: Scale, tasks: Tasks = PROGRAMS) -> Family:
    """The family that bases are pretrained on. Its fields `modulus` and `lines` are those of the scale, if it has them."""
    family = known(tasks.family).family
    held = {f.name for f in fields(family)}  # type: ignore[arg-type]  # a family is a dataclass
    sizes: dict[str, int] = {size: getattr(scale, size) for size in ("modulus", "lines") if size in held}
    if "lines" in held:
        sizes[difficulty(family).field] = min(level(family), scale.lines)
    return cast(Callable[..., Family], replace)(family, **sizes)


@cache
def exam(family: Family, deepest: int) -> tuple[Family, ...]:
    """Every difficulty of a family, up to the deepest.

    Raises:
        ValueError: if there is none.
    """
    if not (every := difficulties(family, deepest)):
        raise ValueError(f"{family} has no problems of a difficulty from 1 to {deepest}: take a larger scale, or give it easier problems")
    return tuple(at(family, n) for n in every)


def needing(scale: Scale, tasks: Tasks) -> Family:
    """The family of the claims: its problems apply the withheld primitives several times, so that guessing is rare."""
    return families.needing(everything(scale, tasks), Uses(tasks.withhold, scale.uses))


def knowing(scale: Scale, tasks: Tasks) -> Family | None:
    """The family of the positive control, whose problems apply no withheld primitive; None where there is none: each of its primitives is
    withheld, or it has no field from which some could be left out."""
    try:
        return families.knowing(everything(scale, tasks), tasks.withhold)
    except ValueError:  # the family has no such problems
        return None


def corpus(scale: Scale, names: tuple[str, ...], tasks: Tasks = PROGRAMS) -> Corpus:
    """Solved problems of the first difficulties, and documents without results of every difficulty. The results of the primitives of these
    names carry no loss."""
    every = exam(everything(scale, tasks), scale.lines)
    solved = every[: scale.solved]
    kinds: list[tuple[float, Family, Writer]] = [((1 - UNSOLVED) / len(solved), family, Solved(tasks.said)) for family in solved]
    kinds += [(UNSOLVED / len(every), family, unsolved(tasks.said)) for family in every]
    return Corpus(tuple(Recipe(*kind, questions=scale.questions if can_ask(*kind[1:]) else 1) for kind in kinds), names)


@cache
def context(scale: Scale, tasks: Tasks) -> int:
    """Tokens that the longest documents need, as a power of two; at least 256."""
    longest = [exam(family, scale.lines)[-1] for family in (everything(scale, tasks), needing(scale, tasks))]
    drawn = [problem(family, "train", "context", i) for family in longest for i in range(DRAWN)]
    sizes = [sorted(len(put(p)) for p in drawn) for put in (tasks.said.prompt, tasks.said.solution)]
    needed = Sampler().spare + sum(2 * lengths[-1] - lengths[0] for lengths in sizes)  # unseen problems may be longer by the range of these
    return max(256, 1 << (needed - 1).bit_length())


@cache  # the cells of a seed share it, and 10,000 cells are named in seconds
def base(scale: Scale, names: tuple[str, ...], seed: int, tasks: Tasks = PROGRAMS) -> Learn:
    """A pretrained policy that does not know the primitives of these names."""
    return pretrained(scale, corpus(scale, names, tasks), seed, tasks)


def pretrained(scale: Scale, read: Corpus, seed: int, tasks: Tasks = PROGRAMS) -> Learn:
    """A policy that has read a corpus, by a schedule annealed for the iterations of the scale."""
    family = everything(scale, tasks)
    vocab = tasks.said.vocab(max(f.names for f in exam(family, scale.lines)), family.primitives, family.modulus)
    config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads, context=context(scale, tasks))
    matrices = Muon(scale.muon) if scale.muon else None
    optim = Optim(scale.pretraining_lr, weight_decay=0.1, warmup=scale.pretraining // 20, decay=scale.pretraining_decay, matrices=matrices)
    shared = scale.questions == 1 or any(recipe.questions > 1 for recipe in read.recipes)
    imitate = Imitate(read, scale.tokens * (1 if shared else ALONE), seed)
    return Learn(Fresh(config, vocab, seed), ((1.0, imitate),), scale.pretraining, optim)


def score(
    scale: Scale, policy: Learn, family: Family, seed: int, temperatures: tuple[float, ...] = (1.0,), tasks: Tasks = PROGRAMS
) -> Score:
    """The exact success of a policy at every difficulty."""
    return Score(policy, exam(family, scale.deepest), scale.exam_problems, temperatures, tasks.said, seed)


def in_distribution(scale: Scale, policy: Learn, seed: int, tasks: Tasks = PROGRAMS) -> Score:
    """The exact success of a policy on problems such as pretraining solves: what learning may forget."""
    return Score(policy, exam(everything(scale, tasks), scale.solved), scale.exam_problems, (1.0,), tasks.said, seed)


@cache
def present_edge(scale: Scale, tasks: Tasks, seed: int) -> Edge:
    """The edge of the base that knows every primitive, on problems that need the withheld ones."""
    return Edge(score(scale, base(scale, (), seed, tasks), needing(scale, tasks), seed, TEMPERATURES, tasks))


def practise(scale: Scale, policy: Learn, problems: ProblemSource, reward: Reward, seed: int, tasks: Tasks = PROGRAMS) -> Learn:
    """The policy after RL on these problems."""
    practice = Practice(problems, reward, GRPO, Sampler(scale.group, surface=tasks.said), scale.problems, seed=seed)
    return Learn(policy, ((1.0, practice),), scale.rl_iterations, Optim(scale.rl_lr))


def sample(scale: Scale, policy: Learn, problems: ProblemSource, seed: int, tasks: Tasks = PROGRAMS) -> Sample:
    """Completions of a policy."""
    return Sample(policy, problems, scale.sampled_problems, Sampler(scale.samples, surface=tasks.said), seed)
