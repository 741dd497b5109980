"""Policies: a model with its vocabulary, and how both lie on disk."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, ClassVar

import torch
from safetensors.torch import load_file, save

from models import GPTConfig
from models.gpt import GPT
from synthtasks.checked import From, check
from synthtasks.rng import rng
from synthtasks.vocab import Vocab
from train.ledger import matrix_weights
from train.stages.disk import replacing, write_json
from train.stages.reading import a_text, an_object, read_object, reading, shown
from train.stages.seal import defined
from train.stages.stage import Context, Stage

LARGEST = 1 << 22  # words, layers, width or context of a model that is read


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
        Malformed: if what it holds cannot be read.
    """
    if not (defined(folder) / "policy.json").exists():
        raise FileNotFoundError(f"{shown(folder)} holds no policy: expected policy.json and policy.safetensors. Choose a folder of `Learn`")
    with reading(file := folder / "policy.json"):
        said = read_object(file)
        vocab = Vocab(_words(said["vocab"]))
        config = _config(an_object(said["config"]), vocab)
    with reading(file := folder / "policy.safetensors"):
        if 4 * matrix_weights(config) > file.stat().st_size:  # before there is a model, which may be larger than memory
            raise ValueError(f"it is too small for the {matrix_weights(config):,} weights of the model that policy.json describes")
        weights = load_file(file)
        if odd := [name for name, weight in weights.items() if weight.dtype != torch.float32 or not weight.isfinite().all()]:
            raise ValueError(f"{odd[0]} is not of finite numbers in 32 bits")
        model = GPT(config, torch.Generator())
        model.load_state_dict(weights)
    return Policy(model, vocab)


def _words(said: object) -> tuple[str, ...]:
    if not isinstance(said, list):
        raise ValueError(f"expected a list of words, found {str(said)[:40]}")
    return tuple(a_text(word) for word in said)


def _config(said: Mapping[str, object], vocab: Vocab) -> GPTConfig:
    """The shape of a model that reads this vocabulary, and that memory may hold."""
    config = GPTConfig(**said)  # type: ignore[arg-type]  # checked next
    check(config)
    counts = {f.name: value for f in fields(config) if type(value := getattr(config, f.name)) is int}
    if odd := [name for name, value in counts.items() if not (name != "conv") <= value <= LARGEST]:
        raise ValueError(f"a model of {odd[0]}={counts[odd[0]]:,} cannot be made")
    if config.vocab != len(vocab) or config.rope_base <= 0:
        raise ValueError(f"a model of {config} does not read a vocabulary of {len(vocab)} words")
    return config


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

    def run(self, out: Path, context: Context) -> None:
        save_policy(Policy(GPT(self.config, torch_rng("init", self.seed)), self.vocab), out)
