"""Both command lines speak alike: help with every default, mistakes with the nearest word, completion, versions, and quick starts."""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.__main__ import LINE, typed
from analysis.__main__ import main as study
from analysis.cli.tables import plan_record
from analysis.cli.verbs import OF_A_STUDY
from analysis.cli.verbs import VERBS as OF_STUDIES
from analysis.design.scale import SCALES
from analysis.design.study import Setting
from analysis.running.plan import Plan
from analysis.studies import NAMES
from analysis.studies.grid import STUDY as GRID
from synthtasks.__main__ import main
from synthtasks.commands.catalogue import FAMILIES, SURFACES
from synthtasks.commands.dials import dials
from synthtasks.commands.line import Option, options
from synthtasks.commands.line.mistakes import mistake
from synthtasks.commands.verbs import OF_A_FAMILY, VERBS
from synthtasks.surfaces import CONTEXTS
from tests.strategies import examples
from tests.tiny import TINY
from train.stages.stage import closure

ROOT = Path(__file__).parent.parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
TASKS = [("synthtasks", verb) for verb in VERBS]
STUDIES = [("analysis", verb) for verb in OF_STUDIES]


def shown(package: str, *words: str, columns: int = 80, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The output of a command that ends with its help."""
    monkeypatch.setenv("COLUMNS", str(columns))
    with pytest.raises(SystemExit) as ended:
        typed([*words]) if package == "analysis" else main([*words])
    assert not ended.value.code
    return capsys.readouterr().out


def of(package: str, verb: str) -> list[Option]:
    """The options of a command, with those of a family or a study."""
    if package == "analysis":
        made = OF_STUDIES[verb]
        return [o for o in options(made() if verb in OF_A_STUDY else made) if o.flag != "--own"]
    return [o for o in options(VERBS[verb]) if o.flag != "--dials"] + (
        [*options(dials(FAMILIES["dag"].family))] if verb in OF_A_FAMILY else []
    )


def entries(page: str) -> dict[str, str]:
    """The text on each option in a help."""
    found: dict[str, list[str]] = {}
    flag = ""
    for line in (line.strip("│ ") for line in page.splitlines()):
        flag = line.split()[0] if line.startswith("--") else "" if not line or line[0] in "╭╰-" else flag
        found.setdefault(flag, []).append(line)
    return {flag: " ".join(lines) for flag, lines in found.items()}


# Broken if an option were not in the help of its command, said no default, or one that says nothing; or if a line were cut at 60 columns.
@pytest.mark.parametrize(("package", "verb"), [*TASKS, *STUDIES])
def test_help_names_every_option_with_its_default(
    package: str, verb: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    dag = ["dag"] if package == "synthtasks" and verb in OF_A_FAMILY else []
    page = shown(package, verb, *dag, "--help", columns=60, capsys=capsys, monkeypatch=monkeypatch)
    assert max(map(len, page.splitlines()[1:])) <= 60  # but for the usage, which a terminal wraps
    said = entries(page)
    for option in of(package, verb):
        if option.named:
            assert re.search(r"\((default: .+|required)\)$", said[option.flag]), said[option.flag]
            assert "None" not in said[option.flag]
            assert option.needed == said[option.flag].endswith("(required)")


# Broken if help spoke of other sizes, seeds or folders than those of the scale that is given, or not of all scales.
@pytest.mark.parametrize("scale", SCALES)
def test_help_says_what_a_scale_means(scale: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    page = shown("analysis", "run", "grid", "--scale", scale, "--help", columns=80, capsys=capsys, monkeypatch=monkeypatch)
    for name, held in SCALES.items():
        (row,) = re.findall(rf"^  {name} .*", page, re.MULTILINE)
        assert row.split()[:-1] == [
            name, str(held.seeds), str(held.width), "x", str(held.layers), f"{held.pretraining:,}", str(held.rl_iterations), f"runs/{name}",
        ]  # fmt: skip
    words = " ".join(page.replace("│", " ").split())
    assert f"each is a pretraining seed with its own RL seed (default: {SCALES[scale].seeds})" in words
    assert f"iterations of RL (default: {SCALES[scale].rl_iterations})" in words


# Broken if a word with two letters swapped, or one left out, did not give the right one back, in one line, before anything is imported.
@pytest.mark.parametrize(("package", "run", "verbs"), [("synthtasks", main, VERBS), ("analysis", study, OF_STUDIES)])
def test_a_misspelt_verb_names_the_right_one(
    package: str,
    run: Callable[[], int],
    verbs: Mapping[str, object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for verb in verbs:
        for wrong in [verb + verb[-1], *([verb[:-2] + verb[-1] + verb[-2]] if len(verb) > 3 else [])]:
            monkeypatch.setattr(sys, "argv", [package, wrong])
            assert run() == 2
            told = capsys.readouterr()
            assert (told.out, told.err.count("\n")) == ("", 1)
            assert f"has no command {wrong}; did you mean {verb}? There are {', '.join(verbs)}\n" in told.err


# Broken if a misspelt option or choice of any command did not name the nearest, or a missing value did not name its option.
@pytest.mark.parametrize(("package", "verb"), [*TASKS, *STUDIES])
def test_a_misspelt_option_names_the_right_one(package: str, verb: str) -> None:
    every = of(package, verb)
    flags = [o.flag for o in every if o.named]
    for option in (o for o in every if o.named):
        wrong = option.flag + option.flag[-1]
        assert f"{verb} has no option {wrong}; did you mean {option.flag}? There are {', '.join(flags)}" == mistake(
            verb, every, [wrong, "3"]
        )
        if option.values:
            assert mistake(verb, every, [option.flag]).startswith(f"{option.flag} needs ")
            assert mistake(verb, every, [option.flag, option.flag]).startswith(f"{option.flag} needs ")
        for choice in option.choices:
            assert f"Did you mean {choice}?" in mistake(verb, every, [option.flag, choice + choice[-1]])
            assert f"Did you mean {choice}?" in mistake(verb, every, [f"{option.flag}={choice + choice[-1]}"])


# Broken if words that tyro takes were called a mistake: the explanation of another would be a false one.
@examples(60)
@given(st.data())
def test_right_words_have_no_mistake(data: st.DataObject) -> None:
    every = list(options(OF_STUDIES["run"]()))
    words: list[str] = ["grid"]
    for option in data.draw(st.lists(st.sampled_from([o for o in every if o.named]), max_size=5, unique_by=lambda o: o.flag)):
        value = option.choices[0] if option.choices else "1" if option.kind is int else "0.5" if option.kind is float else "mul"
        form = data.draw(st.sampled_from(("two words", "one")))
        words += [option.flag] if not option.values else [option.flag, value] if form == "two words" else [f"{option.flag}={value}"]
    assert mistake("run", every, words) == ""


# Broken if a mistake beside the words themselves came as a traceback, in several lines, or after something was made.
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run gird", "error: there is no study 'gird'; did you mean grid? There are grid, where, "),
        ("list gird", "error: there is no study 'gird'; did you mean grid? "),
        ("list grid --scales", "error: list takes a study's name, or --study, or --scales; found several"),
        ("run grid --study x.py:S", "error: a study's name, or --study; found grid and x.py:S"),
        ("plan grid --only region=att", "found region=att. Did you mean region=at?"),
        ("plan --scale smoke grid --sede 3", "error: plan has no option --sede; did you mean --seeds? "),
        ("gc", "error: gc needs --out"),
        ("ask", "error: ask needs WHAT"),
        ("query --json --format csv", "error: --json is --format json; found --format csv beside it"),
        ("watch all", "error: this command takes one study; found all."),
    ],
)
def test_mistakes_of_studies_are_named(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["analysis", *words.split()])
    assert study() == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert said in told.err
    assert not list(tmp_path.iterdir())


# Broken if a script of completion lacked a verb, a family, a study, or an option of one; or were none.
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_every_word(shell: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert [word for word in (*VERBS, *FAMILIES, "--overlap", "--fan-in", "--walls", "--dry-run", "derivation") if word not in script] == []
    assert "synthtasks" in script
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        monkeypatch.setattr(sys, "argv", ["analysis", "completion", shell])
        assert study() == 0
        script = capsys.readouterr().out
        words = (*OF_STUDIES, *NAMES, "--rl-iterations", "--withhold", "--shard", "--only", "tensorboard")
        assert [word for word in words if word not in script] == []


# Broken if a version were another than that of the package, or that of the studies did not say from which code.
def test_versions(capsys: pytest.CaptureFixture[str]) -> None:
    for run, said in (
        (lambda: main(["--version"]), f"synthtasks {VERSION}"),
        (lambda: typed(["--version"]), f"synthtasks-study {VERSION} ("),
    ):
        with pytest.raises(SystemExit):
            run()
        assert capsys.readouterr().out.startswith(said)
    assert LINE.script == "synthtasks-study"


# Broken if `list` left out a study or a scale, counted other cells than a seed has, or read minutes that nobody measured.
def test_list_says_what_studies_and_scales_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def said(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["analysis", *words])
        assert study() == 0
        return capsys.readouterr().out

    listed = {one["name"]: one for one in json.loads(said("list", "--json"))}
    table = said("list")
    assert list(listed) == list(NAMES)
    for name, one in listed.items():
        row = next(line.split() for line in table.splitlines() if line.split()[:1] == [name])
        assert (int(row[-2]), float(row[-1])) == (one["cells"], one["minutes"])
        assert 1 < one["minutes"] < 100
    assert listed["grid"]["cells"] == 15
    sizes = json.loads(said("list", "--scales", "--json"))
    assert {name: sizes[name]["rl-iterations"] for name in sizes} == {name: scale.rl_iterations for name, scale in SCALES.items()}
    assert re.search(r"^rl-iterations +12 +80 +80 +400", said("list", "--scales"), re.MULTILINE)
    assert "1 gain at the edge: " in said("list", "grid")


# Broken if a plan for programs were another than the one that people read.
def test_a_plan_is_the_same_for_programs() -> None:
    stages = closure([s for cell in GRID.every(Setting(TINY, (0,), GRID.options)) for s in cell.stages])
    kinds = Counter(s.word for s in stages)
    done = frozenset(s for s in stages if s.word == "pretrain")
    record = plan_record(Plan(15, stages, done, dict.fromkeys(kinds, 2.0), 1, {"score": 10.0}))
    assert [(one["stage"], one["distinct"]) for one in record["stages"]] == list(kinds.items())  # type: ignore[attr-defined]
    assert {one["stage"]: one["to run"] for one in record["stages"]} == {**kinds, "pretrain": 0}  # type: ignore[attr-defined]
    assert (record["cells"], record["jobs"], record["seconds"]) == (15, 1, 2.0 * (len(stages) - len(done)))


# Broken if contexts or families that the help lists were others than there are.
def test_choices_are_those_of_the_library() -> None:
    assert next(o for o in options(VERBS["show"]) if o.flag == "--context").choices == tuple(CONTEXTS)
    assert set(SURFACES) <= set(" ".join(str(f) for f in FAMILIES.values()).replace("'", " ").replace(",", " ").split())


HEAVY = ("torch", "lightning", "scipy", "matplotlib", "altair", "hypothesis", "safetensors")


# Broken if help, a list or a problem waited for packages that it does not need: a start took seconds.
@pytest.mark.parametrize("words", ["analysis list", "analysis run grid --help", "synthtasks show dag"])
def test_a_start_imports_little(words: str) -> None:
    package, *rest = words.split()
    code = (
        f"import sys, runpy; sys.argv = {[package, *rest]}\ntry:\n    runpy.run_module({package!r}, run_name='__main__', alter_sys=False)\n"
    )
    code += "except SystemExit:\n    pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=100)
    unneeded = {"networkx"} if package == "analysis" else {"train", "models", "analysis"}  # a problem that is shown has a graph
    assert not {*HEAVY, *unneeded} & set(done.stderr.split())


BARE = """
import sys
from importlib.abc import MetaPathFinder
class No(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("tyro", "rich"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, No())
from synthtasks.__main__ import main
sys.exit(main(["show", "dag"]))
"""


# Broken if a bare installation answered with a traceback instead of what to install.
def test_a_missing_extra_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", BARE], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: tyro is not installed, which this needs: pip install 'synthtasks[cli,laws]'\n"


# --- a family of one's own


def new(tmp_path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"}  # as a script is called: the folder is not on the path
    command = [sys.executable, "-m", "synthtasks", *words]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200)


# Broken if the family that is written failed its own test, were shown otherwise than its card says, kept the name of the template, or
# offended the defaults of the tools that people use.
def test_a_new_family_works_at_once(tmp_path: Path) -> None:
    done = new(tmp_path, "new", "my_sums")
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(f.name for f in tmp_path.iterdir()) == ["my_sums.md", "my_sums.py", "test_my_sums.py"]
    assert [line.split()[:3] for line in done.stdout.splitlines()[1:]] == [
        ["python", "-m", p] for p in ("pytest", "synthtasks", "synthtasks")
    ]
    texts = {f.name: f.read_text(encoding="utf-8") for f in tmp_path.iterdir()}
    assert not any(re.search(r"(?<![a-z])clock", text, re.IGNORECASE) for text in texts.values())
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    tested = subprocess.run(pytest_, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300)
    assert tested.returncode == 0, tested.stdout
    (command,) = re.findall(r"`synthtasks (show my_sums:MySums --steps 3 --seed 1)`", texts["my_sums.md"])
    page = new(tmp_path, *command.split())
    (example,) = re.findall(r"```text\n(.*?)\n```", texts["my_sums.md"], re.DOTALL)
    assert example in page.stdout, page.stderr
    assert new(tmp_path, "export", "my_sums:MySums", "--train", "4", "--test", "2", "--out", "data").returncode == 0
    before = {f: f.read_bytes() for f in tmp_path.glob("*my_sums.*")}
    again = new(tmp_path, "new", "my_sums")
    assert again.returncode == 2
    assert "my_sums.py and test_my_sums.py and my_sums.md are there already, and nothing is overwritten" in again.stderr
    assert {f: f.read_bytes() for f in tmp_path.glob("*my_sums.*")} == before


# Broken if the template offended the defaults of ruff, which people use.
@pytest.mark.skipif(find_spec("ruff") is None, reason="needs ruff")
def test_the_template_is_formatted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "clock", "--out", str(tmp_path)]) == 0
    for check in (("check",), ("format", "--check")):
        ruff = [sys.executable, "-m", "ruff", *check, "--isolated", "--no-cache", "."]
        done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


# Broken if a name that hides another module, or cannot be one, were taken, or `--dry-run` wrote.
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Clock", "in small letters, as in clock or my_sums; found 'Clock'"),
        ("x-y", "in small letters"),
        ("class", "in small letters"),
        ("../x", "in small letters"),
        ("dag", "dag is a name of the library; choose another"),
        ("story", "story is a name of the library"),
        ("synthtasks", "is a name of the library"),
        ("random", "random is a name of Python"),
        ("numpy", "a module numpy is there already, in "),
    ],
)
def test_a_bad_name_is_refused(name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", name, "--out", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
    assert main(["new", "fine_name", "--out", str(tmp_path), "--dry-run"]) == 0
    assert main(["new", "fine_name", "--out", str(tmp_path / "nowhere")]) == 2
    assert not list(tmp_path.iterdir())


# Broken if a command of the studies had no help of its own, or took other words for the same thing.
def test_the_same_thing_has_one_word() -> None:
    flags = {f"{package} {verb}": {o.flag for o in of(package, verb)} for package, verb in (*TASKS, *STUDIES)}

    def have(flag: str) -> set[str]:
        return {command for command, known in flags.items() if flag in known}

    tasks, studies = ({f"{package} {verb}" for verb in verbs} for package, verbs in (("synthtasks", VERBS), ("analysis", OF_STUDIES)))
    asked = {f"synthtasks {verb}" for verb in ("show", "check", "completion")}
    asked |= {f"analysis {verb}" for verb in ("list", "algorithms", "completion")}
    assert have("--out") == (tasks | studies) - asked
    assert have("--json") == {"synthtasks stats", *(f"analysis {verb}" for verb in ("list", "algorithms", "plan", "gc", "query", "rerun"))}
    assert have("--seed") == {"synthtasks show", "synthtasks stats", "synthtasks export", "analysis ask"}
    writing = ("run", "report", "demo", "export", "import", "rerun", "gc")
    assert have("--dry-run") == {"synthtasks export", "synthtasks new", *(f"analysis {verb}" for verb in writing)}
