"""Removing what no study refers to: results, drafts, what was set aside, and what the dead left behind."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from analysis.running.references import FILE, REPORTED, read_references
from train.stages import disk
from train.stages.lease import Leases

DEAD, ASIDE = "lease of the dead", "set aside"
ALWAYS = (DEAD, ASIDE)  # rubbish, whoever refers to the stage

STAGE = re.compile(r"([^\W\d]\w*-[0-9a-f]{12})(\..+)?")  # the name of a stage, and what else a file or folder of it is called


@dataclass(frozen=True)
class Rubbish:
    """Something that can go."""

    stage: str
    path: Path
    what: str
    bytes: int


@dataclass(frozen=True)
class Sorted:
    """The contents of a store: what can go, and the stages at which somebody is at work, which are let alone."""

    rubbish: tuple[Rubbish, ...]
    busy: tuple[str, ...]


def referred(out: Path) -> frozenset[str]:
    """The names of the stages that any study in `out` refers to.

    Raises:
        NotADirectoryError: if `out` is no folder.
        ValueError: if none says what it refers to, or one that has results does not.
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
    """Look at everything in `out/stages`; what is not called like a stage is not ours, and links are not followed."""
    root, keep = out / "stages", referred(out)
    leases = Leases(root / "leases")
    rubbish, busy = [], set()
    for path, what in _lying(root):
        name = STAGE.fullmatch(path.name)
        if name is None or path.is_symlink():
            continue
        holder = leases.holder(name[1])
        if holder is not None and not holder.dead:
            busy.add(name[1])
        elif name[1] not in keep or what in ALWAYS:
            rubbish.append(Rubbish(name[1], path, what, _bytes(path)))
    return Sorted(tuple(rubbish), tuple(sorted(busy)))


def _lying(root: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        yield path, {".draft": "draft", "": "result"}.get(path.suffix, "leftover")
    for folder, what in ((root / "aside", ASIDE), (root / "leases", DEAD)):
        if folder.is_dir() and not folder.is_symlink():
            yield from ((path, what) for path in sorted(folder.iterdir()))


def _bytes(path: Path) -> int:
    total = 0
    for file in path.rglob("*") if path.is_dir() else (path,):
        with suppress(FileNotFoundError):  # somebody is at work, or removed it
            facts = file.lstat()
            total += facts.st_size if S_ISREG(facts.st_mode) else 0
    return total


def remove(out: Path, rubbish: Sequence[Rubbish]) -> None:
    """Remove it, but for what a study refers to since, or somebody has begun to work at.

    Raises:
        Unwritable: if the system refuses.
    """
    leases = Leases(out / "stages" / "leases")
    for one in rubbish:
        with disk.writing(one.path):
            if (one.what not in ALWAYS and one.stage in referred(out)) or (lease := leases.attempt(one.stage)) is None:
                continue
            with lease:
                if one.path != leases.folder / one.stage:  # which goes with the lease
                    disk.remove(one.path)
