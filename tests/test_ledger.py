"""The ledger's floating-point operations against those that torch counts in real passes.

Torch counts what is computed: the whole square of a causal attention of which half is masked, padding, the few operations of a norm's
gradient, and, where a completion grows in a cache, the products of a query with the channels of all heads. It does not count convolutions
of single channels. The models here have one head and no convolution, so that the rest can be worked out by hand.
"""

from collections.abc import Callable

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from models import GPTConfig
from models.cost import Passed, matrix_weights
from models.gpt import GPT
from models.sampling import Completions, generate
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from train.losses.imitate import Batch, Imitate
from train.policy import torch_rng

FAMILY = Program(2, 6, (ADD, MUL), (ADD, MUL), modulus=5)
VOCAB = Compact().vocab(6, (ADD, MUL), 5)
CONFIG = GPTConfig(len(VOCAB), width=64, layers=2, heads=1, kv_heads=1, conv=0, context=128)
KEY = 4 * CONFIG.layers * CONFIG.width  # operations a pair of a token and a key
NORMS = 2e-3  # share of a pass that the gradients of norms take


def counted(work: Callable[[], object]) -> int:
    """The operations that torch counts. Its counter does not know the fused attention of a CPU."""
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops()


def model() -> GPT:
    return GPT(CONFIG, torch_rng("ledger"))


def batch(questions: int) -> Batch:
    source = Corpus((Recipe(1.0, FAMILY, questions=questions),))
    return Imitate(source, 600).batch(None, VOCAB, torch.device("cpu"), 0)  # type: ignore[arg-type]  # a corpus asks no shelf


def masked(rows: int, tokens: int) -> int:
    """Pairs of so many rows of tokens that a causal attention computes and masks."""
    return rows * tokens * (tokens - 1) // 2


# Broken if a token that is read, a weight, the head or attention were left out of a step of learning, or its backward pass were no double.
def test_a_step_of_learning_costs_what_torch_counts() -> None:
    net, documents = model(), batch(1)
    (B, T), S = documents.tokens.shape, documents.statements.shape[1]
    whole = documents.passed + Passed(0, masked(B, S + T - 1))
    ratio = counted(lambda: documents.logp(net).sum().backward()) / (3 * whole.flops(CONFIG))
    assert 1 <= ratio <= 1 + NORMS
    assert 0.85 <= documents.passed.flops(CONFIG) / whole.flops(CONFIG) < 1  # what torch counts of masked pairs


# Broken if a statement counted once for each of its questions, or its keys did not count for those who read them.
def test_a_shared_statement_costs_what_torch_counts() -> None:
    net, documents = model(), batch(4)
    (B, T), (P, S) = documents.tokens.shape, documents.statements.shape
    assert B == 4 * P
    assert documents.passed.tokens == P * S + B * (T - 1)
    whole = documents.passed + Passed(0, masked(P, S) + masked(B, T - 1))
    ratio = counted(lambda: documents.logp(net).sum().backward()) / (3 * whole.flops(CONFIG))
    assert 1 <= ratio <= 1 + NORMS


# Broken if a cached token did not count the keys that it reads, or a prefix that completions share counted twice.
def test_cached_sampling_costs_what_torch_counts() -> None:
    net, drawn, prompt = model(), list[Completions](), [n % len(VOCAB) for n in range(30)]
    uniforms = torch.rand(64, 20, generator=torch_rng("uniforms"))
    found = counted(lambda: drawn.append(generate(net, [prompt], uniforms, end=len(VOCAB))))  # which is never chosen
    forwarded = drawn[0].forwarded
    assert len(prompt) + 19 * 32 < forwarded.tokens < len(prompt) + 19 * 64  # beginnings were shared
    assert found == forwarded.flops(CONFIG) + KEY * masked(1, len(prompt))


# Broken if the operations of a token grew otherwise than with its keys, or a weight were counted twice.
def test_operations_by_hand() -> None:
    assert matrix_weights(CONFIG) == 2 * (4 * 64**2 + 8 * 64**2) + 64 * len(VOCAB)
    assert Passed(3, 7).flops(CONFIG) == 2 * 3 * matrix_weights(CONFIG) + 7 * 2 * (2 * 64 + 2 * 64)
