"""What the README says must be so: its commands exist, its files are there, its examples run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.design.scale import CPU, SCALES
from synthtasks.laws import LAWS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
CODE = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
NAMED = {c: re.match(r"# (\w+\.py)\n", c).group(1) for c in CODE if c.startswith("# ")}  # type: ignore[union-attr]


# A newcomer types what the README says.
def test_every_make_command_is_a_target() -> None:
    named = set(re.findall(r"`make ([a-z]+)", README)) | set(re.findall(r"^    make ([a-z]+)", README, re.MULTILINE))
    assert {"grid", "test"} <= named
    assert named <= TARGETS, f"the Makefile lacks {sorted(named - TARGETS)}"


# A renamed file leaves a dead link behind.
def test_every_file_that_is_named_exists() -> None:
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    coded = re.findall(r"`((?:synthtasks|models|train|analysis|tests)/[\w./]*)`", README)
    missing = [f for f in linked + coded if not (ROOT / f).exists()]
    assert linked
    assert coded
    assert not missing


# An example that does not run is worse than none. (The sketch of an expression is checked by name below.)
@pytest.mark.parametrize("code", [c for c in CODE if "import" in c and c not in NAMED])
def test_every_example_runs(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# Whoever follows the README word for word must end with a family whose tests pass, and fail when it is broken as it says.
def test_the_family_of_ones_own_works(tmp_path: Path) -> None:
    assert set(NAMED.values()) == {"clock.py", "test_clock.py"}
    for code, file in NAMED.items():
        (tmp_path / file).write_text(code)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    numbers = {18: "eighteen"}
    assert f"against {numbers[len(LAWS)]} laws" in README
    broken = (tmp_path / "clock.py").read_text().replace("int(g.integers(12)), []", "__import__('random').randrange(12), []")
    (tmp_path / "clock.py").write_text(broken)
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    for line in (
        "is a function of the generator it is drawn with, and of nothing else",
        "gave two different problems; draw from the generator",
    ):
        assert line in done.stdout
        assert line in README


# Names in the sketch of an expression, and the scales, must be those of the code.
def test_names_are_those_of_the_code() -> None:
    source = "".join(f.read_text() for package in ("synthtasks", "train", "analysis") for f in (ROOT / package).rglob("*.py"))
    (sketch,) = (c for c in CODE if "import" not in c)
    for name in set(re.findall(r"\b([A-Z]\w+)\(", sketch)):
        assert f"class {name}" in source, name
    assert f"{CPU.pretraining:_}" in sketch
    assert f", {CPU.practice})" in sketch
    assert f"SCALE={'|'.join(SCALES)}" in README


# Every command of the command line that the README lists is there, and no other.
def test_the_command_line_is_as_listed() -> None:
    listed = re.search(r"`python -m analysis ([a-z| ]+)`", README)
    assert listed
    done = subprocess.run([sys.executable, "-m", "analysis", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for verb in listed.group(1).split("|"):
        assert re.search(rf"\b{verb.strip()}\b", done.stdout), verb
