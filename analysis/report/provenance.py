"""The run of a study: its sizes, machines and costs, and the command that runs it again."""

import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields

from analysis.design.results import Results
from analysis.design.scale import SCALES, changed, preset
from analysis.design.study import Setting
from train.ledger import Ledger, read_ledger
from train.stages.circumstances import read_made
from train.stages.stage import Stage, closure


@dataclass(frozen=True)
class Cost:
    """The costs of all stages of a kind."""

    kind: str
    stages: int
    ledger: Ledger
    seconds: float  # of every stage, one after the other
    cpu_seconds: float
    peak_memory_mb: int  # of the largest


def stages(results: Results) -> tuple[Stage, ...]:
    """Everything that the results stand on, once."""
    return closure([s for cell in results.cells for s in cell.stages])


def costs(results: Results) -> tuple[Cost, ...]:
    """The costs of each kind of stage, from the ledgers and records in the store."""
    found: dict[str, list[Cost]] = defaultdict(list)
    for stage in stages(results):
        folder = results.store.get(stage)
        made = read_made(folder)
        found[stage.word].append(Cost(stage.word, 1, read_ledger(folder), made.seconds, made.cpu_seconds, made.peak_memory_mb))
    return tuple(total(name, found[name]) for name in sorted(found))


def total(name: str, parts: Sequence[Cost]) -> Cost:
    """The costs of all parts together."""
    ledger = Ledger(**{f.name: sum(getattr(p.ledger, f.name) for p in parts) for f in fields(Ledger)})
    seconds, cpu_seconds = sum(p.seconds for p in parts), sum(p.cpu_seconds for p in parts)
    return Cost(name, sum(p.stages for p in parts), ledger, seconds, cpu_seconds, max((p.peak_memory_mb for p in parts), default=0))


def machines(results: Results) -> dict[str, int]:
    """The number of stages by device, threads and versions."""
    found: dict[str, int] = defaultdict(int)
    for stage in stages(results):
        made = read_made(results.store.get(stage))
        versions = ", ".join(f"{k} {v}" for k, v in [("Python", made.python), *sorted(made.versions.items())])
        threads = f"{made.machine.threads} thread{'s' if made.machine.threads > 1 else ''} a stage"
        found[f"{made.device} ({made.machine.accelerator}, {made.machine.precision}, {threads}); {versions}"] += 1
    return dict(sorted(found.items()))


def command(results: Results) -> str:
    """The command that runs the same again."""
    setting, study = results.setting, results.study
    scale, name = setting.scale, preset(setting.scale)
    words = ["python", "-m", "analysis", "run", study.name, "--scale", name, "--seeds", str(len(setting.seeds))]
    if setting.seeds and setting.seeds[0]:
        words += ["--first-seed", str(setting.seeds[0])]
    for option, value in options(setting).items():
        if value != getattr(study.options, option):
            words += [f"--{option.replace('_', '-')}", *(map(str, value) if isinstance(value, tuple) else [str(value)])]
    if only := _only(results):
        words += ["--only", ",".join(f"{axis}={value}" for axis, value in only.items())]
    for field, value in changed(scale, SCALES[name]).items():
        words += [f"--{field.replace('_', '-')}", str(value)]
    return shlex.join(words)


def asking(results: Results) -> str:
    """The command that asks a policy of the first cell that has one; of the stage `learn`, or of the last that learned; "" without one."""
    for cell in results.cells:
        if learned := [name for name, stage in cell.named if stage.word in ("pretrain", "practise")]:
            words = ["python", "-m", "analysis", "ask", results.study.name]
            words += ["--only", ",".join(f"{axis}={value}" for axis, value in cell.labels), "--seed", str(cell.seed)]
            words += [] if "learn" in learned else ["--stage", learned[-1]]
            return shlex.join([*words, "--out", f"runs/{preset(results.setting.scale)}"])
    return ""


def options(setting: Setting) -> dict[str, object]:
    """The options of a study's own, as they were chosen."""
    return {f.name: getattr(setting.options, f.name) for f in fields(setting.options)}  # type: ignore[arg-type]  # a frozen dataclass


def chosen(setting: Setting) -> dict[str, str]:
    """The options in words."""
    return {
        option.replace("_", " "): (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value) or "its own"
        for option, value in options(setting).items()
    }


def _only(results: Results) -> dict[str, str]:
    """The labels to which the study was narrowed: of those that its cells share, as few as give the same cells."""
    mine = {c.labels for c in results.cells}
    every = {c.labels for c in results.study.every(results.setting)}
    shared = dict(set.intersection(*map(set, mine))) if mine else {}
    only = {axis: shared[axis] for axis in results.study.axes if axis in shared}
    for axis in list(only):
        fewer = {other: value for other, value in only.items() if other != axis}
        if {labels for labels in every if fewer.items() <= dict(labels).items()} == mine:
            only = fewer
    return only
