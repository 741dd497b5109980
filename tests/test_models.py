"""Laws of the model, its cache and its sampler, each against an obvious slow reference. In float64, so that equal means equal."""

import math
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from models import GPTConfig, layers, sampling
from models.cache import Seating
from models.cost import Passed
from models.edits import Edited, Project, Shift
from models.gpt import GPT
from models.gradients import Convolution, RootMeanSquare
from models.layers import Rotary, ShortConvolution, rotate
from models.sampling import completion_logits
from models.stack import share, stack

V, END = 11, 1  # words; the one that ends a completion
PLAIN = GPTConfig(V, width=16, layers=2, heads=2, kv_heads=2, conv=0, context=32)
SHAPES = {
    "llama": replace(PLAIN, heads=4, kv_heads=2, feedforward="swiglu"),
    "conv": replace(PLAIN, conv=4),
    "all": replace(PLAIN, heads=4, kv_heads=1, feedforward="swiglu", conv=4),
    "tiny-kernel": replace(PLAIN, conv=1),
    "wide-kernel": replace(PLAIN, conv=7, layers=1),  # longer than some prompts
}
EVEN, RAGGED = [[4, 5, 6], [7, 8, 9]], [[4], [5, 6, 7, 8, 9], [10, 2, 3]]
every_shape = pytest.mark.parametrize("shape", SHAPES)
every_batch = pytest.mark.parametrize(("prompts", "group"), [(EVEN, 1), (EVEN, 3), (RAGGED, 1), (RAGGED, 4)])


def g(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def net(c: GPTConfig, seed: int = 0) -> GPT:
    """A model whose convolutions do something."""
    model = GPT(c, g(seed)).double()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "convs" in name:
                weight.normal_(std=0.5, generator=g(seed + 1))
    return model


def uniform(rows: int, limit: int, seed: int = 0) -> Tensor:  # [B, T]
    return torch.rand(rows, limit, dtype=torch.float64, generator=g(seed))


def some_tokens(rows: int, length: int, seed: int = 0) -> Tensor:  # [B, T]
    return torch.randint(2, V, (rows, length), generator=g(seed))


def padded(prompts: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    return sampling.pad(prompts, torch.device("cpu"))


@torch.no_grad()
def slowly(model: GPT, prompt: Sequence[int], uniforms: Tensor, temperature: float) -> tuple[list[int], list[float]]:
    """One completion, without a cache: the whole sequence goes through the model for every token."""
    tokens, logp = list(prompt), []
    for u in uniforms:
        logs = (model(torch.tensor([tokens]))[0, -1] / temperature).log_softmax(-1)
        tokens.append(int(sampling.invert(logs.exp()[None], u[None])))
        logp.append(float(logs[tokens[-1]]))
        if tokens[-1] == END:
            break
    return tokens[len(prompt) :], logp


def whole(model: GPT, prompts: Sequence[Sequence[int]], tokens: Tensor) -> Tensor:  # [B, T] -> [B, T, V]
    """The logits of completions, each row a sequence of its own."""
    group = len(tokens) // len(prompts)
    rows = []
    for b, completion in enumerate(tokens):
        prompt = torch.tensor(prompts[b // group])
        rows.append(model(torch.cat((prompt, completion[:-1]))[None])[0, len(prompt) - 1 :])
    return torch.stack(rows)


def evenly(prompts: int, rows: int) -> Tensor:  # [B] equally many rows of each prompt
    return torch.arange(prompts).repeat_interleave(rows // prompts)


def logits_of(model: GPT, prompts: Sequence[Sequence[int]], tokens: Tensor) -> Tensor:  # [B, T, V]
    return sampling.completion_logits(model, *padded(prompts), tokens, evenly(len(prompts), len(tokens)))


def logp_of(model: GPT, prompts: Sequence[Sequence[int]], tokens: Tensor) -> Tensor:  # [B, T]
    with torch.no_grad():
        return sampling.chosen_logp(logits_of(model, prompts, tokens), tokens)


# --- sampling ---


# broken if the cache forgets, misplaces or leaks a token, or anything is sampled or counted after the end
@every_shape
@every_batch
def test_the_cache_changes_nothing(shape, prompts, group):
    model, uniforms = net(SHAPES[shape]), uniform(len(prompts) * group, 14)
    got = sampling.generate(model, prompts, uniforms, END, temperature=0.8)
    rows = [slowly(model, prompts[b // group], uniforms[b], 0.8) for b in range(len(uniforms))]
    longest = max(len(tokens) for tokens, _ in rows)
    assert got.tokens.tolist() == [tokens + [0] * (longest - len(tokens)) for tokens, _ in rows]
    assert got.mask.tolist() == [[t < len(tokens) for t in range(longest)] for tokens, _ in rows]
    assert_close(got.logp, torch.tensor([logp + [0.0] * (longest - len(logp)) for _, logp in rows], dtype=torch.float64))


# broken if a beginning that several rows share went through the model twice, or went on after its rows had ended
@every_shape
@pytest.mark.parametrize("prompts", [EVEN, RAGGED])
def test_what_rows_share_is_computed_once(shape, prompts):
    got = sampling.generate(net(SHAPES[shape]), prompts, uniform(len(prompts) * 8, 20, seed=2), END)
    rows = [row[:length] for row, length in zip(got.tokens.tolist(), got.mask.sum(1).tolist(), strict=True)]
    read = {(b // 8, *row[:t]) for b, row in enumerate(rows) for t in range(1, len(row))}  # a last token goes nowhere
    seen = [len(prompts[p]) + len(prefix) for p, *prefix in read]
    pairs = sum(seen) + sum(n * (n + 1) // 2 for n in map(len, prompts))
    assert got.forwarded == Passed(sum(map(len, prompts)) + len(read), pairs)
    assert len(read) < sum(len(row) - 1 for row in rows)


# broken if a row went to the seat of another, or an empty seat were taken for a row
def test_seating_by_hand():
    seating = Seating(torch.tensor([0, 2, 2, 2]), 4)  # prompts 1 and 3 have no row
    x = torch.tensor([5.0, 6.0, 7.0, 8.0]).view(4, 1, 1, 1)
    assert seating.by_prompt(x).flatten(1).tolist() == [[5, 0, 0], [0, 0, 0], [6, 7, 8], [0, 0, 0]]
    assert torch.equal(seating.by_row(seating.by_prompt(x)), x)


# broken if the log-probabilities that training compares with are not those of the sampler
@every_shape
@every_batch
def test_sampled_logp_is_the_recomputed_logp(shape, prompts, group):
    model = net(SHAPES[shape])
    got = sampling.generate(model, prompts, uniform(len(prompts) * group, 12), END)
    assert_close(logp_of(model, prompts, got.tokens)[got.mask], got.logp[got.mask])


# broken if the temperature does not divide the logits, or the stated distribution is not the one that was sampled
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_the_temperature_divides_the_logits(temperature):
    model, uniforms = net(PLAIN), uniform(12, 12)
    got = sampling.generate(model, RAGGED, uniforms, END, temperature)
    logits = whole(model, RAGGED, got.tokens).detach() / temperature
    assert_close(got.logp[got.mask], sampling.chosen_logp(logits, got.tokens)[got.mask])
    assert not torch.equal(got.tokens, sampling.generate(model, RAGGED, uniforms, END).tokens)


# broken if a row's sample depends on the rows beside it, or on their order
def test_a_sample_depends_on_its_prompt_and_uniforms_alone():
    model, uniforms = net(SHAPES["all"]), uniform(9, 14)
    got = sampling.generate(model, RAGGED, uniforms, END)
    order = [2, 0, 1]
    moved = sampling.generate(model, [RAGGED[p] for p in order], uniforms.view(3, 3, -1)[order].view(9, -1), END)
    assert torch.equal(moved.tokens.view(3, 3, -1), got.tokens.view(3, 3, -1)[order])
    for b in range(9):
        alone = sampling.generate(model, [RAGGED[b // 3]], uniforms[b : b + 1], END)
        assert alone.tokens[0].tolist() == got.tokens[b, got.mask[b]].tolist()
        assert_close(alone.logp[0], got.logp[b, got.mask[b]])


# broken if a uniform on a border falls on the wrong side, or a token of probability zero is ever sampled
def test_inversion_by_hand():
    last = 1 - 2**-24  # the largest float32 below one
    p = torch.tensor([0.5, 0.25, 0.25, 0.0])  # passes 0.5 at token 1, 0.75 at token 2, and never reaches token 3
    u = torch.tensor([0.0, 0.4999, 0.5, 0.7499, 0.75, last])
    assert sampling.invert(p.expand(6, 4), u).tolist() == [0, 0, 1, 1, 2, 2]
    assert sampling.invert(torch.tensor([[0.0, 1.0, 0.0]] * 2), torch.tensor([0.0, last])).tolist() == [1, 1]
    assert sampling.invert(torch.tensor([[0.2, 0.2]] * 3), torch.tensor([0.49, 0.5, last])).tolist() == [0, 1, 1]  # not normalised


# broken if rounding of the sum lets the largest uniform fall off the end, onto a token that cannot be
def test_inversion_never_leaves_the_support():
    p = torch.randn(2_000, 45, generator=g()).mul(4)
    p[:, 30:] = float("-inf")
    drawn = sampling.invert(p.softmax(-1), torch.full((2_000,), 1 - 2**-24))
    assert drawn.max() < 30


# broken if tokens do not come in proportion to their probabilities
def test_inversion_is_proportional():
    p = torch.tensor([0.1, 0.0, 0.25, 0.65], dtype=torch.float64)
    drawn = sampling.invert(p.expand(1_000, 4), (torch.arange(1_000, dtype=torch.float64) + 0.5) / 1_000)
    assert drawn.bincount(minlength=4).tolist() == [100, 0, 250, 650]


# --- log-probabilities of given words ---


# broken if a shared prompt gives other logits than a prompt of one's own
@every_shape
@every_batch
@pytest.mark.parametrize("length", [1, 6])
def test_shared_prompts_change_no_logits(shape, prompts, group, length):
    model, tokens = net(SHAPES[shape]), some_tokens(len(prompts) * group, length)
    assert_close(logits_of(model, prompts, tokens), whole(model, prompts, tokens))


# broken if a row reads another's prompt where prompts have unequally many rows, or none
@every_shape
def test_unequal_groups_change_no_logits(shape):
    model, tokens, owners = net(SHAPES[shape]), some_tokens(5, 6), torch.tensor([0, 0, 0, 2, 2])
    alone = torch.cat([whole(model, [RAGGED[p]], tokens[b : b + 1]) for b, p in enumerate(owners.tolist())])
    assert_close(sampling.completion_logits(model, *padded(RAGGED), tokens, owners), alone)


# broken if the gradient does not reach the prompt through every completion and every layer
@every_shape
@every_batch
def test_shared_prompts_change_no_gradient(shape, prompts, group):
    tokens = some_tokens(len(prompts) * group, 5)
    weights = torch.randn(tokens.shape, dtype=torch.float64, generator=g(3))
    gradients = []
    for way in (logits_of, whole):
        model = net(SHAPES[shape])
        (weights * sampling.chosen_logp(way(model, prompts, tokens), tokens)).sum().backward()
        gradients.append({name: weight.grad for name, weight in model.named_parameters()})
    assert all(grad is not None and grad.abs().sum() > 0 for grad in gradients[1].values())
    assert_close(gradients[0], gradients[1])


# broken if padding, of prompts or completions, enters a log-probability
@every_shape
def test_padding_changes_no_logp(shape):
    model, tokens = net(SHAPES[shape]), some_tokens(6, 5)
    expected = logp_of(model, RAGGED, tokens)
    prompts, lengths = padded(RAGGED)
    real = torch.arange(prompts.shape[1]) < lengths[:, None]
    longer = torch.cat((torch.where(real, prompts, 9), some_tokens(3, 4)), dim=1)  # padded with words, not with 0
    more = torch.cat((tokens, some_tokens(6, 3, seed=5)), dim=1)
    with torch.no_grad():
        logits = sampling.completion_logits(model, longer, lengths, more, evenly(3, 6))
    assert_close(sampling.chosen_logp(logits, more)[:, :5], expected)


# broken if the order of a batch, or its size, enters a log-probability
@every_shape
def test_batch_order_changes_no_logp(shape):
    model, tokens = net(SHAPES[shape]), some_tokens(6, 5)
    expected = logp_of(model, RAGGED, tokens).view(3, 2, 5)
    order = [1, 2, 0]
    moved = logp_of(model, [RAGGED[p] for p in order], tokens.view(3, 2, 5)[order].flip(1).reshape(6, 5))
    assert_close(moved.view(3, 2, 5), expected[order].flip(1))
    for p in range(3):
        assert_close(logp_of(model, RAGGED[p : p + 1], tokens[2 * p : 2 * p + 2]), expected[p])


# broken if a log-probability is of another token, or not normalised
def test_chosen_logp_by_hand():
    logits = torch.tensor([[[1.0, 2.0, 4.0], [3.0, 3.0, 2.0]]]).log()  # of 7, of 8
    assert_close(sampling.chosen_logp(logits, torch.tensor([[2, 0]])), torch.tensor([[4 / 7, 3 / 8]]).log())


# --- the model ---


# broken if a token is seen before it is there, or is not seen once it is
@every_shape
def test_a_later_token_changes_no_earlier_logit(shape):
    model, tokens = net(SHAPES[shape]), some_tokens(1, 10)
    with torch.no_grad():
        before = model(tokens)
        for t in range(10):
            changed = tokens.clone()
            changed[0, t] = (tokens[0, t] + 1) % V
            after = model(changed)
            assert torch.equal(after[:, :t], before[:, :t])
            assert (after[0, t:] - before[0, t:]).abs().amax(-1).min() > 1e-6


# broken if attention sees absolute positions, or the first position is rotated
def test_rotation_sees_distances_only():
    angles = Rotary(replace(PLAIN, context=64)).double().angles  # [64, 2, d]
    q, k = torch.randn(2, 1, 1, 1, 8, dtype=torch.float64, generator=g())
    assert_close(rotate(q, angles[:1]), q)
    products = [(rotate(q, angles[i + 5 : i + 6]) * rotate(k, angles[i : i + 1])).sum() for i in (0, 7, 40)]
    assert_close(products[1:], [products[0]] * 2, atol=1e-5, rtol=0)
    assert abs(products[0] - (rotate(q, angles[6:7]) * rotate(k, angles[:1])).sum()) > 1e-3


# broken if the convolution looks ahead, takes its kernel backwards or leaves out its input
def test_short_convolution_by_hand():
    conv = ShortConvolution(width=1, kernel=2, index=0)
    x = torch.tensor([[[1.0], [2.0], [3.0]]])
    assert torch.equal(conv(x, None), x)  # zero at first
    with torch.no_grad():
        conv.kernel.copy_(torch.tensor([[10.0], [1.0]]))
    assert conv(x, None).flatten().tolist() == [2.0, 14.0, 26.0]  # x + 1 * x + 10 * the one before


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=g(sum(shape)), requires_grad=True)


# broken if a gradient by hand is not that of the formula, for one network or a stack, or a kernel longer than a row
@pytest.mark.parametrize("networks", [1, 2])
def test_gradients_by_hand_are_those_of_their_functions(networks):
    assert torch.autograd.gradcheck(RootMeanSquare.apply, (numbers(networks, 6, 5), numbers(networks, 5)))
    for tokens, earlier in ((7, 0), (2, 0), (7, 3), (4, 3)):
        assert torch.autograd.gradcheck(
            partial(Convolution.apply, earlier=earlier), (numbers(networks, 2, tokens, 3), numbers(networks, 4, 3))
        )


# broken if a norm by hand is another than torch's
def test_the_norm_is_that_of_torch():
    x, gain = numbers(1, 6, 5), numbers(1, 5)
    assert_close(RootMeanSquare.apply(x, gain), F.rms_norm(x, (5,), gain[0], 1e-6))


# broken if a second derivative came out wrong instead of being refused
def test_gradients_by_hand_have_no_second_derivative():
    for y in (RootMeanSquare.apply(numbers(1, 6, 5), gain := numbers(1, 5)), Convolution.apply(numbers(1, 2, 7, 5), gain[None], 0)):
        (first,) = torch.autograd.grad(y.square().sum(), gain, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            first.sum().backward()


# broken if a product by oneDNN mixes tokens, or has other gradients than torch's; 23 * 33 tokens cannot be dealt evenly
@pytest.mark.parametrize(("rows", "tokens"), [(4, 128), (16, 32), (23, 33)])
def test_products_by_onednn_are_those_of_torch(rows, tokens):
    x, weight = torch.randn(rows, tokens, 12, generator=g()), torch.randn(20, 12, generator=g(1))
    assert layers._images(x) >= 16
    found = []
    for product in (lambda x, w: layers._convolved(x, w, layers._images(x)), F.linear):
        leaves = x.clone().requires_grad_(), weight.clone().requires_grad_()
        y = product(*leaves)
        found.append((y, *torch.autograd.grad(y, leaves, torch.randn(y.shape, generator=g(2)))))
    assert_close(found[0], found[1], rtol=1e-4, atol=1e-4)


# broken if a fresh convolution changes the model, or takes numbers from the generator
def test_a_fresh_convolution_is_none():
    tokens = some_tokens(2, 6)
    assert_close(GPT(replace(PLAIN, conv=4), g())(tokens), GPT(PLAIN, g())(tokens))


# broken if anything but the generator decides the weights
@every_shape
def test_initialisation_comes_from_the_generator_alone(shape):
    models = []
    for everywhere, own in ((0, 0), (1, 0), (0, 1)):
        with torch.random.fork_rng():
            torch.manual_seed(everywhere)
            models.append(GPT(SHAPES[shape], g(own)).state_dict())
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])
    assert not any(torch.equal(models[0][name], models[2][name]) for name in models[0] if "conv" not in name and "norm" not in name)


# broken if a weight starts at another scale than 1 / sqrt(inputs), or what is added to the stream is not scaled down
def test_initial_scales():
    model = GPT(GPTConfig(500, width=64, layers=2), g())
    deviations = {name: float(weight.detach().std()) for name, weight in model.named_parameters() if weight.dim() == 2}
    expected = {"embed.weight": 1, "head.weight": 1 / 8}
    for layer in ("blocks.0", "blocks.1"):  # out: 1 / sqrt(inputs) / sqrt(2 * layers)
        expected |= {f"{layer}.attention.qkv.weight": 1 / 8, f"{layer}.attention.out.weight": 1 / 16}
        expected |= {f"{layer}.feedforward.up.weight": 1 / 8, f"{layer}.feedforward.out.weight": 1 / 32}
        expected |= {f"{layer}.convs.0.kernel": 0, f"{layer}.convs.1.kernel": 0}
    assert deviations == pytest.approx(expected, rel=0.05)


# broken if the default model grows or shrinks
def test_size_by_hand():
    # embed and head 2 * 45 * 64; last norm 64; per block: norms 128, kernels 2 * 4 * 64, attention 4 * 64^2, feed-forward 8 * 64^2
    assert 2 * 45 * 64 + 64 + 2 * (128 + 512 + 12 * 64**2) == 105_408
    assert sum(weight.numel() for weight in GPT(GPTConfig(45), g()).parameters()) == 105_408


# broken if grouped keys, or SwiGLU, do not cost what they should
def test_size_of_a_llama_by_hand():
    # width 16: attention q 16 * 16, k and v 2 * 16 * 8, out 16 * 16; SwiGLU with 42 inside: up 16 * 84, down 42 * 16
    expected = 2 * V * 16 + 16 + 2 * (32 + 16 * 32 + 16 * 16 + 16 * 84 + 42 * 16)
    assert sum(weight.numel() for weight in GPT(SHAPES["llama"], g()).parameters()) == expected


# --- edits ---


def stir(stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
    """Depends on both the stream and the token, and changes the prompt as well as the completion."""
    return stream.flip(-1) + tokens[..., None] / 4


def steered(c: GPTConfig) -> Edited:
    """Edited at every block, by an edit of each kind."""
    edits = (Shift(torch.arange(16.0) / 8, -0.5), stir, Project(torch.arange(16.0)))
    return Edited(net(c), {layer: edits[(layer + c.conv) % 3] for layer in range(c.layers)})


# broken if an edit is not applied, is applied at another block, or does not see the stream that leaves it
def test_edits_change_the_stream():
    model = net(SHAPES["all"])
    one, two = some_tokens(2, 6, seed=1), some_tokens(2, 6, seed=2)
    seen: dict[int, Tensor] = {}

    def record(layer: int, stream: Tensor, tokens: Tensor) -> Tensor:
        assert torch.equal(tokens, one)
        seen[layer] = stream
        return stream

    with torch.no_grad():
        logits = model(one)
        assert torch.equal(Edited(model, {layer: partial(record, layer) for layer in (0, 1)})(one), logits)
        assert {layer: stream.shape for layer, stream in seen.items()} == {0: (2, 6, 16), 1: (2, 6, 16)}
        for layer in (0, 1):  # the stream of one, put into two, makes it one
            assert_close(Edited(model, {layer: lambda stream, tokens, layer=layer: seen[layer]})(two), logits)
        assert_close(model.head(model.norm(seen[1])), logits)
        nothing = Edited(model, {1: lambda stream, tokens: 0 * stream})
        assert torch.equal(nothing(one), 0 * logits)
        assert torch.equal(model(one), logits)


# broken if wrapping a model changes a bit of what it samples or learns, or copies or renames its weights
@every_shape
def test_without_edits_nothing_changes(shape):
    model, uniforms = net(SHAPES[shape]), uniform(6, 12)
    plain = Edited(model, {})
    drawn, again = (sampling.generate(net, RAGGED, uniforms, END) for net in (model, plain))
    assert all(torch.equal(getattr(again, name), getattr(drawn, name)) for name in ("tokens", "lengths", "mask", "logp"))
    assert (again.forwarded, again.measured) == (drawn.forwarded, ())
    assert torch.equal(logp_of(plain, RAGGED, some_tokens(6, 5)), logp_of(model, RAGGED, some_tokens(6, 5)))
    assert [(name, id(w)) for name, w in plain.named_parameters()] == [(name, id(w)) for name, w in model.named_parameters()]
    assert list(plain.state_dict()) == list(model.state_dict())
    plain.load_state_dict(net(SHAPES[shape], seed=9).state_dict())
    assert torch.equal(model(some_tokens(1, 5)), net(SHAPES[shape], seed=9)(some_tokens(1, 5)))


# broken if an edit misses a token of a prompt, a shared prompt, or a token that is read with the cache, or is applied to one twice
@every_shape
@every_batch
def test_edits_are_sampled_and_scored_alike(shape, prompts, group):
    model, uniforms = steered(SHAPES[shape]), uniform(len(prompts) * group, 14)
    got = sampling.generate(model, prompts, uniforms, END)
    rows = [slowly(model, prompts[b // group], uniforms[b], 1.0) for b in range(len(uniforms))]
    assert [row[:n] for row, n in zip(got.tokens.tolist(), got.mask.sum(1).tolist(), strict=True)] == [tokens for tokens, _ in rows]
    assert_close(got.logp[got.mask], torch.tensor([x for _, logp in rows for x in logp], dtype=torch.float64))
    assert_close(logp_of(model, prompts, got.tokens)[got.mask], got.logp[got.mask])
    assert (logits_of(model, prompts, got.tokens) - logits_of(net(SHAPES[shape]), prompts, got.tokens)).abs().amax(-1).min() > 1e-3


# broken if the edit stops the gradient on its way to the base, to the prompt, or to a vector that is itself learned
@every_shape
def test_gradients_pass_edits(shape):
    tokens, gradients = some_tokens(6, 5), []
    for way in (logits_of, whole):
        model, vector = net(SHAPES[shape]), torch.ones(16, requires_grad=True)
        sampling.chosen_logp(way(Edited(model, {0: Shift(vector)}), RAGGED, tokens), tokens).sum().backward()
        gradients.append({"vector": vector.grad} | {name: weight.grad for name, weight in model.named_parameters()})
    assert all(grad is not None and grad.abs().sum() > 0 for grad in gradients[0].values())
    assert_close(gradients[0], gradients[1])


# broken if steering has another sign or scale, or ablation leaves some of the direction or takes more
def test_standard_edits_by_hand():
    stream, tokens = torch.tensor([[[1.0, 2.0], [5.0, 0.0]]]), torch.zeros(1, 2, dtype=torch.long)
    assert Shift(torch.tensor([1.0, -1.0]), 0.5)(stream, tokens).tolist() == [[[1.5, 1.5], [5.5, -0.5]]]
    # along (3, 4) / 5: of (1, 2) 11 / 5, of (5, 0) 3
    assert_close(Project(torch.tensor([3.0, 4.0]))(stream, tokens), torch.tensor([[[1 - 33 / 25, 2 - 44 / 25], [5 - 9 / 5, -12 / 5]]]))


# broken if editing an edited model drops the first edit, or reverses their order
def test_edits_follow_one_another():
    model, v, tokens = net(PLAIN), torch.arange(16.0), some_tokens(2, 5)
    assert_close(Edited(Edited(model, {0: Shift(v)}), {0: Project(v), 1: stir})(tokens), Edited(model, {0: Project(v), 1: stir})(tokens))
    assert_close(Edited(Edited(model, {0: Shift(v)}), {0: Shift(v, -1)})(tokens), model(tokens))


# broken if naming the shape of a model took the seconds in which torch is imported
def test_a_config_needs_no_torch():
    code = "import sys; from models import GPTConfig; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parent.parent, timeout=60)


# --- errors ---


# broken if a sequence of exactly the context is refused, or padding is taken for words when there is no room
def test_the_context_is_usable_to_its_end():
    model = net(replace(PLAIN, context=8))
    assert model(some_tokens(1, 8)).shape == (1, 8, V)
    got = sampling.generate(model, [[4, 5, 6]], torch.zeros(1, 6, dtype=torch.float64), end=V)  # the last is not read
    assert got.tokens.shape == (1, 6)
    assert logp_of(model, [[4, 5, 6]], got.tokens).shape == (1, 6)


# broken if a caller's mistake passes, or its message does not say what was found
@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: GPTConfig(V, width=60, heads=4), r"the width must be a multiple of 2 \* heads.*found width=60, heads=4, kv_heads=4"),
        (lambda: GPTConfig(V, heads=4, kv_heads=3), r"heads a multiple of kv_heads; found width=64, heads=4, kv_heads=3"),
        (lambda: net(PLAIN)(some_tokens(1, 33)), r"a sequence of 33 tokens exceeds the context of 32; raise GPTConfig.context"),
        (lambda: sampling.generate(net(PLAIN), [[4] * 30], torch.zeros(1, 4), V), r"take 33 tokens, which exceeds the context of 32"),
        (lambda: logp_of(net(PLAIN), [[4] * 30, [5]], some_tokens(4, 4)), r"33 tokens exceeds the context of 32"),
        (lambda: sampling.generate(net(PLAIN), EVEN, uniform(3, 4), END), r"uniforms has 3 rows, which is no multiple of the 2 prompts"),
        (lambda: sampling.generate(net(PLAIN), EVEN, uniform(2, 4), END, 0.0), r"the temperature must be positive and finite; found 0.0"),
        (lambda: Edited(net(PLAIN), {2: stir}), r"edits names block 2; there are blocks 0 to 1"),
        (lambda: Edited(net(PLAIN), {-1: stir}), r"edits names block -1; there are blocks 0 to 1"),
        (lambda: Edited(net(PLAIN), {0: lambda x, _: x[:1]})(some_tokens(2, 3)), r"the edit of block 0 gave \(1, 3, 16\) for \(2, 3, 16\)"),
        (
            lambda: Edited(net(PLAIN), {0: Shift(torch.ones(1))})(some_tokens(2, 3)),
            r"Shift.vector has 1 numbers; a model of width 16 needs as many as that",
        ),
        (
            lambda: Edited(net(PLAIN), {0: Project(torch.ones(8))})(some_tokens(2, 3)),
            r"Project.direction has 8 numbers; a model of width 16",
        ),
        (lambda: Shift(torch.ones(1, 16)), r"Shift.vector is a tensor \[D\] of finite floats; found tensor"),
        (lambda: Shift(torch.tensor([math.nan])), r"Shift.vector is a tensor \[D\] of finite floats; found tensor\(\[nan\]\)"),
        (lambda: Shift(torch.ones(16), math.inf), r"Shift.scale is a finite number; found inf"),
        (lambda: Project(torch.zeros(16)), r"Project.direction is zero"),
        (lambda: sampling.generate(net(PLAIN), EVEN, uniform(2, 4), END, -1.0), r"the temperature must be positive and finite; found -1.0"),
    ],
)
def test_mistakes_are_named(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()


# A stack that mixed up its networks, in any layer, pass or cache, would learn and sample as nobody's network.
@pytest.mark.parametrize("feedforward", ["gelu", "swiglu"])
def test_stack_is_its_networks_one_by_one(feedforward):
    config = GPTConfig(11, width=16, heads=4, kv_heads=2, feedforward=feedforward, context=32)
    models = [GPT(config, torch.Generator().manual_seed(i)) for i in range(3)]
    for model in models:
        for convolution in (c for block in model.blocks for c in block.convs):
            convolution.kernel.data.normal_(generator=torch.Generator().manual_seed(5))
    stacked, g = stack(models), torch.Generator().manual_seed(9)
    prompts, tokens = torch.randint(11, (3 * 2, 7), generator=g), torch.randint(11, (3 * 4, 6), generator=g)
    lengths, owners = torch.tensor([7, 4] * 3), torch.arange(6).repeat_interleave(2)
    found = completion_logits(stacked, prompts, lengths, tokens, owners)
    parts = zip(models, prompts.chunk(3), tokens.chunk(3), strict=True)
    expected = torch.cat([completion_logits(m, p, lengths[:2], t, owners[:4]) for m, p, t in parts])
    assert_close(found, expected, rtol=1e-5, atol=1e-5)
    weigh = torch.randn(found.shape, generator=g)
    (found * weigh).sum().backward()
    (expected * weigh).sum().backward()
    for i, model in enumerate(models):
        for name, weight in model.named_parameters():
            assert_close(stacked.get_parameter(name).grad[i], weight.grad, rtol=1e-4, atol=1e-5)
        assert all(torch.equal(stacked.get_parameter(name)[i], weight) for name, weight in model.named_parameters())


# torch's own way of stacking networks is an oracle: it knows nothing of ours.
@pytest.mark.filterwarnings("ignore:There is a performance drop")
def test_stack_agrees_with_vmap():
    models = [GPT(GPTConfig(11, width=16, context=16), torch.Generator().manual_seed(i)) for i in range(3)]
    tokens = torch.randint(11, (3, 4, 9), generator=torch.Generator().manual_seed(1))
    weights, buffers = torch.func.stack_module_state(models)  # type: ignore[arg-type]
    expected = torch.vmap(lambda w, b, x: torch.func.functional_call(models[0], (w, b), (x,)))(weights, buffers, tokens)
    assert_close(stack(models)(tokens.flatten(0, 1)).view(expected.shape), expected, rtol=1e-5, atol=1e-5)


# A network that only copied its weights would be saved or sampled as it was before learning.
def test_network_shares_its_weights_with_the_stack():
    models = [GPT(GPTConfig(11, width=16), torch.Generator().manual_seed(i)) for i in range(2)]
    stacked = stack(models)
    for which, model in enumerate(models):
        share(stacked, which, model)
    with torch.no_grad():
        stacked.embed.weight[1].zero_()
    assert not models[1].embed.weight.any()
    assert models[0].embed.weight.any()


# Networks of two shapes, or with edits, would be stacked by whatever broadcasts.
def test_stack_refuses_what_is_no_plain_network():
    one, other = (GPT(GPTConfig(11, width=w), torch.Generator()) for w in (16, 32))
    for wrong in ([], [one, other], [stack([one])], [Edited(one, {})]):
        with pytest.raises(ValueError, match="a stack is of plain networks of one shape"):
            stack(wrong)
