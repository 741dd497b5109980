"""The study of contexts: how often must pretraining have shown a context, so that reinforcement learning can reason in it?

The problems are chains of quantities, written as stories. A context gives the nouns: in another one, a problem is another story of equal
length, whose derivation differs in the nouns alone. So what is needed in the new context is known from the other, but for its words. All
bases read equally many words; they differ in the share of documents that are told in the new context. Each practises on problems of the
depths that pretraining solves and one deeper, in the new context or, for transfer, in the known one: RL in the one must not move the other
where the words are what lacks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from typing import cast

from analysis.claims.claims import Claim, Contrast, More, Places, Same, Term, gain
from analysis.design.recipes import REWARDS, UNSOLVED
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.curves import Curves
from analysis.figures.scatter import Axis, Scatter
from analysis.measures.edge import Edge
from analysis.measures.effects import Changes
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import BEFORE_AND_AFTER, imagined, means, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe, Solved, unsolved
from synthtasks.families import Dag, Family
from synthtasks.rng import rng
from synthtasks.surfaces import SCHOOL, ZOO, Story
from synthtasks.vocab import Vocab
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import GRPO, Endless, Mixture, Sampler
from train.score import Score
from train.stages.stage import Context, Shelf

SHARES = {"none": 0.0, "1%": 0.01, "3%": 0.03, "10%": 0.1}  # of the documents, told in the new context
CONTEXTS = {"known": Story(ZOO), "new": Story(SCHOOL)}
COIN = "new, by a coin"
MODULUS = 5
SOLVED = 3  # steps, up to which pretraining shows derivations
DEEPEST = 8  # steps of the exams, and of the documents without results
PRACTISED = tuple(range(1, SOLVED + 2))  # steps of the problems of RL, in equal shares
TWIN, NEW = "pass@1 in the known context", "pass@1 in the new context"
READS = 512  # tokens, the context of the model: the longest story and its derivation


def chain(steps: int) -> Family:
    """Problems in which each quantity is the one before it and a number, told in any order: one derivation is right."""
    return Dag(steps=steps, depth=steps, modulus=MODULUS)


def told(share: float) -> Corpus:
    """Solved problems of the first depths, and outlines of all, with this share of each told in the new context."""
    recipes = list[Recipe]()
    for surface, weight in ((CONTEXTS["known"], 1 - share), (CONTEXTS["new"], share)):
        if weight:
            recipes += [Recipe(weight * (1 - UNSOLVED) / SOLVED, chain(n), Solved(surface)) for n in range(1, SOLVED + 1)]
            recipes += [Recipe(weight * UNSOLVED / DEEPEST, chain(n), unsolved(surface)) for n in range(1, DEEPEST + 1)]
    return Corpus(tuple(recipes))


def reader(scale: Scale, seen: str, seed: int) -> Learn:
    """A base that has read such documents. All share a vocabulary, which holds the words of both contexts."""
    family = chain(DEEPEST)
    words = dict.fromkeys(w for s in CONTEXTS.values() for w in s.vocab(family.names, family.primitives, MODULUS).words)
    vocab = Vocab(tuple(words))
    config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads, context=READS)
    optim = Optim(scale.pretraining_lr, weight_decay=0.1, warmup=scale.pretraining // 20, decay=scale.pretraining_decay)
    return Learn(Fresh(config, vocab, seed), ((1.0, Imitate(told(SHARES[seen]), scale.tokens, seed)),), scale.pretraining, optim)


def examined(scale: Scale, policy: Learn, where: str, seed: int) -> Score:
    """The exact success of a policy in a context, on the same problems in each."""
    return Score(policy, tuple(map(chain, range(1, DEEPEST + 1))), scale.exam_problems, (1.0,), CONTEXTS[where], seed)


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """RL in the new context for each base, by a coin for one, and in the known context for those that saw most and none of the new one."""
    scale = setting.scale

    def cell(seen: str, practised: str = "new") -> Cell:
        policy = reader(scale, seen, seed)
        problems = Mixture(tuple((1.0, Endless(chain(n))) for n in PRACTISED))
        sampler = Sampler(scale.group, surface=CONTEXTS["known" if practised == "known" else "new"])
        practice = Practice(problems, REWARDS["coin" if practised == COIN else "process"], GRPO, sampler, scale.problems, seed=seed)
        learned = Learn(policy, ((1.0, practice),), scale.rl_iterations, Optim(scale.rl_lr))
        before = examined(scale, policy, "new", seed)
        return Cell.of(
            {"seen": seen, "practised": practised},
            seed,
            edge=Edge(before),
            before=before,
            after=examined(scale, learned, "new", seed),
            base=policy,
            learn=learned,
            known_before=examined(scale, policy, "known", seed),
            known_after=examined(scale, learned, "known", seed),
        )

    yield from (cell(seen) for seen in SHARES)
    yield cell("10%", COIN)
    yield cell("none", "known")
    yield cell("10%", "known")


@dataclass(frozen=True)
class Twin:
    """Exact pass@1 on the same problems told in the known context, by difficulty; and in the new context as one number, for a figure: the
    mean over the depths that pretraining solves."""

    needs: tuple[str, ...] = ("before", "after", "known_before", "known_after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        for phase in ("before", "after"):
            known, new = (scored(cell, name, shelf) for name in (f"known_{phase}", phase))
            yield from means(cell, phase, TWIN, known, exact_pass_at_k(known.plain, 1))
            values = exact_pass_at_k(new.plain[[new.at(n) for n in range(1, SOLVED + 1)]], 1)
            yield cell.fact(phase, NEW, None, float(values.mean()), values.size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        for phase in ("before", "after"):
            yield from imagined(cell, phase, [TWIN], range(1, DEEPEST + 1))
            yield cell.fact(phase, NEW, None, 0.0)


@dataclass(frozen=True)
class Told:
    """The documents that pretraining told in the new context, and the logarithm of one more, for a figure. Estimated: iterations are
    counted by recipe, and the documents in one of each."""

    needs: tuple[str, ...] = ("base",)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        return self._facts(cell, documents(cell.stage("base", Learn), shelf))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return self._facts(cell, 0)

    def _facts(self, cell: Cell, count: int) -> Iterator[Fact]:
        yield cell.fact("before", "documents told", None, float(count))
        yield cell.fact("before", "log10 of documents told", None, log10(1 + count))


def documents(policy: Learn, shelf: Shelf) -> int:
    """The documents in the new context that a base has read."""
    ((_, imitate),) = policy.losses
    assert isinstance(imitate, Imitate)
    read = imitate.source
    assert isinstance(read, Corpus)
    assert isinstance(policy.iterations, int)
    recipes = [read.recipe(rng("recipe", i)) for i in range(policy.iterations)]
    mine = [i for i, recipe in enumerate(recipes) if getattr(recipe.write, "surface", None) == CONTEXTS["new"]]
    each = {recipes[i]: i for i in mine}
    many = {recipe: len(imitate.documents(cast(Context, shelf), i)) for recipe, i in each.items()}  # a corpus asks the context for nothing
    return sum(many[recipes[i]] for i in mine)


def of(seen: str, practised: str = "new") -> dict[str, str]:
    """The labels of a cell."""
    return {"seen": seen, "practised": practised}


SHALLOW, DEEP, FIRST = Places(tuple(range(1, SOLVED + 1))), Places((SOLVED + 1,)), "pass@1, points of 100"
NONE, ONE, TEN, BY_COIN = of("none"), of("1%"), of("10%"), of("10%", COIN)
ELSEWHERE, FLIP = of("10%", "known"), of("none", "known")


def gained(labels: dict[str, str], sign: float = 1.0) -> Contrast:
    """The gain in pass@1 in the new context, on problems as deep as pretraining solves."""
    return gain(labels, SHALLOW, "pass@1", sign)


def ends(labels: dict[str, str], sign: float = 1.0, metric: str = "pass@1") -> Contrast:
    """pass@1 after RL on problems as deep as pretraining solves."""
    return ((sign, Term(tuple(labels.items()), SHALLOW, metric)),)


CLAIMS = (
    Claim(
        "1 a tenth: as the known one",
        "After RL in a context that 10 % of the documents were told in, problems such as pretraining solved go as well there as in the "
        "known context.",
        (*ends(TEN), *ends(TEN, -1.0, TWIN)),
        Same(10),
        FIRST,
    ),
    Claim("2 RL in it gains", "... and RL gained some of this.", gained(TEN), More(5), FIRST),
    Claim("3 more than a coin", "... more than by a coin.", (*gained(TEN), *gained(BY_COIN, -1.0)), More(5), FIRST),
    Claim("4 a hundredth starts", "Where 1 % was told in it, RL in the context gains, too.", gained(ONE), More(5), FIRST),
    Claim("5 but stays behind", "... and ends behind 10 %.", (*ends(TEN), *ends(ONE, -1.0)), More(10), FIRST),
    Claim("6 nothing from none", "Where nothing was told in it, RL in the context gains nothing.", gained(NONE), Same(5), FIRST),
    Claim(
        "7 no transfer", "RL in the known context does not move the new one, where 10 % was told in it.", gained(ELSEWHERE), Same(5), FIRST
    ),
    Claim(
        "8 the twin moves",
        "... while in the known context the same RL gains at the depth that pretraining did not solve.",
        gain(ELSEWHERE, DEEP, TWIN),
        More(5),
        FIRST,
    ),
    Claim(
        "9 no price",
        "RL in the new context, where 10 % was told in it, costs nothing in the known one.",
        gain(TEN, SHALLOW, TWIN),
        Same(5),
        FIRST,
    ),
    Claim("gain from 3 %", "RL in the context where 3 % was told in it.", gained(of("3%")), unit=FIRST),
    Claim("transfer to none", "RL in the known context where nothing was told in the new one.", gained(FLIP), unit=FIRST),
    Claim("deeper", "RL in the context, 10 %, at the depth that pretraining did not solve.", gain(TEN, DEEP, "pass@1"), unit=FIRST),
    Claim("deeper, pass@128", "... in pass@128.", gain(TEN, DEEP)),
)

STUDY = Study(
    name="contexts",
    question="How often must pretraining have told a context, so that reinforcement learning can reason in it?",
    source="arXiv:2512.07783",
    axes={"seen": tuple(SHARES), "practised": (*CONTEXTS, COIN)},
    cells=cells,
    measures=(*BEFORE_AND_AFTER, Told(), Twin(), Changes(), Noted("learn")),
    claims=CLAIMS,
    figures=(
        Figure(
            "Success in the new context, by the documents that told it",
            Scatter(
                (Axis("before", "log10 of documents told", "documents told in the new context: log10(1 + count)"),),
                (Axis("before", NEW, "before RL"), Axis("after", NEW, "after RL")),
                NEW,
                colour="practised",
                name="seen",
                bounds=(-0.03, 1.03),
            ),
            f"Problems of 1 to {SOLVED} steps, such as pretraining solves in the known context. Each base is a mark: the mean over seeds "
            "with its 95 % interval; dots are seeds. Left: before RL. Right: after RL in the new context, or in the known one.",
        ),
        Figure(
            "Both contexts, by depth",
            Curves(
                {"pass@1": "new context", TWIN: "known context"},
                columns="practised",
                colour="seen",
                hue=3,
                phases=("before", "after"),
            ),
            "Exact pass@1 on the same problems told in either context, before RL and after it: mean over seeds, with its 95 % interval.",
        ),
    ),
    card=Card(
        (
            Published(
                "arXiv:2512.07783, figure 4",
                "After RL, pass@128 in a context seen in 0 or 0.1 % of pretraining fails beyond the easiest problems; at 1 and 10 % it "
                "holds up to 20 operations. One seed; a share, not a count; the graphs are not the same in the two contexts.",
            ),
        ),
        "Claim 6 would fall if RL made words from nothing; claim 1, if a tenth were not enough; claim 7, if what RL teaches in one context "
        "carried over to another.",
        checks=("3 more than a coin", "8 the twin moves"),
    ),
)
