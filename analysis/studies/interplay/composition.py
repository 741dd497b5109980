"""The study of composition, after arXiv:2509.25123: a policy that knows functions one by one, and seldom composes them step by step.

RL on pairs of some functions, on single ones, by a coin, or fine-tuning on the pairs that it solves itself, is read on compositions of
other functions, deeper and deeper. A second part asks how RL starts where nothing succeeds (arXiv:2509.21016, arXiv:2601.18779): on
programs so long that the base solves none.

Functions take one number; the constant of a line does not matter to them. The two sets share no function, and RL meets only one of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analysis.claims.claims import Claim, Contrast, More, Places, Same, Term, gain
from analysis.design.arms import rft
from analysis.design.recipes import PROGRAMS, REWARDS, UNSOLVED, base, context, needing, practise, present_edge, score
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.curves import Curves
from analysis.measures.compute import Compute
from analysis.measures.estimates import exact_pass_at_k, origins
from analysis.measures.exact import imagined, means, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from analysis.measures.scores import difficulties
from models import GPTConfig
from synthtasks.corpora import Answered, Corpus, Listing, Recipe
from synthtasks.families import Program, at
from synthtasks.primitives import Primitive
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses.imitate import Imitate
from train.optim import Optim
from train.policy import Fresh
from train.rl import Dense, Endless, Phases, Prefixed, Process
from train.score import Score
from train.stages.stage import Shelf


def _up(a: int, b: int, modulus: int) -> int:
    return (a + 1) % modulus


def _double(a: int, b: int, modulus: int) -> int:
    return (2 * a + 1) % modulus


def _square(a: int, b: int, modulus: int) -> int:
    return a * a % modulus


def _flip(a: int, b: int, modulus: int) -> int:
    return modulus - 1 - a


def _down(a: int, b: int, modulus: int) -> int:
    return (a - 1) % modulus


def _triple(a: int, b: int, modulus: int) -> int:
    return (3 * a + 2) % modulus


def _cube(a: int, b: int, modulus: int) -> int:
    return (a**3 + 1) % modulus


def _turn(a: int, b: int, modulus: int) -> int:
    return (a + modulus // 2) % modulus


_ALL = (_up, _double, _square, _flip, _down, _triple, _cube, _turn)
FUNCTIONS = tuple(Primitive(f.__name__.removeprefix("_"), f"f{i}", f) for i, f in enumerate(_ALL))  # no symbol reveals its function
SETS = {"trained": FUNCTIONS[::2], "held out": FUNCTIONS[1::2]}

LISTED = UNSOLVED  # share of documents without results
TAUGHT = 4  # functions in a row that pretraining composes
SELDOM = 0.05  # of derivations among its compositions, in its second part; the others are answers alone
SINGLE = 0.35  # share of the documents that solve single functions, in that part; as many are compositions
FORGETTING = 1 / 7  # iterations of that part, as a share of those of pretraining
RATE = 0.3  # its learning rate, as a share of that of pretraining
DEEPEST = 8  # functions in a row that are scored
DEEPER = tuple(range(3, DEEPEST + 1))  # than the pairs
DENSE = 0.5  # share of the iterations in which steps are rewarded, before whole processes are
KS = (1, 128)
GRANTED = 1_024  # samples of the base, by which newly solved problems count as created or elicited
AXES = {
    "part": ("pairs", "zero"),
    "way": ("pairs", "atoms", "rft", "coin", "binary", "dense, then binary", "prefix"),
    "atoms": ("known", "unknown"),
}


def composed(scale: Scale, functions: tuple[Primitive, ...], steps: int) -> Program:
    """Programs of these functions alone."""
    return Program(steps, scale.lines, functions, functions, modulus=scale.modulus)


def reading(scale: Scale, single: float, derived: float, withheld: tuple[str, ...]) -> Corpus:
    """Single functions, solved, in this share; compositions, of which the share `derived` has a derivation, the rest an answer alone; and
    listings of every length. The results of the withheld functions carry no loss."""
    each = (1 - LISTED - single) / (TAUGHT - 1)
    recipes = [Recipe(single, composed(scale, FUNCTIONS, 1))]
    for n in range(2, TAUGHT + 1):
        recipes.append(Recipe(derived * each, composed(scale, FUNCTIONS, n)))
        if derived < 1:
            recipes.append(Recipe((1 - derived) * each, composed(scale, FUNCTIONS, n), Answered()))
    recipes += [Recipe(LISTED / scale.lines, composed(scale, FUNCTIONS, n), Listing()) for n in range(1, scale.lines + 1)]
    return Corpus(tuple(replace(recipe, questions=scale.questions) for recipe in recipes), withheld)


def novice(scale: Scale, seed: int, withheld: tuple[str, ...] = ()) -> Learn:
    """A policy that knows all functions but the withheld ones, and has lately seen most of their compositions without a derivation."""
    usual, vocab = base(scale, (), seed), Compact().vocab(scale.lines, FUNCTIONS, scale.modulus)
    config = GPTConfig(len(vocab), scale.width, scale.layers, scale.heads, scale.heads, context=context(scale, PROGRAMS))
    first = Imitate(reading(scale, (1 - LISTED) / TAUGHT, 1.0, withheld), scale.tokens, seed)
    taught = Learn(Fresh(config, vocab, seed), ((1.0, first),), usual.iterations, usual.optim)
    iterations = max(2, round(FORGETTING * scale.pretraining))
    optim = Optim(RATE * scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    return Learn(taught, ((1.0, replace(first, source=reading(scale, SINGLE, SELDOM, withheld))),), iterations, optim)


def exams(scale: Scale, policy: Learn, phase: str, seed: int) -> dict[str, Score]:
    """The scores of a policy on compositions of each set, by name."""
    deepest = min(DEEPEST, scale.lines)
    families = {which: tuple(composed(scale, functions, n) for n in range(1, deepest + 1)) for which, functions in SETS.items()}
    return {f"{phase} {which}": Score(policy, each, scale.exam_problems, seed=seed) for which, each in families.items()}


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """RL on pairs, with its controls; and RL where nothing succeeds."""
    scale = setting.scale
    unknown = tuple(f.name for f in SETS["held out"])
    for atoms, policy in (("known", novice(scale, seed)), ("unknown", novice(scale, seed, unknown))):
        pairs, single = (Endless(composed(scale, SETS["trained"], n)) for n in (2, 1))
        practised = practise(scale, policy, pairs, REWARDS["process"], seed)
        ways = {"pairs": practised}
        if atoms == "known":
            ways["atoms"] = practise(scale, policy, single, REWARDS["process"], seed)
            ways["rft"] = rft(scale, policy, pairs, practised, seed)
            ways["coin"] = practise(scale, policy, pairs, REWARDS["coin"], seed)
        for way, learned in ways.items():
            read = {**exams(scale, policy, "before", seed), **exams(scale, learned, "after", seed)}
            budget = {"budget": practised} if way == "rft" else {}
            yield Cell.of({"part": "pairs", "way": way, "atoms": atoms}, seed, base=policy, learn=learned, **budget, **read)
    policy, edge, longest = base(scale, (), seed), present_edge(scale, PROGRAMS, seed), at(needing(scale, PROGRAMS), scale.deepest)
    turns = Phases(((0, Dense()), (max(1, round(DENSE * scale.rl_iterations)), Process())))
    for way, source, reward in (
        ("binary", Endless(longest), Process()),
        ("dense, then binary", Endless(longest), turns),
        ("prefix", Prefixed(Endless(longest)), Process()),
    ):
        learned = practise(scale, policy, source, reward, seed)
        after = score(scale, learned, needing(scale, PROGRAMS), seed)
        yield Cell.of({"part": "zero", "way": way, "atoms": "known"}, seed, learn=learned, before=edge.scores, after=after)


@dataclass(frozen=True)
class Depths:
    """Exact pass@k by the number of functions in a row, of each set; and where the newly solved compositions deeper than pairs come from,
    with `GRANTED` samples of the base."""

    needs: tuple[str, ...] = tuple(f"{phase} {which}" for phase in ("before", "after") for which in SETS)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        for which in SETS:
            ends = {phase: scored(cell, f"{phase} {which}", shelf) for phase in ("before", "after")}
            for phase, scores in ends.items():
                for k in KS:
                    yield from means(cell, phase, f"{which}: pass@{k}", scores, exact_pass_at_k(scores.plain, k))
            deep = [ends["before"].at(n) for n in DEEPER if n in ends["before"].difficulties]
            before, after = (np.ravel(scores.plain[deep]) for scores in ends.values())
            found = origins(before, after, GRANTED)
            if found.solved:
                yield cell.fact("after", f"{which}: created", None, found.created, found.solved)
                yield cell.fact("after", f"{which}: elicited", None, found.elicited, found.solved)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        for name in self.needs:
            phase, which = name.split(" ", 1)
            yield from imagined(cell, phase, (f"{which}: pass@{k}" for k in KS), difficulties(cell.stage(name, Score)))


@dataclass(frozen=True)
class Longest:
    """Exact pass@k on the longest problems, on which RL practises where nothing succeeds; the log-probability, in nats, of their solution;
    and pass@128 at every length."""

    needs: tuple[str, ...] = ("before", "after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        for phase in self.needs:
            scores = scored(cell, phase, shelf)
            for n, value in zip(scores.difficulties, exact_pass_at_k(scores.plain, 128).mean(1).tolist(), strict=True):
                yield cell.fact(phase, "pass@128", n, value, scores.plain.shape[1])
            for k in KS:
                yield cell.fact(
                    phase, f"longest: pass@{k}", None, float(exact_pass_at_k(scores.plain[-1], k).mean()), scores.plain.shape[1]
                )
            yield cell.fact(phase, "longest: log p", None, float(np.minimum(scores.plain[-1], 0.0).mean()), scores.plain.shape[1])

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        for phase in self.needs:
            yield from imagined(cell, phase, ("pass@128",), difficulties(cell.stage(phase, Score)))
            yield from (cell.fact(phase, f"longest: pass@{k}", None, 0.0) for k in KS)


def risen(way: str, which: str = "held out", sign: float = 1.0, places: tuple[int, ...] = DEEPER, atoms: str = "known") -> Contrast:
    """The gain of exact pass@1 on compositions of so many functions of a set."""
    labels = (("part", "pairs"), ("way", way), ("atoms", atoms))
    ends = ((sign, "after"), (-sign, "before"))
    return tuple((weight, Term(labels, Places(places), f"{which}: pass@1", phase)) for weight, phase in ends)


def begun(way: str, sign: float = 1.0) -> Contrast:
    """The gain of exact pass@128 on the longest problems."""
    labels = (("part", "zero"), ("way", way))
    return tuple((weight, Term(labels, Places(), "longest: pass@128", phase)) for weight, phase in ((sign, "after"), (-sign, "before")))


def paid(way: str) -> Contrast:
    """The gain of exact pass@128 on problems of `TAUGHT` steps."""
    return gain({"part": "zero", "way": way}, Places((float(TAUGHT),)))


PASS_1 = "pass@1, points of 100"
CLAIMS = (
    Claim(
        "1 pairs go deeper",
        "RL on pairs of some functions teaches compositions of 3 to 8 other functions.",
        risen("pairs"),
        More(20),
        PASS_1,
    ),
    Claim(
        "2 no matter which",
        "... as much as of those that it practised.",
        (*risen("pairs", "trained"), *risen("pairs", sign=-1.0)),
        Same(10),
        PASS_1,
    ),
    Claim(
        "3 atoms less",
        "RL on single functions teaches them less.",
        (*risen("pairs"), *risen("atoms", sign=-1.0)),
        More(10),
        PASS_1,
    ),
    Claim(
        "4 fine-tuning goes as far",
        "Fine-tuning on the pairs that the policy solves itself, at the compute of RL, teaches as much. (In arXiv:2509.25123 it does not.)",
        (*risen("pairs"), *risen("rft", sign=-1.0)),
        Same(10),
        PASS_1,
    ),
    Claim("5 more than a coin", "RL on pairs gains more than by a coin.", (*risen("pairs"), *risen("coin", sign=-1.0)), More(10), PASS_1),
    Claim(
        "6 atoms must be known",
        "Where the other functions are not known one by one, their compositions are not learned.",
        risen("pairs", atoms="unknown"),
        Same(5),
        PASS_1,
    ),
    Claim("7 zero: binary does not start", "Where nothing succeeds, RL on whole processes learns nothing.", begun("binary"), Same(5)),
    Claim(
        "8 zero: dense starts it",
        "... and learns if steps are rewarded first.",
        (*begun("dense, then binary"), *begun("binary", -1.0)),
        More(10),
    ),
    Claim(
        "9 zero: a prefix does not",
        "... but not if half of the problems begin with half of their solution: their end is as far out of reach.",
        begun("prefix"),
        Same(5),
    ),
    Claim("pairs, depth 8", "Eight other functions in a row.", risen("pairs", places=(DEEPEST,)), unit=PASS_1),
    Claim("pairs, trained", "Claim 1 of the functions that RL met.", risen("pairs", "trained"), unit=PASS_1),
    Claim("pairs by a coin", "The coin.", risen("coin"), unit=PASS_1),
    Claim("atoms", "Claim 1 by RL on single functions.", risen("atoms"), unit=PASS_1),
    Claim("dense, then binary: the price", "pass@128 of problems of four steps.", paid("dense, then binary")),
)

STUDY = Study(
    name="composition",
    question="Does RL on pairs of known functions teach to compose others, and how does it start where nothing succeeds?",
    source="arXiv:2509.25123; arXiv:2509.21016",
    axes=AXES,
    cells=cells,
    measures=(Depths(), Longest(), Compute(), Noted("learn")),
    claims=CLAIMS,
    figures=(
        Figure(
            "Compositions of functions that RL never met",
            Curves(
                {"held out: pass@1": "pass@1, functions\nthat RL never met", "trained: pass@1": "pass@1, functions\nof RL"},
                colour="way",
                phases=("before", "after"),
                x="functions in a row",
                labels={"part": "pairs"},
            ),
            "Exact pass@1 by the number of functions in a row, before and after learning, mean over seeds with its 95 % interval. RL on "
            "pairs lifts compositions of three and more functions, also of those that it never met, if these are known one by one.",
        ),
        Figure(
            "RL where nothing succeeds",
            Curves({"pass@128": "pass@128"}, colour="way", phases=("before", "after"), x="length, steps", labels={"part": "zero"}),
            "Exact pass@128 by the length of problems, after RL on the longest of them, which the base never solves: by the reward of "
            "whole processes, by that of steps and then of processes, and with half of the problems begun.",
        ),
    ),
    card=Card(
        (
            Published(
                "arXiv:2509.25123",
                "RL on pairs reaches 64 % on pairs and 27 % on three other functions; fine-tuning on own samples 15 % "
                "and at most 2.6 %; RL on single functions less than 25 % on pairs. One model.",
            ),
            Published(
                "arXiv:2509.21016",
                "Where pass@128 of the base is 0, binary rewards stay stuck; dense rewards, then binary ones, come near 100 %.",
            ),
            Published(
                "arXiv:2601.18779",
                "Starts from the prefix of an oracle's solution rescue problems that are never solved.",
            ),
        ),
        "Claim 1 would fall if RL on pairs lifted three to eight other functions by less than 20 points. Claim 4 "
        "contradicts its source: there fine-tuning learns from samples of another stage than RL; here from the same "
        "policy, problems and compute.",
        checks=("5 more than a coin",),
    ),
)
