"""The wheel: the task library alone, which works in an environment that has nothing but its two dependencies."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LOOK = """
import sys
from synthtasks import PRIMITIVES, Problem, Program, Primitive, problems, rng, verify
from synthtasks.surfaces import Compact
p = next(problems(Program(steps=4), "test", "wheel"))
surface = Compact()
assert verify(p, surface.read(surface.solution(p))).process
assert not {"torch", "lightning", "hypothesis", "matplotlib", "rich"} & set(sys.modules)
import importlib.util
assert not any(importlib.util.find_spec(name) for name in ("models", "train", "analysis"))
print("fine")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's wheel."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--disable-pip-version-check", "-w", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


# `models`, `train` and `analysis` are no names to put into other people's site-packages.
def test_the_wheel_holds_the_task_library_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as z:
        names = z.namelist()
    assert {n.split("/")[0].split("-")[0] for n in names} == {"synthtasks"}
    assert "synthtasks/py.typed" in names
    assert any(n.endswith("LICENSE") for n in names)
    assert {f"synthtasks/commands/template/{file}" for file in ("clock.py", "test_clock.py", "clock.md")} <= set(names)


# A script of the studies in a wheel that does not hold them would fail wherever it is installed; in a checkout it must be there.
def test_scripts_are_those_that_can_run(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as z:
        (scripts,) = [z.read(n).decode() for n in z.namelist() if n.endswith("entry_points.txt")]
        assert not any("/scripts/" in n for n in z.namelist())
    assert scripts.split() == ["[console_scripts]", "synthtasks", "=", "synthtasks.__main__:script"]
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check", "--target", str(tmp_path)]
    subprocess.run([*command, "-e", str(ROOT)], check=True, capture_output=True)
    done = subprocess.run([tmp_path / "bin" / "synthtasks-study", "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith("synthtasks-study "), done.stderr


# A forgotten dependency shows only where nothing else is installed. numpy and networkx are lent by path, to spare a download.
def test_the_wheel_works_alone(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as z:
        z.extractall(site)
    installed = Path(sysconfig.get_paths()["purelib"])
    for package in ("numpy", "networkx"):
        for found in [*installed.glob(package), *installed.glob(f"{package}.libs"), *installed.glob(f"{package}-*.dist-info")]:
            (site / found.name).symlink_to(found)
    python = tmp_path / "env" / "bin" / "python"
    done = subprocess.run([python, "-c", LOOK], capture_output=True, text=True, env={"PYTHONPATH": str(site)}, cwd=tmp_path)
    assert done.stdout.strip() == "fine", done.stderr
