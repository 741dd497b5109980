"""The study of knowledge: can what a base reads in its context be moved into its weights, and what moves it?

The knowledge is the multiplication table. The bases are the grid's that never learned its results. They have read on: of each problem with
a multiplication an excerpt of the table stands before it, with another, random table in every document. So they look up what they cannot
know. A base that is deaf has read the same documents with excerpts of yet other tables, so that nothing can be looked up.

From there each way of learning meets the same problems of one step, with the compute of RL without a book. Exams are without a book, too.
RLAG is learned as its code has it, and with one part changed: b_D weighs the document, b_A the answers; `shut` scores the winner without
the book. RLAG-P is RL in which half of each group is drawn with the book, and both answer and process are rewarded.

Pilots (seed 100) chose how long bases read on, the rates, the batches, and problems of which half are of what the base knows: learning from
multiplications alone forgot the rest. A book that leaves out what is asked gained eight points there, since other facts show which values
are likely; so a book that says nothing is made up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from analysis.claims.claims import Claim, Contrast, More, Places, Same, Term, gain
from analysis.design.arms import WARMUP
from analysis.design.recipes import base
from analysis.design.scale import Scale
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.learning import LearningCurves
from analysis.figures.spread import Gain, Spread
from analysis.measures.compute import Compute
from analysis.measures.effects import Answers, Forgetting, Success
from analysis.measures.effects.forgetting import KNOWN
from analysis.measures.facts import Cell
from analysis.measures.noted import Noted
from synthtasks.corpora import Answered, Corpus, Recipe, Solved, Writer
from synthtasks.families import Program, Uses
from synthtasks.knowledge import MISTAKEN, Excerpt, LookedUp, OpenBook, Stated
from synthtasks.primitives import ADD, MUL, SUB
from synthtasks.surfaces import Compact
from train.learn import Learn, Spend
from train.losses import Augment, Distil, Gold, Imitate, Practice, Weights
from train.losses import Mixture as Documents
from train.optim import Optim
from train.rl import GRPO, Blend, Correct, Endless, Mixture, ProblemSource, Process, Sampler
from train.run import Loss
from train.sample import Sample
from train.score import Score
from train.stages.stage import Stage

WITHHELD = ("mul",)
LINES = 6  # of a program: with an excerpt before it, a long one would cost more to read
FACTS = 4  # of an excerpt
DEEPEST = 3  # steps of the documents and of the exams
READING = 3 / 7  # iterations of reading on, as a share of those of pretraining
OPEN, SHUT, TOLD = 0.45, 0.45, 0.1  # shares of problems with a book, of problems without, and of excerpts that are true
GROUP = 4  # completions of a problem in distillation
ANSWERS = 16  # completions of a problem, of which answers are counted
LONGER = 2  # times the usual iterations: problems of one step are short
FEWER = 4  # an update reads so much less than one of pretraining or of RL: equal compute is then about as many updates
READERS = ("RL", "CPT", "QA", "CPT + QA", "traces", "distilled", "RLAG", "RLAG, b_D = 0", "RLAG, b_A = 0", "RLAG, shut", "RLAG-P")
CONTROLS = {
    "distilled, false book": ("reader", "false"),
    "distilled, made-up book": ("reader", "made up"),
    "distilled, silent book": ("reader", "silent"),
    "distilled, deaf": ("deaf", "true"),
}
DEPTHS = tuple(range(1, DEEPEST + 1))
ONE, HOPS = Places((1,)), Places((2, 3))  # problems as those met, and longer ones, that none has met
PASS_1 = "pass@1, points of 100"
WITH_BOOK = "pass@1 with the book"


def program(scale: Scale, steps: int) -> Program:
    """Problems of these steps that multiply at least once."""
    return Program(steps, min(LINES, scale.lines), uses=Uses(WITHHELD, 1), modulus=scale.modulus)


def known(scale: Scale, steps: int) -> Program:
    """Problems of what the bases know."""
    return Program(steps, min(LINES, scale.lines), (ADD, SUB), modulus=scale.modulus)


def excerpt(scale: Scale) -> Excerpt:
    """The excerpt of the true table that holds what is asked."""
    return Excerpt(MUL, scale.modulus, FACTS)


def reader(scale: Scale, told: str, seed: int) -> Learn:
    """The grid's base, after it has read on. Without a book, and of the excerpts that are true, it reads no result of the withheld."""
    asked = excerpt(scale)
    book = LookedUp(asked, "its own" if told == "reader" else "another's")
    recipes = list[Recipe]()
    for n in range(1, DEEPEST + 1):
        recipes.append(Recipe(OPEN / DEEPEST, program(scale, n), book, shown=WITHHELD))
        recipes.append(Recipe(SHUT / DEEPEST, replace(program(scale, n), uses=Uses()), Solved(), questions=4))
    recipes += [Recipe(TOLD / 2, known(scale, 1), Stated(replace(asked, operation=o))) for o in (ADD, SUB)]
    iterations = max(2, round(READING * scale.pretraining))
    optim = Optim(scale.pretraining_lr, weight_decay=0.1, warmup=iterations // 20, decay=scale.pretraining_decay)
    return Learn(base(scale, WITHHELD, seed), ((1.0, Imitate(Corpus(tuple(recipes), WITHHELD), scale.tokens, seed)),), iterations, optim)


def source(scale: Scale) -> ProblemSource:
    """The problems that every arm meets: of one step, every other one a multiplication."""
    return Mixture(((0.5, Endless(program(scale, 1))), (0.5, Endless(known(scale, 1)))))


def by_heart(scale: Scale, policy: Learn, seed: int) -> Learn:
    """RL without a book, by outcome: the compute that every other arm spends, too."""
    practice = Practice(source(scale), Correct(), GRPO, Sampler(scale.group), scale.problems, seed=seed)
    return Learn(policy, ((1.0, practice),), LONGER * scale.rl_iterations, Optim(scale.rl_lr))


def ways(scale: Scale, policy: Learn, book: OpenBook, seed: int) -> Mapping[str, Loss]:
    """The losses of the arms beside RL."""
    met, few = source(scale), max(2, scale.problems // FEWER)

    def read(*writers: Writer) -> Imitate:
        each = [Gold(met, LONGER * scale.rl_iterations, scale.problems, write, seed) for write in writers]
        return Imitate(each[0] if len(each) == 1 else Documents(tuple((1 / len(each), one) for one in each)), scale.tokens // FEWER, seed)

    rlag = Augment(met, book, problems=few, seed=seed)
    halves = Sampler(scale.group, views=(book, Compact()))
    return {
        "CPT": read(Stated(book.excerpt)),
        "QA": read(Answered()),
        "CPT + QA": read(Stated(book.excerpt), Answered()),
        "traces": read(Solved()),
        "distilled": Distil(policy, met, "forward", Sampler(GROUP), few, seed, book),
        "RLAG": rlag,
        "RLAG, b_D = 0": replace(rlag, differ=replace(rlag.differ, document=0.0), equal=Weights(0.0, 0.0)),
        "RLAG, b_A = 0": replace(rlag, differ=replace(rlag.differ, answer=0.0)),
        "RLAG, shut": replace(rlag, winner="closed book"),
        "RLAG-P": Practice(met, Blend(0.5, Correct(), Process()), GRPO, halves, max(2, scale.problems // 2), seed=seed),
    }


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Every way of learning with the true book; distillation with others, and from a base that is deaf."""
    scale = setting.scale
    asked = excerpt(scale)
    books = {
        "true": asked,
        "false": replace(asked, operation=MISTAKEN),
        "made up": replace(asked, asked="made up"),
        "silent": replace(asked, asked="left out"),
    }
    budget = by_heart(scale, reader(scale, "reader", seed), seed)
    exams = {"": tuple(program(scale, n) for n in DEPTHS), "known_": tuple(known(scale, n) for n in DEPTHS)}
    for way in (*READERS, *CONTROLS):
        told, book = CONTROLS.get(way, ("reader", "true"))
        policy, surface = reader(scale, told, seed), OpenBook(books[book])
        learned = budget
        if way != "RL":
            loss = ways(scale, policy, surface, seed)[way.split(", ")[0] if way in CONTROLS else way]
            rate = Optim(scale.rl_lr) if way == "RLAG-P" else Optim(scale.rl_lr, weight_decay=0.1, warmup=WARMUP, decay=1.0)
            learned = Learn(policy, ((1.0, loss),), Spend(budget), rate)
        stages: dict[str, Stage] = {"opened": Score(policy, exams[""], scale.exam_problems, (1.0,), surface, seed)}
        for phase, p in (("before", policy), ("after", learned)):
            drawn = Sample(p, Endless(program(scale, 1), "test"), scale.sampled_problems, Sampler(ANSWERS), seed)
            scores = {f"{name}{phase}": Score(p, each, scale.exam_problems, (1.0,), Compact(), seed) for name, each in exams.items()}
            stages |= {f"answers_{phase}": drawn, **scores}
        if told == "reader":  # whose budget was spent by the same base
            stages |= {"budget": budget}
        yield Cell.of({"way": way}, seed, base=policy, learn=learned, **stages)


def gained(way: str, where: Places, sign: float = 1.0) -> Contrast:
    """The gain of exact success without a book."""
    return gain({"way": way}, where, "pass@1", sign)


def apart(way: str, other: str, where: Places) -> Contrast:
    """How much more one way gains than another."""
    return (*gained(way, where), *gained(other, where, -1.0))


def kept(way: str, sign: float = 1.0) -> Contrast:
    """The gain on problems of what the base knew: its forgetting, with the sign turned."""
    return gain({"way": way}, Places(), KNOWN, sign)


CLAIMS = (
    Claim(
        "1 RLAG as coded",
        "Continued pretraining on the excerpts gains more than RLAG, which learns from them, too.",
        apart("CPT", "RLAG", ONE),
        More(5),
        PASS_1,
    ),
    Claim("2 its answer terms", "Without its terms for answers, RLAG gains more.", apart("RLAG, b_A = 0", "RLAG", ONE), More(5), PASS_1),
    Claim("3 its document term", "Without its term for the document, it gains nothing.", gained("RLAG, b_D = 0", ONE), Same(10), PASS_1),
    Claim("4 distilled", "Context distillation moves what the book says into the weights ...", gained("distilled", ONE), More(5), PASS_1),
    Claim("5 and composes", "... where longer problems than any met use it.", gained("distilled", HOPS), More(5), PASS_1),
    Claim("6 a made-up book", "A book that says nothing moves nothing.", gained("distilled, made-up book", ONE), Same(5), PASS_1),
    Claim("7 a deaf base", "A base that cannot look up gains nothing.", gained("distilled, deaf", ONE), Same(5), PASS_1),
    Claim(
        "8 a false book",
        "What moves is what the book says: a false one gains less.",
        apart("distilled", "distilled, false book", ONE),
        More(10),
        PASS_1,
    ),
    Claim("9 by trial", "RL without a book gains, since the judge knows the table.", gained("RL", ONE), More(10), PASS_1),
    Claim(
        "10 forgetting",
        "Continued pretraining on the excerpts costs more of what the base knew than distillation does.",
        (*kept("distilled"), *kept("CPT", -1.0)),
        More(10),
        PASS_1,
    ),
    *(
        Claim(way, "The gain at one step.", gained(way, ONE), unit=PASS_1)
        for way in ("CPT", "traces", "RLAG", "RLAG, shut", "RLAG-P", "distilled, silent book")
    ),
    Claim("RLAG-P less RL", "What a book in half of the samples adds to RL.", apart("RLAG-P", "RL", ONE), unit=PASS_1),
    Claim("QA, answers", "The gain in sampled answers.", gain({"way": "QA"}, ONE, "answers"), unit="answers, points of 100"),
    Claim("with the book", "Success of the base with the book.", ((1.0, Term((("way", "RL"),), ONE, WITH_BOOK, "before")),), unit=PASS_1),
)
FIGURES = (
    Figure(
        "Every seed: knowledge without a book, its use, and forgetting",
        Spread(
            {
                "one step, as those met": Gain(ONE, "pass@1"),
                "two and three steps, not met": Gain(HOPS, "pass@1"),
                "what the base knew": Gain(Places(), KNOWN),
            },
            "way",
            large=5,
        ),
        "The gain in exact pass@1 on derivations without a book, each way at the compute of RL. A dot is a seed, the bar their mean; "
        "beside it stand the seeds that gain more than five points. Left: the knowledge itself. Middle: its use in problems longer than "
        "any that were met. Right: problems without the new operation, where what is below zero is forgotten.",
    ),
    Figure(
        "Choices among options, while RLAG learns",
        LearningCurves(
            "",
            "way",
            {"closed book": "likeliest value is right,\nwithout the book", "open book": "... with it"},
            "options",
            hue=-6,  # of ways, six come before the first that is drawn
        ),
        "The share of problems met whose likeliest value is the right one: what an exam with options would count. Half of the problems "
        "are of what the base knows. Mean over seeds.",
    ),
)

STUDY = Study(
    name="knowledge",
    question="Can knowledge that stands in the context be moved into the weights, and what moves it?",
    source="arXiv:2509.20162",
    axes={"way": (*READERS, *CONTROLS)},
    cells=cells,
    measures=(
        *(Success(phase, phase) for phase in ("before", "after")),
        Success("opened", "before", WITH_BOOK),
        *(Answers(f"answers_{phase}", phase, 1) for phase in ("before", "after")),
        Forgetting(),
        Compute(),
        Noted("learn", ("closed book", "open book"), "options"),
    ),
    claims=CLAIMS,
    figures=FIGURES,
    card=Card(
        (
            Published(
                "arXiv:2509.20162",
                "Reports that RLAG exceeds continued pretraining, supervised fine-tuning and both, by choices among options.",
            ),
            Published(
                "arXiv:2509.20162, repository",
                "The reward has terms for the document, for the answer with the document, and against the answer without it. How rational "
                "explanations are is measured afterwards, and not rewarded.",
            ),
        ),
        "Claims 1 and 2 would fall if the terms for answers added to what the document's term teaches; claim 4 if what is looked up stayed "
        "in the context; claims 6 and 7 if distillation gained by anything but what the book says.",
        FIGURES[0].title,
        checks=("6 a made-up book", "7 a deaf base"),
    ),
)
