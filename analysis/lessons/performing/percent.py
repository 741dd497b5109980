"""The percent format of jupytext: a Python file whose cells begin with `# %%`, those of text with `# %% [markdown]`."""

from dataclasses import dataclass

CELL, TEXT = "# %%", "# %% [markdown]"


@dataclass(frozen=True)
class Cell:
    """A cell of a lesson."""

    text: bool  # Markdown, or else code
    source: str
    line: int  # of its first line of source, counted from 1


def cells(file: str) -> tuple[Cell, ...]:
    """The cells of a file.

    >>> [(cell.text, cell.source) for cell in cells("# %% [markdown]\\n# # Sums\\n\\n# %%\\nprint(1 + 1)\\n")]
    [(True, '# Sums'), (False, 'print(1 + 1)')]

    Raises:
        ValueError: if it does not begin with a cell, or a line of text is no comment.
    """
    lines = file.splitlines()
    starts = [i for i, line in enumerate(lines) if line in (CELL, TEXT)]
    if not starts or starts[0]:
        raise ValueError(f"a lesson begins with a cell, {TEXT!r}; found {(lines or [''])[0]!r}")
    return tuple(
        Cell(lines[start] == TEXT, _source(lines[start + 1 : end], lines[start] == TEXT, start + 2), start + 2)
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    )


def _source(lines: list[str], text: bool, first: int) -> str:
    if text:
        for i, line in enumerate(lines):
            if line and line != "#" and not line.startswith("# "):
                raise ValueError(f"line {first + i} of a text begins with '# '; found {line!r}")
        lines = [line[2:] for line in lines]
    return "\n".join(lines).strip("\n")
