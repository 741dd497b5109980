"""Tokens a second of one optimiser step: our model, the shape of nanoGPT, and a Llama of transformers, each with its own loss."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import GPTConfig
from models.gpt import GPT
from models.sampling import chosen_logp
from tests.bench.peers import LLAMA, NanoGPT, llama
from tests.bench.rows import Row, beside, missing
from train.optim import Optim
from train.policy import torch_rng

B, T, VOCAB, STEPS = 24, 128, 61, 5
WIDTHS = (64, 128)


def stepping(model: nn.Module, loss: Callable[[Tensor], Tensor], tokens: Tensor) -> Callable[[], None]:
    """A function that takes some optimiser steps."""
    optimizer = Optim().optimizer(model.named_parameters())

    def steps() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss(tokens).backward()
            optimizer.step()

    return steps


def ours(c: GPTConfig, tokens: Tensor) -> Callable[[], None]:
    """Steps of our model."""
    model = GPT(c, torch_rng("bench"))
    return stepping(model, lambda x: -chosen_logp(model(x[:, :-1]), x[:, 1:]).mean(), tokens)


def nano(c: GPTConfig, tokens: Tensor) -> Callable[[], None]:
    """Steps of the shape of nanoGPT."""
    model = NanoGPT(c)
    return stepping(model, lambda x: F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten()), tokens)


def hugging_face(c: GPTConfig, tokens: Tensor) -> Callable[[], None]:
    """Steps of a Llama, whose loss is its own."""
    model = llama(c)
    return stepping(model, lambda x: model(input_ids=x[:, 1:], labels=x[:, 1:], use_cache=False).loss, tokens)


def training() -> Iterator[Row]:
    """Rows for each width."""
    tokens = torch.randint(VOCAB, (B, T + 1), generator=torch_rng("bench"))
    for width in WIDTHS:
        c = GPTConfig(VOCAB, width)
        plain = replace(c, conv=0)
        others = {"ours without the short convolution": ours(plain, tokens), "the shape of nanoGPT": nano(c, tokens)}
        if LLAMA:
            others |= {"Llama of transformers": hugging_face(c, tokens)}
        yield from beside(f"train, width {width}: ours", STEPS * B * T, "tokens", ours(c, tokens), others)
        if not LLAMA:
            yield missing("  Llama of transformers")
