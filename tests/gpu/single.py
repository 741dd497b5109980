"""One model by itself, eagerly: its training and its sampling."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from models import GPTConfig
from tests.gpu.frame import Check, Figures, Place
from tests.gpu.machine import share

ROWS, TOKENS, VOCAB = 24, 128, 61  # of an iteration of pretraining at the cpu scale
PROMPTS, GROUP, PROMPT, NEW = 32, 16, 79, 44  # of an iteration of RL
SMALL, LARGE = GPTConfig(VOCAB), GPTConfig(VOCAB, width=256, layers=4, heads=8, kv_heads=8)


@dataclass(frozen=True)
class Training:
    """Optimiser steps on random tokens: forward, backward, AdamW."""

    config: GPTConfig
    rows: int

    def __call__(self, place: Place) -> Figures:
        from models.cost import matrix_weights

        step = self._step(place.device)
        seconds = place.seconds(step)
        tokens = self.rows * TOKENS
        figures: Figures = {"ms a step": 1e3 * seconds, "tokens/s": tokens / seconds}
        return figures | share(place, 6 * matrix_weights(self.config) * tokens / seconds)

    def _step(self, device: torch.device) -> Callable[[], None]:
        from models.gpt import GPT
        from models.sampling import chosen_logp
        from train.optim import Optim
        from train.policy import torch_rng

        model = GPT(self.config, torch_rng("gpu")).to(device)
        optimizer = Optim().optimizer(model.named_parameters())
        tokens = torch.randint(VOCAB, (self.rows, TOKENS + 1), generator=torch_rng("gpu")).to(device)

        def step() -> None:
            optimizer.zero_grad()
            loss = -chosen_logp(model(tokens[:, :-1]), tokens[:, 1:]).mean()
            torch.autograd.backward(loss)
            optimizer.step()

        return step


def sampling(place: Place) -> Figures:
    """Completions of prompts by a fresh model; all run to the limit."""
    from models.gpt import GPT
    from models.sampling import generate
    from synthtasks.rng import rng
    from train.policy import torch_rng

    model = GPT(SMALL, torch_rng("gpu")).to(place.device)
    prompts = torch.randint(VOCAB, (PROMPTS, PROMPT), generator=torch_rng("gpu")).tolist()
    uniforms = torch.from_numpy(rng("gpu").random((PROMPTS * GROUP, NEW), dtype="float32"))
    seconds = place.seconds(lambda: generate(model, prompts, uniforms, VOCAB))
    return {"ms": 1e3 * seconds, "new tokens/s": PROMPTS * GROUP * NEW / seconds}


CHECKS = (
    Check("train one, eager: width 64, 2 layers, 3,072 tokens", Training(SMALL, ROWS)),
    Check("train one, eager: width 256, 4 layers, 32,768 tokens", Training(LARGE, 256), "cuda"),
    Check("sample with one, eager: 32 x 16 completions of 44", sampling),
)
