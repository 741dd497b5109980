"""How a study was run: its sizes, machines and costs, and the command that runs it again."""

import shlex
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields

from analysis.running.plan import kind
from analysis.studies.results import Results
from analysis.studies.scale import SCALES, changed, preset
from train.ledger import Ledger, read_ledger
from train.stages.circumstances import read_made
from train.stages.stage import Stage, closure


@dataclass(frozen=True)
class Cost:
    """What the stages of a kind took together."""

    kind: str
    stages: int
    ledger: Ledger
    seconds: float  # of every stage, one after the other
    cpu_seconds: float
    peak_memory_mb: int  # of the largest


def stages(results: Results) -> tuple[Stage, ...]:
    """Everything that the results stand on, once."""
    return closure([s for cell in results.cells for s in cell.stages()])


def costs(results: Results) -> tuple[Cost, ...]:
    """Of each kind of stage, from the ledgers and records in the store."""
    found: dict[str, list[Cost]] = defaultdict(list)
    for stage in stages(results):
        folder = results.store.get(stage)
        made = read_made(folder)
        found[kind(stage)].append(Cost(kind(stage), 1, read_ledger(folder), made.seconds, made.cpu_seconds, made.peak_memory_mb))
    return tuple(total(name, found[name]) for name in sorted(found))


def total(name: str, parts: Sequence[Cost]) -> Cost:
    """The costs of all parts together."""
    ledger = Ledger(**{f.name: sum(getattr(p.ledger, f.name) for p in parts) for f in fields(Ledger)})
    return Cost(
        name,
        sum(p.stages for p in parts),
        ledger,
        sum(p.seconds for p in parts),
        sum(p.cpu_seconds for p in parts),
        max((p.peak_memory_mb for p in parts), default=0),
    )


def machines(results: Results) -> dict[str, int]:
    """How many stages ran on what: device, threads, versions."""
    found: dict[str, int] = defaultdict(int)
    for stage in stages(results):
        made = read_made(results.store.get(stage))
        machine = made.machine
        packages = ", ".join(f"{k} {v}" for k, v in sorted(made.versions.items()))
        threads = f"{machine.threads} thread{'s' if machine.threads > 1 else ''} a stage"
        found[f"{made.device} ({machine.accelerator}, {machine.precision}, {threads}); Python {made.python}, {packages}"] += 1
    return dict(sorted(found.items()))


def command(results: Results) -> str:
    """The command that runs the same again."""
    setting, study = results.setting, results.study
    scale, name = setting.scale, preset(setting.scale)
    words = ["python", "-m", "analysis", "run", study.name, "--scale", name, "--seeds", str(len(setting.seeds))]
    if setting.seeds and setting.seeds[0]:
        words += ["--first-seed", str(setting.seeds[0])]
    words += ["--withhold", *setting.withhold]
    if only := _only(results):
        words += ["--only", ",".join(f"{axis}={value}" for axis, value in only.items())]
    for field, value in changed(scale, SCALES[name]).items():
        words += [f"--{field.replace('_', '-')}", str(value)]
    return shlex.join(words)


def _only(results: Results) -> dict[str, str]:
    """The labels to which the study was narrowed: those that its cells share, and the study varies."""
    study, cells = results.study, results.cells
    shared = set.intersection(*(set(c.labels) for c in cells)) if cells else set()
    only = {axis: value for axis, every in study.labels.items() for value in every if len(every) > 1 and (axis, value) in shared}
    without = {axis: value for axis, value in only.items() if axis != "control"}
    narrowed = [c for c in study.cells(results.setting) if without.items() <= dict(c.labels).items()]
    return without if len(narrowed) == len(cells) else only
