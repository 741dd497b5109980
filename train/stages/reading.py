"""Reading files: the result is the value, or one error that names the file, the reason and the way out."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EISDIR, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

ABSENT = (ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG)  # there is no such file; of the system's other errors, no file is guilty
LONGEST = 300  # characters of a reason
Kind = TypeVar("Kind")


class Malformed(ValueError):
    """A file is not what it should be, or cannot be read. The message names it, says why, and what to do."""


@contextmanager
def reading(file: Path, way_out: str = "", error: type[Exception] = Malformed) -> Iterator[None]:
    """Turn every error in this context into one that names `file`, which is by default one of a stage's folder.

    Raises:
        Malformed: or `error`, which says no way out where it knows one itself. What the system refuses is always `Malformed`: a disk that
            cannot be read, or a file that must not be, is no damage.
    """
    try:
        if not S_ISREG(file.stat().st_mode):
            raise TypeError("it is no plain file")  # a pipe would keep its reader waiting
        yield
    except (Malformed, error):
        raise
    except Exception as reason:  # parsers raise many kinds on malformed bytes
        if isinstance(reason, OSError) and reason.errno is not None and reason.errno not in ABSENT:
            raise Malformed(f"{shown(file)} cannot be read: {why(reason)}. Make it readable for this user, and run again") from reason
        what = f"{shown(file)} is missing" if isinstance(reason, FileNotFoundError) else f"{shown(file)} cannot be read: {why(reason)}"
        if error is not Malformed:
            raise error(what) from reason
        raise Malformed(f"{what}. {way_out or _again(file)}") from reason


def _again(file: Path) -> str:
    return f"Move {shown(file.parent)} away, and run the study again: what is missing is made anew"


def why(reason: Exception) -> str:
    """An exception in one line."""
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    prefix = "it has no " if isinstance(reason, KeyError) else ""
    text = printable(" ".join(f"{prefix}{reason}".split()))
    return (text if len(text) <= LONGEST else f"{text[:LONGEST]} ...") or type(reason).__name__


def shown(path: Path) -> str:
    """A path as printable text, whatever bytes its name has."""
    return printable(str(path))


def printable(text: str) -> str:
    """A text that is safe to print: control characters and lone surrogates become escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def read_json(file: Path) -> object:
    """The value of a JSON file. Call it inside `reading`.

    Raises:
        ValueError: if it is no JSON in UTF-8, or holds a text that is no Unicode.
    """
    return parse(file.read_bytes())


def parse(data: bytes) -> object:
    """The value of a text of JSON in UTF-8.

    Raises:
        ValueError: if it is none, or holds a text that is no Unicode.
    """
    value: object = json.loads(data.decode("utf-8"))
    if b"\\u" in data:
        json.dumps(value, ensure_ascii=False).encode()
    return value


def read_object(file: Path) -> dict[str, object]:
    """The value of a JSON file that holds an object. Call it inside `reading`."""
    return an_object(read_json(file))


def an_object(value: object) -> dict[str, object]:
    """A value that is an object.

    Raises:
        ValueError: if it is none.
    """
    return _a(dict, "JSON object", value)


def a_list(value: object) -> list[object]:
    """A value that is a list.

    Raises:
        ValueError: if it is none.
    """
    return _a(list, "list", value)


def a_text(value: object) -> str:
    """A value that is a text.

    Raises:
        ValueError: if it is none.
    """
    return _a(str, "text", value)


def _a(kind: type[Kind], what: str, value: object) -> Kind:
    if not isinstance(value, kind):
        raise ValueError(f"expected a {what}, found {str(value)[:40]}")
    return value


def a_number(value: object, least: float = -math.inf, most: float = math.inf) -> float:
    """A value that is a number, and finite.

    Raises:
        ValueError: if it is none, or not from `least` to `most`.
    """
    if type(value) not in (int, float) or not least <= value <= most or not math.isfinite(value):  # type: ignore[operator, arg-type]
        raise ValueError(f"expected a number from {least:g} to {most:g}, found {str(value)[:40]}")
    return value  # type: ignore[return-value]


def a_count(value: object, most: int = 2**63 - 1) -> int:
    """A value that counts something.

    Raises:
        ValueError: if it does not, or is more than `most`.
    """
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"expected a whole number from 0 to {most:,}, found {str(value)[:40]}")
    return value


def read_note(line: bytes) -> dict[str, float]:
    """A line of `metrics.jsonl`: the number of the iteration, and what was measured in it, which need not be finite.

    Raises:
        ValueError: if it is none.
    """
    note = an_object(parse(line))
    if odd := [name for name in note if not name.isprintable() or not name]:
        raise ValueError(f"expected names of metrics, found {odd[0]!r}")
    a_count(note["iteration"])
    if odd := [name for name, value in note.items() if type(value) is not float and not (type(value) is int and abs(value) < 2**63)]:
        raise ValueError(f"{odd[0]} of iteration {note['iteration']} is no number")
    return note  # type: ignore[return-value]  # as was just seen
