"""Problems show themselves: as the page of `show`, and as a card in a notebook."""

import re

import pytest

from synthtasks import PRIMITIVES, Problem, Program, Step
from synthtasks.commands.catalogue import FAMILIES
from synthtasks.commands.page import written
from synthtasks.families import problem
from synthtasks.search import Maze
from synthtasks.shown.page import page
from synthtasks.shown.picture import MOST, places
from synthtasks.surfaces import Equations

ADD, MUL = PRIMITIVES["add"], PRIMITIVES["mul"]
DIAMOND = Problem(
    (Step("A", ADD, (1, 2)), Step("B", ADD, ("A", 1)), Step("C", MUL, ("A", 2)), Step("D", ADD, ("B", "C")), Step("E", ADD, (0, 0))),
    "D",
    10,
)
DRAWN = [*(problem(known.family, "train", "show", 0) for known in FAMILIES.values()), problem(Maze(), "train", "show", 0)]


# Broken if a problem and the command showed two pages: words, places or verdicts that the surface would read otherwise.
@pytest.mark.parametrize("p", DRAWN[:-1], ids=FAMILIES)
def test_a_problem_prints_the_page_of_show(p):
    assert str(p) == f"{p}" == "\n".join(page(p, written(p, Equations())))
    assert repr(p).startswith("Problem(steps=")  # of errors and of hypothesis, on one line


# Broken if a wrong value were shown as a mistake of a search, whose judge replays actions and knows no values.
def test_a_search_shows_no_mistake_where_there_is_none():
    assert "wrong" not in str(DRAWN[-1]) + DRAWN[-1]._repr_html_()
    assert str(DRAWN[-1]).endswith("process: right")


# Broken if a step stood left of one that it needs, or the boxes of a column lay upon each other.
def test_the_picture_has_a_column_for_each_generation():
    assert places(DIAMOND) == {"A": (0, 0), "E": (0, 1), "B": (1, 0), "C": (1, 1), "D": (2, 0.5)}


# Broken if the card left a step, an arrow or a verdict out, or marked a wrong step as right.
def test_the_card_shows_graph_steps_and_verdicts():
    card = DIAMOND._repr_html_()
    assert (card.count("<rect"), card.count('fill="none"/>'), card.count('stroke-dasharray="4 3"')) == (5, 4, 1)
    right, wrong = card.split("With one wrong value")
    assert (right.count("✓"), right.count("✗"), wrong.count("✓"), wrong.count("✗")) == (5, 0, 2, 3)
    assert re.search(r"C = A \* 2 = 7</code></td><td[^>]*><span[^>]*>✗ wrong</span></td><td[^>]*>value: it is 6<", wrong)


# Broken if a name could add markup to a notebook, or the card loaded anything.
def test_the_card_holds_text_and_no_markup_of_others():
    name = "<script>alert('&')</script>"
    card = Problem((Step(name, ADD, (1, 2)),), name, 10)._repr_html_()
    assert "&lt;script&gt;" in card
    assert not re.search(r"<script|https?:|url\(|src=", card)


# Broken if a problem of thousands of steps filled a notebook.
def test_a_large_problem_has_a_small_card():
    card = problem(Program(steps=900, lines=1_000), "train", "large")._repr_html_()
    assert "<svg" not in card
    assert "and 902 more" in card
    assert len(card) < 120_000
    assert MOST < 1_000
