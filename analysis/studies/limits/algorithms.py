"""The study of algorithms: policy-gradient methods on one task at the edge, at equal compute, ranked beside the noise of twins.

Each is used with the settings it is meant with (`train.rl.INDEX`). Those that split an iteration into four minibatches take four steps on
the same rollouts, so they are compared with `ppo-clip`, which does so too; the others with `grpo`. A twin is GRPO on other problems.
RLOO should be Dr. GRPO: with one step an iteration its gradient is that of Dr. GRPO times G / (G - 1), and Adam is blind to a factor.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from analysis.claims.claims import At, Claim, Contrast, More, Same, Where, gain
from analysis.design.recipes import REWARDS, Tasks, base, needing, practise, present_edge, score, tasks_of
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.learning import LearningCurves
from analysis.figures.ranked import Ranked
from analysis.figures.spread import Gain
from analysis.measures.compute import Compute
from analysis.measures.exact import BEFORE_AND_AFTER
from analysis.measures.facts import Cell
from analysis.measures.noted import Noted
from train.learn import Learn, Spend
from train.losses import Practice
from train.rl import INDEX, Band, Credit, Entry, Spread, SubsetLead, SubsetMean

KINDS = {
    "loss": ("dr-grpo", "ppo-clip", "gspo", "cispo-scale"),
    "baseline": ("rloo", "reinforce"),
    "bounds": ("cispo-verl", "clip-cov", "kl-cov"),
    "anchor": ("grpo-kl", "averaged-kl", "prorl"),
    "goal": ("subset-mean", "best-of-group", "pkpo", "maxrl", "unlikely"),
    "side": ("positive-only", "negative-only"),
    "tokens": ("forking", "hicra"),
    "filter": ("dapo",),
}
OF_K: Mapping[str, Callable[[int], Credit]] = {"subset-mean": SubsetMean, "pkpo": SubsetLead}
PAIR = "grpo, twin 1", "grpo, twin 2"
TWINS = dict(zip(PAIR, (10_000, 20_000), strict=True))  # what is added to the seed of practice; seeds of bases are smaller
DRAWS = 2  # most batches drawn for an update, of those that draw again: with 4 there are too few updates to spend a budget to 2 %
KIND = {name: kind for kind, names in KINDS.items() for name in names} | dict.fromkeys(TWINS, "twin") | {"grpo": "grpo", "coin": "coin"}
WITHIN = 0.04  # of the budget: an iteration of algorithms with a reference, or of several draws, costs up to 4 % of it
AXES = {"kind": tuple(dict.fromkeys(KIND.values())), "algorithm": tuple(KIND)}
EDGE, BEYOND = At(), At("beyond", 2)
PASS_1 = "pass@1, points of 100"


def entry(name: str, group: int) -> Entry:
    """The entry of the index, sized for this study: k is half of a group."""
    found = INDEX[name]
    algorithm = replace(found.algorithm, draws=min(DRAWS, found.algorithm.draws))
    if name in OF_K:
        algorithm = replace(algorithm, credit=(Spread(), OF_K[name](max(2, group // 2))))
    return replace(found, algorithm=algorithm)


def trained(like: Learn, found: Entry) -> Learn:
    """A policy that practised as another did, by another algorithm and with its compute."""
    ((weight, practice),) = like.losses
    assert isinstance(practice, Practice)
    sampler = replace(practice.sampler, records=found.records)
    mine = replace(practice, algorithm=found.algorithm, minibatches=found.minibatches, sampler=sampler)
    return replace(like, losses=((weight, mine),), iterations=Spend(like))


def twin(like: Learn, seed: int) -> Learn:
    """A policy that practised as another did, on problems of another seed."""
    ((weight, practice),) = like.losses
    assert isinstance(practice, Practice)
    return replace(like, losses=((weight, replace(practice, seed=seed)),), iterations=Spend(like))


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Every algorithm on the band at the edge of the base that knows every primitive; whole derivations are rewarded."""
    scale, tasks = setting.scale, tasks_of(setting)
    policy, edge, family = base(scale, (), seed, tasks), present_edge(scale, tasks, seed), needing(scale, tasks)
    band = Band(family, edge, "at")
    grpo, coin = (practise(scale, policy, band, REWARDS[reward], seed, tasks) for reward in ("process", "coin"))
    arms = {"grpo": grpo, "coin": coin}
    arms |= {name: trained(grpo, entry(name, scale.group)) for names in KINDS.values() for name in names}
    arms |= {name: twin(grpo, seed + more) for name, more in TWINS.items()}
    for name, learned in arms.items():
        yield Cell.of(
            {"kind": KIND[name], "algorithm": name},
            seed,
            edge=edge,
            before=edge.scores,
            base=policy,
            learn=learned,
            after=score(scale, learned, family, seed, tasks=tasks),
            **({} if name in ("grpo", "coin") else {"budget": grpo}),
        )


def over(more: str, less: str, where: Where = EDGE, metric: str = "pass@128") -> Contrast:
    """The gain by one algorithm less that by another."""
    return (*gain({"algorithm": more}, where, metric), *gain({"algorithm": less}, where, metric, -1.0))


def among(kind: str, metric: str = "pass@128") -> Contrast:
    """The mean gain at the edge by the algorithms of a kind less that of twins."""
    return (*gain({"kind": kind}, At(), metric), *gain({"kind": "twin"}, At(), metric, -1.0))


CLAIMS = (
    Claim(
        "1 the loss does not matter",
        "At equal compute, Dr. GRPO, PPO-clip, GSPO and CISPO gain on average what GRPO gains.",
        among("loss"),
        Same(5),
    ),
    Claim("2 nor for one sample", "... in pass@1 as well.", among("loss", "pass@1"), Same(5), PASS_1),
    Claim("3 more than a coin", "GRPO gains more at the edge than by a coin's reward.", over("grpo", "coin"), More(10)),
    Claim(
        "4a pass@k reaches further",
        "Pass@k training gains more pass@128 just beyond the edge than GRPO.",
        over("subset-mean", "grpo", BEYOND),
        More(5),
    ),
    Claim("4b and pays for it", "... and less pass@1 at the edge.", over("grpo", "subset-mean", metric="pass@1"), More(5), PASS_1),
    Claim(
        "5 likelihood",
        "MaxRL, which climbs towards log pass@1, gains more pass@128 just beyond the edge than Dr. GRPO.",
        over("maxrl", "dr-grpo", BEYOND),
        More(5),
    ),
    Claim("6a blame is enough", "Wrong completions alone gain as much pass@128 as both.", over("negative-only", "dr-grpo"), Same(5)),
    Claim(
        "6b praise narrows",
        "Right completions alone gain less pass@128 just beyond the edge than wrong ones alone.",
        over("negative-only", "positive-only", BEYOND),
        More(5),
    ),
    Claim("7 a fifth of the tokens", "Forking tokens alone gain as much as all, with dynamic sampling.", over("forking", "dapo"), Same(5)),
    Claim(
        "8 unlikely answers",
        "Paying less for likely right answers gains more pass@128 just beyond the edge than GRPO.",
        over("unlikely", "grpo", BEYOND),
        More(5),
    ),
    Claim("noise", "One twin less the other: what a difference is worth.", over(*PAIR)),
    Claim("noise, pass@1", "The noise of pass@1.", over(*PAIR, metric="pass@1"), unit=PASS_1),
    Claim("four steps for one", "PPO-clip, with four minibatches, less GRPO.", over("ppo-clip", "grpo", metric="pass@1"), unit=PASS_1),
    Claim("HICRA", "HICRA less Dr. GRPO.", over("hicra", "dr-grpo", metric="pass@1"), unit=PASS_1),
    Claim("RLOO", "RLOO less Dr. GRPO, whose step it takes but for rounding.", over("rloo", "dr-grpo", metric="pass@1"), unit=PASS_1),
    Claim("no baseline", "REINFORCE, which has none, less Dr. GRPO.", over("reinforce", "dr-grpo", metric="pass@1"), unit=PASS_1),
    Claim("a reference", "GRPO held to its start by KL, less GRPO.", over("grpo-kl", "grpo", metric="pass@1"), unit=PASS_1),
)

STUDY = Study(
    name="algorithms",
    question="Which policy-gradient methods differ, at equal compute, by more than two runs of one of them?",
    source="arXiv:2504.13837; arXiv:2508.10751; arXiv:2602.02710; arXiv:2506.01347; arXiv:2506.01939",
    axes=AXES,
    cells=cells,
    measures=(*BEFORE_AND_AFTER, Compute(WITHIN), Noted("learn")),
    claims=CLAIMS,
    figures=(
        Figure(
            "Which algorithms differ?",
            Ranked(
                {
                    "pass@128 at the edge": Gain(At()),
                    "pass@1 at the edge": Gain(At(), "pass@1"),
                    "pass@128 just beyond": Gain(BEYOND),
                },
                "algorithm",
                "grpo",
                tuple(TWINS),
                ("coin",),
            ),
            "Each line is an algorithm: its gain less that of GRPO on the same base, with the 95 % interval over seeds; dots are seeds. "
            "Twins are GRPO on other problems. Only an interval outside the band is more than their noise. `ppo-clip`, `gspo`, `dapo`, "
            "`prorl`, `forking` and those with `cispo` or `cov` take four steps an iteration: compare them with each other. The coin's "
            "numbers are written. Where one derivation is right, `unlikely` is GRPO: right completions are then equally likely.",
        ),
        Figure(
            "How algorithms learn",
            LearningCurves("kind", "algorithm", {"pass@1": "right processes", "signal": "groups with signal"}),
            "Success while practising, over iterations. At equal compute, an algorithm whose groups have signal more often makes fewer.",
        ),
    ),
    options=Tasks(),
    card=Card(
        (
            Published("arXiv:2504.13837", "Six algorithms leave about equal gaps to the base's pass@256, from 42.6 (RLOO) to 43.9 (GRPO)."),
            Published(
                "arXiv:2506.01347", "Reports that wrong completions alone keep or raise pass@k, and that right ones alone narrow it."
            ),
            Published("arXiv:2508.10751", "Reports that training for pass@k raises pass@k without a loss of pass@1."),
        ),
        "Claim 1 would fall if one loss led the others by more than the margin, so that the choice mattered at this budget.",
        checks=("3 more than a coin",),
    ),
)
