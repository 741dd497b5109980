"""Rubbish: what no study refers to goes, and nothing else, whoever is at work and whatever lies around."""

import os
import subprocess
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from analysis.cli.tables import show_rubbish
from analysis.running import gc, references
from train.stages.disk import write_json
from train.stages.lease import Leases
from train.stages.stage import Stage
from train.stages.store import Store


@dataclass(frozen=True, eq=False, repr=False)
class Page(Stage):
    number: int = 0
    on: Stage | None = None

    def run(self, out: Path, store: Store) -> None:
        (out / "page").write_text("x" * 10_000)
        if self.on is not None:
            store.get(self.on)


KEPT, REPORTED, OLD, BUSY = Page(2, Page(1)), Page(3), Page(4, Page(1)), Page(5)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A store, and a study that refers to some of it."""
    folder = tmp_path / "out"
    store = Store(folder / "stages")
    for stage in (KEPT, REPORTED, OLD, BUSY):
        store.get(stage)
    references.finish(folder / "study", (REPORTED,))
    references.begin(folder / "study", (KEPT,))
    return folder


def names(out: Path) -> set[str]:
    return {p.name for p in (out / "stages").iterdir() if p.name != "leases"}


def clean(out: Path) -> str:
    text = StringIO()
    found = gc.sort(out)
    show_rubbish(found, Console(file=text, width=200))
    gc.remove(out, found.rubbish)
    return text.getvalue()


# Broken if a result were removed that a study wants or has reported on, or what those stand on; or if the rest stayed.
def test_only_what_no_study_refers_to_goes(out: Path) -> None:
    text = clean(out)
    assert names(out) == {str(s) for s in (KEPT, Page(1), REPORTED)}
    assert str(OLD) in text
    assert str(KEPT) not in text
    assert "2 things that no study refers to" in text
    assert "0 things" in clean(out)


# Broken if looking removed anything.
def test_looking_removes_nothing(out: Path) -> None:
    before = names(out)
    assert {r.stage for r in gc.sort(out).rubbish} == {str(OLD), str(BUSY)}
    assert names(out) == before


# Broken if somebody lost the stage at which he works, by a look before or by one in the middle of his work.
def test_what_is_being_run_is_let_alone(out: Path) -> None:
    root = out / "stages"
    (root / f"{BUSY}.draft").mkdir()
    found = gc.sort(out)
    lease = Leases(root / "leases").attempt(str(BUSY))
    assert lease is not None
    with lease:
        assert f"somebody is at work on it: {BUSY}" in clean(out)
        gc.remove(out, found.rubbish)
        assert {str(BUSY), f"{BUSY}.draft"} < names(out)
    clean(out)
    assert not {n for n in names(out) if n.startswith(str(BUSY))}


# Broken if drafts that a study will go on with were lost, or those of nobody, claims of the dead and damaged folders stayed for ever.
def test_drafts_claims_and_what_was_set_aside(out: Path) -> None:
    root = out / "stages"
    for draft in (f"{REPORTED}.draft", f"{OLD}.draft", f"{OLD}.a1b2.draft"):
        (root / draft).mkdir()
    took = "import os, pathlib, sys; from train.stages.lease import Leases; leases = Leases(pathlib.Path(sys.argv[1]))"
    died = "[leases.attempt(name) for name in sys.argv[2:]]; os._exit(0)"
    subprocess.run([sys.executable, "-c", f"{took}; {died}", str(root / "leases"), str(KEPT), str(OLD)], check=True)
    assert {f.name for f in (root / "leases").iterdir()} == {str(KEPT), str(OLD)}
    (root / str(KEPT) / "page").unlink()
    Store(root).get(KEPT)
    assert (root / "aside" / f"{KEPT}.1").exists()
    clean(out)
    assert names(out) == {str(KEPT), str(Page(1)), str(REPORTED), f"{REPORTED}.draft", "aside"}
    assert not list((root / "aside").iterdir())
    assert not list((root / "leases").iterdir())


# Broken if the lease of the dead left one of ours, where nothing else of its stage is rubbish.
def test_of_a_lease_nothing_stays(out: Path) -> None:
    died = "import os, pathlib, sys; from train.stages.lease import Leases;"
    died += "Leases(pathlib.Path(sys.argv[1])).attempt(sys.argv[2]); os._exit(0)"
    subprocess.run([sys.executable, "-c", died, str(out / "stages" / "leases"), str(KEPT)], check=True)
    clean(out)
    assert not list((out / "stages" / "leases").iterdir())
    assert str(KEPT) in names(out)


# Broken if asking for a part of a study, a seed or some of its cells, gave the rest away; or if what is not wanted any more stayed.
def test_a_part_of_a_study_keeps_the_whole(out: Path) -> None:
    references.finish(out / "study", (KEPT, REPORTED))
    references.finish(out / "study", (REPORTED,))
    assert references.finished(out / "study", (REPORTED,))
    clean(out)
    assert names(out) == {str(s) for s in (KEPT, Page(1), REPORTED)}
    references.finish(out / "study", (REPORTED, Page(9)))
    clean(out)
    assert names(out) == {str(REPORTED)}


# Broken if what a study has come to want, since somebody looked, were removed.
def test_what_is_wanted_since_stays(out: Path) -> None:
    (out / "stages" / f"{OLD}.draft").mkdir()
    found = gc.sort(out)
    references.begin(out / "other", (OLD,))
    gc.remove(out, found.rubbish)
    assert {str(OLD), f"{OLD}.draft"} < names(out)
    assert str(BUSY) not in names(out)


# Broken if anything went that is not ours: files of other names, what links lead to, what lies outside.
def test_nothing_else_is_touched(out: Path, tmp_path: Path) -> None:
    root, precious = out / "stages", tmp_path / "precious"
    precious.mkdir()
    (precious / "work").write_text("x")
    (root / "notes.txt").write_text("x")
    (root / "Page-of-mine").mkdir()
    (root / "Page-0123456789ab").symlink_to(precious)
    (root / str(OLD) / "link").symlink_to(precious)
    (out / "other").mkdir()
    write_json(out / "other" / references.FILE, {"schema": 1, "wanted": ["../../precious"], "reported": []})
    clean(out)
    assert (precious / "work").exists()
    assert {"notes.txt", "Page-of-mine", "Page-0123456789ab"} < names(out)
    assert str(OLD) not in names(out)
    assert os.path.lexists(out / "other")


# Broken if, where nobody said what he needs, all were taken for rubbish.
def test_it_refuses_where_a_study_does_not_say(out: Path, tmp_path: Path) -> None:
    (out / "elder").mkdir()
    (out / "elder" / "facts.jsonl").touch()
    with pytest.raises(ValueError, match="elder does not say which stages"):
        gc.sort(out)
    (out / "elder" / references.FILE).write_text("{")
    with pytest.raises(ValueError, match=r"stages\.json cannot be read"):
        gc.sort(out)
    (tmp_path / "empty" / "stages").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"no study in .* has said"):
        gc.sort(tmp_path / "empty")
    with pytest.raises(NotADirectoryError, match="nowhere is no folder"):
        gc.sort(tmp_path / "nowhere")
