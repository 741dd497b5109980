"""The shape and weights of a Llama-shaped model, as Hugging Face names them, from and to those of a `GPT`.

Norms, the layout of rotary channels and grouped heads are the same in both. Three differences are folded into weights, exactly:
GELU is a gated layer whose other factor is 1, by a bias; another epsilon of the norms is another scale of the residual stream; and a
narrower gated layer is a wide one with zeros, which stay zero while it learns.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from models import GPTConfig
from models.gradients import SMALLEST
from train.stages.reading import a_count, a_number, an_object

Json = dict[str, object]
OUTSIDE = {"model.embed_tokens.weight": "embed.weight", "model.norm.weight": "norm.gain", "lm_head.weight": "head.weight"}
INSIDE = {  # a block
    "self_attn.o_proj.weight": "attention.out.weight",
    "mlp.down_proj.weight": "feedforward.out.weight",
    "input_layernorm.weight": "norms.0.gain",
    "post_attention_layernorm.weight": "norms.1.gain",
}
ADDED = ("embed.weight", "attention.out.weight", "feedforward.out.weight")  # what is added to the residual stream
UNUSED = "rotary_emb.inv_freq"  # earlier versions keep it with the weights
FIXED = {  # settings that have one value here
    "attention_bias": (False, "attention has no biases here"),
    "attention_dropout": (0, "there is no dropout here"),
    "tie_word_embeddings": (False, "embedding and head are two matrices that learn apart here; untie them, by a copy, before it is saved"),
    "rope_scaling": (None, "rotary angles are not scaled here"),
    "quantization_config": (None, "weights are numbers in 32 bits here"),
}


@dataclass(frozen=True)
class LlamaShape:
    """The shape of the model here, and what of Llama's differs from it."""

    config: GPTConfig
    inner: int  # width of the feed-forward layer
    epsilon: float = SMALLEST  # of the norms


def inner_width(c: GPTConfig) -> int:
    """The inner width of the feed-forward layers of a `GPT`."""
    return 8 * c.width // 3 if c.feedforward == "swiglu" else 4 * c.width


def llama_config(c: GPTConfig) -> Json:
    """The content of `config.json` of a model without convolution."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": c.vocab,
        "hidden_size": c.width,
        "intermediate_size": inner_width(c),
        "num_hidden_layers": c.layers,
        "num_attention_heads": c.heads,
        "num_key_value_heads": c.kv_heads,
        "head_dim": c.width // c.heads,
        "hidden_act": "silu" if c.feedforward == "swiglu" else "gelu",
        "mlp_bias": c.feedforward == "gelu",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "max_position_embeddings": c.context,
        "rms_norm_eps": SMALLEST,
        "rope_theta": c.rope_base,  # as version 4 reads it, and below as version 5 does
        "rope_parameters": {"rope_type": "default", "rope_theta": c.rope_base},
        "tie_word_embeddings": False,
    }


def read_llama_config(record: Mapping[str, object]) -> LlamaShape:
    """The shape that a `config.json` describes.

    Raises:
        ValueError: if a `GPT` cannot compute what it describes.
        KeyError: if it lacks a size.
    """
    for name, (value, reason) in FIXED.items():
        if (found := record.get(name, value)) != value:
            raise ValueError(f"{name} is {found!r}, and has to be {value!r}: {reason}")
    rope = an_object(record.get("rope_parameters") or {})
    if rope.get("rope_type", "default") != "default" or rope.get("partial_rotary_factor", record.get("partial_rotary_factor", 1)) != 1:
        raise ValueError(f"rope_parameters is {rope}: rotary angles are not scaled here, and every channel is rotated")
    activation, biased = record.get("hidden_act", "silu"), record.get("mlp_bias", False)
    if (activation, biased) not in (("silu", False), ("gelu", True)):
        known = "silu without biases, or gelu with a bias, as an exported policy has them"
        raise ValueError(f"hidden_act is {activation!r} with mlp_bias {biased!r}: feed-forward layers here are of {known}")
    width, heads = a_count(record["hidden_size"]), a_count(record["num_attention_heads"])
    config = GPTConfig(
        vocab=a_count(record["vocab_size"]),
        width=width,
        layers=a_count(record["num_hidden_layers"]),
        heads=heads,
        kv_heads=a_count(record.get("num_key_value_heads") or heads),
        feedforward="gelu" if biased else "swiglu",
        conv=0,
        context=a_count(record["max_position_embeddings"]),
        rope_base=a_number(rope.get("rope_theta", record.get("rope_theta", 10_000.0))),
    )
    if (head := record.get("head_dim") or width // heads) != width // heads:
        raise ValueError(f"head_dim is {head}: here it is the width over the heads, {width // heads}")
    if (inner := a_count(record["intermediate_size"])) > inner_width(config):
        raise ValueError(f"intermediate_size is {inner}: feed-forward layers of width {width} have at most {inner_width(config)} here")
    return LlamaShape(config, inner, a_number(record.get("rms_norm_eps", SMALLEST), 1e-30))


def llama_weights(c: GPTConfig, own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a model without convolution under Llama's names, from those of a `GPT`."""
    found = {theirs: own[ours] for theirs, ours in _one_to_one(c).items()}
    for layer in range(c.layers):
        here, there = f"blocks.{layer}.", f"model.layers.{layer}."
        heads = own[f"{here}attention.qkv.weight"].split(_heads(c))  # type: ignore[no-untyped-call]
        found |= {f"{there}self_attn.{name}_proj.weight": weight for name, weight in zip("qkv", heads, strict=True)}
        up = own[f"{here}feedforward.up.weight"]
        if c.feedforward == "swiglu":
            gate, up = up.chunk(2)
            found |= {f"{there}mlp.gate_proj.weight": gate, f"{there}mlp.up_proj.weight": up}
        else:
            found |= {f"{there}mlp.gate_proj.weight": up, f"{there}mlp.up_proj.weight": torch.zeros_like(up)}
            found |= {f"{there}mlp.{name}_proj.bias": bias for name, bias in _biases(c.width, len(up)).items()}
    return {name: weight.contiguous() for name, weight in found.items()}


def own_weights(shape: LlamaShape, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a `GPT`, in 32 bits, from those of a Llama-shaped model.

    Raises:
        ValueError: if one is missing, is left over or has another shape, or a feed-forward layer with biases is no folded one.
    """
    c, left = shape.config, {name: weight for name, weight in weights.items() if not name.endswith(UNUSED)}
    wide, widest = shape.inner, inner_width(c)

    def take(name: str, *sizes: int) -> Tensor:
        if name not in left or left[name].shape != sizes or not left[name].is_floating_point():
            found = f"{left[name].dtype} {list(left[name].shape)}" if name in left else "none"
            raise ValueError(f"{name} has to be floats {list(sizes)}; found {found}")
        return left.pop(name).float()

    def padded(weight: Tensor, dim: int) -> Tensor:
        more = list(weight.shape)
        more[dim] = widest - wide
        return torch.cat((weight, weight.new_zeros(more)), dim)

    sizes = {"embed.weight": (c.vocab, c.width), "head.weight": (c.vocab, c.width), "attention.out.weight": (c.width, c.width)}
    sizes["feedforward.out.weight"] = (c.width, wide)
    found: dict[str, Tensor] = {}
    for theirs, ours in _one_to_one(c).items():
        kind = ours.split(".", 2)[2] if ours.startswith("blocks.") else ours
        weight = take(theirs, *sizes.get(kind, (c.width,)))
        weight = padded(weight, 1) if kind == "feedforward.out.weight" else weight
        found[ours] = weight * sqrt(SMALLEST / shape.epsilon) if kind in ADDED else weight
    for layer in range(c.layers):
        here, there = f"blocks.{layer}.", f"model.layers.{layer}."
        heads = [take(f"{there}self_attn.{name}_proj.weight", n, c.width) for name, n in zip("qkv", _heads(c), strict=True)]
        gate, up = (padded(take(f"{there}mlp.{name}_proj.weight", wide, c.width), 0) for name in ("gate", "up"))
        if c.feedforward == "gelu":
            biases = {name: take(f"{there}mlp.{name}_proj.bias", len(bias)) for name, bias in _biases(c.width, wide).items()}
            if up.any() or any((biases[name] != bias).any() for name, bias in _biases(c.width, wide).items()):
                raise ValueError(f"the feed-forward layer {layer} has learned biases, or a second factor: there are none here")
        found |= {f"{here}attention.qkv.weight": torch.cat(heads)}
        found |= {f"{here}feedforward.up.weight": torch.cat((gate, up)) if c.feedforward == "swiglu" else gate}
    if left:
        raise ValueError(f"{min(left)} {list(left[min(left)].shape)} has no place in this model, which has no biases, adapters or the like")
    return found


def _one_to_one(c: GPTConfig) -> dict[str, str]:
    """Llama's names of the weights that are the same here, with the names here."""
    inside = {f"model.layers.{n}.{theirs}": f"blocks.{n}.{ours}" for n in range(c.layers) for theirs, ours in INSIDE.items()}
    return OUTSIDE | inside


def _heads(c: GPTConfig) -> tuple[int, int, int]:
    """The widths of all queries, keys and values."""
    shared = c.width // c.heads * c.kv_heads
    return c.width, shared, shared


def _biases(width: int, inner: int) -> dict[str, Tensor]:
    """The biases by which a gated layer is one without gate: its second factor is 1."""
    return {"gate": torch.zeros(inner), "up": torch.ones(inner), "down": torch.zeros(width)}
