"""Uncertainty of tokens by their role, from rollouts or samples that recorded both."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from synthtasks.surfaces import ROLES
from synthtasks.surfaces.surface import Role


class OfRole(NamedTuple):
    """The tokens of a role."""

    entropy: float  # mean, in nats, of the distribution that a token was drawn from
    share: float  # of all tokens


def by_role(entropy: NDArray[np.float64], roles: NDArray[np.float64]) -> Mapping[Role, OfRole]:  # [B, T] each
    """Entropy and share of the tokens of each role that occurs. Roles are places in `ROLES`, and -1 after the end of a completion.

    Raises:
        ValueError: if the arrays differ in shape.
    """
    if entropy.shape != roles.shape:
        raise ValueError(f"each token has an entropy and a role; found {list(entropy.shape)} entropies and {list(roles.shape)} roles")
    n = int((roles >= 0).sum())
    places = {role: roles == i for i, role in enumerate(ROLES)}
    return {role: OfRole(float(entropy[at].mean()), float(at.sum()) / n) for role, at in places.items() if at.any()}
