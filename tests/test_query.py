"""SQL over results: the tables say what the files say, and a query can reach nothing else."""

import csv
import json
import re
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from analysis.cli.verbs import Query
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.scores import load_scores
from analysis.sql.query import Answer, ask, catalogue
from analysis.sql.tables import TABLES
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses.imitate import Imitate
from train.policy import Fresh
from train.score import Score
from train.stages.store import Store

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(2, (ADD, MUL), 3)
LEARN = Learn(
    Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB),
    ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), 60)),),
    3,
)
SCORE = Score(LEARN, (FAMILY, Program(2, 2, (ADD, MUL), (ADD, MUL), modulus=3)), problems=4, temperatures=(1.0, 2.0))
LABELS = {"primitive": "present", "region": "at", "control": "none"}
OAK = {"arm": "a", "Seed": "of oak"}
ARM = {"labels": OAK, "seed": 0, "phase": "before", "at": 1, "metric": "pass@1", "value": 0.1, "n": 16, "note": ""}
FACTS = (
    ARM,
    ARM | {"at": 2, "value": None},
    ARM | {"labels": {"arm": "b", "Seed": ""}, "phase": "", "at": None, "metric": "undefined", "value": None, "n": 0, "note": "no region"},
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    Store(folder / "stages").get(SCORE)
    (folder / "study").mkdir()
    (folder / "study" / "facts.jsonl").write_text("".join(json.dumps(f) + "\n" for f in FACTS))
    (folder / "study" / "findings.json").write_text(
        json.dumps([{"name": "1 gain", "verdict": "shown", "difference": 3.5, "values": [1, 2]}])
    )
    return folder


# Broken if a table lost a result, or said of it what its files do not.
def test_the_tables_say_what_the_files_say(out: Path) -> None:
    names = {str(s) for s in (LEARN.policy, LEARN, SCORE)}
    assert {name for (name,) in ask("SELECT name FROM stages", out).rows} == names
    ledger = json.loads((out / "stages" / str(LEARN) / "ledger.json").read_text())
    run = json.loads((out / "stages" / str(LEARN) / "run.json").read_text())
    (row,) = ask("SELECT trained, flops, seconds, finished, undefined FROM stages WHERE kind = 'Learn'", out).rows
    assert row == (ledger["trained"], ledger["flops"], run["seconds"], run["finished"], None)
    metrics = [json.loads(line) for line in (out / "stages" / str(LEARN) / "metrics.jsonl").read_text().splitlines()]
    found = ask("SELECT iteration, loss FROM metrics ORDER BY iteration", out).rows
    assert found == tuple((m["iteration"], m["loss"]) for m in metrics)
    plain = exact_pass_at_k(load_scores(SCORE, out / "stages" / str(SCORE)).plain, 128).mean(1)
    assert ask('SELECT "pass@128" FROM scores WHERE temperature = 1 ORDER BY steps', out).rows == tuple((v,) for v in plain)
    columns = ("arm", "Seed_", "study", "seed", "phase", "place", "metric", "value", "n", "note")
    assert ask("SELECT * FROM facts ORDER BY arm, place", out) == Answer(
        columns,
        (
            ("a", "of oak", "study", 0, "before", 1, "pass@1", 0.1, 16, ""),
            ("a", "of oak", "study", 0, "before", 2, "pass@1", None, 16, ""),
            ("b", "", "study", 0, "", None, "undefined", None, 0, "no region"),
        ),
    )
    assert ask("SELECT study, verdict, difference FROM findings", out).rows == (("study", "shown", 3.5),)


# Broken if the example in the guide did not run, or gave something else than it says.
def test_the_example_in_the_guide(out: Path, tmp_path: Path) -> None:
    (sql,) = re.findall(r"```sql\n(.*?)```", (Path(__file__).parent.parent / "analysis" / "README.md").read_text(), re.DOTALL)
    (tmp_path / "grid").mkdir()
    of = ARM | {"labels": LABELS, "phase": "after", "metric": "pass@128"}
    facts = [of | {"seed": seed, "at": at, "value": value} for seed in (1, 3) for at, value in ((1, 0.25 * seed), (2, 1.0))]
    (tmp_path / "grid" / "facts.jsonl").write_text("".join(json.dumps(f) + "\n" for f in facts))
    answer = ask(sql, tmp_path)
    assert answer.columns == ("primitive", "region", "steps", "pass_128")
    assert answer.rows == (("present", "at", 1, 0.5), ("present", "at", 2, 1.0))


# Broken if a query could read a file, write one, load code, or take back what keeps it from that.
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/new.csv'",
        "EXPORT DATABASE '{folder}/new'",
        "ATTACH '{folder}/new.db'",
        "INSTALL httpfs",
        "LOAD '{file}'",
        "SET enable_external_access = true",
        "RESET enable_external_access",
        "SET python_enable_replacements = true",
        "SET temp_directory = '{folder}'",
        "SELECT 1; COPY stages TO '{folder}/new.csv'",
        "SELECT * FROM names",
    ],
)
def test_a_query_reaches_nothing_else(sql: str, out: Path, tmp_path: Path) -> None:
    names = [("a python", "variable")]
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="The tables are stages, cells, facts"):
        ask(sql.format(file=tmp_path / "secret.csv", folder=tmp_path), out)
    assert [p.name for p in tmp_path.iterdir()] == ["secret.csv"]
    assert names


# Broken if a query changed what is there.
def test_a_query_changes_nothing(out: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in out.rglob("*")}
    ask("DELETE FROM stages; DROP TABLE stages", out)
    assert {f: f.stat().st_mtime_ns for f in out.rglob("*")} == before
    assert len(ask("FROM stages", out).rows) == 3


# Broken if a damaged result were counted among the others, or left out without a word.
def test_damage_is_left_out_and_named(out: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "stages")
    folder = store.get(SCORE.policy)
    (folder / "ledger.json").write_bytes((folder / "ledger.json").read_bytes().replace(b"3", b"4"))
    answer = ask("SELECT kind FROM stages", tmp_path)
    assert answer.rows == (("Fresh",),)
    (fault,) = answer.damaged
    assert str(folder / "ledger.json") in fault


# Broken if what is printed for people or programs lost a column, a row, or its type.
def test_answers_are_printed_three_ways(out: Path) -> None:
    sql = "SELECT kind, count(*) AS n, NULL AS nothing FROM stages GROUP BY kind ORDER BY kind"
    said = {}
    for how in ("table", "csv", "json"):
        text = StringIO()
        Query(sql, out, how)(Console(file=text, width=100))  # type: ignore[arg-type]
        said[how] = text.getvalue()
    assert [line.split() for line in said["table"].splitlines()] == [
        ["kind", "n", "nothing"],
        ["Fresh", "1"],
        ["Learn", "1"],
        ["Score", "1"],
    ]
    assert list(csv.reader(StringIO(said["csv"]))) == [["kind", "n", "nothing"], *([kind, "1", ""] for kind in ("Fresh", "Learn", "Score"))]
    assert json.loads(said["json"])[0] == {"kind": "Fresh", "n": 1, "nothing": None}


# Broken if somebody who does not know the tables could not learn of them, or who lacks duckdb or results not what to do.
def test_help(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [row[0] for row in catalogue(out).rows] == list(TABLES)
    assert "peak_memory_mb" in str(catalogue(out).rows[0])
    with pytest.raises(FileNotFoundError, match="holds no results"):
        Query("FROM stages", tmp_path)(Console())
    monkeypatch.delitem(sys.modules, "analysis.sql.query")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(ValueError, match=r"needs duckdb.*synthtasks\[query\]"):
        Query("FROM stages", out)(Console())


# Broken if a stage could not be found by labels, or a label called as a column hid it.
def test_cells_are_a_table(tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    line = {"labels": {"arm": "a", "stage": "b"}, "seed": 3, "stages": {"learn": "Learn-0123456789ab", "base": "Fresh-0123456789ab"}}
    (tmp_path / "toy" / "cells.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    found = ask("SELECT study, arm, stage_, seed, name, stage FROM cells ORDER BY name", tmp_path)
    assert found.rows == (("toy", "a", "b", 3, "base", "Fresh-0123456789ab"), ("toy", "a", "b", 3, "learn", "Learn-0123456789ab"))
