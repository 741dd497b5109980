"""Recipes that studies share: bases, corpora, edges, exams, practice. Equal expressions of several studies run once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from analysis.measures.edge import Edge
from analysis.studies.scale import Scale
from analysis.studies.study import Setting
from models import GPTConfig
from synthtasks.corpora import Corpus, Listing, Recipe, Solved
from synthtasks.families import Program, Uses
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import GRPO, Coin, Correct, ProblemSource, Process, Reward, Sampler
from train.sample import Sample
from train.score import Score

LISTINGS = 0.3  # share of pretraining documents
TEMPERATURES = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
REWARDS: Mapping[str, Reward] = {"outcome": Correct(), "process": Process(), "coin": Coin()}


@dataclass(frozen=True)
class Withhold:
    """The primitives that the absent arm does not learn to compute. Their order makes no difference, so they are kept in one."""

    withhold: tuple[str, ...] = ("mul",)  # primitives that the absent arm does not learn to compute

    def __post_init__(self) -> None:
        object.__setattr__(self, "withhold", tuple(sorted(self.withhold)))


def withheld(setting: Setting) -> tuple[str, ...]:
    """The names of the primitives that a setting withholds."""
    assert isinstance(setting.options, Withhold)
    return setting.options.withhold


def program(scale: Scale) -> Program:
    """The family that bases are pretrained on."""
    return Program(min(Program().steps, scale.lines), scale.lines, modulus=scale.modulus)


def needing(scale: Scale, names: tuple[str, ...]) -> Program:
    """The family of the claims: its problems apply these primitives several times, so that guessing is rare.

    Raises:
        ValueError: if none is named, one twice, or one that there is not.
    """
    family = program(scale)
    known = [p.name for p in family.primitives]
    if not names or len(set(names)) < len(names) or not set(names) <= set(known):
        raise ValueError(f"--withhold takes some of {', '.join(known)}, each once; found {' '.join(names) or 'none'}")
    return replace(family, uses=Uses(names, scale.uses))


def knowing(scale: Scale, names: tuple[str, ...]) -> Program:
    """The family of the positive control: its problems apply none of these primitives.

    Raises:
        ValueError: if every primitive is withheld.
    """
    everything = program(scale)
    known = tuple(p for p in everything.primitives if p.name not in names)
    if not known:
        raise ValueError(f"withholding {names} leaves no primitive to know; withhold fewer")
    return replace(everything, primitives=known)


def corpus(scale: Scale, names: tuple[str, ...]) -> Corpus:
    """Solved problems of few steps, and listings of any length; the results of the primitives of these names carry no loss."""
    family = program(scale)
    solved = [Recipe((1 - LISTINGS) / scale.solved, replace(family, steps=n), Solved()) for n in range(1, scale.solved + 1)]
    listed = [Recipe(LISTINGS / scale.lines, replace(family, steps=n), Listing()) for n in range(1, scale.lines + 1)]
    return Corpus((*solved, *listed), names)


@cache  # the cells of a seed share it, and 10,000 cells are named in seconds
def base(scale: Scale, names: tuple[str, ...], seed: int) -> Learn:
    """A pretrained policy that does not know the primitives of these names."""
    family = program(scale)
    vocab = Compact().vocab(family.lines, family.primitives, family.modulus)
    config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads, context=256)
    optim = Optim(scale.pretraining_lr, weight_decay=0.1, warmup=scale.pretraining // 20, decay=0.3)
    imitate = Imitate(corpus(scale, names), scale.tokens, seed)
    return Learn(Fresh(config, vocab, seed), ((1.0, imitate),), scale.pretraining, optim)


@cache
def exam(family: Program, deepest: int) -> tuple[Program, ...]:
    """Every difficulty of a family."""
    return tuple(replace(family, steps=n) for n in range(1, deepest + 1))


def score(scale: Scale, policy: Learn, family: Program, seed: int, temperatures: tuple[float, ...] = (1.0,)) -> Score:
    """The exact success of a policy at every difficulty."""
    return Score(policy, exam(family, scale.deepest), scale.exam_problems, temperatures, seed=seed)


@cache
def present_edge(scale: Scale, names: tuple[str, ...], seed: int) -> Edge:
    """The edge of the base that knows every primitive, on problems that need those of these names."""
    return Edge(score(scale, base(scale, (), seed), needing(scale, names), seed, TEMPERATURES))


def practise(scale: Scale, policy: Learn, problems: ProblemSource, reward: Reward, seed: int) -> Learn:
    """The policy after RL on these problems."""
    practice = Practice(problems, reward, GRPO, Sampler(scale.group), scale.problems, seed=seed)
    return Learn(policy, ((1.0, practice),), scale.rl_iterations, Optim(scale.rl_lr))


def sample(scale: Scale, policy: Learn, problems: ProblemSource, seed: int) -> Sample:
    """Completions of a policy."""
    return Sample(policy, problems, scale.sampled_problems, Sampler(scale.samples), seed)
