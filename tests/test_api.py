"""Studies from Python: what is refused, tables, policies by their labels, and scripts without a main guard."""

import io
import linecache
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from markupsafe import escape

from analysis import study
from analysis.api import Answer, Asked
from analysis.api.script import unimported
from analysis.api.tables import frame
from analysis.cli.ask import converse, earlier, of_a_study
from analysis.cli.terminal import Terminal
from analysis.design.cells import listed, read_cells
from analysis.figures.svg import specification
from tests.tiny import TINY
from train.policy import load_policy
from train.stages.reading import Malformed

ROOT = Path(__file__).parent.parent
ONLY = {"primitive": "present", "region": "at", "control": "none"}


def asked(out: Path) -> Asked:
    return study("grid", scale=TINY, seeds=1, only=ONLY, out=out, jobs=1, console=Terminal(io.StringIO()))


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    return asked(tmp_path_factory.mktemp("runs")).run()


# Broken if a misspelt option, scale or label ran the study as if nothing had been said.
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scale": "huge"}, "there is no scale 'huge', but smoke, cpu, gpu, large"),
        ({"rl_iteration": 3}, "grid has no option 'rl_iteration'; did you mean rl_iterations?"),
        ({"seeds": 0}, "Scale.seeds is from 1"),
        ({"only": {"region": "near"}}, "found region=near"),
        ({"scale": TINY}, "say where the results lie"),
        ({"withhold": ("mull",)}, "mull"),
    ],
)
def test_mistakes_are_refused_before_anything_runs(given: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        study("grid", **({"out": tmp_path} if "scale" not in given else {}), **given)  # type: ignore[arg-type]  # wrong on purpose


# Broken if a study that is named by a mistake were another one, or a change of its options, sizes or machine were lost.
def test_a_call_says_what_the_command_line_says(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no study 'gird'"):
        study("gird", out=tmp_path)
    setting = study("grid", scale="smoke", seeds=2, first_seed=3, out=tmp_path, withhold=("add",), group=4, threads=2).request.setting
    assert (setting.seeds, setting.scale.group, setting.scale.machine.threads, vars(setting.options)["withhold"]) == (
        (3, 4),
        4,
        2,
        ("add",),
    )


# Broken if a figure of the report were missing, or under another's title.
def test_figures_are_charts_by_title(answer: Answer) -> None:
    drawn = {f.title: chart for f in answer.results.study.figures if (chart := f.draw(answer.results.facts)) is not None}
    assert answer.figures.keys() == drawn.keys()
    assert drawn
    assert all(specification(chart) == specification(drawn[title]) for title, chart in answer.figures.items())


# Broken if rows lacked a label, columns differed from row to row, or the tables held other numbers than the results.
def test_tables_hold_every_fact_and_finding(answer: Answer) -> None:
    facts, findings = answer.facts, answer.findings
    if not isinstance(facts, list) or not isinstance(findings, list):
        pytest.skip("a library of data frames is installed")
    assert [row["value"] for row in facts if row["value"] is not None] == [f.value for f in answer.results.facts if f.value == f.value]
    assert {row["reward"] for row in facts} == {"outcome", "process"}
    assert len({tuple(row) for row in facts}) == 1
    assert {row["name"]: row["verdict"] for row in findings} == {f.name: f.verdict for f in answer.results.findings}
    assert frame([{"a": 1}, {"b": 2}]) == [{"a": 1, "b": None}, {"a": None, "b": 2}]
    assert answer.report.is_file()
    shown = findings._repr_html_()  # type: ignore[attr-defined]  # Rows
    assert all(escape(f.statement) in shown for f in answer.results.findings)
    assert answer.results.study.question in answer._repr_html_()


# Broken if labels led to another policy than that of their cell, or an unclear choice to some policy.
def test_policies_have_labels(answer: Answer) -> None:
    (cell,) = [c for c in answer.results.cells if dict(c.labels)["reward"] == "process"]
    mine, its = answer.policy(reward="process"), load_policy(answer.results.store.get(cell["learn"]))
    assert all(torch.equal(a, b) for a, b in zip(mine.model.parameters(), its.model.parameters(), strict=True))
    card = mine._repr_html_()
    for said in (
        "process",
        "present",
        str(answer.stage(reward="process")),
        repr(its),
        *{f.phase for f in mine.facts if "pass@" in f.metric},
    ):
        assert escape(said) in card
    assert mine.facts == tuple(f for f in answer.results.facts if (f.labels, f.seed) == (cell.labels, 0))
    with pytest.raises(ValueError, match=r"2 cells of seed 0 have the labels {}; say which: reward=outcome\|process"):
        answer.policy()
    with pytest.raises(ValueError, match="no cell of seed 7"):
        answer.policy(seed=7)
    with pytest.raises(ValueError, match="the cell has no stage 'teach'; it has "):
        answer.policy("teach", reward="process")


# Broken if the list of cells were not that of the study, or a damaged one were believed.
def test_cells_are_listed_in_the_folder_of_the_study(answer: Answer, tmp_path: Path) -> None:
    assert read_cells(answer.folder) == tuple(map(listed, answer.results.cells))
    (tmp_path / "cells.jsonl").write_text('{"labels": {"a": 1}, "seed": 0, "stages": {}}\n', encoding="utf-8")
    with pytest.raises(Malformed, match="writes it anew"):
        read_cells(tmp_path)


# Broken if `ask` found another stage by labels, or showed a policy beside another than the one that it was made of.
def test_a_policy_is_asked_by_labels_beside_the_one_before(answer: Answer) -> None:
    folder = of_a_study(answer.folder, "reward=process", 0, "learn")
    assert folder == answer.stage(reward="process")
    (cell,) = [c for c in answer.results.cells if dict(c.labels)["reward"] == "process"]
    base = earlier(folder)
    assert base is not None
    assert base.name == str(cell["learn"].policy)  # type: ignore[attr-defined]  # a stage that learns
    console, typed = Terminal(io.StringIO(), 150), iter(["1", "q"])
    converse(folder, console, lambda: next(typed))
    said = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert said.count("true answer") == 2
    assert "before" in said
    with pytest.raises(ValueError, match="--only takes axis=value"):
        of_a_study(answer.folder, "reward", 0, "learn")


# Broken if workers ran the script that calls a study, which without a main guard would call it again in each of them.
def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from analysis import study\nfrom tests.tiny import TINY\nprint('begun')\n"
        f"found = study('grid', scale=TINY, seeds=1, only={ONLY | {'reward': 'outcome'}!r}, out={str(tmp_path / 'out')!r}, jobs=1).run()\n"
        "print(len(found.results.cells), 'cell')\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, str(script)], cwd=ROOT, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, encoding="utf-8", timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("begun") == 1
    assert done.stdout.rstrip().endswith("1 cell")


CELL = """
from dataclasses import dataclass
from train.stages.stage import Stage

@dataclass(frozen=True, eq=False, repr=False)
class Mine(Stage):
    def run(self, out, context): pass
"""


# Broken if a study with a part that a notebook's cell defines were begun: its workers would fail one by one, each after its own wait.
def test_a_part_of_a_notebook_is_refused_to_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    monkeypatch.setitem(linecache.cache, "cell", (len(CELL), None, CELL.splitlines(keepends=True), "cell"))  # as a notebook does
    exec(compile(CELL, "cell", "exec"), vars(notebook))
    with pytest.raises(ValueError, match=r"a notebook defines Mine, .* write it into a file"), unimported([notebook.Mine()]):
        pass
