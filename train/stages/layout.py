"""What named arrays must look like, so that a file of another shape is refused where it is read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.generic]]
KINDS = {"f": "floats", "iu": "whole numbers", "b": "truth values", "S": "texts in bytes", "U": "texts"}  # by numpy's letters for them


@dataclass(frozen=True)
class Layout:
    """Of each array by name, the kind of its numbers and its axes: "f F P" are floats [F, P]. An axis has one size wherever it is named."""

    arrays: Mapping[str, str]
    sizes: Mapping[str, int]  # of the axes whose size is known

    def check(self, found: Arrays) -> None:
        """Make sure that all arrays are there, and look so.

        Raises:
            ValueError: naming the array, what was expected, and what was found.
        """
        sizes = dict(self.sizes)
        for name, said in self.arrays.items():
            kind, *axes = said.split()
            array = found[name]
            expected = tuple(sizes.setdefault(axis, size) for axis, size in zip(axes, array.shape, strict=False))
            if array.dtype.kind not in kind or len(axes) != array.ndim or array.shape != expected:
                known = ", ".join(f"{axis}={sizes[axis]}" for axis in axes if axis in sizes)
                shape = f"[{', '.join(axes)}]" + (f" with {known}" if known else "")
                raise ValueError(f"{name} has to be {KINDS[kind]} {shape}, and is {array.dtype} {list(array.shape)}")


ANY = Layout({}, {})
