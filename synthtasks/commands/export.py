"""`synthtasks export dag --train 1000 --test 200 --out folder`: write a data set of a family's problems, with a card."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal

from synthtasks.asking import Instruct, Plain
from synthtasks.datasets.draft import unused
from synthtasks.datasets.export import export as export_lines
from synthtasks.datasets.export import matched
from synthtasks.datasets.items import Items
from synthtasks.families import Family
from synthtasks.problem import Split
from synthtasks.surfaces import Surface

WRITERS = {  # of bridges
    "verl": ("verl_parquet", "export_parquet"),
    "verifiers": ("verifiers_package", "export_package"),
    "trl": ("trl_folder", "export_trl"),
}
SPLITS: tuple[Split, ...] = ("train", "test")


def export(
    family: Family,
    surface: Surface,
    seed: int,
    sizes: Mapping[Split, int],
    ask: Literal["plain", "derivation", "answer"],
    shots: int,
    format: str,
    out: Path,
    dry_run: bool,
) -> None:
    """Write the data set, or say what would be written.

    Raises:
        ValueError: if the surface cannot write the problems, there are none, or plain questions are to have examples.
        FileExistsError: if the folder exists.
    """
    if ask == "plain" and shots:
        raise ValueError("a plain question has no solved examples: add --ask derivation or --ask answer, or leave out --shots")
    form = Plain() if ask == "plain" else Instruct(ask, shots)
    parts = [Items(family, surface, split, seed, sizes[split], form) for split in SPLITS if sizes[split]]
    listed = ", ".join(f"{len(items):,} {items.split} problems" for items in parts)
    if dry_run:
        matched(parts)
        unused(out)
        print(f"would write {out}: {listed}")
        return
    if format != "jsonl":
        module, function = WRITERS[format]
        write: Callable[[Sequence[Items], Path], None] = getattr(import_module(f"synthtasks.bridges.{module}"), function)
        write(parts, out)
        print(f"{out}: {listed}")
        return
    counts = export_lines(parts, out)
    written = ", ".join(f"{c.rows:,} {c.split} problems ({c.distinct:,} different)" for c in counts)
    print(f"{out}: {written}" + ("; none is in both" if len(counts) > 1 else ""))
