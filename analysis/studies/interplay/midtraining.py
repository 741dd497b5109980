"""The study of mid-training: one amount of compute, split between mid-training on gold derivations at the edge and RL there.

Mid-training reads a fifth of its tokens from the corpus of pretraining, and no problem that RL meets later. Each part has a schedule of its
own: mid-training is annealed to its own end, RL learns at a constant rate.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analysis.claims.claims import At, Claim, Contrast, More, Past, Same, Term, Throughout, Where, gain
from analysis.design.arms import gold, midtrain
from analysis.design.recipes import REWARDS, Tasks, base, in_distribution, needing, practise, present_edge, score, tasks_of
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.curves import Curves
from analysis.measures.compute import Compute
from analysis.measures.exact import BEFORE_AND_AFTER, Exact
from analysis.measures.facts import Cell
from analysis.measures.noted import Noted
from synthtasks.corpora import unsolved
from train.learn import Learn, Spend
from train.rl import Band

SPLITS = ("0", "20", "50", "80", "100")  # percent of the compute that mid-training spends
AXES = {
    "primitive": ("present", "absent"),
    "mid": SPLITS,
    "taught": ("gold", "format"),  # in mid-training, if there is any
    "reward": ("process", "coin"),  # of RL, if there is any
}
IN = "within"  # of the phases of the exam in distribution
EDGE, DEEPER, FAR, HOME = At(), Past("at", 2), At("beyond"), Throughout(f"{IN} before")
Labels = Mapping[str, str]


def split(mid: str, primitive: str = "present", taught: str = "gold", reward: str = "process") -> Labels:
    """The labels of a split."""
    return {"primitive": primitive, "mid": mid, "taught": taught, "reward": reward}


PLACEBOS = (split("50", taught="format"), split("50", reward="coin"))
FLIPPED = (split("0", "absent"), split("80", "absent"))
CELLS = (*map(split, SPLITS), *PLACEBOS, *FLIPPED)


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Every split; at half and half two placebos; and two splits of the base that lacks the primitive."""
    scale, tasks = setting.scale, tasks_of(setting)
    edge, family = present_edge(scale, tasks, seed), needing(scale, tasks)
    problems = Band(family, edge, "at")
    bases = {"present": base(scale, (), seed, tasks), "absent": base(scale, tasks.withhold, seed, tasks)}
    for labels in CELLS:
        policy = bases[labels["primitive"]]
        whole = practise(finer(scale), policy, problems, REWARDS["process"], seed, tasks)  # whose compute is split
        yield Cell.of(
            labels,
            seed,
            edge=edge,
            base=policy,
            before=edge.scores if edge.scores.policy == policy else score(scale, policy, family, seed, tasks=tasks),
            learn=(learned := learn(setting, seed, labels, policy, problems, whole)),
            after=score(scale, learned, family, seed, tasks=tasks),
            within_before=in_distribution(scale, policy, seed, tasks),
            within=in_distribution(scale, learned, seed, tasks),
            budget=whole,
        )


def finer(scale: Scale) -> Scale:
    """RL of twice as many iterations on half of the problems each, so that it ends near its budget: after mid-training most groups have
    signal, and an iteration costs most."""
    return replace(scale, problems=-(-scale.problems // 2), rl_iterations=2 * scale.rl_iterations)


def learn(setting: Setting, seed: int, labels: Labels, policy: Learn, problems: Band, whole: Learn) -> Learn:
    """The policy after mid-training and RL, which together spend what `whole` spent."""
    scale, tasks, share = finer(setting.scale), tasks_of(setting), int(labels["mid"]) / 100
    if not share:
        return whole
    write = unsolved(tasks.said) if labels["taught"] == "format" else None
    source = gold(scale, problems, seed, tasks, write, first=scale.rl_iterations)  # RL meets none of these
    mid = midtrain(scale, policy, source, Spend(whole, share), seed)
    if share == 1:
        return mid
    return replace(practise(scale, mid, problems, REWARDS[labels["reward"]], seed, tasks), iterations=Spend(whole, 1.0, (mid,)))


def over(one: Labels, other: Labels, where: Where = EDGE, metric: str = "pass@128") -> Contrast:
    """How much more one split ends with than another."""
    return ((1.0, Term(tuple(one.items()), where, metric)), (-1.0, Term(tuple(other.items()), where, metric)))


def paid(labels: Labels) -> Contrast:
    """The change of pass@1 in distribution."""
    after, before = (Term(tuple(labels.items()), HOME, "pass@1", phase) for phase in (f"{IN} after", f"{IN} before"))
    return ((1.0, after), (-1.0, before))


FULL, LIGHT, EVEN, HEAVY, NONE = (split(mid) for mid in reversed(SPLITS))  # mid-training first: 100, 80, 50, 20 and 0 percent of it
PASS_1 = "pass@1, points of 100"

CLAIMS = (
    Claim("1 mid and RL over RL", "Far beyond the edge, half and half ends above RL alone.", over(EVEN, NONE, FAR), More(5)),
    Claim("2 mid and RL over mid", "... and above mid-training alone.", over(EVEN, FULL, FAR), More(5)),
    Claim("3 light RL at the edge", "At the edge, 80/20 has more pass@1 than 20/80.", over(LIGHT, HEAVY, metric="pass@1"), More(5), PASS_1),
    Claim("4 heavy RL far beyond", "Far beyond the edge, 20/80 ends above 80/20.", over(HEAVY, LIGHT, FAR), More(5)),
    Claim("5 more than a coin", "Far beyond the edge, RL after mid-training ends above a coin.", over(EVEN, PLACEBOS[1], FAR), More(5)),
    Claim("6 more than the format", "At the edge, gold mid-training ends above its format alone.", over(EVEN, PLACEBOS[0]), More(5)),
    Claim("7 absent, RL alone", "Without the primitive, RL alone does not move the edge.", gain(FLIPPED[0]), Same(5)),
    Claim("8 absent, mid and RL", "... and mid-training, which teaches it, with RL does.", gain(FLIPPED[1]), More(10)),
    *(Claim(f"edge: {100 - int(m)} % RL", "pass@1 gained at the edge.", gain(split(m), metric="pass@1"), unit=PASS_1) for m in SPLITS),
    *(Claim(f"far: {100 - int(m)} % RL", "pass@128 gained far beyond it.", gain(split(m), FAR)) for m in SPLITS),
    *(Claim(f"paid: {100 - int(m)} % RL", "pass@1 in distribution.", paid(split(m)), unit=PASS_1) for m in SPLITS),
)

STUDY = Study(
    name="midtraining",
    question="How should a fixed amount of compute be split between mid-training and RL?",
    source="arXiv:2512.07783",
    axes=AXES,
    cells=cells,
    measures=(
        *BEFORE_AND_AFTER,
        Exact("within_before", f"{IN} before"),
        Exact("within", f"{IN} after"),
        Compute(),
        Noted("learn"),
    ),
    claims=CLAIMS,
    figures=(
        Figure(
            "What each split solves",
            Curves({"pass@128": "exact pass@128", "pass@1": "exact pass@1"}, columns="primitive", colour="mid"),
            "Exact success after learning at each difficulty, mean over seeds with the 95 % interval; a colour for each percentage of the "
            "compute that went into mid-training, the rest into RL. A column for bases that know the primitive, one for those without. "
            "Dashes: placebos, mid-training on the format alone and RL by a coin. The best split is the line that stays up longest.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2512.07783, figure 1",
                "Mid-training with RL is 10.8 points ahead of RL alone on the hardest problems, at a compute that "
                "counts RL by its longest sample.",
            ),
        ),
        "That a mixture pays would fall if no split of the same operations beat RL alone, or mid-training alone, far beyond the edge.",
        checks=("5 more than a coin", "6 more than the format"),
    ),
)
