"""The study of what RL is rewarded for: outcome, process, the share of right steps, or a blend; where data are easy, at the edge, hard, or
mixed; and whether reasoning emerges from outcome alone, in bases that state derivations always, seldom, or no more.

An answer may be right by luck, and more often after many right steps. So the outcome has signal where no whole derivation succeeds, as the
share of right steps has; the whole process has none there. Where the policy never derives, the outcome pays for guesses.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analysis.claims.claims import Claim, Contrast, More, Places, Same, Term, gain
from analysis.design.recipes import REWARDS, Tasks, base, needing, practise, present_edge, sample, score, tasks_of
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.learning import LearningCurves
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.errors import REASON, RIGHT, Errors
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import BEFORE_AND_AFTER, bands_of, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from synthtasks.corpora import Answered, Corpus, Recipe, Solved
from synthtasks.families import at, level
from train.learn import Learn
from train.ledger import read_ledger
from train.losses.imitate import Imitate
from train.optim import Optim
from train.rl import Band, Blend, Dense, Endless, Mixture, ProblemSource, Reward
from train.stages.seal import defined
from train.stages.stage import Shelf

KINDS: dict[str, Reward] = {**REWARDS, "dense": Dense(), "blend": Blend(0.5)}
REGION = {"easy": "below", "edge": "at", "hard": "beyond"}
TRIED = {
    "edge": ("outcome", "process", "dense", "blend", "coin"),
    "easy": ("outcome", "process"),
    "hard": ("outcome", "process", "dense"),
    "mixed": ("outcome", "process"),
}
SHARES = {"5": 0.05, "0": 0.0}  # of derivations among the documents with an answer that are read in a second part of pretraining
FORGETTING = 1 / 7  # iterations of that part, as a share of those of pretraining
RATE = 0.3  # its learning rate, as a share of that of pretraining
DEPTH = 2  # of the problems on which these bases practise; pretraining has shown them
THERE, GAIN = "pass@1 where RL practised", "gain at the edge"
AXES = {"prior": ("100", *SHARES), "data": (*TRIED, "shown"), "reward": tuple(KINDS)}


def answering(read: Corpus, share: float) -> Corpus:
    """The corpus in which this share of the documents with an answer has a derivation, and the rest the answer alone."""
    recipes = list[Recipe]()
    for recipe in read.recipes:
        if not isinstance(recipe.write, Solved):
            recipes.append(recipe)
            continue
        alone = replace(recipe, weight=(1 - share) * recipe.weight, write=Answered(recipe.write.surface))
        recipes += [replace(recipe, weight=share * recipe.weight), alone] if share else [alone]
    return replace(read, recipes=tuple(recipes))


def answerer(scale: Scale, share: float, seed: int, tasks: Tasks) -> Learn:
    """The base after it has read on, and seen derivations in this share of the documents with an answer."""
    policy = base(scale, (), seed, tasks)
    ((_, imitate),) = policy.losses
    assert isinstance(imitate, Imitate)
    assert isinstance(imitate.source, Corpus)
    iterations = max(2, round(FORGETTING * scale.pretraining))
    optim = Optim(RATE * scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    return Learn(policy, ((1.0, replace(imitate, source=answering(imitate.source, share))),), iterations, optim)


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Every reward where it is tried; and outcome and process for bases that answer without a derivation, on problems of a depth that
    pretraining has shown."""
    scale, tasks = setting.scale, tasks_of(setting)
    present, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    bands = {data: Band(family, edge, region) for data, region in REGION.items()}  # type: ignore[arg-type]  # regions, by name
    sources: dict[str, ProblemSource] = {**bands, "mixed": Mixture(tuple((1.0, band) for band in bands.values()))}

    def cell(prior: str, policy: Learn, data: str, source: ProblemSource, test: ProblemSource, reward: str) -> Cell:
        learned = practise(scale, policy, source, KINDS[reward], seed, tasks)
        return Cell.of(
            {"prior": prior, "data": data, "reward": reward},
            seed,
            edge=edge,
            before=edge.scores if policy is present else score(scale, policy, family, seed, tasks=tasks),
            learn=learned,
            after=score(scale, learned, family, seed, tasks=tasks),
            sampled_before=sample(scale, policy, test, seed, tasks),
            sampled_after=sample(scale, learned, test, seed, tasks),
        )

    for data, rewards in TRIED.items():
        for reward in rewards:
            yield cell("100", present, data, sources[data], Band(family, edge, "at", "test"), reward)
    shown = at(family, DEPTH)
    for prior, share in SHARES.items():
        for reward in ("outcome", "process"):
            yield cell(prior, answerer(scale, share, seed, tasks), "shown", Endless(shown), Endless(shown, "test"), reward)


def given(source: ProblemSource, bands: dict[str, list[int]]) -> list[int]:
    """The difficulties of a source, ascending."""
    match source:
        case Band(region=region):
            return bands[region]
        case Endless(family=family):
            return [level(family)]
        case Mixture(parts=parts):
            return sorted({n for _, part in parts for n in given(part, bands)})
    raise ValueError(f"expected a band, one difficulty, or a mixture of these; found {source}")


@dataclass(frozen=True)
class Practised:
    """Facts about one place of practice: its difficulties, the steps taken, exact success there before and after, and the gain at the
    edge."""

    needs: tuple[str, ...] = ("edge", "before", "after", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        bands, learn = bands_of(cell, shelf), cell.stage("learn", Learn)
        yield cell.fact("learning", "updates", None, float(read_ledger(defined(shelf.get(learn))).updates))
        ends = {phase: scored(cell, phase, shelf) for phase in ("before", "after")}
        places = given(learn.losses[0][1].source, bands)  # type: ignore[attr-defined]  # it is practice
        yield from (cell.fact("learning", "given", n, 1.0) for n in places)
        for phase, scores in ends.items():
            there = exact_pass_at_k(scores.plain[[scores.at(n) for n in places]], 1)
            yield cell.fact(phase, THERE, None, float(there.mean()), there.shape[1])
        if (band := bands["at"]) and dict(cell.labels)["prior"] == "100":
            before, after = (exact_pass_at_k(s.plain[[s.at(n) for n in band]], 128).mean() for s in ends.values())
            yield cell.fact("after", GAIN, None, 100 * float(after - before), ends["after"].plain.shape[1])

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact("learning", "given", 1, 1.0)
        yield cell.fact("learning", "updates", None, 1.0)
        yield from (cell.fact(phase, THERE, None, 0.0) for phase in ("before", "after"))


def of(data: str, reward: str, prior: str = "100") -> dict[str, str]:
    """The labels of a cell."""
    return {"prior": prior, "data": data, "reward": reward}


def after(labels: dict[str, str], metric: str, sign: float = 1.0, phase: str = "after") -> Contrast:
    """A metric without an axis, after learning."""
    return ((sign, Term(tuple(labels.items()), Places(), metric, phase)),)


def there(labels: dict[str, str], sign: float = 1.0) -> Contrast:
    """The gain of exact pass@1 where RL practised."""
    return gain(labels, Places(), THERE, sign)


SELDOM, NEVER = of("shown", "outcome", "5"), of("shown", "outcome", "0")
PASS_1, AMONG, ALL = "pass@1, points of 100", "% of right answers", "% of completions"

CLAIMS = (
    Claim(
        "1 emerges from 5 %",
        "Where 5 % of documents with an answer derive it, RL on the outcome alone makes the policy derive.",
        there(SELDOM),
        More(20),
        PASS_1,
    ),
    Claim(
        "2 the trace is valid",
        "... and fewer of its right answers come by a wrong derivation, or by none.",
        (*after(SELDOM, REASON, phase="before"), *after(SELDOM, REASON, -1.0)),
        More(20),
        AMONG,
    ),
    Claim("3a nothing from nothing", "Where no document derives any more, it does not ...", there(NEVER), Same(5), PASS_1),
    Claim(
        "3b but guesses",
        "... and learns to guess: right answers without a derivation become more.",
        (*after(NEVER, RIGHT), *after(NEVER, RIGHT, -1.0, "before")),
        More(5),
        ALL,
    ),
    Claim(
        "4 at the edge: no difference",
        "At the edge, outcome and process gain as much.",
        (*gain(of("edge", "outcome")), *gain(of("edge", "process"), sign=-1.0)),
        Same(5),
    ),
    Claim(
        "5 hard: the outcome helps",
        "On hard problems, the outcome teaches more than the whole process, which hardly ever succeeds.",
        (*there(of("hard", "outcome")), *there(of("hard", "process"), -1.0)),
        More(10),
        PASS_1,
    ),
    Claim(
        "6 hard: dense helps",
        "On hard problems, the share of right steps teaches more than the whole process.",
        (*there(of("hard", "dense")), *there(of("hard", "process"), -1.0)),
        More(10),
        PASS_1,
    ),
    Claim(
        "7 mixed: no difference",
        "On mixed data, outcome and process gain as much at the edge.",
        (*gain(of("mixed", "outcome")), *gain(of("mixed", "process"), sign=-1.0)),
        Same(5),
    ),
    Claim(
        "8 more than a coin",
        "At the edge, the outcome gains more than a coin.",
        (*gain(of("edge", "outcome")), *gain(of("edge", "coin"), sign=-1.0)),
        More(10),
    ),
    Claim("dense at the edge", "Gain by the share of right steps.", gain(of("edge", "dense"))),
    Claim("blend at the edge", "Gain by half outcome, half share of right steps.", gain(of("edge", "blend"))),
    *(Claim(f"{reward}, hard", "Gain at the edge by RL on hard problems.", gain(of("hard", reward))) for reward in TRIED["hard"]),
    Claim("process, 5 %", "Claim 1 by process.", there(of("shown", "process", "5")), unit=PASS_1),
    *(
        Claim(
            f"wrong reasons, {data}",
            "Right answers by a wrong derivation, after RL on the outcome.",
            after(of(data, "outcome"), REASON),
            unit=AMONG,
        )
        for data in ("edge", "hard")
    ),
)

FIGURES: Sequence[Figure] = (
    Figure(
        "What a reward gains, and how often right answers are wrong derivations",
        Scatter(
            (Axis("after", REASON, "share of right answers by a wrong derivation, after RL"),),
            (Axis("after", GAIN, "gain at the edge"),),
            "gain in pass@128, points of 100",
            colour="reward",
            name="data",
        ),
        "Each mark is a reward on one kind of data, of bases that always derive: the mean over seeds with its 95 % interval; dots are "
        "seeds. A good reward lies at the upper left; one that pays for guesses, at the right.",
    ),
    Figure(
        "Does reasoning emerge?",
        LearningCurves("prior", "reward", {"reward": "mean reward", "pass@1": "right processes"}, labels={"data": "shown"}),
        "RL on problems of a depth that pretraining has shown, of bases that state a derivation in 5 % or none of the documents with an "
        "answer. Where the reward rises and right processes do not, answers are guessed.",
    ),
)

STUDY = Study(
    name="rewards",
    question="What must reinforcement learning reward, and does reasoning emerge from right answers alone?",
    source="arXiv:2512.07783; arXiv:2505.17952",
    axes=AXES,
    cells=cells,
    measures=(
        *BEFORE_AND_AFTER,
        Practised(),
        Errors("sampled_before", "before"),
        Errors("sampled_after", "after"),
        Noted("learn"),
    ),
    claims=CLAIMS,
    figures=tuple(FIGURES),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2512.07783, figure 7",
                "The strict process reward adds 5.2 points to pass@1 on op2-14 (70.7 by the outcome alone); one seed, without an interval.",
            ),
            Published(
                "arXiv:2505.17952",
                "Reasoning emerges from rewards of right answers; the models had learned to derive before.",
            ),
        ),
        "Claim 1 would fall if RL on answers taught guesses alone where 5 % of the documents derive; claim 3 if "
        "derivations came where none does.",
        "Does reasoning emerge?",
        checks=("8 more than a coin",),
    ),
)
