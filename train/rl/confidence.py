"""The confidence of a policy in the answer of a completion, from the probabilities of the answer's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synthtasks.checked import check
from synthtasks.surfaces import ROLES
from synthtasks.surfaces.surface import Role
from train.rl.rollouts import Record

if TYPE_CHECKING:
    from torch import Tensor

By = Literal["probability", "disparity"]
LEAST: dict[By, float] = {"probability": 0.0, "disparity": -1.0}  # the confidence of a completion without an answer


@dataclass(frozen=True)
class AnswerSpan:
    """Confidence in an answer: the mean, over its words, of the probability of the word, or of its disparity, the distance of that from the
    probability of the second-likeliest word (arXiv:2402.10200; both are in the code of arXiv:2507.21931).

    The span is the words with these roles, wherever they stand, so that it can also hold the values of a derivation. In a completion
    without any of them, the confidence is the least that there is. Among sampled words the disparity may be negative.

    Raises:
        ValueError: if there is no role.
    """

    by: By = "probability"
    roles: tuple[Role, ...] = ("answer",)

    def __post_init__(self) -> None:
        check(self)
        if not self.roles:
            raise ValueError("the span of an answer has the words of some roles; found none")

    @property
    def records(self) -> tuple[Record, ...]:
        """`Sampler.records` that it is computed from."""
        return ("logp", "roles") if self.by == "probability" else ("logp", "roles", "second")

    def __call__(self, logp: Tensor, roles: Tensor, second: Tensor | None = None) -> Tensor:  # [B, T] each -> [B]
        """The confidence in each completion: from the log-probabilities of its words, their places in `ROLES`, and for the disparity the
        log-probabilities of the second-likeliest words."""
        import torch

        inside = torch.isin(roles, roles.new_tensor([ROLES.index(role) for role in self.roles]))  # [B, T]
        each = logp.exp() if self.by == "probability" or second is None else logp.exp() - second.exp()  # [B, T]
        words = inside.sum(1)  # [B]
        return ((each * inside).sum(1) / words.clamp(min=1)).where(words > 0, LEAST[self.by])
