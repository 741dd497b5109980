"""Several questions about one statement: the same lines, other windows, the split kept, and the same documents as tokens at once."""

from dataclasses import replace
from itertools import islice

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.design.recipes import Tasks, base, corpus
from analysis.design.scale import SMOKE
from synthtasks.corpora import Answered, Corpus, Listing, Outline, Recipe, Solved, exposure
from synthtasks.families import Dag, Program, Uses, asked, asks, problem
from synthtasks.primitives import ADD, MUL, SUB
from synthtasks.rng import uniforms
from synthtasks.surfaces import Compact, Equations
from tests import strategies
from tests.strategies import examples
from train.losses.imitate import Imitate, by_statement, collate
from train.optim import Muon

CPU = torch.device("cpu")
WIDE = Program(3, 12)


def lines(p):
    """Each line of a prompt: its name, its primitive and its constant."""
    return [(s.name, s.primitive, s.arguments[1]) for s in p.steps]


# broken if a question changed the program, lay in the other split, or depended on the questions beside it or on other statements
@examples(40)
@given(
    strategies.programs(6, 9), st.sampled_from(("train", "test")), st.lists(st.integers(0, 99), min_size=1, max_size=4), st.integers(2, 5)
)
def test_questions_about_one_statement(family, split, numbers, count):
    family = replace(family, uses=Uses(), outside=family.primitives, modulus=family.modulus + 5)
    drawn = asked(family, split, numbers, count, "law")
    every = [drawn.problem(i) for i in range(len(drawn))]
    assert len(every) == len(numbers) * count
    for at, number in enumerate(numbers):
        group = every[at * count : (at + 1) * count]
        assert all(lines(p) == lines(group[0]) for p in group)
        assert all(p.split in (split, "both") for p in group)
        assert {len(p.proof) for p in group} == {family.steps}
        alone = asked(family, split, [number], count + 1, "law")
        if split == "train":  # of which every statement has a question: else it may be drawn again
            assert [alone.problem(i) for i in range(count)] == group


# broken if all questions about a statement were one, or the statement were not that of the problem of its number
def test_questions_differ_and_statements_are_named():
    drawn = asked(WIDE, "train", range(100), 8, "named")
    every = [drawn.problem(i) for i in range(len(drawn))]
    assert len({(p.query, p.proof[0].arguments[0]) for p in every}) == 10 * 10  # all windows, all given values
    known = Program(2, 12)  # a fact of two steps lies in both splits, so its first draw is taken
    facts = asked(known, "train", range(20), 2, "named")
    assert all(lines(facts.problem(2 * i)) == lines(problem(known, "train", "named", i)) for i in range(20))


# broken if a statement all of whose questions lie in the other split ended the run, or were asked all the same
def test_a_statement_without_questions_of_the_split_is_drawn_again():
    small = Program(4, 4, (ADD, MUL), (ADD, MUL), modulus=3)  # one window, three given values
    first = uniforms(small.uniforms, ("small",), range(60), 0)
    drawn = asked(small, "test", range(60), 2, "small")
    assert {drawn.problem(i).split for i in range(len(drawn))} == {"test"}
    moved = sum(lines(drawn.problem(2 * i)) != lines(small.many(first[i : i + 1]).problem(0)) for i in range(60))
    assert moved > 20  # of such statements, two in three have no test question


# broken if several questions were asked where lines or their words depend on the question, or the error did not say what to do
def test_questions_are_refused_where_no_statement_is_shared():
    for family in (Program(4, uses=Uses(("mul",), 2)), Program(4, primitives=(ADD, SUB)), Dag()):
        assert not asks(family)
        with pytest.raises(ValueError, match=rf"Recipe\.questions is 1: no problems of this {type(family).__name__} share a statement"):
            Recipe(1, family, questions=2)
    for write in (Solved(Equations()), Outline(Equations())):
        with pytest.raises(ValueError, match=r"share a statement in .*Equations"):
            Recipe(1, WIDE, write, questions=2)
    assert asks(WIDE)
    assert Recipe(1, Dag(), Solved(Equations())).questions == 1


# broken if a document said that it shares words which are others in the next, if counts of exposure or withheld results changed, or a
# recipe of few problems showed other statements
def test_documents_of_questions():
    recipe = Recipe(1, WIDE, questions=4)
    documents = list(islice(recipe.documents("a", 5), 40))
    assert [d.question for d in documents] == [0, 1, 2, 3] * 10
    assert {d.statement for d in documents} == {3 * 12}
    stated = [d.prompt[: d.statement] for d in documents]
    assert len(set(stated)) == 10
    assert stated == [stated[4 * (i // 4)] for i in range(40)]
    assert {d.prompt[d.statement] for d in documents} == {"run"}
    corpus = Corpus((recipe,), ("mul",))
    counts = exposure(corpus, documents)
    assert sum(e.applied for e in counts) == 3 * 40
    assert sum(e.learned for e in counts) == sum(r.primitive != "mul" for d in documents for r in d.results)
    assert sum(not x for d in documents for x in corpus.learned(d)) == sum(e.applied - e.learned for e in counts)
    few = list(islice(replace(recipe, problems=2).documents("few"), 80))
    assert len({d.prompt[: d.statement] for d in few}) == 2
    assert len({d.prompt for d in few}) <= 8


# broken if documents made at once were others than those made one by one: a word, a mask, their number, or the words counted
@examples(40)
@given(
    strategies.programs(5, 8),
    st.lists(st.sampled_from((Solved(), Answered(), Listing())), min_size=1, max_size=3),
    st.sampled_from((1, 3)),
    st.sampled_from((None, 1, 4)),
    st.integers(1, 400),
)
def test_documents_as_tokens_are_documents(family, writers, questions, few, words):
    family = replace(family, uses=Uses(), outside=family.primitives, modulus=family.modulus + 5) if questions > 1 else family
    vocab = Compact().vocab(family.lines, tuple(strategies.PRIMITIVES.values()), family.modulus)
    recipes = tuple(Recipe(1, family, write, few, questions) for write in writers)
    withheld = tuple(p.name for p in family.primitives[:1])
    corpus = Corpus(recipes, withheld)
    loss = Imitate(corpus, words, 7)
    for iteration in range(3):
        assert corpus.rows(words, vocab, iteration, "imitate", 7) is not None
        found, documents = loss.batch(None, vocab, CPU, iteration), loss.documents(None, iteration)
        expected = collate(documents, [corpus.learned(d) for d in documents], vocab, CPU)
        for name, x in vars(expected).items():
            assert torch.equal(x, getattr(found, name)) if isinstance(x, torch.Tensor) else x == getattr(found, name)
        assert len(documents) % questions == 0


# broken if a family or a surface that writes otherwise were written at once
def test_other_documents_are_made_one_by_one():
    vocab = Compact().vocab(12, WIDE.primitives, 10)
    for recipe in (Recipe(1, Dag(), Solved(Equations())), Recipe(1, WIDE, Solved(Equations())), Recipe(1, WIDE, Outline())):
        assert Corpus((recipe,)).rows(200, vocab, 0, "a") is None


# broken if bases of a family that shares no statements were refused, or those of programs read every program once for each question
def test_bases_ask_as_many_questions_as_they_can():
    scale = replace(SMOKE, questions=4, muon=0.9)
    for tasks, questions in ((Tasks(), 4), (Tasks(family="dag", surface="equations"), 1), (Tasks(surface="equations"), 1)):
        assert {r.questions for r in corpus(scale, (), tasks).recipes} == {questions}
        (loss,) = (loss for _, loss in base(scale, (), 0, tasks).losses)
        assert loss.tokens == scale.tokens * (1 if questions > 1 else 2)
    assert base(SMOKE, (), 0).losses[0][1].tokens == SMOKE.tokens
    assert base(scale, (), 0).optim.matrices == Muon(0.9)
    assert base(replace(scale, muon=0.0), (), 0).optim.matrices is None


# broken if a source that leaves out documents made a question follow a statement that is not its own
def test_a_question_follows_its_own_statement():
    documents = list(islice(Recipe(1, WIDE, questions=3).documents("a"), 9))
    groups = list(by_statement(d for d in documents if d.question))
    assert groups == [[documents[i], documents[i + 1]] for i in (1, 4, 7)]
    assert list(by_statement(documents)) == [documents[:3], documents[3:6], documents[6:]]
    assert list(by_statement(documents[:1] * 2)) == [documents[:1]] * 2


# broken if replicas of several seeds met other shapes in an iteration, or the same documents
def test_an_iteration_has_one_shape_for_all_seeds():
    corpus = Corpus(tuple(Recipe(1, Program(n, 12), write, questions=4) for n in (1, 2, 5) for write in (Solved(), Listing())))
    vocab, shapes = Compact().vocab(12, WIDE.primitives, 10), set()
    for iteration in range(30):
        one, other = (Imitate(corpus, 500, seed).batch(None, vocab, CPU, iteration) for seed in (0, 1))
        assert one.tokens.shape == other.tokens.shape
        assert not torch.equal(one.statements, other.statements)
        words = one.tokens.shape[1]
        shapes.add((len(one.statements), -(-words // 8)))
    assert len(shapes) == len({words for _, words in shapes}) == 3  # one number of statements for each multiple of eight words
