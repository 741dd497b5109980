"""Export to verl's parquet files with pyarrow (`pip install synthtasks[parquet]`)."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow
import pyarrow.parquet

from synthtasks.bridges.verl import rows
from synthtasks.datasets.draft import appearing
from synthtasks.datasets.export import matched
from synthtasks.datasets.items import Items


def export_parquet(parts: Sequence[Items], folder: Path) -> None:
    """Write `train.parquet` and `test.parquet`, one for each part, for `data.train_files` and `data.val_files`.

    The folder appears whole or not at all.

    Raises:
        ValueError: if the parts make no data set (see `synthtasks.datasets.export.export`), or have no recipe.
        FileExistsError: if the folder exists.
    """
    matched(parts)
    with appearing(folder) as draft:
        for items in parts:
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows(items)), draft / f"{items.split}.parquet")
