"""A study of somebody's own, in one file outside the package: every command works on it, as on those that are here."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.__main__ import main, typed
from analysis.cli import options
from analysis.cli.options import from_file
from analysis.cli.verbs import Watch
from analysis.live.watch import page_of

ROOT = Path(__file__).parent.parent
SMALL = {"modulus": 2, "lines": 4, "solved": 2, "deepest": 4, "uses": 1, "width": 16, "heads": 2, "pretraining": 4, "tokens": 128}
SIZES = ["--scale=smoke", *(f"--{size}={n}" for size, n in SMALL.items())]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The study, where nothing of the project lies."""
    file = Path(shutil.copy(ROOT / "tests" / "my_study.py", tmp_path_factory.mktemp("mine")))
    before = list(sys.path)
    yield file
    sys.path[:] = before
    sys.modules.pop("my_study", None)  # a worker that ran a few of these tests may not have loaded it


@pytest.fixture(scope="module")
def out(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its results, by processes that import the file by themselves."""
    out = tmp_path_factory.mktemp("out")
    words = [sys.executable, "-m", "analysis", "run", *of(file, out, "--jobs", "1")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "farther" in done.stdout
    return out


def of(file: Path, out: Path, *more: str) -> list[str]:
    """The words after a command."""
    return ["--study", f"{file}:STUDY", "--out", str(out), "--longer", "2", *SIZES, *more]


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit status of a command, and what it says in one line."""
    monkeypatch.setattr(sys, "argv", ["analysis", *words])
    try:
        status = main()
    except SystemExit as end:  # by the parser
        status = int(str(end.code))
    told = capsys.readouterr()
    return status, " ".join((told.out + told.err).replace("│", " ").split())


# Broken if a command knew the words of the studies that are here alone: of their axes, stages, measures, figures or options.
def test_every_command_works_on_it(file: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def does(*words: str) -> str:
        status, text = said(monkeypatch, capsys, *words)
        assert status == 0, text
        return text

    assert "layers {1, 2}; reading {short, long}" in does("list", "--study", f"{file}:STUDY")
    assert "4 cells of 1 seed, 12 distinct stages (2 of them shared), 12 there; nothing to run" in does("plan", *of(file, out))
    assert "2 cells of 1 seed, 8 distinct" in does("plan", *of(file, out, "--only", "reading=long"))
    assert "nothing to do: every stage is there" in does("run", *of(file, out))
    assert "report.html" in does("report", *of(file, out))
    (folder,) = out.glob("norms-*-longer-2")
    assert "<rect" in (folder / "report.html").read_text(encoding="utf-8")
    metrics = does("query", "SELECT reading, count(*) FROM facts WHERE metric = 'norm' GROUP BY ALL ORDER BY ALL", "--out", str(out))
    assert metrics == "reading count_star() long 4 short 4"
    assert "0 things that no study refers to" in does("gc", "--out", str(out), "--dry-run")
    (norm, *_) = (out / "stages").glob("Norm-*")
    assert "to make again" in does("rerun", str(norm), "--allow", "my_study", "--dry-run")
    watch = typed(["watch", *of(file, out)])
    assert isinstance(watch, Watch)
    sections, _ = page_of(watch.request()).sections()
    assert "<rect" in "".join(sections.values())


# Broken if what a study says it has were not asked for, or what it has not were taken in silence.
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("plan", "--study", "{file}:STUDI"), "STUDI is no Study; {file} holds STUDY"),
        (("plan", "--study", "{file}:AXES"), "AXES is no Study"),
        (("plan", "--study", "{file}"), "--study takes file.py:NAME, as in my_study.py:STUDY"),
        (("plan", "--study", "nowhere.py:STUDY"), "nowhere.py is no such file"),
        (("plan", "--study", "{folder}/json.py:STUDY"), "a module json is there already"),
        (("plan", "grid", "--study", "{file}:STUDY"), "a study's name, or --study; found grid"),
        (("plan", "--study", "{file}:STUDY", "--withhold", "add"), "--withhold"),
        (("plan", "--study", "{file}:STUDY", "--longer", "much"), "--longer"),
        (("plan", "grid", "--longer", "2"), "--longer"),
        (("plan", "grit"), "there is no study 'grit'"),
        (("demo", "--study", "{file}:STUDY", *SIZES), "the study norms has no demo"),
        (("watch", "all"), "this command takes one study; found all"),
        (("plan", "--study", "{file}:STUDY", *SIZES, "--only", "primitive=absent"), "--only knows layers=1|2; reading=short|long"),
    ],
)
def test_mistakes_are_explained(
    words: tuple[str, ...], message: str, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (file.parent / "json.py").touch()
    status, text = said(monkeypatch, capsys, *(word.format(file=file, folder=file.parent) for word in words))
    assert status == 2
    assert message.format(file=file) in text


# Broken if `all` left a study out, or gave each a store of its own.
def test_all_runs_every_study(file: Path, out: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    study = from_file(f"{file}:STUDY")
    one = replace(study, options=replace(study.options, longer=2))  # type: ignore[type-var]  # a dataclass
    monkeypatch.setattr(options, "NAMES", ("one", "two"))
    monkeypatch.setattr(options, "STUDIES", {"one": replace(one, name="one"), "two": replace(one, name="two")})
    status, text = said(monkeypatch, capsys, "run", "all", "--out", str(out), *SIZES)
    assert (status, text.count("0 stages to run"), text.count("farther")) == (0, 2, 2)
    assert {file.parent.name.split("-")[0] for file in out.glob("*/report.html")} == {"norms", "one", "two"}
