"""Models of equal shape from elsewhere: nanoGPT's, written out, and a Llama of Hugging Face's transformers, where that is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import GPTConfig

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

LLAMA = find_spec("transformers") is not None


class NanoBlock(nn.Module):
    """Attention and a GELU layer, each behind a LayerNorm without bias."""

    def __init__(self, c: GPTConfig):
        super().__init__()
        self.heads = c.heads
        self.norms = nn.ModuleList(nn.LayerNorm(c.width, bias=False) for _ in range(2))
        self.qkv = nn.Linear(c.width, 3 * c.width, bias=False)
        self.out = nn.Linear(c.width, c.width, bias=False)
        self.up = nn.Linear(c.width, 4 * c.width, bias=False)
        self.down = nn.Linear(4 * c.width, c.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, D] -> [B, T, D]
        B, T, D = x.shape
        q, k, v = (y.view(B, T, self.heads, -1).transpose(1, 2) for y in self.qkv(self.norms[0](x)).split(D, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(B, T, D))
        return x + self.down(F.gelu(self.up(self.norms[1](x))))


class NanoGPT(nn.Module):
    """The shape of nanoGPT: learned positions, LayerNorm, GELU, the head's weights are the embedding's."""

    def __init__(self, c: GPTConfig):
        super().__init__()
        self.words, self.places = nn.Embedding(c.vocab, c.width), nn.Embedding(c.context, c.width)
        self.blocks = nn.Sequential(*(NanoBlock(c) for _ in range(c.layers)))
        self.norm = nn.LayerNorm(c.width, bias=False)
        self.head = nn.Linear(c.width, c.vocab, bias=False)
        self.head.weight = self.words.weight

    def forward(self, tokens: Tensor) -> Tensor:  # [B, T] -> [B, T, V]
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.head(self.norm(self.blocks(self.words(tokens) + self.places(places))))


def llama(c: GPTConfig) -> LlamaForCausalLM:
    """A Llama of this shape, with the parameters of a GELU layer in its SwiGLU, and no end token: completions run to their limit."""
    from transformers import LlamaConfig, LlamaForCausalLM

    sizes = {"hidden_size": c.width, "intermediate_size": 8 * c.width // 3, "num_hidden_layers": c.layers, "num_attention_heads": c.heads}
    tokens = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": 0}
    config = LlamaConfig(vocab_size=c.vocab, num_key_value_heads=c.kv_heads, max_position_embeddings=c.context, **sizes, **tokens)
    return LlamaForCausalLM(config)
