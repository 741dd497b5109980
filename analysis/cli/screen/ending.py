"""The end of a run: the answer in a few lines, the report as a link, and what to try next."""

import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from analysis.claims.judge import Finding
from analysis.cli.tables import COLOURS, number
from analysis.design.found import TRIAL
from analysis.design.results import Results
from analysis.design.scale import preset


def ending(results: Results, page: Path, console: Console) -> None:
    """Print the answer of a study, the place of its report, and what to try next."""
    console.print(Text.assemble("\n", (results.study.name, "bold"), f": {results.study.question}"))
    if trial := preset(results.setting.scale) == TRIAL:
        console.print("A trial of the wiring: at so small a scale the verdicts mean nothing.", style="yellow")
    for line in _answer([f for f in results.findings if f.verdict != "reported"]):
        console.print(line)
    place = f"bold link {page.absolute().as_uri()}"
    console.print(Text.assemble("report: ", (str(page), place)), soft_wrap=True)  # a path and a command stay whole, to be copied
    console.print(Text.assemble("next: ", _next(results, trial)))
    if cell := next((cell for cell in results.cells if "learn" in cell.by_name), None):
        only, python = ",".join(f"{axis}={value}" for axis, value in cell.labels), Path(sys.executable)
        python = python.relative_to(Path.cwd()) if python.is_relative_to(Path.cwd()) else Path(python.name)
        words = (python, "-m", "analysis", "ask", page.parent.name, "--only", only, "--seed", cell.seed, "--out", page.parent.parent)
        console.print(Text.assemble("or ask a policy: ", (shlex.join(map(str, words)), "bold")), soft_wrap=True)


def _answer(claims: Sequence[Finding]) -> Iterator[Text]:
    if not claims:
        return
    first, *others = claims
    bounds = f" [{number(first.low)}, {number(first.high)}]" if first.n > 1 else ""
    seeds = f"{number(first.difference)}{bounds}, {first.n} seed{'s' * (first.n != 1)}"
    yield Text.assemble((first.verdict, COLOURS[first.verdict]), f": {first.statement.strip('. ')} ({first.unit}: {seeds})")
    if others:
        counts = Counter(f.verdict for f in others)
        parts = [Text(f"{n} {verdict}", COLOURS[verdict]) for verdict, n in counts.most_common()]
        yield Text.assemble("the other claims: ", Text(", ").join(parts))


def _next(results: Results, trial: bool) -> Text:
    seeds, looks = len(results.setting.seeds), results.study.looks.seeds
    undecided = sum(f.verdict == "undetermined" for f in results.findings)
    later = next((n for n in looks if n > seeds), None)
    if trial:
        return Text.assemble("the same command with ", _option("scale", "cpu"), ", for numbers that mean something")
    if later and undecided:
        return Text.assemble(
            "the same command with ", _option("seeds", str(later)), f"; more seeds may decide what is undetermined ({undecided})"
        )
    return Text("read the report, whose numbers lead to their cells and files")


def _option(name: str, value: str) -> tuple[str, str]:
    return (f"{name.upper()}={value}" if "MAKELEVEL" in os.environ else f"--{name} {value}", "bold")  # as `make`, or the command, is typed
