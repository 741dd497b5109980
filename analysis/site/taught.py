"""Lessons: a page for each, its texts and its code, as the file has them. Results come where it is run."""

from collections.abc import Mapping
from pathlib import Path

from analysis.lessons.performing import cells, lessons
from analysis.site.reference import ROOT


def lesson_pages() -> Mapping[str, str]:
    """The pages, by the file that each is made of."""
    return {file.relative_to(ROOT).as_posix(): f"lessons/{file.stem}.md" for file in lessons().values()}


def taught() -> Mapping[str, str]:
    """The pages, by the path of their source."""
    return {page: told(ROOT / file) for file, page in lesson_pages().items()}


def told(file: Path) -> str:
    """A lesson as Markdown."""
    text = file.read_text(encoding="utf-8")
    parts = [cell.source if cell.text else f"```python\n{cell.source}\n```" for cell in cells(text) if cell.source]
    return "\n\n".join(parts) + "\n"
