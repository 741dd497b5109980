"""Expressions as JSON: writing and reading are inverse, and reading makes nothing but what the project knows."""

import json
from dataclasses import dataclass, field, make_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.running.imported import Imported, imported
from models import GPTConfig
from synthtasks.corpora import Corpus, Listing, Recipe
from synthtasks.domains import TEXTS
from synthtasks.families import Circuit, Compose, Dag, Program
from synthtasks.families.texts import FUNCTIONS
from synthtasks.primitives import ADD, MUL, Primitive
from synthtasks.surfaces import Compact, Story
from tests.strategies import examples, programs
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import DAPO, GRPO, Band, Endless, Process
from train.score import Score
from train.stages.disk import write_json
from train.stages.record import Unreadable, decode, encode, same
from train.stages.stage import Stage, name
from train.stages.store import Store

VOCAB = Compact().vocab(4, (ADD, MUL), 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB)
PACKAGES = ("synthtasks", "models", "train", "analysis")
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
    again = imported(record, name(stage), PACKAGES)
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
        ("train.policy.Fresh", "subprocess.Popen", "allow it: --allow subprocess"),
        ("train.policy.Fresh", "os.system", "--allow os"),
        ("train.policy.Fresh", "tests.test_expression.Both", "--allow tests"),
        ("train.policy.Fresh", "__main__.0123456789ab.Fresh", "it names Fresh, which a script defines. Define it in a module"),
        ("train.policy.Fresh", "train..policy.Fresh", "allow it"),
        ("train.policy.Fresh", "train.policy.load_policy", "no frozen dataclass"),
        ("train.policy.Fresh", "train.stages.store.Store", "no frozen dataclass"),
        ("train.policy.Fresh", "train.stages.store.Path", "no frozen dataclass"),
        ("train.policy.Fresh", "train.score.Fresh", "not there"),
        ("train.policy.Fresh", "synthtasks.vocab.Vocab", "has no field config"),
        ("models.config.GPTConfig", "train.policy.Policy", "has no field"),
        ("synthtasks.primitives._add", "builtins.eval", "--allow builtins"),
        ("synthtasks.primitives._add", "train.stages.store.Path", "needs a function"),
        ("synthtasks.primitives._add", "synthtasks.primitives._mul", "it comes to be"),
        ("synthtasks.domains.Residues", "synthtasks.vocab.Vocab", "domain|refuses"),
    ],
)
def test_reading_makes_nothing_that_is_not_ours(found: str, put: str, message: str) -> None:
    stage = Score(FRESH, (Program(2, 4),))
    text = json.dumps(encode(stage))
    assert f'"{found}"' in text
    with pytest.raises(Unreadable, match=message):
        imported(json.loads(text.replace(f'"{found}"', f'"{put}"')), name(stage), PACKAGES)


# Broken if what is no expression at all ended in a traceback that says nothing.
@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {},
        {"schema": 1},
        {"schema": 1, "stages": []},
        {"schema": 99, "stages": [{}]},
        {"schema": 1, "stages": [{"name": "a"}]},
        {"schema": 1, "stages": [{"name": "a", "version": 1, "is": "train.policy.Fresh", "fields": {"config": {"stage": "b"}}}]},
        {"schema": 1, "stages": [{"name": "a", "version": 1, "is": "train.policy.Fresh", "fields": {}}]},
        {"schema": 1, "stages": [{"name": "a", "version": 1, "is": "synthtasks.families.Program", "fields": {"steps": {"x": 1}}}]},
    ],
)
def test_nonsense_is_refused(record: object) -> None:
    with pytest.raises(Unreadable):
        decode(record, Imported())


# Broken if an expression were read as one whose stages have come to mean something else since.
def test_another_version_is_refused() -> None:
    text = json.dumps(encode(Score(FRESH, (Program(2, 4),))))
    with pytest.raises(Unreadable, match="is of version 0 of its kind, which has version 1 now"):
        decode(json.loads(text.replace('"version": 1', '"version": 0')), Imported())


# Broken if a family of one's own could not be read where its package is allowed, or were read where it is not.
def test_other_packages_are_allowed_by_name() -> None:
    stage = Score(FRESH, (Marked(),))  # type: ignore[arg-type]
    with pytest.raises(Unreadable, match="--allow tests"):
        imported(encode(stage), name(stage), PACKAGES)
    assert imported(encode(stage), name(stage), (*PACKAGES, "tests")) == stage


def of(what: str, **defaults: int) -> type:
    """A plain dataclass that has these fields now."""
    return make_dataclass(what, [(k, int, field(default=d)) for k, d in defaults.items()], frozen=True)


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
        ("[1.0, 0.5]", "[1.0, 0.5, 0.25]"),
        ("[1.0, 0.5]", '{"0": 1.0}'),
        ('"synthtasks.families.Program"', '"synthtasks.families.Dag"'),
        (f'{{"stage": "{learned}"}}', f'{{"stage": "{fresh}"}}'),
        (f'"name": "{fresh}"', '"name": "Fresh-0"'),
        (f'"name": "{name(stage)}"', '"name": "Score-0"'),
        ('"schema": 1', '"schema": 2'),
    ):
        assert found in text
        assert not same(json.loads(text.replace(found, put)), stage), found
    assert not any(same(nonsense, stage) for nonsense in (None, [], {"schema": 1}, {"schema": 1, "stages": [None, name(stage)]}))


# Broken if a primitive were known by its name alone: an edited one makes other problems.
def test_a_primitive_is_known_by_its_table() -> None:
    stage, edited = Score(FRESH, (Program(2, 4),)), Score(FRESH, (Program(2, 4, primitives=(replace(ADD, apply=MUL.apply),)),))
    assert not same(encode(edited), stage)
    record, table = json.dumps(encode(stage)), MUL.digest(10)  # of a family's default, which is no part of its stage's name
    assert table in record
    assert same(json.loads(record), stage)
    assert not same(json.loads(record.replace(table, "0" * 16)), stage)
    with pytest.raises(Unreadable, match="mul has another truth table"):
        imported(json.loads(record.replace(table, "0" * 16)), name(stage), PACKAGES)
    texts = Score(FRESH, (Compose(functions=FUNCTIONS[:2]),))  # type: ignore[arg-type]
    again = imported(json.loads(json.dumps(encode(texts))), name(texts), PACKAGES)
    assert isinstance(again, Score)
    assert {p.domain for p in again.families[0].primitives} == {TEXTS}
