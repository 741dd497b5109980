"""References: the policies that the KL divergence holds a policy to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol

from synthtasks.checked import Above, Checked, From

if TYPE_CHECKING:
    from models.gpt import GPT


class Reference(Protocol):
    """A reference. It begins as the policy that learning began from; one that moves follows the policy before each iteration."""

    @property
    def moves(self) -> bool: ...

    def follow(self, reference: GPT, policy: GPT, iteration: int) -> None: ...  # changes the weights of the reference


@dataclass(frozen=True)
class Start:
    """The policy that learning began from."""

    moves: ClassVar[bool] = False

    def follow(self, reference: GPT, policy: GPT, iteration: int) -> None:
        """It stays."""


@dataclass(frozen=True)
class Reset(Checked):
    """A copy of the policy, taken anew every so many iterations (ProRL, arXiv:2505.24864)."""

    every: Annotated[int, From(1)] = 20
    moves: ClassVar[bool] = True

    def follow(self, reference: GPT, policy: GPT, iteration: int) -> None:
        if iteration % self.every == 0:
            reference.load_state_dict(policy.state_dict())


@dataclass(frozen=True)
class Average(Checked):
    """The exponential moving average of the policy over iterations (arXiv:2406.16768)."""

    rate: Annotated[float, Above(0, 1)] = 0.05  # share of the policy that enters in an iteration
    moves: ClassVar[bool] = True

    def follow(self, reference: GPT, policy: GPT, iteration: int) -> None:
        import torch

        with torch.no_grad():
            for old, new in zip(reference.parameters(), policy.parameters(), strict=True):
                old.lerp_(new, self.rate)
