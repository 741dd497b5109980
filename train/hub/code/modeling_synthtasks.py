"""A small decoder-only transformer with a short convolution before each attention and feed-forward layer.

An exported folder holds a copy of this file, which `AutoModelForCausalLM.from_pretrained(folder, trust_remote_code=True)` runs. It imports
torch and transformers (4.56 and later) alone. Sequences may be padded on the left or on the right, not inside.

Shapes: B rows, T new tokens, S tokens with those of the cache, D width, V words, H heads, K heads of keys and values, d = D / H.
"""

from dataclasses import fields
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.cache_utils import DynamicCache, DynamicLayer
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast

CACHE = "cache" if "cache" in {f.name for f in fields(CausalLMOutputWithPast)} else "past_key_values"  # the name differs between versions
SHOWS = ("output_attentions", "output_hidden_states")  # requests that this model does not answer


class SynthtasksConfig(PretrainedConfig):
    """The shape of a model."""

    model_type = "synthtasks"
    keys_to_ignore_at_inference = ("past_key_values", "cache")

    def __init__(
        self,
        vocab_size: int = 2,
        hidden_size: int = 64,
        num_hidden_layers: int = 2,
        num_attention_heads: int = 4,
        num_key_value_heads: int = 4,
        feedforward: str = "gelu",
        conv: int = 4,
        max_position_embeddings: int = 256,
        rope_base: float = 10_000.0,
        rms_norm_eps: float = 1e-6,
        use_cache: bool = True,
        **others: object,
    ):
        self.vocab_size, self.hidden_size, self.num_hidden_layers = vocab_size, hidden_size, num_hidden_layers
        self.num_attention_heads, self.num_key_value_heads = num_attention_heads, num_key_value_heads
        self.feedforward, self.conv, self.max_position_embeddings = feedforward, conv, max_position_embeddings
        self.rope_base, self.rms_norm_eps, self.use_cache = rope_base, rms_norm_eps, use_cache
        super().__init__(**{"tie_word_embeddings": False, **others})


class Norm(nn.Module):
    """Root-mean-square norm with a gain."""

    def __init__(self, c: SynthtasksConfig):
        super().__init__()
        self.epsilon = c.rms_norm_eps
        self.gain = nn.Parameter(torch.ones(c.hidden_size))  # [D]

    def forward(self, x: Tensor) -> Tensor:  # [B, T, D] -> [B, T, D]
        return x * (x.square().mean(-1, keepdim=True) + self.epsilon).rsqrt() * self.gain


class ShortConvolution(nn.Module):
    """A causal depthwise convolution, added to its input. A cache keeps its inputs as it keeps keys, so it can be cropped and reordered."""

    def __init__(self, c: SynthtasksConfig, index: int):
        super().__init__()
        self.index = index  # of its layer in a cache
        self.kernel = nn.Parameter(torch.zeros(c.conv, c.hidden_size))  # [conv, D]; the last row weighs the token itself

    def forward(self, x: Tensor, past: DynamicCache | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        T, earlier = x.shape[1], len(self.kernel) - 1
        seen = x if past is None else past.update(x[:, None], x[:, None, :, :0], self.index)[0][:, 0]  # [B, S, D]
        seen = F.pad(seen, (0, 0, earlier, 0))[:, -(earlier + T) :]
        return x + sum(tap * seen[:, j : j + T] for j, tap in enumerate(self.kernel))


class Attention(nn.Module):
    """Self-attention with rotary position embeddings."""

    def __init__(self, c: SynthtasksConfig, layer: int):
        super().__init__()
        self.layer, self.heads, self.kv_heads = layer, c.num_attention_heads, c.num_key_value_heads
        self.head = c.hidden_size // self.heads
        self.qkv = nn.Linear(c.hidden_size, (self.heads + 2 * self.kv_heads) * self.head, bias=False)
        self.out = nn.Linear(c.hidden_size, c.hidden_size, bias=False)

    def forward(self, x: Tensor, angles: Tensor, mask: Tensor, past: DynamicCache | None) -> Tensor:
        """[B, T, D], [B or 1, T, 2, d], bool [B, 1, T, S] -> [B, T, D]."""
        B, T, D = x.shape
        cos, sin = angles[:, None].unbind(3)  # [B or 1, 1, T, d] each
        heads = self.qkv(x).view(B, T, -1, self.head).transpose(1, 2)
        q, k, v = heads.split((self.heads, self.kv_heads, self.kv_heads), dim=1)  # [B, H, T, d], [B, K, T, d] twice
        q, k = (y * cos + torch.cat((y[..., self.head // 2 :], y[..., : self.head // 2]), -1) * sin for y in (q, k))
        if past is not None:
            k, v = past.update(k, v, self.layer)  # [B, K, S, d] each
        k, v = (y.repeat_interleave(self.heads // self.kv_heads, dim=1) for y in (k, v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(y.transpose(1, 2).reshape(B, T, D))


class FeedForward(nn.Module):
    """GELU with an inner width of 4 D, or SwiGLU with 8/3 D."""

    def __init__(self, c: SynthtasksConfig):
        super().__init__()
        self.gated = c.feedforward == "swiglu"
        inner = 8 * c.hidden_size // 3 if self.gated else 4 * c.hidden_size
        self.up = nn.Linear(c.hidden_size, inner * (1 + self.gated), bias=False)
        self.out = nn.Linear(inner, c.hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, D] -> [B, T, D]
        up = self.up(x)
        if not self.gated:
            return self.out(F.gelu(up))
        gate, up = up.chunk(2, dim=-1)
        return self.out(F.silu(gate) * up)


class Block(nn.Module):
    """Attention, then the feed-forward layer; each reads the stream through a norm and a short convolution."""

    def __init__(self, c: SynthtasksConfig, layer: int):
        super().__init__()
        self.norms = nn.ModuleList((Norm(c), Norm(c)))
        first = c.num_hidden_layers + 2 * layer  # in a cache, after the layers of keys and values
        self.convs = nn.ModuleList(ShortConvolution(c, first + i) for i in range(2) if c.conv)
        self.attention = Attention(c, layer)
        self.feedforward = FeedForward(c)

    def forward(self, x: Tensor, angles: Tensor, mask: Tensor, real: Tensor, past: DynamicCache | None) -> Tensor:
        """[B, T, D], [B or 1, T, 2, d], bool [B, 1, T, S], [B, T, 1] -> [B, T, D]. `real` is 0 on padding and 1 elsewhere."""
        x = x + self.attention(self._input(0, x, real, past), angles, mask, past)
        return x + self.feedforward(self._input(1, x, real, past))

    def _input(self, sublayer: int, x: Tensor, real: Tensor, past: DynamicCache | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        x = self.norms[sublayer](x)
        return self.convs[sublayer](x * real, past) if self.convs else x  # a convolution reads zeros before the first token


class SynthtasksPreTrainedModel(PreTrainedModel):
    """Facts about both models below."""

    config_class = SynthtasksConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _no_split_modules = ("Block",)


class SynthtasksModel(SynthtasksPreTrainedModel):
    """The model without its head."""

    def __init__(self, config: SynthtasksConfig):
        super().__init__(config)
        self.embed = nn.Embedding(config.vocab_size, config.hidden_size)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.num_hidden_layers))
        self.norm = Norm(config)
        self.gradient_checkpointing = False
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.embed

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.embed = value

    def forward(
        self,
        input_ids: Tensor,  # [B, T]
        attention_mask: Tensor | None = None,  # [B, S], 0 on padding
        position_ids: Tensor | None = None,  # [B or 1, T]
        past_key_values: DynamicCache | None = None,
        cache: DynamicCache | None = None,  # its name in later versions
        use_cache: bool | None = None,
        **others: object,
    ) -> BaseModelOutputWithPast:
        """The residual stream [B, T, D] after the last norm.

        Raises:
            ValueError: if the sequence is longer than the context, or something is asked that this model does not give.
        """
        if asked := [name for name in SHOWS if others.get(name)]:
            raise ValueError(f"this model does not give {asked[0].removeprefix('output_')}; leave {asked[0]} out")
        (B, T), device, c = input_ids.shape, input_ids.device, self.config
        recomputing = self.gradient_checkpointing and self.training
        wanted = (c.use_cache if use_cache is None else use_cache) and not recomputing
        past = self._past(cache if past_key_values is None else past_key_values, wanted)
        before = 0 if past is None else past.get_seq_length()
        if before + T > c.max_position_embeddings:
            raise ValueError(f"a sequence of {before + T} tokens, padding included, exceeds the context of {c.max_position_embeddings}")
        places = torch.arange(before + T, device=device)
        real = torch.ones(B, before + T, device=device) if attention_mask is None else attention_mask
        if real.shape != (B, before + T):
            raise ValueError(f"attention_mask has to be {[B, before + T]}, cached tokens included; found {list(real.shape)}")
        position_ids = places[None, before:] if position_ids is None else position_ids
        angles = _angles(c.hidden_size // c.num_attention_heads, c.max_position_embeddings, c.rope_base, device)[position_ids]
        x = self.embed(input_ids)  # [B, T, D]
        queries = places[before:, None]
        mask = ((places <= queries) & real.bool()[:, None, None]) | (places == queries)  # without any key, some kernels give NaN
        for block in self.blocks:
            given = (x, angles.to(x.dtype), mask, real[:, before:, None].to(x.dtype), past)
            x = self._gradient_checkpointing_func(block.__call__, *given) if recomputing else block(*given)
        return BaseModelOutputWithPast(last_hidden_state=self.norm(x), **{CACHE: past})

    def _past(self, past: DynamicCache | None, wanted: bool) -> DynamicCache | None:
        """The cache, with layers for the inputs of convolutions after those for keys and values."""
        if past is None and not wanted:
            return None
        past = DynamicCache() if past is None else past
        if not isinstance(past, DynamicCache):
            raise ValueError(f"this model takes a DynamicCache; found {type(past).__name__}: leave cache_implementation out")
        while len(past.layers) < self.config.num_hidden_layers * (3 if self.config.conv else 1):
            past.layers.append(DynamicLayer())
        return past


class SynthtasksForCausalLM(SynthtasksPreTrainedModel, GenerationMixin):
    """The model with its head."""

    def __init__(self, config: SynthtasksConfig):
        super().__init__(config)
        self.model = SynthtasksModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.model.embed

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.model.embed = value

    def get_output_embeddings(self) -> nn.Module:
        return self.lm_head

    def set_output_embeddings(self, value: nn.Linear) -> None:
        self.lm_head = value

    def forward(
        self,
        input_ids: Tensor,  # [B, T]
        attention_mask: Tensor | None = None,  # [B, S], 0 on padding
        position_ids: Tensor | None = None,  # [B or 1, T]
        past_key_values: DynamicCache | None = None,
        cache: DynamicCache | None = None,  # its name in later versions
        use_cache: bool | None = None,
        labels: Tensor | None = None,  # [B, T]; -100 carries no loss
        logits_to_keep: int = 0,  # of the last tokens; 0: of all
        **others: object,
    ) -> CausalLMOutputWithPast:
        """The logits [B, T, V] of the token that follows each of `input_ids`, and their cross-entropy if there are `labels`.

        Raises:
            ValueError: as the model without its head.
        """
        found = self.model(input_ids, attention_mask, position_ids, past_key_values, cache, use_cache, **others)
        logits = self.lm_head(found.last_hidden_state[:, -logits_to_keep:])  # -0 keeps all
        loss = None if labels is None else self.loss_function(logits, labels, vocab_size=self.config.vocab_size, **others)
        return CausalLMOutputWithPast(loss=loss, logits=logits, **{CACHE: found.get(CACHE)})


@lru_cache(maxsize=8)
def _angles(head: int, context: int, base: float, device: torch.device) -> Tensor:  # [context, 2, d]
    """Cosine and signed sine of the angle of each channel at each position, of 64-bit angles."""
    half = head // 2
    angle = torch.arange(context, dtype=torch.float64)[:, None] * base ** (-torch.arange(half, dtype=torch.float64) / half)
    return torch.stack((torch.cat((angle, angle), 1).cos(), torch.cat((-angle, angle), 1).sin()), dim=1).float().to(device)
