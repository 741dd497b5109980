"""Mistakes of a command line: what was meant, and a line or two on standard error."""

import os
import sys
from collections.abc import Iterable
from difflib import get_close_matches

from synthtasks.console.stdout import SEEN


def complain(message: str) -> None:
    """Print an error to standard error, to the letter; "error:" is red on a terminal."""
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    print("\x1b[31merror:\x1b[0m" if colour else "error:", message.translate(SEEN), file=sys.stderr)


def meant(word: str, known: Iterable[str]) -> str:
    """A question for the nearest of the known words, as "did you mean grid? "; empty, if none is near."""
    near = get_close_matches(word.lower(), list(known), 1)
    return f"did you mean {near[0]}? " if near else ""


def among(word: str, known: Iterable[str]) -> str:
    """The nearest of the known words, and all of them: the end of a message on a word that is none."""
    listed = list(known)
    question = meant(word, listed)
    return f"{question}{'There' if question else 'there'} are {', '.join(listed)}"
