"""The study of phases: does RL improve execution first and planning later, and does it pay to give tokens of planning more credit?

A base that knows its task, and is mastered by pretraining, reads on for a while in documents with slips: in place of the step that is due,
they take one of another line (planning), or in place of its value write another (execution), each in the same share of steps. So a base is
weak in both, or in one of them, by the same amount. RL then meets problems of a depth that pretraining has solved. Every problem has one
derivation, so the probability of a right plan, and that of right values, is known exactly at every snapshot.

If execution comes first because that is how learning goes, it comes first where both are equally weak. If what is weaker comes later, the
order is one of the base: then it turns, or phases merge, where the other skill is mastered before.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from analysis.claims.claims import Claim, Contrast, IfMeasured, More, Places, Same, Share, Term, Throughout
from analysis.design.recipes import PROGRAMS, REWARDS, base, everything
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.curves import Curves
from analysis.figures.spread import Gain, Spread
from analysis.measures.facts import Cell, Fact, Outcome
from analysis.measures.noted import Noted
from analysis.measures.phases import EXACT, HALF, SHARE, T_EXEC, T_PLAN, ExactSkills, Gained, Skilled, Trajectory
from synthtasks.checked import Checked, From
from synthtasks.corpora import Corpus, Document, Solved
from synthtasks.families import Family, at
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact
from synthtasks.trace import Assertion, Trace
from train.learn import Learn, Snapshot
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.rl import DR_GRPO, EXECUTION, GRPO, PLANNING, Amplify, Credit, Ease, Endless, Lift, Reward, Sampled, Sampler
from train.rl.credit import read_by
from train.sample import Sample
from train.score import Score
from train.stages.stage import Stage

if TYPE_CHECKING:
    from altair.typing import ChartType

SLIPS = 0.3  # share of the steps in which documents slip, in a skill that is to be weak; how weak it becomes is measured
READING = 1 / 7  # iterations of the second part of pretraining, as a share of those of the first
RATE = 0.3  # its learning rate, as a share of that of pretraining
LENGTH = 0.5  # iterations of RL, as a share of those of the scale: habits are soon corrected
SNAPSHOTS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8)  # of the run of RL
DRAWN, GROUP = 64, 8  # problems of a sample, and completions of each
ALPHA = 0.2  # arXiv:2509.03646
BOTH, PLAN, EXEC = "both weak", "planning weak", "execution weak"
BASES = {BOTH: (SLIPS, SLIPS), PLAN: (SLIPS, 0.0), EXEC: (0.0, SLIPS)}  # shares of slips in planning and in execution
RULES: dict[str, tuple[Credit, ...]] = {
    "grpo": (),
    "hicra": (Lift(PLANNING, ALPHA),),
    "random tokens": (Lift(Sampled(PLANNING), ALPHA),),
    "execution": (Lift(EXECUTION, ALPHA),),
    "symmetric": (Amplify(PLANNING, ALPHA),),
    "difficulty": (Ease(PLANNING, ALPHA),),
}
COIN = "grpo, coin"
TRIED = {BOTH: ("grpo",), PLAN: (*RULES, COIN), EXEC: ("grpo", "hicra")}
AXES = {"base": tuple(BASES), "arm": (*RULES, COIN)}


@dataclass(frozen=True)
class Slipping(Checked):
    """A program and its solution with slips: in a share of the steps, another line is run in place of the one that is due; in a share,
    another value is written. Later values follow from what is written. The slips of a problem depend on the problem alone."""

    planning: Annotated[float, From(0, 1)] = 0.0
    execution: Annotated[float, From(0, 1)] = 0.0
    surface: Compact = Compact()

    def __call__(self, problem: Problem) -> Document:
        prompt = self.surface.prompt(problem)
        g, value, said = rng("slips", " ".join(prompt)), problem.proof[0].arguments[0], list[Assertion]()
        assert isinstance(value, int)
        for due in problem.proof:
            others = [step for step in problem.steps if step is not due]
            step = others[int(g.integers(len(others)))] if others and g.random() < self.planning else due
            operand = step.arguments[1]
            assert isinstance(operand, int)
            true = step.primitive(value, operand, modulus=problem.modulus)
            assert isinstance(true, int)
            value = (true + int(g.integers(1, problem.modulus))) % problem.modulus if g.random() < self.execution else true
            said.append(Assertion(step.name, step.primitive.symbol, (None, operand), value, 0))
        return Document(prompt, self.surface.write(Trace(tuple(said), value)), (), steps=len(said))


def slipping(scale: Scale, seed: int, planning: float, execution: float) -> Learn:
    """The base after it has read on in documents with slips."""
    policy = base(scale, (), seed)
    ((_, imitate),) = policy.losses
    assert isinstance(imitate, Imitate)
    assert isinstance(imitate.source, Corpus)
    write = Slipping(planning, execution)
    recipes = tuple(replace(r, write=write, questions=1) if isinstance(r.write, Solved) else r for r in imitate.source.recipes)
    iterations = max(2, round(READING * scale.pretraining))
    optim = Optim(RATE * scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    return Learn(policy, ((1.0, replace(imitate, source=replace(imitate.source, recipes=recipes))),), iterations, optim)


def reinforced(
    scale: Scale, policy: Stage, family: Family, rules: tuple[Credit, ...], reward: Reward, seed: int, shares: tuple[float, ...] = ()
) -> Learn:
    """The policy after on-policy RL with these rules after the centred reward, with snapshots at shares of the run. As in HICRA, no
    advantage is divided by a deviation."""
    iterations = max(2, round(LENGTH * scale.rl_iterations))
    keep = tuple(sorted({max(1, round(share * iterations)) for share in shares}))
    algorithm = replace(GRPO, credit=(*DR_GRPO.credit, *rules))
    practice = Practice(Endless(family), reward, algorithm, Sampler(scale.group, records=read_by(rules)), scale.problems, seed=seed)
    return Learn(policy, ((1.0, practice),), iterations, Optim(scale.rl_lr), keep)


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """The three bases by plain RL, with snapshots; and rules of credit, above all where planning is weak."""
    scale = setting.scale
    family = at(everything(scale, PROGRAMS), scale.solved)

    def exact(policy: Stage) -> Stage:
        return Score(policy, (family,), scale.exam_problems, seed=seed)

    def drawn(policy: Stage) -> Stage:
        return Sample(policy, Endless(family, "test"), DRAWN, Sampler(GROUP, records=("entropy", "roles")), seed)

    for name, slips in BASES.items():
        policy = slipping(scale, seed, *slips)
        for arm in TRIED[name]:
            reward = REWARDS["coin" if arm == COIN else "process"]
            learn = reinforced(scale, policy, family, RULES.get(arm, ()), reward, seed, SNAPSHOTS if arm == "grpo" else ())
            taken = {f"{kind} {n}": stage(Snapshot(learn, n)) for n in learn.keep for kind, stage in (("score", exact), ("sample", drawn))}
            ends = {"before": exact(policy), "after": exact(learn), "sampled_before": drawn(policy), "sampled_after": drawn(learn)}
            yield Cell.of({"base": name, "arm": arm}, seed, learn=learn, **ends, **taken)


def of(name: str, arm: str = "grpo") -> tuple[tuple[str, str], ...]:
    """The labels of a cell."""
    return ("base", name), ("arm", arm)


def time(name: str, metric: str, sign: float = 1.0) -> Contrast:
    """A time, as a share of the run, where there is one."""
    return ((sign, Term(of(name), IfMeasured("learning", metric), metric, "learning")),)


def share(name: str, when: str, sign: float = 1.0) -> Contrast:
    """Planning's share of the gain."""
    metric = SHARE[when]
    return ((sign, Term(of(name), IfMeasured("learning", metric), metric, "learning", None, None)),)


def running(name: str, arm: str, sign: float = 1.0) -> Contrast:
    """Success in training, mean over the run."""
    return ((sign, Term(of(name, arm), Throughout("learning"), "pass@1", "learning")),)


def skill(name: str, what: str, phase: str, arm: str = "grpo", sign: float = 1.0) -> Contrast:
    """An exact probability before or after RL."""
    return ((sign, Term(of(name, arm), Places(), what, phase)),)


def over(arm: str, other: str, name: str = PLAN) -> Contrast:
    """Success in training by an arm, less that by another."""
    return (*running(name, arm), *running(name, other, -1.0))


EXACT_PLAN, EXACT_EXEC, EXACT_SUCCESS = EXACT
HALF_PLAN, HALF_EXEC = HALF["planning"], HALF["execution"]
RUN, OF_GAIN, SUCCESS, CHANCE = "% of the run", "points of the gain", "pass@1 in training, points of 100", "probability, points of 100"

CLAIMS = (
    Claim(
        "1 execution first",
        "Where both skills are equally weak, execution is half-way to its end before planning is, in most seeds.",
        (*time(BOTH, HALF_PLAN), *time(BOTH, HALF_EXEC, -1.0)),
        Share(0.0, 50),
        RUN,
    ),
    Claim(
        "2 planning gains later",
        "... and planning's share of the gain is larger in its second half than in its first.",
        (*share(BOTH, "late"), *share(BOTH, "early", -1.0)),
        More(10),
        OF_GAIN,
    ),
    Claim(
        "3 no first phase",
        "Where execution is mastered before, planning is half-way earlier than where both are weak.",
        (*time(BOTH, HALF_PLAN), *time(PLAN, HALF_PLAN, -1.0)),
        More(5),
        RUN,
    ),
    Claim(
        "4 the order is of the base",
        "Where planning is mastered before, its share of the late gain is smaller than where both are weak.",
        (*share(BOTH, "late"), *share(EXEC, "late", -1.0)),
        More(20),
        OF_GAIN,
    ),
    Claim(
        "5 HICRA is better",
        "Where planning is weak, more credit for its tokens (HICRA) earns more in training than GRPO.",
        over("hicra", "grpo"),
        More(5),
        SUCCESS,
    ),
    Claim(
        "6 it is a weight of difficulty",
        "... and as much as weighting problems by their difficulty: 1 + alpha (1 - 2 p) on the same tokens.",
        over("hicra", "difficulty"),
        Same(5),
        SUCCESS,
    ),
    Claim(
        "7 placebo: random tokens", "... and more than the same credit for random tokens.", over("hicra", "random tokens"), More(5), SUCCESS
    ),
    Claim(
        "8 execution's tokens", "... and more than the same credit for execution's tokens.", over("hicra", "execution"), More(5), SUCCESS
    ),
    Claim(
        "9 none without need", "Where execution alone is weak, HICRA earns as much as GRPO.", over("hicra", "grpo", EXEC), Same(5), SUCCESS
    ),
    Claim(
        "10 more than a coin",
        "Where planning is weak, the true reward gains more than a coin.",
        (*skill(PLAN, EXACT_SUCCESS, "after"), *skill(PLAN, EXACT_SUCCESS, "after", COIN, -1.0)),
        More(10),
        CHANCE,
    ),
    Claim(
        "t_exec before t_plan",
        "Where both are weak: the steepest rise of planning comes after 90 % of the drop of the entropy of values.",
        (*time(BOTH, T_PLAN), *time(BOTH, T_EXEC, -1.0)),
        Share(0.0),
        RUN,
    ),
    Claim("symmetric", "Praise and blame on planning's tokens alike, against HICRA.", over("symmetric", "hicra"), unit=SUCCESS),
    *(
        Claim(f"{what} before, {name}", f"Before RL, {name}.", skill(name, what, "before"), unit=CHANCE)
        for name in BASES
        for what in EXACT[:2]
    ),
)


def running_mean(outcome: Outcome) -> float | None:
    """Success in training, mean over the run, in points of 100."""
    curve = outcome.curve("learning", "pass@1")
    return 100 * sum(curve.values()) / len(curve) if curve else None


def by_arm(facts: Sequence[Fact]) -> "ChartType | None":
    """Success in training and the final gain by arm, where planning is weak."""
    numbers: dict[str, Callable[[Outcome], float | None]] = {
        "pass@1 in training, mean over the run": running_mean,
        "gain in exact success": Gain(Places(), EXACT_SUCCESS),
    }
    return Spread(numbers, "arm")([fact for fact in facts if ("base", PLAN) in fact.labels])


DRAWN_AS = {
    EXACT_PLAN: ("probability", "planning"),
    EXACT_EXEC: ("probability", "execution"),
    "entropy: plan": ("entropy", "planning"),
    "entropy: execute": ("entropy", "execution"),
}
ROWS = {"probability": "probability that\nall are right", "entropy": "entropy, nats"}


def together(facts: Sequence[Fact]) -> "ChartType | None":
    """Planning and execution over RL, in one panel for each base."""
    mine = [f for f in facts if f.phase == "learning" and f.metric in DRAWN_AS and ("arm", "grpo") in f.labels]
    drawn = [replace(f, metric=row, phase=skill) for f in mine for row, skill in (DRAWN_AS[f.metric],)]
    return Curves(ROWS, "base", phases=("planning", "execution"), x="iteration")(drawn)


FIGURES = (
    Figure(
        "Planning and execution over RL",
        together,
        "The exact probability that the whole plan is right, and that all values are; and the mean entropy of planned words and of values; "
        "at snapshots of RL, of bases that are weak in both, in planning, or in execution: means over seeds with their 95 % interval. "
        "Look for phases at the left: does execution rise before planning?",
    ),
    Figure(
        "Credit for planning, by rule",
        by_arm,
        "The base that is weak in planning. Each dot is a seed, the bar their mean. If credit for planning as such helped, HICRA would lie "
        "right of the weight of difficulty, which has the same mean gradient.",
    ),
)

STUDY = Study(
    name="phases",
    question="Does RL improve execution first and planning later, and does credit for planning pay?",
    source="arXiv:2509.03646",
    axes=AXES,
    cells=cells,
    measures=(
        ExactSkills("before", "before"),
        ExactSkills("after", "after"),
        Skilled("sampled_before", "before"),
        Skilled("sampled_after", "after"),
        Gained(),
        Trajectory(),
        Noted("learn"),
    ),
    claims=CLAIMS,
    figures=FIGURES,
    card=Card(
        (
            Published(
                "arXiv:2509.03646",
                "Reports that RL first consolidates procedural execution, and that strategic planning then drives the gains; and that "
                "A + 0.2 |A| on planning tokens is better than GRPO. Without intervals.",
            ),
        ),
        "Claim 1 would stand for more than these bases if planning came later at every mixture of slips; claim 6 would fall if HICRA "
        "gained 5 points more than a weight of difficulty on the same tokens, which on-policy has the same mean gradient.",
        "Planning and execution over RL",
        checks=("7 placebo: random tokens", "10 more than a coin"),
    ),
)
