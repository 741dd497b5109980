"""Tokens a second of sampling: ours beside `generate` of a Llama of transformers, with its own cache, on the same prompts."""

from collections.abc import Iterator
from functools import partial

import torch

from models import GPTConfig
from models.gpt import GPT
from models.sampling import generate
from synthtasks.rng import rng
from tests.bench.peers import LLAMA, llama
from tests.bench.rows import Row, beside, missing
from tests.bench.training import VOCAB, WIDTHS
from train.policy import torch_rng

PROMPTS, GROUP, PROMPT, NEW = 32, 16, 79, 44


def sampling() -> Iterator[Row]:
    """Rows for each width."""
    prompts = torch.randint(VOCAB, (PROMPTS, PROMPT), generator=torch_rng("bench"))
    uniforms = torch.from_numpy(rng("bench").random((PROMPTS * GROUP, NEW), dtype="float32"))
    options = {"max_new_tokens": NEW, "num_return_sequences": GROUP, "do_sample": True, "top_k": 0}
    never = VOCAB  # no token: every completion runs to the limit
    for width in WIDTHS:
        c = GPTConfig(VOCAB, width)
        ours = partial(generate, GPT(c, torch_rng("bench")), prompts.tolist(), uniforms, never)
        peers = (
            {"Llama of transformers": partial(llama(c).eval().generate, prompts, attention_mask=torch.ones_like(prompts), **options)}
            if LLAMA
            else {}
        )
        yield from beside(f"sample {PROMPTS} x {GROUP} completions, width {width}: ours", PROMPTS * GROUP * NEW, "tokens", ours, peers)
        if not LLAMA:
            yield missing("  Llama of transformers")
