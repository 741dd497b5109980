"""The study of narrowing: does RL put mass on what a base reaches anyway, or reach what the base does not?

One exam holds both answers. Its problems, at the difficulties where RL practises, are divided by the exact success of the base: those that
1,024 samples of it solve leave no room, those that 1,024 hardly solve leave much. RL of three lengths stands beside RL where the base
masters everything, a random reward, RL after fine-tuning, and the temperature at which RL has the entropy of the base. A base that lacks a
primitive learns from two teachers: one has it, one has the primitives of the base alone, and is better at them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.claims.claims import Claim, Contrast, IfMeasured, More, Same, Share, Term, Where
from analysis.design.arms import distil_traces, gold, imitating
from analysis.design.recipes import REWARDS, Tasks, base, knowing, needing, practise, present_edge, sample, score, tasks_of
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.curves import Curves
from analysis.measures.behaviour import (
    COVER,
    USUAL,
    Calibration,
    Climbed,
    Cover,
    Crossover,
    Matched,
    Perplexity,
    Reached,
    SampledCrossover,
    Supports,
    TokenEntropy,
    curve,
)
from analysis.measures.behaviour.reached import MANY
from analysis.measures.compute import Compute
from analysis.measures.edge import Edge
from analysis.measures.effects import distances
from analysis.measures.effects.likelihood import Likelihood
from analysis.measures.exact import Regions
from analysis.measures.facts import Cell, Outcome
from analysis.measures.noted import Noted
from train.learn import Learn, Spend
from train.rl import Band
from train.rl.problems import Region
from train.sample import Sample
from train.stages.stage import Stage

SHORT, LONG = 0.25, 2  # lengths of the short RL, and of what the long one adds to the usual, in iterations of the usual
HOTTER = (0.8, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)  # temperatures among which RL's entropy is matched
ARMS = ("base", "rl short", "rl", "rl long", "rl below", "coin", "sft", "sft then rl", "distil same", "distil new")
AXES = {"primitive": ("present", "absent"), "arm": ARMS, "exam": ("edge", "beyond")}
Labels = Mapping[str, str]


def of(arm: str, primitive: str = "present", exam: str = "edge") -> Labels:
    """The labels of a cell."""
    return {"primitive": primitive, "arm": arm, "exam": exam}


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """The arms of the base that has every primitive; RL beyond its edge; and the arms of the base that lacks some."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    at, below = Band(family, edge, "at"), Band(family, edge, "below")
    reward = REWARDS["outcome"]

    def cell(arm: str, start: Learn, learned: Learn, reference: Learn = policy, /, **more: Stage) -> Cell:
        exams = {
            each: edge.scores if each == policy else score(scale, each, family, seed, tasks=tasks) for each in (reference, start, learned)
        }
        stages: dict[str, Stage] = {"edge": edge, "reference": exams[reference], "after": exams[learned], **more}
        if start != learned:
            stages |= {"before": exams[start], "learn": learned}
        return Cell.of(of(arm, "present" if reference == policy else "absent"), seed, **stages)

    def asked(one: Learn, region: Region = "at") -> Sample:
        return sample(scale, one, Band(family, edge, region, "test"), seed, tasks)

    def likelihoods(start: Learn, learned: Learn) -> dict[str, Stage]:
        """The likelihoods of the completions of both, by their own policy and by the first."""
        return {name: stage for name, stage in distances(asked(start), asked(learned)).items() if name in Perplexity.needs}

    def told(learned: Learn) -> dict[str, Stage]:
        """The likelihoods and entropies of a policy that learned from the base, and its score at every temperature."""
        every = likelihoods(policy, learned) | {"sampled_before": asked(policy), "sampled_after": asked(learned)}
        every |= {"entropy_before": TokenEntropy(asked(policy)), "entropy_after": TokenEntropy(asked(learned), HOTTER)}
        return every | {"tempered": score(scale, learned, family, seed, HOTTER, tasks)}

    short, longer = (replace(scale, rl_iterations=max(1, round(by * scale.rl_iterations))) for by in (SHORT, LONG))
    rl = practise(scale, policy, at, reward, seed, tasks)
    fresh = gold(scale, at, seed, tasks, first=scale.rl_iterations)  # RL meets none of these
    tuned = imitating(scale, policy, fresh, Spend(rl, 0.5), seed)
    after = replace(practise(scale, tuned, at, reward, seed, tasks), iterations=Spend(rl, 1.0, (tuned,)))
    long = practise(longer, rl, at, reward, seed, tasks)
    yield cell("base", policy, policy)
    yield cell("rl short", policy, practise(short, policy, at, reward, seed, tasks))
    yield cell("rl", policy, rl, **told(rl))
    yield cell("rl long", policy, long, **told(long))
    yield cell("rl below", policy, practise(scale, policy, below, reward, seed, tasks))
    yield cell("coin", policy, practise(scale, policy, at, REWARDS["coin"], seed, tasks))
    yield cell("sft", policy, tuned)
    yield cell("sft then rl", tuned, after, base=policy, budget=rl)
    far = {"sampled_before": asked(policy, "beyond"), "sampled_after": asked(rl, "beyond")}
    yield Cell.of(of("rl", exam="beyond"), seed, edge=edge, **far)

    absent = base(scale, tasks.withhold, seed, tasks)
    yield cell("base", absent, absent, absent)
    yield cell("rl", absent, practise(scale, absent, at, reward, seed, tasks), absent)
    if (easy := knowing(scale, tasks)) is None:
        return
    own = Band(easy, Edge(score(scale, absent, easy, seed, tasks=tasks)), "at")
    teachers = {"same": practise(scale, absent, own, REWARDS["process"], seed, tasks), "new": policy}
    for name, teacher in teachers.items():
        learned = distil_traces(scale, absent, teacher, below, rl, seed, tasks)
        more = likelihoods(absent, learned) | {"before_of_teacher": Likelihood(absent, asked(teacher))} if name == "new" else {}
        yield cell(f"distil {name}", absent, learned, absent, **more)


# --- claims


@dataclass(frozen=True)
class AtK:
    """One k, where the curve of a set of problems was measured; else the seed is left out."""

    k: int
    metric: str

    def __call__(self, outcome: Outcome) -> Sequence[float]:
        return [self.k] if self.k in outcome.curve("after", self.metric) else []


@dataclass(frozen=True)
class Most:
    """The largest k at which a metric was measured."""

    metric: str

    def __call__(self, outcome: Outcome) -> Sequence[float]:
        return sorted(outcome.curve("after", self.metric))[-1:]


def ends(labels: Labels, which: str, k: int = MANY, phase: str = "after", sign: float = 1.0) -> Contrast:
    """pass@k on a set of problems."""
    return ((sign, Term(tuple(labels.items()), AtK(k, curve(which)), curve(which), phase)),)


def over(one: Labels, other: Labels, which: str, k: int = MANY, phase: str = "after") -> Contrast:
    """How much more one arm solves than another."""
    return (*ends(one, which, k, phase), *ends(other, which, k, sign=-1.0))


def gained(labels: Labels, which: str, k: int = MANY, sign: float = 1.0) -> Contrast:
    """How much more is solved after learning than before it."""
    return (*ends(labels, which, k, sign=sign), *ends(labels, which, k, "before", -sign))


def alone(labels: Labels, metric: str, where: Where | None = None, least: float | None = 0.0) -> Contrast:
    """A metric without an axis, after learning."""
    return ((1.0, Term(tuple(labels.items()), where or IfMeasured("after", metric), metric, least=least)),)


def lead(of_what: str, sign: float = 1.0) -> Contrast:
    """How much more RL solves beyond the edge than its base, with as many samples as there are."""
    metric, labels = f"pass@k by {of_what}", tuple(of("rl", exam="beyond").items())
    return tuple((s, Term(labels, Most(metric), metric, phase)) for s, phase in ((sign, "after"), (-sign, "before")))


BASE, RL, LONGER, COIN = of("base"), of("rl"), of("rl long"), of("coin")
ABSENT = of("rl", "absent")
NEW, SAME, THEN = of("distil new", "absent"), of("distil same", "absent"), of("sft then rl")
PASS_1, PASS_MANY, TRACES = "pass@1, points of 100", "pass@1,024, points of 100", "% of verified traces"

CLAIMS = (
    Claim(
        "1 room: wider",
        "On problems that 1,024 samples of the base hardly solve, RL at the edge raises pass@1,024.",
        gained(RL, "unsolved"),
        More(10),
        PASS_MANY,
    ),
    Claim("2 no room: better", "On problems that 1,024 samples solve, it raises pass@1.", gained(RL, "solved", 1), More(5), PASS_1),
    Claim(
        "3 no room: not narrower",
        "... and pass@1,024, which cannot rise, does not fall, after three times as much RL.",
        gained(LONGER, "solved"),
        Same(5),
        PASS_MANY,
    ),
    Claim("4 more than a coin", "Claim 1, over a random reward.", over(RL, COIN, "unsolved"), More(10), PASS_MANY),
    Claim(
        "5 no primitive: not wider",
        "Without the primitive, RL does not raise pass@1,024 on what the base hardly solves ...",
        gained(ABSENT, "unsolved"),
        Same(5),
        PASS_MANY,
    ),
    Claim(
        "6 a teacher that has it",
        "... while distillation from a base with the primitive does, over a teacher without it.",
        over(NEW, SAME, "unsolved"),
        More(10),
        PASS_MANY,
    ),
    Claim(
        "7 not temperature",
        "At the temperature at which it has the base's entropy, RL still solves more of claim 1's problems.",
        over(RL, BASE, "unsolved", phase="matched"),
        More(10),
        PASS_MANY,
    ),
    Claim(
        "8 after SFT it sharpens",
        "Two steps deeper, RL adds more pass@1,024 to the base than to the base after fine-tuning.",
        (*gained(RL, "deeper"), *gained(THEN, "deeper", sign=-1.0)),
        More(10),
        PASS_MANY,
    ),
    Claim(
        "9 usual traces",
        "At least 90 % of RL's verified traces are as likely under the base as 95 % of the base's own.",
        alone(RL, USUAL),
        More(90),
        TRACES,
    ),
    Claim(
        "10 answers are guessed",
        "Beyond the edge, with 32 samples, RL leads its base by more in right processes than in right answers.",
        (*lead("sampled process"), *lead("answer", -1.0)),
        More(10),
        "pass@32, points of 100",
    ),
    *(
        Claim(f"length, {which}", "Long RL less short RL.", over(LONGER, of("rl short"), which), unit=PASS_MANY)
        for which in ("solved", "unsolved")
    ),
    Claim("a coin narrows", "Claim 3 after RL on a random reward, of the usual length.", gained(COIN, "solved"), unit=PASS_MANY),
    Claim("RL where all is mastered", "Claim 1, after RL below the edge.", gained(of("rl below"), "unsolved"), unit=PASS_MANY),
    Claim("SFT then RL over RL", "Two steps deeper, at equal compute.", over(THEN, RL, "deeper"), unit=PASS_MANY),
    Claim(
        "the base leads, process",
        "The base's largest lead over long RL, at any k up to a million, by exact process.",
        alone(LONGER, "lead of the base by exact process", least=-1.0),
        unit="pass@k, points of 100",
    ),
    Claim(
        "the base leads, answer",
        "The base's largest lead beyond the edge, at any k up to 32, by answer.",
        alone(of("rl", exam="beyond"), "lead of the base by answer", least=-1.0),
        unit="pass@k, points of 100",
    ),
    Claim(
        "crossed by answer",
        "Beyond the edge the base reaches RL by answers, with 32 samples or fewer.",
        alone(of("rl", exam="beyond"), "crossed by answer"),
        Share(50),
        "% of seeds",
    ),
    Claim(
        "efficiency gap",
        "pass@256 of the base less pass@1 after RL, at the edge.",
        alone(RL, "efficiency gap", least=-1.0),
        unit="points of 100",
    ),
)

FIGURES = (
    Figure(
        "pass@k with and without room",
        Curves(
            {curve("solved"): "solved by the base", curve("unsolved"): "hardly solved", curve("deeper"): "two steps deeper"},
            columns="primitive",
            colour="arm",
            x="k, samples of a problem",
            labels={"exam": "edge"},
            scale="log",
        ),
        "Exact pass@k, mean over seeds with the 95 % interval, of policies that began as one base. First row: problems at the edge that "
        "1,024 samples of the base solve; second row: those that they hardly solve; third row: all problems two steps deeper. Left: the "
        "base has every primitive. Right: it lacks some; `distil new` learned from a teacher that has them. A curve that starts above the "
        "base and ends below it has narrowed; one that stays above it up to a million samples has not.",
    ),
    Figure(
        "Answers and derivations beyond the edge",
        Curves(
            {"pass@k by answer": "right answers", "pass@k by sampled process": "right processes"},
            phases=("before", "after", "floor"),
            x="k, samples of a problem",
            labels={"exam": "beyond"},
            scale="log",
        ),
        "Sampled pass@k on problems beyond the edge of the base, before RL and after it; and the chance that one of k guesses is right "
        "(floor). Where the base catches up by answers alone, it guesses.",
    ),
    Figure(
        "Cover",
        Curves({COVER: "share with p ≥ τ"}, columns="primitive", colour="arm", x="τ", labels={"exam": "edge"}, scale="log"),
        "Share of the problems at the edge that one sample solves with a chance of at least τ. pass@k for large k is read at the far left, "
        "pass@1 is the mean height.",
    ),
)

STUDY = Study(
    name="narrowing",
    question="Does reinforcement learning narrow what a base reaches with many samples, or does it reach more?",
    source="arXiv:2504.13837; arXiv:2507.14843; arXiv:2510.08325",
    axes=AXES,
    cells=cells,
    measures=(
        Regions(),
        Compute(),
        Reached(),
        Cover(),
        Supports(),
        Crossover(),
        SampledCrossover(),
        Perplexity(),
        Calibration("before_of_before", "before"),
        Calibration(),
        Climbed(),
        Matched(),
        Noted("learn", ("reward", "signal", "pass@1")),
    ),
    claims=CLAIMS,
    figures=FIGURES,
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2504.13837",
                "On Omni-MATH, 150 steps of GRPO raise pass@1 from 10.2 to 25.1, and pass@256 falls from 69.1 to 68.3; after 450 steps it "
                "is 63.9.",
            ),
            Published(
                "arXiv:2507.14843",
                "RL keeps nearly all of the support of its base, loses some, and discovers little.",
            ),
        ),
        "That RL reaches more would fall if pass@1,024 rose no more than by a coin where the base hardly solves anything (claims 1 and 4), "
        "or if RL at the base's entropy solved no more than the base (claim 7).",
        checks=("4 more than a coin", "6 a teacher that has it"),
    ),
)
