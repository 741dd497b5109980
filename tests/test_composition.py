"""The study of composition: its functions, its documents, and what it shares with the factorial."""

from itertools import islice
from pathlib import Path

import pytest

from analysis.design.recipes import PROGRAMS, base, present_edge
from analysis.design.scale import CPU
from analysis.design.study import Setting
from analysis.studies.interplay.composition import FUNCTIONS, SELDOM, SETS, SINGLE, TAUGHT, cells, novice, reading
from synthtasks.corpora import Answered, Corpus, Solved
from synthtasks.families import level
from tests.tiny import TINY
from train.learn import Learn
from train.score import Score, asked
from train.stages.store import Store

EVERY = {(labels["way"], labels["atoms"]): cell for cell in cells(Setting(TINY, (0,)), 0) if (labels := dict(cell.labels))}


# Broken if a function were in both sets, or two functions could not be told apart at the modulus of the study.
def test_the_sets_are_disjoint_and_whole() -> None:
    assert not set(SETS["trained"]) & set(SETS["held out"])
    assert {f for each in SETS.values() for f in each} == set(FUNCTIONS)
    assert len({f.digest(CPU.modulus) for f in FUNCTIONS}) == len(FUNCTIONS)
    for f in FUNCTIONS:
        assert len({f(3, constant, modulus=CPU.modulus) for constant in range(CPU.modulus)}) == 1  # the constant does not matter


# Broken if RL met a function that is held out, or more than two in a row; or the exam of one set asked for another.
def test_rl_meets_the_trained_functions_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for way, steps in (("pairs", 2), ("atoms", 1), ("coin", 2)):
        learn = EVERY[way, "known"].stage("learn", Learn)
        met = learn.losses[0][1].source.batch(store, 20, 0, 0, 0)  # type: ignore[attr-defined]
        assert {s.primitive for p in met for s in p.steps} <= set(SETS["trained"])
        assert {len(p.proof) for p in met} == {steps}
    for which, functions in SETS.items():
        score = EVERY["pairs", "known"].stage(f"after {which}", Score)
        assert [level(f) for f in score.families] == list(range(1, TINY.lines + 1))
        assert {s.primitive for f in score.families for p in asked(f, 5, 0) for s in p.steps} <= set(functions)


def shares(corpus: Corpus, kind: type, steps: range) -> float:
    return sum(r.weight for r in corpus.recipes if isinstance(r.write, kind) and level(r.family) in steps)


# Broken if the documents had other shares than they say, or a withheld function were learned in any of them.
def test_documents_of_the_novice() -> None:
    first, second = reading(CPU, 0.7 / TAUGHT, 1.0, ()), reading(CPU, SINGLE, SELDOM, ())
    for corpus in (first, second):
        assert sum(r.weight for r in corpus.recipes) == pytest.approx(1)
        assert all(r.questions == CPU.questions for r in corpus.recipes)
    single, more = range(1, 2), range(2, TAUGHT + 1)
    assert shares(first, Solved, single) == pytest.approx(shares(first, Solved, more) / 3)
    assert shares(first, Answered, range(99)) == 0
    assert shares(second, Solved, single) == pytest.approx(0.35)
    assert shares(second, Solved, more) == pytest.approx(0.05 * 0.35)
    assert shares(second, Answered, more) == pytest.approx(0.95 * 0.35)
    names = {f.name for f in SETS["held out"]}
    for stage in (novice(TINY, 0, tuple(names)), novice(TINY, 0, tuple(names)).policy):
        assert isinstance(stage, Learn)
        corpus = stage.losses[0][1].source  # type: ignore[attr-defined]
        for iteration in range(6):
            for document in islice(corpus.documents(None, iteration, "imitate", 0), 4):
                hidden = {r.at for r in document.results if r.primitive in names}
                assert not any(corpus.learned(document)[at] for at in hidden)


# Broken if the second part pretrained a base of its own, or its arms differed in more than reward and source.
def test_the_second_part_stands_on_the_base_of_the_factorial() -> None:
    policy, edge = base(TINY, (), 0), present_edge(TINY, PROGRAMS, 0)
    for way in ("binary", "dense, then binary", "prefix"):
        cell = EVERY[way, "known"]
        assert cell.stage("learn", Learn).policy == policy
        assert cell["before"] == edge.scores
