"""Garbage collection: removes results, drafts, set-aside folders and stale leases that no study refers to."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from analysis.running.references import FILE, REPORTED, read_references
from train.stages import disk
from train.stages.lease import Leases

DEAD, ASIDE = "lease of the dead", "set aside"  # rubbish, even if a study refers to the stage
STAGE = re.compile(r"([^\W\d]\w*-[0-9a-f]{12})(\..+)?")  # the name of a stage, and a suffix


@dataclass(frozen=True)
class Rubbish:
    """A file or folder that can be removed."""

    stage: str
    path: Path
    what: str
    bytes: int


@dataclass(frozen=True)
class Sorted:
    """The contents of a store: what can be removed, and the names of stages that are running, which are left alone."""

    rubbish: tuple[Rubbish, ...]
    busy: tuple[str, ...]


def referred(out: Path) -> frozenset[str]:
    """The names of the stages that any study in `out` refers to.

    Raises:
        NotADirectoryError: if `out` is no folder.
        ValueError: if no study has such a record, or one that has results has none.
    """
    if not out.is_dir():
        raise NotADirectoryError(f"{out} is no folder: expected DIR of `run --out DIR`, as runs/cpu")
    folders = sorted(f for f in out.iterdir() if f.is_dir() and f.name != "stages")
    silent = [f for f in folders if (f / REPORTED).exists() and not (f / FILE).exists()]
    if silent or not any((f / FILE).exists() for f in folders):
        what = f"{silent[0]} does not say" if silent else f"no study in {out} has said"
        raise ValueError(f"{what} which stages it refers to, so nothing can be told to be rubbish; run the study (or `report`) once more")
    found = [read_references(f) for f in folders]
    return frozenset(name for r in found for name in (*r.wanted, *r.reported))


def sort(out: Path) -> Sorted:
    """Sort the contents of `out/stages`. Files that are not named like a stage are ignored, and links are not followed."""
    root, keep = out / "stages", referred(out)
    leases = Leases(root / "leases")
    rubbish, busy = [], set()
    for path, what in _lying(root):
        if (name := STAGE.fullmatch(path.name)) is None or path.is_symlink():
            continue
        if (holder := leases.holder(name[1])) is not None and not holder.dead:
            busy.add(name[1])
        elif name[1] not in keep or what in (DEAD, ASIDE):
            rubbish.append(Rubbish(name[1], path, what, _bytes(path)))
    return Sorted(tuple(rubbish), tuple(sorted(busy)))


def _lying(root: Path) -> Iterator[tuple[Path, str]]:
    """The files and folders of a store, each with its kind."""
    for folder, what in ((root, ""), (root / "aside", ASIDE), (root / "leases", DEAD)):
        for path in sorted(folder.iterdir()) if folder.is_dir() and (folder == root or not folder.is_symlink()) else ():
            yield path, what or {".draft": "draft", "": "result"}.get(path.suffix, "leftover")


def _bytes(path: Path) -> int:
    total = 0
    for file in (path, *path.rglob("*")):
        with suppress(FileNotFoundError):  # another process has removed it
            total += file.lstat().st_size * S_ISREG(file.lstat().st_mode)
    return total


def remove(out: Path, rubbish: Sequence[Rubbish]) -> None:
    """Remove rubbish, except what a study has come to refer to since, or another process has begun to work on.

    Raises:
        Unwritable: if the system refuses.
    """
    leases = Leases(out / "stages" / "leases")
    for one in rubbish:
        with disk.writing(one.path):
            kept = one.what not in (DEAD, ASIDE) and one.stage in referred(out)
            if not kept and (lease := leases.attempt(one.stage)) is not None:
                with lease:
                    if one.path != leases.folder / one.stage:  # removed with the lease
                        disk.remove(one.path)
