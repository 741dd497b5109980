"""Sources of documents: what RL meets, with its gold derivations or a policy's own; and mixtures."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from synthtasks.corpora import Corpus, Listing, Outline, Recipe, Solved
from tests.test_extensions_learn import CORPUS, FAMILY, FRESH, SAMPLE, SURFACE, TAUGHT, VOCAB
from train.losses import Gold, Imitate, Mixture, Practice, Traces
from train.rl import Endless, Few, Sampler
from train.sample import Sample, read_samples
from train.stages.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


TASK = Practice(Endless(FAMILY), problems=4, seed=7)


# Broken if fine-tuning read other problems than RL meets, or left some of them out.
def test_gold_is_of_the_problems_that_rl_meets(store: Store) -> None:
    gold = Gold(TASK.source, 3, each=4, seed=7, first=2)
    met = [{(d.prompt, d.body) for d in map(Solved(), TASK.source.batch(store, 4, 7, i, 0))} for i in range(2, 5)]
    read = [{(d.prompt, d.body) for d in islice(gold.documents(store, i, "a"), 4)} for i in range(20)]
    assert all(each in met for each in read)  # a batch of RL at a time
    assert all(each in read for each in met)


# Broken if a control of the format taught a value.
def test_gold_may_be_written_without_values(store: Store) -> None:
    gold, listed = (Gold(TASK.source, 3, each=4, write=write, seed=7) for write in (Outline(), Listing()))
    for d in islice(gold.documents(store, 0, "a"), 8):
        learned = {role for role, learns in zip(SURFACE.roles(d.body), gold.learned(d), strict=True) if learns}
        assert learned == set(SURFACE.roles(d.body)) - {"execute", "answer"}
    met = {SURFACE.listing(p) for i in range(3) for p in TASK.source.batch(store, 4, 7, i, 0)}
    assert {d.body for d in islice(listed.documents(store, 0, "a"), 8)} <= met


# Broken if replay had another share than it is said to have, or a part of a mixture were read by another's rules.
def test_a_mixture_keeps_its_shares(store: Store) -> None:
    withheld = Corpus((Recipe(1.0, FAMILY),), withheld=("mul",))
    mixture = Mixture(((0.7, CORPUS), (0.2, withheld), (0.1, Traces(SAMPLE))))
    for n in (10, 50, 333):
        found = [sum(mixture.at(i) is part for i in range(n)) / n for _, part in mixture.parts]
        assert found == pytest.approx([0.7, 0.2, 0.1], abs=2 / n)
    whole = Imitate(mixture, 200)
    for i in range(20):
        ours, theirs = (loss.batch(store, VOCAB, torch.device("cpu"), i) for loss in (whole, replace(whole, source=mixture.at(i))))
        assert ours
        assert theirs
        assert torch.equal(ours.tokens, theirs.tokens)
        assert torch.equal(ours.learned, theirs.learned)
    for parts in (((1.0, CORPUS),), ((0.5, CORPUS), (0.4, withheld))):
        with pytest.raises(ValueError, match="two or more sources with shares that sum to 1"):
            Mixture(parts)


# Broken if a sample of several iterations were of other problems than RL meets, or a problem's verdict stood beside another.
def test_a_sample_of_several_iterations_is_of_what_rl_meets(store: Store) -> None:
    sample = Sample(TAUGHT, TASK.source, 4, Sampler(group=3), seed=7, iterations=2, first=1)
    found, alone = read_samples(sample, store), [read_samples(replace(sample, iterations=1, first=i), store) for i in (1, 2)]
    assert found.prompts == tuple(" ".join(SURFACE.prompt(p)) for i in (1, 2) for p in TASK.source.batch(store, 4, 7, i, 0))
    assert found.problem.tolist() == [b // 3 for b in range(24)]
    assert found.words == tuple(words for each in alone for words in each.words)
    assert len(set(found.words[:12])) > 1
    for what in ("correct", "process"):
        assert np.array_equal(getattr(found, what), np.concatenate([getattr(each, what) for each in alone]))
    assert found.process.any()
    one = read_samples(Sample(FRESH, Few(FAMILY), 1, Sampler(group=8), iterations=2), store)  # one problem, met twice
    assert one.words[:8] != one.words[8:]
    assert sample.work == 2 * replace(sample, iterations=1).work
