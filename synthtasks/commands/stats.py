"""`synthtasks stats dag --out dag.png`: measure the dials of a family; print tables and write a picture.

`synthtasks stats dag --overlap`: measure the overlap of test problems with training problems.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from json import dumps
from math import erfc, sqrt
from pathlib import Path
from typing import cast

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from synthtasks.commands.catalogue import Known, named
from synthtasks.commands.console import columns, printed
from synthtasks.families import Family, at, problem
from synthtasks.families.dials import Dialled
from synthtasks.problem import COMPOSED
from synthtasks.stats.figure import save
from synthtasks.stats.measured import BAR, Correlation, Stats
from synthtasks.stats.measuring import measure
from synthtasks.stats.overlap import Overlap, overlaps

PICTURES = (".png", ".svg", ".pdf")


def stats(found: Known, problems: int, seed: int, out: Path | None, json: bool) -> None:
    """Print the measurements, and write the picture if there is `out`.

    Raises:
        ValueError: if the family has no dials, or the picture cannot be written.
    """
    if out is not None and (out.suffix not in PICTURES or not out.parent.is_dir()):
        raise ValueError(f"--out takes a {', '.join(PICTURES)} in an existing folder; found {out}")
    measured = measure(cast(Dialled, found.family), named(found.surfaces), problems, seed)
    if json:
        print(dumps(asdict(measured), indent=2))
    else:
        printed(tables(measured))
    if out is not None:
        save(measured, out)


def tables(stats: Stats) -> Iterator[RenderableType]:
    """Tables of the measurements."""
    sets = "".join(f", {field}={value}" for field, value in stats.sets.items())
    yield Text.assemble((stats.family, "bold"), f": {stats.problems:,} problems in {stats.surface}, seed {stats.seed}{sets}\n")
    parts = {
        "Dials, turned to each value with equal probability": _dials(stats),
        "Quantities": _quantities(stats),
        "Guessing and words": _answers(stats),
        "Correlations of quantity and dial": _correlations(stats),
    }
    for title, table in parts.items():
        yield Text(title, "bold")
        yield table
        yield ""
    yield from _notes(stats)


def _dials(stats: Stats) -> Table:
    table = columns("dial", "values", "sets", "meaning")
    for column in table.columns:
        column.justify = "left"
    for dial in stats.dials:
        table.add_row(dial.field, " ".join(map(str, dial.values)), dial.quantity, dial.meaning)
    return table


def _quantities(stats: Stats) -> Table:
    table = columns("quantity", "mean", "sd", "min", "max")
    for q in stats.quantities:
        table.add_row(q.name, f"{q.mean:.2f}", f"{q.sd:.2f}", f"{q.values[0]:g}", f"{q.values[-1]:g}")
    return table


def _answers(stats: Stats) -> Table:
    table = columns("measure", "value")
    best = stats.answers[0]
    table.add_row(f"accuracy of always {best.value!r}, the most frequent answer", f"{best.share:.2%}")
    table.add_row("accuracy of a uniform random guess", f"{stats.uniform:.2%}")
    for vocabulary in stats.vocabularies:
        table.add_row(f"vocabulary of {vocabulary.surface}", f"{vocabulary.size} words")
    return table


def _correlations(stats: Stats) -> Table:
    table = columns("quantity", *(dial.field for dial in stats.dials))
    for q in stats.quantities:
        table.add_row(q.name, *(_cell(c, stats.reasons) for c in stats.correlations if c.quantity == q.name))
    return table


def _cell(c: Correlation, numbers: dict[str, int]) -> Text:
    """rho and a mark: "=" if the dial sets the quantity, the number of the reason if the pair is forced, "!" if it is loose."""
    mark = {"own": "=", "forced": str(numbers.get(c.reason, "")), "length": " ", "free": "!" if c.loose else " "}[c.relation]
    style = {"own": "bold", "forced": "cyan", "length": "dim", "free": "bold red" if c.loose else ""}[c.relation]
    return Text(f"{c.brief} {mark}", style)


def _notes(stats: Stats) -> Iterator[RenderableType]:
    yield Text(f"=  set by the dial      -  constant      numbers of words follow the content      !  free, and yet |rho| >= {BAR:.2f}")
    for reason, number in stats.reasons.items():
        pairs = [f"{c.dial} -> {c.quantity}" for c in stats.correlations if c.reason == reason]
        yield Text.assemble((f"{number}  ", "cyan"), f"{', '.join(pairs)}: {reason}")
    loose = [f"{c.dial} -> {c.quantity}" for c in stats.correlations if c.loose]
    chance = erfc(BAR * sqrt(stats.problems / 2))
    if loose:
        yield Text(f"!  {', '.join(loose)}", "bold red")
    else:
        yield Text(f"No dial moves what it should not: every free |rho| < {BAR:.2f}.", "green")
    if chance > 0.001:
        small = f"With {stats.problems:,} problems, chance alone gives |rho| >= {BAR:.2f} to {chance:.1%} of the free pairs"
        yield Text(f"{small}; with 10,000, to one in a million.", "dim")


def overlap(family: Family, steps: int | None, problems: int, seed: int, out: Path | None, json: bool) -> None:
    """Measure and print the overlap.

    Raises:
        ValueError: if a picture is asked for, the family has no such problems, or there are no training problems.
    """
    if out is not None:
        raise ValueError("--overlap has no picture; leave out --out")
    tested = family if steps is None else at(family, steps)
    found = overlaps(tested, problems, seed)
    if json:
        print(dumps([{**asdict(o), "share": o.share, "interval": o.interval} for o in found], indent=2))
    else:
        printed(_overlap_tables(tested, found))


def _overlap_tables(tested: Family, found: Sequence[Overlap]) -> Iterator[RenderableType]:
    """A table of the overlaps, with a title."""
    title = f": {found[0].tests:,} test problems, and how many have a derivation that a training problem contains\n"
    yield Text.assemble((type(tested).__name__, "bold"), title)
    table = columns("training problems", "how many", "test problems inside", "95 % interval")
    for o in found:
        low, high = o.interval
        table.add_row(o.training, f"{o.problems:,}", f"{o.share:.1%}", f"{low:.1%} to {high:.1%}")
    yield table
    yield ""
    if problem(tested, "test", "overlap", "test", 0).split == "both":
        yield Text(f"Problems of fewer than {COMPOSED} steps are facts, which are in both splits; only exported items keep them apart.")
