"""The results of a `Score` stage, read back, and the guess floor that belongs beside every curve."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from analysis.measures.estimates import Floats
from synthtasks.families import level
from synthtasks.surfaces import ROLES
from train.score import LAYOUT, SCHEMA, Score
from train.stages.arrays import Layout, load_arrays
from train.stages.reading import reading
from train.stages.seal import defined
from train.stages.stage import Shelf


@dataclass(frozen=True, eq=False)
class Scores:
    """F difficulties, K temperatures, R roles, N primitives, P problems."""

    difficulties: tuple[int, ...]  # [F]
    temperatures: tuple[float, ...]  # [K]
    logp: Floats  # [F, K, P]
    roles: Floats  # [F, R, P] at temperature 1
    applied: NDArray[np.int64]  # [F, N, P]
    primitives: tuple[str, ...]  # [N]
    modulus: int

    @property
    def plain(self) -> Floats:  # [F, P]
        """Log-probability of the solution at temperature 1."""
        return self.logp[:, self.temperatures.index(1.0)]

    def role(self, role: str) -> Floats:  # [F, P]
        """Log-probability of all words of that role."""
        return self.roles[:, list[str](ROLES).index(role)]

    def at(self, difficulty: int) -> int:
        """The index of a difficulty.

        Raises:
            ValueError: if it was not scored.
        """
        if difficulty not in self.difficulties:
            raise ValueError(f"no problems of difficulty {difficulty} were scored; there are {self.difficulties}")
        return self.difficulties.index(difficulty)

    def floor(self, names: tuple[str, ...]) -> Floats:  # [F, P]
        """Log-probability of the solution for a policy that does all the rest right, and guesses the results of these primitives.

        For texts, which are harder to guess than numbers, it is an upper bound.
        """
        chosen = [self.primitives.index(n) for n in names if n in self.primitives]
        return np.asarray(-self.applied[:, chosen].sum(1) * np.log(self.modulus), dtype=np.float64)


def difficulties(stage: Score) -> tuple[int, ...]:
    """The difficulties at which a stage scores."""
    return tuple(level(family) for family in stage.families)


def read_scores(stage: Score, shelf: Shelf) -> Scores:
    """The results of `stage`.

    Raises:
        Undefined: if it has none.
    """
    return load_scores(stage, defined(shelf.get(stage)))


def load_scores(stage: Score, folder: Path) -> Scores:
    """The results of `stage` that lie in `folder`.

    Raises:
        Malformed: if they cannot be read, or are of another schema or of other problems.
    """
    sizes = {"F": len(stage.families), "K": len(stage.temperatures), "R": len(ROLES), "P": stage.problems}
    arrays = load_arrays(folder / "scores.npz", SCHEMA, Layout(LAYOUT, sizes))
    with reading(folder / "scores.npz"):
        if (arrays["logp"] > 0).any() or (arrays["roles"] > 0).any():  # type: ignore[operator]  # floats, by their layout
            raise ValueError("it holds a probability above 1")
    return Scores(
        difficulties=difficulties(stage),
        temperatures=stage.temperatures,
        logp=arrays["logp"].astype(np.float64),
        roles=arrays["roles"].astype(np.float64),
        applied=arrays["applied"].astype(np.int64),
        primitives=tuple(str(n) for n in arrays["primitives"]),
        modulus=stage.families[0].modulus,
    )
