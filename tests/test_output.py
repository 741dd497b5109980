"""Standard output that ends before the command does: no traceback, and a status that is true."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from analysis.__main__ import main as analysis
from synthtasks.__main__ import main as synthtasks
from synthtasks.console.output import heard
from synthtasks.console.stdout import say_every_character

COMMANDS = {"analysis list": analysis, "synthtasks show program": synthtasks}
FULL = Path("/dev/full")


def ran(command: str, main: Callable[[], int], stdout: int) -> tuple[int, str]:
    """Status and errors of a command line, in a fork of this process, which has imported everything."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(stdout, 1)
        os.dup2(writer, 2)
        sys.stdout, sys.stderr = io.TextIOWrapper(io.FileIO(1, "w")), io.TextIOWrapper(io.FileIO(2, "w"), write_through=True)
        sys.argv = command.split()
        status = 70
        try:
            status = heard(main)
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, encoding="utf-8") as said:
        errors = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), errors


# Broken if a full disk below what is printed ended in a traceback, named no way out, or passed for success.
@pytest.mark.skipif(not FULL.exists(), reason="the system has no full device")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_below_the_output_is_said(command: str) -> None:
    with open(FULL, "wb") as full:
        status, said = ran(command, COMMANDS[command], full.fileno())
    assert status == 2
    assert said == "error: standard output cannot be written: No space left on device. Make room, or print elsewhere\n"


# Broken if who has read enough were answered with a traceback.
@pytest.mark.parametrize("command", COMMANDS)
def test_who_has_read_enough_is_told_nothing(command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    assert ran(command, COMMANDS[command], writer) == (0, "")
    os.close(writer)


# Broken if a command whose output was closed before it began died of that.
def test_nobody_needs_to_listen() -> None:
    shell = f'exec "{sys.executable}" -m synthtasks show program >&-'
    done = subprocess.run(["sh", "-c", shell], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


# Broken if output that was a file when Python looked at it, and is a pipe now, as below a process that redirects what it forks, ended it.
def test_output_may_become_a_pipe(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with open(tmp_path / "log", "wb") as file:
        file.write(b"before")
        file.flush()
        given, sys.stdout = sys.stdout, io.TextIOWrapper(io.FileIO(os.dup(file.fileno()), "w"), encoding="ascii")
        try:
            os.dup2(writer, sys.stdout.fileno())
            say_every_character()
            print("ö", flush=True)
        finally:
            sys.stdout.close()
            sys.stdout = given
    os.close(writer)
    with open(reader, "rb") as said:
        assert said.read() == b"\\xf6\n"
