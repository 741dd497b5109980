"""The recipe of a policy, as text: the stages that made it, with all that is not at its default."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path

from analysis.running.imported import imported
from synthtasks.corpora import Recipe, Solved
from synthtasks.families import Family
from synthtasks.primitives import Primitive
from synthtasks.surfaces import Surface
from synthtasks.vocab import Vocab
from train.learn import Learn
from train.stages.reading import read_json, reading
from train.stages.stage import Stage, closure, name

RECORD = "stage.json"
SHOWN = 24  # items of a tuple that are written out


def recorded(folder: Path, allow: tuple[str, ...] = ()) -> Stage | None:
    """The stage of a folder, as `imported` makes it; None, if it has no record.

    Raises:
        Malformed: if the record cannot be read.
    """
    if not (file := folder / RECORD).exists():
        return None
    with reading(file):
        return imported(read_json(file), folder.resolve().name, allow)


def solved(stage: Stage) -> tuple[Family, Surface] | None:
    """The family and surface of the solved problems that a policy has read last; None, if it has read none."""
    learned = [s for s in closure((stage,)) if isinstance(s, Learn)]
    recipes = [r for s in learned for _, loss in s.losses for r in getattr(getattr(loss, "source", None), "recipes", ())]
    found = [(r.family, r.write.surface) for r in recipes if isinstance(r, Recipe) and isinstance(r.write, Solved)]
    return found[-1] if found else None


def line_of(stage: Stage) -> tuple[Stage, ...]:
    """The stages whose policies became that of a stage, from the first to itself."""
    found = [stage]
    while isinstance(before := getattr(found[-1], "policy", getattr(found[-1], "learn", None)), Stage):
        found.append(before)
    return tuple(reversed(found))


def brief(value: object) -> str:
    """A value as text: of a dataclass, the fields that are not at their default; of a stage, its name; of a vocabulary, its size."""
    if isinstance(value, Stage):
        return name(value)
    if isinstance(value, Primitive):
        return value.name
    if isinstance(value, Vocab):
        return f"{len(value)} words"
    if isinstance(value, tuple):
        more = f", and {len(value) - SHOWN} more" if len(value) > SHOWN else ""
        return f"({', '.join(map(brief, value[:SHOWN]))}{',' * (len(value) == 1)}{more})"
    if isinstance(value, float):
        return f"{value:g}"
    if is_dataclass(value) and not isinstance(value, type):
        return written(value)
    return repr(value)


def written(value: object) -> str:
    """A dataclass as a call of its class, with the fields that are not at their default."""
    return f"{type(value).__name__}({', '.join(f'{n}={brief(v)}' for n, v in _changed(value))})"


def _changed(value: object) -> Iterator[tuple[str, object]]:
    for field in fields(value):  # type: ignore[arg-type]  # a dataclass
        if (found := getattr(value, field.name)) != _default(field):
            yield field.name, found


def _default(field: Field[object]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()
