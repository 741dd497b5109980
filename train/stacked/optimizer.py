"""AdamW and Muon for a stack: clipping, rate and number of steps are each network's own. A step of a network is that of torch's optimisers.

Shapes: R networks.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.optim import Optimizer

from models.gpt import GPT
from train.optim import Optim

EPS, SHRINK, SMALL = 1e-8, 1e-6, 1e-7  # of torch's AdamW, of its clipping, of its Muon
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)  # coefficients of the iteration in torch's Muon
TIMES = 5


class StackedOptimizer:
    """The optimiser of a stack. `moments` holds for each weight the tensors of torch's optimiser, with a leading axis."""

    def __init__(self, model: GPT, optim: Optim):
        self.optim, self.weights = optim, dict(model.named_parameters())
        self.steps = torch.zeros(model.networks, device=model.device)  # [R]
        names = ("exp_avg", "exp_avg_sq")
        self.moments = {
            weight: {name: torch.zeros_like(p) for name in (("momentum_buffer",) if optim.by_muon(weight) else names)}
            for weight, p in self.weights.items()
        }
        for p in self.weights.values():
            p.grad = torch.zeros_like(p)

    @property
    def state(self) -> tuple[Tensor, ...]:
        """Every tensor that a step changes, gradients included."""
        moments = [x for each in self.moments.values() for x in each.values()]
        return (self.steps, *moments, *(p.detach() for p in self.weights.values()), *self.gradients)

    @property
    def gradients(self) -> list[Tensor]:
        """The gradients, which are added up in place."""
        return [p.grad for p in self.weights.values() if p.grad is not None]

    @torch.no_grad()
    def step(self, rates: Tensor, moving: Tensor) -> tuple[Tensor, ...]:  # [R], bool [R] -> [R]
        """Take a step in the networks that are `moving` and whose gradient is finite; give the norm of each gradient before clipping."""
        norms = torch.stack([g.flatten(1).square().sum(1) for g in self.gradients]).sum(0).sqrt()
        moving = moving & norms.isfinite()
        shrink = (self.optim.clip / (norms + SHRINK)).clamp(max=1.0)
        self.steps += moving
        first, second = (1 - beta ** self.steps.clamp(min=1) for beta in self.optim.betas)  # [R] corrections
        for name, p in self.weights.items():
            size = (-1, *(1,) * (p.dim() - 1))
            on, rate = moving.view(size), rates.view(size)
            assert p.grad is not None
            grad = torch.where(on, p.grad * shrink.view(size), 0.0)
            decay = 1 - rate * self.optim.weight_decay
            if self.optim.by_muon(name):
                change = _muon(grad, self.moments[name], on, self.optim)
            else:
                change = _adamw(grad, self.moments[name], on, self.optim, first.view(size), second.view(size))
            p.copy_(torch.where(on, self.optim.kept(p * decay - rate * change), p))
        return (norms,)

    def attach(self, which: int, member: GPT, optimizer: Optimizer) -> None:
        """Take over the moments of a network's own optimiser, which from now on shows those of the stack: a checkpoint of it is one of the
        network alone."""
        for name, p in member.named_parameters():
            mine = {moment: x[which] for moment, x in self.moments[name].items()} | {"step": self.steps[which]}
            theirs = optimizer.state[p]
            for moment, x in theirs.items():
                mine[moment].copy_(x)
            optimizer.state[p] = {moment: x for moment, x in mine.items() if moment != "step" or not self.optim.by_muon(name)}


def _adamw(grad: Tensor, moments: Mapping[str, Tensor], on: Tensor, optim: Optim, first: Tensor, second: Tensor) -> Tensor:
    """The direction [R, ...] of AdamW, for a gradient [R, ...] in networks that are `on`, with corrections `first` and `second` of bias."""
    for name, x, beta in zip(("exp_avg", "exp_avg_sq"), (grad, grad.square()), optim.betas, strict=True):
        moments[name].copy_(torch.where(on, moments[name].lerp(x, 1 - beta), moments[name]))
    return moments["exp_avg"] / first / ((moments["exp_avg_sq"] / second).sqrt() + EPS)


def _muon(grad: Tensor, moments: Mapping[str, Tensor], on: Tensor, optim: Optim) -> Tensor:
    """The direction [R, out, in] of Muon with Nesterov's momentum, as long as AdamW's, for a gradient [R, out, in]."""
    assert optim.matrices
    buffer, momentum = moments["momentum_buffer"], optim.matrices.momentum
    buffer.copy_(torch.where(on, buffer.lerp(grad, 1 - momentum), buffer))
    size: float = 0.2 * max(grad.shape[1:]) ** 0.5
    return orthogonalised(grad.lerp(buffer, momentum)) * size


def orthogonalised(x: Tensor) -> Tensor:  # [R, out, in] -> [R, out, in]
    """Each matrix made nearly orthogonal, as `torch.optim.Muon` does it with one matrix."""
    a, b, c = NEWTON_SCHULZ
    wide = x.shape[1] <= x.shape[2]
    y = (x if wide else x.transpose(1, 2)).bfloat16()
    y = y / y.norm(dim=(1, 2), keepdim=True).clamp(min=SMALL)
    for _ in range(TIMES):
        gram = y @ y.transpose(1, 2)
        y = torch.baddbmm(y, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), y, beta=a)
    return (y if wide else y.transpose(1, 2)).to(x)
