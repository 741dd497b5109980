"""The pace of a stack of R networks: training, sampling, RL, and what torch.compile makes of it."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models import GPTConfig
from models.gpt import GPT
from models.replay import Replay
from tests.gpu.frame import Check, Figures, OutOfTimeError, Place, until
from tests.gpu.machine import share
from tests.gpu.single import GROUP, LARGE, NEW, PROMPT, PROMPTS, SMALL, VOCAB
from train.losses.imitate import weighted
from train.optim import Muon, Optim
from train.policy import torch_rng
from train.run import Asked, Term
from train.stacked.network import Stacked

STACKS, LARGE_STACKS = (1, 16, 64), (1, 4, 16)  # R
ON_CPU = 4  # the largest R there
ROUNDS, FEW = 5, 3
COMPILING = 60.0  # seconds in which the model has to be compiled
KERNELS = 8  # of a profile


@dataclass(frozen=True)
class Shape:
    """The rows of an update of each network: P prompts of S tokens, G rows of T tokens after each."""

    prompts: int
    group: int
    prompt: int
    tokens: int

    @property
    def each(self) -> int:
        """Tokens of a network."""
        return self.prompts * (self.prompt + self.group * self.tokens)

    def term(self, which: int) -> Term:
        """Random tokens, as a mean."""
        g, rows = torch_rng("gpu", which), self.prompts * self.group
        prompts = torch.randint(VOCAB, (self.prompts, self.prompt), generator=g)
        tokens = torch.randint(VOCAB, (rows, self.tokens), generator=g)
        owners = torch.arange(self.prompts).repeat_interleave(self.group)
        weights = torch.full(tokens.shape, -1 / tokens.numel())
        return Term(prompts, torch.full((self.prompts,), self.prompt), tokens, owners, weighted, (weights,))


QUESTIONS, LINES, RL = Shape(3, 8, 72, 48), Shape(24, 1, 80, 48), Shape(PROMPTS, GROUP, PROMPT, 48)


def stacked(place: Place, config: GPTConfig, networks: int, optim: Optim) -> Stacked:
    """Fresh networks on the device."""
    return Stacked([GPT(config, torch_rng("gpu", i)).to(place.device) for i in range(networks)], optim)


def stepping(stack: Stacked, shape: Shape) -> Callable[[], object]:
    """An optimiser step of all networks of a stack."""
    asked = [(which, [(1.0, [shape.term(which)])], 1e-3) for which in range(stack.model.networks)]
    return lambda: stack.step(asked)


def replays(stack: Stacked) -> Callable[[], None]:
    """The captured work of a step on the device: the last pass and the update."""
    last = (*stack._passes.values(),)[-1]
    graphs = [(*each.captured.values(),)[-1][0] for each in (last, stack._update)]

    def again() -> None:
        for graph in graphs:
            graph.replay()

    return again


def by_size(place: Place, stacks: Sequence[int], measure: Callable[[Place, int], Figures]) -> Figures:
    """The figures of stacks of several sizes R, each with its peak memory."""
    figures: Figures = {}
    for networks in (networks for networks in stacks if place.device.type == "cuda" or networks <= ON_CPU):
        forget(place)
        try:
            found = measure(place, networks)
        except torch.OutOfMemoryError:  # a finding: other GPUs have less memory
            found = {"too large": "out of memory"}
        figures |= {f"R = {networks}: {name}": x for name, x in (found | peak(place)).items()}
    forget(place)
    return figures


def forget(place: Place) -> None:
    """Give back the memory that earlier stacks took, and count its peak anew."""
    gc.collect()  # passes and their stack refer to each other
    if place.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(place.device)


def peak(place: Place) -> Figures:
    """The peak of memory since `forget`."""
    return {"GiB": torch.cuda.max_memory_reserved(place.device) / 2**30} if place.device.type == "cuda" else {}


@dataclass(frozen=True)
class Training:
    """Steps of stacks of several sizes."""

    config: GPTConfig
    shape: Shape
    optim: Optim
    stacks: tuple[int, ...]

    def __call__(self, place: Place) -> Figures:
        figures: Figures = {"tokens of a network": float(self.shape.each)} | by_size(place, self.stacks, self._one)
        first, ratio = self.stacks[:2]
        of, more = (figures.get(f"R = {networks}: ms a step") for networks in (first, ratio))
        if isinstance(of, float) and isinstance(more, float):
            figures[f"a step of R = {ratio} / of R = {first}"] = more / of
        return figures

    def _one(self, place: Place, networks: int) -> Figures:
        from models.cost import matrix_weights

        stack = stacked(place, self.config, networks, self.optim)
        step, tokens = stepping(stack, self.shape), networks * self.shape.each
        began = time.perf_counter()
        step()
        figures: Figures = {"first step, s": time.perf_counter() - began}
        seconds = place.seconds(step, ROUNDS)
        figures |= {"ms a step": 1e3 * seconds, "tokens/s": tokens / seconds}
        if place.device.type == "cuda":
            seconds = place.seconds(replays(stack), ROUNDS)
            figures |= {"ms on the device": 1e3 * seconds}
        return figures | share(place, 6 * matrix_weights(self.config) * tokens / seconds)


def sampling(place: Place) -> Figures:
    """Completions of prompts, as in an iteration of RL, and an update on as many rows."""
    return by_size(place, STACKS if place.device.type == "cuda" else STACKS[:1], _practised)


def _practised(place: Place, networks: int) -> Figures:
    stack = stacked(place, SMALL, networks, Optim())
    asked = [(which, _asked(which)) for which in range(networks)]
    seconds, new = place.seconds(lambda: stack.draw(asked), FEW), networks * PROMPTS * GROUP * NEW
    figures: Figures = {"sampling, ms": 1e3 * seconds, "new tokens/s": new / seconds}
    figures |= {f"{name} of sampling": x for name, x in peak(place).items()}
    if place.device.type == "cuda":
        figures |= _token(place, stack)
    seconds = place.seconds(stepping(stack, RL), FEW)
    figures |= {"update, ms": 1e3 * seconds, "tokens of updates/s": networks * RL.each / seconds}
    if place.device.type == "cuda":
        figures["update, ms on the device"] = 1e3 * place.seconds(replays(stack), FEW)
    return figures


def _asked(which: int) -> Asked:
    g = torch_rng("gpu", which)
    prompts = torch.randint(1, VOCAB, (PROMPTS, PROMPT), generator=g)
    return Asked(
        prompts, torch.full((PROMPTS,), PROMPT), torch.rand(PROMPTS * GROUP, NEW, generator=g), VOCAB
    )  # an end that is no token: all run to the limit


def _token(place: Place, stack: Stacked) -> Figures:
    """A step of sampling on the device, and its kernels at one size."""
    (one,) = stack._samplings.values()
    token = _alone(one._one, one.cache.at)
    figures: Figures = {"a token, ms on the device": 1e3 * place.seconds(token, FEW)}
    return figures | (_profile(token) if stack.model.networks == STACKS[1] else {})


def _alone(one: Replay, at: Tensor) -> Callable[[], None]:
    """A step of sampling, again and again at the first place, which is as dear as all others."""

    def step() -> None:
        at.zero_()
        one()

    return step


def _profile(do: Callable[[], None]) -> Figures:
    """The kernels that take most of the time of a call, in microseconds."""
    from torch.profiler import ProfilerActivity, profile

    do()
    with profile(activities=[ProfilerActivity.CUDA]) as found:
        do()
        torch.cuda.synchronize()
    kernels = sorted(found.key_averages(), key=lambda kernel: -kernel.device_time_total)[:KERNELS]
    return {f"us of {kernel.count} x {kernel.key[:70]}": float(kernel.device_time_total) for kernel in kernels}


def compiled(place: Place) -> Figures:
    """A step of R = 16 whose passes are compiled, against one whose passes are not."""
    from models import fixed
    from models.sampling import chosen_logp

    networks = STACKS[1]
    forget(place)
    stack = stacked(place, SMALL, networks, Optim(matrices=Muon()))
    step = stepping(stack, QUESTIONS)
    before, before_device = place.seconds(step, ROUNDS), place.seconds(replays(stack), ROUNDS) if place.device.type == "cuda" else 0.0
    logits = torch.compile(fixed.row_logits, dynamic=False)

    def run(prompts: Tensor, lengths: Tensor, real: Tensor, tokens: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
        with torch.enable_grad():
            logp = chosen_logp(logits(stack.model, prompts, lengths, tokens, False), tokens)
            values = weighted(logp, *given).view(networks, -1).sum(1)
            values.sum().backward()  # type: ignore[no-untyped-call]
        return (values.detach(),)

    figures: Figures = {"ms a step": 1e3 * before, "ms on the device": 1e3 * before_device}
    for key in stack._passes:
        stack._passes[key] = Replay(run, stack.optimizer.gradients)
    began = time.monotonic()
    try:
        with until(began + COMPILING):
            step()
    except OutOfTimeError:
        return figures | {"seconds to compile": f"more than {COMPILING:g}"}
    figures["seconds to compile"] = time.monotonic() - began
    figures["compiled, ms a step"] = 1e3 * place.seconds(step, ROUNDS)
    if place.device.type == "cuda":
        figures["compiled, ms on the device"] = 1e3 * place.seconds(replays(stack), ROUNDS)
    return figures


MUON = Optim(matrices=Muon())
CHECKS = (
    Check("train a stack: 3 statements with 8 questions each, Muon", Training(SMALL, QUESTIONS, MUON, STACKS)),
    Check("train a stack: 24 rows of 128, AdamW", Training(SMALL, LINES, Optim(), STACKS)),
    Check("train a stack of large networks: 24 rows of 128, AdamW", Training(LARGE, LINES, Optim(), LARGE_STACKS), "cuda"),
    Check("sample with a stack, and learn from it: 32 x 16 completions of 44", sampling),
)
COMPILED = Check("train a stack, compiled", compiled, "cuda")
