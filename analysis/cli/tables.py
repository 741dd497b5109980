"""Tables for a terminal: studies, findings, rubbish and results that were made again."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.claims.judge import Finding
from analysis.design.study import Study
from analysis.measures.seeds import alike
from analysis.running.gc import Sorted
from analysis.running.progress import minutes
from analysis.running.rerun import Recorded, read_folder, rerun
from train.stages.circumstances import commit, read_made, versions
from train.stages.reading import printable
from train.stages.stage import closure

COLOURS = {
    "shown": "green",
    "shown (no update)": "green",
    "refuted": "red",
    "undetermined": "yellow",
    "reported": "dim",
    "equal": "green",
    "differs": "red",
    "only there": "red",
    "only here": "red",
    "not there to compare with": "yellow",
}


def plural(n: int, what: str) -> str:
    """A count of things."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def columns(*names: str) -> Table:
    """An empty table without lines."""
    return Table(*names, box=None, padding=(0, 2), header_style="dim")


# --- studies and findings


def show_list(studies: Sequence[Study], console: Console) -> None:
    """Every study with its claims."""
    for study in studies:
        console.print(Text.assemble((study.name, "bold"), f"  {study.question} ({study.source})"))
        console.print("  axes: " + "; ".join(f"{a} {{{', '.join(v)}}}" for a, v in study.axes.items()), highlight=False)
        for claim in study.claims:
            console.print(f"  {claim.name}: {claim.statement}", highlight=False)


def list_json(studies: Sequence[Study]) -> str:
    """Every study with its claims, for programs."""
    return json.dumps(
        [
            {
                "name": s.name,
                "source": s.source,
                "axes": {a: list(v) for a, v in s.axes.items()},
                "claims": [
                    {"name": c.name, "statement": c.statement, "margin": c.test and c.test.margin, "unit": c.unit} for c in s.claims
                ],
            }
            for s in studies
        ],
        indent=1,
    )


def number(x: float | None) -> str:
    """A signed number of points, or a dash for what could not be measured."""
    return "–" if x is None else f"{round(x, 1) + 0.0:+.1f}"  # never -0.0


def findings_table(findings: Sequence[Finding]) -> Table:
    """Each claim with its verdict, difference, interval, margin and number of seeds."""
    table = columns("claim", "verdict", "difference", "interval", "margin", "n")
    for f in findings:
        interval = "one seed: none" if f.n == 1 else f"[{number(f.low)}, {number(f.high)}]" if f.n else "–"
        margin = "" if f.margin is None else f"{f.margin:g}"
        table.add_row(f.name, Text(f.verdict, COLOURS[f.verdict]), number(f.difference), interval, margin, str(f.n))
    table.caption = "points of 100; n counts pretraining seeds; verdicts are adjusted for the number of claims (Holm), intervals are not"
    if same := [f.name for f in findings if alike(f.values)]:
        table.caption += f"\nall seeds give the same, so that the interval is that of any distribution between 0 and 1: {', '.join(same)}"
    return table


# --- what can go


def size(count: int) -> str:
    """A number of bytes for people."""
    return f"{count:,} B" if count < 10_000 else f"{count / 1e3:,.0f} kB" if count < 1e7 else f"{count / 1e6:,.0f} MB"


def show_rubbish(found: Sorted, console: Console) -> None:
    """List what can go, and what is let alone."""
    if found.rubbish:
        table = columns("what", "", "size")
        for one in found.rubbish:
            table.add_row(one.what, one.path.name, size(one.bytes))
        console.print(table)
    for name in found.busy:
        console.print(f"let alone, since somebody is at work on it: {name}", highlight=False)
    total = size(sum(r.bytes for r in found.rubbish))
    console.print(f"{plural(len(found.rubbish), 'thing')} that no study refers to, {total}", highlight=False)


# --- results that are made again


def announce(recorded: Recorded, there: Path, console: Console) -> None:
    """Say how many stages have to be made again, and how long they took, as far as that is known."""
    stages = closure((recorded.stage,))
    there_too = [folder for stage in stages if ((folder := there / str(stage)) / "run.json").exists()]
    took = minutes(sum(read_made(folder).seconds for folder in there_too))
    console.print(f"{plural(len(stages), 'stage')} to make again, one at a time; the first time they took {took}", highlight=False)


def show_rerun(folder: Path, out: Path, allow: tuple[str, ...], console: Console) -> int:
    """Make a result again, and say what came of it; 1 if a bit differs."""
    recorded = read_folder(folder, allow)
    announce(recorded, folder.resolve().parent, console)
    for what, then, now in (("commit", recorded.commit, commit()), ("versions", recorded.versions, versions())):
        if then != now:
            console.print(f"note: made with {what} {then}; here it is {now}", style="yellow")
    found = list(rerun(recorded, folder.resolve().parent, out))
    table = columns("stage", "file", "")
    for c in found:
        table.add_row(str(c.stage), printable(c.file), Text(c.verdict, COLOURS[c.verdict]))
    console.print(table)
    equal, missing = (sum(c.verdict == v for c in found) for v in ("equal", "not there to compare with"))
    different = len(found) - equal - missing
    unknown = f", {missing} stages are not there to compare with" if missing else ""
    console.print(f"{equal} files are equal to the bit, {different} are not{unknown}", highlight=False)
    return 1 if different else 0
