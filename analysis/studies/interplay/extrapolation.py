"""The study of extrapolation: RL in four bands of difficulty, against other ways of learning from the same problems at equal compute.

Each band takes its problems from the edge of the same seed. Beside RL stand supervised fine-tuning on their gold derivations, rejection
sampling once and in rounds, continued pretraining, and two placebos: a random reward, and the format of the derivations without a value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analysis.claims.claims import At, Claim, Contrast, More, Past, Same, Term, Throughout, Where, gain
from analysis.design.arms import continued, expert_iteration, rft, sft, spending
from analysis.design.recipes import REWARDS, Tasks, base, exam, in_distribution, needing, practise, present_edge, score, tasks_of
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.curves import Curves
from analysis.measures.compute import Compute
from analysis.measures.exact import BEFORE_AND_AFTER, Exact
from analysis.measures.facts import Cell
from analysis.measures.noted import Noted
from synthtasks.corpora import unsolved
from synthtasks.families import level
from train.learn import Learn
from train.rl import Band, Endless, ProblemSource

METHODS = ("rl", "sft", "rft", "expert iteration", "continued", "coin", "format")
BANDS = ("in", "below", "at", "beyond")  # "in": the deepest problems that pretraining solved
IN = "within"  # of the phases of the exam in distribution
EDGE, DEEPER, BEYOND, HOME = At(), Past("at", 2), At("beyond"), Throughout(f"{IN} before")
Labels = Mapping[str, str]


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """RL in every band, at the edge every method, and beyond it those that need no success or change nothing without one."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    solved = [f for f in exam(family, scale.deepest) if level(f) <= max(scale.solved, scale.uses)][-1]
    problems: dict[str, ProblemSource] = {"in": Endless(solved)}
    problems |= {band: Band(family, edge, band) for band in ("below", "at", "beyond")}
    rl = {band: practise(scale, policy, source, REWARDS["process"], seed, tasks) for band, source in problems.items()}
    rl["in"] = spending(rl["in"], rl["at"])  # where no group has signal, iterations cost less

    def cell(method: str, band: str, learned: Learn, like: Learn) -> Cell:
        return Cell.of(
            {"method": method, "band": band},
            seed,
            edge=edge,
            base=policy,
            before=edge.scores,
            learn=learned,
            after=score(scale, learned, family, seed, tasks=tasks),
            within_before=in_distribution(scale, policy, seed, tasks),
            within=in_distribution(scale, learned, seed, tasks),
            budget=like,
        )

    for band in BANDS:
        yield cell("rl", band, rl[band], rl["at"] if band == "in" else rl[band])
    for band in ("below", "at", "beyond"):
        yield cell("sft", band, sft(scale, policy, problems[band], rl[band], seed, tasks), rl[band])
    for band in ("at", "beyond"):
        yield cell("rft", band, rft(scale, policy, problems[band], rl[band], seed, tasks), rl[band])
    at, like = problems["at"], rl["at"]
    finer = replace(scale, problems=-(-scale.problems // 2))  # by a coin every group learns, so that an iteration costs four times as much
    arms = {
        "expert iteration": expert_iteration(scale, policy, at, like, seed, tasks),
        "continued": continued(scale, policy, like),
        "coin": spending(practise(finer, policy, at, REWARDS["coin"], seed, tasks), like),
        "format": sft(scale, policy, at, like, seed, tasks, unsolved(tasks.said)),
    }
    yield from (cell(method, "at", learned, like) for method, learned in arms.items())


def of(method: str, band: str = "at") -> Labels:
    """The labels of an arm."""
    return {"method": method, "band": band}


def over(one: Labels, other: Labels, where: Where = EDGE) -> Contrast:
    """How much more one arm ends with than another, in pass@128."""
    return ((1.0, Term(tuple(one.items()), where)), (-1.0, Term(tuple(other.items()), where)))


def paid(labels: Labels, sign: float = 1.0) -> Contrast:
    """The change of pass@1 in distribution."""
    after, before = (Term(tuple(labels.items()), HOME, "pass@1", phase) for phase in (f"{IN} after", f"{IN} before"))
    return ((sign, after), (-sign, before))


RL, SFT, RFT, ROUNDS = (of(method) for method in ("rl", "sft", "rft", "expert iteration"))
PASS_1 = "pass@1, points of 100"

CLAIMS = (
    Claim("1 RL over pretraining", "RL at the edge ends there above continued pretraining.", over(RL, of("continued")), More(5)),
    Claim("2 SFT as RL", "At the edge, SFT on the same problems ends where RL does.", over(SFT, RL), Same(10)),
    Claim("3 RFT plateaus", "Two steps deeper, RL ends above rejection sampling.", over(RL, RFT, DEEPER), More(5)),
    Claim("4 rounds help", "... and so does expert iteration.", over(ROUNDS, RFT, DEEPER), More(5)),
    Claim("5 SFT pays more", "In distribution, SFT loses more pass@1 than RL.", (*paid(RL), *paid(SFT, -1.0)), More(5), PASS_1),
    Claim("6 in distribution", "RL on what pretraining solved does not move the edge.", gain(of("rl", "in")), Same(10)),
    Claim("7 SFT beyond", "Beyond the edge, SFT gains: it needs no success.", gain(of("sft", "beyond"), BEYOND), More(5)),
    Claim("8 RFT beyond", "... and RFT, which needs some, does not.", gain(of("rft", "beyond"), BEYOND), Same(5)),
    Claim("9 more than a coin", "RL at the edge ends there above a random reward.", over(RL, of("coin")), More(5)),
    Claim("10 more than the format", "At the edge, SFT ends above SFT on the format alone.", over(SFT, of("format")), More(5)),
    *(Claim(f"gain: {m}", f"{m} at the edge, two steps deeper.", gain(of(m), DEEPER)) for m in METHODS),
    *(Claim(f"paid: {m}", f"{m} at the edge, in distribution.", paid(of(m)), unit=PASS_1) for m in METHODS),
)

STUDY = Study(
    name="extrapolation",
    question="Does RL extrapolate further than other ways of learning from the same problems at equal compute, and what does each pay?",
    source="arXiv:2512.07783, arXiv:2607.07646",
    axes={"method": METHODS, "band": BANDS},
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
            "What each way of learning solves",
            Curves({"pass@128": "exact pass@128", "pass@1": "exact pass@1"}, columns="band", colour="method"),
            "Exact success after learning at each difficulty, mean over seeds with the 95 % interval: a column for each band of problems "
            "that were learned from, a colour for each way to learn from them. Within a column all arms spent the compute of RL. Where a "
            "line stays up longer, that way extrapolates further; where it dips at the left, it forgot.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published(
                "arXiv:2512.07783, figure 1",
                "RL at the edge raises pass@128 there by up to 42 points; no arm of fine-tuning at equal compute.",
            ),
            Published(
                "arXiv:2607.07646",
                "RL solves with 16 samples what the base does not solve with 1,024, where fine-tuning on own verified "
                "samples stays on a plateau.",
            ),
        ),
        "That RL goes farther would fall if fine-tuning on verified samples, or on gold derivations, with the same compute solved as deep.",
        checks=("9 more than a coin", "10 more than the format"),
    ),
)
