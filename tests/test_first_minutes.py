"""The first minutes: what is typed reaches the command as it was typed, what is mistyped is refused, and a mistake can be mended."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.__main__ import main as analysis
from synthtasks.__main__ import main as synthtasks

ROOT = Path(__file__).parent.parent
STUB = """#!/bin/sh
case "$*" in
*"-m venv"*) for folder; do :; done; mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python" ;;
-c*) {old} ;;
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
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(checkout: Path, *typed: str) -> tuple[int, str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS")}
    done = subprocess.run(["make", *typed], cwd=checkout, env=environment, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


# Broken if the shell or make took a part of what was typed for a command, or cut it into words.
@pytest.mark.parametrize("odd", ["a b", "x;touch pwned", "$(shell touch pwned)", "`touch pwned`", "it's", 'a"b', "a$b", "a\\b", "*", "~"])
def test_what_is_typed_arrives_to_the_letter(odd: str, checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", STUB.format(old="exit 0"))
    (checkout / ".venv" / ".ready").touch()
    for variable, option in (("OUT", "out"), ("SEEDS", "seeds"), ("JOBS", "jobs"), ("SCALE", "scale")):
        status, said = make(checkout, "grid", f"{variable}={odd}")
        assert (status, f"<--{option}><{odd}>" in said) == (0, True), said
    assert f"<tests.faults.campaign><{odd}>" in make(checkout, "faults", f"SHARE={odd}")[1]
    assert not (checkout / "pwned").exists()


# Broken if several primitives were one word, or a part of one were a command.
def test_several_words_stay_several(checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", STUB.format(old="exit 0"))
    (checkout / ".venv" / ".ready").touch()
    assert "<--withhold><mul><add;b>" in make(checkout, "plan", "WITHHOLD=mul add;b")[1]
    assert make(checkout, "plan")[1] == "<-m><analysis><plan><grid><--scale><cpu>\n"


# Broken if a misspelt variable were ignored: what runs would not be what was asked for.
@pytest.mark.parametrize("typed", ["scale=smoke", "SEED=3", "Out=x"])
def test_a_misspelt_variable_is_refused(typed: str, checkout: Path) -> None:
    script(checkout / ".venv" / "bin" / "python", STUB.format(old="exit 0"))
    (checkout / ".venv" / ".ready").touch()
    status, said = make(checkout, "plan", typed)
    assert status == 2
    assert f"there is no variable {typed.split('=')[0]}; there are SCALE SEEDS OUT" in said
    assert "<-m>" not in said


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
