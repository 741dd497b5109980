"""`python -m synthtasks`, run as a user runs it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synthtasks import Program, problem, verify
from synthtasks.__main__ import main
from synthtasks.commands.catalogue import FAMILIES, SURFACES
from synthtasks.commands.page import slipped
from synthtasks.families import S3, Compose, Dag, Family, Grid, Group
from synthtasks.families.dials.quantities import QUANTITIES
from synthtasks.stats.measuring import measure
from synthtasks.surfaces import FESTIVAL, Compact, Equations, Story


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-W", "error", "-m", "synthtasks", *arguments], capture_output=True, text=True)


def sections(text: str) -> dict[str, list[list[str]]]:
    """The words of each line below each heading."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return {block[0]: [line.split() for line in block[1:]] for block in blocks}


# broken if the page shows another problem, another solution, or a verdict that is not the judge's
def test_show_prints_problem_solution_graph_and_verdicts():
    done = run("show", "program", "--steps", "5", "--seed", "0")
    assert (done.returncode, done.stderr) == (0, "")
    p = problem(Program(steps=5), "train", "show", 0)
    shown = sections(done.stdout)
    _, asked, solution, graph, right, wrong = shown
    assert p.key[:12] in done.stdout
    assert tuple(word for line in shown[asked] for word in line) == Compact().prompt(p)
    assert tuple(word for line in shown[solution] for word in line) == Compact().solution(p)
    assert [line[1] for line in shown[graph] if line[0] == "*"] == [step.name for step in p.proof]
    assert [line[0] for line in shown[graph] if line[0] != "*"] == [step.name for step in p.steps if step not in p.proof]
    assert [line[-2:] for line in shown[graph] if line[-1] == "answer"] == [["the", "answer"]]
    assert [line[4] for line in shown[right][:-2]] == ["right"] * 5
    assert shown[right][-2:] == [f"answer {p.answer}: correct, sound, complete, exact".split(), ["process:", "right"]]
    assert [line[4] for line in shown[wrong][:-3]] == ["right", "right", "wrong", "wrong", "wrong"]
    assert shown[wrong][2][5:] == ["value:", "it", "is", str(p.values[p.proof[2].name])]
    third, fourth, fifth = (step.name for step in p.proof[2:])
    assert shown[wrong][-3] == f"slips: value {third}, inherited {fourth}, inherited {fifth}".split()
    assert shown[wrong][-2:] == [f"answer {p.answer}: correct, not sound, not complete, exact".split(), ["process:", "wrong"]]


# broken if a dial is not passed on
def test_every_dial_is_heard():
    done = run("show", "program", "--steps", "4", "--lines", "7", "--uses", "max", "4", "--split", "test", "--seed", "3")
    shown = list(sections(done.stdout).values())
    assert re.search(r"seed 3, split test\n7 steps .* 4 of them,", done.stdout)
    assert [line[1] for line in shown[4][:-2]] == ["max"] * 4
    assert done.stdout != run("show", "program", "--steps", "4", "--lines", "7", "--uses", "max", "4", "--split", "test").stdout


# broken if an option does not turn the dial that it is called after, or another surface or context is used
@pytest.mark.parametrize(
    ("arguments", "family", "surface"),
    [
        ("dag --steps 7 --depth 5 --fan-in 2 --totals 1", Dag(7, 5, totals=1, fan_in=2), Equations()),
        ("dag --branching 1 --order topological --modulus 7", Dag(branching=1, order="topological", modulus=7), Equations()),
        ("grid --walls 7 --side 3 --surface story --context festival", Grid(walls=7, side=3), Story(FESTIVAL)),
        ("group --product s3 --steps 6 --surface equations", Group(6, S3), Equations()),
        ("compose --definitions visible --letters 3 --steps 4", Compose(4, 3, definitions="visible"), Equations()),
    ],
)
def test_options_turn_dials(capsys: pytest.CaptureFixture[str], arguments: str, family: Family, surface: Story | Equations) -> None:
    assert main(["show", *arguments.split(), "--seed", "2"]) == 0
    shown = list(sections(capsys.readouterr().out).values())
    p = problem(family, "train", "show", 2)
    assert tuple(word for line in shown[1] for word in line) == surface.prompt(p)
    assert tuple(word for line in shown[2] for word in line) == surface.solution(p)


# broken if a family cannot be shown in a surface that can say it, or a wrong step is not seen: of texts, too
@pytest.mark.parametrize(("name", "surface"), [(name, surface) for name, known in FAMILIES.items() for surface in known.surfaces])
def test_every_family_is_shown_in_its_surfaces(capsys: pytest.CaptureFixture[str], name: str, surface: str) -> None:
    assert main(["show", name, "--surface", surface, "--seed", "1"]) == 0
    shown = list(sections(capsys.readouterr().out).values())
    p = problem(FAMILIES[name].family, "train", "show", 1)
    assert shown[4][-1] == ["process:", "right"]
    assert shown[5][-1] == ["process:", "wrong"]
    wrong = p.proof[len(p.proof) // 2].name
    assert shown[5][-3][:3] in (["slips:", "value", wrong], ["slips:", "value", wrong + ","])
    kinds = [word for line in shown[5][:-3] for word in line if word in ("value:", "inherited:")]
    assert kinds[0] == "value:"
    assert kinds.count("value:") == 1
    assert sum("wrong" in line for line in shown[5][:-3]) == len(kinds)


# broken if the numbers on the page are not those that were measured, or the page cannot be printed
def test_stats_prints_what_was_measured(tmp_path: Path) -> None:
    done = run("stats", "hops", "--problems", "60", "--seed", "4", "--json", "--out", str(tmp_path / "hops.png"))
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    stats = measure(FAMILIES["hops"].family, [SURFACES[name] for name in FAMILIES["hops"].surfaces], 60, 4)
    assert [c["rho"] for c in found["correlations"]] == [c.rho for c in stats.correlations]
    assert (tmp_path / "hops.png").read_bytes()[:4] == b"\x89PNG"
    page = run("stats", "hops", "--problems", "60", "--seed", "4").stdout
    rows = {line.split("  ")[0]: line.split() for line in page.splitlines()}
    assert set(QUANTITIES) <= set(rows)
    brief = {(c.dial, c.quantity): c.brief for c in stats.correlations}
    assert rows["nodes"][1:] == [brief["steps", "nodes"], "1.00", "="]
    assert rows["prompt words"][2:] == [brief["steps", "prompt words"], brief["nodes", "prompt words"]]
    assert re.search(r"^1 +steps -> depth: a chain: every step needs the one before it$", page, re.MULTILINE)
    assert f"{stats.answers[0].share:.2%}" in page


# broken if the overlap on the page is another than the one that was measured, or of other steps
def test_stats_prints_the_overlap(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["stats", "hops", "--overlap", "--problems", "80", "--seed", "4"]
    assert main([*asked, "--json"]) == 0
    same, longer = json.loads(capsys.readouterr().out)
    assert (same["inside"], same["problems"], longer["training"]) == (0, 80, "of 4 steps")
    assert longer["interval"][0] < longer["share"] == longer["inside"] / longer["tests"] < longer["interval"][1]
    assert main(asked) == 0
    assert re.search(rf"^of 4 steps +80 +{longer['share']:.1%} ", capsys.readouterr().out, re.MULTILINE)
    assert main([*asked, "--steps", "2"]) == 0
    assert "Problems of fewer than 3 steps are facts" in capsys.readouterr().out


# broken if every test question of an export at its defaults is a training question, or the terminal does not say how it is
def test_an_export_keeps_its_splits_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "compose", "--train", "100", "--test", "100", "--out", str(tmp_path / "set")]) == 0
    assert (
        capsys.readouterr().out
        == f"{tmp_path / 'set'}: 100 train problems (100 different), 100 test problems (100 different); none is in both\n"
    )
    asked = [
        {json.loads(line)["question"] for line in (tmp_path / "set" / f"{split}.jsonl").read_text().splitlines()}
        for split in ("train", "test")
    ]
    assert not asked[0] & asked[1]
    assert main(["export", "hops", "--steps", "1", "--nodes", "2", "--out", str(tmp_path / "few")]) == 2
    assert "1,000 draws gave 2 different problems" in capsys.readouterr().err


# broken if what is exported is not what was asked for, or an export overwrites another
def test_export_writes_a_data_set(tmp_path: Path) -> None:
    options = "--surface story --steps 3 --depth 2 --train 4 --test 2"
    asked = ("export", "dag", *options.split(), "--out", str(tmp_path / "set"))
    done = run(*asked, "--dry-run")
    assert done.stdout == f"would write {tmp_path / 'set'}: 4 train problems, 2 test problems\n"
    assert not list(tmp_path.iterdir())
    done = run(*asked)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(file.name for file in (tmp_path / "set").iterdir()) == ["README.md", "test.jsonl", "train.jsonl"]
    rows = [json.loads(line) for line in (tmp_path / "set" / "train.jsonl").read_text().splitlines()]
    assert len(rows) == 4
    assert all(row["question"].startswith("count modulo 10 . the ") and row["metadata"]["quantities"]["length"] == 3 for row in rows)
    again = run(*asked)
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("error: ")
    assert again.stderr.count("\n") == 1


OWN = """
from dataclasses import dataclass
from synthtasks import Problem, Step
from synthtasks.primitives import ADD

@dataclass(frozen=True)
class Constant:
    steps: int = 1
    primitives = (ADD,)
    modulus = 10
    names = 1

    def __call__(self, g):
        return Problem((Step("A", ADD, (%s, 3)),), "A", 10)
"""


# broken if a family of one's own is not found, a law that it breaks goes unsaid, or one that it keeps is said to be broken
def test_check_judges_a_family_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_family.py").write_text(OWN % "4")
    assert main(["check", "own_family:Constant", "--examples", "5"]) == 1
    assert capsys.readouterr().out.startswith("broken: Answers vary, and are not there to be copied.\n")
    assert main(["show", "own_family:Constant", "--steps", "2"]) == 0
    assert "  A = 4 + 3 ;\n" in capsys.readouterr().out
    assert main(["check", "tree", "--examples", "3", "--surface", "equations"]) == 0
    assert capsys.readouterr().out.startswith("Tree in equations keeps ")


# broken if `export` cannot take what `show` takes, a question lacks its instruction, or a format of another library is not written
def test_export_takes_what_is_your_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    own = "from dataclasses import dataclass\nfrom synthtasks import Dag\nfrom synthtasks.surfaces import Code\n"
    own += "@dataclass(frozen=True)\nclass Own(Dag): pass\n@dataclass(frozen=True)\nclass Loud(Code): pass\n"
    (tmp_path / "own_export.py").write_text(own)
    mine = ["own_export:Own", "--surface", "own_export:Loud", "--steps", "5", "--depth", "3"]
    assert main(["show", *mine]) == 0
    assert capsys.readouterr().out.startswith("Own in Loud, ")
    sizes = ["--train", "3", "--test", "2", "--out"]
    assert main(["export", *mine, "--ask", "answer", "--shots", "1", *sizes, str(tmp_path / "data")]) == 0
    (first, *others) = map(json.loads, (tmp_path / "data" / "train.jsonl").read_text().splitlines())
    assert len(others) == 2
    assert first["question"].startswith("Solve the problem.")
    assert json.loads(first["metadata"]["recipe"])["surface"] == {"kind": "own_export:Loud"}
    assert "import own_export" in (tmp_path / "data" / "README.md").read_text()
    assert main(["export", *mine, "--format", "verifiers", *sizes, str(tmp_path / "own-env")]) == 0
    assert sorted(f.name for f in (tmp_path / "own-env").iterdir()) == ["README.md", "own_env", "own_export.py", "pyproject.toml"]
    assert main(["export", "dag", "--shots", "1", *sizes, str(tmp_path / "no")]) == 2
    assert main(["export", "dag", "--surface", "loud", *sizes, str(tmp_path / "no")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: no surface is called 'loud'; there are compact,")


# broken if a module that fails, or a family that does, ends in a traceback instead of one line that says what and where
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = (", r"error: broken_family:Mine cannot be loaded: .* \(SyntaxError, .*\)"),
        ("1 / 0", r"error: broken_family:Mine cannot be loaded: division by zero \(ZeroDivisionError, .*broken_family.py, line 1\)"),
        (OWN.replace("Constant", "Mine").replace("return Problem", "raise KeyError(1)\n        return Problem") % "4", "KeyError: 1"),
    ],
)
def test_what_fails_in_a_module_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "broken_family", raising=False)
    (tmp_path / "broken_family.py").write_text(text)
    code = main(["check", "broken_family:Mine", "--examples", "2"])
    told = capsys.readouterr()
    assert code == (2 if said.startswith("error") else 1)
    assert re.search(said, told.out + told.err)
    assert "Traceback" not in told.out + told.err
    monkeypatch.delitem(sys.modules, "broken_family", raising=False)


# broken if the wrong step on the page is the right one: then the page would show a judge that refuses what is right
def test_a_slip_is_one_wrong_value() -> None:
    for name, known in FAMILIES.items():
        p = problem(known.family, "train", "show", 0)
        surface = SURFACES[known.surfaces[0]]
        words, right = slipped(p, surface), surface.solution(p)
        verdict = verify(p, surface.read(words))
        assert [slip.kind for slip in verdict.slips].count("value") == 1, name
        assert sum(a != b for a, b in zip(words, right, strict=True)) == 1, name


# broken if the columns of a page do not stand under each other
def test_columns_are_aligned():
    graph = run("show", "program", "--lines", "60", "--steps", "30", "--seed", "1").stdout.split("\n\n")[3].splitlines()[1:]
    assert len({tuple(sign.start() for sign in re.finditer("=", line)) for line in graph}) == 1
    assert len({line.index("->") for line in graph if "->" in line}) == 1


# broken if bad input ends in a traceback, in success, or without the reason
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("show program --steps 30", "error: a program of 24 lines has windows of 1 to 24 steps; found steps=30"),
        ("show program --uses foo 1", "error: no primitive is called 'foo'; there are add, sub, mul, max, min"),
        ("show program --uses max x", "error: --uses takes a primitive and a count, as in `--uses max 2`; found the count 'x'"),
        ("show program --steps 5 --lines 1000000000", "error: a problem has up to 100,000 steps; found 1,000,000,000"),
        ("show program --split tset", "error: --split takes one of train, test; found 'tset'. Did you mean test?"),
        ("show program --steps two", "error: --steps takes a whole number; found 'two'"),
        ("show program --modulus 5000", "error: numbers go up to 999; found modulus 5000"),
        ("show dag --order shufled", "error: --order takes one of topological, shuffled; found 'shufled'. Did you mean shuffled?"),
        ("show dag --surface compact", "error: Compact writes straight-line programs"),
        ("show dag --surface nested", "error: Nested writes trees"),
        ("show dag --context zoo", "error: only stories have a context"),
        ("show dag --steps 3000 --depth 2900", "error: graphs are built by recursion, down to depth 400"),
        ("show group --product z", "error: S_3 and S_5 take order=0"),
        ("show dga", "error: no family is called 'dga'; did you mean dag? There are program, dag, "),
        ("show no_such_module:thing", "error: no_such_module:thing cannot be loaded: No module named 'no_such_module'"),
        ("show os:getcwd", "error: os:getcwd is no family"),
        ("stats mix", "error: no family is called 'mix'"),
        ("stats hops --problems 1", "at least 2 problems; found Hops, 4 surfaces, 1 problems"),
        ("stats hops --out nowhere/hops.png", "error: --out takes a .png"),
        ("stats hops --overlap --out hops.png", "error: --overlap has no picture"),
        ("stats hops --overlap --steps 12", "error: a cycle of 12 nodes"),
        ("stats hops --overlap --problems 0", "error: an overlap needs at least one training problem; found 0"),
        ("stats hops --steps 3", "error: --steps goes with --overlap"),
        ("check synthtasks.families:Nothing", "error: synthtasks.families:Nothing cannot be loaded: module"),
        ("export dag --train 0 --test 0 --out nowhere", "error: a data set has one part"),
        ("export dag --out README.md/data", "is a file; name another"),
        ("check hops --examples 0", "error: a law is checked on at least one example"),
        ("export dag", "error: export dag needs --out"),
        ("show program --uses max", "error: --uses needs 2 values; found 1"),
        ("show dag --sede 3", "error: show dag has no option --sede; did you mean --seed? There are --surface, "),
        ("show dag --seed", "error: --seed needs a value, a whole number; found none"),
        ("show --seed 1 dag", "error: the family comes first, as in python -m synthtasks show dag"),
        ("show dag hops", "error: show dag takes no hops"),
        ("show", "error: show needs FAMILY"),
        ("stats hops --json=3", "error: --json takes no value; found '3'"),
        ("completion bsh", "error: SHELL takes one of bash, zsh, fish; found 'bsh'. Did you mean bash?"),
        ("--versoin", "error: python -m synthtasks has no option --versoin; did you mean --version?"),
        ("shwo", "error: python -m synthtasks has no command shwo; did you mean show? There are show, stats, "),
    ],
)
def test_bad_input_is_named(capsys: pytest.CaptureFixture[str], arguments: str, message: str) -> None:
    assert main(arguments.split()) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert message in told.err
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1


# broken if the tasks need anything of the study: they are to be used without a learner, on a bare machine
def test_the_tasks_import_nothing_of_the_study():
    heavy = ("torch", "hypothesis", "matplotlib", "rich", "lightning", "scipy", "safetensors", "tyro", "models", "train", "analysis")
    modules = "synthtasks, synthtasks.corpora, synthtasks.__main__, synthtasks.commands.show, synthtasks.commands.catalogue"
    code = f"import sys, {modules}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
