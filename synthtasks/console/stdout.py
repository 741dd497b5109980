"""Output that can say every character."""

import sys
from contextlib import suppress
from io import TextIOWrapper


def say_every_character() -> None:
    """Show what the terminal's encoding lacks, and names that are not UTF-8, as escapes: they must not end what has been computed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # None where a process has none; a test or a notebook may put something else there
            with suppress(OSError):  # it is set, and then its place is asked for: a file that became a pipe since has none
                stream.reconfigure(errors="backslashreplace")
