"""Reference: a page for each room, with every module of it that has something to offer."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("synthtasks", "models", "train", "analysis")
LEFT_OUT = (  # folders that travel, and run elsewhere
    "train/hub/code",
    "synthtasks/commands/template",
)
RUNS = "lesson_?_*.py"  # a file that is read and run has a page of its own, and is not imported
HEADS = {"synthtasks": "The task library", "models": "The transformer", "train": "Learning", "analysis": "Studies"}


def rooms() -> Iterator[Path]:
    """Every folder of code, package by package, in order of names."""
    for package in PACKAGES:
        folders = {file.parent for file in (ROOT / package).rglob("*.py")}
        yield from sorted(folder for folder in folders if folder.relative_to(ROOT).as_posix() not in LEFT_OUT)


def dotted(file: Path) -> str:
    """The name under which a file or folder is imported."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def offers(file: Path) -> bool:
    """A module with public classes, functions or values that have a docstring of their own."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return any(isinstance(n, ast.ClassDef | ast.FunctionDef) and not n.name.startswith("_") and ast.get_docstring(n) for n in body)


def summary(file: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def exported(room: Path) -> tuple[str, ...]:
    """The names that a room offers to the rest: its `__all__`."""
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8")) if (room / "__init__.py").exists() else ast.Module([], [])
    lists = [n.value for n in tree.body if isinstance(n, ast.Assign | ast.AugAssign) and "__all__" in ast.unparse(n) and n.value]
    return tuple(str(name) for each in lists if isinstance(each, ast.List | ast.Tuple) for name in ast.literal_eval(each))


def reference() -> Mapping[str, str]:
    """The pages, by the path of their source."""
    found = {f"reference/{dotted(room)}.md": page(room) for room in rooms() if any(modules(room))}
    lines = [
        "# Reference",
        "",
        "Every public class and function, room by room. What a room offers to others is imported from the room itself.",
    ]
    for package in PACKAGES:
        own = [name for name in found if name.split("/")[1].split(".")[0] == package]
        lines += ["", f"## {HEADS[package]}", "", "```{toctree}", ":maxdepth: 1", "", *(Path(name).stem for name in own), "```"]
    return {"reference/index.md": "\n".join(lines) + "\n", **found}


def modules(room: Path) -> Iterator[Path]:
    """The files of a room that are documented."""
    return (file for file in sorted(room.glob("*.py")) if not file.name.startswith("_") and not file.match(RUNS) and offers(file))


def page(room: Path) -> str:
    """The page of a room: what it is for, what it offers, and its modules."""
    name = dotted(room)
    initial = room / "__init__.py"
    lines = [f"# {name}", "", summary(initial) if initial.exists() else "", ""]
    if names := exported(room):
        lines += ["Offers " + ", ".join(f"`{each}`" for each in names) + ".", ""]
    for file in modules(room):
        module = dotted(file)
        lines += [f"## {module}", "", "```{eval-rst}", f".. automodule:: {module}", "   :members:", "```", ""]
    return "\n".join(lines)
