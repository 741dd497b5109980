"""Files of somebody who means ill, under checksums that fit: each ends in its value or in one error that names file and way out, and the
rest goes on. `make faults` tries many more, before everything that reads them."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from analysis.cli.ask import converse
from analysis.live.snapshot import Shelf, look
from analysis.measures.edge import REGIONS, Edge, Rule
from analysis.measures.facts import Cell
from analysis.measures.noted import Noted
from analysis.measures.scores import load_scores
from analysis.running import gc, references
from analysis.running.imported import imported
from analysis.running.rerun import read_folder
from analysis.sql.query import ask
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program, Uses
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from tests.faults.field import WAY_OUT
from tests.faults.hostile import EVERY, PLACES, WAYS, bomb, huge, noise, other_checkpoint, pipe
from train.learn import Learn
from train.ledger import read_ledger
from train.losses.imitate import Imitate
from train.policy import Fresh, load_policy
from train.rl import Endless, Sampler
from train.rl.problems import read_bands
from train.sample import Sample, read_samples
from train.score import Score
from train.stages.arrays import load_arrays, save_arrays
from train.stages.circumstances import read_made
from train.stages.disk import write_json
from train.stages.reading import Malformed, reading
from train.stages.seal import SEAL, Damaged, defined, digest, read_seal, sealed
from train.stages.stage import Interrupted, Stage, encode, name
from train.stages.store import Store

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(2, (ADD, MUL), 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB)
LEARN = Learn(FRESH, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), 60)),), 3)
SCORE = Score(LEARN, (FAMILY,), problems=4)
EDGE = Edge(SCORE, Rule(mastered=2.0, hard=2.0, reach=-1.0, room=2.0, hopeless=-1.0))
SAMPLE = Sample(LEARN, Endless(FAMILY), problems=2, sampler=Sampler(group=2))
CELL = Cell((), 0, (("learn", LEARN),))
SEEDS = range(3)

READERS: dict[tuple[Stage, str], Callable[[Path], object]] = {
    (LEARN, SEAL): read_seal,
    (LEARN, "run.json"): read_made,
    (LEARN, "ledger.json"): read_ledger,
    (LEARN, "policy.json"): load_policy,
    (LEARN, "policy.safetensors"): load_policy,
    (LEARN, "metrics.jsonl"): lambda folder: list(Noted(metrics=("loss",)).read(CELL, folder / "metrics.jsonl", "learning")),
    (LEARN, "stage.json"): read_folder,
    (SCORE, "scores.npz"): lambda folder: load_scores(SCORE, folder),
    (SAMPLE, "samples.npz"): lambda folder: read_samples(SAMPLE, Store(folder.parent)),
    (EDGE, "edge.json"): lambda folder: read_bands(folder, REGIONS, (1,)),
}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results, of which a study says that it stands on them."""
    out = tmp_path_factory.mktemp("calm") / "out"
    for stage in (SAMPLE, EDGE):
        Store(out / "stages").get(stage)
    references.begin(out / "study", (SAMPLE, EDGE))
    return out


@pytest.fixture
def out(calm: Path, tmp_path: Path) -> Path:
    return shutil.copytree(calm, tmp_path / "out")


def seal(folder: Path, stage: Stage) -> None:
    write_json(folder / SEAL, sealed(folder, stage.meaning).record())


def fewer_values(file: Path, chance: Random) -> None:
    """A piece of fewer problems."""
    save_arrays(file, 1, {name: array[..., :-1] for name, array in load_arrays(file, 1).items() if array.ndim})


def clear(said: str, file: Path) -> bool:
    return str(file) in said and bool(WAY_OUT.search(said)) and said.isprintable()


# Broken if what somebody wrote into a file ended in a traceback, waited for ever, filled memory, or named no file and no way out; or if
# what is no such file at all, or cut off, passed for one.
@pytest.mark.parametrize(("stage", "file"), READERS, ids=str)
def test_every_file_ends_in_its_value_or_in_a_clear_error(stage: Stage, file: str, out: Path, tmp_path: Path) -> None:
    folder, refused = out / "stages" / str(stage), 0
    for how, harm in WAYS[Path(file).suffix].items():
        for seed in (0,) if how in EVERY else SEEDS:
            copy = shutil.copytree(folder, tmp_path / how / str(seed) / folder.name)
            harm(copy / file, Random(seed))
            if file != SEAL:
                seal(copy, stage)
            said = told(READERS[stage, file], copy)
            again = (copy.parent / "aside").exists()  # it was computed again
            assert clear(said, copy) if said else again or how not in EVERY or (how.startswith("bytes") and file.endswith("jsonl")), (
                how,
                said,
            )
            refused += bool(said)
    assert refused > len(PLACES)


def told(read: Callable[[Path], object], folder: Path) -> str:
    """With which error it ends; "" for a value."""
    try:
        read(folder)
    except (Malformed, Damaged, FileNotFoundError) as mistake:
        return f"{mistake}{'. It is computed again, as by a run' if isinstance(mistake, Damaged) else ''}"
    return ""


# Broken if one odd folder, or one odd report, stopped a query, went unsaid, or cost the others their rows.
def test_a_query_answers_from_the_rest(out: Path) -> None:
    folder = out / "stages" / str(LEARN)
    write_json(folder / "ledger.json", {"flops": 10**400})
    seal(folder, LEARN)
    (out / "study" / "facts.jsonl").write_text('{"labels": {}, "seed": 0, "undef')
    assert {row for (row,) in ask("SELECT name FROM stages", out).rows} == {str(s) for s in (FRESH, SCORE, EDGE, SAMPLE)}
    found = dict(ask("SELECT folder, reason FROM unreadable", out).rows)
    assert found.keys() == {str(LEARN), "study"}
    assert clear(str(found[str(LEARN)]), folder / "ledger.json")
    assert clear(str(found["study"]), out / "study" / "facts.jsonl")
    assert ask("SELECT * FROM facts", out).damaged == (found["study"],)


# Broken if a name that is no UTF-8 stopped whoever looks at the folder.
def test_names_of_any_bytes_stop_nothing(out: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe-0123456789ab")
    for folder in (out / "stages" / odd, out / odd, out / "stages" / str(LEARN) / odd):
        folder.mkdir()
        (folder / odd).touch()
    (out / odd / "facts.jsonl").write_text("{")
    with pytest.raises(ValueError, match="does not say which stages"):
        gc.sort(out)
    (out / odd / "facts.jsonl").unlink()
    assert gc.sort(out).rubbish == ()
    assert len(ask("FROM stages", out).rows) == 5
    assert LEARN in look((LEARN,), Shelf(out / "stages")).there
    assert Store(out / "stages").get(LEARN)


# Broken if a draft whose checkpoint has a checksum that fits, and holds something else, ended in an error that comes for ever.
@pytest.mark.parametrize("case", range(8))
def test_a_checkpoint_of_something_else_is_set_aside(case: int, out: Path) -> None:
    root = out / "stages"
    whole = (root / str(LEARN) / "policy.safetensors").read_bytes()
    shutil.rmtree(root / str(LEARN))
    with pytest.raises(Interrupted):
        Store(root, stopping=lambda: True).get(LEARN)
    file = root / f"{LEARN}.draft" / "checkpoint.pt"
    (logged,) = json.loads(file.with_suffix(".json").read_bytes()).values()
    other_checkpoint(file, next(Random(i) for i in range(1_000) if Random(i).randrange(8) == case))
    write_json(file.with_suffix(".json"), {digest(file): logged})
    assert (Store(root).get(LEARN) / "policy.safetensors").read_bytes() == whole
    assert (root / "aside" / f"{LEARN}.draft.1").exists()


# Broken if a piece of a draft whose checksum fits, and that holds something else, came into the result, or made an error that stays.
@pytest.mark.parametrize("harm", [bomb, huge, fewer_values, noise, pipe], ids=lambda harm: harm.__name__)
def test_a_piece_of_something_else_is_set_aside(harm: Callable[[Path, Random], None], out: Path) -> None:
    stage = replace(SCORE, families=(FAMILY, replace(FAMILY, uses=Uses(("mul",), 1))))  # which share no exam
    root = out / "stages"
    whole = (Store(root).get(stage) / "scores.npz").read_bytes()
    shutil.rmtree(root / str(stage))
    with pytest.raises(Interrupted):
        Store(root, stopping=lambda: True).get(stage)
    piece = root / f"{stage}.draft" / "pieces" / "0.npz"
    harm(piece, Random(0))
    if piece.is_file():
        write_json(piece.with_suffix(".json"), digest(piece))
    assert (Store(root).get(stage) / "scores.npz").read_bytes() == whole
    assert harm is pipe or (root / "aside" / f"{stage}.draft.1").exists()  # what is no file is removed, before a draft is continued


# Broken if a record could have something computed that never ends, or have a function called that no primitive applies.
@pytest.mark.parametrize(
    ("say", "message"),
    [
        (lambda text: text.replace('"modulus": 3', '"modulus": 1000000000'), "it asks for 1,000,000,000 of something"),
        (lambda text: text.replace('"lines": 2', '"lines": 1e9'), "it asks for 1,000,000,000 of something"),
        (lambda text: text.replace('"iterations": 3', '"iterations": 1e999'), "cannot be read"),
        (lambda text: text.replace('"width": 16', '"width": 500000'), "no memory for the [0-9,]+ weights|it comes to be"),
        (lambda text: text.replace("primitives._add", "families.group._compose"), "no primitive at the top level"),
        (lambda text: text.replace("primitives._add", "vocab.Vocab"), "no primitive at the top level"),
        (lambda text: text.replace("train.Fresh", "train.trackers.Csv"), "no part of an experiment.*--allow train"),
        (lambda text: text.replace("train.Fresh", "analysis.cli.verbs.Gc"), "no part of an experiment"),
    ],
)
def test_what_is_absurd_is_refused_before_it_is_made(say: Callable[[str], str], message: str, out: Path) -> None:
    folder = out / "stages" / str(LEARN)
    file = folder / "stage.json"
    text = file.read_text()
    file.write_text(say(text))
    assert file.read_text() != text
    with pytest.raises(Malformed, match=message) as refused:
        read_folder(folder)
    assert clear(str(refused.value), file)


# Broken if a modulus whose numbers cannot all be tried kept whoever names a family of it waiting for ever.
def test_a_modulus_beyond_all_tables_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 1,000,000; found 1,000,000,000"):
        name(Score(FRESH, (replace(FAMILY, modulus=10**9),)))


# Broken if a part of an experiment, or a primitive, could not be named in a file: what files may name is listed by hand.
def test_what_this_project_offers_can_be_named() -> None:
    for stage in (EDGE, SAMPLE, LEARN):
        assert imported(encode(stage), name(stage)) == stage


# Broken if to ask a policy that is none, or has learned something else, ended in a traceback.
def test_asking_who_cannot_answer(out: Path, tmp_path: Path) -> None:
    for folder, message in ((out / "stages" / str(SCORE), "holds no policy"), (tmp_path / "nothing", "holds no policy")):
        with pytest.raises(FileNotFoundError, match=message):
            converse(folder, Console(), lambda: "q")
    folder = out / "stages" / str(FRESH)
    said = json.loads((folder / "policy.json").read_text())
    said["vocab"][2:] = [f"word{i}" for i in range(len(VOCAB) - 2)]
    write_json(folder / "policy.json", said)
    with pytest.raises(Malformed, match=r"policy\.json cannot be read: .*has not learned programs\. Choose another policy"):
        converse(folder, Console(), lambda: "q")
    write_json(folder / "undefined.json", {"reason": "no region"})
    with pytest.raises(ValueError, match="holds no policy, since there is none: no region"):
        converse(folder, Console(), lambda: "q")
    write_json(folder / "undefined.json", {"reason": ["no text"]})
    with pytest.raises(Malformed, match=r"undefined\.json cannot be read"):
        defined(folder)


# Broken if what the system refuses were taken for damage, for which results are set aside.
def test_what_must_not_be_read_is_not_damaged(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = r"file cannot be read: Permission denied\. Make it readable"
    with pytest.raises(Malformed, match=refused), reading(tmp_path / "file", error=Damaged):
        raise PermissionError(13, "Permission denied")
    with pytest.raises(Damaged, match=r"other is missing$"), reading(tmp_path / "other", error=Damaged):
        pass
