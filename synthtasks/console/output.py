"""Standard output that fails before the command ends: a closed pipe (`| head`), a full disk, or no output at all."""

import os
import sys
from collections.abc import Callable
from io import BufferedWriter, FileIO, TextIOWrapper


class Unheard(Exception):
    """Standard output cannot be written. No OSError, because callers take that for an error of a result."""

    def __init__(self, refusal: OSError):
        super().__init__(f"standard output cannot be written: {os.strerror(refusal.errno or 0)}. Make room, or print elsewhere")
        self.enough = isinstance(refusal, BrokenPipeError)  # the reader has closed the pipe


class Out(FileIO):
    """A file whose errors of writing are `Unheard`."""

    def write(self, data: object) -> int:
        """Write bytes and return their number.

        Raises:
            Unheard: if the system refuses.
        """
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as refusal:
            raise Unheard(refusal) from refusal


def heard(main: Callable[[], int]) -> int:
    """The exit status of a command line: its own, or 0 if the reader closes the pipe, or 2 if the output cannot be written."""
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed before the start
            setattr(sys, stream, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (the process's own)
    original = sys.stdout
    assert isinstance(original, TextIOWrapper), "a command line has the process's own output"
    out = BufferedWriter(Out(original.fileno(), "w", closefd=False))
    sys.stdout = TextIOWrapper(out, encoding=original.encoding, errors=original.errors, line_buffering=original.line_buffering)
    status = 0
    try:
        try:
            status = main()
        finally:
            sys.stdout.flush()
        return status
    except Unheard as refusal:
        os.dup2(os.open(os.devnull, os.O_WRONLY), original.fileno())  # discards the rest of the buffer
        if not refusal.enough:
            print(f"error: {refusal}", file=sys.stderr)
        return status if refusal.enough else status or 2
