"""Leases that no holder has written: they lead elsewhere, in circles, or are no files."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

import train.stages.store
from tests.faults.field import Field
from train.stages.lease import Holder, Leases, _space

PATIENCE = 0.5  # seconds until a holder has fallen silent


def impatient() -> None:
    """In the process of a run: do not wait for a minute."""
    train.stages.store.Leases = partial(Leases, beat=0.1, patience=PATIENCE)  # type: ignore[misc, assignment]


def said(token: str, **more: object) -> str:
    """What the lease of one says that died on this machine."""
    dead = asdict(Holder("here", _space(), 2**22 + 1, "1", "t"))
    return f"{0:020d}\n{json.dumps(dead | {'token': token} | more)}\n"


def astray(lease: Path, elsewhere: Path) -> None:
    """Its heir would be a file elsewhere."""
    lease.with_name(f"{lease.name}.x").mkdir()
    lease.write_text(said("x/../" + os.path.relpath(elsewhere / "victim", lease.parent)))


def itself(lease: Path, elsewhere: Path) -> None:
    """It is its own heir."""
    lease.write_text(said("t"))
    lease.with_name(f"{lease.name}.t").write_text(said("t"))


def circle(lease: Path, elsewhere: Path) -> None:
    """An heir's heir is the heir."""
    for former, token in (("", "x"), (".x", "y"), (".y", "x")):
        lease.with_name(lease.name + former).write_text(said(token))


def generations(lease: Path, elsewhere: Path) -> None:
    """A thousand heirs."""
    for i in range(1_000):
        lease.with_name(lease.name + (f".t{i}" if i else "")).write_text(said(f"t{i + 1}"))


WAYS: tuple[Callable[[Path, Path], object], ...] = (
    astray,
    itself,
    circle,
    generations,
    lambda lease, elsewhere: lease.symlink_to(elsewhere / "victim"),
    lambda lease, elsewhere: lease.symlink_to(elsewhere / "nothing"),
    lambda lease, elsewhere: lease.symlink_to("/dev/zero"),
    lambda lease, elsewhere: os.mkfifo(lease),
    lambda lease, elsewhere: lease.mkdir(),
    lambda lease, elsewhere: lease.write_bytes(b"\xff\0"),
    lambda lease, elsewhere: lease.write_text("[" * 1_000_000),
    lambda lease, elsewhere: lease.write_text(said("")),
    lambda lease, elsewhere: lease.write_text(said("a" * 300)),
    lambda lease, elsewhere: lease.write_text(said("t", pid=2**80)),
    lambda lease, elsewhere: lease.write_text(said("t", pid="self/../1", space=[1])),
)


def hostile(field: Field, n: int) -> None:
    """Put one in the place of the lease of a stage that is missing, or of the study's report."""
    for i in range(n):
        missing = field.chance.choice(sorted(f.name for f in (field.calm / "stages").glob("*-*") if "." not in f.name))
        field.restore(missing)
        name = "report-small" if i // len(WAYS) % 2 else missing
        (field.stages / "leases").mkdir(exist_ok=True)
        WAYS[i % len(WAYS)](field.stages / "leases" / name, field.elsewhere)
        field.judge("hostile lease", 1, first=impatient)
