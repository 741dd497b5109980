"""The study of eliciting: do RL, critiques, decoding, steering and features of a sparse autoencoder bring out the same derivations that a
base already has, and nothing where it has none?

A base of the grid has read on in documents of which 10 % derive their answer, and the rest give the answer alone. Such a base answers at
once, and guesses: problems are of as many steps as pretraining has solved, which it derives, and cannot compute in its head. Its
derivations are latent. Another base has read the same and lacks a primitive that every problem needs three times; a third derives by habit.
Each way is measured by greedy completions of the same problems, beside its placebo. Where the primitive is lacking, critiques give no value
of it; longer critique fine-tuning teaches all values, or by a mask of the loss all but its own, and only the former must break what is
shown: problems are solved that were outside the base's support.

Pilots with seeds 100 and 101 chose doses, the word and block of steering, and the form of critiques. Documents of both kinds mix in every
batch: where an iteration read one kind, the base derived in .7 % of its samples, not 10 %. Steered at every token, at most 21 % of
completions were right; at the last word of prompts, up to 59 %. Random directions elicited derivations, too, above all where their
strength was tuned: placebos are as long and as strong as what was tuned, the mean of three; those tuned for themselves stand beside them.
Critiques that give the first wrong step alone elicit as well, but harm derivations at the dose that makes them usual. Of ten branches, the
confidence cannot tell those that run other lines than the problem asks for. Where the primitive is lacking, the mean difference elicited
nothing, even of problems that the base can solve.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.claims.claims import Claim, Contrast, IfMeasured, More, Places, Same, Term
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.figures.spread import Spread
from analysis.measures.effects.elicited import ANSWERED, CONTAINED, DEAD, DERIVED, OUTSIDE, RECOVERY, SOLVED, Elicited, Sparse, overlap
from analysis.measures.effects.likelihood import Likelihood
from analysis.measures.facts import Cell, Fact, Outcome
from analysis.studies.elicit.ways import (
    ANY,
    ARMS,
    CFT,
    DECODED,
    DRAWS,
    FEATURE,
    HABIT,
    LACKING,
    LATENT,
    LONGER,
    NOTHING,
    OTHER,
    PLACEBOS,
    RANDOM,
    REVEALING,
    RL,
    SHARES,
    SPAN,
    TUNED,
    TUNED_OTHER,
    WAYS,
    WIDE,
    Bench,
)
from train.decoding import Best, Choice, Every
from train.stages.stage import Stage

if TYPE_CHECKING:
    from altair.typing import ChartType

AXES = {"base": tuple(SHARES), "arm": (*ARMS[LATENT], LONGER, REVEALING), "draw": tuple(map(str, range(1, DRAWS + 1)))}
CHOICES: Mapping[str, Choice] = {DECODED: Best(), ANY: Every(), WIDE: Best()}


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Every arm of the three bases. The gap is that of RL in the base whose derivations are latent."""
    latent = Bench(setting.scale, LATENT, seed)
    for name, arms in ARMS.items():
        bench = Bench(setting.scale, name, seed)
        start = bench.drawn(NOTHING)
        fixed: dict[str, Stage] = {"start": start, "floor": latent.drawn(NOTHING), "ceiling": latent.drawn(RL)}
        peers = {way: bench.drawn(way) for way in WAYS if way != DECODED} if name == LATENT else {}
        for arm in arms:
            sparse = {"features": bench.features} if arm == FEATURE else {}
            for draw in range(DRAWS if arm in (RANDOM, OTHER) else 1):
                labels = {"base": name, "arm": arm, "draw": str(draw + 1)}
                drawn, support = bench.drawn(arm, draw), Likelihood(bench.start, start)
                yield Cell.of(labels, seed, **fixed, drawn=drawn, support=support, **peers, **sparse)


def of(arm: str, name: str = LATENT) -> tuple[tuple[str, str], ...]:
    """The labels of an arm, whatever the draw."""
    return ("base", name), ("arm", arm)


def after(arm: str, metric: str = SOLVED, name: str = LATENT, weight: float = 1.0) -> Contrast:
    """A metric of an arm."""
    return ((weight, Term(of(arm, name), Places(), metric)),)


def recovered(arm: str, weight: float = 1.0) -> Contrast:
    """The share of RL's gain, where RL gains; it may lie below zero or above one."""
    return ((weight, Term(of(arm), IfMeasured("after", RECOVERY), RECOVERY, "after", None, None)),)


def over(arm: str, other: str, name: str = LATENT) -> Contrast:
    """Right processes by an arm, less those by another."""
    return (*after(arm, name=name), *after(other, name=name, weight=-1.0))


def gained(name: str, sign: float = 1.0, metric: str = SOLVED) -> Contrast:
    """The gain over the base, mean over the five ways."""
    each = (after(way, metric, name, sign / len(WAYS)) for way in WAYS)
    return (*(term for contrast in each for term in contrast), *after(NOTHING, metric, name, -sign))


PROCESSES, ANSWERS, OF_GAIN = "right processes, points of 100", "right answers, points of 100", "% of RL's gain"

CLAIMS = (
    Claim(
        "1 four ways recover it",
        "Where derivations are latent, critiques, decoding, steering and features recover on average more than half of what RL gains.",
        tuple(term for way in WAYS[1:] for term in recovered(way, 1 / 4)),
        More(50),
        OF_GAIN,
    ),
    *(
        Claim(
            f"{i} {way}",
            f"There, {way} solves more than its placebo ({PLACEBOS[way]}).",
            over(way, PLACEBOS[way]),
            More(20),
            PROCESSES,
        )
        for i, way in enumerate(WAYS, 2)
    ),
    Claim(
        "7 not without the primitive",
        "The five ways gain more where derivations are latent than where a primitive is lacking.",
        (*gained(LATENT), *gained(LACKING, -1.0)),
        More(50),
        PROCESSES,
    ),
    Claim(
        "8 there, nothing",
        "Where a primitive is lacking, they change right answers by nothing.",
        gained(LACKING, metric=ANSWERED),
        Same(5),
        ANSWERS,
    ),
    Claim(
        "9 unless it is revealed",
        "Critiques that teach the values of the lacking primitive solve more than the same ones without loss on these.",
        over(REVEALING, LONGER, LACKING),
        More(5),
        PROCESSES,
    ),
    Claim(
        "10 beyond the support",
        "... and solve problems that the base does not solve in 1,024 samples.",
        after(REVEALING, OUTSIDE, LACKING),
        More(5),
        "% of problems",
    ),
    *(
        Claim(f"recovery: {arm}", "Share of RL's gain, latent.", recovered(arm), unit=OF_GAIN)
        for arm in (*WAYS[1:], *PLACEBOS.values(), WIDE, TUNED, TUNED_OTHER)
    ),
    Claim(
        "contained",
        "Of the problems that a way solves, latent, those in the base's support at 1,024 samples, mean over the five.",
        tuple((1 / len(WAYS), Term(of(way), IfMeasured("after", CONTAINED), CONTAINED)) for way in WAYS),
        unit="% of solved problems",
    ),
    Claim(
        "overlap",
        "Jaccard index of the sets of problems that a way and RL solve, latent, mean over the other four.",
        tuple((1 / 4, Term(of(way), IfMeasured("after", overlap(RL)), overlap(RL))) for way in WAYS[1:]),
        unit="% of problems that either solves",
    ),
    Claim("processes without the primitive", "Right processes by the five ways, gain.", gained(LACKING), unit=PROCESSES),
    *(
        Claim(
            f"derivations without the primitive: {way}", "Completions that derive.", after(way, DERIVED, LACKING), unit="% of completions"
        )
        for way in WAYS
    ),
    Claim("dead features", "Features that no word makes active, latent.", after(FEATURE, DEAD), unit="% of features"),
    Claim("by habit, critiques", "The change where derivations are usual.", over(CFT, NOTHING, HABIT), unit=PROCESSES),
)


@dataclass(frozen=True)
class Ended:
    """A metric after learning, in points of 100; None where it was not measured."""

    metric: str

    def __call__(self, outcome: Outcome) -> float | None:
        value = None if outcome.undefined else outcome.value("after", self.metric)
        return None if value is None else 100 * value


@dataclass(frozen=True)
class Named:
    """A figure of cells that have one more label, `condition`."""

    draw: "Callable[[Sequence[Fact]], ChartType | None]"

    def __call__(self, facts: Sequence[Fact]) -> "ChartType | None":
        return self.draw([replace(f, labels=(*f.labels, ("condition", self.condition(*dict(f.labels).values())))) for f in facts])

    def condition(self, base: str, arm: str, draw: str) -> str:
        """The name of a cell."""
        return f"{base}: {arm}" if arm not in (RANDOM, OTHER) else f"{base}: {arm} {draw}"


FIGURES = (
    Figure(
        "Every way, beside its placebo, in every base",
        Named(Spread({"right processes": Ended(SOLVED), "right answers": Ended(ANSWERED)}, "condition", large=50)),
        "A dot is a seed, the bar their mean; beside it stand the seeds above 50. If all ways bring out what the base has, those of the "
        "latent base lie at the right, and their placebos do not; and those of the base without the primitive lie at zero, but for "
        "critiques that reveal it.",
    ),
    Figure(
        "To derive is not to be right",
        Scatter(
            (Axis("after", DERIVED, "share of completions that derive"),),
            (Axis("after", SOLVED, "right processes"),),
            "of greedy completions",
            colour="base",
            name="arm",
        ),
        "Each mark is an arm: the mean over seeds with its 95 % interval; dots are seeds. Ways move a base to the right, towards "
        "derivations; it rises as far as its derivations are right.",
    ),
)

STUDY = Study(
    name="elicitation",
    question="Do five ways of eliciting bring out the same derivations, and only those that the base already has?",
    source="arXiv:2501.17703; arXiv:2402.10200; arXiv:2308.10248; arXiv:2406.04093; arXiv:2601.08058",
    axes=AXES,
    cells=cells,
    measures=(Elicited(CHOICES, peers=tuple(way for way in WAYS if way != DECODED), span=SPAN), Sparse()),
    claims=CLAIMS,
    figures=FIGURES,
    card=Card(
        (
            Published("arXiv:2501.17703", "Reports large gains by training on critiques, less where models are strong already."),
            Published("arXiv:2402.10200", "Reports derivations among branches on the likeliest first words, found by confidence."),
            Published("arXiv:2601.08058", "Reports that a feature, steered at the first step alone, does what a request to think does."),
        ),
        "No paper tries all five on one base: that they converge is inferred from many. Claim 1 would fall if the ways brought out few "
        "derivations, claims 2 to 6 if placebos did as much, and claim 7 if a way gave a base what it lacks.",
        FIGURES[0].title,
        checks=("9 unless it is revealed", "2 RL", "3 critiques", "4 decoding", "5 steering", "6 feature"),
    ),
)
