"""Edits of a policy on disk: numbers in its JSON, tensors beside its weights."""

from collections.abc import Iterator, Mapping
from dataclasses import fields

from torch import Tensor

from models.edits import Edit, Project, Shift, ShiftAt
from train.stages.reading import a_count, a_list, a_text, an_object

Edits = tuple[tuple[int, Edit], ...]  # the block after which each edit acts, in the order in which they were made
KINDS = {"Shift": Shift, "ShiftAt": ShiftAt, "Project": Project}  # a file can name no other class
PREFIX = "edits."  # of the names of tensors: "edits.0.vector" is that of the first edit


def edit_records(edits: Edits) -> list[dict[str, object]]:
    """The edits without their tensors, as JSON.

    Raises:
        ValueError: if an edit is of another kind than those that can be read again.
    """
    if odd := [edit for _, edit in edits if KINDS.get(type(edit).__name__) is not type(edit)]:
        raise ValueError(f"a policy keeps edits of the kinds {', '.join(KINDS)}; found {odd[0]!r}")
    return [
        {"block": block, "edit": type(edit).__name__} | {name: x for name, x in _values(edit) if not isinstance(x, Tensor)}
        for block, edit in edits
    ]


def edit_tensors(edits: Edits) -> dict[str, Tensor]:
    """The tensors of edits, by the place of each edit and by field."""
    values = [(f"{PREFIX}{i}.{name}", x) for i, (_, edit) in enumerate(edits) for name, x in _values(edit)]
    return {name: x.detach().float() for name, x in values if isinstance(x, Tensor)}


def read_edits(records: object, tensors: Mapping[str, Tensor]) -> Iterator[tuple[int, Edit]]:
    """The edits that were written. Call it inside `reading`.

    Raises:
        ValueError: if a record is not what was expected.
    """
    for i, record in enumerate(a_list(records)):
        numbers, start = dict(an_object(record)), f"{PREFIX}{i}."
        block, kind = a_count(numbers.pop("block")), KINDS[a_text(numbers.pop("edit"))]
        yield block, kind(**numbers, **{name.removeprefix(start): x for name, x in tensors.items() if name.startswith(start)})


def _values(edit: Edit) -> list[tuple[str, object]]:
    return [(f.name, getattr(edit, f.name)) for f in fields(edit)]  # type: ignore[arg-type]  # each of `KINDS` is a dataclass
