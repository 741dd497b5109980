"""Configuration is checked where it is made: every field of every class, every argument that is one of a few words, every number."""

import dataclasses
import inspect
import math
import pkgutil
import types
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import partial
from importlib import import_module
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch

import synthtasks
from models import GPTConfig, sampling
from models.gpt import GPT
from synthtasks import Circuit, Compose, Dag, Grid, Group, Hops, Mix, Part, Primitive, Problem, Program, Step, Tree, Uses, Vocab, rng
from synthtasks.__main__ import main
from synthtasks.asking import Instruct, Plain
from synthtasks.checked import From
from synthtasks.corpora import Answered, Corpus, Listing, Outline, Recipe, Solved
from synthtasks.critiques import Critique
from synthtasks.datasets.card import Counts
from synthtasks.datasets.items import Items
from synthtasks.datasets.recipe import from_json
from synthtasks.families import FUNCTIONS, S3, Dial, Forced, Needing, asked, label, named, problem, problems
from synthtasks.families.dials import turn
from synthtasks.families.dials.quantities import length
from synthtasks.families.kit.family import labels, many, one_split
from synthtasks.families.kit.graphs import Shape
from synthtasks.families.kit.windows import batch
from synthtasks.formats import Either, Format, Formatted, Marked
from synthtasks.knowledge import Excerpt, LookedUp, OpenBook, Stated
from synthtasks.primitives import ADD, GATES, MUL, NOT, SUM
from synthtasks.probes.mutants import mutant
from synthtasks.search import Field, Lock, Maze, Turns, Walked, World
from synthtasks.stats.measuring import measure
from synthtasks.strategies import completions, dials_of
from synthtasks.surfaces import ZOO, Code, Compact, Equations, Nested, Story, written
from synthtasks.thoughts import Thinking

WORDS = Vocab(("<pad>", "<end>", "a"))
SOUND: tuple[object, ...] = (
    *(Program(), Uses(("mul",), 1), Dag(), Circuit(), Tree(), Hops(), Group(), Grid(), Compose(), Mix((Part(1, Tree()),)), Part(1, Tree())),
    *(Dial("steps", (1, 2), length), Forced("steps", "depth", "a chain"), Shape(4, 3)),
    *(Compact(), Equations(), Code(), Nested(), Story(), ZOO),
    *(Thinking(), Marked("run"), Format(Compact(), 1.0, 0.9), Formatted((Format(Compact(), 1.0, 0.9),))),
    *(Excerpt(), OpenBook(), Stated(), LookedUp()),
    *(Either(Solved(), Answered(), 0.1), Critique()),
    *(
        Solved(),
        Answered(),
        Listing(),
        Outline(),
        Needing(Dag(), Uses(("mul",), 2)),
        Recipe(1, Program(), problems=3, questions=2),
        Corpus((Recipe(1, Program()),), ("add",)),
    ),
    *(Maze(), Lock(), Field(), Turns(), World(), Walked(), Walked(0.5, (), "learned")),
    *(Plain(), Instruct(), Items(Dag(), Equations(), "train", 0, 5), WORDS, Counts("train", 1, 1, (3,), (4,), 10, "0" * 64)),
)
HOT = {
    "Shuffled": "of a critique, which checks itself",
    "Primitive": "an operation; whatever it gives is checked, each time",
    "Table": "made for every document; whatever it gives is checked, each time",
    "Given": "made for every problem, which checks it",
    "Search": "made for every draw; checks its graph, and what is cheap",
    "Known": "made for every walk",
    "Problem": "made for every draw; checks its graph, and what is cheap",
    "Rows": "arrays of many documents, made by `rows` alone",
    "Programs": "arrays of many problems, made by `Program` alone",
    "Proving": "arrays of many completions, made by `proving` alone",
    "Node": "a step that is being built",
    "Trace": "what a model said; it may say anything",
    "Sentence": "what a model said",
    "Claim": "what a model claimed",
    "Grammar": "patterns, made by `grammar` alone",
    "Slip": "made by the judge for every mistake",
    "Verdict": "made by the judge for every completion",
    "Mutant": "made for every mistake",
    "Document": "made for every problem of a corpus",
    "Batch": "made for every iteration of learning; it checks its split",
    "Begun": "made for every iteration of learning; it checks its steps",
    "Joined": "made for every iteration of learning",
    "Spelling": "made for every batch of programs",
    "Windows": "made for every exam; it checks its split",
    "Written": "made for every batch of problems",
    "Result": "made for every step of a document",
    "Exposure": "counted by `exposure` alone",
    "Overlap": "counted by `overlaps` alone",
    **dict.fromkeys(("Chain", "Graph", "Scattered", "Searches"), "a base; its families check themselves"),
    **dict.fromkeys(("Turned", "Measured", "Correlation", "Answer", "Vocabulary", "Stats"), "measured by `measure` alone"),
    "Closing": "has no fields",
    "Residues": "has no fields",
    "Texts": "has no fields",
    "From": "says what is right",
    "Above": "says what is right",
}
OTHERS = ("laws", "bridges", "commands")  # packages that only use these


def modules() -> Iterator[types.ModuleType]:
    for found in pkgutil.walk_packages(synthtasks.__path__, "synthtasks."):
        if found.name.split(".")[1] not in (*OTHERS, "__main__"):
            yield import_module(found.name)


def classes() -> Iterator[type]:
    for module in modules():
        yield from (c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__)


def nonsense(hint: Any, value: object) -> tuple[object, ...]:
    """Values that a field of this type must refuse; `value` is one that it takes."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        low, high = (getattr(inside[1], side) for side in ("low", "high"))
        below = low - 1 if isinstance(inside[1], From) else low
        return (*nonsense(inside[0], value), below, *(() if high == math.inf else (high + 1,)))
    if origin is Literal:
        return "nonsense", "", 1.5, None, ["train"]
    if origin in (Union, types.UnionType):
        return tuple(x for part in inside if part is not type(None) for x in nonsense(part, value) if x is not None)
    if origin is tuple:
        assert isinstance(value, tuple)
        wrong = [(*value, x) for x in nonsense(inside[0], value[0] if value else None)] if hashable(inside[0]) else []
        return None, "text", list(value), *wrong
    plain: dict[object, tuple[object, ...]] = {
        int: (4.5, 3.0, "3", None, True, math.nan, np.float64(2)),
        float: (math.nan, math.inf, -math.inf, "1", None, True),
        bool: (1, "yes", None),
        str: (3, None, ("a",)),
    }
    if hint in plain:
        return plain[hint]
    if isinstance(hint, type) and not getattr(hint, "_is_protocol", False):
        return None, "text", object()
    return ()


def hashable(hint: Any) -> bool:
    """Parts of tuples that are looked into."""
    return get_origin(hint) in (Literal, Annotated) or hint in (int, float, str) or is_dataclass(hint)


def wrong_fields(sound: object) -> Iterator[Any]:
    hints = get_type_hints(type(sound), include_extras=True)
    for field in fields(sound):  # type: ignore[arg-type]
        for i, wrong in enumerate(nonsense(hints[field.name], getattr(sound, field.name))):
            yield pytest.param(sound, field.name, wrong, id=f"{type(sound).__name__}.{field.name}-{i}")


# broken if a field takes a word, a number or a thing that it has no meaning for
@pytest.mark.parametrize(("sound", "field", "wrong"), [case for sound in SOUND for case in wrong_fields(sound)])
def test_nonsense_is_refused_where_it_is_made(sound, field, wrong):
    with pytest.raises(ValueError, match=rf"{type(sound).__name__}\.{field} is .*; found"):
        replace(sound, **{field: wrong})


# broken if a class is added, and forgotten here: it is to be tried above, or to be said why it is not checked
def test_every_class_is_tried_or_explained():
    known = {c.__name__ for c in classes() if is_dataclass(c)}
    tried = {type(sound).__name__ for sound in SOUND}
    assert known == tried | set(HOT)
    assert not tried & set(HOT)


# broken if a dial, a weight or a size takes any number at all: each of them has a range
def test_every_number_has_a_range():
    hints = {
        (type(s).__name__, name): hint
        for s in SOUND
        if not isinstance(s, Counts)
        for name, hint in get_type_hints(type(s), include_extras=True).items()
    }
    assert not [where for where, hint in hints.items() if hint in (int, float, int | None)]


PROGRAMS = Program().many(np.zeros((1, Program().uniforms)))
TREE, SAID = Tree(steps=3, depth=2), Nested()
CHOICES: dict[str, Callable[[Any], object]] = {
    "family.problem": lambda split: problem(TREE, split, "x"),
    "family.problems": lambda split: problems(TREE, split, "x"),  # not yet drawn from
    "family.named": lambda split: named(TREE, split, [3], "x"),
    "family.many": lambda split: many(Program(), split, [3], "x"),
    "family.one_split": one_split,
    "questions.asked": lambda split: asked(Program(), split, [3], 2, "x"),
    "written.written": lambda split: written(TREE, split, [3], SAID, WORDS, "x"),
    "programs.Programs.among": PROGRAMS.among,
    "program.Program.windows": lambda split: Program().windows(split, 2, "x"),
    "windows.batch": lambda split: batch(Program(), split, [3], "x"),
    "mutants.mutant": lambda kind: mutant(kind, problem(TREE, "train", "x"), SAID, WORDS, rng("x")),
    "export.count": lambda split: Counts(split, 1, 1, (3,), (4,), 10, ""),
}


def choosing() -> Iterator[str]:
    """Public functions and methods of which an argument is one of a few words."""
    for module in modules():
        for name, found in vars(module).items():
            if inspect.isfunction(found) and found.__module__ == module.__name__ and not name.startswith("_") and chooses(found):
                yield f"{module.__name__.split('.')[-1]}.{name}"
    for c in classes():
        for name, found in vars(c).items():
            if inspect.isfunction(found) and not name.startswith("_") and not getattr(c, "_is_protocol", False) and chooses(found):
                yield f"{c.__module__.split('.')[-1]}.{c.__name__}.{name}"


def chooses(function: Callable[..., object]) -> bool:
    hints = get_type_hints(function)
    return any(get_origin(hints.get(name)) is Literal for name in inspect.signature(function).parameters)


# broken if a function with a choice is added, and forgotten below
def test_every_choice_is_tried():
    assert set(choosing()) == set(CHOICES)


# broken if a word that is none of the choices is taken for one of them
@pytest.mark.parametrize("wrong", ["validation", "TRAIN", "", None, 0, "both"])
@pytest.mark.parametrize("name", CHOICES)
def test_a_word_that_is_no_choice_is_refused(name, wrong):
    with pytest.raises(ValueError, match=r" is one of '\w+', '\w+'.*; found"):
        CHOICES[name](wrong)


def _plus(a: int, b: int, modulus: int) -> int:
    return (a + b) % modulus


PLUS, ALSO_ADD, MANY_PLUS = Primitive("plus", "+", _plus), Primitive("add", "plus", _plus), Primitive("all", "all", _plus, 0)
THREE = Primitive("three", "three", lambda a, b, c, m: (a + b + c) % m, 3)
STEP = Step("A", ADD, (1, 2))


# broken if what contradicts itself, or repeats itself, is made, or its message does not say what was found
@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: Program(primitives=(ADD, PLUS)), r"Program\.primitives holds two primitives called '\+'; found \['add', 'plus'\]"),
        (lambda: Program(primitives=(ADD, ALSO_ADD)), r"Program\.primitives holds two primitives called 'add'"),
        (lambda: Program(outside=(ADD, PLUS)), r"Program\.outside holds two primitives called '\+'; found \['add', 'plus'\]"),
        (lambda: Program(primitives=(ADD, ADD, MUL)), r"Program\.primitives holds two primitives called 'add'"),
        (lambda: Program(primitives=(NOT,)), r"Program\.primitives takes primitives of 2 operands; 'not' has 1"),
        (lambda: Program(primitives=FUNCTIONS), r"Program\.primitives takes primitives on numbers; 'reverse' is on texts"),
        (lambda: Dag(primitives=()), r"Dag\.primitives holds at least one primitive; found none"),
        (lambda: Dag(primitives=(ADD, THREE)), r"Dag\.primitives takes primitives of 1 or 2 operands, and .sum.; 'three' has 3"),
        (lambda: Dag(primitives=(ADD, MANY_PLUS)), r"Dag\.primitives takes primitives of 1 or 2 operands, and .sum.; 'all' has any number"),
        (lambda: Circuit(primitives=(*GATES, SUM)), r"Circuit\.primitives takes primitives of 1 or 2 operands; 'sum' has any number"),
        (lambda: Circuit(primitives=GATES + GATES), r"Circuit\.primitives holds two primitives called 'and'"),
        (lambda: Tree(primitives=(ADD, *FUNCTIONS)), r"Tree\.primitives takes primitives on numbers; 'reverse' is on texts"),
        (lambda: Tree(primitives=(ADD, PLUS)), r"Tree\.primitives holds two primitives called '\+'"),
        (lambda: Compose(functions=()), r"Compose\.functions holds at least one primitive; found none"),
        (lambda: Compose(functions=(NOT,)), r"Compose\.functions takes primitives on texts; 'not' is on numbers"),
        (lambda: Compose(functions=FUNCTIONS[:1] * 2), r"Compose\.functions holds two primitives called 'reverse'"),
        (lambda: Group(product=NOT, order=2), r"Group\.product takes primitives of 2 operands; 'not' has 1"),
        (lambda: Group(product=replace(S3, apply=_plus)), r"other groups an order of at least 2; found product .s3., order=0"),
        (lambda: Mix((Part(1, Tree()), Part(2, Tree()))), r"a mixture holds a family once; found 2 parts with Tree\("),
        (lambda: Mix((Part(1, Tree()), Part(2, Tree(primitives=(PLUS,))))), r"Mix\.parts holds two primitives called '\+'"),
        (lambda: Uses(("mul", "mul"), 1), r"Uses\.names holds a name once; found \('mul', 'mul'\)"),
        (lambda: Program(uses=Uses(("mull",), 1)), r"uses asks for \['mull'\], but the window has only"),
        (lambda: Dial("steps", (), length), r"Dial\.values holds different numbers, at least one; found \(\)"),
        (lambda: Dial("steps", (2, 2), length), r"Dial\.values holds different numbers, at least one; found \(2, 2\)"),
        (lambda: Forced("steps", "depth", ""), r"Forced\.reason must not be empty; found ''"),
        (lambda: turn(Hops(), {"stepps": 2}), r"Hops has no field 'stepps' that could be turned; it has steps, nodes"),
        (lambda: Corpus((Recipe(1, Program()),), ("add", "add")), r"Corpus\.withheld holds a name once; found \('add', 'add'\)"),
        (lambda: Corpus((Recipe(1, Program()),), ("ad",)), r"\['ad'\] cannot be withheld"),
        (
            lambda: Corpus((Recipe(1, Program()), Recipe(1, Program(primitives=(ALSO_ADD,), outside=(MUL,))))),
            r"Corpus\.recipes holds two primitives called 'add'",
        ),
        (lambda: replace(ZOO, name=""), r"a context needs a name; found ''"),
        (lambda: WORDS.decode([2, -1]), r"tokens of this vocabulary are 0 to 2; found -1"),
        (lambda: WORDS.decode([3]), r"tokens of this vocabulary are 0 to 2; found 3"),
        (lambda: label(-1), r"steps are numbered from 0; found -1"),
        (lambda: labels(-1), "up to 100,000 steps; found -1"),
        (lambda: Compact().vocab(0, (ADD,), 10), r"a vocabulary is for at least one name and a modulus of at least 2; found 0 and 10"),
        (lambda: Equations().vocab(3, (ADD,), 0), r"a vocabulary is for at least one name and a modulus of at least 2; found 3 and 0"),
        (lambda: Story().vocab(3, (ADD,), -7), r"found 3 and -7"),
        (lambda: Problem((STEP,), "A", 10, surplus="maybe"), r"surplus is one of 'refused', 'allowed'; found 'maybe'"),
        (lambda: Problem((STEP,), "A", 10.5), r"the modulus is a whole number of at least 2; found 10\.5"),
        (lambda: Problem((STEP,), "A", True), r"the modulus is a whole number of at least 2; found True"),
        (lambda: measure(Hops(), [Code()], 2.5, 0), r"Hops, 1 surfaces, 2\.5 problems"),
        (lambda: measure(Hops(), [Code()], 5, -1), r"a seed is a whole number from 0; found -1"),
        (lambda: measure(Hops(), [Code()], 5, 1.5), r"a seed is a whole number from 0; found 1\.5"),
        (lambda: completions(WORDS, -1), r"a `most` of at least 0; found -1"),
        (lambda: from_json({"kind": "Hops", "steps": 0}), r"Hops\.steps is at least 1; found 0"),
        (lambda: from_json({"kind": "Mix", "parts": [{"kind": "Part", "weight": math.nan, "family": {"kind": "Hops"}}]}), r"found nan"),
    ],
)
def test_contradictions_are_named(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()


# broken if a demand for more steps than there are asks for anything but all of them, or costs as much as it says
def test_a_demand_beyond_the_window_is_for_all_of_it():
    all_of_it, beyond = (Program(4, 9, uses=Uses(("mul",), count)) for count in (4, 10**12))
    assert problem(all_of_it, "train", "beyond") == problem(beyond, "train", "beyond")


# broken if dials that a strategy draws are none that the family can be turned to
def test_dials_are_those_of_the_family():
    @dataclasses.dataclass(frozen=True)
    class Mistaken(Hops):
        dials = (Dial("stepps", (2, 3), length),)

    with pytest.raises(ValueError, match=r"Mistaken has no field 'stepps'"):
        dials_of(Mistaken())
    with pytest.raises(ValueError, match=r"Mistaken has no field 'stepps'"):
        measure(Mistaken(), [Code()], 5, 0)


# broken if a number or a word of the command line that means nothing ends in a traceback, or is taken for another
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("show program --seed -1", "error: a seed is a whole number from 0; found -1"),
        ("show program --steps -3", "error: Program.steps is at least 1; found -3"),
        ("show program --modulus 0", "error: Program.modulus is at least 2; found 0"),
        ("show dag --steps 4.5", "error: --steps takes a whole number; found '4.5'"),
        ("show dag --stepps 4", "error: show dag has no option --stepps; did you mean --steps? There are "),
        ("show dag --branching -1", "error: Dag.branching is at least 0; found -1"),
        ("show dag --split validation", "error: --split takes one of train, test; found 'validation'"),
        ("show compose --modulus 27", "error: Compose.modulus is from 2 to 26; found 27"),
        ("show hops --nodes -1", "error: Hops.nodes is at least 2; found -1"),
        ("show program --lines 1000000000", "error: a problem has up to 100,000 steps; found 1,000,000,000"),
        ("show grid --side 1000000", "error: numbers go up to 999"),
        ("stats hops --problems 1000000000000000", "error: not enough memory; ask for less"),
        ("stats hops --problems -5", "at least 2 problems; found Hops, 4 surfaces, -5 problems"),
        ("stats hops --problems 5 --seed -5", "error: a seed is a whole number from 0; found -5"),
        ("stats hops --stepps 5", "error: stats has no option --stepps; did you mean --steps? There are "),
        ("check hops --examples -5", "error: a law is checked on at least one example; found -5"),
        ("export dag --train -1 --out nowhere", "error: Items.size is at least 1; found -1"),
        ("export dag --seed -1 --out nowhere", "error: Items.seed is at least 0; found -1"),
    ],
)
def test_the_command_line_refuses_nonsense_in_one_line(capsys, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    code = main(arguments.split())
    told = capsys.readouterr()
    assert (code, told.out, told.err.count("\n")) == (2, "", 1)
    assert message in told.err
    assert told.err.startswith("usage: ") or told.err.count("\n") == 1


# --- models, which know nothing of tasks ---

SMALL = GPTConfig(11, width=16, layers=1, heads=2, kv_heads=2, context=16)
NUMBERS = {"vocab": 1, "width": 1, "layers": 1, "heads": 1, "kv_heads": 1, "conv": 0, "context": 1}  # the least of each


# broken if a field of a model's configuration takes what it has no meaning for, or a new field is not checked
@pytest.mark.parametrize("field", [field.name for field in fields(GPTConfig)])
def test_a_model_is_checked_where_it_is_made(field):
    whole = (4.5, 4.0, "4", None, True, -4)
    other = {"feedforward": ("relu", "GELU", "", None, 1), "rope_base": (0.0, -1.0, math.nan, math.inf, "1", None, True)}
    for wrong in other.get(field) or (*whole, NUMBERS[field] - 1):
        with pytest.raises(ValueError, match=rf"GPTConfig\.{field} is .*; found"):
            replace(SMALL, **{field: wrong})


def small() -> GPT:
    return GPT(SMALL, torch.Generator().manual_seed(0))


def sampled(
    rows: int = 2, limit: int = 4, prompts: Any = ((3, 4), (5,)), temperature: Any = 1.0, fill: float = 0.5, **other: Any
) -> object:
    uniforms = other.get("uniforms", torch.full((rows, limit), fill))
    return sampling.generate(small(), prompts, uniforms, 1, temperature)


def logits(owners: list[int], rows: int = 2, lengths: tuple[int, ...] = (2, 1)) -> object:
    prompts, _ = sampling.pad([[3, 4], [5]], torch.device("cpu"))
    return sampling.completion_logits(small(), prompts, torch.tensor(lengths), torch.full((rows, 3), 3), torch.tensor(owners))


LOGITS = torch.zeros(4, 3, 11)


# broken if a sampler or a model takes an argument that it has no meaning for, or one of another shape
@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        *(
            (partial(sampled, temperature=t), r"the temperature must be positive and finite; found")
            for t in (0.0, -1, math.nan, math.inf, "1", None)
        ),
        *((partial(sampled, fill=u), r"uniforms must lie in \[0, 1\)") for u in (1.0, -0.1, math.nan, math.inf)),
        (partial(sampled, uniforms=torch.full((2,), 0.5)), r"uniforms must be \[B, limit\] with at least one of each; found shape \(2,\)"),
        (partial(sampled, rows=0), r"uniforms must be \[B, limit\] with at least one of each; found shape \(0, 4\)"),
        (partial(sampled, limit=0), r"uniforms must be \[B, limit\] with at least one of each; found shape \(2, 0\)"),
        (partial(sampled, prompts=((3,), ())), r"expected prompts of at least one token; prompt 1 is empty"),
        (partial(sampled, prompts=()), r"expected at least one prompt; found none"),
        (partial(sampled, prompts=((3,) * 17, (4,))), r"17 tokens .* context of 16"),
        (partial(sampled, prompts=((3,) * 14, (4,))), r"a prompt of 14 tokens and up to 4 more take 17 tokens, .* context of 16"),
        (partial(logits, [1, 0]), r"owners must ascend from 0 to at most 1; found \[1, 0\]"),
        (partial(logits, [0, 2]), r"owners must ascend from 0 to at most 1; found \[0, 2\]"),
        (partial(logits, [-1, 0]), r"owners must ascend from 0 to at most 1; found \[-1, 0\]"),
        (partial(logits, [0, 1], lengths=(2, 0)), r"lengths must be those of 2 prompts, from 1 to 2; found \[2, 0\]"),
        (partial(logits, [0, 1], lengths=(3, 1)), r"lengths must be those of 2 prompts, from 1 to 2; found \[3, 1\]"),
        (partial(logits, [0, 1], lengths=(2,)), r"lengths must be those of 2 prompts, from 1 to 2; found \[2\]"),
        (lambda: sampling.generate(small(), [[3]], torch.zeros(1, 4), -1), r"a completion ends with a token, from 0; found -1"),
        (partial(logits, [0]), r"there are 2 completions, but owners of 1"),
        (
            lambda: sampling.chosen_logp(LOGITS, torch.zeros(2, 3, dtype=torch.long)),
            r"logits \[B, T, V\] and tokens \[B, T\].*\(4, 3, 11\) and \(2, 3\)",
        ),
        (lambda: sampling.pad([], torch.device("cpu")), r"there is no row to pad"),
        (lambda: small()(torch.zeros(3, dtype=torch.long)), r"tokens must be \[B, T\]; found shape \(3,\)"),
    ],
)
def test_what_a_sampler_cannot_use_is_refused(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()
