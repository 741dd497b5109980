"""Expressions as JSON: writing and reading are inverse, and reading makes nothing but what the project knows."""

import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass, make_dataclass, replace
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import analysis.measures
import models
import synthtasks
import train
from analysis.running.imported import ROOMS, Unreadable, decode, imported
from models import GPTConfig
from synthtasks.corpora import Corpus, Listing, Recipe, Solved
from synthtasks.domains import TEXTS, Residues
from synthtasks.families import Circuit, Compose, Dag, Program
from synthtasks.families.texts import FUNCTIONS
from synthtasks.primitives import ADD, MUL, Primitive
from synthtasks.surfaces import Compact, Story
from synthtasks.vocab import Vocab
from tests.strategies import examples, programs
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import DAPO, GRPO, Band, Endless, Process
from train.score import Score
from train.stages.disk import write_json
from train.stages.record import kind
from train.stages.stage import SCHEMA, Stage, encode, name, same
from train.stages.store import Store

VOCAB = Compact().vocab(4, (ADD, MUL), 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB)
FAMILIES = st.one_of(programs(4, 6), st.builds(Dag, steps=st.integers(5, 8)), st.just(Circuit()), st.just(Compose()))


def written(stage: Stage, folder: Path) -> object:
    """What `stage.json` says of a stage, read back."""
    write_json(folder / "stage.json", encode(stage))
    return json.loads((folder / "stage.json").read_text())


@st.composite
def expressions(draw: st.DrawFn) -> Stage:
    """Stages that stand on stages, with families, losses and credit of many kinds."""
    family, number = draw(FAMILIES), st.floats(0, 3, exclude_min=True) | st.integers(1, 3)
    recipes = tuple(Recipe(draw(st.sampled_from([0.5, 1, 2.0])), f) for f in draw(st.lists(FAMILIES, min_size=1, max_size=2)))
    base: Stage = replace(FRESH, seed=draw(st.integers(0, 2**70)))
    for _ in range(draw(st.integers(0, 2))):
        practice = Practice(Endless(family), Process(), draw(st.sampled_from((GRPO, DAPO))), seed=draw(st.integers(0, 9)))
        losses = (draw(number), Imitate(Corpus((*recipes, Recipe(1.0, family, Listing()))))), (draw(number), practice)
        base = Learn(base, draw(st.permutations(losses).map(tuple)), draw(st.integers(1, 9)), Optim(draw(number)))
    score = Score(base, (family,), temperatures=tuple(draw(st.lists(number, min_size=1, max_size=3))))
    if isinstance(family, Program) and isinstance(base, Learn):
        return replace(base, policy=replace(FRESH, seed=1), losses=((1.0, Practice(Band(family, score, "at"), Process())),))
    return replace(score, surface=draw(st.sampled_from((Compact(), Story()))))


# Broken if what a folder says of itself did not suffice to make the same stage again: a type of number, a field, a part lost.
@examples(25)
@given(expressions())
def test_reading_inverts_writing(stage: Stage) -> None:
    record = json.loads(json.dumps(encode(stage)))
    again = imported(record, name(stage))
    assert again == stage
    assert json.dumps(encode(again)) == json.dumps(encode(stage))
    assert same(record, stage)


# Broken if an expression in which a part occurs twice at every level were written twice as long with each of them.
def test_every_stage_is_said_once(tmp_path: Path) -> None:
    one = Score(FRESH, (Program(2, 4),))
    for _ in range(30):
        one = Score(Both(one, one), (Program(2, 4),))  # type: ignore[arg-type]
    assert len(json.dumps(encode(one))) < 60 * 2_000
    assert same(encode(one), one)


@dataclass(frozen=True, eq=False, repr=False)
class Both(Stage):
    left: Stage
    right: Stage

    def run(self, out: Path, store: Store) -> None:
        store.get(self.left)


@dataclass(frozen=True)
class Marked:
    """A family of somebody's own."""

    steps: int = 2
    modulus: int = 7
    primitives: tuple[Primitive, ...] = (ADD,)


# Broken if a file could name any class or function there is, and have it imported and called.
@pytest.mark.parametrize(
    ("found", "put", "message"),
    [
        ("train.Fresh", "subprocess.Popen", "allow it: --allow subprocess"),
        ("train.Fresh", "os.system", "--allow os"),
        ("train.Fresh", "tests.test_expression.Both", "--allow tests"),
        ("train.Fresh", "__main__.0123456789ab.Fresh", "it names Fresh, which a script defines. Define it in a module"),
        ("train.Fresh", "train..policy.Fresh", "allow it"),
        ("train.Fresh", "train.policy.load_policy", "--allow train"),
        ("train.Fresh", "train.stages.store.Path", "--allow train"),
        ("train.Fresh", "train.rl.rollout", "no frozen dataclass"),
        ("train.Fresh", "synthtasks.Verdict", "has no field"),
        ("train.Fresh", "train.rl.Fresh", "not there"),
        ("train.Fresh", "synthtasks.Vocab", "has no field config"),
        ("models.GPTConfig", "train.Policy", "has no field"),
        ("synthtasks.primitives._add", "builtins.eval", "--allow builtins"),
        ("synthtasks.primitives._add", "synthtasks.primitives.Primitive", "no primitive at the top level"),
        ("synthtasks.primitives._add", "train.policy.load_policy", "--allow train"),
        ("synthtasks.primitives._add", "synthtasks.primitives._mul", "it comes to be"),
        ("synthtasks.Residues", "synthtasks.Vocab", "domain|refuses"),
    ],
)
def test_reading_makes_nothing_that_is_not_ours(found: str, put: str, message: str) -> None:
    stage = Score(FRESH, (Program(2, 4),))
    text = json.dumps(encode(stage))
    assert f'"{found}"' in text
    with pytest.raises(Unreadable, match=message):
        imported(json.loads(text.replace(f'"{found}"', f'"{put}"')), name(stage))


# Broken if what is no expression at all ended in a traceback that says nothing.
@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"schema": SCHEMA},
        {"schema": SCHEMA, "stages": []},
        {"schema": 99, "stages": [{}]},
        {"schema": SCHEMA, "stages": [{"name": "a"}]},
        {"schema": SCHEMA, "stages": [{"name": "a", "version": 1, "is": "train.Fresh", "fields": {"config": {"stage": "b"}}}]},
        {"schema": SCHEMA, "stages": [{"name": "a", "version": 1, "is": "train.Fresh", "fields": {}}]},
        {"schema": SCHEMA, "stages": [{"name": "a", "version": 1, "is": "synthtasks.families.Program", "fields": {"steps": {"x": 1}}}]},
    ],
)
def test_nonsense_is_refused(record: object) -> None:
    with pytest.raises(Unreadable):
        decode(record)


# Broken if an expression were read as one whose stages have come to mean something else since.
def test_another_version_is_refused() -> None:
    stage = Score(FRESH, (Program(2, 4),))
    text = json.dumps(encode(stage))
    with pytest.raises(Unreadable, match=r"Fresh-\w+\.VERSION was 0, and is 1 now"):
        imported(json.loads(text.replace('"version": 1', '"version": 0')), name(stage))


# Broken if a family of one's own could not be read where its package is allowed, or were read where it is not.
def test_other_packages_are_allowed_by_name() -> None:
    stage = Score(FRESH, (Marked(),))  # type: ignore[arg-type]
    with pytest.raises(Unreadable, match="--allow tests"):
        imported(encode(stage), name(stage))
    assert imported(encode(stage), name(stage), ("tests",)) == stage


def of(what: str, **defaults: int) -> type:
    """A plain dataclass that has these fields now, and may stand where a loss does."""
    loss = {"per_iteration": 1, "drawn_by": what}
    return make_dataclass(what, [(k, int, field(default=d)) for k, d in defaults.items()], namespace=loss, frozen=True)


# Broken if a field that was added since, anywhere in an expression, made its record another one's; or if one that is turned did not.
def test_a_record_may_lack_what_is_at_its_default() -> None:
    plain, more, other = of("Knobs", a=1), of("Knobs", a=1, b=2), of("Knobs", a=5)

    def holding(knobs: object) -> Stage:
        return Score(Learn(FRESH, ((1.0, knobs),), 3), (Program(2, 4),))  # type: ignore[arg-type]

    then = encode(holding(plain()))
    assert same(then, holding(more()))
    assert same(json.loads(json.dumps(then)), holding(plain()))
    assert not same(then, holding(more(b=3)))
    assert not same(then, holding(other()))
    assert not same(encode(holding(more())), holding(plain()))


# Broken if a record passed for a stage that it does not say: another kind or value anywhere, another part, a part that it lacks.
def test_a_record_says_one_stage() -> None:
    stage = Score(Learn(FRESH, ((0.5, of("Knobs", a=1)()),), 3), (Program(2, 4), Program(3, 4)), temperatures=(1.0, 0.5))  # type: ignore[arg-type]
    text = json.dumps(encode(stage))
    assert same(json.loads(text), stage)
    learned, fresh = name(stage.policy), name(FRESH)
    for found, put in (
        ('"problems": 512', '"problems": 511'),
        ('"iterations": 3, ', ""),
        ("[1.0, 0.5]", "[1.0, 0.5, 0.25]"),
        ("[1.0, 0.5]", '{"0": 1.0}'),
        ('"synthtasks.families.Program"', '"synthtasks.families.Dag"'),
        (f'{{"stage": "{learned}"}}', f'{{"stage": "{fresh}"}}'),
        (f'"name": "{fresh}"', '"name": "Fresh-0"'),
        (f'"name": "{name(stage)}"', '"name": "Score-0"'),
        (f'"schema": {SCHEMA}', '"schema": 1'),
    ):
        assert found in text
        assert not same(json.loads(text.replace(found, put)), stage), found
    assert not any(same(nonsense, stage) for nonsense in (None, [], {"schema": SCHEMA}, {"schema": SCHEMA, "stages": [None, name(stage)]}))


# Broken if a primitive were known by its name alone: an edited one makes other problems.
def test_a_primitive_is_known_by_its_table() -> None:
    stage, edited = Score(FRESH, (Program(2, 4),)), Score(FRESH, (Program(2, 4, primitives=(replace(ADD, apply=MUL.apply),)),))
    assert not same(encode(edited), stage)
    record, table = json.dumps(encode(stage)), MUL.digest(10)  # of a family's default, which is no part of its stage's name
    assert table in record
    assert same(json.loads(record), stage)
    assert not same(json.loads(record.replace(table, "0" * 16)), stage)
    with pytest.raises(Unreadable, match=r"families\.0\.outside\.2\.table was .0{16}., and is"):
        imported(json.loads(record.replace(table, "0" * 16)), name(stage))
    texts = Score(FRESH, (Compose(functions=FUNCTIONS[:2]),))  # type: ignore[arg-type]
    again = imported(json.loads(json.dumps(encode(texts))), name(texts))
    assert isinstance(again, Score)
    assert {p.domain for p in again.families[0].primitives} == {TEXTS}


NO_PARTS = {
    "Batch",
    "Objective",
    "Spelling",
    "Windows",  # dataclasses that are checked or called, and are no part of an experiment
    *("OfTokens", "Subsets"),  # bases of others
    *(
        "Above",
        "Answer",
        "Completions",
        "Correlation",
        "Counts",
        "Csv",
        "Exact",
        "From",
        "Holder",
        "Instruct",
        "Items",
        "Machine",
        "Measured",
        "Shape",
    ),
    *(
        "Graph",
        "Scattered",
        "Stage",
        "Stats",
        "TensorBoard",
        "Turned",
        "Vocabulary",
        "Wandb",
        "Answers",
        "Dial",
        "Forced",
        "Shift",
        "ShiftAt",
        "Project",
    ),
}


def configuration() -> list[type]:
    """The dataclasses of the project that check what they are given, are called, or are stages."""
    packages = (synthtasks, models, train, analysis.measures)
    names = [m.name for package in packages for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    modules = [import_module(n) for n in names if not re.search("bridges|laws|commands|__main__", n)]  # extras, and no parts
    found = [of for m in modules for of in vars(m).values() if isinstance(of, type) and of.__module__ == m.__name__ and is_dataclass(of)]
    parts = [
        of for of in found if not of.__module__.startswith("analysis.measures") or issubclass(of, Stage) or of is analysis.measures.Rule
    ]  # measures read stages, and are in none
    return [of for of in parts if {"__post_init__", "__call__", "run"} & set(dir(of)) and of.__name__ not in NO_PARTS]


# Broken if a class were named by its file: moving it would orphan every result that it is a part of, and no file could name it.
def test_every_part_of_an_experiment_is_offered_by_a_room() -> None:
    named = {of: kind(of).name for of in (*configuration(), Residues, Solved, Compact, Primitive, Vocab)}
    assert len(named) > 40
    homeless = {of.__qualname__: said for of, said in named.items() if said.rpartition(".")[0] not in ROOMS}
    assert not homeless, f"offer {homeless} in the __init__ of a room"


OFFERS = {
    "from room.deep.{file} import Clock\n": "room.deep",
    "def __getattr__(name):\n    from room.deep.{file} import Clock\n    return {{'Clock': Clock}}[name]\n": "room.deep",
    "": "room",
}


# Broken if moving a class to another file of its room gave its results another name; whether the room, or the next one around it, offers
# it, at once or when it is asked for.
@pytest.mark.parametrize("offer", OFFERS)
def test_a_class_can_move_inside_its_room(offer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = set()
    for file in ("first", "second"):
        root = tmp_path / file
        (root / "room" / "deep").mkdir(parents=True)
        (root / "room" / "__init__.py").write_text("" if offer else f"from room.deep.{file} import Clock\n")
        (root / "room" / "deep" / "__init__.py").write_text(offer.format(file=file))
        text = "from dataclasses import dataclass\n\n@dataclass(frozen=True)\nclass Clock:\n    hours: int = 12\n"
        (root / "room" / "deep" / f"{file}.py").write_text(text)
        monkeypatch.setattr(sys, "path", [str(root), *sys.path])
        made = import_module(f"room.deep.{file}").Clock(24)
        assert kind(type(made)).name == f"{OFFERS[offer]}.Clock"
        named.add(Score(FRESH, (made,)).identity)
        for module in [m for m in sys.modules if m.split(".")[0] == "room"]:
            del sys.modules[module]
        monkeypatch.undo()
    assert len(named) == 1


# Broken if a class that a room offers had another name where its module was started, in which it is another object.
def test_a_started_module_names_what_its_room_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    started, imported_, room = (ModuleType(n) for n in ("__main__", "house.study", "house"))
    started.__spec__, room.__path__ = ModuleSpec("house.study", None), []  # type: ignore[attr-defined]
    kinds = [of("Knobs", a=1) for _ in range(2)]
    for module, made in zip((started, imported_), kinds, strict=True):
        made.__module__, module.Knobs = module.__name__, made  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
    room.Knobs = kinds[1]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "house", room)
    assert [kind(k).name for k in kinds] == ["house.Knobs"] * 2


@dataclass(frozen=True)
class Rule:
    """A function, which in a family is told from others by its value at the modulus."""

    function: Callable[[int], int]

    def canonical(self, modulus: int) -> dict[str, str]:
        return {"value": str(self.function(modulus))}

    def origin(self) -> dict[str, object]:
        return {"arity": 1}


@dataclass(frozen=True)
class Ruled:
    """A family with one."""

    rule: Rule
    steps: int = 2
    modulus: int = 7


# Broken if only the task library's own classes could say what makes them one, or if how a value is made again told it from another.
def test_a_value_may_have_an_identity_of_its_own() -> None:
    double, more, twice = (Score(FRESH, (Ruled(Rule(f)),)) for f in (lambda m: 2 * m, lambda m: m + 7, lambda m: 3 * m))
    assert double == more != twice
    assert same(encode(double), more)
    assert not same(encode(double), twice)
    text = json.dumps(encode(double))
    assert same(json.loads(text.replace('"arity": 1', '"arity": 9')), more)
    with pytest.raises(TypeError, match="cannot be part of an experiment"):
        name(Score(FRESH, (Rule(abs),)))  # type: ignore[arg-type]  # which has no modulus


# Broken if listing what there is waited for torch, which takes longer to import than all else.
def test_stages_are_imported_without_torch() -> None:
    code = (
        "import sys, train.stages.store, train.stages.circumstances, train, models; print({'torch', 'scipy', 'lightning'} & {*sys.modules})"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.strip() == "set()"
