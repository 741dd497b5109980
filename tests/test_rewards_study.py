"""The study of rewards: what it shares with the factorial, and the documents of its bases."""

from itertools import islice

import pytest

from analysis.design.recipes import Tasks, corpus
from analysis.design.scale import CPU
from analysis.design.study import Setting
from analysis.measures.exact import REGIONS
from analysis.studies.grid import cells as factorial
from analysis.studies.interplay.rewards import DEPTH, REGION, SHARES, answering, cells, given
from synthtasks.corpora import Answered, Solved
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from tests.tiny import TINY
from train.rl import Band, Endless, Few, Mixture
from train.stages.stage import closure

SETTING = Setting(TINY, (0,), Tasks())
EVERY = tuple(cells(SETTING, 0))


# Broken if what the factorial has run would run again: RL, exams or samples of one reward in one region.
def test_the_factorial_is_not_run_twice() -> None:
    there = set(closure(stage for cell in factorial(SETTING, 0) for stage in cell.stages))
    mine = {cell.labels: set(cell.stages) for cell in EVERY}
    again = [dict(labels) for labels, stages in mine.items() if stages <= there]
    wanted = [(data, reward) for data in REGION for reward in ("outcome", "process")]
    assert {(labels["data"], labels["reward"]) for labels in again} == {*wanted, ("edge", "coin")}
    assert len(set(closure(stage for cell in EVERY for stage in cell.stages)) - there) < 40


# Broken if a base read more or fewer derivations than it says, or lost the documents that state steps without results.
@pytest.mark.parametrize("share", SHARES.values())
def test_documents_with_an_answer_have_their_share_of_derivations(share: float) -> None:
    usual = corpus(CPU, ())
    read = answering(usual, share)
    weight = {kind: sum(r.weight for r in read.recipes if isinstance(r.write, kind)) for kind in (Solved, Answered)}
    solved = sum(r.weight for r in usual.recipes if isinstance(r.write, Solved))
    assert sum(weight.values()) == pytest.approx(solved)
    assert weight[Solved] == pytest.approx(share * solved)
    assert [r for r in usual.recipes if not isinstance(r.write, Solved)] == [r for r in read.recipes if r in usual.recipes]
    documents = list(islice(read.documents(None, 3, "imitate", 0), 8))
    assert read.rows(400, Compact().vocab(24, Program().primitives, 10), 3, "imitate", 0) is not None
    assert len({d.prompt[: d.statement] for d in documents}) == 1  # they share their statement


# Broken if a mixture of regions were read at one of them, or a source that has no difficulty were read as one that has.
def test_the_places_of_practice() -> None:
    bands = {region: [2 * i, 2 * i + 1] for i, region in enumerate(REGIONS, 1)}
    for cell in EVERY:
        labels = dict(cell.labels)
        source = cell["learn"].losses[0][1].source  # type: ignore[attr-defined]
        assert isinstance(source, Band | Mixture | Endless)
        expected = {"mixed": [2, 3, 4, 5, 6, 7], "shown": [DEPTH], **{data: bands[region] for data, region in REGION.items()}}
        assert given(source, bands) == expected[labels["data"]]
    with pytest.raises(ValueError, match="expected a band, one difficulty, or a mixture"):
        given(Few(Program()), bands)
