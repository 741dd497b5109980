"""The floors: each package imports only those below it, and only the third parties it is meant to stand on."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent
NUMBERS = {"numpy"}
MAY = {
    "synthtasks": NUMBERS | {"networkx"},
    "models": {"torch"},
    "train": NUMBERS | {"torch", "lightning", "safetensors", "synthtasks", "models"},
    "analysis": NUMBERS
    | {"altair", "markupsafe", "networkx", "rich", "scipy", "torch", "tyro", "vl_convert", "synthtasks", "models", "train"},
}
EXTRAS = {  # what a part may import besides, and the rest must therefore never import
    "synthtasks/laws/": {"hypothesis"},
    "synthtasks/strategies.py": {"hypothesis"},
    "synthtasks/stats/figure.py": {"matplotlib"},
    "synthtasks/commands/": {"rich"},
    "synthtasks/bridges/": {"pyarrow", "reasoning_gym", "torch", "verifiers"},
    "train/hub/code/": {"transformers"},
    "train/trackers.py": {"wandb"},
    "analysis/running/on_ray.py": {"ray"},
    "analysis/sql/query.py": {"duckdb"},
}
FLOORS: dict[str, set[str]] = {  # a room of train or analysis may import from those beside it here, and from all below these
    "train.stages": set(),
    "train below": {"train.stages"},  # what learning and its losses stand on: `BELOW`
    "train.rl": {"train below"},
    "train.hub": {"train below"},
    "train.losses": {"train.rl", "train"},  # a file of train that imports losses lies above it: the two would make a circle
    "train.stacked": {"train below"},
    "train.learn": {"train.stacked"},
    "train": {"train.losses", "train.learn"},
    "train.steering": {"train"},
    "train.decoding": {"train"},
    "analysis.running": {"train.stacked"},
    "analysis.measures": {"train.steering", "train.decoding"},
    "analysis.sql": {"analysis.measures"},
    "analysis.figures": {"analysis.measures"},
    "analysis.claims": {"analysis.measures"},
    "analysis.design": {"analysis.claims"},
    "analysis.studies": {"analysis.figures", "analysis.design"},
    "analysis.report": {"analysis.design", "analysis.figures", "analysis.running"},
    "analysis.live": {"analysis.report"},
    "analysis.hub": {"train.hub", "analysis.running", "analysis.studies"},
    "analysis.cli": {"analysis.live", "analysis.hub", "analysis.sql"},
    "analysis.api": {"analysis.cli"},
    "analysis": {"analysis.api"},
}
MOST = 12  # files of a folder
PLAIN = tuple(MAY)  # folders whose docstrings name the thing first
CLAUSES = re.compile(r"(What|Whether|Of|Who|Whose|Whence|The same)\b")  # a docstring that begins so paraphrases the thing
BELOW = {"train.checkpoint", "train.edits", "train.ledger", "train.optim", "train.policy", "train.run", "train.step", "train.trackers"}
FILES = [f for package in MAY for f in sorted((ROOT / package).rglob("*.py"))]
MODULES = {".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in FILES}


@cache
def imports(file: Path) -> set[str]:
    """Dotted names that a file imports, wherever in it: in functions and for the type checker too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def edges() -> "nx.DiGraph[str]":
    """From each module to those it imports. A package is its `__init__`, and is imported where a name is taken from it."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    for module, file in MODULES.items():
        taken = {name if name in MODULES else name.rpartition(".")[0] for name in imports(file)}
        graph.add_edges_from((module, other) for other in taken & MODULES.keys())
    return graph


def room(module: str) -> str:
    """The folder of a module, of those right under a package; or the floor on which learning stands."""
    if module in BELOW:
        return "train below"
    return ".".join(MODULES[module].relative_to(ROOT).parent.parts[:2])


# An import that points up or sideways would tie the task library to torch, or the model to a task.
@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    path = file.relative_to(ROOT)
    package = path.parts[0]
    may = MAY[package].union(*(extra for part, extra in EXTRAS.items() if path.as_posix().startswith(part)))
    strange = {name.split(".")[0] for name in imports(file)} - sys.stdlib_module_names - may - {package}
    assert not strange, f"{file.name} imports {sorted(strange)}; it may import {sorted(may)}"


# A core that imports its extras would need them installed.
def test_the_core_needs_no_extra() -> None:
    optional = tuple(part.removesuffix(".py").removesuffix("/").replace("/", ".") for part in EXTRAS)
    for file in FILES:
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if not name.startswith("synthtasks") or name.startswith(optional):
            continue
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                said = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
                assert not any(s.startswith(optional) for s in said), f"{file.name} imports {node.module}, which needs an extra"


# Two modules that import each other cannot be understood one after the other.
def test_no_module_imports_in_a_circle() -> None:
    graph = edges()
    whole = {module: circle for circle in nx.strongly_connected_components(graph) for module in circle}
    assert not [f"{a} -> {b}" for a, b in graph.edges if b in whole[a]]


# A room that imports one above it cannot be read, or replaced, without that one.
def test_no_import_climbs() -> None:
    floors: nx.DiGraph[str] = nx.DiGraph([(above, under) for above, rooms in FLOORS.items() for under in rooms])
    below = {name: nx.descendants(floors, name) | {name} for name in FLOORS}
    rooms = {module: room(module) for module in MODULES if module.startswith(("train", "analysis"))}
    assert not (lost := set(rooms.values()) - below.keys()), f"say in FLOORS what {lost} may import"
    assert not [f"{a} -> {b}" for a, b in edges().edges if {a, b} <= rooms.keys() and rooms[b] not in below[rooms[a]]]


# A folder of many files is a list and no idea: nobody sees what belongs together.
def test_no_folder_is_crowded() -> None:
    files = Counter(file.parent.relative_to(ROOT).as_posix() for file in FILES)
    assert not {folder: n for folder, n in files.items() if n > MOST}


# Global seeds and swallowed exceptions make results that nobody can repeat.
@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_nothing_seeds_globally_or_swallows_errors(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for bad in ("np.random.seed", "torch.manual_seed", "random.seed(", "except:", "set_default_"):
        assert bad not in text, f"{file.name} has {bad}"


# A docstring that begins with a relative clause has to be read twice before it says which thing it is about.
def test_docstrings_name_the_thing_first() -> None:
    for file in (f for folder in PLAIN for f in sorted((ROOT / folder).rglob("*.py"))):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node) or ""
                assert not CLAUSES.match(text), f"{file.relative_to(ROOT)}: begin with a noun or a verb: {text.splitlines()[0]}"


# Listing and planning studies would wait seconds for packages that only running, judging and drawing need.
def test_naming_every_study_imports_no_heavy_package() -> None:
    code = "import sys; from analysis.studies import STUDIES; list(STUDIES.values()); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True, timeout=60).stdout
    assert not {"torch", "lightning", "safetensors", "scipy", "altair", "vl_convert"} & set(loaded.split())


def as_the_locale_likes(file: Path) -> Iterator[str]:
    """Calls of a file that read or write text in the encoding of the locale."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        said = {k.arg for k in node.keywords}
        of_os = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "os"
        if called in ("open", "fdopen") and not (called == "open" and of_os):
            modes = [a.value for a in (*node.args, *(k.value for k in node.keywords if k.arg == "mode")) if isinstance(a, ast.Constant)]
            text = not any(isinstance(m, str) and "b" in m and set(m) <= set("rwaxb+") for m in modes)
        else:
            text = called in ("read_text", "write_text", "TextIOWrapper") or (
                called not in ("encode", "mark_text") and bool(said & {"text", "universal_newlines"})
            )
        if text and "encoding" not in said:
            yield f"{file.relative_to(ROOT)}:{node.lineno} calls {called}"


# Text would be read and written as the locale likes: where that is C, an error that says ö ends the run.
def test_every_text_file_is_utf_8() -> None:
    assert not [call for file in FILES for call in as_the_locale_likes(file)]


# A test without a limit that waits for what never comes would keep the whole suite waiting.
def test_every_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    assert request.config.pluginmanager.hasplugin("timeout")
    assert 0 < float(request.config.getini("timeout")) <= 600
