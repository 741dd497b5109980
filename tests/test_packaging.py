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
