"""Escapes for characters that an output cannot encode."""

import sys
from contextlib import suppress
from io import TextIOWrapper

SEEN = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}  # control characters


def say_every_character() -> None:
    """Print characters that the encoding lacks, and names that are not UTF-8, as escapes, so that they raise no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a process may have none; tests and notebooks replace it
            with suppress(OSError):  # raised after the change is made, where the stream is a pipe without a position
                stream.reconfigure(errors="backslashreplace")
