"""Families as datasets of Reasoning Gym (`pip install synthtasks[reasoning-gym]`). Importing this module registers those of this library:

    import synthtasks.bridges.registered
    dataset = reasoning_gym.create_dataset("synthtasks/dag", steps=8, depth=5, seed=42, size=500)

Questions have an instruction, and answers are read as a language model writes them, if `ask` is not "plain". Unlike those of Reasoning Gym,
datasets of neighbouring seeds share no more items than any other two, and those of `split="test"` none with those of `split="train"`.
"""

import json
from collections.abc import Callable
from dataclasses import field, fields, is_dataclass, make_dataclass
from typing import Literal, Protocol, TypedDict, cast

from reasoning_gym.coaching import BaseCurriculum, ScalarAttributeDefinition
from reasoning_gym.dataset import ProceduralDataset
from reasoning_gym.factory import DATASETS, register_dataset

from synthtasks.asking import Instruct, Plain
from synthtasks.commands.catalogue import FAMILIES, SURFACES, Known, own_surface
from synthtasks.datasets.items import Item, Items, Metadata, source
from synthtasks.datasets.received import Reply, member, text
from synthtasks.datasets.recipe import Json, from_json, items_from_text, to_json
from synthtasks.families.dials import at, difficulties
from synthtasks.problem import Split

HARDEST = 20  # level of a curriculum
Graded = Literal["outcome", "process"]


class Asked(Metadata):
    """The metadata of an item, its recipe, and the grade that its score is."""

    recipe: str
    grade: Graded


class Entry(TypedDict):
    """An item of Reasoning Gym."""

    question: str
    answer: str
    metadata: Asked


class Config(Protocol):
    """The settings of every dataset; the fields of its family come besides, as in a recipe."""

    seed: int | None
    size: int
    split: Split
    surface: str
    ask: Literal["derivation", "answer", "plain"]
    shots: int
    grade: Graded
    difficulty: int | None  # of the family, in place of the dials that depend on it


class SynthDataset(ProceduralDataset):
    """The items of a family."""

    kind: str
    category = "synthtasks"

    def __init__(self, config: Config) -> None:
        super().__init__(config, config.seed, config.size)
        dials = {f.name: getattr(config, f.name) for f in fields(cast(type, config)) if f.name not in Config.__annotations__}
        family = from_json({"kind": self.kind, **dials})
        surface = SURFACES[config.surface] if config.surface in SURFACES else own_surface(config.surface)
        form = Plain() if config.ask == "plain" else Instruct(config.ask, config.shots)
        drawn = family if config.difficulty is None else at(family, config.difficulty)
        self.items, self.grade = Items(drawn, surface, config.split, self.seed, self.size, form), config.grade
        self.recipe = json.dumps(to_json(self.items))

    def __getitem__(self, idx: int) -> Entry:
        item = self.items[idx]
        return {**item, "metadata": {**item["metadata"], "recipe": self.recipe, "grade": self.grade}}

    def score_answer(self, answer: Reply, entry: Entry) -> float:
        """The grade of an answer, which the entry alone decides: 1.0 or 0.0.

        Raises:
            ValueError: if the entry is none of this library's, or the answer is no `Reply`.
        """
        metadata = member(entry, "metadata", "an entry")
        recipe, grade = (text(member(metadata, name, "the metadata of an entry"), name) for name in ("recipe", "grade"))
        items = items_from_text(recipe)
        score = items.score_process if grade == "process" else items.score_answer
        return score(answer, cast(Item, entry))


def register(known: Known) -> str:
    """Register a family, perhaps of your own, under its data source, as "synthtasks/clock", with a curriculum of its first dial.

    Raises:
        ValueError: if there is a dataset of this name, or a field of the family has the name of a setting.
    """
    family = known.family
    assert is_dataclass(family), f"a family is a dataclass; found {family}"
    name, recipe = source(family), to_json(family)
    settings: dict[str, Json] = {"seed": None, "size": 500, "split": "train", "surface": known.surfaces[0], "ask": "answer", "shots": 0}
    settings |= {"grade": "outcome", "difficulty": None}
    if taken := sorted(settings.keys() & recipe.keys()):
        raise ValueError(f"{name} has a field {taken[0]!r}, which is a setting of every dataset; rename it")
    values = {**settings, **{key: value for key, value in recipe.items() if key != "kind"}}
    label = type(family).__name__
    config = make_dataclass(f"{label}Config", [(key, object, field(default_factory=_giving(value))) for key, value in values.items()])
    dataset = cast(
        type[ProceduralDataset], type(f"{label}Dataset", (SynthDataset,), {"kind": recipe["kind"], "__doc__": type(family).__doc__})
    )
    register_dataset(name, dataset, config, _curriculum(name, known, config))
    return name


def _giving(value: Json) -> Callable[[], Json]:
    return lambda: value


def _curriculum(name: str, known: Known, config: type) -> type[BaseCurriculum] | None:
    if not getattr(known.family, "dials", ()):
        return None
    levels = ScalarAttributeDefinition(name="difficulty", field_name="difficulty", levels=list(difficulties(known.family, HARDEST)))

    class Curriculum(BaseCurriculum):
        """The difficulties that the family accepts."""

        def __init__(self) -> None:
            super().__init__(name, config)
            self._define_attributes(levels)

    return Curriculum


for _known in FAMILIES.values():
    if source(_known.family) not in DATASETS:
        register(_known)
