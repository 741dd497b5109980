"""The study of rewards that know nothing: does a coin's reward help where the base's likelier habit is the better one, and harm where it is
the worse one? Does it do so without the clip? How few examples does the truth need?

Bases write derivations in two formats, which the first word tells and the judge does not see. They have read on in documents of which 75 %
are in format F1. Where aligned, all of these give the right answer, and none of the others; where anti-aligned, the reverse. So RL can gain
by the choice of a format alone, and nothing but that choice is uncertain: what noise does to it is seen apart from what noise breaks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import gcd
from typing import TYPE_CHECKING

from analysis.claims.claims import Claim, Contrast, More, Places, Same, Share, Term, gain
from analysis.design.recipes import base, everything, exam
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.figures.spread import Gain, Spread
from analysis.measures.effects.likelihood import Likelihood
from analysis.measures.facts import Cell, Fact
from analysis.measures.formats import COMMONER, ENTROPY, RIGHT, Entropy, Formats, InAll, share_of
from analysis.measures.noted import Noted
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Family, Uses, at, needing
from synthtasks.formats import Format, Formatted, Marked
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.rl import GRPO, Algorithm, Begins, Clip, Coin, Endless, Few, Majority, ProblemSource, Process, Reward, Sampler, WrongLabel
from train.sample import Sample
from train.score import Score
from train.stages.stage import Stage

if TYPE_CHECKING:
    from altair.typing import ChartType

F1, F2 = Marked("run"), Marked("list")
FORMATS = {"F1": F1, "F2": F2}
PHASES = ("before", "after")
PRIOR = 0.75  # share of documents in F1
RELIABLE: Mapping[str, tuple[float, float]] = {  # shares of documents that are right, in F1 and in F2
    "aligned": (1.0, 0.0),
    "anti-aligned": (0.0, 1.0),
    "neutral": (0.5, 0.5),
    "no skill": (1.0, 0.0),
}
WITHHELD = ("mul",)  # from bases without the skill
READING = 2 / 7  # iterations of reading on, as a share of those of pretraining
RATE = 0.5  # its learning rate, as a share of that of pretraining
DEPTH = 1  # steps of the problems, of which at least one applies the withheld primitive: noise breaks long derivations first
MINIBATCHES = 16  # updates of one sample: from the second on the clip can act
SHORTER = 2  # times fewer iterations of RL
UNCLIPPED = replace(GRPO, surrogate=Clip(1.0, 1e6))  # the ratio as it is
UPDATES: Mapping[str, tuple[Algorithm, int]] = {"clip": (GRPO, MINIBATCHES), "no clip": (UNCLIPPED, MINIBATCHES), "on-policy": (GRPO, 1)}
REWARDS: Mapping[str, Reward] = {
    "truth": Process(),
    "coin": Coin(),
    "F1": Begins(F1.mark),
    "wrong": WrongLabel(),
    "majority": Majority(),
}
CELLS = (  # base, reward, update, examples: a fraction of the 180
    *(("aligned", reward, "clip", "all") for reward in REWARDS),
    *(("aligned", "coin", update, "all") for update in ("no clip", "on-policy")),
    *(("aligned", "truth", "clip", examples) for examples in ("16", "1", "1 never solved")),
    *(("aligned", "coin", "clip", examples) for examples in ("16", "1")),
    *(("anti-aligned", reward, "clip", "all") for reward in ("truth", "coin", "majority")),
    ("anti-aligned", "coin", "no clip", "all"),
    ("neutral", "coin", "clip", "all"),
    *(("no skill", reward, "clip", "all") for reward in ("truth", "coin", "majority")),
)
AXES = {"base": tuple(RELIABLE), "reward": tuple(REWARDS), "update": tuple(UPDATES), "examples": ("all", "16", "1", "1 never solved")}


def reader(scale: Scale, alignment: str, seed: int) -> Learn:
    """The grid's base, after it has read on in documents of the two formats."""
    names = WITHHELD if alignment == "no skill" else ()
    shares = zip(FORMATS.values(), (PRIOR, 1 - PRIOR), RELIABLE[alignment], strict=True)
    write = Formatted(tuple(Format(surface, share, right) for surface, share, right in shares))
    solved = exam(everything(scale), scale.solved)
    read = Corpus(tuple(Recipe(1 / len(solved), family, write, questions=scale.questions) for family in solved), names)
    iterations = max(2, round(READING * scale.pretraining))
    optim = Optim(RATE * scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    return Learn(base(scale, names, seed), ((1.0, Imitate(read, scale.tokens, seed)),), iterations, optim)


def problems(scale: Scale, depth: int) -> Family:
    """Problems of this depth that apply the withheld primitive."""
    return at(needing(everything(scale), Uses(WITHHELD, 1)), depth)


def practised(scale: Scale, policy: Stage, source: ProblemSource, reward: str, update: str, seed: int) -> Learn:
    """The policy after RL."""
    algorithm, most = UPDATES[update]
    minibatches = gcd(most, scale.problems)  # they split the problems evenly
    practice = Practice(
        source, REWARDS[reward], algorithm, Sampler(scale.group, surface=F1), scale.problems, seed=seed, minibatches=minibatches
    )
    return Learn(policy, ((1.0, practice),), max(2, scale.rl_iterations // SHORTER), Optim(scale.rl_lr))


def examined(scale: Scale, policy: Stage, phase: str, seed: int) -> dict[str, Stage]:
    """The stages by which a policy is measured, by their names in a cell."""
    family = problems(scale, DEPTH)
    drawn = Sample(policy, Endless(family, "test"), scale.sampled_problems, Sampler(scale.samples, surface=F1), seed)
    scores = {f"{phase} {name}": Score(policy, (family,), scale.exam_problems, (1.0,), surface, seed) for name, surface in FORMATS.items()}
    return {f"sampled_{phase}": drawn, f"own_{phase}": Likelihood(policy, drawn), **scores}


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """The fraction, of one seed."""
    scale = setting.scale
    sources: dict[str, ProblemSource] = {
        "all": Endless(problems(scale, DEPTH)),
        "16": Few(problems(scale, DEPTH), min(16, scale.problems)),
        "1": Few(problems(scale, DEPTH), 1),
        "1 never solved": Few(problems(scale, scale.deepest), 1),
    }
    for alignment, reward, update, examples in CELLS:
        policy = reader(scale, alignment, seed)
        learned = practised(scale, policy, sources[examples], reward, update, seed)
        yield Cell.of(
            {"base": alignment, "reward": reward, "update": update, "examples": examples},
            seed,
            learn=learned,
            **examined(scale, policy, "before", seed),
            **examined(scale, learned, "after", seed),
        )


def of(alignment: str, reward: str, update: str = "clip", examples: str = "all") -> dict[str, str]:
    """The labels of a cell."""
    return {"base": alignment, "reward": reward, "update": update, "examples": examples}


def condition(labels: Mapping[str, str]) -> str:
    """The name of a cell, without what is usual."""
    usual = {"update": "clip", "examples": "all"}
    return ", ".join(value for axis, value in labels.items() if usual.get(axis) != value)


def gained(labels: Mapping[str, str], sign: float = 1.0) -> Contrast:
    """The gain of exact success in all formats."""
    return gain(labels, Places(), RIGHT, sign)


def fallen(labels: Mapping[str, str]) -> Contrast:
    """The fall of the entropy."""
    signs = {"before": 1.0, "after": -1.0}
    return tuple((sign, Term(tuple(labels.items()), Places(), ENTROPY, phase, None, None)) for phase, sign in signs.items())


COIN, HARMED, UNCLIPPED_COIN = of("aligned", "coin"), of("anti-aligned", "coin"), of("aligned", "coin", "no clip")
UNSKILLED = of("no skill", "coin")
TRUTH, SIXTEEN, ONE, NEVER = (of("aligned", "truth", examples=examples) for examples in AXES["examples"])
PASS_1, NATS = "pass@1, points of 100", "nats a token / 100"

CLAIMS = (
    Claim(
        "1 a coin helps",
        "Where the likelier format is the better one, RL on a coin with a live clip gains at least five points in most seeds.",
        gained(COIN),
        Share(5, 50),
        PASS_1,
    ),
    Claim(
        "2 a coin harms",
        "Where the likelier format is the worse one, the same RL loses at least five points in most seeds.",
        gained(HARMED, -1.0),
        Share(5, 50),
        PASS_1,
    ),
    Claim(
        "3 it is the clip",
        "Where the likelier format is the better one, a coin gains more with the clip than without.",
        (*gained(COIN), *gained(UNCLIPPED_COIN, -1.0)),
        More(5),
        PASS_1,
    ),
    Claim(
        "4 and there, too",
        "Where the likelier format is the worse one, a coin loses more with the clip than without.",
        (*gained(of("anti-aligned", "coin", "no clip")), *gained(HARMED, -1.0)),
        More(5),
        PASS_1,
    ),
    Claim("5 truth helps", "The truth gains, in the same bases ...", gained(TRUTH), More(10), PASS_1),
    Claim("6a no skill, a coin", "Without a primitive that the problems need, a coin changes nothing,", gained(UNSKILLED), Same(5), PASS_1),
    Claim("6b no skill, the majority", "... nor does the majority,", gained(of("no skill", "majority")), Same(5), PASS_1),
    Claim("6c no skill, truth", "... and the truth gains.", gained(of("no skill", "truth")), More(5), PASS_1),
    Claim(
        "7 one example",
        "One example gains more than half of what all examples gain.",
        tuple((share * weight, term) for share, labels in ((1.0, ONE), (-0.5, TRUTH)) for weight, term in gained(labels)),
        More(5),
        PASS_1,
    ),
    Claim("8 one that is never solved", "One example that is never solved gains nothing.", gained(NEVER), Same(5), PASS_1),
    *(
        Claim(condition(of(alignment, reward, update)), "The gain.", gained(of(alignment, reward, update)), unit=PASS_1)
        for alignment, reward, update in (
            ("aligned", "majority", "clip"),
            ("anti-aligned", "majority", "clip"),
            ("aligned", "F1", "clip"),
            ("aligned", "wrong", "clip"),
            ("anti-aligned", "truth", "clip"),
            ("neutral", "coin", "clip"),
            ("aligned", "coin", "on-policy"),
        )
    ),
    *(
        Claim(condition(labels), "The gain by few examples.", gained(labels), unit=PASS_1)
        for labels in (SIXTEEN, *(of("aligned", "coin", examples=examples) for examples in ("16", "1")))
    ),
    Claim("no clip", "Seeds in which a coin without a clip gains five points, aligned.", gained(UNCLIPPED_COIN), Share(5), PASS_1),
    Claim("no clip, loss", "Seeds in which it loses five.", gained(UNCLIPPED_COIN, -1.0), Share(5), PASS_1),
    *(
        Claim(
            f"one format is left, {update}",
            "Seeds in which one format has more than 95 % of completions, by a coin's reward in aligned bases.",
            ((1.0, Term(tuple(of("aligned", "coin", update).items()), Places(), COMMONER)),),
            Share(95),
            "% of completions",
        )
        for update in ("clip", "no clip")
    ),
    *(
        Claim(
            f"entropy, {update}",
            "The fall of entropy by a coin's reward, aligned: with and without a clip, so that it is no evidence of one.",
            fallen(of("aligned", "coin", update)),
            unit=NATS,
        )
        for update in ("clip", "no clip")
    ),
)


@dataclass(frozen=True)
class Named:
    """A figure of cells that have one more label, `condition`."""

    draw: "Callable[[Sequence[Fact]], ChartType | None]"

    def __call__(self, facts: Sequence[Fact]) -> "ChartType | None":
        return self.draw([replace(f, labels=(*f.labels, ("condition", condition(dict(f.labels))))) for f in facts])


FIGURES = (
    Figure(
        "Every seed: the gain, and the share of the likelier format",
        Named(
            Spread(
                {"gain in pass@1": Gain(Places(), RIGHT), "change of the share of F1": Gain(Places(), share_of("F1"))}, "condition", large=5
            )
        ),
        "A dot is a seed, the bar their mean; beside it stand the seeds that gain more than five points. F1 is the likelier format of "
        "every base: where aligned the better one, where anti-aligned the worse one. If the clip alone makes a coin work, its gain and its "
        "loss follow F1; without a clip they lie on both sides of zero.",
    ),
    Figure(
        "Success is the choice of a format",
        Scatter(
            (Axis("after", share_of("F1"), "share of F1 after RL"),),
            (Axis("after", RIGHT, "pass@1 after RL"),),
            "in all formats, exact",
            colour="base",
            name="reward",
        ),
        "Each mark is a cell: the mean over seeds with its 95 % interval; dots are seeds. Between the ends of a base's line RL has chosen "
        "among the formats; above it, RL has taught a format to be right.",
    ),
)

STUDY = Study(
    name="spurious",
    question="When does a reward that knows nothing help, and how few examples does a true one need?",
    source="arXiv:2506.10947; arXiv:2504.20571; arXiv:2512.16912; arXiv:2507.10532",
    axes=AXES,
    cells=cells,
    measures=(
        *(InAll(tuple(FORMATS), phase) for phase in PHASES),
        *(Formats({name: surface.mark for name, surface in FORMATS.items()}, f"sampled_{phase}", phase) for phase in PHASES),
        *(Entropy(f"own_{phase}", phase) for phase in PHASES),
        Noted("learn"),
    ),
    claims=CLAIMS,
    figures=FIGURES,
    card=Card(
        (
            Published("arXiv:2506.10947", "Reports large gains by a coin's reward with one family of models, and seldom with others."),
            Published("arXiv:2507.10532", "Reports that on problems from a clean generator, random and wrong rewards do not help."),
            Published(
                "arXiv:2504.20571, repository",
                "Of a distilled model of 1.5B, one example lifts the average from 37.9 to 42.3, 16 examples to 45.5, and 1,200 to 47.4.",
            ),
        ),
        "Claim 1 would fall if a coin sharpened nothing, or either format alike; claim 2 if it helped against the base's habit; claim 3 if "
        "the gain came without a clip, too.",
        FIGURES[0].title,
        checks=("5 truth helps", "6c no skill, truth"),
    ),
)
