"""Tables for a terminal: studies, findings, rubbish and reruns."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console, JustifyMethod
from rich.filesize import decimal
from rich.table import Column, Table
from rich.text import Text

from analysis.claims.claims import Claim, Share
from analysis.claims.judge import Finding
from analysis.cli.terminal import columns
from analysis.design.study import Study
from analysis.measures.seeds import alike
from analysis.running.gc import Sorted
from analysis.running.progress import minutes
from analysis.running.rerun import Recorded, read_folder, rerun
from train.stages.circumstances import commit, read_made, versions
from train.stages.reading import printable
from train.stages.stage import closure

COLOURS = {
    **dict.fromkeys(("shown", "shown (no update)", "equal"), "green"),
    **dict.fromkeys(("refuted", "differs", "only there", "only here"), "red"),
    **dict.fromkeys(("undetermined", "not there to compare with"), "yellow"),
    "reported": "dim",
}
FIXED: Mapping[str, JustifyMethod] = {"verdict": "left", "difference [interval]": "left", "margin": "right", "n": "right"}  # columns


def plural(n: int, noun: str) -> str:
    """A number of things."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


# --- studies and findings


def show_list(studies: Sequence[Study], console: Console) -> None:
    """Every study with its claims."""
    for study in studies:
        console.print(Text.assemble((study.name, "bold"), f"  {study.question} ({study.source})"))
        console.print("  axes: " + "; ".join(f"{a} {{{', '.join(v)}}}" for a, v in study.axes.items()))
        for claim in study.claims:
            console.print(f"  {claim.name}: {claim.statement}")


def list_json(studies: Sequence[Study]) -> str:
    """Every study with its claims, as JSON."""

    def claim(c: Claim) -> dict[str, object]:
        return {"name": c.name, "statement": c.statement, "margin": c.test and c.test.margin, "unit": c.unit}

    found = [{"name": s.name, "source": s.source, "axes": dict(s.axes), "claims": [*map(claim, s.claims)]} for s in studies]
    return json.dumps(found, indent=1)


def number(x: float | None) -> str:
    """A signed number of points, or a dash if there is none."""
    return "–" if x is None else f"{round(x, 1) + 0.0:+.1f}"  # never -0.0


def findings_table(findings: Sequence[Finding]) -> Table:
    """Each claim with its verdict, difference, interval, margin and number of seeds."""
    fixed = [Column(name, no_wrap=True, justify=justify) for name, justify in FIXED.items()]
    table = columns(Column("claim", overflow="fold"), *fixed)
    for f in findings:
        alone = f.n == 1 and not isinstance(f.test, Share)
        interval = "(one seed)" if alone else f"[{number(f.low)}, {number(f.high)}]" if f.n else ""
        margin = "" if f.margin is None else f"{f.margin:g}"
        table.add_row(f.name, Text(f.verdict, COLOURS[f.verdict]), f"{number(f.difference)} {interval}", margin, str(f.n))
    table.caption_justify = "left"
    adjusted = "verdicts are adjusted for the number of claims and of planned looks, intervals are not"
    table.caption = f"points of 100, or % of seeds; n counts seeds; {adjusted}"
    if same := [f.name for f in findings if alike(f.values) and not isinstance(f.test, Share)]:
        table.caption += f"\nall seeds give the same value, so the interval is that of any distribution between 0 and 1: {', '.join(same)}"
    return table


# --- rubbish


def show_rubbish(found: Sorted, console: Console) -> None:
    """List what can be removed, and what is left alone."""
    if found.rubbish:
        table = columns("what", "", "size")
        for one in found.rubbish:
            table.add_row(one.what, one.path.name, decimal(one.bytes))
        console.print(table)
    for name in found.busy:
        console.print(f"let alone, since somebody is at work on it: {name}")
    total = decimal(sum(r.bytes for r in found.rubbish))
    console.print(f"{plural(len(found.rubbish), 'thing')} that no study refers to, {total}")


# --- reruns


def announce(folder: Path, allow: tuple[str, ...], console: Console) -> Recorded:
    """Print how many stages are to be made again for the result in `folder`, and how long the known ones took; its record."""
    recorded, there = read_folder(folder, allow), folder.resolve().parent
    stages = closure((recorded.stage,))
    took = sum(read_made(there / str(stage)).seconds for stage in stages if (there / str(stage) / "run.json").exists())
    console.print(f"{plural(len(stages), 'stage')} to make again, one at a time; the first time they took {minutes(took)}")
    return recorded


def show_rerun(folder: Path, out: Path, allow: tuple[str, ...], console: Console) -> int:
    """Make a result again, and print the comparison of its files; 1 if a file differs."""
    recorded = announce(folder, allow, console)
    for what, then, now in (("commit", recorded.commit, commit()), ("versions", recorded.versions, versions())):
        if then != now:
            console.print(f"note: made with {what} {then}; here it is {now}", style="yellow")
    found = list(rerun(recorded, folder.resolve().parent, out))
    table = columns("stage", "file", "")
    for c in found:
        table.add_row(str(c.stage), printable(c.file), Text(c.match, COLOURS[c.match]))
    console.print(table)
    equal, missing = (sum(c.match == v for c in found) for v in ("equal", "not there to compare with"))
    different = len(found) - equal - missing
    unknown = f", {missing} stages are not there to compare with" if missing else ""
    console.print(f"{equal} files are equal to the bit, {different} are not{unknown}")
    return 1 if different else 0
