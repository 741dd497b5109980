"""Policies: a model with its vocabulary, on disk and as stages.

Torch is slow to import. Files that define stages and losses, such as this one, import it inside the functions that use it, so that listing
and planning studies do not wait for it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol

from models import GPTConfig
from models.cost import matrix_weights
from synthtasks.checked import From, check
from synthtasks.rng import rng
from synthtasks.vocab import Vocab
from train.stages.disk import replacing, write_json
from train.stages.reading import a_list, a_text, an_object, read_object, reading, shown
from train.stages.seal import defined
from train.stages.stage import Context, Stage, closure

if TYPE_CHECKING:
    import torch

    from models.edits import Edit
    from models.gpt import GPT
    from train.edits import Edits

WEIGHTS = "policy.safetensors"  # where a policy's weights lie
LARGEST = 1 << 22  # limit of words, layers, width and context when a model is read


@dataclass(frozen=True)
class Policy:
    """A model with the vocabulary of its tokens."""

    model: GPT
    vocab: Vocab
    edits: Edits = ()  # of the model

    def __repr__(self) -> str:
        of = self.model.config
        edits = f", {len(self.edits)} edits" if self.edits else ""
        return f"Policy({of.layers} layers of width {of.width}, {matrix_weights(of):,} weights, {len(self.vocab)} words{edits})"

    def edited(self, block: int, edit: Edit) -> Policy:
        """The policy with one more edit, of the stream that leaves a block.

        Raises:
            ValueError: if there is no such block.
        """
        from models.edits import Edited

        return replace(self, model=Edited(self.model, {block: edit}), edits=(*self.edits, (block, edit)))


def save_policy(policy: Policy, out: Path) -> None:
    """Write `policy.json` (shape, vocabulary, edits) and `policy.safetensors` (weights, and the tensors of edits).

    Raises:
        ValueError: if an edit cannot be kept.
    """
    from train.edits import edit_records

    edits = {"edits": edit_records(policy.edits)} if policy.edits else {}
    write_json(out / "policy.json", {"config": asdict(policy.model.config), "vocab": policy.vocab.words} | edits)
    save_weights(policy, out / WEIGHTS)


def save_weights(policy: Policy, path: Path) -> None:
    """Write the content of `policy.safetensors` to a file of any name."""
    from safetensors.torch import save

    from train.edits import edit_tensors

    tensors = policy.model.state_dict() | edit_tensors(policy.edits)
    with replacing(path) as file:
        file.write(save({name: x.contiguous() for name, x in tensors.items()}))


def load_policy(folder: Path, weights_file: str = WEIGHTS) -> Policy:
    """The policy that a stage wrote to `folder`, with weights from one of its files.

    Raises:
        Undefined: if that stage has no answer.
        FileNotFoundError: if the folder holds no policy.
        Malformed: if what it holds cannot be read.
    """
    import torch
    from safetensors.torch import load_file

    from models.gpt import GPT
    from train.edits import PREFIX, read_edits

    if not (defined(folder) / "policy.json").exists():
        raise FileNotFoundError(f"{shown(folder)} holds no policy: expected policy.json and policy.safetensors. Choose a folder of `Learn`")
    with reading(file := folder / "policy.json"):
        record = read_object(file)
        vocab = Vocab(tuple(map(a_text, a_list(record["vocab"]))))
        config = GPTConfig(**an_object(record["config"]))  # type: ignore[arg-type]  # which checks them
        if large := [(name, value) for name, value in vars(config).items() if type(value) is int and value > LARGEST]:
            raise ValueError(f"a model of {large[0][0]}={large[0][1]:,} cannot be made")  # memory may not hold it
        if config.vocab != len(vocab):
            raise ValueError(f"a model of {config} does not read a vocabulary of {len(vocab)} words")
    with reading(file := folder / weights_file):
        if 4 * matrix_weights(config) > file.stat().st_size:  # before making a model that may exceed memory
            raise ValueError(f"it is too small for the {matrix_weights(config):,} weights of the model that policy.json describes")
        weights = load_file(file)
        if odd := [name for name, weight in weights.items() if weight.dtype != torch.float32 or not weight.isfinite().all()]:
            raise ValueError(f"{odd[0]} is not of finite numbers in 32 bits")
        model = GPT(config, torch.Generator())
        model.load_state_dict({name: weight for name, weight in weights.items() if not name.startswith(PREFIX)})
        policy = Policy(model, vocab)
        for block, edit in read_edits(record.get("edits", []), weights):
            policy = policy.edited(block, edit)
    return policy


def torch_rng(*path: str | int) -> torch.Generator:
    """The torch generator of that name."""
    import torch

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

    writes: ClassVar[tuple[str, ...]] = ("policy.json", WEIGHTS)

    def __post_init__(self) -> None:
        check(self)
        if self.config.vocab != len(self.vocab):
            raise ValueError(f"the model has {self.config.vocab} tokens, its vocabulary {len(self.vocab)} words; make them equal")

    @property
    def memory(self) -> float:
        return 4.0 * matrix_weights(self.config)

    def run(self, out: Path, context: Context) -> None:
        from models.gpt import GPT

        save_policy(Policy(GPT(self.config, torch_rng("init", self.seed)), self.vocab), out)


class MakesEdit(Protocol):
    """Makes an edit from its fields: numbers, or stages whose results it reads."""

    def edit(self, context: Context) -> Edit: ...


@dataclass(frozen=True, eq=False, repr=False)
class Steer(Stage):
    """The policy with edits, each of the stream that leaves a block. Learning from it keeps the edits and changes only the weights.

    Raises:
        ValueError: if there is no edit; from `run`, if there is no such block, or an edit does not fit the model.
    """

    policy: Stage
    edits: tuple[tuple[Annotated[int, From(0)], MakesEdit], ...]

    writes: ClassVar[tuple[str, ...]] = ("policy.json", WEIGHTS)

    def __post_init__(self) -> None:
        check(self)
        if not self.edits:
            raise ValueError("Steer.edits needs an edit, with its block; found none")

    def run(self, out: Path, context: Context) -> None:
        import torch

        policy = load_policy(context.get(self.policy))
        for block, made in self.edits:
            policy = policy.edited(block, made.edit(context))
        with torch.no_grad():
            policy.model(torch.zeros(1, 1, dtype=torch.long))  # an edit of another width is refused here
        save_policy(policy, out)


def untrained(stage: Stage) -> tuple[Fresh, ...]:
    """The untrained policy at the root of a stage, if there is one."""
    return tuple(s for s in closure((stage,)) if isinstance(s, Fresh))[:1]
