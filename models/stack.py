"""A stack of R networks of one shape: a `GPT` whose weights have a leading axis, so that one matrix product serves all of them.

Rows of a stack, [R * B, T] tokens for instance, are those of the first network, then those of the second, and so on.
"""

from collections.abc import Sequence

import torch

from models.gpt import GPT


def stack(models: Sequence[GPT]) -> GPT:
    """The stack of these networks; it holds copies of their weights.

    Raises:
        ValueError: if there is none, they differ in shape, or one of them is edited or a stack itself.
    """
    kinds = {(type(model), model.config, model.head.weight.dim()) for model in models}
    if len(kinds) != 1 or kinds != {(GPT, models[0].config, 2)}:
        raise ValueError(f"a stack is of plain networks of one shape; found {[(type(m).__name__, m.config) for m in models]}")
    made, named = GPT(models[0].config, torch.Generator()).to(models[0].device), [dict(model.named_parameters()) for model in models]
    for name, weight in made.named_parameters():
        weight.data = torch.stack([weights[name].detach() for weights in named])
    return made.train(models[0].training)


def share(stacked: GPT, which: int, model: GPT) -> None:
    """Let `model` be network `which` of a stack: from now on it holds the stack's weights, and a change in place is a change of both."""
    weights = dict(stacked.named_parameters())
    for name, weight in model.named_parameters():
        weight.data = weights[name].data[which]
