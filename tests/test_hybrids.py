"""Hybrids of two policies: gates, moves, learned vectors, and what is measured of them."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from models import GPTConfig
from models.sampling import Completions, generate
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from train.learn import Learn, Snapshot
from train.losses import Gold, Imitate
from train.optim import Optim
from train.policy import Fresh, load_policy, torch_rng
from train.rl import Endless, Sampler
from train.run import Asked
from train.stages.stage import Undefined
from train.stages.store import Store
from train.steering import (
    Always,
    AtRandom,
    Deploy,
    Disagreement,
    Hybrid,
    LearnedVectors,
    MakesGate,
    MakesMove,
    Never,
    OtherCategory,
    OwnGate,
    Patch,
    RandomVectors,
    Steered,
)
from train.steering.hybrids.deploy import read_deployed
from train.steering.hybrids.directions import LEVELS, Directions, features
from train.steering.hybrids.hybrid import disagreement, follow, pair, steered_logits
from train.steering.hybrids.learned import read_learned
from train.steering.hybrids.moves import random_like

FAMILY = Program(2, 3, modulus=3)
VOCAB = Compact().vocab(3, FAMILY.primitives, 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=2, heads=2, kv_heads=2, context=64), VOCAB)


TARGET = Learn(FRESH, ((1.0, Imitate(Gold(Endless(FAMILY), 40), 300)),), 40, Optim(1e-2), keep=(15,))
BASE = Snapshot(TARGET, 15)
LEARNED = LearnedVectors(BASE, TARGET, 0, Endless(FAMILY), vectors=3, hidden=4, iterations=60, batches=2, problems=32)
PROMPTS = [VOCAB.encode(("A", "+", "1", "B", "*", "2", "C", "-", "0", "run", "A", "to", end, "from", "0", ":")) for end in "BC"]
PROMPTS.append(VOCAB.encode(("A", "-", "1", "run", "A", "to", "A", "from", "2", ":")))  # a shorter one
UNIFORMS = torch.rand(6, 9, generator=torch_rng("hybrids"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("hybrids"))


def hybrid(store: Store, gate: MakesGate, move: MakesMove) -> Hybrid:
    base, target = pair(store, BASE, TARGET)
    return Hybrid(base.model, target.model, 0, gate.gate(store), move.move(store))


def said(model: "Hybrid") -> Completions:
    return generate(model, PROMPTS, UNIFORMS, VOCAB.end)


def same(one: Completions, other: Completions) -> None:
    assert torch.equal(one.tokens, other.tokens)
    assert torch.equal(one.logp, other.logp)


# Broken if a hybrid that is never steered were not the base, or one that always takes the target's word not the target, word by word.
def test_the_two_ends_of_a_hybrid(store: Store) -> None:
    base, target = (generate(load_policy(store.get(s)).model, PROMPTS, UNIFORMS, VOCAB.end) for s in (BASE, TARGET))
    assert not torch.equal(base.tokens, target.tokens)
    for move in (Patch(), Steered(LEARNED)):
        same(said(hybrid(store, Never(), move)), base)
    same(said(hybrid(store, Always(), Patch())), target)


# Broken if a hybrid wrote, with its key-value cache, by other probabilities than those of its whole completions; or counted other words as
# steered than it steers.
@pytest.mark.parametrize("gate", [Disagreement(), OwnGate(LEARNED, 3.0), AtRandom(LEARNED)], ids=lambda g: type(g).__name__)
def test_the_cache_changes_nothing(gate: MakesGate, store: Store) -> None:
    model = hybrid(store, gate, Steered(LEARNED))
    drawn = said(model)
    lengths = torch.tensor([len(p) for p in PROMPTS])
    prompts = torch.tensor([[*p, *[0] * (int(lengths.max()) - len(p))] for p in PROMPTS])
    with torch.no_grad():
        past, seen = follow(model.base, model.target, 0, Asked(prompts, lengths, UNIFORMS, VOCAB.end), drawn.tokens)
        fired = model.gate(seen)
        logits = model.move(seen, fired, lambda stream: steered_logits(model.base, 0, stream, seen.tokens, past))
    assert 0 < int((fired & drawn.mask).sum()) < int(drawn.mask.sum())
    by_word = logits.log_softmax(-1).gather(-1, drawn.tokens[..., None])[..., 0]
    assert_close(by_word[drawn.mask], drawn.logp[drawn.mask], rtol=1e-4, atol=1e-4)


# Broken if learning did not bring the base to the target's words, or steered words were counted where the gate does not fire.
def test_vectors_are_learned(store: Store) -> None:
    late, early = (read_learned(replace(LEARNED, iterations=n), store) for n in (60, 1))
    assert late.vectors.shape == (3, 16)
    assert late.rate == early.rate
    assert early.fixed + 0.2 < late.fixed <= 1
    deploys = (Deploy(BASE, TARGET, 0, gate, Steered(LEARNED), Endless(FAMILY, "test"), 16) for gate in (Never(), Disagreement(), Always()))
    none, some, every = (read_deployed(deploy, store).share for deploy in deploys)
    assert none == 0 < some < every == 1


# Broken if the bias alone could not be learned, or equal policies gave vectors.
def test_a_bias_alone_and_nothing_to_learn(store: Store) -> None:
    alone = read_learned(replace(LEARNED, vectors=0), store)
    assert alone.vectors.shape == (0, 16)
    stream = torch.randn(2, 3, 16, generator=torch_rng("stream"))
    assert torch.equal(alone.shift(stream), alone.bias.expand(2, 3, 16))
    with pytest.raises(Undefined, match="write the same words everywhere"):
        read_learned(replace(LEARNED, target=BASE), store)


# Broken if a coefficient could be negative, or a shift were not the bias and the vectors by their coefficients.
def test_a_shift_by_hand() -> None:
    one = torch.ones(1, 2)
    zero = torch.zeros(2)
    d = Directions(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([0.5, 0.0]), one.T, zero[:1], one, zero, zero, zero, 0.1, 0.0)
    stream = torch.tensor([[[3.0, 3.0], [-300.0, -300.0]]])  # of length 1 a channel: 1, 1 and -1, -1
    hidden = torch.nn.functional.gelu(torch.tensor([2.0, -2.0]))
    c = torch.log1p(hidden.exp())  # softplus
    assert (d.coefficients(stream) >= 0).all()
    assert_close(d.shift(stream)[0], torch.stack((0.5 + c, 2 * c), dim=1), rtol=1e-5, atol=1e-5)


# Broken if a placebo of vectors had another norm, or other vectors than those of its kind.
def test_placebos_of_learned_vectors(store: Store) -> None:
    found = read_learned(LEARNED, store)
    assert_close(random_like(found.vectors, 1).norm(dim=1), found.vectors.norm(dim=1), rtol=1e-6, atol=0.0)
    stream = torch.randn(2, 4, 16, generator=torch_rng("stream"))

    def shifted(move: MakesMove) -> Tensor:
        base, target = pair(store, BASE, TARGET)
        seen = follow(
            base.model,
            target.model,
            0,
            Asked(torch.tensor(PROMPTS[:2]), torch.tensor([16, 16]), UNIFORMS, VOCAB.end),
            torch.ones(2, 4).long(),
        )[1]
        fired = torch.ones(2, 4, dtype=torch.bool)
        return move.move(store)(replace(seen, stream=stream), fired, lambda x: x) - stream

    c = found.coefficients(stream)
    others = [found.bias + c @ found.vectors.roll(by, 0) for by in (1, 2)]
    assert any(torch.allclose(shifted(OtherCategory(LEARNED)), other, atol=1e-5) for other in others)
    assert not torch.allclose(shifted(RandomVectors(LEARNED)), shifted(Steered(LEARNED)), atol=1e-2)


# Broken if the base's own gate asked the target, or fired another share than it was told to.
def test_the_own_gate_asks_no_target(store: Store) -> None:
    base, target = pair(store, BASE, TARGET)
    asked = Asked(torch.tensor(PROMPTS[:2]), torch.tensor([16, 16]), UNIFORMS, VOCAB.end)
    seen = follow(base.model, target.model, 0, asked, torch.ones(2, 9).long())[1]
    blind = replace(seen, target=torch.zeros_like(seen.target))
    for often in (1.0, 2.0):
        fires = OwnGate(LEARNED, often).gate(store)
        assert torch.equal(fires(seen), fires(blind))
    assert not torch.equal(disagreement(seen), disagreement(blind))
    stream = torch.randn(1, 2_000, 16, generator=torch_rng("words"))
    words = replace(seen, stream=stream, last=stream)
    levels = features(words)[..., 0].quantile(torch.linspace(0, 1, LEVELS))
    d = replace(read_learned(LEARNED, store), gate=torch.eye(32)[0], levels=levels, rate=0.25)
    for often, share in ((1.0, 0.25), (2.0, 0.5), (9.0, 1.0)):
        assert_close(d.own_gate(often)(words).float().mean().item(), share, rtol=0.0, atol=0.002)


# Broken if positions at random were those of some words, were drawn anew in every run, or were more or fewer than the oracle's.
def test_positions_at_random(store: Store) -> None:
    base, target = pair(store, BASE, TARGET)
    asked = Asked(torch.tensor(PROMPTS[:1]), torch.tensor([16]), UNIFORMS, VOCAB.end)
    tokens = torch.full((1, 1_000), 3)
    seen = replace(follow(base.model, target.model, 0, asked, tokens[:, :4])[1], tokens=tokens, positions=torch.arange(1_000)[None])
    first, again, other = (AtRandom(LEARNED, seed).gate(store)(seen) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert_close(first.float().mean().item(), read_learned(LEARNED, store).rate, rtol=0.0, atol=0.05)


# Broken if a hybrid took prompts for completions, or policies of other words for the same.
def test_a_hybrid_that_cannot_be(store: Store) -> None:
    with pytest.raises(ValueError, match="reads prompts and completions apart"):
        hybrid(store, Never(), Patch())(torch.tensor(PROMPTS[:1]))
    other = Program(2, 3, modulus=4)
    words = Compact().vocab(3, other.primitives, 4)
    with pytest.raises(ValueError, match="has another vocabulary"):
        pair(store, BASE, Fresh(replace(FRESH.config, vocab=len(words)), words))
    narrow = load_policy(store.get(Fresh(replace(FRESH.config, width=8), VOCAB))).model
    with pytest.raises(ValueError, match="have one shape"):
        Hybrid(load_policy(store.get(BASE)).model, narrow, 0, disagreement, Patch().move(store))


# Broken if a sampler's group were read as prompts.
def test_a_group_of_completions(store: Store) -> None:
    deploy = Deploy(BASE, TARGET, 0, Disagreement(), Patch(), Endless(FAMILY, "test"), 4, 2, Sampler(3))
    found = read_deployed(deploy, store)
    assert found.process.shape == (24,)
    assert (found.steered <= found.written).all()
