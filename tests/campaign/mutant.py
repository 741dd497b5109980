"""What a mutation is."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.campaign.cases import Put, Words


@dataclass(frozen=True)
class Mutant:
    """A mutated solution."""

    words: Words
    at: int | None = None  # the step with which a judge must find fault first; None: that depends


Mutation = Callable[[Put, Random], Mutant | None]
"""None if there is no such mistake to be made on this problem."""
