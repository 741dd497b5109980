"""Items, recipes, exports and the bridges to other libraries; against the real library wherever it is installed."""

import asyncio
import hashlib
import json
import os
import re
import runpy
import subprocess
import sys
import tomllib
from dataclasses import dataclass, replace
from importlib import import_module
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthtasks import PRIMITIVES, Primitive, Problem, Program, Step, Uses
from synthtasks.asking import Instruct
from synthtasks.bridges import trl, verl
from synthtasks.bridges.trl_folder import export_trl
from synthtasks.bridges.verifiers_package import export_package
from synthtasks.commands.catalogue import FAMILIES, Known
from synthtasks.datasets.export import export
from synthtasks.datasets.items import Items, source
from synthtasks.datasets.recipe import from_json, items_from_json, modules_of, to_json
from synthtasks.families import HELD_OUT, S3, Circuit, Compose, Dag, Family, Grid, Group, Hops, Mix, Part, Tree, Z
from synthtasks.primitives import ADD, MUL, SUB
from synthtasks.surfaces import CONTEXTS, Code, Compact, Equations, Nested, Story, Surface
from tests.strategies import examples

MIX = Mix((Part(3, Tree(steps=4, depth=3)), Part(1, Compose())))
CASES: tuple[tuple[Family, Surface], ...] = (
    (Program(steps=4, uses=Uses(("mul",), 2)), Compact()),
    (Dag(shares=1, branching=2), Story(CONTEXTS["school"])),
    (Circuit(), Code()),
    (Tree(), Nested()),
    (Hops(), Equations()),
    (Group(product=S3), Compact()),
    (Group(product=Z, order=7), Code()),
    (Grid(), Story()),
    (Compose(functions=HELD_OUT, definitions="visible"), Equations()),
    (MIX, Equations()),
)
DAG = Items(Dag(steps=5, depth=3), Equations(), "train", 0, 8)
PARTS = (DAG, replace(DAG, split="test", size=4))
cases = pytest.mark.parametrize(("family", "surface"), CASES, ids=lambda c: type(c).__name__)


def wrong(items: Items, i: int) -> int:
    """A value that is not the answer to item i."""
    return (int(items[i]["answer"]) + 1) % items.family.modulus


# --- items ---


# broken if an item depends on what was drawn before it, or on how many there are, or if its own solution does not score
@cases
def test_items_are_functions_of_their_names_and_their_solutions_score(family, surface):
    items = Items(family, surface, "test", 3, 5)
    assert items[4] == replace(items, size=9)[4] == items[-1] == items[2:][-1] != items[3]
    assert [item["metadata"]["source_index"] for item in items] == [0, 1, 2, 3, 4]
    assert {items.problem(i).split for i in range(5)} <= {"test", "both"}
    for item in items:
        solution = item["metadata"]["solution"]
        assert items.score_answer(item["answer"], item) == items.score_answer(solution, item) == items.score_process(solution, item) == 1
        assert items.score_process(item["answer"], item) == 0


# broken if the dials or the quantities of an item are another family's
def test_metadata_says_how_hard_an_item_is():
    said = DAG[0]["metadata"]
    assert (said["source_dataset"], said["split"], said["seed"]) == ("synthtasks/dag", "train", 0)
    assert (said["difficulty"]["steps"], said["difficulty"]["depth"], said["difficulty"]["order"]) == (5, 3, "shuffled")
    assert (said["quantities"]["length"], said["quantities"]["depth"]) == (5, 3)
    assert json.loads(json.dumps(DAG[0])) == DAG[0]


# broken if naming many values, hedging, going on after the answer, or a wrong value ever scores, or a right one does not
@pytest.mark.parametrize(
    ("said", "score"),
    [
        ("{right}", 1),
        (" {right}\n", 1),
        ("{right} <end>", 1),
        ("answer {right} <end>", 1),
        ("perhaps {wrong} {stop} answer {right} <end>", 1),
        ("answer {wrong} {stop} answer {right} <end>", 1),
        ("{wrong}", 0),
        ("{wrong} <end>", 0),
        ("{right} {wrong} <end>", 0),
        ("answer {wrong} <end>", 0),
        ("answer {right} <end> answer {wrong} <end>", 0),
        ("answer {right} <end> {wrong}", 0),
        ("answer {right}", 0),
        ("answer 0{right} <end>", 0),
        ("{right} {right}", 0),
        ("answer {right} {wrong} <end>", 0),
        ("0 1 2 3 4 5 6 7 8 9", 0),
        ("answer 0 1 2 3 4 5 6 7 8 9 <end>", 0),
        ("", 0),
        (None, 0),
    ],
)
@pytest.mark.parametrize(("surface", "stop"), [(Equations(), ";"), (Code(), ";"), (Story(), "."), (Compact(), "")])
def test_only_the_last_answer_counts(said, score, surface, stop):
    items = replace(DAG, family=Program(steps=3), surface=surface)
    text = said and said.format(right=items[1]["answer"], wrong=wrong(items, 1), stop=stop)
    assert items.score_answer(text, items[1]) == score


# broken if a surface hears an answer after free text that another does not, or hears one that is not the last thing said
@pytest.mark.parametrize("surface", [Equations(), Code(), Story(), Nested(), Compact()], ids=lambda s: type(s).__name__)
def test_every_surface_hears_the_same_answers(surface):
    items = replace(DAG, family=Group(3, Z, order=10), surface=surface)
    right, other = items[0]["answer"], wrong(items, 0)
    for before in ("", "Let me compute.\n", "the answer is clear: ", f"answer {other} <end> ", f"3 4 answer {other} so ", "A = 5 + "):
        assert items.score_answer(f"{before}answer {right} <end>", items[0]) == 1
        for after in (" .", " ;", " <end>", f" {other}", " answer", f" answer {other} <end>"):
            assert items.score_answer(f"{before}answer {right} <end>{after}", items[0]) == 0
        assert items.score_process(f"{before}{items[0]['metadata']['solution']}", items[0]) == (not before)


# broken if a list of values earns anything, whatever stands between them
@examples(60)
@given(st.lists(st.integers(0, 9), min_size=2), st.sampled_from([" ", ", ", "\n", " or ", " answer ", " ; "]))
def test_many_values_earn_nothing(values, between):
    assert DAG.score_answer(between.join(map(str, values)), DAG[0]) == 0


# broken if the right answer by a wrong step, or without its steps, counts as a right process
def test_process_is_stricter_than_the_answer():
    items, item = DAG, DAG[2]
    solution = item["metadata"]["solution"]
    skipped = solution.split(" ; ", 1)[1]
    assert (items.score_answer(skipped, item), items.score_process(skipped, item)) == (1, 0)
    assert items.score_process(f"well {solution}", item) == 0


# broken if an answer is scored against a problem that its entry does not ask
def test_entries_of_other_items_are_refused():
    with pytest.raises(ValueError, match="item 0 should ask problem"):
        DAG.score_answer("1", replace(DAG, seed=1)[0])
    with pytest.raises(IndexError, match="there are 8 items"):
        DAG[8]
    with pytest.raises(ValueError, match=r"Items\.size is at least 1; found 0"):
        replace(DAG, size=0)
    with pytest.raises(ValueError, match="numbers go up to 999"):
        replace(DAG, family=Dag(modulus=2_000))


# broken if what a chat calls a message is misread, or refused without a word of what it should have been
def test_messages_are_heard_in_parts():
    item, said = DAG[1], DAG[1]["metadata"]["solution"]
    half, rest = said[:9], said[9:]
    parts = [{"type": "text", "text": half}, {"type": "text", "text": rest}]
    for reply in (
        parts,
        [{"role": "user", "content": "?"}, {"role": "assistant", "content": parts}],
        {"role": "assistant", "content": said},
    ):
        assert DAG.score_process(reply, item) == DAG.score_answer(reply, item) == 1
    for silence in (
        [],
        [{"role": "user", "content": said}],
        [{"role": "assistant", "tool_calls": []}],
        [{"role": "assistant", "content": None}],
    ):
        assert DAG.score_answer(silence, item) == 0
    for nothing in (
        7,
        3.0,
        b"7",
        float("nan"),
        [7],
        [said],
        [{"role": "assistant", "contents": said}],
        [{"type": "image"}],
        [{"type": "text"}],
    ):
        for score in (DAG.score_answer, DAG.score_process):
            with pytest.raises(ValueError, match=r"(reply|part|message) .*; found "):
                score(nothing, item)


# What a table of pandas or numpy makes of an index, and what it cannot have been.
WHOLE = (3, 3.0, np.int64(3), np.float64(3), np.array(3))
NONE = (3.5, float("nan"), float("inf"), None, "3", -1, True, [3])


# broken if an index that went through a table is refused, or a row that lacks something fails without a word of what
def test_entries_are_found_again_after_a_table():
    answer, info = DAG[3]["answer"], verl.rows(DAG)[3]["extra_info"]
    entry = json.loads(json.dumps(DAG[3]))
    reward, columns = trl.Reward(DAG, Items.outcome), {"prompts": ["?"], "completions": [answer], "key": [info["key"]]}

    def scored(index: object) -> set[float]:
        there = {**entry, "metadata": {**entry["metadata"], "source_index": index}}
        row = verl.compute_score("synthtasks/dag", answer, answer, {**info, "index": index})
        return {DAG.score_answer(answer, there), *reward(source_index=[index], **columns), row}

    for index in WHOLE:
        assert scored(index) == {1}
    for index in NONE:
        with pytest.raises(ValueError, match=r"index|whole number"):
            scored(index)
    without = {name: {k: v for k, v in entry["metadata"].items() if k != name} for name in ("source_index", "key")}
    for broken in (None, [], "x", {}, {"metadata": None}, {"metadata": "{}"}, *({"metadata": m} for m in without.values())):
        with pytest.raises(ValueError, match="must be a record with '"):
            DAG.score_answer(answer, broken)
    with pytest.raises(ValueError, match="the key of an item is a text; found 12"):
        DAG.asked(3, 12)


# broken if a batch without a column, or a row whose recipe is not one, ends in an error that does not name it
def test_broken_rows_are_named():
    with pytest.raises(ValueError, match=r"'source_index': 0, 'key': 0.*chat_rows"):
        trl.Reward(DAG, Items.outcome)(["?"], ["7"])
    row = verl.rows(DAG)[0]
    for recipe in ("", "{", "[" * 100_000, "null", "7", 7, {"kind": "Items"}, '{"kind": "Items"}', None):
        with pytest.raises(ValueError, match="recipe"):
            verl.compute_score(row["data_source"], "7", "7", {**row["extra_info"], "recipe": recipe})
    for info in ("extra", 7, [], None):
        with pytest.raises(ValueError, match="lacks extra_info"):
            verl.compute_score(row["data_source"], "7", "7", info)
    with pytest.raises(ValueError, match="data_source is a text; found None"):
        verl.compute_score(None, "7", "7", row["extra_info"])


# --- recipes ---


# broken if a field of a family, a surface or items is lost or changed on its way through JSON
@cases
def test_recipes_come_back(family, surface):
    items = Items(family, surface, "test", 3, 5)
    assert from_json(json.loads(json.dumps(to_json(family)))) == family
    again = items_from_json(json.loads(json.dumps(to_json(items))))
    assert again == items
    assert again[1] == items[1]


# broken if every built-in primitive does not come back from its name as itself
def test_primitives_come_back():
    family = replace(Program(), primitives=tuple(PRIMITIVES.values()))
    assert from_json(to_json(family)) == family
    assert to_json(Program(primitives=(ADD, MUL)))["primitives"] == ["add", "mul"]


def average(a: int, b: int, modulus: int) -> int:
    return (a + b) // 2


# broken if a primitive, family or surface of one's own is written under a name that brings back something else, or nothing
def test_what_has_no_name_is_not_written():
    with pytest.raises(ValueError, match="'average' is another"):
        to_json(Program(primitives=(Primitive("average", "%", average),)))
    with pytest.raises(ValueError, match="'add' is another"):
        to_json(Program(primitives=(Primitive("add", "+", average),)))

    class Inner(Program):
        """A family inside a function."""

    with pytest.raises(ValueError, match=r"Inner is not at the top level of tests\.test_bridges"):
        to_json(Inner())


HALF = Primitive("half", "half", lambda a, b, modulus: (a + b) // 2)
HALF.apply.__module__ = __name__


# broken if a family, surface or primitive of one's own is lost on its way, or a recipe imports a module or makes what is no family
def test_recipes_hold_what_is_your_own():
    items = Items(Mine(steps=2, primitives=(ADD, HALF)), Spoken("say"), "train", 0, 3)
    recipe = json.loads(json.dumps(to_json(items)))
    assert (recipe["family"]["kind"], recipe["surface"]["kind"]) == ("tests.test_bridges:Mine", "tests.test_bridges:Spoken")
    assert recipe["family"]["primitives"] == ["add", {"kind": "tests.test_bridges:HALF"}]
    assert items_from_json(recipe) == items
    assert modules_of(recipe) == {"tests.test_bridges"}
    row, item = verl.rows(items)[1], items[1]
    asked = row["data_source"], item["metadata"]["solution"], row["reward_model"]["ground_truth"], row["extra_info"]
    assert verl.compute_process_score(*asked, own="json os") == 1
    for kind, message in (("antigravity:fly", "antigravity is not loaded: `import antigravity` first"), ("os:getcwd", "as a type; found")):
        with pytest.raises(ValueError, match=message):
            from_json({"kind": kind})
    with pytest.raises(ValueError, match=r"dataclasses:dataclass as a type"):
        from_json({"kind": "dataclasses:dataclass"})
    with pytest.raises(ValueError, match="test_bridges:Spoken, which cannot be a Family"):
        from_json({"kind": "tests.test_bridges:Spoken", "word": "x"})
    assert "antigravity" not in sys.modules


@dataclass(frozen=True)
class Spoken(Equations):
    """A surface of one's own, with a field."""

    word: str = "say"


@dataclass(frozen=True)
class Mine(Program):
    """A family of one's own."""


# broken if a recipe can name what this library does not know, give a field a wrong type, or be misspelled in silence
@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"kind": "os.system"}, "`kind` is one of Program, .*; found 'os.system'"),
        ({"kind": ["Dag"]}, "`kind` is one of"),
        ([], "`kind` is one of"),
        ({"kind": "Compact"}, "`kind` is one of Program"),
        ({"kind": "Dag", "primitives": ["eval"]}, r"recipe.primitives\[0\] must be one of the built-in primitives"),
        ({"kind": "Dag", "primitives": "add"}, "recipe.primitives must be a list; found 'add'"),
        ({"kind": "Dag", "steps": "6"}, "the recipe: Dag.steps is an int; found '6'"),
        ({"kind": "Dag", "steps": True}, "the recipe: Dag.steps is an int; found True"),
        ({"kind": "Dag", "order": "random"}, "the recipe: Dag.order is one of 'topological', 'shuffled'; found 'random'"),
        ({"kind": "Dag", "step": 6}, "fields that Dag lacks: step; it has steps, depth"),
        ({"kind": "Mix"}, "lacks parts, which Mix has no default for"),
        ({"kind": "Mix", "parts": [{"kind": "Part", "weight": 1, "family": {"kind": "Story"}}]}, r"parts\[0\].family must be an object"),
        ({"kind": "Dag", "steps": 1, "depth": 9}, "found Shape"),
        (
            {"kind": "Mix", "parts": [{"kind": "Part", "weight": "1", "family": {"kind": "Dag"}}]},
            r"parts\[0\]: Part.weight is a finite number",
        ),
    ],
)
def test_bad_recipes_are_refused(recipe, message):
    with pytest.raises(ValueError, match=message):
        from_json(recipe)


# --- export ---


def code_of(card: str) -> str:
    (found,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    return str(found)


# broken if a line is not an item, the card's counts and checksums are not the files', or its code makes other files
def test_an_export_is_what_its_card_says(tmp_path):
    export(PARTS, tmp_path / "data")
    card = (tmp_path / "data" / "README.md").read_text()
    for items in PARTS:
        text = (tmp_path / "data" / f"{items.split}.jsonl").read_text()
        rows = [json.loads(line) for line in text.splitlines()]
        assert [(r["question"], r["answer"], r["solution"]) for r in rows] == [
            (i["question"], i["answer"], i["metadata"]["solution"]) for i in items
        ]
        assert all(items_from_json(json.loads(r["metadata"]["recipe"])) == items for r in rows)
        assert all(items.score_process(r["solution"], r) == 1 for r in rows)
        distinct = len({r["metadata"]["key"] for r in rows})
        assert f"| {items.split} | {items.size} | {distinct} | " in card
        assert hashlib.sha256(text.encode()).hexdigest() in card
    assert "in more than one split: 0." in card
    assert "| `depth` | `3` |" in card
    done = subprocess.run(
        [sys.executable, "-c", code_of(card)], cwd=tmp_path, capture_output=True, text=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert done.returncode == 0, done.stderr
    for file in (tmp_path / "data").iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


# broken if a test question is a training question: facts, too, which are in both splits of what is drawn without end
@pytest.mark.parametrize("family", [Compose(), Program(steps=1), Tree(steps=2, depth=2), Mix((Part(1, Compose()), Part(1, Circuit())))])
def test_items_of_two_splits_are_apart(family, tmp_path):
    train = Items(family, Equations(), "train", 0, 60)
    test = replace(train, split="test", seed=3, size=20)
    keys = [{item["metadata"]["key"] for item in items} for items in (train, test, replace(train, split="test"))]
    assert not keys[0] & (keys[1] | keys[2])
    assert not {item["question"] for item in train} & {item["question"] for item in test}
    export((train, test), tmp_path / "data")
    assert "in more than one split: 0." in (tmp_path / "data" / "README.md").read_text()


# broken if a family of so few problems that a split has none is exported all the same, or refused without counts
def test_a_family_too_small_to_be_split_is_refused(tmp_path):
    few = Items(Hops(steps=1, nodes=2), Equations(), "train", 0, 4)
    with pytest.raises(ValueError, match=r"no (train|test) items: 1,000 draws gave 2 different problems, all .* other split"):
        export((few, replace(few, split="test")), tmp_path / "data")
    assert not list(tmp_path.iterdir())


# A = 1 + 2, B = A * 3, C = B - 4 in test; in training the same with a step more; D = 9 - 9 shares nothing with it.
# broken if a training problem that works out all of a test problem on its way is not counted, or another is
def test_derivations_inside_others_are_counted(tmp_path, monkeypatch):
    steps = (Step("A", ADD, (1, 2)), Step("B", MUL, ("A", 3)), Step("C", SUB, ("B", 4)), Step("D", ADD, ("C", 5)))
    whole, inner, other = (Problem(s, s[-1].name, 10) for s in (steps, steps[:3], (Step("D", SUB, (9, 9)),)))
    drawn = {"train": (whole, other), "test": (inner, other, inner)}
    monkeypatch.setattr(Items, "problem", lambda items, i: drawn[items.split][i])
    parts = [replace(DAG, split=split, size=len(ps)) for split, ps in drawn.items()]
    with pytest.raises(ValueError, match=r"1 of the 2 different test problems are among the 2 of train"):
        export(parts, tmp_path / "data")
    drawn["train"] = (whole, replace(other, steps=(Step("D", SUB, (9, 8)),)))
    export(parts, tmp_path / "data")
    assert "derivation a training problem contains: 1 of 2." in (tmp_path / "data" / "README.md").read_text()
    assert {inner.key, whole.key} < whole.derivations
    assert len(whole.derivations) == 4


# What is killed leaves its draft behind.
KILLED = """
import os, signal, sys
from pathlib import Path
from synthtasks import Dag
from synthtasks.datasets import export as module
from synthtasks.datasets.items import Items, source
from synthtasks.surfaces import Equations
def card(*given):
    os.kill(os.getpid(), signal.SIGKILL)
module.card = card
module.export((Items(Dag(), Equations(), "train", 0, 3),), Path(sys.argv[1]))
"""


# broken if an export that was killed is in the way of the next, leaves something behind, or takes a user's folder with it
def test_an_export_after_a_kill(tmp_path):
    mine = [tmp_path / name for name in ("data.draft", ".data.draft-0123abcd", ".data.draft-mine", "data")]
    for folder in mine[:-1]:
        folder.mkdir()
        (folder / "notes.txt").write_text("mine")
    code = [sys.executable, "-c", KILLED, str(tmp_path / "data")]
    done = subprocess.run(code, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)})
    assert (done.returncode, done.stderr) == (-9, "")
    assert len(list(tmp_path.iterdir())) == 4
    export(PARTS, tmp_path / "data")
    assert sorted(tmp_path.iterdir()) == sorted(mine)
    assert all((folder / "notes.txt").read_text() == "mine" for folder in mine[:-1])
    assert sorted(file.name for file in mine[-1].iterdir()) == ["README.md", "test.jsonl", "train.jsonl"]


# broken if of two exports that run at once one spoils the other's draft, or the second overwrites the first
def test_two_exports_at_once(tmp_path, monkeypatch):
    first, second = replace(DAG, size=3), replace(DAG, size=5)
    written = import_module("synthtasks.datasets.export").card

    def card(parts, *others):
        if parts[0] == first and not (tmp_path / "data").exists():
            export((second,), tmp_path / "data")
        return written(parts, *others)

    monkeypatch.setattr("synthtasks.datasets.export.card", card)
    with pytest.raises(FileExistsError, match="appeared meanwhile"):
        export((first,), tmp_path / "data")
    assert [f.name for f in tmp_path.iterdir()] == ["data"]
    assert len((tmp_path / "data" / "train.jsonl").read_text().splitlines()) == 5


# broken if a failed export leaves half a folder behind, or one is written over another, or mixes unlike parts
def test_exports_are_whole_or_absent(tmp_path):
    own = Items(Program(primitives=(Primitive("average", "%", average),)), Compact(), "test", 0, 2)
    with pytest.raises(ValueError, match="'average' is another"):
        export((own,), tmp_path / "data")
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="one part for each"):
        export((DAG, DAG), tmp_path / "data")
    with pytest.raises(ValueError, match="split, seed and size alone"):
        export((DAG, replace(PARTS[1], family=Tree())), tmp_path / "data")
    export(PARTS, tmp_path / "data")
    with pytest.raises(FileExistsError, match="does not overwrite"):
        export(PARTS, tmp_path / "data")
    assert [f.name for f in tmp_path.iterdir()] == ["data"]


# broken if the Hub could not read the card, or `datasets` finds other rows or splits in the folder than were written
@pytest.mark.parametrize("parts", [PARTS, tuple(replace(p, family=MIX) for p in PARTS)], ids=["Dag", "Mix"])
@pytest.mark.filterwarnings("ignore")
def test_datasets_loads_an_export(parts, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets", reason="loading an export needs synthtasks[datasets]")
    hub = pytest.importorskip("huggingface_hub", reason="reading a card needs huggingface_hub, which datasets brings")
    export(parts, tmp_path / "data")
    data = hub.DatasetCard.load(tmp_path / "data" / "README.md").data
    assert (data.license, data.size_categories, data.task_categories) == ("mit", ["n<1K"], ["text-generation"])
    loaded = datasets.load_dataset(str(tmp_path / "data"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 8, "test": 4}
    row = loaded["test"][3]
    assert (row["question"], row["answer"]) == (parts[1][3]["question"], parts[1][3]["answer"])
    assert parts[1].score_process(row["solution"], row) == 1


# --- TRL ---


def batch(rows: list[trl.Row] | list[trl.ChatRow]) -> dict[str, list[object]]:
    """Rows as columns, named as a trainer names them."""
    return {"prompts": [r["prompt"] for r in rows], "source_index": [r["source_index"] for r in rows], "key": [r["key"] for r in rows]}


# broken if a completion is scored against another row, chats are not read, or only one of the two rewards is what it says
def test_trl_rewards_texts_and_chats():
    solutions = [item["metadata"]["solution"] for item in DAG]
    answers = [f"answer {item['answer']} <end>" for item in DAG]
    process, outcome = trl.Reward(DAG, Items.process), trl.Reward(DAG, Items.outcome)
    columns = batch(trl.rows(DAG))
    assert process(completions=solutions, trainer_state=None, **columns) == [1.0] * 8
    assert process(completions=solutions[1:] + solutions[:1], **columns) == [0.0] * 8
    assert process(completions=answers, **columns) == [0.0] * 8
    assert outcome(completions=answers, **columns) == [1.0] * 8
    assert (process.__name__, outcome.__name__) == ("process", "outcome")

    chat = batch(trl.chat_rows(DAG))
    assert chat["prompts"][0] == [{"role": "user", "content": DAG[0]["question"]}]
    said = [[{"role": "assistant", "content": s}] for s in solutions]
    said[1] = [*said[0], {"role": "user", "content": "again"}, *said[1]]
    assert process(completions=said, **chat) == [1.0] * 8
    silent = [[], [{"role": "assistant", "content": None}], [{"role": "tool", "content": solutions[2]}]]
    assert process(completions=[*silent, *said[3:]], **chat) == [0.0] * 3 + [1.0] * 5


# broken if a conversation lacks its instruction or its examples, its parts are not the text, or a completion in parts is not heard
def test_trl_and_verl_take_messages_in_parts():
    items = replace(DAG, form=Instruct(shots=2))
    for rows, parts in ((trl.chat_rows(items), trl.part_rows(items)), (verl.rows(items), verl.part_rows(items))):
        for row, other in zip(rows, parts, strict=True):
            assert [m["role"] for m in row["prompt"]] == ["user", "assistant", "user", "assistant", "user"]
            assert [(m["role"], [{"type": "text", "text": m["content"]}]) for m in row["prompt"]] == [
                (m["role"], m["content"]) for m in other["prompt"]
            ]
            assert {**row, "prompt": other["prompt"]} == other
    chat = batch(trl.part_rows(items))
    said = [[{"role": "assistant", "content": [{"type": "text", "text": f"**The answer is {item['answer']}.**"}]}] for item in items]
    assert trl.Reward(items, Items.outcome)(completions=said, **chat) == [1.0] * 8
    assert trl.Reward(items, Items.process)(completions=said, **chat) == [0.0] * 8
    row = verl.part_rows(items)[2]
    truth = row["reward_model"]["ground_truth"]
    assert verl.compute_score(row["data_source"], said[2], truth, row["extra_info"]) == 1


# broken if `<end>`, which a tokenizer drops as a special token, cannot be put back
def test_trl_puts_the_ending_back():
    stripped = [item["metadata"]["solution"].removesuffix(" <end>") for item in DAG]
    assert trl.Reward(DAG, Items.process)(completions=stripped, **batch(trl.rows(DAG))) == [0.0] * 8
    assert trl.Reward(DAG, Items.process, " <end>")(completions=stripped, **batch(trl.rows(DAG))) == [1.0] * 8


# broken if a batch that does not fit together, or a data set of other items, is scored all the same
def test_trl_refuses_what_does_not_fit():
    columns = batch(trl.rows(DAG))
    with pytest.raises(ValueError, match="'completions': 7, 'source_index': 8"):
        trl.Reward(DAG, Items.process)(completions=["x"] * 7, **columns)
    with pytest.raises(ValueError, match="'key': 1}"):
        trl.Reward(DAG, Items.process)(completions=["x"] * 8, **{**columns, "key": ["k"]})
    with pytest.raises(ValueError, match="item 0 should ask problem"):
        trl.Reward(replace(DAG, seed=1), Items.process)(completions=["x"] * 8, **columns)


# broken if the rewards of an exported folder score a row against a problem of another split, or need what the folder does not hold
@pytest.mark.parametrize(
    "items", [DAG, replace(DAG, form=Instruct(shots=1)), replace(DAG, family=Mine(steps=5))], ids=["plain", "asked", "own"]
)
def test_trl_folders_hold_their_rewards(items, tmp_path):
    parts = (items, replace(items, split="test", size=4))
    export_trl(parts, tmp_path / "out")
    rows = [json.loads(line) for part in parts for line in (tmp_path / "out" / f"{part.split}.jsonl").read_text().splitlines()]
    mixed = [*rows[8:], *rows[:8]]
    columns = {name: [row[name] for row in mixed] for name in ("split", "source_index", "key")}
    prompts = [row["prompt"] for row in mixed]
    exported = runpy.run_path(str(tmp_path / "out" / "reward.py"))
    assert (exported["outcome"].parts, exported["outcome"].__name__, exported["process"].__name__) == (parts, "outcome", "process")
    of = {part.split: part for part in parts}
    solved = [of[row["split"]][row["source_index"]]["metadata"]["solution"].removesuffix(" <end>") for row in mixed]
    assert exported["process"](prompts, solved, **columns) == exported["outcome"](prompts, solved, **columns) == [1.0] * 12
    assert exported["process"](prompts, solved[1:] + solved[:1], **columns) == [0.0] * 12
    with pytest.raises(ValueError, match="rewards are for train, test; found a row of split 'dev'"):
        exported["outcome"](prompts, solved, **{**columns, "split": ["dev"] * 12})
    with pytest.raises(ValueError, match="12 completions and 0 splits"):
        exported["outcome"](prompts, solved, source_index=columns["source_index"], key=columns["key"])
    with pytest.raises(ValueError, match="must have one length"):
        exported["outcome"](prompts, solved, **{**columns, "key": columns["key"][:5]})


# broken if TRL's own trainer cannot call the reward, passes it other columns, or logs another mean than the judge gives
@pytest.mark.filterwarnings("ignore")
def test_trl_trains_with_the_reward(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pytest.importorskip("trl", reason="training with the reward needs synthtasks[trl]")
    from datasets import Dataset
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
    from trl import GRPOConfig, GRPOTrainer

    items = Items(Program(steps=1, lines=2, modulus=2), Compact(), "train", 0, 64)
    words = items.surface.vocab(2, items.family.primitives, 2).words
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<pad>"))
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>", eos_token="<end>", unk_token="<pad>")
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=len(words), n_positions=64, n_embd=8, n_layer=1, n_head=1, eos_token_id=1, pad_token_id=0)
    )
    seen: list[float] = []

    def gold(prompts: list[str], completions: list[str], source_index: list[int], **others: object) -> list[float]:
        assert prompts == [items[i]["question"] for i in source_index]
        means = [items.score_answer(f"{c} <end>", items[i]) for i, c in zip(source_index, completions, strict=True)]
        solved = trl.Reward(items, Items.process, " <end>")(
            prompts, [items[i]["metadata"]["solution"].removesuffix(" <end>") for i in source_index], source_index=source_index, **others
        )
        assert set(solved) == {1.0}
        seen.append(sum(means) / len(means))
        return means

    trainer = GRPOTrainer(
        model=model,
        reward_funcs=[trl.Reward(items, Items.outcome, " <end>"), gold],
        args=GRPOConfig(
            output_dir=str(tmp_path), max_steps=1, per_device_train_batch_size=64, num_generations=4, max_completion_length=1,
            use_cpu=True, bf16=False, report_to=[], logging_steps=1, save_strategy="no", disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(trl.rows(items)),
        processing_class=tokenizer,
    )  # fmt: skip
    trainer.train()
    assert 0 < seen[0] < 1  # a random word is sometimes the value
    assert trainer.state.log_history[0]["rewards/outcome/mean"] == pytest.approx(seen[0])


# --- verl ---


# broken if a row does not hold all that its scoring needs, or a completion is scored against another problem
@cases
def test_verl_scores_a_row_by_itself(family, surface):
    items = Items(family, surface, "test", 3, 2)
    row, solution = json.loads(json.dumps(verl.rows(items)[1])), items[1]["metadata"]["solution"]
    asked = {"data_source": row["data_source"], "ground_truth": row["reward_model"]["ground_truth"], "extra_info": row["extra_info"]}
    assert row["prompt"] == [{"role": "user", "content": items[1]["question"]}]
    assert verl.compute_score(solution_str=solution, **asked) == verl.compute_process_score(solution_str=solution, **asked) == 1
    assert verl.compute_score(solution_str=items[1]["answer"], **asked) == 1
    assert verl.compute_process_score(solution_str=items[1]["answer"], **asked) == 0
    assert verl.compute_score(solution_str="answer nothing <end>", **asked) == 0
    for score in (verl.compute_score, verl.compute_process_score):
        stripped = solution.removesuffix(" <end>")
        assert (score(solution_str=stripped, **asked), score(solution_str=stripped, ending=" <end>", **asked)) == (0, 1)


# broken if a row of another library, an incomplete one, or one whose problem is not what it says, is scored all the same
def test_verl_refuses_other_rows():
    row = verl.rows(DAG)[0]
    source, info, truth = row["data_source"], row["extra_info"], row["reward_model"]["ground_truth"]
    with pytest.raises(ValueError, match="data_source begins with 'synthtasks/'; found 'openai/gsm8k'"):
        verl.compute_score("openai/gsm8k", "1", truth, info)
    with pytest.raises(ValueError, match="lacks extra_info"):
        verl.compute_score(source, "1", truth)
    with pytest.raises(ValueError, match="lacks recipe in extra_info"):
        verl.compute_score(source, "1", truth, {k: v for k, v in info.items() if k != "recipe"})
    with pytest.raises(ValueError, match="the row was edited"):
        verl.compute_score(source, "1", str(wrong(DAG, 0)), info)
    with pytest.raises(ValueError, match="the row was edited"):
        verl.compute_score("synthtasks/tree", "1", truth, info)
    with pytest.raises(ValueError, match="item 1 should ask problem"):
        verl.compute_score(source, "1", truth, {**info, "index": 1})


# broken if the parquet files lack a column, or a row read back from them does not score
@pytest.mark.filterwarnings("ignore")
def test_verl_parquet_round_trip(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="parquet files need synthtasks[parquet]")
    from synthtasks.bridges.verl_parquet import export_parquet

    export_parquet(PARTS, tmp_path / "data")
    assert sorted(f.name for f in (tmp_path / "data").iterdir()) == ["test.parquet", "train.parquet"]
    read, test = (parquet.read_table(tmp_path / "data" / f"{split}.parquet").to_pylist() for split in ("train", "test"))
    assert (read, test) == (verl.rows(DAG), verl.rows(PARTS[1]))
    for row, item in zip(read, DAG, strict=True):
        assert (
            verl.compute_process_score(
                row["data_source"], item["metadata"]["solution"], row["reward_model"]["ground_truth"], row["extra_info"]
            )
            == 1
        )


# broken if verl does not find the function where the module says, calls it with other arguments, or hands it another text
@pytest.mark.filterwarnings("ignore")
def test_verl_loads_and_calls_the_function():
    pytest.importorskip("verl", reason="verl is not installed")
    import numpy as np
    import torch
    from omegaconf import OmegaConf
    from verl import DataProto
    from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager
    from verl.trainer.ppo.reward import get_custom_reward_fn

    path = {"path": "pkg://synthtasks.bridges.verl", "name": "compute_process_score", "reward_kwargs": {"ending": " <end>"}}
    score = get_custom_reward_fn(OmegaConf.create({"reward": {"custom_reward_function": path}}))

    async def rewarded(row: verl.Row, said: str) -> float:
        words = said.split()

        class Tokenizer:
            def decode(self, tokens: torch.Tensor, skip_special_tokens: bool) -> str:
                return " ".join(words[i] for i in tokens.tolist())

        columns = {name: np.array([row[name]], dtype=object) for name in ("data_source", "reward_model", "extra_info")}
        tokens = torch.arange(len(words))[None]
        data = DataProto.from_dict({"responses": tokens, "attention_mask": torch.ones_like(tokens)}, non_tensors=columns)
        done = await NaiveRewardManager(OmegaConf.create(), Tokenizer(), score).run_single(data)
        return float(done["reward_score"])

    row, said = verl.rows(DAG)[3], DAG[3]["metadata"]["solution"].removesuffix(" <end>")
    assert asyncio.run(rewarded(row, said)) == 1
    assert asyncio.run(rewarded(row, said.split(" ; ", 1)[1])) == 0


# --- verifiers ---


# broken if verifiers cannot load the taskset, a task travels without what its scoring needs, or a reply is misjudged
@pytest.mark.filterwarnings("ignore")
def test_verifiers_scores_traces():
    vf = pytest.importorskip("verifiers.v1", reason="the taskset needs synthtasks[verifiers]")
    from synthtasks.bridges.verifiers_v1 import SynthConfig, SynthData, SynthTask, SynthTaskset

    tasks = list(SynthTaskset(SynthConfig(recipe=json.dumps(to_json(DAG)), ending=" <end>")))
    assert [(t.data.idx, t.data.prompt) for t in tasks] == [(i, item["question"]) for i, item in enumerate(DAG)]
    assert (SynthTask.data_type(), SynthTaskset.task_type(), len({t.key for t in tasks})) == (SynthData, SynthTask, 8)

    def scored(index: int, said: str) -> tuple[float, float, float]:
        task = SynthTask(SynthData.model_validate_json(tasks[index].data.model_dump_json()))  # as it arrives at a worker
        trace = new_trace(vf, task, said)
        asyncio.run(task.score(trace))
        return trace.rewards["outcome"].score, trace.rewards["process"].score, trace.reward

    solution = DAG[2]["metadata"]["solution"].removesuffix(" <end>")
    assert scored(2, solution) == (1, 1, 1)
    assert scored(2, solution.split(" ; ", 1)[1]) == (1, 0, 1)
    assert scored(3, solution.replace("answer", "so")) == (0, 0, 0)


def new_trace(vf, task, said: str):
    """A trace of one reply."""
    from verifiers.v1.graph import MessageNode

    kind = type(task)
    trace = vf.Trace(task=vf.TraceTask(type=kind.__name__, data=task.data), agent=vf.AgentInfo.model_construct())
    trace.nodes.append(MessageNode(parent=None, message=vf.AssistantMessage(content=said), sampled=True))
    return trace


# broken if an exported environment is not found by its name, lacks a split, an own module or its recipe, or the folder is half written
@pytest.mark.filterwarnings("ignore")
def test_verifiers_finds_an_exported_environment(tmp_path, monkeypatch):
    (tmp_path / "tasks_of_mine.py").write_text(
        "from dataclasses import dataclass\nfrom synthtasks import Dag\n\n@dataclass(frozen=True)\nclass Own(Dag):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    own = import_module("tasks_of_mine").Own(steps=5, depth=3)
    parts = [replace(items, family=own, form=Instruct()) for items in PARTS]
    with pytest.raises(ValueError, match="found 'no name'"):
        export_package(parts, tmp_path / "no name")
    export_package(parts, tmp_path / "new" / "synthtasks-own")
    folder = tmp_path / "new" / "synthtasks-own"
    assert (folder / "tasks_of_mine.py").read_text() == (tmp_path / "tasks_of_mine.py").read_text()
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["dependencies"][0].startswith("synthtasks[verifiers]")
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"] == {"tasks_of_mine.py": "tasks_of_mine.py"}
    vf = pytest.importorskip("verifiers.v1", reason="the environment needs synthtasks[verifiers]")
    from verifiers.v1.utils.loaders import taskset_class

    monkeypatch.syspath_prepend(folder)
    kind = taskset_class("synthtasks-own")
    config = import_module("synthtasks_own").Config
    for items, made in zip(parts, (config(), config(split="test")), strict=True):
        tasks = list(kind(made))
        assert [task.data.prompt for task in tasks] == [item["question"] for item in items]
        trace = new_trace(vf, tasks[1], items[1]["metadata"]["solution"])
        asyncio.run(tasks[1].score(trace))
        assert (trace.rewards["outcome"].score, trace.rewards["process"].score) == (1, 1)


# --- Reasoning Gym ---


def foreign(name: str = "chain_sum", *config: tuple[str, int]):
    """The bridge's dataset, or a skipped test."""
    pytest.importorskip("reasoning_gym", reason="the source of foreign items needs synthtasks[reasoning-gym]")
    from synthtasks.bridges.reasoning_gym import Foreign

    return Foreign(name, config)


# broken if an item depends on what was drawn before it, neighbouring names share items, or a question is in both splits
@pytest.mark.filterwarnings("ignore")
def test_foreign_items_are_named_and_split():
    source = foreign("chain_sum", ("min_terms", 7), ("max_terms", 8))
    drawn = {(split, seed, i): source.item(split, seed, i) for split in ("train", "test") for seed in (42, 43) for i in range(20)}
    assert drawn["test", 43, 7] == source.item("test", 43, 7)
    questions = {name: item["question"] for name, item in drawn.items()}
    assert len(set(questions.values())) == len(questions)
    for (split, *_), item in drawn.items():
        share = int(hashlib.sha256(item["question"].encode()).hexdigest()[:8], 16) / 2**32
        assert (share < 1 / 8) == (split == "test")
        assert item["metadata"]["split"] == split
        assert item["metadata"]["num_terms"] in (7, 8)


# broken if the reason for the bridge is gone: that neighbouring seeds of Reasoning Gym share nearly all items
@pytest.mark.filterwarnings("ignore")
def test_seeds_of_reasoning_gym_overlap_and_ours_do_not():
    source = foreign()
    import reasoning_gym

    theirs = [{item["question"] for item in reasoning_gym.create_dataset("chain_sum", seed=seed, size=100)} for seed in (42, 43)]
    ours = [{source.item("train", seed, i)["question"] for i in range(30)} for seed in (42, 43)]
    assert len(theirs[0] & theirs[1]) >= 95
    assert len(ours[0] & ours[1]) <= 1  # short sums may coincide


# broken if Reasoning Gym's own judge does not judge, or items have another shape than ours
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["chain_sum", "simple_equations", "spell_backward", "gsm_symbolic", "caesar_cipher", "propositional_logic"]
)
def test_foreign_items_are_scored_by_their_own_judge(name):
    source = foreign(name)
    item = source.item("test", "exam", 0)
    assert set(item) == set(DAG[0])
    assert {"split", "source_index", "source_dataset"} <= set(item["metadata"]) & set(DAG[0]["metadata"])
    assert source.score(None, item) == 0
    if name != "propositional_logic":  # its items name no answer: the judge checks any conclusion
        assert source.score(item["answer"], item) == 1


# broken if a name or a setting that does nothing is taken in silence
@pytest.mark.filterwarnings("ignore")
def test_foreign_names_and_settings_are_checked():
    with pytest.raises(ValueError, match=r"no dataset 'chain_sums'; it has .*chain_sum"):
        foreign("chain_sums")
    with pytest.raises(ValueError, match="seed cannot be set"):
        foreign("chain_sum", ("seed", 1))


# broken if a seed that went through a table, or an answer in parts, reaches Reasoning Gym as what it cannot take
def test_foreign_answers_are_read_as_ours_are(monkeypatch):
    class Fake(ModuleType):
        """Reasoning Gym, of which any number is a data set whose items are answered by it."""

        DATASETS = ("fake",)

        def create_dataset(self, name: str, seed: int, size: int) -> SimpleNamespace:
            assert type(seed) is int
            return SimpleNamespace(score_answer=lambda answer, item: float(answer == str(seed)))

    for name in ("reasoning_gym", "reasoning_gym.factory"):
        monkeypatch.setitem(sys.modules, name, Fake(name))
    monkeypatch.setattr(sys.modules["reasoning_gym"], "dataset", SimpleNamespace(ProceduralDataset=object), raising=False)
    monkeypatch.delitem(sys.modules, "synthtasks.bridges.reasoning_gym", raising=False)
    source = import_module("synthtasks.bridges.reasoning_gym").Foreign("fake")
    for seed in (5, 5.0, np.int64(5)):
        item = {"question": "?", "answer": "5", "metadata": {"seed": seed}}
        for said, score in (("5", 1), ([{"type": "text", "text": "5"}], 1), ("6", 0), (None, 0)):
            assert source.score(said, item) == score
    for item in ({}, {"metadata": {}}, {"metadata": {"seed": 5.5}}):
        with pytest.raises(ValueError, match=r"must be a record with|whole number"):
            source.score("5", item)
    monkeypatch.delitem(sys.modules, "synthtasks.bridges.reasoning_gym")


# broken if Reasoning Gym does not find our families by name, a setting does nothing, an entry needs its dataset to be scored,
# or neighbouring seeds share items
@pytest.mark.filterwarnings("ignore")
def test_families_are_registered():
    gym = pytest.importorskip("reasoning_gym", reason="registration needs synthtasks[reasoning-gym]")
    from reasoning_gym.factory import create_curriculum

    import synthtasks.bridges.registered as registered

    for known in FAMILIES.values():
        made = gym.create_dataset(source(known.family), seed=1, size=3, ask="derivation", grade="process")
        entry = json.loads(json.dumps(made[2]))
        judge = gym.get_score_answer_fn(entry["metadata"]["source_dataset"])
        assert (judge(entry["metadata"]["solution"], entry), judge(f"The answer is {entry['answer']}.", entry)) == (1, 0)
        assert create_curriculum(source(known.family)).generate_configuration({"seed": 1}).difficulty is not None
    first, second = ([e["question"] for e in gym.create_dataset("synthtasks/dag", steps=8, seed=seed, size=20)] for seed in (42, 43))
    assert len(set(first) | set(second)) == 40
    easy = gym.create_dataset("synthtasks/tree", difficulty=2, surface="nested", ask="plain", split="test", seed=0, size=5)
    assert easy[0]["question"].startswith("modulo 10 ;")
    assert easy[0]["metadata"]["difficulty"]["steps"] == 2
    assert easy.score_answer(f"{easy[0]['answer']}{easy[0]['answer']}", easy[0]) == 0
    with pytest.raises(ValueError, match=r"Dag\.order is one of"):
        gym.create_dataset("synthtasks/dag", order="random")
    mine = registered.register(Known(Mine(), ("equations",)))
    assert gym.create_dataset(mine, seed=0, size=1)[0]["metadata"]["source_dataset"] == mine == "synthtasks/mine"


# --- PyTorch ---


# broken if workers of a loader share items or leave one out, or a stream that goes on begins at another item
def test_streams_are_shared_out_among_workers(monkeypatch):
    from torch.utils.data import DataLoader

    from synthtasks.bridges.torch_stream import Stream

    for workers, first in ((0, 0), (0, 3), (2, 1)):
        loader = DataLoader(Stream(DAG, first), batch_size=None, num_workers=workers)
        assert sorted(item["metadata"]["source_index"] for item in loader) == list(range(first, 8))
    batch = next(iter(DataLoader(Stream(DAG), batch_size=4)))
    assert batch["question"] == [item["question"] for item in DAG[:4]]
    with pytest.raises(ValueError, match="from 0; found -1"):
        Stream(DAG, -1)


# --- all of them ---


# broken if the core, the export or a bridge that needs no library imports one, or a bridge hides that its library is missing
def test_only_the_bridges_need_other_libraries():
    heavy = ("datasets", "pyarrow", "trl", "verl", "verifiers", "reasoning_gym", "torch", "transformers")
    modules = (
        "datasets.items",
        "datasets.export",
        "datasets.recipe",
        "datasets.card",
        "bridges",
        "bridges.trl",
        "bridges.verl",
        "bridges.verifiers_package",
    )
    code = f"""
import sys
for name in {heavy}:
    sys.modules[name] = None  # as if it were not installed
import synthtasks, {", ".join("synthtasks." + m for m in modules)}
for name in ("reasoning_gym", "registered", "torch_stream", "verifiers_v1", "verl_parquet"):
    try:
        __import__("synthtasks.bridges." + name)
    except ModuleNotFoundError as missing:
        print(missing.name.split(".")[0])
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["reasoning_gym", "reasoning_gym", "torch", "verifiers", "pyarrow"], "")
