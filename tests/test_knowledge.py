"""Knowledge as text: true excerpts, a view that is gone when learning begins, and the losses that move it into the weights."""

import math
import re
from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch import Tensor

from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program, Uses, problem
from synthtasks.knowledge import MISTAKEN, Excerpt, LookedUp, OpenBook, Stated
from synthtasks.primitives import NOT
from synthtasks.surfaces import Compact
from tests.test_extensions_learn import FAMILY, TAUGHT, VOCAB, a_run
from tests.test_learn import gradient
from train.losses import Augment, Distil, Practice, Weights
from train.losses.augment import augmented
from train.policy import load_policy
from train.rl import Endless, Process, Sampler, rollout
from train.rl.sampler import ask
from train.run import Term
from train.stages.store import Store

DEEP = Program(steps=4, lines=6, uses=Uses(("mul",), 2))
PROBLEMS = [problem(DEEP, "train", "knowledge", i) for i in range(40)]
ONE = replace(FAMILY, uses=Uses(("mul",), 1))  # one step of multiplication modulo 3
BOOK = OpenBook(Excerpt(modulus=3, facts=2))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def facts(words: tuple[str, ...]) -> dict[tuple[int, int], int]:
    """The facts of an excerpt, read word by word."""
    rows = [words[i : i + 4] for i in range(1, len(words), 4)]
    assert words[0] == ":"
    assert {row[1] for row in rows} == {"*"}
    return {(int(left), int(right)): int(value) for left, _, right, value in rows}


# Broken if an excerpt stated a fact that is false, lacked one that is asked, or told by its length which facts it holds.
def test_excerpts_state_what_is_asked() -> None:
    invented = list[bool]()
    for p in PROBLEMS:
        operands = [tuple(p.values[a] if isinstance(a, str) else a for a in s.arguments) for s in p.proof if s.primitive.name == "mul"]
        stated, left_out, false = (facts(e(p)) for e in (Excerpt(), Excerpt(asked="left out"), Excerpt(MISTAKEN)))
        assert len(stated) == len(left_out) == len(false) == 6
        assert {*operands} <= stated.keys()
        assert not {*operands} & left_out.keys()
        assert all(value == a * b % 10 for (a, b), value in (stated | left_out).items())
        made_up = facts(Excerpt(asked="made up")(p))
        assert list(made_up) == list(stated)
        invented += [made_up[pair] == stated[pair] for pair in stated]
        assert false == {(a, b): (a * b + 1) % 10 for a, b in stated}
    assert sum(invented) / len(invented) < 0.2  # right by chance alone
    places = [list(facts(Excerpt()(p))).index(Excerpt().looked_up(p)[0]) for p in PROBLEMS]  # type: ignore[arg-type]  # numbers
    assert len({*places}) == 6  # what is asked stands anywhere
    with pytest.raises(ValueError, match="1 facts cannot hold 2 that are asked"):
        Excerpt(facts=1)(next(p for p in PROBLEMS if len(Excerpt().looked_up(p)) == 2))
    with pytest.raises(ValueError, match=re.escape("modulo 7 says nothing about problems modulo 10")):
        Excerpt(modulus=7)(PROBLEMS[0])
    with pytest.raises(ValueError, match="not takes 1 operands"):
        Excerpt(NOT)


# Broken if a solution could be had without its excerpt, or with another's: then reading on would teach the operation, or no looking up.
def test_what_is_looked_up_stands_in_the_excerpt_alone() -> None:
    values, told = set[tuple[int, int, int]](), []
    for p in PROBLEMS:
        own, another = (LookedUp(told=told)(p) for told in ("its own", "another's"))  # type: ignore[arg-type]  # both are literals
        assert own.body == another.body
        assert own.prompt[25:] == another.prompt[25:] == Compact().prompt(p)
        running = p.proof[0].arguments[0]
        trues = facts(own.prompt[:25])
        for a in Compact().read(own.body).assertions:
            if a.operator == "*":
                assert trues[running, a.operands[-1]] == a.value  # type: ignore[index]  # numbers
                told.append(facts(another.prompt[:25]).get((running, a.operands[-1])) == a.value)  # type: ignore[arg-type]  # numbers
                values.add((running, a.operands[-1], a.value))  # type: ignore[arg-type]  # numbers
            running = a.value
    assert len(values) > len({v[:2] for v in values})  # the same operands give several values
    assert sum(told) / len(told) < 0.3  # as often as chance
    shown = Corpus((Recipe(1.0, DEEP, LookedUp(), shown=("mul",)), Recipe(1.0, DEEP, Stated(Excerpt()))), ("mul",))
    assert all(all(shown.learned(d)) for d in islice(shown.recipes[0].documents("a"), 5))
    assert Stated(Excerpt())(PROBLEMS[0]).body[:-1] == Excerpt()(PROBLEMS[0])[1:]


# Broken if what was in view while sampling were still there when learning begins, if the halves of a group were of other problems, or a
# completion were compared with the policy that had the book open.
def test_a_view_is_gone_when_learning_begins(store: Store) -> None:
    model = load_policy(store.get(TAUGHT)).model
    problems, plain = Endless(ONE).batch(store, 3, 0, 0, 0), Sampler(4)
    both = replace(plain, views=(BOOK, Compact()))
    asked = ask(VOCAB, problems, both, 64, "view").asked
    expected = [words for p in problems for words in (BOOK.prompt(p), Compact().prompt(p))]
    assert [VOCAB.decode(row) for row in asked.unpadded] == expected
    r, without = (rollout(model, VOCAB, problems, s, "view") for s in (both, plain))
    assert torch.equal(r.prompts, without.prompts)
    assert torch.equal(r.prompt_lengths, without.prompt_lengths)
    shut = [row for row in range(12) if row % 4 > 1]  # the second half of each group had no book
    assert [r.completions[row] for row in shut] == [without.completions[row] for row in shut]
    practice = Practice(Endless(ONE), Process(), sampler=replace(both, group=16), problems=8)
    (update,) = practice.updates(a_run(store, TAUGHT, model, TAUGHT), 0)
    terms = [term for term in update.terms if isinstance(term, Term)]
    assert terms
    seen = []
    for term in terms:
        term = replace(term, loss=lambda logp, old, advantage, mask, weights: seen.append(((logp - old) * mask).abs().max()) or logp * 0)
        assert {int(n) for n in term.prompt_lengths} == {len(Compact().prompt(p)) for p in problems}
        term.value(model)
    assert max(seen) < 1e-5  # the ratio is 1
    with pytest.raises(ValueError, match="share a group evenly; found 2 views of a group of 3"):
        Sampler(3, views=(BOOK, Compact()))


# Broken if a student moved where it says what its teacher says, or the teacher were not shown what it is to be shown.
def test_context_distillation_follows_what_the_book_says(store: Store) -> None:
    found = {}
    for name, shown in (("same", Compact()), ("open", BOOK)):
        model = load_policy(store.get(TAUGHT)).model
        task = Distil(TAUGHT, Endless(ONE), "forward", Sampler(4), problems=4, shown=shown)
        (update,) = task.updates(a_run(store, TAUGHT, model, TAUGHT), 0)
        sum((t for t in update.terms if isinstance(t, Tensor)), torch.zeros(())).backward()
        found[name] = float(gradient(model).abs().max())
    assert found["same"] == 0
    assert found["open"] > 1e-3


TASK = Augment(Endless(ONE), BOOK, problems=6)


# Four problems by hand: nothing clamped; a sure winner; a loser that is far off; and equal options, whose terms have no weight.
def test_augmented_by_hand() -> None:
    document, winner, loser = (
        torch.tensor(x, requires_grad=True) for x in ([-2.0] * 4, [-1.0, -0.1, -1.0, -1.0], [-0.5, -0.5, -7.0, -1.0])
    )
    loss = augmented(TASK, document, winner, loser, torch.tensor([False, False, False, True]))
    z = [0.2 * -2 + 0.5 * (-1 + 0.5) - 0.8, 0.2 * -2 + 0.5 * (-0.2 + 0.5) - 0.8, 0.2 * -2 + 0.5 * (-1 + 5) - 0.8, 0.5 * -2 - 0.8]
    assert loss.tolist() == pytest.approx([math.log(1 + math.exp(-x)) for x in z])
    loss.sum().backward()
    slopes = [1 / (1 + math.exp(x)) for x in z]
    assert document.grad is not None
    assert winner.grad is not None
    assert loser.grad is not None
    assert document.grad.tolist() == pytest.approx([-b * s for b, s in zip((0.2, 0.2, 0.2, 0.5), slopes, strict=True)])
    assert winner.grad.tolist() == pytest.approx([-0.5 * slopes[0], 0, -0.5 * slopes[2], 0])
    assert loser.grad.tolist() == pytest.approx([0.5 * slopes[0], 0.5 * slopes[1], 0, 0])


# Broken if equal options were still set apart: where the book is shut, both are the likeliest value without it, so only documents count.
def test_equal_options_have_no_answer_gradient(store: Store) -> None:
    def slope(task: Augment) -> Tensor:
        model = load_policy(store.get(TAUGHT)).model
        (update,) = task.updates(a_run(store, TAUGHT, model, TAUGHT), 0)
        sum((t for t in update.terms if isinstance(t, Tensor)), torch.zeros(())).backward()
        return torch.cat([p.grad.flatten() if p.grad is not None else torch.zeros(p.numel()) for p in model.parameters()])

    class Shut(OpenBook):
        """An open book that nobody opens."""

        def prompt(self, p):  # type: ignore[no-untyped-def]
            return self.surface.prompt(p)

    shut = replace(TASK, open_book=Shut(BOOK.excerpt))
    assert not slope(replace(shut, equal=Weights(0, 0))).any()
    learned = slope(shut)
    assert learned.any()
    assert torch.equal(learned, slope(replace(shut, differ=Weights(9, 9))))  # no problem has options that differ
    assert slope(replace(TASK, differ=Weights(0, 0.5), equal=Weights(0, 0))).any()


# Broken if options were scored where no value is asked, or counted by another word: the metrics are shares of right options.
def test_options_are_values(store: Store) -> None:
    model = load_policy(store.get(TAUGHT)).model
    problems = TASK.source.batch(store, 6, 0, 4, 0)
    (update,) = TASK.updates(a_run(store, TAUGHT, model, TAUGHT), 4)
    numbers = torch.tensor(VOCAB.encode("012"))
    for name, surface in (("open book", BOOK), ("closed book", Compact())):
        asked = [torch.tensor([VOCAB.encode((*surface.prompt(p), *surface.solution(p)[:3]))]) for p in problems]
        right = [int(model(words)[0, -1, numbers].argmax()) == p.answer for words, p in zip(asked, problems, strict=True)]
        assert update.metrics[name] == pytest.approx(sum(right) / 6)
    with pytest.raises(ValueError, match="problems of one step, whose options are values; found one of 2"):
        next(replace(TASK, source=Endless(replace(ONE, steps=2))).updates(a_run(store, TAUGHT, model, TAUGHT), 0))
