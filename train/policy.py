"""Policies: a model with its vocabulary, and how both lie on disk."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import torch
from safetensors.torch import load_model, save

from models.gpt import GPT, GPTConfig
from synthtasks.checked import From, check
from synthtasks.rng import rng
from synthtasks.vocab import Vocab
from train.disk import replacing
from train.stage import Stage
from train.store import Store, defined, write_json


@dataclass(frozen=True)
class Policy:
    """A model and the words that its tokens stand for."""

    model: GPT
    vocab: Vocab


def save_policy(policy: Policy, out: Path) -> None:
    """Write `policy.json` (shape and vocabulary) and `policy.safetensors` (weights)."""
    write_json(out / "policy.json", {"config": asdict(policy.model.config), "vocab": policy.vocab.words})
    with replacing(out / "policy.safetensors") as file:
        file.write(save({name: weight.contiguous() for name, weight in policy.model.state_dict().items()}))


def load_policy(folder: Path) -> Policy:
    """The policy that a stage left in `folder`.

    Raises:
        Undefined: if that stage has no answer.
        FileNotFoundError: if the folder holds no policy.
    """
    if not (defined(folder) / "policy.json").exists():
        raise FileNotFoundError(f"{folder} holds no policy: expected policy.json and policy.safetensors, as `Fresh` and `Learn` leave them")
    record = json.loads((folder / "policy.json").read_text(encoding="utf-8"))
    model = GPT(GPTConfig(**record["config"]), torch.Generator())
    load_model(model, str(folder / "policy.safetensors"))
    return Policy(model, Vocab(tuple(record["vocab"])))


def torch_rng(*path: str | int) -> torch.Generator:
    """The torch generator of that name."""
    return torch.Generator().manual_seed(int(rng(*path).integers(2**62)))


@dataclass(frozen=True, eq=False, repr=False)
class Fresh(Stage):
    """An untrained policy.

    Raises:
        ValueError: if the model's and the vocabulary's sizes differ, or a field holds what it cannot.
    """

    config: GPTConfig
    vocab: Vocab
    seed: Annotated[int, From(0)] = 0

    writes: ClassVar[tuple[str, ...]] = ("policy.json", "policy.safetensors")

    def __post_init__(self) -> None:
        check(self)
        if self.config.vocab != len(self.vocab):
            raise ValueError(f"the model has {self.config.vocab} tokens, its vocabulary {len(self.vocab)} words; make them equal")

    def run(self, out: Path, store: Store) -> None:
        save_policy(Policy(GPT(self.config, torch_rng("init", self.seed)), self.vocab), out)
