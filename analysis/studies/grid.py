"""The factorial study: what pretraining taught x where RL lies relative to the edge of competence x what is rewarded.

Both arms read the same documents; the absent arm's loss is masked on the results of the withheld primitives. Bands come
from the present base of the same seed, and both arms practise on the identical problems.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from analysis.measures.edge import REGIONS, Edge
from analysis.studies.claims import At, Claim, Deeper, More, Same, Term, gain
from analysis.studies.scale import Scale
from analysis.studies.study import Cell, Setting, Study
from models import GPTConfig
from synthtasks.corpus import Corpus, Listing, Recipe, Solved
from synthtasks.families import Program, Uses
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import GRPO, Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl.problems import Band
from train.rl.rewards import Coin, Correct, Process, Reward
from train.rl.rollouts import Sampler
from train.sample import Sample
from train.score import Score

LISTINGS = 0.3  # share of pretraining documents
TEMPERATURES = (0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
REWARDS: dict[str, Reward] = {"outcome": Correct(), "process": Process()}


def program(scale: Scale) -> Program:
    """The family that bases are pretrained on."""
    return Program(min(Program().steps, scale.lines), scale.lines, modulus=scale.modulus)


def needing(setting: Setting) -> Program:
    """The family of the claims: its problems apply the withheld primitives several times, so that guessing is rare.

    Raises:
        ValueError: if none is withheld, one twice, or one that there is not.
    """
    family, withheld = program(setting.scale), set(setting.withhold)
    known = [p.name for p in family.primitives]
    if not withheld or len(withheld) < len(setting.withhold) or not withheld <= set(known):
        found = " ".join(setting.withhold) or "none"
        raise ValueError(f"--withhold takes some of {', '.join(known)}, each once; found {found}")
    return replace(family, uses=Uses(setting.withhold, setting.scale.uses))


def knowing(setting: Setting) -> Program:
    """The family of the positive control: its problems apply no withheld primitive.

    Raises:
        ValueError: if every primitive is withheld.
    """
    everything = program(setting.scale)
    known = tuple(p for p in everything.primitives if p.name not in setting.withhold)
    if not known:
        raise ValueError(f"withholding {setting.withhold} leaves no primitive to know; withhold fewer")
    return replace(everything, primitives=known)


def corpus(scale: Scale, withheld: tuple[str, ...]) -> Corpus:
    """Solved problems of few steps, and listings of any length."""
    family = program(scale)
    solved = [Recipe((1 - LISTINGS) / scale.solved, replace(family, steps=n), Solved()) for n in range(1, scale.solved + 1)]
    listed = [Recipe(LISTINGS / scale.lines, replace(family, steps=n), Listing()) for n in range(1, scale.lines + 1)]
    return Corpus((*solved, *listed), withheld)


@cache  # the cells of a seed share it, and 10,000 cells are named in seconds
def base(scale: Scale, withheld: tuple[str, ...], seed: int) -> Learn:
    """A pretrained policy."""
    family = program(scale)
    vocab = Compact().vocab(family.lines, family.primitives, family.modulus)
    config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads, context=256)
    optim = Optim(scale.pretraining_lr, weight_decay=0.1, warmup=scale.pretraining // 20, decay=0.3)
    imitate = Imitate(corpus(scale, withheld), scale.tokens, seed)
    return Learn(Fresh(config, vocab, seed), ((1.0, imitate),), scale.pretraining, optim)


@cache
def exam(family: Program, deepest: int) -> tuple[Program, ...]:
    """Every difficulty of a family."""
    return tuple(replace(family, steps=n) for n in range(1, deepest + 1))


def score(scale: Scale, policy: Learn, family: Program, seed: int, temperatures: tuple[float, ...] = (1.0,)) -> Score:
    """The exact success of a policy at every difficulty."""
    return Score(policy, exam(family, scale.deepest), scale.exam, temperatures, seed=seed)


def practise(scale: Scale, policy: Learn, band: Band, reward: Reward, seed: int) -> Learn:
    """The policy after RL on a band."""
    practice = Practice(band, reward, GRPO, Sampler(scale.group), scale.problems, seed=seed)
    return Learn(policy, ((1.0, practice),), scale.practice, Optim(scale.practice_lr))


@cache
def present_edge(setting: Setting, seed: int) -> Edge:
    """The edge that all factorial cells of a seed share: that of the base which knows every primitive."""
    return Edge(score(setting.scale, base(setting.scale, (), seed), needing(setting), seed, TEMPERATURES))


def _cell(labels: Mapping[str, str], setting: Setting, seed: int, policy: Learn, edge: Edge, family: Program, reward: Reward) -> Cell:
    scale, region = setting.scale, labels["region"]
    learned = practise(scale, policy, Band(family, edge, region), reward, seed)  # type: ignore[arg-type]  # it is checked there
    before = edge.scores if edge.scores.policy == policy else score(scale, policy, family, seed)
    test = Band(family, edge, "at", "test")
    sampler = Sampler(scale.samples)
    asked = (Sample(policy, test, scale.asked, sampler, seed), Sample(learned, test, scale.asked, sampler, seed))
    after = score(scale, learned, family, seed)
    return Cell(tuple(labels.items()), seed, edge, before, after, learned, region, asked)


def cell(setting: Setting, seed: int, labels: Mapping[str, str]) -> Cell:
    """A factorial cell."""
    policy = base(setting.scale, () if labels["primitive"] == "present" else setting.withhold, seed)
    labels = {"control": "none", **labels}
    return _cell(labels, setting, seed, policy, present_edge(setting, seed), needing(setting), REWARDS[labels["reward"]])


def known(setting: Setting, seed: int) -> Cell:
    """Positive control: RL on what the absent base knows, at its own edge there."""
    policy = base(setting.scale, setting.withhold, seed)
    edge = Edge(score(setting.scale, policy, knowing(setting), seed))
    labels = {"control": "known", "primitive": "absent", "region": "at", "reward": "process"}
    return _cell(labels, setting, seed, policy, edge, knowing(setting), Process())


def coin(setting: Setting, seed: int) -> Cell:
    """Placebo: a reward that means nothing, where the true one teaches most."""
    labels = {"control": "coin", "primitive": "present", "region": "at", "reward": "coin"}
    return _cell(labels, setting, seed, base(setting.scale, (), seed), present_edge(setting, seed), needing(setting), Coin())


def temperature(setting: Setting, seed: int) -> Cell:
    """No RL: the present base at its best temperature."""
    edge = present_edge(setting, seed)
    labels = {"control": "temperature", "primitive": "present", "region": "at", "reward": "none"}
    return Cell(tuple(labels.items()), seed, edge, edge.scores, edge.scores)


def factorial(primitive: str, region: str) -> dict[str, str]:
    """The labels of a factorial cell, both rewards."""
    return {"control": "none", "primitive": primitive, "region": region}


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
    Claim(
        "headroom at the edge", "Share of the room above the base that claim 1 fills.", gain(AT, metric="headroom pass@128"), unit=HEADROOM
    ),
    Claim("headroom of pass@1", "The same on pass@1.", gain(AT, metric="headroom pass@1"), unit=HEADROOM),
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
CLAIMS = (*TESTED, *REPORTED)

STUDY = Study(
    name="grid",
    question="When does reinforcement learning give a language model reasoning it did not have, and when does it only sharpen what it had?",
    source="arXiv:2512.07783",
    axes={"primitive": ("present", "absent"), "region": REGIONS, "reward": tuple(REWARDS)},
    cell=cell,
    controls={"known": known, "coin": coin, "temperature": temperature},
    claims=CLAIMS,
)
