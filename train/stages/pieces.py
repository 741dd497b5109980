"""Results that are made piece by piece: each is kept as soon as it is there, so that a kill costs one piece at most."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from train.stages.arrays import ANY, Arrays, Layout, load_arrays, save_arrays
from train.stages.disk import own_folder, remove, write_json
from train.stages.reading import read_json, reading
from train.stages.seal import Damaged, digest
from train.stages.stage import Context, Interrupted

SCHEMA = 1  # of a piece
FOLDER = "pieces"


def in_pieces(out: Path, context: Context, make: Sequence[Callable[[], Arrays]], layout: Layout = ANY) -> list[Arrays]:
    """The results of all of `make`, in order. A piece that already lies in the draft `out` is read instead of being made.

    Call `forget` once the final result is written.

    Raises:
        Damaged: if a piece is not what was written, or has another layout.
        Interrupted: if this process was asked to stop; all pieces so far are kept.
        Lost: if somebody has taken this stage over.
    """
    folder = out / FOLDER
    own_folder(folder)
    found: list[Arrays] = []
    for i, one in enumerate(make):
        piece = folder / f"{i}.npz"
        if found and context.stopping():
            raise Interrupted(f"{out.name} stopped after {i} of {len(make)} pieces")
        if not (piece.exists() and piece.with_suffix(".json").exists()):  # a kill in `forget` leaves one of both
            arrays = one()
            context.confirm(out)
            save_arrays(piece, SCHEMA, arrays)
            write_json(piece.with_suffix(".json"), digest(piece))
        found.append(_read(piece, layout))
    return found


def forget(out: Path) -> None:
    """Remove the pieces, once the final result is written."""
    with suppress(OSError):  # a network file system may keep open files; they are not part of the result
        remove(out / FOLDER)


def _read(piece: Path, layout: Layout) -> Arrays:
    with reading(seal := piece.with_suffix(".json"), error=Damaged):
        then = read_json(seal)
    with reading(piece, error=Damaged):
        if digest(piece) != then:
            raise Damaged(f"{piece} is not what was written")
    return load_arrays(piece, SCHEMA, layout, Damaged)
