"""Expressions: what makes two of them one, and how a stage comes to be run once, whatever dies on the way."""

import hashlib
import json
import linecache
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import InitVar, dataclass, field, make_dataclass, replace
from enum import IntEnum, StrEnum
from importlib.machinery import ModuleSpec
from inspect import stack
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.design.recipes import Tasks
from analysis.design.scale import SMOKE
from analysis.design.study import Setting
from analysis.running.agenda import Agenda
from analysis.running.imported import Unreadable, imported
from analysis.running.plan import OVERHEAD, Need, longest, probe
from analysis.studies import STUDIES
from models import GPTConfig
from synthtasks.corpora import Corpus, Listing, Recipe
from synthtasks.families import Circuit, Mix, Part, Program, Tree, Uses
from synthtasks.primitives import ADD, MAX, MUL, SUB, Primitive
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses.imitate import Imitate
from train.optim import Optim
from train.policy import Fresh, load_policy
from train.score import Score
from train.stages.disk import write_json
from train.stages.record import STARTED, kind, kind_of
from train.stages.seal import defined
from train.stages.stage import Stage, Trial, Undefined, closure, encode, name, same
from train.stages.store import Store

PATIENCE = 300.0  # seconds that a child process gets, on a machine that does other things too
stage = dataclass(frozen=True, eq=False, repr=False)


def note(store: Store, line: object) -> None:
    """Append to the list of what was run."""
    with open(store.root / "runs.txt", "a") as file:
        print(line, file=file)


def noted(store: Store) -> list[str]:
    return (store.root / "runs.txt").read_text().split("\n")[:-1]


@stage
class Number(Stage):
    value: int

    def run(self, out: Path, store: Store) -> None:
        note(store, self.value)
        (out / "number").write_text(str(self.value))


@stage
class Sum(Stage):
    parts: tuple[Stage, ...]

    def run(self, out: Path, store: Store) -> None:
        total = sum(int((defined(store.get(p)) / "number").read_text()) for p in self.parts)
        note(store, total)
        (out / "number").write_text(str(total))


@stage
class Holds(Stage):
    value: object = 0

    def run(self, out: Path, store: Store) -> None:
        note(store, self.value)


@stage
class Unanswerable(Stage):
    def run(self, out: Path, store: Store) -> None:
        note(store, "asked")
        raise Undefined("no such region")


@stage
class Halting(Stage):
    """Writes down each attempt in its draft, and stops in the middle of it while `root/halt` exists."""

    def run(self, out: Path, store: Store) -> None:
        with open(out / "attempts", "a") as file:
            print("attempt", file=file)
        if (store.root / "halt").exists():
            raise RuntimeError("halted")


@stage
class Slow(Stage):
    """Takes a while; with `root/hang`, for ever."""

    def run(self, out: Path, store: Store) -> None:
        note(store, "slow")
        until = time.monotonic() + 2 * PATIENCE
        while (store.root / "hang").exists() and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.5)


def attempts(folder: Path) -> int:
    return len((folder / "attempts").read_text().splitlines())


def processes() -> ForkServerContext:
    """Children that start with our modules loaded, in a fresh process each."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "hypothesis", "train.losses.practice", "train.sample", "train.score"])
    return context


def get_slow(root: Path) -> None:
    Store(root).get(Slow())


def wait_for(path: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.01)


def fingerprint(stage: Stage) -> str:
    return stage.identity


def in_family(primitive: Primitive, modulus: int = 10) -> Holds:
    return Holds(Program(primitives=(primitive,), modulus=modulus))


# Broken if a part that occurs three times in an expression, or in two expressions, were run more than once.
def test_shared_parts_run_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    two = Sum((Number(1), Number(1)))
    assert (store.get(Sum((two, Number(1), two))) / "number").read_text() == "5"
    assert (store.get(Sum((two, Number(7)))) / "number").read_text() == "9"
    assert sorted(noted(store)) == ["1", "2", "5", "7", "9"]


# Broken if identity depended on the object, or on how a default is written, rather than on the value.
def test_equal_expressions_have_one_folder(tmp_path: Path) -> None:
    store = Store(tmp_path)
    implicit, explicit = Holds(Program(steps=2)), Holds(Program(steps=2, lines=24, uses=Uses(), primitives=(ADD, SUB, MUL)))
    assert store.get(implicit) == store.get(explicit) == Store(tmp_path).get(replace(implicit))
    assert len(noted(store)) == 1


NUMBERS = st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, 2.0, 0.5, 1e300, float("inf")])
ATOMS = st.none() | NUMBERS | st.sampled_from(["", "1", "null", "[]"])
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3).map(tuple) | inner.map(Holds), max_leaves=6)


# Broken if two expressions that are equal lay in two folders (1 and 1.0), or two that differ in one ("1" and 1, () and None).
@given(VALUES, VALUES)
def test_fingerprints_are_equal_exactly_where_expressions_are(left: object, right: object) -> None:
    assert (fingerprint(Holds(left)) == fingerprint(Holds(right))) == (left == right)


# Broken if a number that equals its default were one expression where it stands, and another in what builds on it.
def test_an_integer_for_a_default_that_is_a_float_changes_nothing(tmp_path: Path) -> None:
    store, again = Store(tmp_path), Store(tmp_path)
    assert store.get(Holds((Tuned(),))) == again.get(Holds((Tuned(rate=1),)))
    assert len(noted(store)) == 2
    assert Tuned() == Tuned(rate=1) != Tuned(rate=2)


@stage
class Tuned(Stage):
    rate: float = 1.0

    def run(self, out: Path, store: Store) -> None:
        note(store, self.rate)


def python(script: Path, seed: str) -> str:
    """What a script prints in a fresh process."""
    command, environment = [sys.executable, str(script)], os.environ | {"PYTHONHASHSEED": seed}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


# Broken if a fingerprint hung on the order of a set or on `hash`: then a second process would find no results of the first.
def test_fingerprints_do_not_know_the_hash_seed(tmp_path: Path) -> None:
    code = (
        "from dataclasses import dataclass\nfrom synthtasks import Program, Uses\nfrom train.stages.stage import Stage\n"
        "@dataclass(frozen=True, eq=False, repr=False)\nclass H(Stage):\n    family: Program\n    def run(self, out, store): ...\n"
        "print(hash('a'), H(Program(2, uses=Uses(('add', 'mul'), 1), modulus=7)).identity)"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    (first_hash, first), (second_hash, second) = python(script, "1").split(), python(script, "2").split()
    assert first_hash != second_hash
    assert first == second


def knob(version: int = 1, **knobs: int) -> type[Stage]:
    """A stage called Knob, as it stood at some time: with these fields and defaults."""
    columns = [("policy", int), *((k, int, field(default=d)) for k, d in knobs.items())]
    body = {"run": Holds.run, "value": 0, "VERSION": version}
    return make_dataclass("Knob", columns, bases=(Stage,), frozen=True, eq=False, repr=False, namespace=body)


# Broken if a new knob whose default keeps the old behaviour orphaned every old result; or if turning it did not.
def test_a_new_field_at_its_default_keeps_the_fingerprint() -> None:
    old, new = knob(temperature=1), knob(temperature=1, spare=4)
    assert fingerprint(old(3)) == fingerprint(new(3)) == fingerprint(new(3, spare=4))
    assert len({fingerprint(s) for s in (old(3), old(4), new(3, spare=5), new(3, temperature=5))}) == 4


# Broken if a stage whose `run` has come to mean something else, or anything built on it, were served its old results.
def test_a_version_is_part_of_the_identity() -> None:
    old, new = knob(), knob(version=2)
    assert fingerprint(old(3)) != fingerprint(new(3))
    assert fingerprint(Sum((old(3),))) != fingerprint(Sum((new(3),)))


# Broken if what has no identity across processes were named by its address, by its rounding, or refused without a word of advice.
@pytest.mark.parametrize(
    "value",
    [lambda x: x, torch.ones(2), np.ones(2), {1, 2}, frozenset({1}), [1], {"a": 1}, b"1", GPTConfig, ADD, (1, (ADD,)), Path("a")],
    ids=lambda v: type(v).__name__,
)
def test_unstable_values_are_refused(value: object, tmp_path: Path) -> None:
    for holder in (Holds(value), Holds((value,)), Sum((Holds(value),))):
        with pytest.raises(TypeError, match="cannot be part of an experiment"):
            fingerprint(holder)
    with pytest.raises(TypeError, match="cannot be part of an experiment"):
        Store(tmp_path).get(Holds(value))


def _other_everywhere(a: int, b: int, modulus: int) -> int:
    return (a + b + 1) % modulus


def _other_outside_ten(a: int, b: int, modulus: int) -> int:
    return (a + b) % modulus if modulus == 10 else 0


# Broken if an edited primitive, which makes other problems, were served the results of the old one; or if an edit that makes no
# other problem lost them.
def test_a_primitive_is_its_truth_table_at_the_modulus() -> None:
    edited, same = replace(ADD, apply=_other_everywhere), replace(ADD, apply=_other_outside_ten)
    assert fingerprint(in_family(ADD)) != fingerprint(in_family(edited))
    assert fingerprint(in_family(ADD)) == fingerprint(in_family(same))
    assert fingerprint(in_family(ADD, 7)) != fingerprint(in_family(same, 7))
    assert fingerprint(in_family(ADD)) != fingerprint(in_family(replace(ADD, symbol="@")))
    assert fingerprint(in_family(ADD)) != fingerprint(in_family(replace(ADD, name="plus")))


def loaded(called: str, monkeypatch: pytest.MonkeyPatch, spec: ModuleSpec | None = None, file: Path | None = None) -> type[Stage]:
    """A stage of a module that was started, or imported, under this name."""
    module, kind = ModuleType(called), knob(spare=4)
    kind.__module__ = called
    vars(module).update(__spec__=spec, Knob=kind, **({"__file__": str(file)} if file else {}))
    monkeypatch.setitem(sys.modules, called, module)
    return kind


# Broken if a stage that a script defines were another one in the script's workers, which load it under another name, or once imported.
@pytest.mark.parametrize(("spec", "names"), [(None, STARTED), (ModuleSpec("some.study", None), (*STARTED, "some.study"))])
def test_what_a_script_defines_is_one_in_all_its_processes(
    spec: ModuleSpec | None, names: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "script.py").write_text("one")
    made = [loaded(n, monkeypatch, spec, tmp_path / "script.py")(3, spare=5) for n in names]
    assert len({(s.identity, s.meaning) for s in made}) == 1
    assert (kind_of(type(made[1])) == "some.study.Knob") == (spec is not None)


# Broken if what two scripts call the same were the same, whatever they do; or if a name were given to what no other process finds.
def test_what_two_scripts_define_is_not_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = set()
    for text in ("one", "another"):
        (tmp_path / "script.py").write_text(text)
        names.add(fingerprint(loaded("__main__", monkeypatch, None, tmp_path / "script.py")(3)))
    assert len(names) == 2
    lost = loaded("__main__", monkeypatch, None, tmp_path / "script.py")
    loaded("__main__", monkeypatch, None, tmp_path / "script.py")  # another in its place
    for nowhere in (lost, loaded("__main__", monkeypatch)):  # typed in by hand
        with pytest.raises(TypeError, match=r"Knob cannot be part of an experiment: .*Define it at the top level of a module"):
            fingerprint(nowhere(3))


CELL = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Paid:
    def __call__(self): return {}
"""


# Broken if a part that a notebook's cell defines were refused, kept its name when the cell changed, or changed it when the cell ran again.
def test_what_a_cell_of_a_notebook_defines_is_named_by_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for number, text in enumerate((CELL.format(1), CELL.format(2), CELL.format(2))):
        notebook, file = ModuleType("__main__"), f"cell {number}"
        monkeypatch.setitem(sys.modules, "__main__", notebook)
        monkeypatch.setitem(linecache.cache, file, (len(text), None, text.splitlines(keepends=True), file))  # as a notebook does
        exec(compile(text, file, "exec"), vars(notebook))
        names.append(kind_of(notebook.Paid))
    assert names[0] != names[1] == names[2]
    assert all(name.startswith("__main__.") and name.endswith(".Paid") for name in names)


# Broken if a part used what another cell of the notebook defines: with that changed, it would keep its name and old results.
@pytest.mark.parametrize(
    ("other", "uses", "refused"),
    [
        ("PAY = 2", "PAY", "PAY"),
        ("def pay(): return 2", "pay()", "pay"),
        ("pay = object()", "pay", "pay"),
        ("from dataclasses import fields; import math", "fields, math", ""),
        ("points = 2", "(lambda points: points)(1)", ""),  # a name of its own
    ],
)
def test_a_part_uses_nothing_of_other_cells(other: str, uses: str, refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook, text = ModuleType("__main__"), CELL.format(uses)
    monkeypatch.setitem(sys.modules, "__main__", notebook)
    monkeypatch.setitem(linecache.cache, "a cell", (len(text), None, text.splitlines(keepends=True), "a cell"))
    exec(other, vars(notebook))
    exec(compile(text, "a cell", "exec"), vars(notebook))
    if not refused:
        assert kind_of(notebook.Paid).endswith(".Paid")
        return
    with pytest.raises(TypeError, match=f"its cell uses {refused} of other cells, and a change there would go unnoticed: put"):
        kind_of(notebook.Paid)


# Broken if a changed default, which does not enter the fingerprint, were served the results of the old default.
def test_results_of_another_meaning_are_refused(tmp_path: Path) -> None:
    old, new = knob(spare=4), knob(spare=5)
    folder = Store(tmp_path).get(old(3))
    assert folder == Store(tmp_path).path(new(3))
    for ask in (Store(tmp_path).get, Store(tmp_path).has):
        with pytest.raises(ValueError, match=r"meant something else.*Raise Knob\.VERSION"):
            ask(new(3))
    assert Store(tmp_path).get(new(3, spare=4)) != folder


# Broken if half a result could be taken for a whole one, or if the half that is there were thrown away.
def test_an_interrupted_stage_leaves_no_result_and_its_draft_is_continued(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "halt").touch()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="halted"):
            store.get(Halting())
        assert not store.has(Halting())
        assert not store.path(Halting()).exists()
    (tmp_path / "halt").unlink()
    folder = store.get(Halting())
    assert attempts(folder) == 3
    assert sorted(p.name for p in folder.iterdir()) == ["attempts", "checksums.json", "run.json", "stage.json"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("Halting")] == [folder.name]  # no draft


# Broken if what another meaning of the expression, or a kill before it was written down, left were continued as ours.
@pytest.mark.parametrize("record", ['{"is": "something else"}', None])
def test_a_draft_of_another_meaning_is_cleared(record: str | None, tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = tmp_path / f"{name(Halting())}.draft"
    draft.mkdir()
    (draft / "attempts").write_text("attempt\n" * 9)
    if record is not None:
        (draft / "stage.json").write_text(record)
    assert attempts(store.get(Halting())) == 1


FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(2, (ADD, MUL), 3)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)


# Broken if a question without an answer stopped the studies that ask it, were asked again and again, or if what builds on it
# were given anything in its place.
def test_undefined_is_a_result_and_propagates(tmp_path: Path) -> None:
    store = Store(tmp_path)
    learn = Learn(Unanswerable(), ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)))),), 1)
    stages = Unanswerable(), Sum((Number(1), Unanswerable())), learn, Score(learn, (FAMILY,), problems=2)
    for _ in range(2):
        for again in (store, Store(tmp_path)):
            for asked in stages:
                with pytest.raises(Undefined, match="no such region"):
                    defined(again.get(asked))
                assert again.has(asked)
    with pytest.raises(Undefined, match="no such region"):
        load_policy(store.get(learn))
    assert sorted(noted(store)) == ["1", "asked"]
    assert not (store.path(learn) / "policy.json").exists()


# Broken if two processes that want one result both computed it, or if one saw it before it was whole.
def test_two_processes_run_a_stage_once(tmp_path: Path) -> None:
    children = [processes().Process(target=get_slow, args=(tmp_path,)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(PATIENCE)
    assert [child.exitcode for child in children] == [0, 0]
    assert noted(Store(tmp_path)) == ["slow"]
    assert Store(tmp_path).has(Slow())


# Broken if a process that was killed in the middle of a stage kept everybody after it waiting.
def test_a_killed_process_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "hang").touch()
    child = processes().Process(target=get_slow, args=(tmp_path,))
    child.start()
    wait_for(tmp_path / "runs.txt")
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join(PATIENCE)
    assert Store(tmp_path).leases.holder(name(Slow())) is not None
    (tmp_path / "hang").unlink()
    heir = processes().Process(target=get_slow, args=(tmp_path,), daemon=True)
    heir.start()
    heir.join(PATIENCE)
    assert heir.exitcode == 0
    assert noted(Store(tmp_path)) == ["slow", "slow"]


# Broken if a stage were run before what it builds on, listed twice, or overlooked inside a tuple or a plain dataclass.
def test_closure_lists_each_stage_once_after_its_parts() -> None:
    one, two = Number(1), Holds((1, (Number(1), Number(2))))
    top = Sum((Sum((one, two)), one, Holds(Optional(two))))
    assert Holds(Optional(two)).upstream == (two,)
    order = closure((two, top, top))
    assert len(order) == len(set(order)) == 6
    assert all(order.index(part) < order.index(whole) for whole in order for part in whole.upstream)


@dataclass(frozen=True)
class Optional:
    """A plain dataclass with a stage inside."""

    stage: Stage


@dataclass(frozen=True)
class Scaled:
    """Its equality passes over the factor."""

    factor: float = field(default=1.0, compare=False)


@stage
class Rewarded(Stage):
    """A scale that is a default."""

    scale: Scaled = Scaled()
    version: int = 1

    def run(self, out: Path, store: Store) -> None:
        note(store, self.scale.factor)


# Broken if a field over which equality passes were passed over: the second of two experiments would be given the results of the first.
def test_fields_that_do_not_compare_are_part_of_an_expression() -> None:
    assert Scaled(1.0) == Scaled(5.0)
    ones, fives = (Holds(Scaled(1.0)), Rewarded()), (Holds(Scaled(5.0)), Rewarded(Scaled(5.0)))
    for one, five in zip(ones, fives, strict=True):
        assert one.identity != five.identity
        assert one.meaning != five.meaning
        assert one != five
        assert same(encode(five), five)
        assert not same(encode(one), five)
    assert Rewarded(Scaled(1)).identity == Rewarded().identity


# Broken if a field called `version` took the place of the version of the stage: then raising that would change nothing.
def test_a_field_called_version_is_no_version() -> None:
    newer = type("Rewarded", (Rewarded,), {"VERSION": 2, "__dataclass_params__": Rewarded.__dataclass_params__})  # type: ignore[attr-defined]
    newer.__module__ = Rewarded.__module__
    assert kind_of(newer) == kind_of(Rewarded)
    assert len({s(version=v).identity for s in (Rewarded, newer) for v in (1, 2)}) == 4


# Broken if a field took the place of what a stage says of itself: its name would be whatever the field holds.
@pytest.mark.parametrize("field", ["identity", "meaning", "upstream", "hashes"])
def test_no_field_names_its_stage(field: str) -> None:
    with pytest.raises(TypeError, match=f"a stage has its {field} from its expression"):
        make_dataclass("Mine", [(field, object)], bases=(Holds,), frozen=True, eq=False, repr=False)


@dataclass
class Loose:
    """Can change."""

    value: int = 0


class Undecorated(Scaled):
    """Can be given more, since the decorator guards only the class that it stands on."""


@dataclass(frozen=True)
class Poured:
    """Keeps what is no field."""

    amount: InitVar[int] = 0

    def __post_init__(self, amount: int) -> None:
        object.__setattr__(self, "kept", amount)


class Pair(NamedTuple):
    """Two numbers."""

    left: int
    right: int


@dataclass(frozen=True)
class Word(str):
    """A text, and more."""

    tag: int = 0


@dataclass(frozen=True)
class Compared(Stage):
    """Equal where its fields are."""

    scale: Scaled = Scaled()

    def run(self, out: Path, store: Store) -> None:
        """Nothing."""


def local() -> object:
    @dataclass(frozen=True)
    class Mine:
        value: int = 0

    return Mine()


# Broken if what can change after it was named, or holds what is no field of it, were named: one name for two experiments.
@pytest.mark.parametrize(
    "value",
    [
        *(Loose(), Undecorated(), Poured(1), Word("a"), local(), Compared()),
        *(Pair(1, 2), np.float64(0.5), IntEnum("Level", "low")(1), StrEnum("Colour", "red")("red"), (Uses(), (Pair(1, 2),))),
    ],
    ids=lambda v: type(v).__name__,
)
def test_what_fields_do_not_say_in_full_is_refused(value: object) -> None:
    for holder in (Holds(value), Holds((value,)), Sum((Holds(value),))):
        with pytest.raises(TypeError, match=r"cannot be part of an experiment|is a stage, and equal where"):
            fingerprint(holder)


# Broken if one experiment had two names: by the sign of zero, the type of a number, a default that is said, the order of fields.
def test_one_experiment_has_one_name() -> None:
    assert len({Tuned(rate).identity for rate in (0.0, -0.0, 0, False)}) == 1
    assert len({Tuned(rate).identity for rate in (1.0, 1, True)} | {Tuned().identity}) == 1
    assert Holds(Program(uses=Uses())).identity == Holds(Program()).identity
    columns = [("a", int), ("b", int)]
    one, other = (make_dataclass("Two", c, frozen=True) for c in (columns, columns[::-1]))
    assert Holds(one(a=1, b=2)).identity == Holds(other(a=1, b=2)).identity
    nan = Tuned(float("nan"))
    assert nan == Tuned(float("nan"))
    assert same(json.loads(json.dumps(encode(nan))), nan)


@dataclass(frozen=True)
class Clock:
    """A family that draws with what is no field of it."""

    steps: int = 2
    primitives = (ADD,)
    modulus = 12
    names = 2


# Broken if a family whose primitive, size or names were edited, which are no fields of it, kept its name and was given its old results;
# or if a record of it passed for one of the edited one.
@pytest.mark.parametrize(
    ("what", "edited"),
    [
        ("primitives", (replace(ADD, apply=MAX.apply),)),
        ("primitives", property(lambda self: (MAX,))),
        ("modulus", 24),
        ("modulus", property(lambda self: 24)),
        ("names", 3),
    ],
)
def test_what_a_family_draws_with_is_part_of_it(what: str, edited: object, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Holds((Clock(),))
    record, names = json.loads(json.dumps(encode(before))), (before.identity, before.meaning)
    assert same(record, before)
    monkeypatch.setattr(Clock, what, edited)
    kind.cache_clear()
    after = Holds((Clock(),))
    assert after.identity != names[0]
    assert after.meaning != names[1]
    text = json.dumps(record).replace(before.identity, after.identity)
    assert not same(json.loads(text), after)
    with pytest.raises(Unreadable, match="it comes to be"):
        imported(record, f"Holds-{names[0]}", ("tests",))
    kind.cache_clear()


# Broken if a mixture were named by tables of its primitives at the modulus of its largest part, where they leave their domain.
def test_a_mixture_is_named_by_its_parts() -> None:
    one, two = (Holds(Mix((Part(1, Circuit(steps=n)), Part(1, Tree())))) for n in (5, 6))
    assert one.identity != two.identity


DEEP = 2_000


@pytest.fixture(scope="module")
def chain() -> tuple[Stage, ...]:
    """Stages that stand on each other."""
    made: list[Stage] = [Number(0)]
    for _ in range(DEEP):
        made.append(Sum((made[-1],)))
    return tuple(made)


# Broken if a long chain of stages (a curriculum, expert iteration) could not be named, told apart, said, read, or sent to a worker.
def test_a_long_chain_is_a_stage_like_any_other(chain: tuple[Stage, ...]) -> None:
    again = pickle.loads(pickle.dumps(chain[-1]))
    assert closure(chain[-1:]) == chain
    assert again == chain[-1]
    assert hash(again) == hash(chain[-1])
    assert repr(again) == name(chain[-1])
    record = json.loads(json.dumps(encode(again)))
    assert same(record, chain[-1])
    assert not same(record, Sum(chain[-2:]))
    assert imported(record, name(again), ("tests",)) == again


@stage
class Thorough(Stage):
    """A thousand times as much as a number."""

    def run(self, out: Path, store: Store) -> None: ...

    def trials(self) -> tuple[Trial, ...]:
        return Trial(Number(1), 1_000.0), Trial(Number(2))


# Broken if plans passed over the trials of a stage that they do not know, or counted one that tells its memory alone.
def test_a_stage_is_planned_by_its_trials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Thorough().word == "thorough"
    monkeypatch.setattr("analysis.running.plan._need", lambda stage, store: Need(0.5 * stage.value, 10.0 * stage.value))
    assert probe(Thorough(), Store(tmp_path)) == Need(500.0, 20.0)
    assert probe(Number(1), Store(tmp_path)) == Need(OVERHEAD)


# Broken if a long chain of which nothing is there could not be planned.
def test_a_long_chain_is_planned(chain: tuple[Stage, ...], tmp_path: Path) -> None:
    agenda = Agenda(chain[-1:], Store(tmp_path), lambda s: 1.0)
    assert agenda.next() == chain[0]
    assert len(agenda.state.waiting) == DEEP
    assert longest(chain, lambda s: 1.0) == DEEP + 1


# Broken if each link of a chain looked at all those under it again: a chain twice as long would take four times as long.
def test_naming_a_chain_is_linear(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [0]

    def counted(stage: Stage, upstream: Any = Stage.__dict__["upstream"]) -> tuple[Stage, ...]:
        calls[0] += 1
        return upstream.__get__(stage)  # type: ignore[no-any-return]

    monkeypatch.setattr(Stage, "upstream", property(counted))
    counts = []
    for links in (100, 200):
        top: Stage = Number(0)
        for _ in range(links):
            top = Holds((top,))
            _ = top.identity
        assert len(closure((top,))) == links + 1
        counts.append(calls[0])
    assert counts[1] - counts[0] <= 2 * counts[0] + 10


# Broken if the parts of a stage ran one inside the other: a long chain of which nothing is there could not be run.
def test_a_long_chain_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top: Stage = Number(0)
    for _ in range(12):
        top = Sum((top,))
    store, depths = Store(tmp_path), list[int]()
    monkeypatch.setattr(Sum, "run", lambda self, out, store: depths.append(len(stack())))
    store.get(top)
    assert len(depths) == 12
    assert len(set(depths[:-1])) == 1  # of all below the last


# Broken if pickling changed a stage: its parts, what they share, or what lies beside them.
@given(VALUES)
def test_pickling_keeps_an_expression(value: object) -> None:
    before = Sum((Holds(value), Holds(Optional(Holds(value)))))
    again = pickle.loads(pickle.dumps(before))
    assert again == before
    assert encode(again) == encode(before)


# Pinned because folders on disk bear these names, of a study that is made of every kind of stage.
def test_the_names_of_a_study_are_golden() -> None:
    stages = closure([s for cell in STUDIES["grid"].every(Setting(SMOKE, (0, 1), Tasks())) for s in cell.stages])
    said = "\n".join(sorted(f"{name(s)} {s.meaning}" for s in stages))
    assert len(stages) == 106
    assert hashlib.sha256(said.encode()).hexdigest()[:16] == "6f00b122e14c766d"


# Pinned because folders on disk bear this name. If it moves, every result made so far is orphaned: that must be meant, and then
# a VERSION is the way. One number for the whole grammar: tuples, defaults left out, primitives by table, versions, nesting.
def test_the_fingerprint_of_a_real_expression_is_golden() -> None:
    family = Program(4, 12, (ADD, MAX), (ADD,), Uses(("max",), 2), modulus=10)
    vocab = Compact().vocab(12, (ADD, MAX), 10)
    corpus = Corpus((Recipe(0.5, family), Recipe(1.5, replace(family, steps=2, uses=Uses()), Listing())), withheld=("max",))
    learned = Learn(Fresh(GPTConfig(len(vocab), conv=0), vocab, seed=3), ((1.0, Imitate(corpus)),), 500, Optim(1e-3, warmup=20))
    assert name(Score(learned, (family, replace(family, steps=6)), problems=64)) == "Score-d8e238f14b26"


# Broken if what a folder says of itself left anything out, a default for one: nobody could tell later what was run.
def test_a_folder_tells_its_whole_expression(tmp_path: Path) -> None:
    write_json(tmp_path / "stage.json", encode(Score(Fresh(CONFIG, VOCAB), (FAMILY,))))
    text = (tmp_path / "stage.json").read_text()
    assert all(f'"{knob}"' in text for knob in ("rope_base", "kv_heads", "seed", "words", "version", "feedforward", "uses", "symbol"))
