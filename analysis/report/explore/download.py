"""Facts, findings and cells inside the page, as files that a reader can take along."""

import csv
import gzip
import io
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import asdict

from markupsafe import Markup

from analysis.design.cells import listed
from analysis.design.results import Results
from analysis.measures.facts import Fact
from analysis.report.html import tag

OTHERS = ("seed", "phase", "at", "metric", "value", "n", "note")  # columns after the labels
LARGEST = 12_000_000  # bytes of compressed facts that a page holds
KIB, MIB = 2**10, 2**20


def columns(facts: Sequence[Fact]) -> tuple[str, ...]:
    """The columns of the table of facts: the axes of their labels, then the others."""
    axes = dict.fromkeys(axis for labels in dict.fromkeys(f.labels for f in facts) for axis, _ in labels)
    return (*(axis if axis not in OTHERS else f"label {axis}" for axis in axes), *OTHERS)


def as_csv(facts: Sequence[Fact]) -> str:
    """The facts as tidy rows, in the order of facts.jsonl; what is null there is empty. Numbers are written as there: no digit is lost."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    head = columns(facts)
    writer.writerow(head)
    for fact in facts:
        record, labels = fact.record(), dict(fact.labels)
        rest = ["" if record[key] is None else record[key] for key in OTHERS]
        writer.writerow(
            [*(labels.get(axis.removeprefix("label ") if axis not in labels else axis, "") for axis in head[: -len(OTHERS)]), *rest]
        )
    return file.getvalue()


def downloads(results: Results) -> list[Markup]:
    """The links to the files, which hold their content themselves."""
    name, facts = results.study.name, as_csv(results.facts).encode()
    packed = gzip.compress(facts, 9, mtime=0)
    findings = json.dumps([f.record() for f in results.findings], indent=1).encode()
    cells = "".join(json.dumps(asdict(listed(c))) + "\n" for c in results.cells).encode()
    items = [
        _link(
            f"{name}-findings.json",
            "application/json",
            findings,
            "every claim with its verdict, interval, p-values and the value of each seed",
        ),
        _link(f"{name}-cells.jsonl", "application/jsonl", cells, "every cell with its labels, seed, and the folders of its stages"),
    ]
    if len(packed) <= LARGEST:
        said = f"every number as a tidy row: {len(results.facts):,} rows, {_size(len(facts))} unpacked"
        items.insert(0, _link(f"{name}-facts.csv.gz", "application/gzip", packed, said, at="packed-facts"))
    else:
        said = f"every number, {len(results.facts):,} rows: too many to lie in this page"
        items.insert(0, tag("li", tag("a", "facts.jsonl", href="facts.jsonl"), f": {said}. It is the file of this name beside this page"))
    return [tag("ul", *items), tag("p", "In Python: ", tag("code", f'pandas.read_csv("{name}-facts.csv.gz")'), kind="soft")]


def _link(name: str, kind: str, content: bytes, said: str, at: str = "") -> Markup:
    data = f"data:{kind};base64,{b64encode(content).decode()}"
    return tag("li", tag("a", name, href=data, download=name, id=at), f" ({_size(len(content))}): {said}")


def _size(n: int) -> str:
    return f"{n / MIB:.1f} MiB" if n >= MIB else f"{max(1, round(n / KIB))} KiB"
