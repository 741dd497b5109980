"""No configuration takes a value that it has no meaning for: shown field by field, over every dataclass there is."""

import importlib
import math
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import ModuleType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import pytest
import torch

import train
from models import GPTConfig
from models.edits import Edit, Shift
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from train import losses
from train.decoding import AnswerSpan, Branch
from train.learn import Learn, MostChanged, Scattered, Snapshot, Spend
from train.losses import DPO, Augment, Compare, Distil, Gold, Imitate, Practice, Prefer, Ranked, Right, Shuffled, SimPO, Verified, Weights
from train.optim import Muon, Optim
from train.policy import Fresh, Steer
from train.rl import (
    INDEX,
    PLANNING,
    Algorithm,
    Amplify,
    Around,
    Average,
    Band,
    Blend,
    ByTurn,
    Clip,
    Coin,
    CutCov,
    Ease,
    Endless,
    Few,
    HoldCov,
    InformationGain,
    Lift,
    Meta,
    Mixture,
    Overlong,
    Phases,
    Predicted,
    Prefixed,
    Repeats,
    Reset,
    Sampler,
    Scale,
    Schedule,
    SequenceClip,
    ShuffledTurns,
    SubsetLead,
    SubsetMean,
    Truncated,
    Uncertain,
    Unlikely,
)
from train.sample import Sample
from train.score import Score
from train.stages.machine import Machine
from train.stages.stage import Context
from train.steering import (
    Along,
    AtRandom,
    Deploy,
    Feature,
    LearnedVectors,
    MeanDifference,
    Never,
    OtherCategory,
    OwnGate,
    Patch,
    Permuted,
    RandomFeature,
    RandomLike,
    RandomVectors,
    SparseAutoencoder,
    Tuned,
)

NONSENSE: dict[object, tuple[object, ...]] = {
    int: (-1, -(10**9), 0.5, 2.0, math.nan, math.inf, True, "1", None, (1,)),
    float: (math.nan, math.inf, -math.inf, -1e9, True, "1", None, (1.0,)),
    Literal: ("nonsense", "", 0, True, None, ("test",)),
}
Fault = tuple[str, str, object]  # class, field, nonsense that it takes


def checkable(of: type) -> dict[str, object]:
    """The fields that hold a number or one of a few words, themselves or in tuples; and which of these."""
    kinds = {f.name: _kind(get_type_hints(of, include_extras=True)[f.name]) for f in fields(of)}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _kind(hint: object) -> object:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _kind(inside[0])
    if origin is Literal:
        return Literal
    if origin in (tuple, Union, UnionType):
        return next((kind for each in inside if (kind := _kind(each)) is not None), None)
    return hint if hint in (int, float) else None


def taken(instances: Iterable[object], signed: Sequence[str] = ()) -> Iterator[Fault]:
    """The nonsense that fields of these dataclasses take. Those called "Class.field" in `signed` may be negative."""
    for one in instances:
        for name, kind in checkable(type(one)).items():
            called, now = f"{type(one).__name__}.{name}", getattr(one, name)
            for value in NONSENSE[kind]:
                negative = isinstance(value, int | float) and -math.inf < value < 0
                if (value is None and now is None) or (called in signed and negative):
                    continue
                if isinstance(now, tuple):
                    value = _inside(now, value)
                try:
                    replace(one, **{name: value})  # type: ignore[type-var]
                except ValueError:
                    continue
                yield type(one).__name__, name, value


def _inside(now: object, value: object) -> object:
    """A tuple like `now`, with `value` in the place of the first number or word in it."""
    if not isinstance(now, tuple):
        return value
    return (_inside(now[0], value), *now[1:]) if now else (value,)


def configured(package: ModuleType) -> set[type]:
    """The dataclasses of a package, records apart, that have a field which can be checked."""
    modules = [importlib.import_module(m.name) for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    found = {of for module in modules for of in vars(module).values() if isinstance(of, type) and is_dataclass(of)}
    return {of for of in found if of.__module__.split(".")[0] == package.__name__ and of.__name__ not in RECORDS and checkable(of)}


FAMILY = Program(2, 4)
VOCAB = Compact().vocab(4, FAMILY.primitives, 10)
FRESH = Fresh(GPTConfig(len(VOCAB)), VOCAB)
IMITATE = Imitate(Corpus((Recipe(1.0, FAMILY),)))
LEARN, SCORE = Learn(FRESH, ((1.0, IMITATE),), 1, keep=(1,)), Score(FRESH, (FAMILY,))


@dataclass(frozen=True)
class Given:
    """An edit by a plain number."""

    scale: float = 1.0

    def edit(self, context: Context) -> Edit:
        return Shift(torch.ones(64), self.scale)


DIFFERENCE = MeanDifference(FRESH, 0, IMITATE.source, Gold(Endless(FAMILY), 1))
LEARNED = LearnedVectors(FRESH, FRESH, 0, Endless(FAMILY))
SPARSE = SparseAutoencoder(FRESH, 0, IMITATE.source, Gold(Endless(FAMILY), 1))
INSTANCES = (
    *(Scale(), Clip(), SequenceClip(), Coin(), Machine(), Sampler(records=("entropy",)), Algorithm(), Practice(Endless(FAMILY))),
    *(Amplify(), CutCov(), Ease(), HoldCov(), Lift(), SubsetLead(), SubsetMean(), Truncated(), Unlikely(), Average(), Reset()),
    *(PLANNING, Uncertain(), INDEX["grpo"], Scattered(MostChanged(FRESH, FRESH, 0.3)), MostChanged(FRESH, FRESH, 0.3)),
    *(Blend(), Phases(((0, Coin()),)), Overlong(), Repeats(), InformationGain(), Predicted(), Meta(), ByTurn(), ShuffledTurns()),
    *(Optim(matrices=Muon()), Muon(), FRESH, IMITATE),
    *(Endless(FAMILY), Few(FAMILY), Band(FAMILY, FRESH, "at"), Around(FAMILY, FRESH, (0, 2)), LEARN),
    *(Mixture(((1.0, Endless(FAMILY)),)), Schedule(((1, Endless(FAMILY)),)), Prefixed(Endless(FAMILY))),
    *(Gold(Endless(FAMILY), 1), losses.Mixture(((0.5, IMITATE.source), (0.5, Gold(Endless(FAMILY), 1)))), Distil(FRESH, Endless(FAMILY))),
    *(Spend(LEARN), SCORE, Sample(FRESH, Endless(FAMILY)), Verified(Sample(FRESH, Endless(FAMILY)))),
    *(Augment(Endless(FAMILY)), Weights(0.2, 0.5)),
    *(Branch(FRESH, Endless(FAMILY)), AnswerSpan(), DPO(), SimPO(), Ranked(), Shuffled(), Right(), Prefer(Sample(FRESH, Endless(FAMILY)))),
    *(Compare(Sample(FRESH, Endless(FAMILY))), Snapshot(LEARN, 1), Steer(FRESH, ((0, Given()),))),
    *(DIFFERENCE, Along(DIFFERENCE), RandomLike(DIFFERENCE), Permuted(DIFFERENCE), Tuned(FRESH, 0, DIFFERENCE, Endless(FAMILY))),
    *(LEARNED, AtRandom(LEARNED), OtherCategory(LEARNED), OwnGate(LEARNED), RandomVectors(LEARNED)),
    Deploy(FRESH, FRESH, 0, Never(), Patch(), Endless(FAMILY)),
    *(SPARSE, Feature(SPARSE), RandomFeature(SPARSE)),
)
RECORDS = {  # what was found, or is made of what was checked; not asked for; or a base
    "LlamaShape",
    "Subsets",
    "Asked",
    "Autoencoder",
    "Batch",
    "Compared",
    "Exam",
    "Features",
    "File",
    "Holder",
    "Iterations",
    "Judged",
    "Leases",
    "Ledger",
    "Made",
    "Member",
    "MicroBatch",
    "Objective",
    "Operations",
    "Paper",
    "Policy",
    "Request",
    "Rollouts",
    "Run",
    "Seal",
    "Sight",
    "Apart",
    "Deployed",
    "Directions",
    "Hybrid",
    "Part",
    "Seen",
    "Strengths",
    "Term",
    "Trial",
    "Update",
}


# Broken if a field of a class in `train` took a number that is none or out of its range, or a word that is not one of its choices.
@pytest.mark.parametrize("one", INSTANCES, ids=lambda one: type(one).__name__)
def test_no_field_takes_nonsense(one: object) -> None:
    assert list(taken([one], signed=("Learn.losses", "Around.offsets", "CutCov.low", "Along.scale", "Tuned.strengths"))) == []


# Broken if a new class were forgotten above: it either checks what it is given, or is a record of something that happened.
def test_every_class_is_tried() -> None:
    forgotten = {of.__name__ for of in configured(train) - {type(one) for one in INSTANCES}}
    assert not forgotten, f"add an instance of {sorted(forgotten)} to INSTANCES in {__file__}, or its name to RECORDS"


# Broken if empty lists, the same twice, or numbers at the borders were refused or taken on the wrong side.
def test_borders() -> None:
    for right in (Coin(0), Coin(1.0), Clip(0, 0), Optim(decay=1.0, warmup=0), Machine(memory_fraction=1), Sampler(spare=0)):
        assert replace(right) == right
    for wrong, field, value in (
        (Coin(), "p", 1.01),
        (Optim(), "lr", 0.0),
        (Optim(), "betas", (0.9, 1.0)),
        (Optim(), "betas", (0.9,)),
        (Optim(), "clip", 0),
        (Optim(), "decay", 1.1),
        (Machine(), "memory_fraction", 0.0),
        (Machine(), "rows", 0),
        (Sampler(), "temperature", 0.0),
        (Sampler(), "group", 0),
        (Few(FAMILY), "problems", 0),
        (SCORE, "families", ()),
        (SCORE, "temperatures", ()),
        (SCORE, "temperatures", (1.0, 0.0)),
        (LEARN, "losses", ()),
    ):
        with pytest.raises(ValueError, match="found"):
            replace(wrong, **{field: value})  # type: ignore[type-var]
