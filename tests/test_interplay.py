"""Studies of pretraining and RL: doses of a primitive, amounts of reading, and the stages that they share with the factorial study."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.design.recipes import Tasks, base, corpus, pretrained
from analysis.design.scale import CPU
from analysis.design.study import Setting
from analysis.studies import STUDIES
from analysis.studies.interplay.amount import AMOUNTS, slope, spearman
from analysis.studies.interplay.exposure import LONE, SHARES, dosed, seen
from synthtasks.corpora import exposure
from synthtasks.rng import rng
from train.losses.imitate import Imitate
from train.stages.stage import closure
from train.stages.store import Store

TASKS = Tasks()
SETTING = Setting(CPU, (0,), TASKS)


def stages_of(name: str, **labels: str) -> set[str]:
    cells = [c for c in STUDIES[name].every(SETTING) if labels.items() <= dict(c.labels).items()]
    assert cells
    return {str(s) for s in closure([s for c in cells for s in c.stages]) if s.word in ("pretrain", "practise", "edge")}


# Broken if a dose read other documents than the base without it, or showed what it does not name.
@pytest.mark.parametrize(("share", "alone"), [(SHARES["10%"], False), (LONE, True)])
def test_doses_read_the_same_documents(share: float, alone: bool) -> None:
    absent, shown = corpus(CPU, TASKS.withhold), dosed(CPU, TASKS, share, alone)
    doses = 0
    for i in range(0, CPU.pretraining, 20):
        one, other = (c.recipe(rng("recipe", i)) for c in (absent, shown))
        assert replace(other, weight=one.weight, shown=()) == one
        assert not other.shown or (one.family.steps == 1) == alone  # type: ignore[attr-defined]
        doses += bool(other.shown)
    assert doses > 3


# Broken if a tenth were no tenth, or more inside longer problems than alone: the arms would differ in how much they saw.
def test_doses_are_as_large_as_they_are_called(tmp_path: Path) -> None:
    store = Store(tmp_path)
    count = {
        "none": seen(base(CPU, ("mul",), 0), ("mul",), store),
        "all": seen(base(CPU, (), 0), ("mul",), store),
        "alone": seen(pretrained(CPU, dosed(CPU, TASKS, LONE, alone=True), 0), ("mul",), store),
        **{of: seen(pretrained(CPU, dosed(CPU, TASKS, share, alone=False), 0), ("mul",), store) for of, share in SHARES.items()},
    }
    assert count["none"] == 0
    assert 50_000 < count["all"] < 70_000
    for of, share in (("10%", 0.1), ("alone", 0.1), ("30%", 0.3)):
        assert count[of] == pytest.approx(share * count["all"], rel=0.15), of
    assert count["alone"] == pytest.approx(count["10%"], rel=0.15)


# The count from a few iterations is that of all documents.
def test_what_was_seen_is_counted(tmp_path: Path) -> None:
    policy = pretrained(replace(CPU, pretraining=60), dosed(CPU, TASKS, 0.5, alone=False), 0)
    imitate = policy.losses[0][1]
    assert isinstance(imitate, Imitate)
    documents = [d for i in range(60) for d in imitate.documents(Store(tmp_path), i)]
    (exact,) = (e.learned for e in exposure(imitate.source, documents) if e.primitive == "mul")  # type: ignore[arg-type]
    assert seen(policy, ("mul",), Store(tmp_path)) == pytest.approx(exact, rel=0.15)


# Broken if a study trained again what the factorial study has: the bases and the RL of its cells at the edge.
def test_cells_of_the_factorial_study_run_once() -> None:
    mine = {"control": "none", "region": "at", "reward": "process"}
    assert stages_of("exposure", kind="composed", seen="all") == stages_of("grid", primitive="present", **mine)
    coin = stages_of("grid", control="coin")
    assert stages_of("exposure", kind="coin") == stages_of("amount", practice="coin") == coin
    assert stages_of("amount", amount="whole", practice="edge") == stages_of("grid", primitive="present", **mine)
    new = {name: stages_of(name) - stages_of("grid") for name in ("exposure", "amount")}
    bases = {name: sum(s.startswith("Learn") for s in stages) for name, stages in new.items()}
    assert bases == {"exposure": 4 + 5, "amount": 3 + 4}  # pretraining and RL


# Broken if a base were a checkpoint of a longer run: its schedule ends where it does.
def test_amounts_are_annealed_for_themselves() -> None:
    bases = {c["base"] for c in STUDIES["amount"].every(SETTING) if "base" in c.by_name}
    assert {b.iterations for b in bases} == {round(share * CPU.pretraining) for share in AMOUNTS.values()}  # type: ignore[attr-defined]
    assert all(not any(s in bases for s in closure([b]) if s != b) for b in bases)
    assert {b.optim.warmup for b in bases} == {round(share * CPU.pretraining) // 20 for share in AMOUNTS.values()}  # type: ignore[attr-defined]


# Ranks 1 2 3 4 against 1 3 2 4: 1 - 6 x 2 / (4 x 15) = .8. The line through (0, 1), (1, 3), (2, 5) rises by 2.
def test_correlations_by_hand() -> None:
    x = np.array([0.1, 0.2, 0.5, 9.0])
    assert spearman(x, np.array([1.0, 30.0, 20.0, 31.0])) == pytest.approx(0.8)
    assert spearman(x, np.ones(4)) is None
    assert slope(np.array([0.0, 1, 2]), np.array([1.0, 3, 5])) == pytest.approx(2)
    assert slope(np.ones(3), np.arange(3.0)) is None
