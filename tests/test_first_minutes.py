"""The first minutes: what is typed reaches the command as it was typed, what is mistyped is refused, and a mistake can be mended."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.__main__ import main as analysis
from analysis.design.found import read_found
from synthtasks.__main__ import main as synthtasks
from tests.newcomer import newcomer

ROOT = Path(__file__).parent.parent
PARTS = ("Makefile", ".ci/environment", "pyproject.toml", "constraints.txt")
STUB = """#!/bin/sh
case "$*" in
*"-m venv"*) for folder; do :; done; mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python" ;;
-c*|-ISc*) {old} ;;
*) printf '<%s>' "$@"; echo ;;
esac
"""


def script(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o755)
    return file


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make` needs, without the packages."""
    (tmp_path / ".ci").mkdir()
    for name in PARTS:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(checkout: Path, *typed: str) -> tuple[int, str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")}
    done = subprocess.run(["make", *typed], cwd=checkout, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


# Broken if the shell or make took a part of what was typed for a command, or cut it into words; or if what is no number, and no scale,
# went on to an installation that takes minutes.
@pytest.mark.parametrize("odd", ["a b", "x;touch pwned", "$(shell touch pwned)", "`touch pwned`", "it's", 'a"b', "a$b", "a\\b", "*", "~"])
def test_what_is_typed_arrives_to_the_letter(odd: str, checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", STUB.format(old="exit 0"))
    (checkout / ".venv" / ".ready").touch()
    status, said = make(checkout, "grid", f"OUT={odd}")
    assert (status, f"<--out><{odd}>" in said) == (0, True), said
    for variable in ("SEEDS", "JOBS", "SCALE", "SHARE", "N"):
        status, said = make(checkout, "grid", f"{variable}={odd}")
        assert (status, f"found '{odd}'" in said, "<-m>" in said) == (2, True, False), said
    assert not (checkout / "pwned").exists()


# Broken if several primitives were one word, or a part of one were a command.
def test_several_words_stay_several(checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", STUB.format(old="exit 0"))
    (checkout / ".venv" / ".ready").touch()
    assert "<--withhold><mul><add;b>" in make(checkout, "plan", "WITHHOLD=mul add;b")[1]
    assert make(checkout, "plan")[1] == "<-m><analysis><plan><grid><--scale><cpu>\n"


# Broken if a misspelt variable were ignored: what runs would not be what was asked for.
@pytest.mark.parametrize("typed", ["scale=smoke", "SEED=3", "Out=x", "SCLAE=cpu", "ODD=1"])
def test_a_misspelt_variable_is_refused(typed: str, checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", STUB.format(old="exit 0"))
    (checkout / ".venv" / ".ready").touch()
    status, said = make(checkout, "plan", typed)
    assert status == 2
    assert f"there is no variable {typed.split('=')[0]}; there are SCALE SEEDS OUT" in said
    assert "<-m>" not in said


# Broken if a misspelt target, or a value that is none, were found out after the targets before it had run.
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("plan", "gird"), "there is no target gird; there are help install grid"),
        (("grid", "SCALE=smok"), "SCALE is one of smoke cpu gpu large; found 'smok'"),
        (("grid", "SEEDS=abc"), "SEEDS is a whole number, as in SEEDS=3; found 'abc'"),
        (("grid", "SEEDS=3 4"), "found '3 4'"),
        (("faults", "SHARE=tenth"), "SHARE is a number from 0 to 1, as in SHARE=0.1; found 'tenth'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_runs(typed: tuple[str, ...], said: str, checkout: Path) -> None:
    status, answer = make(checkout, *typed, f"PYTHON={script(checkout / 'python', STUB.format(old='exit 0'))}")
    assert (status, said in answer) == (2, True), answer
    assert not (checkout / ".venv").exists()


INSTALLS = """#!/bin/sh
echo "$*" >> log
case "$*" in
*"-m venv"*) for folder; do :; done; mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python" ;;
*"import sys, torch"*) exit 1 ;;
*"import pytest"*) exit 1 ;;
*urlopen*) exit {answers} ;;
*"pip config"*) echo "{config}" ;;
esac
"""
NO_GPU = pytest.mark.skipif(
    any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists() or Path("/dev/kfd").exists(), reason="has a GPU"
)


# Broken if a machine without a GPU got the build of several GB though the small one can be had, if a pip that is set to an index of its
# own were led elsewhere, or if nothing said how large the download is, and how to get the small one.
@NO_GPU
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch is small")
@pytest.mark.parametrize(
    ("typed", "answers", "config", "installed", "said"),
    [
        ((), 0, "", "torch --extra-index-url https://download.pytorch.org/whl/cpu", "the build of torch for the CPU (about 200 MB, once)"),
        ((), 1, "", "torch", 'for the small build (200 MB), Ctrl-C, and make install TORCH="torch --extra-index-url https://'),
        ((), 0, "global.index-url='https://mine'", "torch", "if it is large, Ctrl-C, and make install TORCH="),
        (("TORCH=torch==2.13.0 --index-url $(x)",), 0, "", "torch==2.13.0 --index-url $(x)", "installing torch==2.13.0 --index-url $(x)"),
    ],
)
def test_the_small_torch_is_what_a_machine_without_a_gpu_gets(
    typed: tuple[str, ...], answers: int, config: str, installed: str, said: str, checkout: Path
) -> None:
    python = script(checkout / "python", INSTALLS.format(answers=answers, config=config))
    status, answer = make(checkout, "install", *typed, f"PYTHON={python}")
    assert (status, said in answer) == (0, True), answer
    assert f"-m pip install -q -c constraints.txt {installed}\n" in (checkout / "log").read_text()
    assert "(about" in answer.split("other packages of the study")[1]


# Broken if a study waited for the tools that test it, or the tests came without them; or if anything were installed twice.
def test_test_tools_come_with_the_tests(checkout: Path) -> None:
    python = script(checkout / "python", INSTALLS.format(answers=0, config=""))
    for goal, extras in (("grid", ["study"]), ("test", ["study,test"]), ("check", []), ("demo", [])):
        (checkout / "log").write_text("")
        status, said = make(checkout, goal, f"PYTHON={python}", *(["SCALE=cpu"] if goal in ("grid", "demo") else []))
        log = (checkout / "log").read_text()
        if goal != "check":  # whose ruff is no Python
            assert status == 0, said
        assert [extra for extra in ("study", "study,test") if f"-e .[{extra}]\n" in log] == extras


# Broken if a family of one's own waited for all the tools that test the project, lacked what pytest's settings need, or were written twice.
def test_a_family_of_ones_own_is_written_and_tested(checkout: Path) -> None:
    python = script(checkout / "python", INSTALLS.format(answers=0, config=""))
    assert make(checkout, "family", f"PYTHON={python}", "NAME=it's")[0] == 0
    log = (checkout / "log").read_text()
    assert "pip install -q -c constraints.txt pytest pytest-timeout\n" in log
    assert "study,test" not in log
    assert log.endswith("-m synthtasks new it's\n-m pytest -q test_it's.py\n")
    (checkout / "test_it's.py").touch()
    (checkout / "log").write_text("")
    assert make(checkout, "family", f"PYTHON={python}", "NAME=it's")[0] == 0
    assert "synthtasks new" not in (checkout / "log").read_text()


# Broken if an environment whose Python is gone, or that came with a folder that was moved, were used: its scripts hold the old paths.
@pytest.mark.parametrize("change", ["moved", "its Python is gone"])
def test_an_environment_of_elsewhere_is_made_anew(change: str, checkout: Path) -> None:
    first, second = checkout / "first place", checkout / "second place"  # a path with a space is a path
    first.mkdir()
    (first / ".ci").mkdir()
    for name in PARTS:
        shutil.move(checkout / name, first / name)
    python = script(checkout / "python", INSTALLS.format(answers=0, config=""))
    assert "making .venv" in make(first, "plan", f"PYTHON={python}", "SCALE=cpu")[1]
    again = make(first, "plan", f"PYTHON={python}", "SCALE=cpu")
    assert again == (0, "")
    if change == "moved":
        first.rename(second)
    else:
        second = first
        script(first / ".venv" / "bin" / "python", "#!/nowhere\n")
    status, said = make(second, "plan", f"PYTHON={python}", "SCALE=cpu")
    assert (status, f"making .venv anew: {'it was made for another folder' if change == 'moved' else 'its Python is gone'}" in said) == (
        0,
        True,
    )
    assert make(second, "plan", f"PYTHON={python}", "SCALE=cpu") == (0, "")


# Broken if it took an installation of minutes to learn that a scale cannot run here.
@NO_GPU
@pytest.mark.parametrize("scale", ["gpu", "large"])
def test_a_scale_that_needs_a_gpu_is_refused_at_once(scale: str, checkout: Path) -> None:
    status, said = make(checkout, "grid", f"SCALE={scale}")
    assert (status, f"SCALE={scale} needs a GPU, and there is none here. SCALE=cpu takes" in said) == (2, True), said
    assert not (checkout / ".venv").exists()


# Broken if the first Python that is found decided, though a newer one is there; or if no Python at all were said in the words of a shell.
def test_a_python_that_is_new_enough_is_found(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = checkout / "tools"
    tools.mkdir()
    for name in ("sh", "make", "awk", "cat", "uname", "grep", "mkdir", "cp", "touch"):
        (tools / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tools))
    status, said = make(checkout, "install", "SCALE=cpu")
    assert (status, "there is no python3 here; synthtasks needs Python 3.11 or newer: make PYTHON=python3.11" in said) == (2, True), said
    script(tools / "python3", '#!/bin/sh\necho "needs Python 3.11, and this is 3.9" >&2; exit 1\n')
    status, said = make(checkout, "install", "SCALE=cpu")
    assert (status, "needs Python 3.11, and this is 3.9" in said) == (2, True), said
    script(tools / "python3.12", INSTALLS.format(answers=0, config=""))
    assert make(checkout, "install", "SCALE=cpu")[0] == 0


# Broken if a line of the help were cut, or wrapped in the middle, on a terminal of usual width.
def test_the_help_fits_80_columns(checkout: Path) -> None:
    said = make(checkout)[1].splitlines()
    assert max(map(len, said)) <= 80
    phony = re.search(r"^TARGETS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    assert {line.split()[1] for line in said if line.startswith("  make")} == set(phony.group(1).split())


# Broken if an environment of too old a Python, or one that was never finished, stayed in the way for ever.
@pytest.mark.parametrize("left", ["a Python too old", "nothing that runs"])
def test_a_failed_try_can_be_mended(left: str, checkout: Path) -> None:
    old = script(checkout / "old python", STUB.format(old='echo "needs Python 3.11" >&2; exit 1'))
    new = script(checkout / "it's new", STUB.format(old="exit 0"))
    status, said = make(checkout, "install", f"PYTHON={old}")
    assert status == 2
    assert "needs Python 3.11" in said
    script(checkout / ".venv" / "bin" / "python", old.read_text() if left == "a Python too old" else "#!/nowhere\n")
    status, said = make(checkout, "install", f"PYTHON={new}")
    assert status == 0, said
    assert (checkout / ".venv" / "bin" / "python").read_text() == new.read_text()


README = (ROOT / "README.md").read_text(encoding="utf-8")


# Broken if README's picture were of other findings than those that are kept, said more than they do, or were not said in words.
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_is_made_of_what_was_found(theme: str) -> None:
    pytest.importorskip("altair")
    from analysis.site import banner

    found = read_found("grid")
    assert banner.FILES[theme].read_text(encoding="utf-8") == banner.banner(found, banner.THEMES[theme]), "make picture"
    assert f'="analysis/found/{banner.FILES[theme].name}"' in README
    assert f'alt="{banner.words(found)}"' in README, "paste what analysis.site.banner.words gives"
    gains = {(row["where"], row["side"]): row for row in banner.rows(found)}
    at = [gains[("RL at the edge", side)] for side in banner.SIDES.values()]
    assert [row["shown"] for row in at] == [True, True]  # or its title says too much
    assert at[0]["low"] > max(row["high"] for row in gains.values() if row is not at[0])  # type: ignore[type-var, operator]
    assert all(-20 <= row[end] <= 60 for row in gains.values() for end in ("low", "high"))  # type: ignore[operator]


# Broken if what README shows first were more than three commands, no targets, or below the first screen.
def test_the_first_commands_are_on_the_first_screen() -> None:
    typed = newcomer.commands(README)
    assert 1 <= len(typed) <= newcomer.COMMANDS
    first = "\n".join(README.splitlines()[:25])
    known = (ROOT / "Makefile").read_text().split("KNOWN := ")[1].splitlines()[0].split()
    for command in typed:
        assert command in first
        make_, target, *given = command.split()
        assert make_ == "make"
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert {word.split("=")[0] for word in given} <= set(known)
    assert "<picture>" in first


LITTLE = """.PHONY: grid lesson family
grid:
\tmkdir -p runs/smoke/grid && touch runs/smoke/grid/report.html
lesson:
\tmkdir -p runs/lessons/1 && touch runs/lessons/1/{figure}
family:
\ttest -z "$$PYTHONPATH" && touch test_clock.py{after}
"""


# Broken if a newcomer who does not reach what README promises, or has to type more, were counted as one who did.
@pytest.mark.skipif(shutil.which("git") is None, reason="clones")
@pytest.mark.parametrize(
    ("figure", "after", "more", "said"),
    [
        ("gain.svg", "", "", "all is there, in time"),
        ("notes.txt", "", "", "a figure of a lesson is not there"),
        ("gain.svg", " && false", "", "`make family` failed"),
        ("gain.svg", "", "    make grid\n", "4 commands, and 3 are the most"),
    ],
)
def test_the_newcomer_counts(figure: str, after: str, more: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, lines = tmp_path / "source", list[str]()
    source.mkdir()
    (source / "Makefile").write_text(LITTLE.format(figure=figure, after=after))
    (source / "README.md").write_text(f"# A\n\n    make grid   # first\n    make lesson\n    make family\n{more}\n    make no\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *words], cwd=source, check=True)
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    status = newcomer.play(source, tmp_path, lines.append)
    assert (status, lines[-1]) == (0 if "all" in said else 1, said)
    monkeypatch.setattr(newcomer, "MINUTES", 0.0)
    assert newcomer.play(source, tmp_path / "again", lines.append) == 1
    assert "0.0 minutes, and 0 are the most" in lines[-1]


# Broken if an old Python failed in the middle of the code, in words that do not say what to do.
@pytest.mark.parametrize("package", ["analysis", "synthtasks"])
def test_an_old_python_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(ImportError, match=r"needs Python 3.11 or newer, and this is 3\."):
        runpy.run_path(str(ROOT / package / "__init__.py"))


# Broken if who types no command were told of an error, and not what there is; or if a command that is none did not name those that are.
@pytest.mark.parametrize("package", ["analysis", "synthtasks"])
def test_without_a_command_there_is_help(package: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    main = {"analysis": analysis, "synthtasks": synthtasks}[package]
    monkeypatch.setattr(sys, "argv", [package])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    first = {"analysis": "list", "synthtasks": "show"}[package]
    assert first in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", [package, "nonsense"])
    assert main() == 2
    assert first in capsys.readouterr().err
