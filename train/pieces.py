"""Results that are made piece by piece: each is kept as soon as it is there, so that a kill costs one piece at most."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.artifacts import Damaged, digest, load_arrays, save_arrays
from train.disk import own_folder, remove
from train.stage import Interrupted
from train.store import Store, write_json

SCHEMA = 1  # of a piece
FOLDER = "pieces"

Arrays = Mapping[str, NDArray[np.generic]]


def in_pieces(out: Path, store: Store, make: Sequence[Callable[[], Arrays]]) -> list[Arrays]:
    """What each of `make` makes, in order. Those whose piece lies in the draft `out` already are read, and not called.

    Call `forget` when what they come to is written.

    Raises:
        Damaged: if a piece is not what was written.
        Interrupted: if this process was asked to stop; all pieces so far are kept.
        Lost: if somebody has taken this stage over.
    """
    folder = out / FOLDER
    own_folder(folder)
    found: list[Arrays] = []
    for i, one in enumerate(make):
        piece = folder / f"{i}.npz"
        if found and store.stopping():
            raise Interrupted(f"{out.name} stopped after {i} of {len(make)} pieces")
        if not (piece.exists() and piece.with_suffix(".json").exists()):  # a kill in `forget` leaves one of both
            arrays = one()
            store.confirm(out)
            save_arrays(piece, SCHEMA, arrays)
            write_json(piece.with_suffix(".json"), digest(piece))
        found.append(_read(piece))
    return found


def forget(out: Path) -> None:
    """The results are whole: no piece is needed any more."""
    with suppress(OSError):  # what does not go away, as on a network file system a file that is open, is no part of the result
        remove(out / FOLDER)


def _read(piece: Path) -> Arrays:
    seal = piece.with_suffix(".json")
    try:
        then, now = json.loads(seal.read_bytes()), digest(piece)
    except (OSError, ValueError) as reason:
        raise Damaged(f"{seal}, which tells whether the piece is whole, cannot be read ({reason})") from None
    if now != then:
        raise Damaged(f"{piece} is not what was written")
    return load_arrays(piece, SCHEMA)
