"""Choices of tokens, for credit rules that treat some tokens otherwise than the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol

from synthtasks.checked import Above, Checked
from synthtasks.rng import rng
from synthtasks.surfaces import ROLES
from synthtasks.surfaces.surface import Role
from train.rl.rollouts import Record, Rollouts

if TYPE_CHECKING:
    from torch import Tensor


class Choice(Protocol):
    """A choice among the tokens that the policy chose; others have no credit, whatever is said of them."""

    @property
    def records(self) -> tuple[Record, ...]: ...  # of the sampler, that it reads

    def __call__(self, r: Rollouts) -> Tensor: ...  # bool [B, T]


@dataclass(frozen=True)
class Everywhere:
    """All tokens."""

    records: ClassVar[tuple[Record, ...]] = ()

    def __call__(self, r: Rollouts) -> Tensor:  # bool [B, T]
        return r.mask


@dataclass(frozen=True)
class OfRoles(Checked):
    """The tokens of words with one of these roles (`synthtasks.surfaces.ROLES`).

    Raises:
        ValueError: if there is no role.
    """

    roles: tuple[Role, ...]
    records: ClassVar[tuple[Record, ...]] = ("roles",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.roles:
            raise ValueError(f"a choice of tokens by role needs at least one of {', '.join(ROLES)}; found none")

    def __call__(self, r: Rollouts) -> Tensor:  # bool [B, T]
        import torch

        places = torch.tensor([ROLES.index(role) for role in self.roles], device=r.roles.device)
        return torch.isin(r.roles, places) & r.mask


PLANNING = OfRoles(("plan", "copy"))
"""The words that say which step comes next, with which operation and operands, or that the answer begins."""
EXECUTION = OfRoles(("execute", "answer"))
"""The words that give the value of a step or of the answer."""


@dataclass(frozen=True)
class Sampled:
    """As many tokens as `like` chooses, drawn at random from all: the placebo of that choice."""

    like: Choice = PLANNING

    @property
    def records(self) -> tuple[Record, ...]:
        """As `Choice`."""
        return self.like.records

    def __call__(self, r: Rollouts) -> Tensor:  # bool [B, T]
        import torch

        places = r.mask.view(-1).nonzero()[:, 0]  # [N]
        drawn = rng("tokens", *r.path).permutation(len(places))[: int((self.like(r) & r.mask).sum())]
        chosen = torch.zeros_like(r.mask).view(-1)
        chosen[places[torch.from_numpy(drawn).to(places.device)]] = True
        return chosen.view(r.mask.shape)


@dataclass(frozen=True)
class Uncertain(Checked):
    """The `share` of the batch's tokens whose distribution has the largest entropy, ties included: forking tokens (arXiv:2506.01939)."""

    share: Annotated[float, Above(0, 1)] = 0.2
    records: ClassVar[tuple[Record, ...]] = ("entropy",)

    def __call__(self, r: Rollouts) -> Tensor:  # bool [B, T]
        own = r.entropy[r.mask]  # [N]
        least = own.topk(max(1, round(self.share * len(own)))).values[-1]
        return (r.entropy >= least) & r.mask
