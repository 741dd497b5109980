"""The floors: each package imports only those below it, and only the third parties it is meant to stand on."""

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NUMBERS = {"numpy"}
MAY = {
    "synthtasks": NUMBERS | {"networkx"},
    "models": {"torch"},
    "train": NUMBERS | {"torch", "lightning", "safetensors", "synthtasks", "models"},
    "analysis": NUMBERS | {"networkx", "torch", "scipy", "rich", "matplotlib", "tyro", "synthtasks", "models", "train"},
}
EXTRAS = {  # what a part may import besides, and the rest must therefore never import
    "synthtasks/laws/": {"hypothesis"},
    "synthtasks/strategies.py": {"hypothesis"},
    "synthtasks/stats/figure.py": {"matplotlib"},
    "synthtasks/commands/": {"rich"},
    "synthtasks/bridges/": {"pyarrow", "reasoning_gym", "verifiers"},
    "train/trackers.py": {"wandb"},
    "analysis/running/on_ray.py": {"ray"},
    "analysis/sql/query.py": {"duckdb"},
}
FILES = [f for package in MAY for f in sorted((ROOT / package).rglob("*.py"))]


def imports(file: Path) -> set[str]:
    """Top-level names that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively"
            found.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
    return found


# An import that points up or sideways would tie the task library to torch, or the model to a task.
@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_imports_point_down(file: Path) -> None:
    path = file.relative_to(ROOT)
    package = path.parts[0]
    may = MAY[package].union(*(extra for part, extra in EXTRAS.items() if path.as_posix().startswith(part)))
    strange = {name for name in imports(file) if name not in sys.stdlib_module_names} - may - {package}
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
    edges: dict[str, set[str]] = {}
    for file in FILES:
        name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        tree = [n for n in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(n, ast.ImportFrom)]
        edges[name] = {str(n.module) for n in tree}

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"a circle: {' -> '.join((*path, name))}"
        for other in edges.get(name, ()):
            if other in edges:
                visit(other, (*path, name))

    for name in edges:
        visit(name, ())


# A folder of more files than one takes in at a glance is no room.
def test_no_room_of_the_task_library_is_crowded() -> None:
    rooms = Counter(f.parent.relative_to(ROOT).as_posix() for f in FILES if f.is_relative_to(ROOT / "synthtasks"))
    assert {room: files for room, files in rooms.items() if files > 12} == {}


# Global seeds and swallowed exceptions make results that nobody can repeat.
@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_nothing_seeds_globally_or_swallows_errors(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for bad in ("np.random.seed", "torch.manual_seed", "random.seed(", "except:", "set_default_"):
        assert bad not in text, f"{file.name} has {bad}"


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
            text = called in ("read_text", "write_text", "TextIOWrapper") or bool(said & {"text", "universal_newlines"})
        if text and "encoding" not in said:
            yield f"{file.relative_to(ROOT)}:{node.lineno} calls {called}"


# Text would be read and written as the locale likes: where that is C, an error that says ö ends the run.
def test_every_text_file_is_utf_8() -> None:
    assert not [call for file in FILES for call in as_the_locale_likes(file)]


# A test without a limit that waits for what never comes would keep the whole suite waiting.
def test_every_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    assert request.config.pluginmanager.hasplugin("timeout")
    assert 0 < float(request.config.getini("timeout")) <= 600
