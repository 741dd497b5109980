"""The cells of a study: labels, seed, and the folder of each stage. The page chooses among them, and shows the facts of one."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from analysis.design.results import Results
from analysis.measures.facts import Cell, Labels
from analysis.report.explore.anchors import anchors
from analysis.report.html import table, tag
from analysis.report.provenance import asking

STAGES = "../stages"  # from the folder of a report
Place = tuple[Labels, int]


def places_of(cells: Sequence[Cell]) -> dict[Place, str]:
    """The identifier of each cell, by its labels and seed."""
    names = anchors("cell", [" ".join([*(value for _, value in c.labels), f"seed {c.seed}"]) for c in cells])
    return {(c.labels, c.seed): at for c, at in zip(cells, names, strict=True)}


def axes_of(cells: Sequence[Cell]) -> dict[str, list[str]]:
    """The axes of these cells, with the values of each in their order."""
    found: dict[str, dict[str, None]] = {}
    for cell in cells:
        for axis, value in cell.labels:
            found.setdefault(axis, {})[value] = None
    return {axis: list(values) for axis, values in found.items()}


def choosers(kind: str, axes: dict[str, Sequence[str]], noun: str) -> Markup:
    """Select boxes for each axis, a field for words, and the number that is left. Hidden until the page's script works them."""
    boxes = []
    for axis, values in axes.items():
        options = [Markup('<option value="">all</option>'), *(tag("option", value, value=value) for value in values)]
        boxes.append(tag("label", axis, " ", tag("select", *options, data_axis=axis, data_control="choose")))
    words = tag("label", "words ", Markup('<input type="search" data-words="yes" data-control="words" autocomplete="off">'))
    reset = tag("button", "show all", type="button", data_reset="yes", data_control="reset")
    left = tag("output", "", kind="soft", data_noun=noun)
    return tag("form", *boxes, words, reset, left, kind="choose", data_for=kind, hidden="hidden")


def cells(results: Results) -> list[Markup | str]:
    """The table of all cells, and how to ask the policies of one."""
    every, where = results.cells, places_of(results.cells)
    axes = axes_of(every)
    counts = Counter((f.labels, f.seed) for f in results.facts)
    head = (*(axis for axis in axes), "seed", "stages, by their folders", "facts")
    rows = []
    for cell in every:
        labels = dict(cell.labels)
        links = [tag("a", name, href=f"{STAGES}/{stage}/", title=str(stage)) for name, stage in cell.named]
        facts = counts[cell.labels, cell.seed]
        rows.append((*(labels.get(axis, "") for axis in axes), cell.seed, tag("span", *_spaced(links), kind="stages"), f"{facts:,}"))
    at = [where[c.labels, c.seed] for c in every]
    whole = tag("div", table(head, rows, ("seed", "facts"), at=at), kind="chosen", id="all-cells")
    ask = tag(
        "p", "To ask the policy of a cell (--out is the folder above the one of this page): ", tag("code", asking(results), data_ask="yes")
    )
    said = tag(
        "p", "A cell is a condition of one seed. Its stages lie in folders beside the one of this report, with their records, results and "
        "checksums; the same list is the file ", tag("a", "cells.jsonl", href="cells.jsonl"), ".", kind="soft",
    )  # fmt: skip
    filters: dict[str, Sequence[str]] = {**{axis: values for axis, values in axes.items() if len(values) > 1}}
    filters["seed"] = [str(seed) for seed in dict.fromkeys(c.seed for c in every)]
    return [said, choosers("all-cells", filters, "cells"), whole, ask, Markup('<div id="facts-of-a-cell" aria-live="polite"></div>')]


def _spaced(links: Sequence[Markup]) -> list[Markup]:
    return [piece for link in links for piece in (link, Markup(" "))][:-1]
