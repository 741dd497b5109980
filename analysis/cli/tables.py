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
from analysis.cli.options import scales
from analysis.cli.terminal import columns
from analysis.design.found import FOUND, read_found
from analysis.design.scale import CPU, SCALES, Scale
from analysis.design.study import Setting, Study
from analysis.measures.seeds import alike
from analysis.running.gc import Sorted
from analysis.running.plan import Plan
from analysis.running.progress import minutes
from analysis.running.rerun import Recorded, read_folder, rerun
from analysis.studies import STUDIES
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


def show_index(studies: Sequence[Study], console: Console) -> None:
    """A line for each study, over what the scales hold."""
    table = columns("study", "question", Column("cells", justify="right"), Column("minutes", justify="right"))
    for study in studies:
        spent = minutes_of(study)
        table.add_row(Text(study.name, "bold"), study.question, str(cells_of(study)), "" if spent is None else str(spent))
    console.print(table)
    console.print("cells, and minutes of one processor, of a seed at the cpu scale; `list STUDY` shows axes and claims\n", style="dim")
    console.print(scales())
    console.print("`list --scales` shows every size", style="dim")


def show_scales(console: Console) -> None:
    """Every size of every scale."""
    table = columns("size", *(Column(name, justify="right") for name in SCALES))
    for size in dict.fromkeys(key for held in map(sizes, SCALES.values()) for key in held):
        table.add_row(size, *(str(sizes(scale)[size]) for scale in SCALES.values()))
    console.print(table)
    console.print("`run --help` says what each is; all of them are options", style="dim")


def sizes(scale: Scale) -> dict[str, object]:
    """The sizes of a scale and its machine, as options are called."""
    values = {key: value for key, value in vars(scale).items() if key != "machine"} | vars(scale.machine)
    return {key.replace("_", "-"): value for key, value in values.items()}


def scales_json() -> str:
    """Every size of every scale, as JSON."""
    return json.dumps({name: sizes(scale) for name, scale in SCALES.items()}, indent=1)


def cells_of(study: Study) -> int:
    """The cells of a seed at the cpu scale."""
    return sum(1 for _ in study.cells(Setting(CPU, (0,), study.options), 0))


def minutes_of(study: Study) -> float | None:
    """The minutes of one processor that a seed took at the cpu scale, where its findings are kept; None, if they are not."""
    if STUDIES.get(study.name) is not study or not (FOUND / f"{study.name}.json").exists():
        return None
    spent = read_found(study.name).get("cpu_minutes")
    return float(spent) if isinstance(spent, int | float) else None


def list_json(studies: Sequence[Study]) -> str:
    """Every study with its claims, as JSON."""

    def claim(c: Claim) -> dict[str, object]:
        return {"name": c.name, "statement": c.statement, "margin": c.test and c.test.margin, "unit": c.unit}

    found = [
        {
            "name": s.name,
            "question": s.question,
            "source": s.source,
            "cells": cells_of(s),
            "minutes": minutes_of(s),
            "axes": dict(s.axes),
            "claims": [*map(claim, s.claims)],
        }
        for s in studies
    ]
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


def plan_record(plan: Plan) -> dict[str, object]:
    """A plan as JSON: seconds are estimates, or none where nothing is known; memory and disk are in MiB."""
    kinds = [
        {
            "stage": kind,
            "distinct": sum(s.word == kind for s in plan.stages),
            "to run": sum(s.word == kind for s in plan.missing),
            "seconds each": plan.seconds.get(kind),
            "memory": plan.memory.get(kind),
            "disk": plan.disk.get(kind),
        }
        for kind in dict.fromkeys(s.word for s in plan.stages)
    ]
    return {"cells": plan.cells, "stages": kinds, "jobs": plan.jobs, "seconds": None if plan.unmeasured else round(plan.wall, 1)}


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


def rubbish_json(found: Sorted) -> str:
    """The things that can be removed, and those that are left alone, as JSON."""
    things = [{"what": one.what, "path": str(one.path), "bytes": one.bytes} for one in found.rubbish]
    return json.dumps({"rubbish": things, "busy": list(found.busy)}, indent=1)


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


def print_rerun(folder: Path, out: Path, allow: tuple[str, ...], console: Console) -> int:
    """Make a result again, and print the comparison of its files as JSON, alone; 1 if a file differs."""
    found = list(rerun(read_folder(folder, allow), folder.resolve().parent, out))
    print(json.dumps([{"stage": str(c.stage), "file": c.file, "match": c.match} for c in found], indent=1))
    return int(any(c.match not in ("equal", "not there to compare with") for c in found))
