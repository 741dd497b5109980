"""Tokens a second of sampling: ours beside `generate` of a Llama of transformers, with its own cache, on the same prompts."""

from collections.abc import Iterator

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
    asked, uniforms = prompts.tolist(), torch.from_numpy(rng("bench").random((PROMPTS * GROUP, NEW), dtype="float32"))
    for width in WIDTHS:
        c = GPTConfig(VOCAB, width)
        model, other = GPT(c, torch_rng("bench")), llama(c).eval() if LLAMA else None
        never = VOCAB  # no token: every completion runs to the limit
        options = {"max_new_tokens": NEW, "num_return_sequences": GROUP, "do_sample": True, "top_k": 0}
        mask = torch.ones_like(prompts)
        peers = {"Llama of transformers": lambda m=other, o=options: m.generate(prompts, attention_mask=mask, **o)} if other else {}
        title = f"sample {PROMPTS} x {GROUP} completions, width {width}: ours"
        yield from beside(title, PROMPTS * GROUP * NEW, "tokens", lambda m=model: generate(m, asked, uniforms, never), peers)
        if not other:
            yield missing("  Llama of transformers")
