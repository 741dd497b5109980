"""The study of confidence as a reward: does a policy that is paid for its own confidence become better, or only more confident? Does it
depend on how well its confidence tells right answers from wrong ones?

Most starts have read on in documents of two formats, which the first word tells and the judge does not see. Each format gives the right
answer, or the one after it, so often; the policy's confidence in an answer is that share. So a format can be confident and right, or
confident and wrong, and AUROC of the start is a dial. The anti-calibrated start is the mirror of the overconfident one: right and wrong
answers have changed places, and nothing that the policy sees tells them apart. One start is the plain base on problems so long that about
half of its answers are wrong: there the answer repeats the last value, and is confident whether or not that is right.

Pairs are drawn from the start, which is frozen; the confidence that RL pays for moves with the policy. Pilots (seed 100) chose dials and
doses. Pairs alone, without a loss that imitates all completions of the start, broke the format of the answer within 40 iterations. RL of
twice the length went from a gain to a loss of nearly all right answers in an overconfident start: both formats had become certain.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from analysis.claims.claims import Claim, Contrast, More, Places, Term, gain
from analysis.design.recipes import PROGRAMS, base, everything, exam, needing
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.figures.spread import Gain, Spread
from analysis.measures.behaviour import AnswerCalibration, Decoded
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Uses, at
from synthtasks.families import needing as applying
from synthtasks.formats import Format, Formatted, Marked
from synthtasks.problem import Split
from synthtasks.surfaces import Surface
from train.decoding import AnswerSpan, Best, Choice, Every, Summed
from train.learn import Learn
from train.losses import DPO, Imitate, Practice, Prefer, Ranked, Reversed, Right, Shuffled, SimPO, Traces
from train.losses.pairs import Pairing
from train.losses.prefer import Preference
from train.optim import Optim
from train.rl import Certainty, Confidence, Endless, Majority, Mixture, ProblemSource, Reward, Sampler
from train.rl.rollouts import Record
from train.sample import Sample
from train.stages.stage import Stage

if TYPE_CHECKING:
    from altair.typing import ChartType


@dataclass(frozen=True)
class Dial:
    """The formats of the documents that a start reads."""

    first: float  # share of documents in the first format
    right: tuple[float, float]  # share of right answers, by format


F1, F2 = Marked("run"), Marked("list")
PLAIN = "derivations"  # the start that is the plain base
STARTS: Mapping[str, Dial] = {
    "calibrated": Dial(0.5, (0.95, 0.5)),  # confident and right, or in doubt
    "overconfident": Dial(0.3, (0.98, 0.15)),  # most confident where it is right; more often wrong, with less confidence
    "uninformed": Dial(0.5, (0.95, 0.05)),  # as confident where it is wrong
    "anti-calibrated": Dial(0.3, (0.02, 0.85)),  # its mirror: right and wrong answers change places
}
READING = 2 / 7  # iterations of reading on, as a share of those of pretraining
RATE = 0.5  # its learning rate, as a share of that of pretraining
DEPTH = 1  # steps of the problems where answers alone are uncertain
DEEP = 2  # times as long, or one step longer, as what pretraining solves: the problems of the plain base
SHORTER = 2  # times fewer iterations of RL, before its reward is the same for all
PAIRED = 0.75  # iterations of learning from pairs, as a share of those of RL at the scale
DRAWN = 8  # iterations' problems of which pairs are made
PAIRS = 16  # of an iteration
PARTS = 4  # an iteration of the anchor reads so much less than one of pretraining
RECORDS: tuple[Record, ...] = ("logp", "roles", "entropy")
PHASES = ("before", "after")
RIGHT = "right answers"
CHOICES: Mapping[str, Choice] = {"any": Every(), "best": Best(), "sum": Summed()}  # by confidence, among the completions of a problem
ANCHOR = 1.0  # weight of imitating all completions of the start beside the pairs, which alone break its language
RLSF = DPO(1.0, margin=1.0)
PREFERENCES: Mapping[str, Preference] = {"pairs": RLSF, "SimPO": SimPO()}
PAIRINGS: Mapping[str, Pairing] = {
    "pairs": Ranked(),
    "SimPO": Ranked(),
    "shuffled pairs": Ranked(Shuffled()),
    "reversed pairs": Reversed(),
    "true pairs": Ranked(Right()),
}
REWARDS: Mapping[str, Reward] = {"reward": Confidence(), "majority": Majority(), "entropy": Certainty()}
ARMS = (*PAIRINGS, *REWARDS)
CELLS = (
    *(("calibrated", arm) for arm in ("pairs", "reward")),
    *(("overconfident", arm) for arm in ARMS),
    ("uninformed", "pairs"),
    *(("anti-calibrated", arm) for arm in ("pairs", "reward", "true pairs")),
    *((PLAIN, arm) for arm in ("pairs", "reward", "shuffled pairs", "true pairs")),
)
AXES = {"start": (*STARTS, PLAIN), "arm": ARMS}


def started(scale: Scale, start: str, seed: int) -> Learn:
    """The policy that is to learn: the grid's base, or that after it has read on in documents of the two formats."""
    if start == PLAIN:
        return base(scale, (), seed)
    dial = STARTS[start]
    shares = zip((F1, F2), (dial.first, 1 - dial.first), dial.right, strict=True)
    write = Formatted(tuple(Format(surface, share, right) for surface, share, right in shares))
    solved = exam(everything(scale), scale.solved)
    read = Corpus(tuple(Recipe(1 / len(solved), family, write, questions=scale.questions) for family in solved))
    iterations = max(2, round(READING * scale.pretraining))
    optim = Optim(RATE * scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    return Learn(base(scale, (), seed), ((1.0, Imitate(read, scale.tokens, seed)),), iterations, optim)


def met(scale: Scale, start: str, split: Split = "train") -> ProblemSource:
    """The problems of a start: short, where its answers alone are uncertain; or long."""
    if start != PLAIN:
        return Endless(at(applying(everything(scale), Uses(PROGRAMS.withhold, 1)), DEPTH), split)
    deep = sorted({min(DEEP * scale.solved + more, scale.deepest) for more in (0, 1)})
    return Mixture(tuple((1 / len(deep), Endless(at(needing(scale, PROGRAMS), n), split)) for n in deep))


def said(start: str) -> Surface:
    """The surface of a start."""
    return PROGRAMS.said if start == PLAIN else F1


def learned(scale: Scale, start: str, arm: str, seed: int) -> Learn:
    """The policy after learning from its confidence, or from a control of it."""
    policy, problems = started(scale, start, seed), met(scale, start)
    sampler = Sampler(scale.group, surface=said(start), records=RECORDS)
    if arm in REWARDS:
        practice = Practice(problems, REWARDS[arm], sampler=sampler, problems=scale.problems, seed=seed)
        return Learn(policy, ((1.0, practice),), max(2, scale.rl_iterations // SHORTER), Optim(scale.rl_lr))
    drawn = Sample(policy, problems, scale.problems, sampler, seed, DRAWN)
    prefer = Prefer(drawn, PAIRINGS[arm], PREFERENCES.get(arm, RLSF), PAIRS, seed)
    anchor = Imitate(Traces(drawn), max(1, scale.tokens // PARTS), seed)
    return Learn(policy, ((1.0, prefer), (ANCHOR, anchor)), max(2, round(PAIRED * scale.rl_iterations)), Optim(scale.rl_lr))


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """The fraction, of one seed."""
    scale = setting.scale
    for start, arm in CELLS:
        sampler = Sampler(scale.samples, surface=said(start), records=RECORDS)
        policies: dict[str, Stage] = {"before": started(scale, start, seed), "after": learned(scale, start, arm, seed)}
        drawn = {
            f"sampled_{phase}": Sample(policy, met(scale, start, "test"), scale.sampled_problems, sampler, seed)
            for phase, policy in policies.items()
        }
        yield Cell.of({"start": start, "arm": arm}, seed, learn=policies["after"], **drawn)


def of(start: str, arm: str) -> dict[str, str]:
    """The labels of a cell."""
    return {"start": start, "arm": arm}


def gained(start: str, arm: str, sign: float = 1.0, metric: str = RIGHT) -> Contrast:
    """The gain of a metric, by default of right answers."""
    return gain(of(start, arm), Places(), metric, sign)


def value(start: str, arm: str, metric: str, phase: str, weight: float = 1.0) -> Contrast:
    """One value of a metric."""
    return ((weight, Term(tuple(of(start, arm).items()), Places(), metric, phase)),)


ANSWERS, POINTS = "right answers, points of 100", "points of 100"
OVER, ANTI = "overconfident", "anti-calibrated"

CLAIMS = (
    Claim(
        "1 it follows what confidence knows",
        "Pairs by confidence gain where the start is most confident where it is right, and lose in its mirror, most confident where it is "
        "wrong: the two gains are at least 20 points apart.",
        (*gained(OVER, "pairs"), *gained(ANTI, "pairs", -1.0)),
        More(20),
        ANSWERS,
    ),
    Claim("2a it helps", "They gain in the first,", gained(OVER, "pairs"), More(10), ANSWERS),
    Claim("2b and harms", "... and lose in its mirror.", gained(ANTI, "pairs", -1.0), More(10), ANSWERS),
    Claim("3 calibrated", "They gain in a calibrated start.", gained("calibrated", "pairs"), More(5), ANSWERS),
    Claim(
        "4 more than a placebo",
        "In the overconfident start they gain more than pairs of which the confidence was shuffled.",
        (*gained(OVER, "pairs"), *gained(OVER, "shuffled pairs", -1.0)),
        More(10),
        ANSWERS,
    ),
    Claim(
        "5 not the majority",
        "There they gain more than RL for the answer of the majority, which is wrong.",
        (*gained(OVER, "pairs"), *gained(OVER, "majority", -1.0)),
        More(10),
        ANSWERS,
    ),
    Claim(
        "6 calibration",
        "There the calibration error falls by 30 % of itself, and five points more.",
        (*value(OVER, "pairs", "ECE", "before", 0.7), *value(OVER, "pairs", "ECE", "after", -1.0)),
        More(5),
        POINTS,
    ),
    Claim(
        "7 more than a rescaling",
        "There the Brier score after learning is lower than that of the start after temperature scaling.",
        (*value(OVER, "pairs", "scaled Brier", "before"), *value(OVER, "pairs", "Brier", "after", -1.0)),
        More(5),
        POINTS,
    ),
    Claim(
        "8 where answers repeat what was derived",
        "RL for the confidence in answers that follow a derivation makes calibration worse.",
        gained(PLAIN, "reward", metric="ECE"),
        More(5),
        POINTS,
    ),
    Claim(
        "9 a higher AUROC is not enough",
        "There pairs by the truth gain more than pairs by confidence.",
        (*gained(PLAIN, "true pairs"), *gained(PLAIN, "pairs", -1.0)),
        More(5),
        ANSWERS,
    ),
    *(
        Claim(f"{start}, {arm}", "The gain.", gained(start, arm), unit=ANSWERS)
        for start, arm in CELLS
        if (start, arm) not in ((OVER, "pairs"), (ANTI, "pairs"), ("calibrated", "pairs"))
    ),
)


@dataclass(frozen=True)
class Named:
    """A figure of cells that have one more label, `condition`."""

    draw: "Callable[[Sequence[Fact]], ChartType | None]"

    def __call__(self, facts: Sequence[Fact]) -> "ChartType | None":
        return self.draw([replace(f, labels=(*f.labels, ("condition", ", ".join(dict(f.labels).values())))) for f in facts])


DOSE = Scatter(
    (Axis("before", "AUROC", "AUROC of the start's confidence"),),
    (Axis("before", RIGHT, "before"), Axis("after", RIGHT, "after")),
    "share of right answers",
    colour="arm",
    name="start",
    bounds=(0.0, 1.0),
)


def by_confidence(facts: Sequence[Fact]) -> "ChartType | None":
    """Right answers by the AUROC of the start, of what learned from confidence alone."""
    return DOSE([f for f in facts if dict(f.labels)["arm"] in ("pairs", "reward")])


FIGURES = (
    Figure(
        "Every seed: the gain in right answers, and the change of calibration error",
        Named(Spread({"gain in right answers": Gain(Places(), RIGHT), "change of ECE": Gain(Places(), "ECE")}, "condition", large=10)),
        "A dot is a seed, the bar their mean; beside it stand the seeds that gain more than ten points. If pairs by confidence teach what "
        "confidence knows, their gain in the anti-calibrated start is that in the overconfident one with its sign reversed.",
    ),
    Figure(
        "Right answers, by how well the start's confidence tells them",
        by_confidence,
        "Each mark is a cell: the mean over seeds with its 95 % interval. On the left the starts, on the right what became of them: by "
        "confidence the share should rise where AUROC exceeds .5, and fall where it lies below.",
    ),
)

STUDY = Study(
    name="confidence",
    question="Can a policy's confidence be its reward?",
    source="arXiv:2507.21931; arXiv:2402.10200; arXiv:2405.14734",
    axes=AXES,
    cells=cells,
    measures=(
        *(AnswerCalibration(f"sampled_{phase}", phase) for phase in PHASES),
        *(Decoded(f"sampled_{phase}", phase, AnswerSpan(), CHOICES) for phase in PHASES),
        Noted("learn", ("reward", "signal", "pass@1", "preferred", "pairs")),
    ),
    claims=CLAIMS,
    figures=FIGURES,
    card=Card(
        (
            Published(
                "arXiv:2507.21931",
                "Ranks a model's own completions by its confidence in the answer, and reports better calibration and reasoning by learning "
                "from the pairs, to an extent that varies by model and task.",
            ),
            Published(
                "arXiv:2507.21931, code",
                "Pairs are those of which the better one has a confidence of at least .9; they train a reward model with the margin "
                "exp(difference of confidence) for PPO, or DPO directly.",
            ),
        ),
        "Claim 1 would fall if learning from confidence did not depend on what the confidence knows; claim 7 if temperature scaling, which "
        "is free and changes no answer, did as much for calibration.",
        FIGURES[0].title,
        checks=("4 more than a placebo",),
    ),
)
