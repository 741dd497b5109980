"""Policies as folders of Hugging Face: `transformers` loads what is written here, and what it saves can be read.

A model without convolution is a Llama. One with convolutions brings a small file of code, which is run with `trust_remote_code=True`.
"""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from models import GPTConfig
from models.cost import matrix_weights
from models.gpt import GPT
from models.gradients import SMALLEST
from synthtasks.datasets.draft import appearing
from train.hub.llama import Json, LlamaShape, llama_config, llama_weights, own_weights, read_llama_config
from train.hub.tokenizer import read_vocab, tokenizer_files
from train.policy import LARGEST, Policy
from train.stages.disk import write_json
from train.stages.reading import read_object, reading, shown
from train.stages.seal import digest

CODE = "modeling_synthtasks.py"  # of the folder `code`, which is no package, since it needs transformers
OWN = "synthtasks"  # the type of a model with that code
WEIGHTS = "model.safetensors"
READ = ("config.json", "tokenizer.json", "tokenizer_config.json", WEIGHTS)  # files that make a policy
CARD = "README.md"
WAY_OUT = "Choose another model, or change this one and save it again"
FIELDS = {  # of a `GPTConfig`, under the names that transformers looks for
    "vocab": "vocab_size",
    "width": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "kv_heads": "num_key_value_heads",
    "feedforward": "feedforward",
    "conv": "conv",
    "context": "max_position_embeddings",
    "rope_base": "rope_base",
}


def export_policy(policy: Policy, folder: Path, card: str = "", beside: Mapping[str, str] | None = None) -> None:
    """Write a folder that `AutoModelForCausalLM.from_pretrained` loads, with a tokenizer, a card, and texts `beside` them by file name. The
    folder appears whole or not at all.

    Raises:
        ValueError: if the policy has edits of its stream, which no such folder holds.
        FileExistsError: if the folder exists.
    """
    refuse_edits(policy)
    c, weights = policy.model.config, policy.model.state_dict()
    with appearing(folder) as draft:
        named = {_there(name): weight for name, weight in weights.items()} if c.conv else llama_weights(c, weights)
        save_file(named, draft / WEIGHTS, {"format": "pt"})
        write_json(draft / "config.json", (_own_config(c) if c.conv else llama_config(c)) | _common(policy))
        write_json(draft / "generation_config.json", _generation(policy))
        for name, content in tokenizer_files(policy.vocab, c.context).items():
            write_json(draft / name, content)
        if c.conv:
            shutil.copyfile(Path(__file__).parent / "code" / CODE, draft / CODE)
        for name, text in {CARD: card, **(beside or {})}.items():
            (draft / name).write_text(text, encoding="utf-8")


def refuse_edits(policy: Policy) -> None:
    """Check that a policy has no edits.

    Raises:
        ValueError: if it has.
    """
    if policy.edits:
        raise ValueError(f"this policy has {len(policy.edits)} edits of its stream, which no such folder holds: export the policy below it")


def _there(name: str) -> str:
    """The name of a weight in the model with code; `_here` inverts it."""
    return "lm_head.weight" if name == "head.weight" else f"model.{name}"


def _here(name: str) -> str:
    return "head.weight" if name == "lm_head.weight" else name.removeprefix("model.")


def _own_config(c: GPTConfig) -> Json:
    code = CODE.removesuffix(".py")
    return {
        "architectures": ["SynthtasksForCausalLM"],
        "auto_map": {"AutoConfig": f"{code}.SynthtasksConfig", "AutoModelForCausalLM": f"{code}.SynthtasksForCausalLM"},
        "model_type": OWN,
        "rms_norm_eps": SMALLEST,
        "tie_word_embeddings": False,
        **{theirs: getattr(c, ours) for ours, theirs in FIELDS.items()},
    }


def _common(policy: Policy) -> Json:
    return {"bos_token_id": None, "eos_token_id": policy.vocab.end, "pad_token_id": 0, "dtype": "float32", "use_cache": True}


def _generation(policy: Policy) -> Json:
    """Settings of `generate` that sample from the policy itself; the library's own would cut its tail."""
    plain = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
    return plain | {"bos_token_id": None, "eos_token_id": policy.vocab.end, "pad_token_id": 0}


def folder_digest(folder: Path) -> str:
    """SHA-256, in hexadecimal, of all files in a folder that make its policy; the card and the place of the folder do not enter.

    Raises:
        FileNotFoundError: if a file is missing.
    """
    if missing := [name for name in READ if not (folder / name).is_file()]:
        more = ", in one file: save_pretrained(..., max_shard_size='100GB')" if missing == [WEIGHTS] else ""
        raise FileNotFoundError(f"{shown(folder)} is no folder of a model with its tokenizer: expected {missing[0]}{more}")
    return hashlib.sha256("".join(f"{name} {digest(folder / name)}\n" for name in READ).encode()).hexdigest()


def import_policy(folder: Path) -> Policy:
    """The policy of a folder: a Llama-shaped model with a tokenizer of words, or one that `export_policy` wrote. No code in it is run.

    Raises:
        FileNotFoundError: if a file is missing.
        Malformed: if it is malformed, or describes a model that cannot be represented here.
    """
    folder_digest(folder)
    with reading(folder / "tokenizer_config.json", WAY_OUT):
        settings = read_object(folder / "tokenizer_config.json")
    with reading(folder / "tokenizer.json", WAY_OUT):
        vocab, order = read_vocab(read_object(folder / "tokenizer.json"), settings)
    with reading(folder / "config.json", WAY_OUT):
        shape, own = _shape(read_object(folder / "config.json"))
        if shape.config.vocab != len(vocab):
            raise ValueError(f"the model has {shape.config.vocab} tokens, and its tokenizer {len(vocab)}: make them equal")
        if large := [(name, n) for name, n in vars(shape.config).items() if type(n) is int and n > LARGEST]:
            raise ValueError(f"a model of {large[0][0]}={large[0][1]:,} cannot be made")  # memory may not hold it
    with reading(folder / WEIGHTS, WAY_OUT):
        if own and matrix_weights(shape.config) > (folder / WEIGHTS).stat().st_size:  # before making a model that may exceed memory
            raise ValueError(f"it is too small for the {matrix_weights(shape.config):,} weights of the model that config.json describes")
        found = load_file(folder / WEIGHTS)
        if odd := [name for name, weight in found.items() if not weight.isfinite().all()]:
            raise ValueError(f"{odd[0]} is not of finite numbers")
        weights = {_here(name): weight.float() for name, weight in found.items()} if own else own_weights(shape, found)
        model = GPT(shape.config, torch.Generator())
        model.load_state_dict(weights)
        for table in (model.embed, model.head):
            table.weight.data = table.weight.data[list(order)]
    return Policy(model, vocab)


def _shape(record: Mapping[str, object]) -> tuple[LlamaShape, bool]:
    """The shape of a model, and True if its weights have the names that they have here."""
    kind = record.get("model_type")
    if kind == "llama":
        return read_llama_config(record), False
    if kind != OWN:
        raise ValueError(f"its model_type is {kind!r}: known are 'llama', and {OWN!r} of exported policies")
    if (epsilon := record.get("rms_norm_eps", SMALLEST)) != SMALLEST:
        raise ValueError(f"rms_norm_eps is {epsilon}: here it is {SMALLEST}")
    config = GPTConfig(**{ours: record[theirs] for ours, theirs in FIELDS.items()})  # type: ignore[arg-type]  # which checks them
    return LlamaShape(config, 0), True
