"""Standard output that ends before the command does: a reader who has read enough (`| head`), a disk that is full, or none at all."""

import os
import sys
from collections.abc import Callable
from io import BufferedWriter, FileIO, TextIOWrapper


class Unheard(Exception):
    """What was printed could not be. No OSError, which would be taken for that of a result."""

    def __init__(self, refusal: OSError):
        super().__init__(f"standard output cannot be written: {os.strerror(refusal.errno or 0)}. Make room, or print elsewhere")
        self.enough = isinstance(refusal, BrokenPipeError)  # the reader went away


class Out(FileIO):
    """A file that says of a refusal that it was this one's."""

    def write(self, data: object) -> int:
        """Write some of the bytes; how many.

        Raises:
            Unheard: if the system refuses.
        """
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as refusal:
            raise Unheard(refusal) from refusal


def heard(main: Callable[[], int]) -> int:
    """The exit status of a command line: its own, or 0 where its reader has read enough, or 2 where its output could not be written."""
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # it was closed before we began
            setattr(sys, stream, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (the process's own)
    given = sys.stdout
    assert isinstance(given, TextIOWrapper), "a command line has the process's own output"
    out = BufferedWriter(Out(given.fileno(), "w", closefd=False))
    sys.stdout = TextIOWrapper(out, encoding=given.encoding, errors=given.errors, line_buffering=given.line_buffering)
    status = 0
    try:
        try:
            status = main()
        finally:
            sys.stdout.flush()
        return status
    except Unheard as refusal:
        os.dup2(os.open(os.devnull, os.O_WRONLY), given.fileno())  # for what is still to be flushed
        if not refusal.enough:
            print(f"error: {refusal}", file=sys.stderr)
        return status if refusal.enough else status or 2
