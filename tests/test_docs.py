"""README and the two guides tell the truth: commands, options, files and names exist, and examples run."""

import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from analysis.__main__ import typed
from analysis.claims.looks import Looks
from analysis.cli.owned import owner
from analysis.cli.verbs import VERBS
from analysis.design.found import FOUND, front, markdown, read_found
from analysis.design.scale import CPU, SCALES
from analysis.design.study import Setting
from analysis.studies.grid import STUDY
from synthtasks.__main__ import main
from synthtasks.commands.catalogue import FAMILIES, SURFACES
from synthtasks.commands.verbs import VERBS as COMMANDS
from synthtasks.laws import LAWS

ROOT = Path(__file__).parent.parent
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "synthtasks/README.md", "analysis/README.md")}
README, LIBRARY, STUDIES = PAGES.values()
ROOMS = ("synthtasks", "models", "train", "analysis")
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def prose(page: str) -> str:
    return " ".join(page.split())


def code_of(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page, re.DOTALL)


CODE = [code for page in PAGES.values() for code in code_of(page)]
NAMED = {c: re.match(r"# (\w+\.py)\n", c).group(1) for c in code_of(LIBRARY) if c.startswith("# ")}  # type: ignore[union-attr]
MINE = (ROOT / "tests" / "my_study.py").read_text(encoding="utf-8")  # tests/test_any_study.py runs it
SOURCE = "".join(f.read_text(encoding="utf-8") for room in ROOMS for f in (ROOT / room).rglob("*.py"))


# A newcomer types what the pages say.
def test_every_make_command_is_a_target() -> None:
    assert {"grid", "test"} <= set(re.findall(r"^    make ([a-z]+)", README, re.MULTILINE))
    named = {target for page in PAGES.values() for target in re.findall(r"(?:`|^    )make ([a-z]+)", page, re.MULTILINE)}
    assert named <= TARGETS, f"the Makefile lacks {sorted(named - TARGETS)}"


# A renamed file leaves a dead link behind; a link is read from the folder of its page.
@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_is_named_exists(name: str) -> None:
    page = re.sub(r"<!--.*?-->", "", PAGES[name], flags=re.DOTALL)
    linked = re.findall(r"\]\((?!http)([^)#]+)\)", page)
    coded = re.findall(rf"`((?:{'|'.join(ROOMS)}|tests)/[\w./]*)`", page)
    assert linked
    assert not [f for f in linked if not (ROOT / name).parent.joinpath(f).exists()]
    assert not [f for f in coded if not (ROOT / f).exists()]


# A renamed module or class leaves its old name behind.
@pytest.mark.parametrize("name", PAGES)
def test_every_dotted_name_is_in_the_code(name: str) -> None:
    for dotted in re.findall(rf"`((?:{'|'.join(ROOMS)})(?:\.\w+)+)`", PAGES[name]):
        module, _, last = dotted.replace(".", "/").rpartition("/")
        is_module = (ROOT / f"{module}/{last}.py").exists() or (ROOT / module / last).is_dir()
        inside = ROOT / f"{module}.py" if (ROOT / f"{module}.py").exists() else ROOT / module / "__init__.py"
        assert is_module or re.search(rf"\b{last}\b", inside.read_text(encoding="utf-8")), dotted


# A class or value that was renamed leaves its old name behind.
@pytest.mark.parametrize("name", PAGES)
def test_every_class_that_is_named_is_in_the_code(name: str) -> None:
    named_here = set(re.findall(r"`([A-Z]\w+)(?:\.\w+)?(?:\(.*?\))?`", PAGES[name]))
    for named in named_here - {"CITATION", "RAY_ADDRESS", "Norm"}:  # a file; of Ray; a class of the study that is shown
        assert re.search(rf"^ *(?:class )?{named}\b", SOURCE, re.MULTILINE), named
    for named, attribute in re.findall(r"`(?!CITATION)([A-Z]\w+)\.(\w+)`", PAGES[name]):
        body = re.search(rf"^class {named}\b(.*?)^\S", SOURCE, re.MULTILINE | re.DOTALL)
        assert body
        assert re.search(rf"^    (?:def )?{attribute}\b", body.group(1), re.MULTILINE), f"{named}.{attribute}"


# A file that no command writes is looked for in vain.
def test_every_file_of_a_run_is_written_by_the_code() -> None:
    for file in re.findall(r"`(\w+\.(?:jsonl?|html))`", STUDIES):
        assert f'"{file}"' in SOURCE, file


# An example that does not run is worse than none.
@pytest.mark.parametrize("code", [c for c in CODE if "import" in c and c not in NAMED and c != MINE])
def test_every_example_runs(code: str, tmp_path: Path) -> None:
    code = code.replace('scale="smoke"', "scale=__import__('tests.tiny').tiny.TINY, out='runs'")  # in seconds
    (tmp_path / "example.py").write_text(code, encoding="utf-8")  # a class of a script has the name of its file in results
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "example.py"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# Broken if the study that the guide shows is another than the one that is tested.
def test_the_study_that_is_shown_is_the_one_that_is_tested() -> None:
    assert MINE in code_of(STUDIES), "copy tests/my_study.py into analysis/README.md"


# A table that is not made of the findings that are kept is of another run; a study whose findings are kept must not be left out.
def test_the_tables_are_made_of_what_was_found() -> None:
    shown = dict(re.findall(r"<!-- found: ([\w-]+) -->\n(.*?)\n<!-- end -->", README, re.DOTALL))
    assert shown.pop("all") == front(), "paste what analysis.design.found.front gives"
    for name, table in shown.items():
        assert table == markdown(read_found(name)), "paste what analysis.design.found.markdown gives"
    rows = re.findall(r"^\| \[`([\w-]+)`\]", front(), re.MULTILINE)
    assert rows == sorted({str(read_found(f.stem)["study"]) for f in FOUND.glob("*.json")})


# Whoever follows the guide word for word must end with a family whose tests pass, and fail when it is broken as it says.
def test_the_family_of_ones_own_works(tmp_path: Path) -> None:
    assert set(NAMED.values()) == {"clock.py", "test_clock.py"}
    for code, file in NAMED.items():
        (tmp_path / file).write_text(code)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    numbers = {18: "eighteen"}
    assert f"against {numbers[len(LAWS)]} laws" in prose(LIBRARY)
    broken = (tmp_path / "clock.py").read_text().replace("int(g.integers(12)), []", "__import__('random').randrange(12), []")
    (tmp_path / "clock.py").write_text(broken)
    done = subprocess.run(run, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    for line in (
        "is a function of the generator it is drawn with, and of nothing else",
        "gave two different problems; draw from the generator",
    ):
        assert line in done.stdout
        assert line in LIBRARY


# Names and numbers that a page repeats must be those of the code.
def test_names_and_numbers_are_those_of_the_code() -> None:
    (sketch,) = (c for c in CODE if "import" not in c)
    for name in set(re.findall(r"\b([A-Z]\w+)\(", sketch)):
        assert f"class {name}" in SOURCE, name
    assert f"{CPU.pretraining:_}" in sketch
    assert f", {CPU.rl_iterations})" in sketch
    assert f"SCALE={'|'.join(SCALES)}" in STUDIES
    *some, last = Looks().seeds
    for page in (README, STUDIES):
        assert f"after {', '.join(map(str, some))} and {last} seeds" in prose(page)
    setting = Setting(replace(CPU, rl_iterations=160, group=32), tuple(range(CPU.seeds)), STUDY.options)
    assert "`--rl-iterations 160 --group 32`" in STUDIES
    assert f"`runs/cpu/{owner(STUDY, setting, {}).name}`" in STUDIES
    assert f"{CPU.rl_iterations * CPU.problems * CPU.group:,} completions" in prose(README)


# Every part of the library that can be chosen has a line, and no other.
def test_families_and_surfaces_are_those_of_the_library() -> None:
    rows = set(re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", LIBRARY, re.MULTILINE))
    listed = {name for row in rows for name in re.findall(r"\w+", row) if name[0].isupper()}
    known = {type(x).__name__ for x in (*(k.family for k in FAMILIES.values()), *SURFACES.values())}
    assert listed == known | {"Mix"}  # which has no default, so no name


# Every command is listed, and no other.
def test_the_commands_are_as_listed() -> None:
    for page, module, there in ((STUDIES, "analysis", VERBS), (LIBRARY, "synthtasks", COMMANDS)):
        assert set(re.findall(rf"^\| `python -m {module} (\w+)", page, re.MULTILINE)) == set(there)
    (listed,) = re.findall(r"`python -m analysis ([a-z]+(?: \| [a-z]+)+)`", STUDIES)
    assert sorted(listed.split(" | ")) == sorted(VERBS)


# Whoever types an option that a page names must not be told that there is none.
def test_every_option_is_one_of_a_command() -> None:
    said = StringIO()
    with redirect_stdout(said):
        for start, verbs in ((typed, VERBS), (main, COMMANDS)):
            for verb in verbs:
                with pytest.raises(SystemExit):
                    start([verb, "--help"])
    options = set(re.findall(r"--[a-z][a-z-]+", said.getvalue())) | {"--help", "--version"}
    for page in PAGES.values():
        assert set(re.findall(r"(?<=[`\s])--(?!array|index-url)[a-z][a-z-]+", page)) <= options
