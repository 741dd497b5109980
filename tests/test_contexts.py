"""The study of contexts: the same problems in other words, and a base that was told a context so often."""

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.design.scale import CPU
from analysis.studies.interplay.contexts import CONTEXTS, DEEPEST, SHARES, chain, documents, reader, told
from synthtasks.families import problem
from synthtasks.surfaces.contexts import SCHOOL, ZOO
from train.losses.imitate import Imitate
from train.stages.store import Store


# Broken if a problem were easier or longer in one of the contexts: a gain could then be of the words' number, not of the words.
@pytest.mark.parametrize("steps", [1, DEEPEST])
def test_a_problem_differs_in_its_nouns_alone(steps: int) -> None:
    nouns = {w for c in (ZOO, SCHOOL) for w in (*c.kinds, *c.where, *c.places)}
    for i in range(5):
        p = problem(chain(steps), "test", "contexts", i)
        for write in ("prompt", "solution"):
            known, new = (getattr(s, write)(p) for s in CONTEXTS.values())
            assert len(known) == len(new)
            assert {w for pair in zip(known, new, strict=True) if pair[0] != pair[1] for w in pair} <= nouns
            assert known != new


# The count from one document of each recipe is that of all; a base of no share was told nothing.
def test_documents_are_counted(tmp_path: Path) -> None:
    small = replace(CPU, pretraining=200)
    policy, store = reader(small, "10%", 0), Store(tmp_path)
    imitate = policy.losses[0][1]
    assert isinstance(imitate, Imitate)
    every = [d for i in range(200) for d in imitate.documents(store, i)]
    new = sum(any(w in SCHOOL.kinds for w in d.body) for d in every)
    assert documents(policy, store) == pytest.approx(new, rel=0.1)
    assert new == pytest.approx(0.1 * len(every), rel=0.5)
    assert documents(reader(small, "none", 0), store) == 0


# Broken if a share changed what is told: the kinds of documents in the new context have the proportions of the known one.
@pytest.mark.parametrize("share", [s for s in SHARES.values() if s])
def test_both_contexts_are_told_alike(share: float) -> None:
    weights = {name: [r.weight for r in told(share).recipes if getattr(r.write, "surface", None) == s] for name, s in CONTEXTS.items()}
    assert sum(map(sum, weights.values())) == pytest.approx(1)
    assert [w * (1 - share) / share for w in weights["new"]] == pytest.approx(weights["known"])
