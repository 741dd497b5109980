"""Prompts computed once for their group, beside models that read them again: in sampling and in an update of RL."""

from collections.abc import Iterator

import torch
from torch import Tensor

from models import GPTConfig
from models.gpt import GPT
from models.sampling import chosen_logp, completion_logits, generate, invert, pad
from synthtasks.families import Program, Uses, problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact
from tests.bench.rows import Row, paired
from train.policy import torch_rng

GROUP, PROMPTS, FEW = 16, 32, 4


@torch.no_grad()
def uncached(model: GPT, prompts: list[list[int]], uniforms: Tensor) -> Tensor:  # [B, T] -> [B, S + T]
    """The samples of `generate` without a cache."""
    rows = torch.tensor(prompts).repeat_interleave(len(uniforms) // len(prompts), 0)
    for t in range(uniforms.shape[1]):
        new = invert(model(rows)[:, -1].softmax(-1), uniforms[:, t])
        rows = torch.cat((rows, new[:, None]), 1)
    return rows


def prompts_once() -> Iterator[Row]:
    """Sampling with and without a cache; an update with each prompt once, and with every row."""
    surface, family = Compact(), Program(steps=8, lines=20, uses=Uses(("mul",), 3))
    vocab = surface.vocab(20, family.primitives, 10)
    model = GPT(GPTConfig(len(vocab)), torch_rng("bench"))
    asked = [problem(family, "test", "bench", i) for i in range(PROMPTS)]
    prompts = [vocab.encode(surface.prompt(p)) for p in asked]
    limit = len(surface.solution(asked[0])) + 4
    uniforms = torch.from_numpy(rng("bench").random((PROMPTS * GROUP, limit), dtype="float32"))
    never = len(vocab)  # no token: every completion runs to the limit

    some, draws = prompts[:FEW], uniforms[: FEW * GROUP]
    cached, plain = paired(lambda: generate(model, some, draws, never), lambda: uncached(model, some, draws))
    yield Row(f"sample {FEW} x {GROUP} completions, cached", cached, "s")
    yield Row("  without a cache", plain, "s", plain / cached, "x the time")

    tokens = generate(model, prompts, uniforms, never).tokens
    padded, lengths = pad(prompts)

    def update(shared: bool) -> None:
        for i in range(0, PROMPTS, 4):
            rows = slice(i * GROUP, (i + 4) * GROUP)
            owners = torch.arange(4).repeat_interleave(GROUP)
            which, owners = (torch.arange(i, i + 4), owners) if shared else (i + owners, torch.arange(4 * GROUP))
            chosen_logp(completion_logits(model, padded[which], lengths[which], tokens[rows], owners), tokens[rows]).mean().backward()

    once, full = paired(lambda: update(True), lambda: update(False))
    yield Row(f"update on {PROMPTS} x {GROUP} completions, prompt once a group", once, "s")
    yield Row("  prompt with every row", full, "s", full / once, "x the time")
