"""Folders whose files lead elsewhere: copies by hard links, and symbolic links where we write."""

import os
import shutil
import signal

from tests.faults.damage import interrupted, stopped
from tests.faults.field import PATIENCE, Field
from tests.faults.process import WARM, Process
from train.stages.disk import remove

LEARN = ("metrics.jsonl", "ledger.json", "policy.json", "policy.safetensors", "run.json", "stage.json", "checkpoint.json", "checksums.json")
SCORE = ("pieces/0.npz", "pieces/0.json", "pieces/1.npz", "pieces/1.json", "scores.npz", "ledger.json")
STUDY = ("facts.jsonl", "findings.json", "report.html", "stages.json")
HALF = ("", ".tmp", ".copy")
IN_LEARN = [*(name + half for name in LEARN for half in HALF), "checkpoint.tmp", "checkpoint.pt"]
IN_SCORE = [name + half for name in SCORE for half in HALF]
IN_STUDY = [name + half for name in STUDY for half in HALF[:2]]


def copies(field: Field, n: int) -> None:
    """Copy a folder in which something is under way by hard links; end the one, and go on with the other until it is killed."""
    copy = field.disk / "copy"
    for i in range(n):
        interrupted(field) if i % 2 else stopped(field)
        shutil.copytree(field.out, copy, copy_function=os.link)
        field.start().wait(PATIENCE)
        field.look()
        process = Process(WARM, copy)
        field.pause(0.1, 1.0)
        if not process.ended:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
        field.judge("copy by hard links, killed", 1)
        shutil.rmtree(copy)


def drafts(field: Field, n: int) -> None:
    """Put a link in the place of a file that a stage under way reads or writes."""
    names = [("learn", name) for name in IN_LEARN] + [("score", name) for name in IN_SCORE]
    field.chance.shuffle(names)
    for i in range(n):
        of, name = names[i % len(names)]
        file = (interrupted(field) if of == "learn" else stopped(field)) / name
        file.unlink(missing_ok=True)
        file.symlink_to(field.elsewhere / "victim")
        field.judge("link in a draft", 1)


def studies(field: Field, n: int) -> None:
    """Put one in the place of a report, or of what is written beside results."""
    for i in range(n):
        learns = sorted(f.name for f in (field.calm / "stages").glob("Sample-*"))
        field.restore(field.chance.choice(learns))
        (rows,) = field.out.glob("*/facts.jsonl")
        file = rows.with_name(IN_STUDY[i % len(IN_STUDY)])
        file.unlink(missing_ok=True)
        file.symlink_to(field.elsewhere / "victim")
        field.judge("link in a study's folder", 1)


def folders(field: Field, n: int) -> None:
    """Put one in the place of a folder."""
    ways = ("draft", "pieces", "leases", "aside", "empty draft")
    for i in range(n):
        way, draft = ways[i % len(ways)], stopped(field)
        folder = {"pieces": draft / "pieces", "leases": field.stages / "leases", "aside": field.stages / "aside"}.get(way, draft)
        if way == "aside":
            (draft / "pieces" / "0.npz").write_bytes(b"damaged")
        if way == "draft":
            shutil.copytree(draft, field.elsewhere, dirs_exist_ok=True)
        remove(folder)
        folder.symlink_to(field.elsewhere)
        field.judge("folder that is a link", 1)
