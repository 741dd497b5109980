"""Vectors of the residual stream, their placebos, and the strength of steering."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from models import GPTConfig
from models.edits import Edited
from synthtasks.corpora import Document
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses import Gold, Imitate
from train.optim import Optim
from train.policy import Fresh, Steer, load_policy
from train.rl import Endless, Sampler
from train.stages.stage import Context, Shelf, Stage, Undefined
from train.stages.store import Store
from train.steering import Along, MeanDifference, Permuted, RandomLike, Tuned
from train.steering.tuned import read_strengths

FAMILY = Program(2, 4, modulus=3)
VOCAB = Compact().vocab(4, FAMILY.primitives, 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=2, heads=2, kv_heads=2, context=64), VOCAB)
TAUGHT = Learn(FRESH, ((1.0, Imitate(Gold(Endless(FAMILY), 40), 300)),), 25, Optim(1e-2))
TOKENS = torch.tensor([VOCAB.encode(("A", "+", "1", "B", "*", "2", "run", "A", "to", "B", "from", "0", ":"))])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("steering"))


@dataclass(frozen=True)
class Given:
    """A vector of numbers."""

    numbers: tuple[float, ...]

    def vector(self, context: Context) -> Tensor:  # [D]
        return torch.tensor(self.numbers)


@dataclass(frozen=True)
class Says:
    """Documents with this body, of which the words at `learned` carry loss."""

    body: tuple[str, ...]
    loss: tuple[bool, ...]

    def documents(self, shelf: Shelf, *path: str | int) -> Iterator[Document]:
        while self.body:
            yield Document(("run", ":"), self.body, ())

    def learned(self, document: Document) -> tuple[bool, ...]:
        return self.loss


@dataclass
class Listens:
    """Keeps the stream, and changes nothing."""

    heard: list[Tensor]

    def __call__(self, stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
        self.heard.append(stream)
        return stream


VECTOR = Given(tuple(float(i - 4) for i in range(16)))
MORE, LESS = Says(("answer", "0", "1"), (False, True, True)), Says(("answer", "2"), (True, False))


# Broken if a policy steered by nothing were another: then what steering does could not be told from what it costs.
def test_zero_steering_is_the_base_bit_for_bit(store: Store) -> None:
    base, steered = (load_policy(store.get(s)).model for s in (TAUGHT, Steer(TAUGHT, ((0, Along(VECTOR, 0.0)), (1, Along(VECTOR, 0.0))))))
    with torch.no_grad():
        assert torch.equal(base(TOKENS), steered(TOKENS))


# Broken if a placebo were longer or shorter than the vector it stands for, pointed the same way, or were drawn anew in every run.
def test_placebos_have_the_norm_of_their_vector(store: Store) -> None:
    vector = VECTOR.vector(store)
    for placebo in (RandomLike, Permuted):
        found = [placebo(VECTOR, seed).vector(store) for seed in (0, 0, 1)]
        assert_close(torch.stack(found).norm(dim=1), vector.norm().expand(3), rtol=1e-6, atol=0.0)
        assert torch.equal(found[0], found[1])
        assert not torch.allclose(found[0], found[2])
        assert not torch.allclose(found[0], vector)
    assert sorted(Permuted(VECTOR).vector(store).tolist()) == sorted(vector.tolist())


# Broken if prompts, words without loss or padding entered a mean, or the stream were that of another block.
def test_a_mean_difference_by_hand(store: Store) -> None:
    model = load_policy(store.get(TAUGHT)).model
    for block in (0, 1):
        for words, expected in ((None, (2, 3)), (1, (2,))):
            streams = []
            for body in (MORE.body, LESS.body):
                listens = Listens([])
                Edited(model, {block: listens})(torch.tensor([VOCAB.encode(("run", ":", *body))]))
                streams.append(listens.heard[0][0])
            by_hand = streams[0][[1 + i for i in expected]].mean(0) - streams[1][2]
            found = MeanDifference(TAUGHT, block, MORE, LESS, documents=3, words=words)
            assert_close(found.vector(store), by_hand)


# Broken if a mean over nothing were a vector.
def test_a_mean_over_nothing_is_undefined(store: Store) -> None:
    with pytest.raises(Undefined, match="has no document with a word that carries loss"):
        MeanDifference(TAUGHT, 0, MORE, Says((), ()), 2).vector(store)


@dataclass(frozen=True)
class Head:
    """The row of the head of a word: after the last block it makes that word likelier."""

    policy: Stage
    word: str

    def vector(self, context: Context) -> Tensor:  # [D]
        policy = load_policy(context.get(self.policy))
        return policy.model.head.weight[policy.vocab.tokens[self.word]].detach()


TUNED = Tuned(TAUGHT, 1, Head(TAUGHT, "<end>"), Endless(FAMILY), (0.0, 0.1, 1e3), "answer", Sampler(8), 16)


# Broken if the best strength were not the one with most success, a tie did not go to the weaker one, or another strength were steered with.
def test_the_strength_is_the_best_of_the_table(store: Store) -> None:
    found = read_strengths(TUNED, store)
    table = dict(found.success)
    assert table[1e3] == 0 < table[0.0]  # who says the end alone answers nothing
    assert table[found.best] == max(table.values())
    base, steered = (load_policy(store.get(s)).model for s in (TAUGHT, TUNED.steered))
    by_hand = load_policy(store.get(Steer(TAUGHT, ((1, Along(TUNED.of, found.best)),)))).model
    assert torch.equal(steered(TOKENS), by_hand(TOKENS))
    useless = replace(TUNED, strengths=(2e3, 0.0, -2e3), of=Given((0.0,) * 16))  # which changes nothing
    assert read_strengths(useless, store).best == 0
    assert torch.equal(load_policy(store.get(useless.steered)).model(TOKENS), base(TOKENS))


# Broken if a strength could be chosen without trying to leave the policy as it is.
def test_zero_is_among_the_strengths() -> None:
    with pytest.raises(ValueError, match="0 among them"):
        replace(TUNED, strengths=(1.0, 2.0))
    with pytest.raises(ValueError, match="each strength once"):
        replace(TUNED, strengths=(0.0, 1.0, 1.0))
