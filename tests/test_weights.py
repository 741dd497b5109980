"""Meters of weights, by values worked by hand."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from analysis.measures.facts import Cell, measured
from analysis.measures.weights import (
    ALIKE,
    ANGLE,
    CHANCE,
    NORM,
    OVERLAP,
    PARTICIPATION,
    RANK,
    TOP,
    UNCHANGED,
    UNCHANGED_16,
    Moved,
    Overlap,
    alike,
    chance,
    concentration,
    in_bfloat16,
    jaccard,
    participation,
    principal_angles,
    stable_rank,
    unchanged,
)
from tests.test_learn import FRESH, OPTIM, TAUGHT, imitate
from train.learn import Learn, Snapshot
from train.optim import Optim
from train.stages.store import Store

NONE = {"a": torch.zeros(10, 10)}


def row(*values: float) -> dict[str, Tensor]:
    return {"a": torch.tensor(values[:2]), "b": torch.tensor(values[2:])[None]}


# Neighbours in bfloat16 from 1 on are 2^-7 apart: 1 + 2^-9 is rounded to 1, and 1.01 to 1 + 2^-7. Relative changes: 0, .002, .0005, .01.
def test_equal_weights_by_hand() -> None:
    before, after = row(0.5, 1.0, -2.0, 1.0), row(0.5, 1 + 2**-9, -2.001, 1.01)
    assert unchanged(before, after) == 0.25
    assert unchanged(in_bfloat16(before), in_bfloat16(after)) == 0.75
    assert alike(before, after) == 0.5
    assert alike(before, after, 0.0099) == 0.75  # of the larger magnitude: .01 / 1.01 = .0099009...
    assert alike(before, after, 0.00991) == 1
    assert alike(after, before) == alike(before, after)
    with pytest.raises(ValueError, match="weights of one model"):
        unchanged(before, {"a": before["a"]})


# One of 100 changes by 3, nine by 1: the top 1 % hold 9 of 18; (18)^2 / (100 x (81 + 9)) = .036. Twice the update is as concentrated.
@pytest.mark.parametrize("scale", [1.0, 2.0, 1e-4])
def test_concentration_by_hand(scale: float) -> None:
    change = torch.zeros(100)
    change[7], change[20:29] = 3 * scale, -scale
    after = {"a": change.view(10, 10)}
    assert concentration(NONE, after) == pytest.approx(0.5)
    assert concentration(NONE, after, 0.04) == pytest.approx(12 / 18)
    assert participation(NONE, after) == pytest.approx(0.036)
    assert math.isnan(concentration(NONE, NONE))
    assert math.isnan(participation(NONE, NONE))
    assert participation(NONE, {"a": torch.full((10, 10), -scale)}) == pytest.approx(1)


# Of independent normal changes: 1/3, and the integral of x^2 beyond the 1 % quantile 2.5758, which is .01 + 2 x 2.5758 x .01446 = .0845.
def test_concentration_of_normal_changes() -> None:
    after = {"a": torch.randn(400, 400, generator=torch.Generator().manual_seed(0))}
    nothing = {"a": torch.zeros(400, 400)}
    assert participation(nothing, after) == pytest.approx(1 / 3, rel=0.03)
    assert concentration(nothing, after) == pytest.approx(0.0845, rel=0.03)


# A rank-one update has stable rank 1; singular values 2, 1, 1 have (4 + 1 + 1) / 4.
def test_stable_rank_by_hand() -> None:
    assert stable_rank(torch.outer(torch.tensor([1.0, -2, 3]), torch.tensor([0.5, 4]))) == pytest.approx(1)
    assert stable_rank(torch.diag(torch.tensor([1.0, 2, 1]))) == pytest.approx(1.5)
    assert stable_rank(torch.eye(5)) == pytest.approx(5)
    assert math.isnan(stable_rank(torch.zeros(3, 2)))


# The space of the first two axes, with the second axis turned by 30 degrees towards the third: angles 0 and 30. Other singular values of
# the same vectors turn nothing; and what is turned on the left is not turned on the right.
def test_principal_angles_by_hand() -> None:
    before, angle = torch.diag(torch.tensor([3.0, 2, 1])), math.radians(30)
    c, s = math.cos(angle), math.sin(angle)
    turn = torch.tensor([[1.0, 0, 0], [0, c, -s], [0, s, c]])
    assert principal_angles(before, turn @ before, 2).tolist() == pytest.approx([0, 30], abs=1e-4)
    assert principal_angles(before.T, (turn @ before).T, 2).tolist() == pytest.approx([0, 0], abs=1e-4)
    assert principal_angles(before, torch.diag(torch.tensor([9.0, 8, 0.1])), 2).tolist() == pytest.approx([0, 0], abs=1e-4)
    assert principal_angles(before, torch.diag(torch.tensor([3.0, 1, 2])), 2).tolist() == pytest.approx([0, 90], abs=1e-4)
    with pytest.raises(ValueError, match="1 to 3 singular vectors"):
        principal_angles(before, before, 4)


# 2 of 4 and 1 of 2 in one tensor of each size, one weight in common of 5; disjoint masks share nothing, and by chance
# (2 x 2 / 4 + 1 x 1 / 2) = 1.5 of 6 - 1.5.
def test_overlap_by_hand() -> None:
    def mask(*on: int) -> dict[str, Tensor]:
        whole = torch.zeros(6, dtype=torch.bool)
        whole[list(on)] = True
        return {"a": whole[:4].view(2, 2), "b": whole[4:]}

    one, other, apart = mask(0, 1, 4), mask(0, 2, 5), mask(2, 3, 5)
    assert jaccard(one, one) == 1
    assert jaccard(one, other) == 1 / 5
    assert jaccard(one, apart) == 0
    assert chance(one, other) == chance(one, apart) == pytest.approx(1.5 / 4.5)
    assert math.isnan(jaccard(mask(), mask()))


# Broken if a measure read the wrong stage, took a base in 32 bits for one in 16, or failed where nothing was learned.
def test_the_update_of_a_run(tmp_path: Path) -> None:
    store = Store(tmp_path)
    short = Optim(1e-5)
    runs = {
        "single": Learn(FRESH, ((1.0, imitate()),), 4, short, keep=(2,)),
        "half": Learn(FRESH, ((1.0, imitate()),), 4, replace(short, master="bfloat16")),
        "nothing": Learn(FRESH, ((0.0, imitate()),), 1),
    }
    found = {}
    for name, run in (*runs.items(), ("halfway", Snapshot(runs["single"], 2))):
        cell = Cell.of({"arm": name}, 0, base=FRESH, learn=run, other=TAUGHT)
        for stage in cell.stages:
            store.get(stage)
        found[name] = {f.metric: f.value for f in measured(cell, (Moved(),), store)}
        assert found[name].keys() <= {f.metric for f in Moved().imagined(cell)}
        assert 0 < found[name][UNCHANGED_16] <= 1
    assert found["single"][UNCHANGED] < 0.05 < 0.9 < found["half"][UNCHANGED] == found["half"][UNCHANGED_16] < 1
    assert found["nothing"].keys() == {UNCHANGED, UNCHANGED_16, ALIKE, NORM}
    assert found["nothing"][UNCHANGED] == 1
    assert 0 < found["halfway"][NORM] < found["single"][NORM]
    assert 0 < found["halfway"][ANGLE] < found["single"][ANGLE]
    for metric, least in ((TOP, 0.01), (PARTICIPATION, 0.001), (RANK, 1.0)):
        assert found["single"][metric] > least
    cell = Cell.of({"arm": "x"}, 0, base=FRESH, learn=runs["single"], other=replace(TAUGHT, optim=replace(OPTIM, lr=4e-3)))
    store.get(cell["other"])
    overlap = {f.metric: f.value for f in measured(cell, (Overlap(0.1),), store)}
    assert 0 < overlap[CHANCE] < overlap[OVERLAP] < 1
