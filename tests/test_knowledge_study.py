"""The study of knowledge: its bases, its arms, and what they have in common."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from analysis.design.scale import SMOKE
from analysis.design.study import Setting
from analysis.measures.effects import Answers, Success
from analysis.measures.facts import Cell, applies, measured
from analysis.studies.elicit.knowledge import CONTROLS, READERS, STUDY, cells, excerpt, program, source
from synthtasks.corpora import Corpus
from synthtasks.knowledge import MISTAKEN, LookedUp, OpenBook
from synthtasks.surfaces import Compact
from train.learn import Learn, Spend
from train.losses import Augment, Distil, Gold, Imitate, Mixture, Practice, Weights
from train.rl import Sampler
from train.sample import Sample
from train.score import Score
from train.stages.arrays import save_arrays, texts
from train.stages.stage import Stage

EVERY = {dict(cell.labels)["way"]: cell for cell in cells(Setting(SMOKE, (0,)), 0)}
LEARNED = {way: cell.stage("learn", Learn) for way, cell in EVERY.items()}
LOSSES = {way: learn.losses[0][1] for way, learn in LEARNED.items()}


@dataclass(frozen=True)
class Laid:
    """Results that were laid down by hand, of all stages in one folder."""

    folder: Path

    def get(self, stage: Stage) -> Path:
        return self.folder


# Broken if an arm met other problems, began elsewhere, or spent another budget; or if an exam had a book.
def test_arms_differ_in_the_way_of_learning_alone() -> None:
    assert tuple(EVERY) == (*READERS, *CONTROLS)
    for way, loss in LOSSES.items():
        if isinstance(loss, Imitate):
            parts = [part for _, part in loss.source.parts] if isinstance(loss.source, Mixture) else [loss.source]
            assert all(isinstance(part, Gold) and part.problems == source(SMOKE) for part in parts)
        else:
            assert isinstance(loss, Augment | Distil | Practice)
            assert loss.source == source(SMOKE)
        base = EVERY["distilled, deaf" if way == "distilled, deaf" else "RL"]["base"]
        assert LEARNED[way].policy == EVERY[way]["base"] == base
        assert way == "RL" or LEARNED[way].iterations == Spend(LEARNED["RL"])
        assert ("budget" in EVERY[way].by_name) == (base == EVERY["RL"]["base"])
        assert EVERY[way].stage("after", Score).surface == Compact()


# Broken if the deaf base had read anything else than books of other tables, or either had read a true result of the table.
def test_a_deaf_base_differs_in_its_books_alone() -> None:
    read = {}
    for way in ("RL", "distilled, deaf"):
        loss = EVERY[way].stage("base", Learn).losses[0][1]
        assert isinstance(loss, Imitate)
        assert isinstance(loss.source, Corpus)
        assert loss.source.withheld == ("mul",)
        assert all(isinstance(recipe.write, LookedUp) == (recipe.shown == ("mul",)) for recipe in loss.source.recipes)
        read[way] = loss
    own = read["distilled, deaf"].source
    assert isinstance(own, Corpus)
    heard = [replace(r, write=replace(r.write, told="its own")) if isinstance(r.write, LookedUp) else r for r in own.recipes]
    assert replace(read["distilled, deaf"], source=replace(own, recipes=tuple(heard))) == read["RL"]


# Broken if an ablation took more or less than it says, or a control had the usual book.
def test_ablations_and_controls() -> None:
    rlag = LOSSES["RLAG"]
    assert isinstance(rlag, Augment)
    assert (rlag.differ, rlag.equal, rlag.winner) == (Weights(0.2, 0.5), Weights(0.5, 0.0), "open book")
    assert LOSSES["RLAG, b_D = 0"] == replace(rlag, differ=Weights(0.0, 0.5), equal=Weights(0.0, 0.0))
    assert LOSSES["RLAG, b_A = 0"] == replace(rlag, differ=Weights(0.2, 0.0))
    assert LOSSES["RLAG, shut"] == replace(rlag, winner="closed book")
    distilled = LOSSES["distilled"]
    assert isinstance(distilled, Distil)
    assert distilled.teacher == LEARNED["distilled"].policy
    books = {"distilled": excerpt(SMOKE), "distilled, false book": replace(excerpt(SMOKE), operation=MISTAKEN)}
    books |= {"distilled, silent book": replace(excerpt(SMOKE), asked="left out"), "distilled, deaf": excerpt(SMOKE)}
    books["distilled, made-up book"] = replace(excerpt(SMOKE), asked="made up")
    for way, book in books.items():
        loss = LOSSES[way]
        assert isinstance(loss, Distil)
        assert replace(loss, teacher=distilled.teacher, shown=distilled.shown) == distilled
        assert loss.shown == OpenBook(book)
    p = program(SMOKE, 1)
    assert p.uses.names == ("mul",)


# Two problems of each depth: p of .5 and .25, .2 and 0; of four sampled answers three are right, by any derivation.
def test_success_and_answers_by_hand(tmp_path: Path) -> None:
    cell = EVERY["RL"]
    scored = replace(cell.stage("after", Score), families=(program(SMOKE, 1), program(SMOKE, 2)), problems=2)
    drawn = replace(cell.stage("answers_after", Sample), problems=2, sampler=Sampler(2))
    scores = {"logp": np.log([[[0.5, 0.25]], [[0.2, 1e-300]]]), "roles": np.zeros((2, 5, 2)), "applied": np.zeros((2, 1, 2), np.int16)}
    save_arrays(tmp_path / "scores.npz", 1, scores | {"primitives": np.array(["mul"])})
    words = {"prompts": texts(["p", "q"]), "problem": np.repeat([0, 1], 2), "words": texts(["a"] * 4)}
    right = {"correct": np.array([True, True, False, True]), "process": np.zeros(4, bool)}
    save_arrays(tmp_path / "samples.npz", 1, words | right)
    laid = Cell.of({"way": "RL"}, 0, after=scored, answers_after=drawn)
    found = measured(laid, (Success("after", "after"), Answers("answers_after", "after", 1)), Laid(tmp_path))
    expected = [("pass@1", 1, 0.375, 2), ("pass@1", 2, 0.1, 2), ("answers", 1, 0.75, 4)]
    assert [(f.metric, f.at, f.value, f.n) for f in found] == [(m, at, pytest.approx(value), n) for m, at, value, n in expected]


# Broken if a claim read what no measure gives, or the headline were not the first.
def test_claims_read_what_is_measured() -> None:
    assert sum(claim.tested for claim in STUDY.claims) == len([c for c in STUDY.claims if c.test]) == 10
    there = {(f.phase, f.metric, f.at) for cell in EVERY.values() for m in STUDY.measures if applies(m, cell) for f in m.imagined(cell)}  # type: ignore[attr-defined]  # each has it
    for claim in STUDY.claims:
        for _, term in claim.contrast:
            assert {(term.phase, term.metric, place) for place in term.where.places} <= there  # type: ignore[attr-defined]  # all are `Places`
            assert dict(term.labels)["way"] in EVERY
