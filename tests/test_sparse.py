"""Sparse autoencoders: what they reconstruct, features that are dead, and which feature is picked."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models import GPTConfig
from synthtasks.corpora import Answered, Solved
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from train.losses import Gold
from train.policy import Fresh, Steer, load_policy
from train.rl import Endless
from train.stages.arrays import save_arrays
from train.stages.stage import Stage, Undefined
from train.stages.store import Store
from train.steering import Along, Feature, RandomFeature, SparseAutoencoder
from train.steering.autoencoder import fit
from train.steering.sparse import read_features

FAMILY = Program(2, 4)
VOCAB = Compact().vocab(4, FAMILY.primitives, 10)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=2, heads=2, kv_heads=2, context=64), VOCAB)
MORE, LESS = (Gold(Endless(FAMILY), 2, 8, write) for write in (Solved(), Answered()))
STAGE = SparseAutoencoder(FRESH, 0, MORE, LESS, documents=16, features=24, k=4, iterations=20, batch=32)


def numbers(n: int, width: int, seed: int) -> torch.Tensor:
    """Words with different means and sizes in each dimension."""
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, width, generator=g) * torch.arange(1.0, width + 1) + 5


# Broken if encoder and decoder did not fit each other, or the scale or mean were lost on the way back.
def test_as_many_features_as_dimensions_reconstruct() -> None:
    x = numbers(300, 8, 1)
    for iterations in (0, 30):  # before and after learning, which has nothing to improve
        found = fit(x, features=8, k=8, iterations=iterations, batch=64, lr=1e-3, seed=0)
        assert torch.allclose(found.decode(found.encode(x)), x, atol=0.05 if iterations else 1e-4)
        assert found.explained(x) == pytest.approx(1, abs=1e-4)
        assert torch.allclose(found.decoder.norm(dim=1), torch.ones(8), atol=1e-5)
    assert fit(x, 8, 2, 0, 64, 1e-3, 0).explained(x) < 0.9  # with two of them active it cannot


# Words that are sums of 2 of 12 directions: 2 active of 16 features explain them once they have found these, not before.
def test_features_are_found() -> None:
    g = torch.Generator().manual_seed(2)
    directions = torch.nn.functional.normalize(torch.randn(12, 8, generator=g), dim=1)
    which = torch.stack([torch.randperm(12, generator=g)[:2] for _ in range(2_000)])
    x = (torch.zeros(2_000, 12).scatter(1, which, 1 + torch.rand(2_000, 2, generator=g))) @ directions
    before, after = (fit(x, 16, 2, iterations, 256, 1e-2, 0) for iterations in (0, 400))
    assert after.explained(x) > max(0.8, before.explained(x) + 0.2)
    assert bool(((after.encode(x) != 0).sum(1) == 2).all())
    larger = fit(4 * x, 16, 2, 400, 256, 1e-2, 0)  # the scale is taken out before, and put back: by a power of two to the bit
    assert torch.equal(larger.decode(larger.encode(4 * x)), 4 * after.decode(after.encode(x)))
    assert bool(after.bias.sub(x.mean(0)).abs().max() > 0.01)  # it was learned, too


@dataclass(frozen=True)
class Laid:
    """A result that was laid down by hand."""

    folder: Path

    def get(self, stage: Stage) -> Path:
        return self.folder


def laid(folder: Path, active: list[list[float]], means: list[list[float]]) -> Laid:
    """Four features, each a dimension, with these shares of activity and mean activities in documents of either kind."""
    folder.mkdir()
    arrays = {"encoder": np.eye(4), "decoder": np.eye(4), "bias": np.zeros(4), "active": np.array(active), "means": np.array(means)}
    save_arrays(folder / "features.npz", 1, arrays | {"explained": np.ones(1)})
    return Laid(folder)


# By hand: of four features the third has the largest contrast, the last is dead; the placebo is alive, another one, and as long.
def test_the_feature_with_the_largest_contrast_is_picked(tmp_path: Path) -> None:
    stage = replace(STAGE, features=4, k=1)
    shelf = laid(tmp_path / "some", [[0.5, 0.5, 0.25, 0.0], [0.5, 0.25, 0.0, 0.0]], [[1.0, 0.5, 0.75, 0.0], [1.0, 0.25, 0.0, 0.0]])
    found = read_features(stage, shelf)
    assert found.dead.tolist() == [False, False, False, True]
    assert found.contrast.tolist() == [0, 0.25, 0.75, 0]
    assert Feature(stage).vector(shelf).tolist() == [0, 0, 3, 0]  # .75 over .25: its mean where it is active
    assert Feature(stage, 1).vector(shelf).tolist() == [0, 1, 0, 0]
    placebos = {tuple(RandomFeature(stage, seed).vector(shelf).tolist()) for seed in range(20)}
    assert placebos == {(3, 0, 0, 0), (0, 3, 0, 0)}
    alone = laid(tmp_path / "alone", [[0.0, 0.0, 0.25, 0.0], [0.0] * 4], [[0.0, 0.0, 0.75, 0.0], [0.0] * 4])
    with pytest.raises(Undefined, match="no other feature is active"):
        RandomFeature(stage).vector(alone)


# Broken if what a stage writes were not what was fitted, or a feature with strength 0 changed the policy.
def test_a_stage_of_features_and_a_policy_steered_by_one(tmp_path: Path) -> None:
    store = Store(tmp_path)
    found = read_features(STAGE, store)
    assert found.autoencoder.encoder.shape == (24, 16)
    assert found.active.shape == found.means.shape == (2, 24)
    assert pytest.approx(float(found.active[0].sum()), abs=1e-4) == 4  # 4 of 24 at every word
    assert 0 < found.explained < 1
    tokens = torch.arange(10)[None] % len(VOCAB)
    policies: list[Stage] = [FRESH, *(Steer(FRESH, ((0, Along(Feature(STAGE), scale)),)) for scale in (0.0, 1.0))]
    with torch.no_grad():
        base, same, other = (load_policy(store.get(policy)).model(tokens) for policy in policies)
    assert torch.equal(base, same)
    assert not torch.equal(base, other)
    with pytest.raises(ValueError, match="at most its features; found 25 of 24"):
        replace(STAGE, k=25)
