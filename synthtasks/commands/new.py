"""`synthtasks new clock`: write a family of your own, its test and a card into a folder."""

import re
import sys
from importlib.util import find_spec
from keyword import iskeyword
from pathlib import Path

from synthtasks.commands.catalogue import FAMILIES, SURFACES

TEMPLATE = Path(__file__).parent / "template"
FILES = ("clock.py", "test_clock.py", "clock.md")  # whose names and words clock and Clock give way to those of the new family


def new(name: str, out: Path, dry_run: bool) -> None:
    """Write the files, or say what would be written, and what to do next.

    Raises:
        ValueError: if the name cannot be that of a module of your own.
        FileExistsError: if a file is there already.
        NotADirectoryError: if `out` is no folder.
    """
    refuse_name(name)
    if not out.is_dir():
        raise NotADirectoryError(f"--out takes a folder that is there; found {out}")
    texts = {out / named(file, name): named((TEMPLATE / file).read_text(encoding="utf-8"), name) for file in FILES}
    if there := [str(file) for file in texts if file.exists()]:
        raise FileExistsError(f"{' and '.join(there)} {'is' if len(there) == 1 else 'are'} there already, and nothing is overwritten")
    if (spec := find_spec(name)) is not None:
        where = spec.origin or next(iter(spec.submodule_search_locations or ()), "Python")
        raise ValueError(f"a module {name} is there already, in {where}; another name")
    listed = ", ".join(map(str, texts))
    if dry_run:
        print(f"would write {listed}")
        return
    for file, text in texts.items():
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    print(f"wrote {listed}. Next{'' if out == Path() else f', in {out}'}:")
    family = f"{name}:{class_of(name)}"
    for command in (f"pytest test_{name}.py", f"synthtasks show {family}", f"synthtasks export {family} --out data"):
        print(f"  python -m {command}")


def refuse_name(name: str) -> None:
    """Check that a name can be that of a module whose family has a name of its own.

    Raises:
        ValueError: if it cannot.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or iskeyword(name):
        raise ValueError(f"a family is called as its module is, in small letters, as in clock or my_sums; found {name!r}")
    if name in {*FAMILIES, *SURFACES, "synthtasks"} or name in sys.stdlib_module_names:
        raise ValueError(f"{name} is a name of {'Python' if name in sys.stdlib_module_names else 'the library'}; choose another")


def class_of(name: str) -> str:
    """The name of the class in a module, as MySums of my_sums."""
    return "".join(part.capitalize() for part in name.split("_"))


def named(text: str, name: str) -> str:
    """A text of the template, for a family of another name."""
    text = re.sub(r"(?<![A-Za-z])Clock(?![A-Za-z])", class_of(name), text)
    return re.sub(r"(?<![A-Za-z])clock(?![A-Za-z])", name, text)
