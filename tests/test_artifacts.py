"""What lies on disk: damage is found, named, kept aside and mended; nothing is unpickled, and no name leads out of its folder."""

import hashlib
import json
import os
import pickle
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch

from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from train.checkpoint import Progress
from train.learn import Learn
from train.losses.imitate import Imitate
from train.policy import Fresh
from train.stages.arrays import load_arrays, save_arrays
from train.stages.disk import Unwritable, write_json
from train.stages.lease import Lease, Leases
from train.stages.seal import SEAL, VARYING, Damaged, digest, hash_of, read_seal
from train.stages.stage import Stage, name
from train.stages.store import Store

stage = dataclass(frozen=True, eq=False, repr=False)
FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(2, (ADD, MUL), 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB)
LEARN = Learn(FRESH, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), 60)),), 6)


@stage
class Letter(Stage):
    """Two files, one of them in a folder, and a note of every run."""

    text: str = "a"

    def run(self, out: Path, store: Store) -> None:
        (out / "inner").mkdir(exist_ok=True)
        (out / "letter").write_text(self.text * 1_000)
        (out / "inner" / "more").write_text(self.text)
        with open(store.root / "runs.txt", "a") as file:
            print(self.text, file=file)


@stage
class Copy(Stage):
    of: Stage

    def run(self, out: Path, store: Store) -> None:
        (out / "copy").write_bytes((store.get(self.of) / "letter").read_bytes())


def runs(root: Path) -> int:
    return len((root / "runs.txt").read_text().splitlines())


def content(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file() and f.name not in VARYING}


def flip(file: Path) -> None:
    """One bit, in the middle."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def rubbish(file: Path) -> None:
    file.write_bytes(os.urandom(file.stat().st_size))


FILES = ("letter", "inner/more", "stage.json", "run.json", SEAL)


# Broken if what a kill cut off in the middle of a file came into the seal, by which the whole result is damaged as soon as it is there.
@pytest.mark.parametrize("cut_off", [f"{SEAL}.tmp", "run.json.tmp", "other.tmp", "inner/more.copy"])
def test_what_a_kill_cut_off_is_no_part_of_a_result(cut_off: str, tmp_path: Path) -> None:
    whole = content(Store(tmp_path / "whole").get(Letter()))
    store = Store(tmp_path / "killed")
    folder = store.get(Letter())
    draft = folder.rename(folder.with_name(f"{folder.name}.draft"))
    (draft / cut_off).write_text("{")
    assert content(Store(store.root).get(Letter())) == whole
    assert Store(store.root).sound(Letter())


# Broken if a file that is written again within a tick of the clock passed for the one before.
def test_a_fresh_file_is_read_again(tmp_path: Path) -> None:
    file, now = tmp_path / "letter", time.time_ns()
    found = []
    for content in (b"a", b"b"):
        file.write_bytes(content)
        os.utime(file, ns=(now, now))
        found.append(digest(file))
    assert found[0] != found[1]


# Broken if a file that took the place of another of its size and time passed for that.
def test_a_file_in_the_place_of_another_is_read(tmp_path: Path) -> None:
    found = []
    for content in (b"a", b"b"):
        (tmp_path / "new").write_bytes(content)
        os.utime(tmp_path / "new", (1, 1))
        (tmp_path / "new").replace(tmp_path / "letter")
        found.append(digest(tmp_path / "letter"))
    assert found[0] != found[1]


# Broken if any damage to any file of a result went into what stands on it, stopped the study, or cost what was there.
@pytest.mark.parametrize("harm", [flip, truncate, rubbish, Path.unlink])
@pytest.mark.parametrize("file", FILES)
def test_damage_is_found_kept_aside_and_mended(
    file: str, harm: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Store(tmp_path).get(Letter())
    whole = content(folder)
    harm(folder / file)
    harmed = content(folder)
    again = Store(tmp_path)
    assert again.get(Copy(Letter())) == again.path(Copy(Letter()))
    assert content(folder) == whole
    assert runs(tmp_path) == 2
    kept = tmp_path / "aside" / f"{folder.name}.1"
    assert content(kept) == harmed
    (message,) = caplog.messages
    assert str(folder if file == SEAL else folder / file) in message  # of a flipped checksum, one cannot tell from a flipped file
    assert str(kept) in message
    assert (tmp_path / "aside" / f"{kept.name}.txt").read_text().strip() in message
    Store(tmp_path).get(Letter())
    assert runs(tmp_path) == 2


# Broken if what was set aside earlier were lost to what is set aside later.
def test_nothing_set_aside_is_lost(tmp_path: Path) -> None:
    folder = Store(tmp_path).get(Letter())
    (tmp_path / "aside").mkdir()
    (tmp_path / "aside" / f"{folder.name}.2").symlink_to(tmp_path / "nowhere")
    for _ in range(3):
        (folder / "letter").unlink()
        Store(tmp_path).get(Letter())
    assert sorted(p.name for p in (tmp_path / "aside").iterdir() if p.is_dir()) == [f"{folder.name}.{n}" for n in (1, 3, 4)]


# Broken if a plan did not see what is obviously damaged, or moved anything.
@pytest.mark.parametrize("harm", [truncate, Path.unlink])
def test_a_look_changes_nothing(harm: Callable[[Path], None], tmp_path: Path) -> None:
    folder = Store(tmp_path).get(Letter())
    harm(folder / "letter")
    assert not Store(tmp_path).has(Letter())
    assert folder.exists()
    assert not (tmp_path / "aside").exists()


# Broken if a process read every file again each time that somebody asks, or never again after somebody wrote to it.
def test_a_file_is_read_once_and_again_when_it_was_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Store(tmp_path).get(Letter())
    read: list[str] = []

    def watched(path: Path, size: int) -> "hashlib._Hash":
        read.append(path.name)
        return hash_of(path, size)

    monkeypatch.setattr("train.stages.seal.hash_of", watched)
    monkeypatch.setattr("train.stages.seal.FRESH", 0)
    os.utime(folder / "letter", (1, 1))
    for _ in range(3):
        Store(tmp_path).get(Letter())
    assert read.count("letter") == 1
    rubbish(folder / "letter")
    Store(tmp_path).get(Letter())
    assert runs(tmp_path) == 2


# Broken if a name in a file were followed out of its folder.
@pytest.mark.parametrize("escape", ["../secret", "inner/../../secret", "/etc/passwd", "..\\secret", "a\0b"])
def test_no_name_in_a_file_leads_out_of_its_folder(escape: str, tmp_path: Path) -> None:
    folder = Store(tmp_path).get(Letter())
    (tmp_path / "secret").write_text("x")
    record = json.loads((folder / SEAL).read_text())
    record["files"][escape] = {"bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
    write_json(folder / SEAL, record)
    with pytest.raises(Damaged, match="outside its folder"):
        read_seal(folder)
    Store(tmp_path).get(Letter())
    assert runs(tmp_path) == 2


class Bomb:
    """Touches a file where it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.path,)


# Broken if an array file could run code, or put a file elsewhere.
def test_arrays_are_never_unpickled(tmp_path: Path) -> None:
    file, mark = tmp_path / "scores.npz", tmp_path / "mark"
    for arrays in ({"schema": np.array(1), "logp": np.array([Bomb(mark)], dtype=object)}, {"schema": np.array(Bomb(mark), dtype=object)}):
        np.savez(file, **arrays)
        with pytest.raises(ValueError, match=r"scores\.npz cannot be read: it is no npz of plain arrays"):
            load_arrays(file, 1)
    for raw in (pickle.dumps(Bomb(mark)), b"", b"PK\x03\x04rubbish"):
        file.write_bytes(raw)
        with pytest.raises(ValueError, match="no npz of plain arrays"):
            load_arrays(file, 1)
    np.savez(file, **{"schema": np.array(1), "../escaped": np.array(1)})
    assert set(load_arrays(file, 1)) == {"../escaped"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["scores.npz"]
    assert not mark.exists()
    assert not (tmp_path.parent / "escaped.npy").exists()


# Broken if numbers of another layout were read as if they were of this one.
@pytest.mark.parametrize("arrays", [{"schema": np.array(2)}, {}])
def test_another_schema_is_refused_by_name(arrays: dict[str, object], tmp_path: Path) -> None:
    np.savez(tmp_path / "scores.npz", logp=np.zeros(2), **arrays)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"scores\.npz has schema (2|without a number); this version reads 1"):
        load_arrays(tmp_path / "scores.npz", 1)
    save_arrays(tmp_path / "scores.npz", 1, {"logp": np.zeros(2)})
    assert load_arrays(tmp_path / "scores.npz", 1)["logp"].tolist() == [0, 0]


# --- unfinished stages


class Stop(BaseException):
    """Ends a run in the middle."""


def stopped(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The draft of a run that was stopped after its fourth iteration, and wrote a checkpoint after each."""
    save = Progress.save

    def stops(self: Progress, iteration: int, every: float, store: Store) -> None:
        save(self, iteration, every, store)
        if iteration == 4:
            raise Stop

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "save", stops)
        with pytest.raises(Stop):
            Store(root, checkpoint_seconds=0.0).get(LEARN)
    return root / f"{name(LEARN)}.draft"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return content(Store(tmp_path_factory.mktemp("undisturbed")).get(LEARN))


def poison(file: Path) -> None:
    """A checkpoint that runs code where it is unpickled, with a checksum that agrees."""
    torch.save({"model": Bomb(file.with_name("mark")), "iteration": 1, "written": 0}, file)


CHECKPOINT, METRICS, SUMS = "checkpoint.pt", "metrics.jsonl", "checkpoint.json"
HARMS = [(f, h) for f in (CHECKPOINT, METRICS, SUMS) for h in (flip, truncate, rubbish)]
OTHERS = [(METRICS, Path.unlink), (SUMS, Path.unlink), (CHECKPOINT, poison), ("stage.json", truncate)]


# Broken if a run went on from a damaged checkpoint, or beside damaged metrics, to wrong results, or died of it every time.
@pytest.mark.parametrize(("file", "harm"), HARMS + OTHERS)
def test_a_damaged_draft_is_set_aside_and_begun_again(
    file: str,
    harm: Callable[[Path], None],
    undisturbed: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    draft = stopped(tmp_path, monkeypatch)
    harm(draft / file)
    assert content(Store(tmp_path).get(LEARN)) == undisturbed
    assert [p.name for p in (tmp_path / "aside").iterdir() if p.is_dir()] == [f"{draft.name}.1"]
    (message,) = caplog.messages
    assert str(draft / file) in message
    assert not (draft / "mark").exists()


# Broken if a draft that nothing happened to were begun again as well.
def test_an_undamaged_draft_is_continued(undisturbed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped(tmp_path, monkeypatch)
    began: list[int] = []
    resume = Progress.resume
    monkeypatch.setattr(Progress, "resume", lambda self, most: began.append(resume(self, most)) or began[-1])
    assert content(Store(tmp_path).get(LEARN)) == undisturbed
    assert began == [4]
    assert not (tmp_path / "aside").exists()


# Broken if one that had lost a run put its checkpoint in the place of its heir's.
def test_who_lost_a_run_keeps_no_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[int] = []

    def lost(progress: Progress, iteration: int, metrics: object) -> None:
        recorded.append(iteration)
        (tmp_path / "leases" / name(LEARN)).unlink(missing_ok=True)

    monkeypatch.setattr(Progress, "record", lost)
    assert Store(tmp_path, checkpoint_seconds=0.0).attempt(LEARN) is None
    assert recorded == [0]
    assert not (tmp_path / f"{name(LEARN)}.draft" / CHECKPOINT).exists()


# Broken if a checkpoint were unpickled: whoever can write it can write its checksum as well.
def test_a_checkpoint_is_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = stopped(tmp_path, monkeypatch)
    poison(draft / CHECKPOINT)
    write_json(draft / SUMS, {hashlib.sha256((draft / CHECKPOINT).read_bytes()).hexdigest(): hashlib.sha256().hexdigest()})
    Store(tmp_path).get(LEARN)
    assert (tmp_path / "aside" / f"{draft.name}.1" / CHECKPOINT).exists()
    assert not list(tmp_path.rglob("mark"))


# --- a disk that is full, and a folder that must not be written


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The system refuses to write more than `size` bytes to a file, in the middle of it, as it does where a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


# Broken if a full disk ended in half a result, cost what was finished, or told the user nothing of where and what to do.
@pytest.mark.parametrize(("size", "seconds"), [(100, 1e9), (300, 1e9), (12_000, 1e9), (12_000, 0.0)])
def test_a_full_disk_costs_nothing_that_is_finished(size: int, seconds: float, undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    store = Store(tmp_path, checkpoint_seconds=seconds)
    fresh = content(store.get(FRESH))
    for _ in range(2):
        with (
            files_of_at_most(size),
            pytest.raises(Unwritable, match=rf"{tmp_path}/Learn.* cannot be written: .*Make room.*the same command"),
        ):
            store.get(LEARN)
        assert not Store(tmp_path).has(LEARN)
    assert content(Store(tmp_path).get(FRESH)) == fresh
    assert content(Store(tmp_path).get(LEARN)) == undisturbed
    assert not (tmp_path / "aside").exists()


@contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of root, where the tests have them."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65_534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


# Broken if a folder that must not be written ended in a traceback that does not say which, or what can be done.
def test_a_folder_that_must_not_be_written_is_named() -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "stages"
        Store(root).get(FRESH)
        Path(folder).chmod(0o755)
        (root / name(FRESH) / "policy.safetensors").chmod(0o644)
        root.chmod(0o555)
        with nobody():
            assert Store(root).get(FRESH) == root / name(FRESH)  # what is there can be read
            with pytest.raises(Unwritable, match=rf"{root}/(leases/)?Learn.* cannot be written: Permission denied.*--out"):
                Store(root).get(LEARN)
        root.chmod(0o755)


# --- old folders


@stage
class Holder(Stage):
    part: object = 0

    def run(self, out: Path, store: Store) -> None:
        (out / "held").write_text("held")


def knobs(bases: tuple[type, ...], **defaults: int) -> type:
    """A dataclass as it stood at some time: with these fields and defaults."""
    columns = [(k, int, field(default=d)) for k, d in defaults.items()]
    return make_dataclass("Knobs", columns, bases=bases, namespace={"part": 0}, frozen=True, eq=not bases, repr=False)


# Broken if a field that was added since, in a stage, in a part of it or in what it stands on, cost what is there; or if a default
# that was changed since were served the old one's results.
@pytest.mark.parametrize("where", ["itself", "part", "inner"])
def test_a_new_field_at_its_default_keeps_old_folders(where: str, tmp_path: Path) -> None:
    def made(**defaults: int) -> Callable[..., Stage]:
        kind = knobs(() if where == "part" else (Holder,), **defaults)
        return kind if where == "itself" else lambda **given: Holder((kind(**given),))

    old, more, other = made(a=1), made(a=1, b=2), made(a=5)
    folder = Store(tmp_path).get(old())
    assert Store(tmp_path).has(more())
    assert Store(tmp_path).get(more()) == folder
    assert not Store(tmp_path).has(more(b=3))
    assert not Store(tmp_path).has(other(a=1))
    for ask in (Store(tmp_path).has, Store(tmp_path).get):
        with pytest.raises(ValueError, match=r"meant something else.*Raise \w+\.VERSION"):
            ask(other())


# Broken if one that was looked at by its sizes first were not read any more, and so run again.
def test_a_look_before_is_no_reading(tmp_path: Path) -> None:
    folder, again = Store(tmp_path).get(Letter()), Store(tmp_path)
    assert again.has(Letter())
    assert again.get(Letter()) == folder
    assert runs(tmp_path) == 1
    again = Store(tmp_path)
    assert again.has(Letter())
    flip(folder / "letter")
    assert not again.sound(Letter())


class Late(Leases):
    """Gives a lease when somebody else has just done what it is for."""

    def attempt(self, name: str) -> Lease | None:
        Store(self.folder.parent).get(Letter())
        return super().attempt(name)


# Broken if what another did, between a look and the lease, were done again, or taken for damaged.
def test_what_was_done_meanwhile_is_not_done_again(tmp_path: Path) -> None:
    Store(tmp_path, leases=Late(tmp_path / "leases")).get(Letter())
    assert runs(tmp_path) == 1
    assert not (tmp_path / "aside").exists()


# Broken if a damaged record were taken for one of another meaning, which the user is asked to mend by hand.
def test_a_damaged_record_says_nothing_of_its_meaning(tmp_path: Path) -> None:
    old, new = knobs((Holder,), a=1), knobs((Holder,), a=1, b=2)
    record = Store(tmp_path).get(old()) / "stage.json"
    said = record.read_text()
    assert '"a": 1' in said
    record.write_text(said.replace('"a": 1', '"a": 3'))
    assert not Store(tmp_path).has(new())
    Store(tmp_path).get(new())
    assert (tmp_path / "aside").exists()
