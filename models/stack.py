"""A stack of R networks of one shape: a `GPT` whose weights have a leading axis, so that one matrix product serves all of them.

Rows of a stack, [R * B, T] tokens for instance, are those of the first network, then those of the second, and so on.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from models.gpt import GPT


def stack(models: Sequence[GPT]) -> GPT:
    """The stack of these networks; it holds copies of their weights.

    Raises:
        ValueError: if there is none, they differ in shape, or one of them is edited or a stack itself.
    """
    kinds = {(type(model), model.config, model.head.weight.dim()) for model in models}
    if len(kinds) != 1 or kinds != {(GPT, models[0].config, 2)}:
        raise ValueError(f"a stack is of plain networks of one shape; found {[(type(m).__name__, m.config) for m in models]}")
    named = [dict(model.named_parameters()) for model in models]
    return _with(models[0], lambda name: torch.stack([weights[name].detach() for weights in named]))


def member(stacked: GPT, which: int) -> GPT:
    """Network `which` of a stack. It shares its weights with the stack: a change in place is a change of both."""
    weights = dict(stacked.named_parameters())
    return _with(stacked, lambda name: weights[name].detach()[which])


def _with(like: GPT, weight: Callable[[str], Tensor]) -> GPT:
    """A network of the same configuration with other weights, by name."""
    made = GPT(like.config, torch.Generator()).to(like.device)
    for name, _ in list(made.named_parameters()):
        module, _, attribute = name.rpartition(".")
        setattr(made.get_submodule(module), attribute, nn.Parameter(weight(name)))
    return made.train(like.training)
