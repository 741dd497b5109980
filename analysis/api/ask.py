"""Studies from Python: what to run, how large, and where its results lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path

from rich.console import Console

from analysis.api.answer import Answer
from analysis.api.script import unimported
from analysis.cli.command import complete, plan, report, run
from analysis.cli.options import chosen
from analysis.cli.request import Request, request, stages_of
from analysis.cli.terminal import Terminal
from analysis.design.scale import SCALES, Scale
from analysis.design.study import Study
from analysis.measures.facts import Cell
from analysis.running.engine import Care, run_stages
from analysis.running.shard import WHOLE

OF_THE_CALL = ("seeds", "machine")  # sizes of a scale that are not among the changes


@dataclass(frozen=True, eq=False)
class Asked:
    """A study in a setting. Nothing has run yet, but whatever can be known to fail is refused already."""

    request: Request
    console: Console

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells: labels, a seed, and stages by name."""
        return self.request.cells()

    def plan(self) -> None:
        """Print what would run, what is there, and how long the rest takes."""
        plan(self.request, self.console)

    def run(self, retry: int = 1, time_limit: float | None = None) -> Answer:
        """Run what is missing, judge the claims, and write the report; progress is printed. After an interruption, the same call continues.

        Args:
            retry: how often a stage whose worker died is tried again.
            time_limit: seconds after which a stage is killed, and has failed; None: no limit.

        Raises:
            RuntimeError: if a stage failed. What is done is kept, and the same call tries again.
            KeyboardInterrupt: if it was stopped.
        """
        with unimported(stages_of(self.cells)):
            status = run(self.request, self.console, Care(retry, time_limit), WHOLE, run_stages)
        if status:
            if status == 1:
                raise RuntimeError("stages failed, as printed above; once the cause is mended, the same call tries again")
            raise KeyboardInterrupt("stopped; the same call continues")
        return self.answer()

    def answer(self) -> Answer:
        """The answer from what has run. Writes nothing.

        Raises:
            ValueError: if a stage has not run yet.
        """
        complete(self.request)
        return Answer.of(self.request)

    def report(self) -> Answer:
        """Judge and report again, from what has run.

        Raises:
            ValueError: if a stage has not run yet.
        """
        complete(self.request)
        report(self.request, self.console)
        return Answer.of(self.request)


def study(
    name: str | Study,
    *,
    scale: str | Scale = "cpu",
    seeds: int | None = None,
    first_seed: int = 0,
    only: Mapping[str, str] | None = None,
    out: str | Path | None = None,
    jobs: int | None = None,
    console: Console | None = None,
    **changes: object,
) -> Asked:
    """A study, ready to be planned, run or read.

    Args:
        name: that of a study (`python -m analysis list`), a `Study`, or `file.py:NAME` for one of your own.
        scale: `smoke`, `cpu`, `gpu` or `large`, or a `Scale`.
        seeds: how many; None: as many as the scale says.
        first_seed: seeds are counted from here.
        only: cells with these labels, as {"primitive": "absent"}; None: all.
        out: folder of the results, shared with the command line; None: runs/SCALE.
        jobs: stages that run at a time; None: as many as the cores have room for.
        console: where progress is printed; None: the standard output.
        changes: fields of the scale, as `rl_iterations=160`, of its machine, as `accelerator="cuda"`, or options of the study, as
            `withhold=("add",)`.

    Raises:
        ValueError: if something is unknown or out of range, a stage or a claim would surely fail later, or the folder belongs to another
            setting.
    """
    one = name if isinstance(name, Study) else chosen("" if ":" in name else name, name if ":" in name else "")
    if isinstance(scale, str) and scale not in SCALES:
        raise ValueError(f"there is no scale {scale!r}, but {', '.join(SCALES)}; or give a Scale")
    size = SCALES[scale] if isinstance(scale, str) else scale
    if out is None and not isinstance(scale, str):
        raise ValueError("with a Scale of your own, say where the results lie: out=folder")
    kinds = {kind: _names(of) - set(OF_THE_CALL) for kind, of in (("sizes", size), ("machine", size.machine), ("options", one.options))}
    if strange := [key for key in changes if not any(key in names for names in kinds.values())]:
        known = sorted(set().union(*kinds.values()))
        like = get_close_matches(strange[0], known, 1)
        raise ValueError(f"{one.name} has no option {strange[0]!r}{f'; did you mean {like[0]}?' if like else ''} It has {', '.join(known)}")
    sizes, machine, own = ({key: value for key, value in changes.items() if key in names} for names in kinds.values())
    size = replace(size, machine=replace(size.machine, **machine), **sizes)  # type: ignore[arg-type]  # each checks its fields
    size = size if seeds is None else replace(size, seeds=seeds)
    options = replace(one.options, **own)  # type: ignore[type-var]  # a frozen dataclass
    labels = ",".join(f"{axis}={value}" for axis, value in (only or {}).items())
    made = request(one, size, first_seed, options, labels, Path(out or Path("runs") / str(scale)), jobs)
    return Asked(made, console or Terminal())


def _names(of: object) -> set[str]:
    return {f.name for f in fields(of)}  # type: ignore[arg-type]  # a dataclass
