"""The study of deciding: its targets and placebos, and the share of a gap by hand."""

from dataclasses import replace
from itertools import product

import pytest

from analysis.claims.claims import Term
from analysis.design.recipes import PROGRAMS, base, needing
from analysis.design.study import Setting
from analysis.measures.hybrids import recovery
from analysis.studies.elicit.deciding import (
    ARMS,
    AXES,
    CEILING,
    NEW,
    OFTEN,
    OLD,
    OWN,
    RFT,
    RL,
    STUDY,
    UNLIKE,
    VECTORS,
    cells,
    renewed,
    targets,
)
from analysis.studies.grid import cells as factorial
from synthtasks.families import problem
from synthtasks.primitives import MUL
from synthtasks.surfaces import Compact
from tests.tiny import TINY
from train.losses import Gold, Imitate
from train.rl import Band
from train.stages.stage import closure
from train.steering import Always, Deploy, LearnedVectors, Never, Patch

EVERY = {tuple(dict(cell.labels).values()): cell for cell in cells(Setting(TINY, (0,)), 0)}


# A gap of 40 points, of which 30 are recovered; of ten points; of nine; and a hybrid that is worse than its base.
@pytest.mark.parametrize(
    ("base", "target", "hybrid", "share"),
    [(0.2, 0.6, 0.5, 0.75), (0.7, 0.8, 0.8, 1.0), (0.7, 0.79, 0.8, None), (0.5, 0.9, 0.3, -0.5), (0.5, 0.1, 0.3, None)],
)
def test_recovery_by_hand(base: float, target: float, hybrid: float, share: float | None) -> None:
    assert recovery(base, target, hybrid) == (None if share is None else pytest.approx(share))


# Broken if a target learned from another base, the two kinds of fine-tuning differed in more than a table, or RL were not the grid's.
def test_targets_learn_from_one_base() -> None:
    scale, found = TINY, targets(TINY, 0)
    assert {learn.policy for learn in found.values()} == {base(scale, (), 0)}
    assert found[RL] in closure(stage for cell in factorial(Setting(scale, (0,), PROGRAMS), 0) for stage in cell.stages)
    ((_, old),) = found[OLD].losses
    assert isinstance(old, Imitate)
    assert isinstance(old.source, Gold)
    band = old.source.problems
    assert isinstance(band, Band)
    family = needing(scale, PROGRAMS)
    assert band.family == family
    renamed = replace(old, source=replace(old.source, problems=replace(band, family=renewed(family, scale))))
    assert replace(found[OLD], losses=((1.0, renamed),)) == found[NEW]


# Broken if the new table were nearly the old one, could not be written in the words of the base, or a problem did not apply it.
def test_the_new_primitive_is_new() -> None:
    old, new = MUL.table(10), UNLIKE.table(10)
    same = sum(old[a][b] == new[a][b] for a, b in product(range(10), repeat=2))  # type: ignore[index]
    assert same <= 10  # as by chance
    family = renewed(needing(TINY, PROGRAMS), TINY)
    assert UNLIKE.symbol == MUL.symbol
    for i in range(5):
        p = problem(family, "train", i)
        assert any(step.primitive is UNLIKE for step in p.proof)
        assert not any(step.primitive == MUL for step in p.steps)
        vocab = base(TINY, (), 0).policy.vocab  # type: ignore[attr-defined]
        assert set(Compact().prompt(p)) | set(Compact().solution(p)) <= set(vocab.words)


# Broken if a cell were missing or measured on other problems, an arm differed from its neighbour in more than gate, move and vectors, or
# vectors met problems of the exam.
def test_arms_differ_in_what_steers() -> None:
    assert set(EVERY) == {(target, arm) for target, arms in ARMS.items() for arm in arms} <= {*product(*AXES.values())}
    for (target, _), cell in EVERY.items():
        first, hybrid = EVERY[target, VECTORS].stage("hybrid", Deploy), cell.stage("hybrid", Deploy)
        assert replace(hybrid, gate=first.gate, move=first.move) == first
        for name, gate in (("base", Never()), ("target", Always())):
            assert cell.stage(name, Deploy) == replace(first, gate=gate, move=Patch())
        learned = cell.stage("learned", LearnedVectors)
        assert isinstance(learned.source, Band)
        assert isinstance(hybrid.source, Band)
        assert (learned.source.split, hybrid.source.split) == ("train", "test")
        assert (learned.base, learned.target, learned.block) == (hybrid.base, hybrid.target, hybrid.block)
    own = EVERY[RL, OWN].stage("hybrid", Deploy)
    assert own.gate == EVERY[RL, OWN].stage("learned", LearnedVectors).gate
    assert own.gate.often == OFTEN  # type: ignore[attr-defined]


# Broken if a recovery were read in seeds without a gap, or a cell were run that no claim or row reads.
def test_claims_read_recovery_where_there_is_a_gap() -> None:
    terms: list[Term] = [term for claim in STUDY.claims for _, term in claim.contrast]
    assert all(type(term.where).__name__ == "IfMeasured" for term in terms if term.metric == "recovery")
    unread = {labels for labels in EVERY if not any(c.speaks_of(dict(zip(AXES, labels, strict=True))) for c in STUDY.claims)}
    assert unread == {(target, CEILING) for target in (RL, RFT, OLD)}  # for figures alone
    assert sum(claim.tested for claim in STUDY.claims) <= 10
    assert len(EVERY) == 14
