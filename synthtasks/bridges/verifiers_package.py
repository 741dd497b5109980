"""An environment of verifiers as a package, which needs nothing but `pip install`. This module does not import verifiers.

export_package(parts, Path("synthtasks-dag"))

pip install ./synthtasks-dag
vf-eval synthtasks-dag
"""

import json
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from synthtasks.datasets.draft import appearing
from synthtasks.datasets.export import matched
from synthtasks.datasets.items import Items
from synthtasks.datasets.recipe import modules_of, to_json


def export_package(parts: Sequence[Items], folder: Path) -> None:
    """Write an environment that is called as the folder; its option `split` chooses one of the parts, and is the first by default.

    A module of your own that is one file is packed, too; others must be installed where the environment is. The folder appears whole or
    not at all.

    Raises:
        ValueError: if the parts make no data set (see `synthtasks.datasets.export.export`), they have no recipe, or the folder's name
            is no name of a package.
        FileExistsError: if the folder exists.
    """
    matched(parts)
    package = folder.name.replace("-", "_").lower()
    if not package.isidentifier():
        raise ValueError(f"an environment is imported by the name of its folder, letters, digits and dashes; found {folder.name!r}")
    recipes: dict[str, str] = {items.split: json.dumps(to_json(items)) for items in parts}
    own = sorted(frozenset[str]().union(*(modules_of(to_json(items)) for items in parts)))
    files = {f"{name}.py": Path(str(sys.modules[name].__file__)) for name in own if _is_file(name)}
    with appearing(folder) as draft:
        (draft / package).mkdir()
        (draft / package / "__init__.py").write_text(_module(recipes, " ".join(own)), encoding="utf-8")
        (draft / "pyproject.toml").write_text(_project(folder.name, package, tuple(files)), encoding="utf-8")
        (draft / "README.md").write_text(_readme(folder.name, parts), encoding="utf-8")
        for name, file in files.items():
            (draft / name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")


def _is_file(module: str) -> bool:
    return "." not in module and not hasattr(sys.modules[module], "__path__")


def _module(recipes: dict[str, str], own: str) -> str:
    splits = ", ".join(repr(split) for split in recipes)
    listed = "".join(f"    {split!r}: {recipe!r},\n" for split, recipe in recipes.items())
    return f"""\"\"\"Problems with an exact judge, as a taskset of verifiers.\"\"\"

from collections.abc import Iterator
from typing import Literal

import verifiers.v1 as vf
from synthtasks.bridges.verifiers_v1 import SynthConfig, SynthTask, tasks

__all__ = ["SynthTaskset"]  # verifiers expects one taskset

RECIPES = {{
{listed}}}


class Config(SynthConfig):
    \"\"\"The split, and what else a recipe takes.\"\"\"

    split: Literal[{splits}] = {next(iter(recipes))!r}
    recipe: str = ""  # that of the split, if it is empty
    own: str = {own!r}


class SynthTaskset(vf.Taskset[SynthTask, Config]):
    \"\"\"The problems of a split.\"\"\"

    def load(self) -> Iterator[SynthTask]:
        \"\"\"One task for each problem.\"\"\"
        return tasks(self.config.model_copy(update={{"recipe": self.config.recipe or RECIPES[self.config.split]}}))
"""


def _project(name: str, package: str, files: Sequence[str]) -> str:
    try:
        wanted = f"synthtasks[verifiers]=={version('synthtasks')}"  # another version may draw other problems
    except PackageNotFoundError:  # in a checkout that is not installed
        wanted = "synthtasks[verifiers]"
    listed = ", ".join(f'"{file}" = "{file}"' for file in files)
    return f"""[project]
name = "{name.replace("_", "-").lower()}"
version = "0.1.0"
description = "Problems with an exact judge, made by synthtasks"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["{wanted}"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["{package}"]
force-include = {{ {listed} }}
"""


def _readme(name: str, parts: Sequence[Items]) -> str:
    counts = ", ".join(f"{items.size:,} {items.split} problems" for items in parts)
    return f"""# {name}

{counts} of `{parts[0].source}`, for the v1 interface of verifiers.

```bash
pip install .
vf-eval {name} -n 3
```

`outcome` rewards a right answer, `process` a right derivation of it; `process` has weight 0 unless the config says otherwise. An example:

```text
{parts[0][0]["question"]}
```
"""
