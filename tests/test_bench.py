"""The parts of `make bench`, at sizes of a second: their figures are no use, but that they run is."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from models import GPTConfig
from tests.bench import checking, grpo, learnable, making, prompts, rows, sampling, scoring, training
from tests.bench.bench import PARTS
from tests.tiny import TINY

SMALL: Mapping[object, Mapping[str, object]] = {
    rows: {"ROUNDS": 1},
    training: {"WIDTHS": (16,), "STEPS": 1, "B": 2},
    sampling: {"WIDTHS": (16,), "PROMPTS": 2, "NEW": 3},
    prompts: {"PROMPTS": 4, "GROUP": 2, "FEW": 1},
    scoring: {"SMOKE": TINY, "SCALES": {"cpu": replace(TINY, lines=6, deepest=6)}, "SAMPLES": 8, "AGREE": 4},
    making: {"COUNT": 2},
    checking: {"PROBLEMS": 2, "GROUP": 4, "ITERATIONS": 1, "BUILT": 1},
    learnable: {"ITERATIONS": 1, "TOKENS": 128, "HELD_OUT": 2, "EASY": dict(list(learnable.EASY.items())[:2])},
}


# A part that no longer fits what it measures would be found by whoever asks for its figures, months later.
@pytest.mark.parametrize("part", [part for part in PARTS if part != "grpo"])
def test_every_part_runs(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, sizes in SMALL.items():
        for name, size in sizes.items():
            monkeypatch.setattr(module, name, size)
    found = list(PARTS[part]())
    assert found
    assert all(row.figure is None or math.isfinite(row.figure) for row in found)


# Completions that end early would make our iteration of GRPO shorter than the one beside it.
def test_completions_of_the_grpo_beside_trl_run_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpo, "PROBLEMS", 2)
    monkeypatch.setattr(grpo, "GROUP", 4)
    vocab = grpo.SURFACE.vocab(grpo.FAMILY.names, grpo.FAMILY.primitives, grpo.FAMILY.modulus)
    longest = max(len(grpo.SURFACE.solution(p)) for p in grpo.named(grpo.FAMILY, "train", range(8), "any"))
    assert grpo.ours(vocab, GPTConfig(len(vocab), 16), tmp_path)() == longest + grpo.Sampler().spare
