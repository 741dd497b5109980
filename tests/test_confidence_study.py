"""The study of confidence: its starts are the dials that they are said to be."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from analysis.design.recipes import PROGRAMS
from analysis.design.study import Setting
from analysis.measures.behaviour.calibration import auroc
from analysis.studies.elicit.confidence import AXES, CELLS, STARTS, Dial, cells
from analysis.studies.grid import cells as factorial
from tests.tiny import TINY
from train.learn import Learn
from train.losses import Prefer
from train.policy import Fresh
from train.sample import Sample
from train.stages.stage import closure


def population(dial: Dial, of: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and verdict of completions, in the shares in which a policy gives them that has read such documents."""
    kinds = []
    for share, right in zip((dial.first, 1 - dial.first), dial.right, strict=True):
        kinds += [(share * right, right, True), (share * (1 - right), 1 - right, False)]
    counts = [round(of * share) for share, _, _ in kinds]
    return np.repeat([c for _, c, _ in kinds], counts), np.repeat([r for _, _, r in kinds], counts)


# Broken if a start told right from wrong otherwise than its name says: the dose would be another.
def test_starts_are_dials_of_auroc() -> None:
    areas = {name: auroc(*population(dial)) for name, dial in STARTS.items()}
    assert areas == pytest.approx({"calibrated": 0.84, "overconfident": 0.75, "uninformed": 0.5, "anti-calibrated": 0.25}, abs=0.02)


# Broken if the flip differed from what it is compared with in more than which answers are right.
def test_the_flip_is_a_mirror() -> None:
    over, anti = (population(STARTS[name]) for name in ("overconfident", "anti-calibrated"))
    for verdict in (True, False):
        assert sorted(over[0][over[1] == verdict]) == pytest.approx(sorted(anti[0][anti[1] != verdict]))
    assert over[0].mean() > over[1].mean() + 0.3  # it is overconfident


# Broken if a seed cost bases of its own, a cell came twice, or the pairs of an arm were drawn from another policy than it starts from.
def test_arms_stand_on_the_bases_of_the_grid() -> None:
    every = tuple(cells(Setting(TINY, (0,)), 0))
    assert {tuple(dict(cell.labels).values()) for cell in every} == {*CELLS} <= {*product(*AXES.values())}
    assert len(every) == len(CELLS) <= 20
    there = set(closure(stage for cell in factorial(Setting(TINY, (0,), PROGRAMS), 0) for stage in cell.stages))
    assert not [s for s in set(closure(s for cell in every for s in cell.stages)) - there if isinstance(s, Fresh)]
    for cell in every:
        learn, drawn = cell.stage("learn", Learn), cell.stage("sampled_before", Sample)
        assert drawn.policy == learn.policy
        for _, loss in learn.losses:
            assert not isinstance(loss, Prefer) or loss.sample.policy == learn.policy
        assert cell.stage("sampled_after", Sample) == replace(drawn, policy=learn)
