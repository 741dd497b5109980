"""Lessons run from top to bottom, their exercises can be solved, and their notebooks are those of their files."""

import ast
import inspect
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from types import ModuleType

import jupytext
import pytest
from rich.console import Console

from analysis.__main__ import typed
from analysis.design.recipes import base
from analysis.lessons import Desk
from analysis.lessons.live import Growing
from analysis.lessons.performing import cells, lessons, perform
from analysis.lessons.performing.notebooks import made, place, run, text

LESSONS = lessons()
EXERCISES = (1, 2, 3)


class Ran:
    """The lessons in their smallest size and in one folder, where later ones use the stages of earlier ones; each runs once, when it is
    asked for: the tests may be shared out among processes."""

    def __init__(self) -> None:
        self.modules, self.said = dict[int, ModuleType](), dict[int, str]()

    def __getitem__(self, number: int) -> ModuleType:
        if number not in self.modules:
            with redirect_stdout(StringIO()) as said:
                self.modules[number] = perform(number, None, Console(width=100))
            self.said[number] = said.getvalue()
        return self.modules[number]


@pytest.fixture(scope="module")
def ran() -> Ran:
    return Ran()


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lessons")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, out: Path) -> None:
    monkeypatch.setenv("SYNTHTASKS_LESSON", "tiny")
    monkeypatch.setenv("SYNTHTASKS_LESSONS_OUT", str(out))


# A reader would meet an error, a lesson without a picture, or pictures that are empty wherever there is no network.
@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_runs_from_top_to_bottom(number: int, out: Path, ran: Ran) -> None:
    assert ran[number].desk.folder == out / str(number)
    figures = sorted((out / str(number)).iterdir())
    assert {file.suffix for file in figures} == {".html", ".svg", ".png"}
    assert 3 * len({file.stem for file in figures}) == len(figures)
    assert not [file for file in figures if file.suffix == ".html" and 'src="http' in file.read_text(encoding="utf-8")]
    assert "You made no guess" in ran.said[number]
    assert ran.said[number].count("Not yet: ") == len(EXERCISES)


# Lesson 4 and the studies would train the model of lesson 2 again, and speak of another one.
def test_the_model_of_lesson_2_is_that_of_the_studies(ran: Ran) -> None:
    desk = Desk.of(2)
    assert ran[2].base == base(desk.scale, (), 0)
    assert ran[4].cells["at"]["base"] == ran[2].base == ran[3].learned
    assert ran[3].score == ran[2].score


# A reader's right solution would be refused, or a wrong one praised.
@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("number", LESSONS)
def test_an_exercise_is_marked(number: int, exercise: int) -> None:
    check = getattr(import_module(f"analysis.lessons.checks.lesson_{number}"), f"check_exercise_{exercise}")
    answers = import_module(f"analysis.lessons.solutions.lesson_{number}")
    solved, mistaken = (getattr(answers, f"{kind}_{exercise}") for kind in ("exercise", "mistake"))
    assert check(solved).right, check(solved).reason
    assert not check(mistaken).right
    assert "None" in check(lambda *_: None).reason
    assert len(check(mistaken).reason) < 400


# An exercise whose solution takes other arguments could not be compared with it.
@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_asks_what_its_solutions_answer(number: int) -> None:
    answers = import_module(f"analysis.lessons.solutions.lesson_{number}")
    tree = ast.parse(LESSONS[number].read_text(encoding="utf-8"))
    asked = {f.name: [a.arg for a in f.args.args] for f in tree.body if isinstance(f, ast.FunctionDef) and f.name.startswith("exercise_")}
    solved = {f"exercise_{i}": list(inspect.signature(getattr(answers, f"exercise_{i}")).parameters) for i in EXERCISES}
    assert asked == solved


# A lesson without its promise, its time or its guess would leave a reader or a teacher in the dark.
@pytest.mark.parametrize("number", LESSONS)
def test_a_lesson_has_the_form_of_all(number: int) -> None:
    every = cells(LESSONS[number].read_text(encoding="utf-8"))
    head = every[0].source
    assert every[0].text
    assert head.startswith(f"# {number}. ")
    assert "**Time:**" in head
    assert "**You need:**" in head
    assert any(not cell.text and cell.source.startswith("guess") and cell.source.endswith("= None") for cell in every)
    assert all(len(cell.source.splitlines()) <= 40 for cell in every), "a cell holds one idea"


# A notebook that was not made again would teach an old lesson.
@pytest.mark.parametrize("number", LESSONS)
def test_a_notebook_is_that_of_its_lesson(number: int) -> None:
    file = LESSONS[number]
    again = "python -m analysis.lessons.performing.notebooks write"
    assert place(file).read_text(encoding="utf-8") == text(file), f"{place(file)} is old: {again}"


# A notebook of a lesson that is gone would stay.
def test_every_notebook_has_a_lesson() -> None:
    assert {file.stem for file in place(LESSONS[1]).parent.glob("*.ipynb")} == {file.stem for file in LESSONS.values()}


# The command line would print or run other cells than a notebook does.
@pytest.mark.parametrize("number", LESSONS)
def test_cells_are_those_of_jupytext(number: int) -> None:
    read = jupytext.read(LESSONS[number], fmt="py:percent").cells
    assert [(cell.text, cell.source) for cell in cells(LESSONS[number].read_text(encoding="utf-8"))] == [
        (cell.cell_type == "markdown", cell.source) for cell in read
    ]


# A text that jupytext would take for code would be run.
def test_a_lesson_out_of_form_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with a cell"):
        cells("print(1)\n")
    with pytest.raises(ValueError, match="line 3 of a text begins with '# '"):
        cells("# %% [markdown]\n# # 1. Title\nprint(1)\n")


# A reader could not find the lessons, or would run one that is not there.
def test_the_command_lists_and_runs_lessons(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    console = Console(width=80)
    typed(["lesson"])(console)
    said = capsys.readouterr().out
    assert all(f"{number}. " in said for number in LESSONS)
    assert said.count("Time:") == len(LESSONS)
    typed(["lesson", "1", "--out", str(out / "elsewhere")])(console)
    assert (out / "elsewhere" / "1" / "graph.png").is_file()
    with pytest.raises(ValueError, match="there is no lesson 99, but 1, 2"):
        typed(["lesson", "99"])(console)


# A table that lacks a lesson, or names one that is gone, misleads a teacher.
def test_the_table_of_lessons_is_whole() -> None:
    page = (LESSONS[1].parent / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[\d+\. [^]]*\]\((\w+\.py)\)", page, re.MULTILINE) == [file.name for file in LESSONS.values()]


# Curves that are drawn while a stage learns would be those of another run, or none.
def test_curves_grow_while_a_stage_learns() -> None:
    console = Console(width=80, force_terminal=True, highlight=False, file=(said := StringIO()))
    growing = Growing("loss", "nats", console)
    with growing.log("base") as log:
        for i in range(3):
            log.log_metrics({"iteration": i, "loss": 3.0 - i})
        log.log_metrics({"iteration": 3, "reward": 1.0})
    assert growing.runs == {"base": [(1, 3.0), (2, 2.0), (3, 1.0)]}
    first, *_, last = said.getvalue().replace("\n", "\r").split("\r")[:-1]
    assert first == "base, 1 iterations: loss 3.000 ▁ 3.000"
    assert last == "base, 3 iterations: loss 3.000 █▅▁ 1.000"


# The first thing that a reader tries would fail: the file, run by itself.
def test_a_lesson_is_a_script(out: Path) -> None:
    done = subprocess.run(
        [sys.executable, LESSONS[1]], capture_output=True, encoding="utf-8", timeout=120, cwd=out,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Not yet: exercise_1 gives None" in done.stdout


# A typo in the environment would run a lesson of minutes in a test, or one without meaning in a class.
def test_a_size_is_full_or_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYNTHTASKS_LESSON", "small")
    with pytest.raises(ValueError, match="full or tiny; found 'small'"):
        Desk.of(1)


# In a notebook, figures and tables would not appear.
@pytest.mark.skipif(not (find_spec("nbclient") and find_spec("ipykernel")), reason="needs the extra `lessons`: make lessons")
def test_a_lesson_is_a_notebook(out: Path, tmp_path: Path) -> None:
    assert run(LESSONS[1], tmp_path) > 0
    ran = jupytext.read(tmp_path / place(LESSONS[1]).name)
    shown = {kind for cell in ran.cells for output in cell.get("outputs", ()) for kind in output.get("data", ())}
    assert {"image/svg+xml", "text/markdown"} <= shown
    assert len(ran.cells) == len(made(LESSONS[1]).cells)


# Lesson 5 would teach another clip: at ratio 1.4 heads push nothing and tails -1.4, at 0.6 the other way round, and at 1 both alike.
def test_lesson_5_pushes_a_word_as_worked_by_hand(ran: Ran) -> None:
    for ratio, heads, tails in ((1.4, 0.0, -1.4), (0.6, 0.6, 0.0), (1.0, 1.0, -1.0)):
        assert ran[5].push(ratio, 1.0, ran[5].CLIP) == pytest.approx(heads)
        assert ran[5].push(ratio, -1.0, ran[5].CLIP) == pytest.approx(tails)
        assert ran[5].push(ratio, 1.0, ran[5].NO_CLIP) == -ran[5].push(ratio, -1.0, ran[5].NO_CLIP)


# Lesson 7 would explain a law that its drafts do not break, or call a family mended that breaks one.
def test_the_drafts_of_lesson_7_break_what_it_says(ran: Ran) -> None:
    assert ran[7].first_fault.startswith("Dials mean what they say.\n  steps=2, but length is 1")
    assert ran[7].second_fault.startswith("Answers vary, and are not there to be copied.\n  the answer of 100%")
    assert ran[7].last_fault == ""
