"""The study of what an update changes: is the sparsity of RL a matter of number formats, and does RL forget less than fine-tuning?

RL, fine-tuning on gold derivations and fine-tuning on the policy's own verified completions learn the same problems from one base, by the
same optimiser at the same rate for the same number of steps, without weight decay, which would touch every weight.

On divergence: arXiv:2509.04259 says that RL ends near the policy that is right and nearest to the base, and that fine-tuning on data of
such a policy (the *oracle*) forgets less still. Among the policies that are always right, the nearest one, in KL(policy || base), is the
base conditioned on being right. A program has one derivation, so that this policy puts all mass on it: **fine-tuning on gold is the oracle
here**, and so is fine-tuning on the verified completions of any policy, up to how often it meets each problem. All of them end at the same
distance, the mean of -log p_base(solution), which the study measures beside. What is left for RL to do better is the way, not the goal.
Where several derivations are right (`--family dag`), gold is one order of many, and the verified completions approach the oracle.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.claims.claims import Claim, Contrast, IfMeasured, More, Places, Same, Term, gain
from analysis.design.arms import FEWER, gold
from analysis.design.recipes import REWARDS, Tasks, base, in_distribution, needing, practise, present_edge, tasks_of
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.effects import Forgetting, distances
from analysis.measures.effects.distance import FORWARD, REVERSE
from analysis.measures.effects.forgetting import KNOWN
from analysis.measures.facts import Cell, Fact
from analysis.measures.weights import CHANCE, NORM, OVERLAP, TOP, UNCHANGED, UNCHANGED_16, Moved, Overlap
from analysis.measures.weights.ways import LOSS, OF_SOLUTION, SUCCESS, Point, Reached, Reverse, Start, at_level, explained
from train.learn import Learn, MostChanged, Scattered, Snapshot
from train.losses import Imitate, Source, Verified
from train.optim import Optim
from train.rl import Band, Sampler
from train.sample import Sample
from train.stages.stage import Shelf, Stage

RATES = {"usual": 1.0, "small": 0.1, "fast": 10.0}  # of the scale's rate of RL
STEPS = {"eighth": 1 / 8, "quarter": 1 / 4, "half": 1 / 2, "end": 1.0}  # of the scale's iterations of RL
MASKED = 0.2  # share of the weights that learn in a subnetwork
LEAST = 0.05  # gain in success that both of two ways must reach to be compared where they succeed equally often
ARMS = ("rl", "twin", "gold", "rft", "coin", "subnetwork", "random mask")
TWIN = 10_000  # added to the seed of practice: RL on other problems; seeds of bases are smaller
Run = tuple[str, str, str]  # arm, rate, format of the master weights
RUNS: Mapping[Run, Sequence[str]] = {  # with the moments that are measured
    ("rl", "usual", "float32"): tuple(STEPS),
    ("gold", "usual", "float32"): tuple(STEPS),
    ("rft", "usual", "float32"): tuple(STEPS),
    ("gold", "fast", "float32"): tuple(STEPS),
    **{(arm, "usual", "bfloat16"): ("end",) for arm in ("rl", "gold", "rft", "coin")},
    **{(arm, "small", master): ("end",) for arm in ("rl", "gold") for master in ("float32", "bfloat16")},
    ("coin", "usual", "float32"): ("end",),
    **{(arm, "usual", "float32"): tuple(STEPS) for arm in ("subnetwork", "random mask")},
}
POINTS = tuple((run, steps) for run, moments in RUNS.items() for steps in moments)
BY_KL, BY_NORM = "R2 of forgetting by forward KL", "R2 of forgetting by the norm"
COMPARED = ("gold", "rft")
FORGOTTEN = "forgotten, share of solutions"


def learned(scale: Scale, policy: Learn, problems: Band, seed: int, tasks: Tasks) -> dict[Run, Learn]:
    """Every run from a base."""
    moments = tuple(sorted({moment(scale, share) for share in STEPS.values()} - {scale.rl_iterations}))
    drawn = Sample(policy, problems, scale.problems, Sampler(scale.group, surface=tasks.said), seed, -(-scale.rl_iterations // FEWER))
    sources: dict[str, Source] = {"gold": gold(scale, problems, seed, tasks), "rft": Verified(drawn)}

    def run(arm: str, rate: str, master: str) -> Learn:
        optim = Optim(RATES[rate] * scale.rl_lr, master=master)  # type: ignore[arg-type]  # the format, by its name
        keep = moments if len(RUNS[arm, rate, master]) > 1 else ()
        if arm in sources:
            return Learn(policy, ((1.0, Imitate(sources[arm], scale.tokens, seed)),), scale.rl_iterations, optim, keep)
        reward = REWARDS["coin" if arm == "coin" else "process"]
        return replace(practise(scale, policy, problems, reward, seed, tasks), optim=optim, keep=keep)

    plain = {key: run(*key) for key in RUNS}
    whole = plain["rl", "usual", "float32"]
    mask = MostChanged(policy, whole, MASKED, "difference")
    for arm, chosen in (("subnetwork", mask), ("random mask", Scattered(mask, seed))):
        plain[arm, "usual", "float32"] = replace(plain[arm, "usual", "float32"], mask=chosen)
    return plain


def moment(scale: Scale, share: float) -> int:
    """The iteration after a share of them, at least the first."""
    return max(1, round(share * scale.rl_iterations))


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Every run, at the end and on the way; RL on other problems, for the weights that it changes; and all of these of a seed together."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, family = base(scale, (), seed, tasks), needing(scale, tasks)
    problems = Band(family, present_edge(scale, tasks, seed), "at")
    runs = learned(scale, policy, problems, seed, tasks)

    def asked(of: Stage) -> Sample:
        sampler = Sampler(scale.group, surface=tasks.said)
        return Sample(of, replace(problems, split="test"), scale.sampled_problems, sampler, seed)

    known, every = in_distribution(scale, policy, seed, tasks), dict[str, Stage]()
    for run, steps in POINTS:
        learn = runs[run]
        now: Stage = learn if moment(scale, STEPS[steps]) == learn.iterations else Snapshot(learn, moment(scale, STEPS[steps]))
        full = (run[1:], steps) == (("usual", "float32"), "end")
        said = {name: stage for name, stage in distances(asked(policy), asked(now)).items() if full or name.endswith("_of_before")}
        mine: dict[str, Stage] = {"learn": now, "known_after": replace(known, policy=now), **said}
        others = {"rl": "gold", "coin": "rl"} if full else {}
        other = {"other": runs[others[run[0]], "usual", "float32"]} if run[0] in others else {}
        yield Cell.of(labels(run, steps), seed, base=policy, known_before=known, **mine, **other)
        every |= {f"{place(run, steps)} {name}": mine[name] for name in ("learn", "known_after", "after_of_before")}
        every["before_of_before"] = mine["before_of_before"]
    whole, twin = runs["rl", "usual", "float32"], practise(scale, policy, problems, REWARDS["process"], seed + TWIN, tasks)
    yield Cell.of(labels(("twin", "usual", "float32"), "end"), seed, base=policy, learn=twin, other=whole)
    yield Cell.of(labels(("every", "usual", "float32"), "end"), seed, base=policy, known_before=known, **every)


def labels(run: Run, steps: str) -> dict[str, str]:
    """The labels of a cell."""
    return dict(zip(("arm", "rate", "master", "steps"), (*run, steps), strict=True))


def place(run: Run, steps: str) -> str:
    """The name of a point among those of a seed."""
    return " ".join((*run, steps))


@dataclass(frozen=True)
class Together:
    """Over the points of a seed: how much of the variance of forgetting forward KL explains, and how much the norm of the update; and for
    fine-tuning less RL, forward KL (nats) and the share of solutions forgotten, where each first succeeds on as many of the new problems as
    both do at some time. Nothing, where they gain too little to be compared."""

    needs: tuple[str, ...] = (
        "base",
        "known_before",
        "before_of_before",
        *(f"{place(*point)} {name}" for point in POINTS for name in ("learn", "known_after", "after_of_before")),
    )

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        points = points_of(cell, shelf)
        lost = [points[place(*point)].loss for point in POINTS]
        for metric, cause in ((BY_KL, "kl"), (BY_NORM, "norm")):
            if (value := explained([getattr(points[place(*point)], cause) for point in POINTS], lost)) is not None:
                yield cell.fact("after", metric, None, value, len(POINTS))
        for arm in COMPARED:
            ways = [[points["base"], *(points[place((a, "usual", "float32"), s)] for s in STEPS)] for a in (arm, "rl")]
            level = min(max(point.success for point in way) for way in ways)
            if level >= points["base"].success + LEAST:
                there = [at_level(way, level) for way in ways]
                yield cell.fact("after", less_rl(FORWARD, arm), None, there[0].kl - there[1].kl)
                yield cell.fact("after", less_rl(FORGOTTEN, arm), None, there[0].forgotten - there[1].forgotten)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        metrics = (BY_KL, BY_NORM, *(less_rl(metric, arm) for metric in (FORWARD, FORGOTTEN) for arm in COMPARED))
        return (cell.fact("after", metric, None, 0.0) for metric in metrics)


def less_rl(metric: str, arm: str) -> str:
    """The name of a metric of an arm less that of RL, where both succeed equally often."""
    return f"{metric}, {arm} less rl"


def points_of(cell: Cell, shelf: Shelf) -> Mapping[str, Point]:
    """The base, and every point of a seed."""
    start = Start.of(cell, shelf)
    return {"base": start.point, **{p: start.to(cell, p, shelf) for p in (place(*point) for point in POINTS)}}


def of(arm: str, rate: str = "usual", master: str = "float32", steps: str = "end") -> dict[str, str]:
    """The labels of a cell."""
    return labels((arm, rate, master), steps)


def after(its: Mapping[str, str], metric: str, sign: float = 1.0, least: float | None = 0.0, most: float | None = 1.0) -> Contrast:
    """A metric after learning, of seeds in which it could be measured."""
    return ((sign, Term(tuple(its.items()), IfMeasured("after", metric), metric, "after", least, most)),)


def gained(arm: str, sign: float = 1.0, master: str = "float32", steps: str | None = "end") -> Contrast:
    """The gain in success on new problems at a moment; None: the mean over all that are measured."""
    at = {"steps": steps} if steps else {}
    return gain({"arm": arm, "rate": "usual", "master": master, **at}, Places(), SUCCESS, sign)


def nats(its: Mapping[str, str], metric: str) -> Contrast:
    """A metric in nats, not in hundredths."""
    return after(its, metric, 0.01, None, None)


RL, GOLD, EVERY = of("rl"), of("gold"), of("every")
SHARE, RANKS, GAIN = "% of the weights", "R2 of ranks, x 100", "pass@1, points of 100"
CLAIMS = (
    Claim(
        "1 a matter of format",
        "At a tenth of the usual rate, RL leaves far more weights as they were if they are kept in bfloat16 than in float32.",
        (*after(of("rl", "small", "bfloat16"), UNCHANGED), *after(of("rl", "small"), UNCHANGED, -1.0)),
        More(50),
        SHARE,
    ),
    Claim(
        "2 float32: every weight",
        "At the usual rate, in float32, RL leaves hardly a weight as it was.",
        after(RL, UNCHANGED),
        Same(5),
        SHARE,
    ),
    Claim(
        "3 bfloat16: RL is sparser",
        "In bfloat16, RL leaves more weights as they were than fine-tuning on gold, by as many steps at one rate.",
        (*after(of("rl", master="bfloat16"), UNCHANGED), *after(of("gold", master="bfloat16"), UNCHANGED, -1.0)),
        More(5),
        SHARE,
    ),
    Claim(
        "4 as concentrated",
        "Without a scale, in float32, the largest 1 % of changes hold as much of RL's update as of fine-tuning's.",
        (*after(RL, TOP), *after(GOLD, TOP, -1.0)),
        Same(5),
        "% of the squared norm",
    ),
    Claim(
        "5 RL stays nearer",
        "Where both succeed equally often on the new problems, fine-tuning on gold is farther from the base than RL, by forward KL.",
        nats(EVERY, less_rl(FORWARD, "gold")),
        More(0.5),
        "nats a completion",
    ),
    Claim(
        "6 forgets as much",
        "There, fine-tuning on gold, which is the oracle of one derivation, has forgotten as much as RL.",
        after(EVERY, less_rl(FORGOTTEN, "gold"), least=-1.0),
        Same(5),
        GAIN,
    ),
    Claim(
        "7 forward KL predicts",
        "Over all runs and moments of a seed, forward KL on the new problems explains forgetting.",
        after(EVERY, BY_KL, least=-1.0),
        More(60),
        RANKS,
    ),
    Claim(
        "8 better than the norm",
        "... better than the norm of the update does.",
        (*after(EVERY, BY_KL, least=-1.0), *after(EVERY, BY_NORM, -1.0, -1.0)),
        More(5),
        RANKS,
    ),
    Claim(
        "9 a fifth suffices",
        "In the end, RL on the fifth of the weights that RL changed most has gained as much as RL on all.",
        (*gained("subnetwork"), *gained("rl", -1.0)),
        Same(10),
        GAIN,
    ),
    Claim(
        "10 not any fifth",
        "On the way, it gains more than RL on as many weights of each tensor at random: mean over four moments.",
        (*gained("subnetwork", steps=None), *gained("random mask", -1.0, steps=None)),
        More(10),
        GAIN,
    ),
    Claim(
        "coin in bfloat16",
        "Weights that RL by a coin leaves as they were, less those that RL leaves: sparsity without anything to learn.",
        (*after(of("coin", master="bfloat16"), UNCHANGED), *after(of("rl", master="bfloat16"), UNCHANGED, -1.0)),
        unit=SHARE,
    ),
    Claim("rounded at the end", "Weights that look unchanged if RL in float32 is rounded at its end.", after(RL, UNCHANGED_16), unit=SHARE),
    Claim(
        "learning in bfloat16",
        "Gain of RL in bfloat16, less that in float32.",
        (*gained("rl", 1.0, "bfloat16"), *gained("rl", -1.0)),
        unit=GAIN,
    ),
    Claim("rft forgets", "As claim 6, of verified completions.", after(EVERY, less_rl(FORGOTTEN, "rft"), least=-1.0), unit=GAIN),
    Claim("a coin forgets", "Loss in distribution by RL on a coin.", gain(of("coin"), Places(), KNOWN, -1.0), unit=GAIN),
    Claim(
        "one distance",
        "KL(policy || base) after fine-tuning on gold, less the base's surprise at the solutions: 0 for a policy that is right.",
        (*nats(GOLD, REVERSE), (-0.01, Term(tuple(GOLD.items()), Places(), OF_SOLUTION, "before", None, None))),
        unit="nats a completion",
    ),
    Claim(
        "overlap",
        "Overlap of the weights that RL and fine-tuning on gold change most, less that by chance.",
        (*after(RL, OVERLAP), *after(RL, CHANCE, -1.0)),
        unit="Jaccard x 100",
    ),
    Claim(
        "overlap of twins",
        "The same, of RL and of RL on other problems.",
        (*after(of("twin"), OVERLAP), *after(of("twin"), CHANCE, -1.0)),
        unit="Jaccard x 100",
    ),
)

STUDY = Study(
    name="sparsity",
    question="Are the updates of reinforcement learning sparse, and does it forget less than fine-tuning?",
    source="arXiv:2505.11711; arXiv:2509.04259; arXiv:2511.08567",
    axes={"arm": (*ARMS, "every"), "rate": tuple(RATES), "master": ("float32", "bfloat16"), "steps": tuple(STEPS)},
    cells=cells,
    measures=(Reached(), Reverse(), Forgetting(), Moved(), Overlap(MASKED, "difference"), Together()),
    claims=CLAIMS,
    figures=(
        Figure(
            "Forgetting, by forward KL",
            Scatter(
                (Axis("after", FORWARD, "KL(base || policy) on new problems, nats"), Axis("after", NORM, "norm of the update, relative")),
                (Axis("after", LOSS, "log10 of the loss in distribution,"),),
                "nats a solution",
                colour="arm",
                name="steps",
            ),
            "Each mark is a run at one moment of its way: the mean over seeds with its 95 % interval; dots are seeds. What predicts "
            "forgetting has all marks on one rising line, whatever the arm: forward KL, left, or the norm of the update, right.",
        ),
        Figure(
            "Sparsity, by format and rate",
            Scatter(
                (Axis("after", NORM, "norm of the update, relative to that of the weights"),),
                (Axis("after", UNCHANGED, "as they are kept"), Axis("after", UNCHANGED_16, "rounded to bfloat16")),
                "share of weights unchanged to the bit",
                colour="master",
                hue=8,
                name="rate",
                bounds=(-0.03, 1.03),
            ),
            "Each mark is a run at one moment of its way: the mean over seeds with its 95 % interval; dots are seeds. If sparsity is a "
            "matter of format, marks of float32 lie at 0 on the left, and those of bfloat16 the higher, the smaller the update. Right: "
            "both policies rounded to bfloat16. Marks at .8 are runs in a fifth of the weights: the rest is held.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published("arXiv:2505.11711", "Reports that RL changes a small part of the weights, and that training these alone suffices."),
            Published(
                "arXiv:2509.04259",
                "Reports that this sparsity vanishes in float32, and that forward KL on the new task predicts forgetting.",
            ),
            Published(
                "arXiv:2511.08567", "Reports that RL moves the weights less, and along other directions, than supervised fine-tuning."
            ),
        ),
        "Claim 1 would fall if float32 kept weights to the bit, too; claim 6 if fine-tuning on gold forgot where RL does not, which would "
        "be due to the way, since here both have one goal; claims 9 and 10 if any fifth of the weights did as well.",
        "Sparsity, by format and rate",
        checks=("10 not any fifth",),
    ),
)
