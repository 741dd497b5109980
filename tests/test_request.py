"""What is asked for: what can be known is refused before the first stage, and every setting has a folder of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from rich.console import Console

from analysis.__main__ import main
from analysis.claims.claims import At, Claim, Deeper, More, gain
from analysis.cli import owned
from analysis.cli.command import plan, reporting
from analysis.cli.request import Request, labelled, stages_of
from analysis.design.recipes import Tasks
from analysis.design.scale import CPU, GPU, LARGE, SMOKE, Scale, preset
from analysis.design.study import Setting
from analysis.measures.facts import Cell
from analysis.report.titles import titles
from analysis.running import gc, references
from analysis.studies.grid import AT, STUDY
from synthtasks.families import Family, Program
from tests.tiny import TINY
from train.learn import Learn
from train.losses.practice import Practice
from train.policy import Fresh, untrained
from train.rl import Sampler
from train.score import Score
from train.stages.machine import Machine
from train.stages.stage import Stage, closure

ROOT = Path(__file__).parent.parent
MUL = Tasks()


def asked(out: Path, scale: Scale = SMOKE, withhold: tuple[str, ...] = ("mul",), seeds: Sequence[int] = (0,), **only: str) -> Request:
    """A request of the grid."""
    return Request(STUDY, Setting(scale, tuple(seeds), Tasks(withhold)), only, out, 1)


# --- every setting has a folder of its own


def named(scale: Scale = SMOKE, withhold: tuple[str, ...] = ("mul",), seeds: Sequence[int] = (0,), **only: str) -> str:
    """The name of the folder of such a request."""
    return owned.owner(STUDY, Setting(scale, tuple(seeds), Tasks(withhold)), only).name


# Broken if two settings shared a folder, in which the later one replaces the report of the other, or if a name hid what it is of.
def test_names_by_hand(tmp_path: Path) -> None:
    assert named() == "grid"
    assert named(CPU) == "grid"
    assert named(replace(SMOKE, rl_iterations=4)) == "grid-rl-iterations-4"
    assert named(replace(SMOKE, rl_iterations=4, rl_lr=2e-3)) == "grid-rl-iterations-4-rl-lr-0.002"
    assert named(withhold=("add",)) == "grid-withhold-add"
    assert named(withhold=("mul", "add")) == "grid-withhold-add-mul"
    assert named(seeds=(100, 101)) == "grid-seeds-100-101"
    assert named(seeds=(0, 2)) == "grid-seeds-0-2"
    assert named(primitive="absent", region="at") == "grid-absent-at"
    assert named(control="none") == "grid-control-none"
    assert (
        named(replace(SMOKE, rl_iterations=4), ("add",), (7, 8), primitive="absent") == "grid-rl-iterations-4-withhold-add-seeds-7-8-absent"
    )
    many = [named(replace(SMOKE, rl_iterations=4, problems=8, group=4, exam_problems=n)) for n in (16, 32, 16)]
    assert many[0] == many[2] != many[1]
    assert all(re.fullmatch("grid-[0-9a-f]{8}", name) for name in many)
    assert asked(tmp_path, replace(SMOKE, rl_iterations=4)).folder == tmp_path / "grid-rl-iterations-4"


# Broken if one setting had two folders: by the order of words, the kind of a number, how many seeds there are, or on what it runs.
def test_one_setting_has_one_name() -> None:
    same = [
        (Setting(SMOKE, (0,), MUL), Setting(replace(SMOKE, seeds=9, machine=Machine(threads=4)), (0, 1, 2), MUL), {}),
        (Setting(SMOKE, (0,), Tasks(("mul", "add"))), Setting(SMOKE, (0,), Tasks(("add", "mul"))), {}),
        (Setting(replace(SMOKE, rl_lr=1), (0,), MUL), Setting(replace(SMOKE, rl_lr=1.0), (0,), MUL), {}),
    ]
    for one, other, only in same:
        assert owned.owner(STUDY, one, only) == owned.owner(STUDY, other, only)
    assert list(STUDY.every(same[1][0])) == list(STUDY.every(same[1][1]))
    assert named(region="at", primitive="absent") == named(primitive="absent", region="at")
    assert labelled("region=at,primitive=absent", STUDY) == labelled("primitive=absent,region=at", STUDY)


# Broken if a value that two axes have were said without its axis: two parts of a study had one folder.
def test_a_value_of_two_axes_is_said_with_its_axis(tmp_path: Path) -> None:
    study = replace(STUDY, axes={**STUDY.axes, "reward": (*STUDY.axes["reward"], "at")})
    setting = Setting(SMOKE, (0,), MUL)
    assert owned.owner(study, setting, {"region": "at"}).name == "grid-region-at"
    assert owned.owner(study, setting, {"reward": "at"}).name == "grid-reward-at"


@dataclass(frozen=True)
class Several:
    """Options of a study."""

    depth: int = 1
    arms: tuple[str, ...] = ("a",)
    path: str = "x"


# Broken if two settings of a study's own options had one name, if a word did not say which of them it is of, or were no part of a name.
def test_options_of_any_study_give_words(tmp_path: Path) -> None:
    study = replace(STUDY, options=Several())
    named = {changed: owned.owner(study, Setting(SMOKE, (0,), changed), {}).name for changed in (Several(), Several(2, path="a/../b"))}
    assert list(named.values()) == ["grid", "grid-depth-2-path-a-..-b"]
    assert owned.owner(study, Setting(SMOKE, (0,), Several(arms=("b", "c"))), {}).name == "grid-arms-b-c"


def begun(request: Request) -> None:
    """Leave what a run leaves: folders of all stages, and whose they are."""
    for stage in closure(stages_of(request.cells())):
        request.store.path(stage).mkdir(parents=True, exist_ok=True)
    with reporting(request):
        references.finish(request.folder, stages_of(request.cells()))


# Broken if a study of another setting in one folder gave the stages of the first to gc, or took its place.
def test_gc_keeps_what_every_setting_refers_to(tmp_path: Path) -> None:
    for request in (asked(tmp_path, TINY), asked(tmp_path, replace(TINY, rl_iterations=4)), asked(tmp_path, TINY, region="at")):
        begun(request)
    assert gc.sort(tmp_path).rubbish == ()
    assert len({f.name for f in tmp_path.iterdir() if f.name != "stages"}) == 3


# Broken if a folder that was renamed by hand, or another scale of the same name, lost its report to a setting that is not its own.
@pytest.mark.parametrize(
    ("first", "then", "difference"),
    [
        (SMOKE, replace(SMOKE, rl_iterations=4), "rl_iterations 12 there, 4 asked"),
        (SMOKE, replace(CPU, lines=10, deepest=10), "modulus 3 there, 10 asked"),
    ],
)
def test_a_folder_of_another_setting_is_refused(first: Scale, then: Scale, difference: str, tmp_path: Path) -> None:
    one, other = asked(tmp_path, first), asked(tmp_path, then)
    with reporting(one):
        pass
    if one.folder != other.folder:
        one.folder.rename(other.folder)
    before = {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()}
    for use in (lambda: plan(other, Console()), lambda: reporting(other).__enter__()):
        with pytest.raises(ValueError, match="another setting") as refused:
            use()
        for words in (str(other.folder), other.name, one.name, difference, "another --out"):
            assert words in str(refused.value)
    assert {f: f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()} == before


# Broken if more seeds of a study were refused, or a folder that lost its record, or was left before there were any, served anybody.
def test_a_folder_is_taken_by_whose_it_is(tmp_path: Path) -> None:
    one, more, other = asked(tmp_path), asked(tmp_path, seeds=(0, 1)), asked(tmp_path, replace(SMOKE, rl_iterations=4))
    for request in (one, more, one):
        with reporting(request):
            references.begin(request.folder, stages_of(request.cells()))
    file = one.folder / owned.FILE
    record = file.read_text()
    for broken in ("", "{", "[]", "[" * 100_000):
        file.write_text(broken)
        with reporting(more):
            assert file.read_text() == record
    file.unlink()
    one.folder.rename(other.folder)
    with pytest.raises(ValueError, match=r"grid-rl-iterations-4 holds results of other stages .* Rename it"):
        other.refuse_other()
    (other.folder / references.FILE).unlink()
    other.refuse_other()  # holds nothing
    (other.folder / "facts.jsonl").touch()
    with pytest.raises(ValueError, match="Rename it"):
        other.refuse_other()
    file.parent.mkdir()
    file.write_text(json.dumps(json.loads(record) | {"schema": 3}))
    with pytest.raises(ValueError, match=r"setting\.json has schema 3"):
        one.refuse_other()


# Broken if a size that a scale comes to have later made every folder that does not know it another's.
def test_a_size_that_was_added_since_is_at_its_default(tmp_path: Path) -> None:
    request = asked(tmp_path, replace(TINY, sampled_problems=64))
    with reporting(request):
        record = json.loads((request.folder / owned.FILE).read_text())
    (request.folder / owned.FILE).write_text(json.dumps({k: v for k, v in record.items() if k != "sampled_problems"}))
    request.refuse_other()
    with pytest.raises(ValueError, match="sampled_problems 64 there, 32 asked"):
        owned.refuse_other(request.folder, asked(tmp_path, replace(TINY, sampled_problems=32)).owner, ())


# Broken if the nearest preset were not what the sizes say, whatever the machine and the seeds; or if of two presets of equal sizes the
# accelerator did not decide, so that the command of a report ran the same somewhere else.
def test_presets() -> None:
    assert [preset(scale) for scale in (SMOKE, CPU, GPU, LARGE)] == ["smoke", "cpu", "gpu", "large"]
    assert preset(replace(LARGE, seeds=1, machine=Machine(), rl_iterations=3)) == "large"
    assert preset(replace(SMOKE, machine=GPU.machine)) == "smoke"
    assert preset(replace(GPU, seeds=1, machine=Machine(threads=2), rl_iterations=3)) == "cpu"
    assert preset(replace(CPU, machine=Machine(accelerator="cuda"))) == "gpu"


# --- what can be known is refused before the first stage

REFUSED = [
    (("--samples", "8"), "sampled pass@8 wants at least 16 samples of each problem"),
    (("--group", "1"), "Scale.group is at least 2; found 1"),
    (("--rl-iterations", "0"), "Scale.rl_iterations is at least 1; found 0"),
    (("--rl_iterations=-1",), "Scale.rl_iterations is at least 1; found -1"),
    (("--pretraining", "0"), "Scale.pretraining is at least 1; found 0"),
    (("--rl-lr", "nan"), "Scale.rl_lr is a finite number; found nan"),
    (("--rl-lr", "inf"), "Scale.rl_lr is a finite number; found inf"),
    (("--pretraining-lr", "0"), "Scale.pretraining_lr is above 0; found 0.0"),
    (("--width", "30"), "Scale.width is a multiple of twice Scale.heads; found width 30, heads 4"),
    (("--layers", "0"), "Scale.layers is at least 1"),
    (("--deepest", "11"), "Scale.deepest is at most Scale.lines"),
    (("--solved", "11"), "Scale.solved is at most Scale.lines"),
    (("--uses", "11"), "Scale.uses is at most Scale.deepest"),
    (("--uses=-1",), "Scale.uses is at least 0"),
    (("--modulus", "1"), "Scale.modulus is at least 2"),
    (("--modulus", "5000"), "numbers go up to 999; found modulus 5000"),
    (("--exam-problems", "1"), "Scale.exam_problems is at least 2"),
    (("--lines", "0"), "Scale.lines is from 1 to 1000"),
    (("--lines", "2", "--deepest", "2", "--solved", "1", "--uses", "1"), "claim '2 gain beyond training' looks at Deeper(by=2)"),
    (("--seeds", "0"), "Scale.seeds is from 1 to 10000; found 0"),
    (("--seeds", "1000000000"), "Scale.seeds is from 1 to 10000; found 1000000000"),
    (("--first-seed=-5",), "--first-seed is at least 0; found -5"),
    (("--jobs", "0"), "--jobs is at least 1; found 0"),
    (("--withhold", "mul", "mul"), "--withhold takes some of add, sub, mul, each once; found mul mul"),
    (("--only", "region=at,region=below"), "each axis once; found 'region=at,region=below'"),
    (("--only", "region"), "--only takes axis=value,axis=value"),
    (("--only", "control=known,region=below"), "no cell has"),
]


# Broken if a command that speaks of a study began with what must fail later, or if one knew what another does not.
@pytest.mark.parametrize(
    ("verb", "words", "message"),
    [*(("plan", *each) for each in REFUSED), *((verb, *REFUSED[i]) for verb in ("run", "watch", "report", "demo") for i in (0, 1, -1))],
)
def test_what_must_fail_does_not_begin(
    verb: str,
    words: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def begun(*_: object) -> int:
        raise AssertionError("something ran")

    for what in ("live.watch.watch", "cli.command.make_plan", "cli.command.report", "cli.demo.demo"):
        monkeypatch.setattr(f"analysis.{what}", begun)
    monkeypatch.setattr(sys, "argv", ["analysis", verb, "grid", "--scale", "smoke", "--out", str(tmp_path), *words])
    try:
        status = main()
    except SystemExit as end:  # by the parser
        status = int(str(end.code))
    assert status == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


# Broken if a seed counted twice, or a negative one were taken.
@pytest.mark.parametrize("seeds", [(0, 0), (-1,)])
def test_seeds_are_different_and_not_negative(seeds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"Setting\.seeds"):
        Setting(SMOKE, seeds=seeds)


# Broken if a claim that no cell can answer were found out by the report, or never.
@pytest.mark.parametrize(
    ("contrast", "message"),
    [
        (gain(AT, metric="pass@64"), "pass@64 after learning was not measured .* there are pass@1, pass@8, .*answer@8"),
        (gain(AT, metric="answer@8"), "answer@8 after learning was not measured .*, at 2;"),
        (gain(AT, At("near")), r"looks at At\(region='near', width=None\), where nothing is measured"),
        (gain(AT, Deeper(4)), r"looks at Deeper\(by=4\), where nothing is measured"),
        (gain({"primitive": "missing"}), "no cell is labelled"),
        (gain({"control": "temperature"}, At("at", 1), "answer@8"), "answer@8 after learning was not measured"),
    ],
)
def test_a_claim_that_cannot_be_answered_is_refused(contrast: tuple, message: str, tmp_path: Path) -> None:  # type: ignore[type-arg]
    study = replace(STUDY, claims=(Claim("odd", "It does.", contrast, More(1)),))
    with pytest.raises(ValueError, match=f"claim 'odd'.*{message}"):
        Request(study, Setting(TINY, (0,), MUL), {}, tmp_path, 1)


# Broken if a study could not be told from what lies beside its folder, or of two claims with one name one verdict were lost.
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "stages"}, "none of stages, logs; found 'stages'"),
        ({"name": "../grid"}, "found '../grid'"),
        ({"claims": STUDY.claims[:1] * 2}, "each claim has a name of its own"),
        ({"axes": {"region": ()}}, "each axis of a study has values"),
        ({"options": Tasks}, "the options of a study are a frozen dataclass, made"),
    ],
)
def test_a_study_says_what_it_is(changes: Mapping[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(STUDY, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False, repr=False)
class Sent(Score):
    """A score with something in it that only this process knows."""

    note: object = None

    @property
    def identity(self) -> str:  # type: ignore[override]
        return "0" * 12

    meaning = identity  # type: ignore[assignment]


class Unnamed(Program):
    """A family that says nothing of what it adds: it is no dataclass of its own."""


def changed(cell: Cell, **stages: Stage) -> Cell:
    """With other stages of these names."""
    return Cell.of(dict(cell.labels), cell.seed, **{**cell.by_name, **stages})


def score(cell: Cell, name: str = "before") -> Score:
    """A score of a cell."""
    found = cell[name]
    assert isinstance(found, Score)
    return found


def small_context(cell: Cell) -> Cell:
    """With a model that cannot read the problems."""
    (fresh,) = untrained(cell["before"])
    return _begun(cell, replace(fresh, config=replace(fresh.config, context=20)))


def few_words(cell: Cell) -> Cell:
    """With a model that does not know a word of the problems."""
    (fresh,) = untrained(cell["before"])
    vocab = replace(fresh.vocab, words=tuple(w for w in fresh.vocab.words if w != "run"))
    return _begun(cell, replace(fresh, vocab=vocab, config=replace(fresh.config, vocab=len(vocab))))


def _begun(cell: Cell, fresh: Fresh) -> Cell:
    policy = score(cell).policy
    assert isinstance(policy, Learn)
    return changed(cell, before=replace(score(cell), policy=replace(policy, policy=fresh)))


def alone(cell: Cell) -> Cell:
    """With groups of one."""
    learn = cell["learn"]
    assert isinstance(learn, Learn)
    ((weight, practice),) = learn.losses
    assert isinstance(practice, Practice)
    return changed(cell, learn=replace(learn, losses=((weight, replace(practice, sampler=Sampler(1))),)))


def after(cell: Cell, change: Callable[[tuple[Family, ...]], tuple[Family, ...]]) -> Cell:
    """With other families scored after learning."""
    return changed(cell, after=replace(score(cell, "after"), families=change(score(cell, "after").families)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (small_context, r"context holds 20 tokens, but 2[0-9] are needed for Program\(steps=1, lines=4, modulus=2\)"),
        (few_words, "'run' is not among the"),
        (alone, "compares the completions of a problem, of which the sampler draws one"),
        (lambda c: after(c, lambda families: families[:2]), "the same difficulties before and after"),
        (lambda c: changed(c, before=replace(score(c), temperatures=(0.5,))), r"temperature 1 is among .* \(0\.5,\) \(before\)"),
        (lambda c: replace(c, labels=(("primitive", "present"),)), "one value of each axis of its study"),
        (lambda c: replace(c, labels=(("primitive", "odd"), *c.labels[1:])), "one value of each axis of its study"),
        (lambda c: changed(c, after=Sent(score(c).policy, score(c).families, note=lambda: 0)), "a stage has no name: .*function"),
        (
            lambda c: after(c, lambda families: tuple(Unnamed(f.steps, lines=4) for f in families)),
            "a stage has no name: .* cannot be part of",
        ),
    ],
)
# Broken if a stage that cannot run, or whose results cannot be measured, were found out after the others have run.
def test_a_cell_that_must_fail_is_refused(change: Callable[[Cell], Cell], message: str, tmp_path: Path) -> None:
    def cells(setting: Setting, seed: int) -> Iterator[Cell]:
        yield change(next(iter(STUDY.cells(setting, seed))))

    study = replace(STUDY, name="odd", cells=cells, measures=(), claims=())
    with pytest.raises(ValueError, match=message):
        Request(study, Setting(TINY, (0,), MUL), {}, tmp_path, 1)


# Broken if a study of other axes than those of the grid failed where its stages are given titles.
def test_stages_of_any_axes_have_titles() -> None:
    cells = [replace(c, labels=(("depth", str(i)), ("kind", "odd"))) for i, c in enumerate(STUDY.every(Setting(TINY, (0,), MUL)))][:2]
    titled = titles(cells)
    assert titled[cells[0]["learn"]] == "practise 0 seed 0"
    assert titled[cells[0]["before"]] == "score seed 0 (shared by 2 cells)"


# Broken if sizes that do go together were refused: the longest context that fits, the fewest samples, completions and lines.
def test_the_least_and_the_most_are_accepted(tmp_path: Path) -> None:
    asked(tmp_path, replace(TINY, samples=16, group=2, exam_problems=2, rl_iterations=1, uses=0))
    asked(tmp_path, replace(TINY, lines=3, solved=3, deepest=3, uses=3))
    asked(tmp_path, replace(TINY, lines=34, deepest=34))  # 3 * 34 + 7 words of a prompt, 4 * 34 + 3 of a solution, 4 to spare: 252
    asked(tmp_path, replace(TINY, lines=35, deepest=35))  # 259, so the context is 512


# --- a task of a Slurm array


def share(*words: str, **task: object) -> tuple[int, str]:
    """The status of a task, and which share it does."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SLURM")} | {"PYTHON": "echo"}
    environment |= {name if name == "SHARDS" else f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in task.items()}
    done = subprocess.run([ROOT / "analysis" / "slurm.sh", *words], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout.split(" --shard ")[-1].strip() or done.stderr


# Broken if a task of an array did the share of another, or a share were left undone without a word.
@pytest.mark.parametrize(
    ("ids", "step", "shards"),
    [((1, 2, 3), 1, None), ((0, 1, 2), 1, None), ((4, 5), 1, None), ((1, 4, 7), 3, None), ((5,), 1, None), ((3, 7), 1, 8), ((1,), 1, 1)],
)
def test_every_share_of_an_array_is_done_once(ids: tuple[int, ...], step: int, shards: int | None) -> None:
    whole = {"MIN": ids[0], "MAX": ids[-1], "COUNT": len(ids), "STEP": step} | ({"SHARDS": shards} if shards else {})
    expected = [f"{i}/{shards}" for i in ids] if shards else [f"{i}/{len(ids)}" for i in range(1, len(ids) + 1)]
    assert [share("grid", "--out", "x", ID=i, **whole) for i in ids] == [(0, e) for e in expected]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"ID": 3, "MIN": 3, "MAX": 7, "COUNT": 2, "STEP": 1}, "expected a whole array, as --array=1-8; found 2 numbers from 3 to 7"),
        ({"ID": 0, "MIN": 0, "MAX": 7, "COUNT": 8, "STEP": 1, "SHARDS": 8}, "numbers from 1 to 8; found 0"),
        ({"ID": 9, "MIN": 9, "MAX": 9, "COUNT": 1, "STEP": 1, "SHARDS": 8}, "numbers from 1 to 8; found 9"),
        ({"ID": 1, "MIN": 1, "MAX": 2, "COUNT": 2, "SHARDS": "eight"}, "SHARDS=eight"),
        ({}, "start this with sbatch --array=1-n"),
    ],
)
# Broken if a part of an array that does not say of how many began.
def test_a_part_of_an_array_says_of_how_many(task: dict[str, object], message: str) -> None:
    status, said = share(**task)
    assert status != 0
    assert message in said
    assert "expected no --shard" in share("--shard", "1/2", **task)[1]
