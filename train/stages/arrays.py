"""Named arrays on disk, with the version of their schema and the layout that their reader expects. Reading never unpickles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from train.stages.disk import replacing
from train.stages.reading import Malformed, reading, shown, why

Arrays = Mapping[str, NDArray[np.generic]]
KINDS = {"f": "floats", "iu": "whole numbers", "b": "truth values", "S": "texts in bytes", "U": "texts"}  # by numpy's letters for them


@dataclass(frozen=True)
class Layout:
    """The kind and axes of each array by name: "f F P" means floats [F, P]. An axis has the same size wherever it is named."""

    arrays: Mapping[str, str]
    sizes: Mapping[str, int]  # of the axes whose size is known

    def check(self, found: Arrays) -> None:
        """Check that every array is present and has this layout.

        Raises:
            ValueError: naming the array, what was expected, and what was found.
        """
        sizes = dict(self.sizes)
        for name, layout in self.arrays.items():
            kind, *axes = layout.split()
            array = found[name]
            expected = tuple(sizes.setdefault(axis, size) for axis, size in zip(axes, array.shape, strict=False))
            if array.dtype.kind not in kind or len(axes) != array.ndim or array.shape != expected:
                known = ", ".join(f"{axis}={sizes[axis]}" for axis in axes if axis in sizes)
                shape = f"[{', '.join(axes)}]" + (f" with {known}" if known else "")
                raise ValueError(f"{name} has to be {KINDS[kind]} {shape}, and is {array.dtype} {list(array.shape)}")


ANY = Layout({}, {})


def save_arrays(path: Path, schema: int, arrays: Arrays) -> None:
    """Write named arrays as npz, with the version of their schema. Texts are arrays of UTF-8 bytes (see `texts`)."""
    with replacing(path) as file:
        np.savez(file, schema=np.array(schema), **dict(arrays))  # type: ignore[arg-type]  # `allow_pickle` is none of them


def load_arrays(path: Path, schema: int, layout: Layout = ANY, error: type[Exception] = Malformed) -> dict[str, NDArray[np.generic]]:
    """Read the arrays that `save_arrays` wrote.

    Raises:
        Malformed: or `error`, if the file has another schema or layout, or holds anything but numbers and fixed texts (never unpickled).
    """
    with reading(path, error=error):
        found = _plain(path)
        version = int(found.pop("schema", np.array(0)))
        if version != schema:
            schemas = f"{shown(path)} has schema {version or 'without a number'}; this version reads {schema}"
            raise error(f"{schemas}. Read it with the version that made it, or move its folder away and let it be computed again")
        layout.check(found)
    return found


def _plain(path: Path) -> dict[str, NDArray[np.generic]]:
    """The arrays of an npz. None may be larger than the file: `save_arrays` does not compress, so a larger one is a zip bomb."""
    size = path.stat().st_size
    try:
        with ZipFile(path) as file:
            claimed = sum(entry.file_size for entry in file.infolist())
        if claimed > size:
            raise ValueError(f"it claims to hold {claimed:,} bytes, and has {size:,}")
        with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
        if large := [name for name, array in found.items() if array.size > size]:
            raise ValueError(f"it claims {found[large[0]].size:,} values in {size:,} bytes")
    except OSError:
        raise
    except Exception as reason:  # numpy and zipfile raise many kinds
        raise ValueError(f"it is no npz of plain arrays: {why(reason)}") from reason
    return found


def texts(strings: Sequence[str]) -> NDArray[np.bytes_]:
    """Lines of text as UTF-8 bytes of one width [N]; `lines` inverts it."""
    return np.array([line.encode() for line in strings], dtype=np.bytes_)


def lines(found: NDArray[np.generic]) -> tuple[str, ...]:  # [N]
    """The lines that `texts` holds."""
    return tuple(line.decode() for line in found.tolist())
