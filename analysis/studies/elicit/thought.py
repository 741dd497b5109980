"""The study of thought in pretraining: does rewarding a thought by the prediction of the next word (RLP) plant reasoning that continued
pretraining does not, and that stays after RL?

Documents give a value whose two to four steps are hidden: a program, a window, and its answer. A few percent of them hold a thought before
the value, a derivation between two marks. The bases of the grid read on in such documents. Then each arm learns with the compute of RLP:
from thoughts about the values of documents, or from documents, with the few thoughts among them or with none. Then all practise alike on
new problems, with an outcome reward. The flips: a base that lacks a primitive, so that its thoughts say more wrong than right; a word that
the value leaves no doubt of; and thoughts too short for the steps.

The judge knows the derivation, so that the success of thoughts is exact. The average of the policy that RLP subtracts is shared by all
thoughts about a word, and changes no bit of its updates (`tests/test_thoughts.py`): RLP without it is RLP, and has no cell. RPT pays for
saying the next word after the thought; where that word is the answer, it is RL with an outcome reward, by RLP's credit.

Pilots were seeds 100 and 101. With 2.5, 3 and 4 % of thoughts the base of seed 100 solves 8, 28 and 74 % of the problems. Of continued
pretraining the best rate was .1 of pretraining's (.43, .60, .54 and .01 solved after .03, .1, .3 and 1), on values alone the least harmful
.03 (.23, .10 and .00 after .03, .1 and .3); of RLP twice that of RL (.50, .60 and .56 after 1, 2 and 4 times). A base that lacks a
primitive stayed one whose thoughts mislead with 5 and 12 % of thoughts, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.claims.claims import Claim, Contrast, More, Places, Term
from analysis.design.arms import WARMUP
from analysis.design.recipes import base, everything
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.learning import LearningCurves
from analysis.figures.ranked import Ranked
from analysis.measures.compute import Compute
from analysis.measures.facts import Cell, Outcome
from analysis.measures.noted import Noted
from analysis.measures.thoughts import GAP, VALID, Insight, Solved, Worth
from synthtasks.corpora import Answered, Corpus, Recipe
from synthtasks.corpora import Solved as Derived
from synthtasks.families import Family, Uses, at, needing
from synthtasks.problem import Split
from synthtasks.thoughts import Closing, Thinking
from train.learn import Learn, Spend
from train.losses import Gold, Imitate, Practice, Source
from train.optim import Optim
from train.rl import (
    GRPO,
    Against,
    Algorithm,
    Average,
    Clip,
    Correct,
    Endless,
    InformationGain,
    Mixture,
    ProblemSource,
    Reward,
    RowMean,
    Sampler,
    Shuffled,
    Spread,
)
from train.score import Score
from train.stages.stage import Stage

THINKING, PRIMITIVE = Thinking(), ("mul",)
DEPTHS = (2, 3, 4)  # hidden steps of a value, of which at least one applies the primitive
THOUGHTS = 0.03  # share of documents with a thought
READING = 2 / 7  # iterations of reading on, as a share of those of pretraining
RATE = 0.5  # its learning rate, as a share of that of pretraining
RATES = {"continued": 0.1, "values": 0.03, "traces": 0.3}  # learning rates of arms that read, likewise; the first two are tuned
FASTER = 2.0  # the learning rate of arms that think, as a multiple of that of RL; tuned
SHORTER = 2  # times fewer iterations of RL, and problems in each, than elsewhere
SHORT = 4  # words of a thought too short: one step
EVERY = Algorithm((Against(),), Clip(), RowMean(), reference=Average(0.001))  # RLP as published
ABSOLUTE = replace(EVERY, credit=(Spread(),))  # the reward itself is the advantage, so that the average counts
FREE = Sampler(surface=THINKING)  # goes on after its thought, and says a value
THOUGHT = Sampler(surface=THINKING, environment=Closing())
ARMS: Mapping[str, tuple[Reward, Algorithm, Sampler]] = {
    "RLP": (InformationGain(), EVERY, THOUGHT),
    "absolute": (InformationGain(), ABSOLUTE, THOUGHT),
    "next word": (InformationGain(), EVERY, THOUGHT),  # and the corpus, as it is read in pretraining
    "RPT": (Correct(), EVERY, FREE),  # arXiv:2506.08007: 1 for the right next word, which the policy says after its thought
    "shuffled": (Shuffled(InformationGain()), EVERY, THOUGHT),
    "filler": (InformationGain("filler"), EVERY, THOUGHT),
    "short": (InformationGain(), EVERY, replace(THOUGHT, most=SHORT)),
}
PARTS = 8  # an iteration of an arm reads so much less than one of pretraining, so that a budget is met
NEXT_WORD = 1.0  # weight of the corpus' loss beside RLP
LATER = ("none", "continued", "values", "RLP", "absolute", "next word", "RPT", "shuffled", "traces")  # arms that practise afterwards
CELLS = (*(("knows", arm) for arm in (*LATER, "filler", "short")), ("lacks", "none"), ("lacks", "RLP"))
AXES = {"base": ("knows", "lacks"), "arm": (*LATER, "filler", "short")}


def corpus(scale: Scale, thoughts: float = THOUGHTS) -> Corpus:
    """Documents that give a value at once, and a share of others with a thought before it."""
    kinds = ((1 - thoughts, Answered()), (thoughts, Derived(THINKING)))
    each = [(share / len(DEPTHS), at(everything(scale), n), write) for share, write in kinds if share for n in DEPTHS]
    return Corpus(tuple(Recipe(*kind, questions=scale.questions) for kind in each))


def reader(scale: Scale, kind: str, seed: int) -> Learn:
    """The grid's base, after it has read on; it knows every primitive, or saw the results of one in these documents alone."""
    iterations = max(2, round(READING * scale.pretraining))
    optim = Optim(RATE * scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    before = base(scale, PRIMITIVE if kind == "lacks" else (), seed)
    return Learn(before, ((1.0, Imitate(corpus(scale), scale.tokens, seed)),), iterations, optim)


def family(scale: Scale, steps: int) -> Family:
    """Problems whose value hides so many steps, one of which at least applies the primitive."""
    return at(needing(everything(scale), Uses(PRIMITIVE, 1)), steps)


def problems(scale: Scale, depths: Sequence[int] = DEPTHS, split: Split = "train") -> Mixture:
    """Problems of these depths in equal shares. Another order gives other problems, since each part has draws of its own."""
    return Mixture(tuple((1.0, Endless(family(scale, n), split)) for n in depths))


def practice(scale: Scale, source: ProblemSource, reward: Reward, algorithm: Algorithm, sampler: Sampler, seed: int) -> Practice:
    """RL on groups of the size of the scale."""
    return Practice(source, reward, algorithm, replace(sampler, group=scale.group), max(2, scale.problems // SHORTER), seed=seed)


def rewarded(scale: Scale, policy: Learn, arm: str, seed: int) -> Learn:
    """The policy after RL on its thoughts about the values of documents."""
    loss = practice(scale, problems(scale), *ARMS[arm], seed)
    more = ((NEXT_WORD, Imitate(corpus(scale), max(1, scale.tokens // PARTS), seed)),) if arm == "next word" else ()
    return Learn(policy, ((1.0, loss), *more), max(2, scale.rl_iterations // SHORTER), Optim(FASTER * scale.rl_lr))


def imitating(scale: Scale, policy: Learn, arm: str, source: Source, seed: int) -> Learn:
    """The policy after learning from documents with the compute of RLP, at a rate that falls to 0."""
    optim = Optim(RATES[arm] * scale.pretraining_lr, weight_decay=0.1, warmup=WARMUP, decay=1.0)
    return Learn(policy, ((1.0, Imitate(source, max(1, scale.tokens // PARTS), seed)),), Spend(rewarded(scale, policy, "RLP", seed)), optim)


def learned(scale: Scale, policy: Learn, arm: str, seed: int) -> Learn:
    """The policy of an arm."""
    if arm == "none":
        return policy
    if arm not in RATES:
        return rewarded(scale, policy, arm, seed)
    met = Gold(problems(scale), max(2, scale.rl_iterations // SHORTER), max(2, scale.problems // SHORTER), Derived(THINKING), seed)
    sources: dict[str, Source] = {"continued": corpus(scale), "values": corpus(scale, 0.0), "traces": met}
    return imitating(scale, policy, arm, sources[arm], seed)


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Each arm of the base that knows; of the base that lacks a primitive RLP alone."""
    scale = setting.scale

    def exam(policy: Stage) -> Score:
        return Score(policy, tuple(family(scale, n) for n in DEPTHS), scale.exam_problems, (1.0,), THINKING, seed)

    def thoughts(policy: Stage) -> Insight:
        return Insight(policy, problems(scale, split="test"), scale.sampled_problems, replace(THOUGHT, group=scale.group), seed)

    for kind, arm in CELLS:
        policy = reader(scale, kind, seed)
        after = learned(scale, policy, arm, seed)
        stages: dict[str, Stage] = {"base": policy, "learn": after}
        if arm in RATES:
            stages["budget"] = learned(scale, policy, "RLP", seed)
        if kind == "knows" and arm in LATER:
            later = practice(scale, problems(scale, (*DEPTHS[1:], DEPTHS[0])), Correct(), GRPO, FREE, seed)
            stages["practise"] = Learn(after, ((1.0, later),), max(2, scale.rl_iterations // SHORTER), Optim(scale.rl_lr))
            stages["later"] = exam(stages["practise"])
        exams = {"before": exam(policy), "after": exam(after), "thoughts_before": thoughts(policy), "thoughts_after": thoughts(after)}
        yield Cell.of({"base": kind, "arm": arm}, seed, **stages, **exams)


def of(arm: str, phase: str = "after", metric: str = "pass@1", sign: float = 1.0, base: str = "knows") -> Contrast:
    """A metric of an arm in a phase."""
    low, high = (0.0, 1.0) if metric.startswith("pass") or metric == VALID else (None, None)
    return ((sign, Term((("base", base), ("arm", arm)), Places(), metric, phase, low, high)),)


def beside(arm: str, other: str, phase: str = "after", metric: str = "pass@1") -> Contrast:
    """The metric of an arm less that of another."""
    return (*of(arm, phase, metric), *of(other, phase, metric, -1.0))


PASS_1, PASS_128, PASS_1024 = (f"pass@{k}, points of 100" for k in (1, 128, 1024))
NATS = "nats / 100"
CLAIMS = (
    Claim(
        "1 more than reading on",
        "RLP gains more than continued pretraining on the documents, of which a few percent hold a thought, with the same compute.",
        beside("RLP", "continued"),
        More(5),
        PASS_1,
    ),
    Claim("2 and it stays", "After the same RL of both, RLP is still ahead.", beside("RLP", "continued", "later"), More(5), PASS_1),
    Claim(
        "3 more than the values alone",
        "RLP gains more than continued pretraining on the documents that it thinks about: those that give their value at once.",
        beside("RLP", "values"),
        More(5),
        PASS_1,
    ),
    Claim("4 and it stays", "After the same RL of both, RLP is still ahead.", beside("RLP", "values", "later"), More(5), PASS_1),
    Claim("5 the reward does it", "RLP gains more than with the rewards of other thoughts.", beside("RLP", "shuffled"), More(5), PASS_1),
    Claim("6 more than RPT", "RLP gains more than the reward for saying the right next word.", beside("RLP", "RPT"), More(5), PASS_1),
    Claim("7 not by filler", "RLP gains more than rewards by a word that the value tells.", beside("RLP", "filler"), More(5), PASS_1),
    Claim(
        "8 thoughts too short",
        "Rewarding thoughts of one step, where two to four are needed, harms: it takes from the base's support.",
        beside("none", "short", metric="pass@128"),
        More(5),
        PASS_128,
    ),
    Claim(
        "9 wrong thoughts",
        "Where the base lacks a primitive, so that its thoughts mislead it, RLP unlearns to think.",
        (*of("none", metric="pass@128", base="lacks"), *of("RLP", metric="pass@128", sign=-1.0, base="lacks")),
        More(5),
        PASS_128,
    ),
    Claim(
        "10 what it is paid for",
        "After RLP a thought is worth more nats for the next value than after continued pretraining.",
        beside("RLP", "continued", metric=GAP),
        More(10),
        NATS,
    ),
    Claim("no centring", "The reward as the advantage, so that the average counts, less RLP.", beside("absolute", "RLP"), unit=PASS_1),
    Claim("support", "pass@1024 by RLP, less continued pretraining.", beside("RLP", "continued", metric="pass@1024"), unit=PASS_1024),
    Claim("valid thoughts", "RLP less RPT, which learns to say the value, too.", beside("RLP", "RPT", metric=VALID), unit="% of thoughts"),
    *(
        Claim(f"{arm}, {phase}", words, beside(arm, "none", phase), unit=PASS_1)
        for arm in (*LATER[1:], "filler", "short")
        for phase, words in (("after", "The gain."), ("later", "The lead over the base, after the same RL."))
        if phase == "after" or arm in LATER
    ),
    Claim("gap, base", "Nats that a thought is worth for the value, before,", of("none", metric=GAP), unit=NATS),
    Claim("gap, RLP", "... after RLP,", of("RLP", metric=GAP), unit=NATS),
    Claim("gap, lacks", "... and where a primitive lacks: below 0, a thought misleads.", of("none", metric=GAP, base="lacks"), unit=NATS),
)


@dataclass(frozen=True)
class Success:
    """A metric of the base that knows, in a phase."""

    phase: str
    metric: str = "pass@1"

    def __call__(self, outcome: Outcome) -> float | None:
        value = outcome.value(self.phase, self.metric) if outcome.labels["base"] == "knows" else None
        return None if value is None else 100 * value


FIGURES = (
    Figure(
        "Success of whole thoughts, less the base's",
        Ranked({"after learning": Success("after"), "after the same RL": Success("later")}, "arm", "none", ("shuffled",)),
        "Exact pass@1 of derivation and answer, less that of the base in the same phase: the mean over seeds with its 95 % interval. The "
        "band is what the rewards of other thoughts do. Left of zero an arm harms; what stands right of it in both panels lasts.",
    ),
    Figure(
        "The RL that follows",
        LearningCurves("base", "arm", {"pass@1": "pass@1 in training"}, "practising", {"base": "knows"}),
        "Success of whole derivations in the RL that all arms do alike, on new problems. A head start that lasts keeps curves apart.",
    ),
)

STUDY = Study(
    name="thought",
    question="Does rewarding thoughts by the next word, in pretraining, plant reasoning that lasts?",
    source="arXiv:2510.01265; arXiv:2506.08007",
    axes=AXES,
    cells=cells,
    measures=(
        *(Solved(phase, phase) for phase in ("before", "after", "later")),
        *(Worth(f"thoughts_{phase}", phase) for phase in ("before", "after")),
        Compute(),
        Noted("practise", ("reward", "signal", "pass@1"), "practising"),
    ),
    claims=CLAIMS,
    figures=FIGURES,
    card=Card(
        (
            Published(
                "arXiv:2510.01265",
                "The overall score is 30.32 for the base, 30.85 after continued pretraining and 36.03 after RLP: 18.8 % more than the "
                "base's score, or 5.7 points. After the same fine-tuning and RL they are 39.34, 39.90 and 42.51.",
            ),
            Published("arXiv:2510.01265", "Thoughts of up to 512 words leave the model below its base of 34.03; of 2,048 they give 42.17."),
            Published("arXiv:2510.01265", "Against RPT (arXiv:2506.08007), 43.35 to 41.69."),
        ),
        "Claim 1 would fall if reading on were as good a use of the compute; claim 2 if RL levelled all arms; claim 3 if any reward would "
        "do. The averaged policy, by which the paper would keep the reward from being gamed, is the same for all thoughts about a word: "
        "under the paper's own centring it cannot act.",
        FIGURES[0].title,
        checks=("5 the reward does it", "7 not by filler"),
    ),
)
