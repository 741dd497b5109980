"""The grid end to end, at a scale of seconds: same bits whatever happens to it."""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest
from filelock import FileLock
from rich.console import Console

from analysis.__main__ import main
from analysis.claims.judge import Finding
from analysis.cli.command import run as run_command
from analysis.cli.request import Request, request
from analysis.design.recipes import Tasks, needing, practise
from analysis.design.results import collect
from analysis.design.scale import CPU, SIZES
from analysis.design.study import Setting
from analysis.measures.edge import Edge, Rule
from analysis.measures.facts import Cell, applies, measured, outcomes
from analysis.running.agenda import State
from analysis.running.engine import Care
from analysis.running.shard import Shard
from analysis.studies import STUDIES
from tests.test_learn import PATIENCE, processes
from tests.tiny import TINY
from train.policy import untrained
from train.rl.problems import Band
from train.rl.rewards import Correct
from train.sample import Sample
from train.stages.seal import VARYING
from train.stages.stage import Stage, closure
from train.stages.store import Store

ROOT = Path(__file__).parent.parent
STUDY = STUDIES["grid"]
SETTING = Setting(TINY, (0,), STUDY.options)
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def command(out: Path, *more: str, verb: str = "run") -> list[str]:
    """The command line of the tiny grid."""
    given = [f"--{size.replace('_', '-')}={getattr(TINY, size)}" for size in SIZES]
    return [sys.executable, "-m", "analysis", verb, "grid", "--scale", "smoke", "--out", str(out), *given, *more]


def run(out: Path, *more: str, hash_seed: str = "0") -> str:
    """Run it to the end; what it printed."""
    environment = {**ENVIRONMENT, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command(out, *more), cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def folder(out: Path, **only: str) -> Path:
    """Where the tiny grid of one seed reports."""
    return Request(STUDY, SETTING, only, out, 1).folder


def bits(out: Path) -> dict[str, str]:
    """A hash of every file that must not differ between equal runs: all but circumstances, and what quotes them."""
    quoting = (*VARYING, "report.html", "index.html", "registration.json", "found.json")
    files = [f for f in sorted(out.rglob("*")) if f.is_file() and f.name not in quoting]
    return {str(f.relative_to(out)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run that nothing happened to: one for all processes of the tests, and a copy of it for each."""
    base = tmp_path_factory.getbasetemp()
    once = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "undisturbed-once"
    with FileLock(f"{once}.lock", timeout=500):
        if not once.with_suffix(".done").exists():
            run(once, "--jobs", "1")
            once.with_suffix(".done").touch()
    return shutil.copytree(once, tmp_path_factory.mktemp("undisturbed") / "runs")


# A cell of the factorial that is missing, or facts that cannot be judged.
def test_every_cell_has_its_facts_and_every_claim_its_verdict(undisturbed: Path) -> None:
    facts = [json.loads(line) for line in (folder(undisturbed) / "facts.jsonl").read_text().splitlines()]
    assert len({tuple(fact["labels"].values()) for fact in facts}) == 2 * 3 * 2 + 3
    findings = json.loads((folder(undisturbed) / "findings.json").read_text())
    assert [finding["name"] for finding in findings] == [c.name for c in STUDY.claims]
    assert set(findings[0]) == {f.name for f in fields(Finding)} | {"margin", "sign_flip_p", "smallest"}
    assert (folder(undisturbed) / "report.html").stat().st_size > 10_000


# Broken if a claim could ask for what is promised before the run, and measured by no cell.
def test_what_is_promised_is_measured(undisturbed: Path) -> None:
    store = Store(undisturbed / "stages")
    for cell in STUDY.every(SETTING):
        (found,) = outcomes(measured(cell, STUDY.measures, store))
        imagined = [f for m in STUDY.measures if applies(m, cell) for f in m.imagined(cell)]  # type: ignore[attr-defined]
        promised = {(f.phase, f.metric) for f in imagined if f.phase != "edge"}  # not every base has every region
        missing = promised - {(f.phase, f.metric) for f in found.facts}
        assert not missing or not found.places("edge", "band at") or found.undefined, (cell.labels, missing)


# Bits that depend on the number of processes or on the order of a set cannot be repeated by anybody else.
def test_jobs_and_hash_seed_change_no_bit(undisturbed: Path, tmp_path: Path) -> None:
    run(tmp_path, "--jobs", "2", hash_seed="77")
    assert bits(tmp_path) == bits(undisturbed)


# A run that is killed loses what it had, or ends in other bits than one that was left alone.
@pytest.mark.parametrize("kills", [(4.0, 2.5, 5.0)])
def test_kill_minus_nine_changes_no_bit(undisturbed: Path, tmp_path: Path, kills: tuple[float, ...]) -> None:
    for seconds in kills:
        process = subprocess.Popen(command(tmp_path, "--jobs", "2"), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
        time.sleep(seconds + random.Random(seconds).random())
        process.send_signal(signal.SIGKILL)
        process.wait(60)
    run(tmp_path, "--jobs", "2")
    assert bits(tmp_path) == bits(undisturbed)


# Work that is there must not be done again, and the user must be told so.
def test_the_same_command_again_does_nothing(undisturbed: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in (undisturbed / "stages").rglob("*") if f.is_file()}
    assert "nothing to do" in run(undisturbed, "--jobs", "1")
    assert {f: f.stat().st_mtime_ns for f in (undisturbed / "stages").rglob("*") if f.is_file()} == before


# A class that watches the demo must see every act, what policies answer, and the picture and the sentences at its end.
def test_the_demo_has_its_acts(undisturbed: Path) -> None:
    shown = subprocess.run(command(undisturbed, "--jobs", "1", verb="demo"), cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    (mine,) = undisturbed.glob("grid_demo*")
    cells = [json.loads(line)["labels"] for line in (mine / "cells.jsonl").read_text().splitlines()]
    assert [cell["control"] for cell in cells].count("none") == len(cells) - 1 == 6  # and a coin
    for words in (*(f"{i} of 6" for i in range(1, 7)), "steps of the problem", "The whole study, with 16 seeds", "demo.svg"):
        assert words in shown.stdout
    assert (mine / "demo.html").stat().st_size > 100_000


# A grid that is asked for more seeds must keep those it has.
def test_more_seeds_run_only_the_new_ones() -> None:
    one, two = (closure([s for c in STUDY.every(replace(SETTING, seeds=seeds)) for s in c.stages]) for seeds in ((0,), (0, 1)))
    assert set(one) < set(two)
    assert len(two) == 2 * len(one)


# Arms that read other documents, or practise on other problems, differ by more than the primitive.
def test_the_arms_differ_by_the_mask_alone() -> None:
    cells = {tuple(v for _, v in c.labels): c for c in STUDY.every(SETTING)}
    for region in ("below", "at", "beyond"):
        present, absent = (cells["none", arm, region, "process"] for arm in ("present", "absent"))
        assert present["learn"].losses == absent["learn"].losses  # type: ignore[attr-defined]
        bases = [cell["base"] for cell in (present, absent)]
        documents = [base.losses[0][1].documents(None, 3) for base in bases]  # type: ignore[attr-defined]
        assert documents[0] == documents[1]
        assert bases[0] != bases[1]


# Both rewards, both arms and all regions of a seed must share one edge, and the control its own.
def test_cells_of_a_seed_share_their_edge() -> None:
    cells = list(STUDY.every(SETTING))
    factorial = [c for c in cells if dict(c.labels)["control"] == "none"]
    assert len({c["edge"] for c in factorial}) == 1
    assert next(c for c in cells if dict(c.labels)["control"] == "known")["edge"] not in {c["edge"] for c in factorial}


# A region that the edge does not have is a result with a reason, never another region's numbers.
def test_an_undefined_region_is_a_result(undisturbed: Path) -> None:
    cells = tuple(STUDY.every(SETTING))
    results = collect(STUDY, SETTING, cells, Store(undisturbed / "stages"))
    for outcome in results.outcomes:
        if (region := outcome.labels["region"]) and outcome.labels["control"] != "temperature":
            assert bool(outcome.undefined) == (not outcome.places("edge", f"band {region}"))
            assert not outcome.undefined or f"lies {region} the edge" in outcome.undefined


# Broken if a base that has no edge took with it what is known below it, and the report of all the rest.
def test_without_an_edge_the_rest_is_measured(tmp_path: Path) -> None:
    store = Store(tmp_path)
    cell = next(c for c in STUDY.every(SETTING) if dict(c.labels)["region"] == "below")
    (fresh,) = untrained(cell["before"])
    before, family = replace(cell["before"], policy=fresh), needing(TINY, Tasks())
    edge = Edge(before, Rule(mastered=0.0))  # all is below it
    learn = practise(TINY, fresh, Band(family, edge, "below"), Correct(), 0)  # type: ignore[arg-type]
    one, two = (Sample(policy, Band(family, edge, "at", "test"), 2) for policy in (fresh, learn))
    scored = {"edge": edge, "before": before, "after": replace(before, policy=learn)}
    cell = Cell.of(dict(cell.labels), 0, **scored, base=cell["base"], learn=learn, sampled_before=one, sampled_after=two)
    for stage in cell.stages:
        store.get(stage)
    (found,) = outcomes(measured(cell, STUDY.measures, store))
    assert (found.undefined, found.places("edge", "band at"), found.places("learning", "given")) == ("", [], [3, 4])
    assert {"pass@1", "pass@128"} <= set(found.metrics("before")) & set(found.metrics("after"))


# Broken if jobs that begin at once stood in each other's way where each says what it wants: an array of them does.
def test_what_is_wanted_is_said_by_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Request(STUDY, SETTING, {}, tmp_path, 1)
    held = []

    def begin(folder: Path, stages: Sequence[Stage]) -> None:
        held.append(asked.store.leases.holder(f"report-{folder.name}"))
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.running.references.begin", begin)
    with pytest.raises(KeyboardInterrupt):
        run_command(asked, Console(), Care(), Shard(), alone)
    assert [h and h.pid for h in held] == [os.getpid()]


# Broken if a number of jobs that runs nothing were waited for, for ever.
@pytest.mark.parametrize("jobs", [0, -1])
def test_some_stage_runs_at_a_time(jobs: int) -> None:
    with pytest.raises(ValueError, match=f"--jobs is at least 1; found {jobs}"):
        request(STUDY, TINY, 0, STUDY.options, "", Path("nowhere"), jobs)


# A user's mistake must be answered with what was expected, on one line, and status 2.
@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--only", "primitive=missing"), "--only knows"),
        (("--only", "control=tea"), "control=none|known|coin|temperature"),
        (("--only", "nonsense"), "--only takes axis=value"),
        (("--seeds", "0"), "Scale.seeds is from 1 to 10000; found 0"),
        (("--withhold", "div"), "--withhold takes some of add, sub, mul, each once; found div"),
        (("--withhold", "mul", "mul"), "each once; found mul mul"),
        (("--time-limit", "0"), "time_limit is above 0 or None; found 0"),
        (("--retry", "-1"), "retries is at least 0; found -1"),
        (("--jobs", "0"), "--jobs is at least 1; found 0"),
        (("--out", "README.md"), "README.md is a file"),
    ],
)
def test_mistakes_are_explained(
    tmp_path: Path, more: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", command(tmp_path, *more, "--dry-run")[2:])
    try:
        status = main()
    except SystemExit as end:  # by the parser
        status = int(str(end.code))
    assert status == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


# Broken if a dry run told of more than would be done, or of what would be refused; or if `| head` ended in a traceback.
def test_a_dry_run_says_what_is_done(
    undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(verb: str, out: Path) -> str:
        monkeypatch.setattr(sys, "argv", command(out, "--dry-run", verb=verb)[2:])
        status, told = main(), capsys.readouterr()
        assert status == (2 if told.err else 0)
        return " ".join((told.out + told.err).split())

    assert re.search(r"7 cells of 1 seed, .* there; (nothing to run|the rest takes .*)$", said("demo", undisturbed))
    assert f"would write facts.jsonl, findings.json and report.html to {undisturbed}" in said("report", undisturbed)
    assert "error: 52 stages not in" in said("report", tmp_path)
    with subprocess.Popen(command(tmp_path, "--help"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cut:
        assert cut.stdout is not None
        cut.stdout.close()
        assert (cut.wait(120), cut.stderr and cut.stderr.read()) == (0, b"")


# `list --json` is what other programs read.
def test_list_json() -> None:
    done = subprocess.run([sys.executable, "-m", "analysis", "list", "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = json.loads(done.stdout)
    assert [s["name"] for s in listed] == list(STUDIES)
    assert all(set(s) >= {"name", "source", "axes", "claims"} for s in listed)
    assert len(listed[0]["claims"]) == len(STUDY.claims)


# Broken if shards left a cell out or had it twice, were of unequal work, or split what need not be.
@pytest.mark.parametrize("count", [1, 2, 3, 4, 16])
def test_shards_are_equal_stretches_of_the_cells(count: int) -> None:
    cells = tuple(STUDY.every(Setting(CPU, (0, 1, 2), STUDY.options)))
    parts = [Shard(i, count).part(cells) for i in range(1, count + 1)]
    assert tuple(c for part in parts for c in part) == cells
    loads = [sum(s.work for s in closure([s for c in part for s in c.stages])) for part in parts]
    if count == 3:
        assert [{c.seed for c in part} for part in parts] == [{0}, {1}, {2}]
        assert max(loads) == min(loads)
    if count <= 4:
        assert max(loads) <= sum(loads) / count * 1.35


def alone(
    stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
) -> State:
    """An engine that runs everything in this process."""
    for stage in closure(stages):
        store.get(stage)
    return State(done=set(closure(stages)))


def take(out: Path, index: int) -> None:
    """Do one of three shares of some of the tiny grid, and write what is said about it beside the results."""
    only = {"primitive": "present", "reward": "process"}
    with open(out / f"said {index}", "w") as file:
        run_command(Request(STUDY, SETTING, only, out, 1), Console(file=file), Care(), Shard(index, 3), alone)


# Broken if jobs of an array, one after the other or at once, left the study unfinished or came to other bits than one job alone.
def test_shards_come_to_the_same_bits(undisturbed: Path, tmp_path: Path) -> None:
    take(tmp_path, 3)  # makes all that it stands on
    both = [processes().Process(target=take, args=(tmp_path, index)) for index in (1, 2)]
    for job in both:
        job.start()
    for job in both:
        job.join(PATIENCE)
        assert job.exitcode == 0
    said = {index: (tmp_path / f"said {index}").read_text() for index in (1, 2, 3)}
    assert "shard 3 of 3 is done" in said[3]
    assert ["report:" in said[index] for index in (1, 2, 3)].count(True) in (1, 2)
    assert "report:" not in said[3]
    ours, theirs = bits(tmp_path / "stages"), bits(undisturbed / "stages")
    assert len(ours) > 20
    assert ours == {f: h for f, h in theirs.items() if f in ours}


# Broken if a task of a Slurm array did another's share, or what was asked did not reach the command line.
def test_a_slurm_array_hands_out_shards(undisturbed: Path) -> None:
    task = {f"SLURM_ARRAY_TASK_{what}": str(n) for what, n in (("ID", 2), ("COUNT", 3), ("MIN", 1), ("MAX", 3), ("STEP", 1))}
    task |= {"SLURM_SUBMIT_DIR": str(ROOT), "PYTHON": sys.executable}
    given = command(undisturbed, "--dry-run", "--jobs", "1")[4:]  # what follows `analysis run`
    done = subprocess.run([ROOT / "analysis" / "slurm.sh", *given], env={**ENVIRONMENT, **task}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    cells = Shard(2, 3).part(tuple(STUDY.every(SETTING)))
    stages = len(closure([s for c in cells for s in c.stages]))
    assert f"shard 2 of 3: {len(cells)} cells of 1 seed, {stages} distinct stages" in done.stdout
