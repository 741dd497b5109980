"""Items: problems as questions and answers in text, in the format of Reasoning Gym (arXiv:2505.24760).

>>> from synthtasks.families import Dag
>>> from synthtasks.surfaces import Equations
>>> items = Items(Dag(steps=3, depth=2), Equations(), "train", seed=0, size=100)
>>> items[7]["question"]
'modulo 10 ; A = 3 * 9 ; B = C * A ; C = 9 - 0 ; B = ?'
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, TypedDict, overload

from synthtasks.asking import Form, Plain
from synthtasks.checked import From, check
from synthtasks.datasets.received import Message, Reply, member, shown, text, text_of, whole
from synthtasks.families import Family
from synthtasks.families.dials.quantities import QUANTITIES
from synthtasks.families.kit.family import ATTEMPTS
from synthtasks.problem import Problem, Split
from synthtasks.rng import rng
from synthtasks.surfaces import Surface
from synthtasks.surfaces.surface import spell
from synthtasks.verify import verify


class Metadata(TypedDict):
    """The source of an item, its solution and its measurements."""

    source_dataset: str
    source_index: int
    split: Split
    seed: int
    key: str  # of the problem; equal for equal problems
    solution: str
    difficulty: dict[str, int | str]  # the dials of the family; empty for a mixture
    quantities: dict[str, float]  # measured on this problem


class Item(TypedDict):
    """A question, its answer and its metadata."""

    question: str
    answer: str
    metadata: Metadata


@dataclass(frozen=True)
class Items(Sequence[Item]):
    """The problems of a family called ("items", seed, 0) to ("items", seed, size - 1), as text.

    Item i is a function of its name: it does not depend on `size`, and scoring needs only the index. Items of train and
    items of test share no problem, for any seeds and any length.

    Raises:
        ValueError: if there is no such split, no item, or the surface lacks words for the family.
    """

    family: Family
    surface: Surface
    split: Split
    seed: Annotated[int, From(0)]
    size: Annotated[int, From(1)]
    form: Form = Plain()  # of questions and replies

    def __post_init__(self) -> None:
        check(self)
        self.surface.vocab(self.family.names, self.family.primitives, self.family.modulus)

    @property
    def source(self) -> str:
        """The name of the data source, for example "synthtasks/dag"."""
        return source(self.family)

    def problem(self, index: int) -> Problem:
        """The problem of item `index`: the first of its draws on this side of the split; facts lie on one side, too.

        Raises:
            ValueError: if no draw does, because the family is too small to be split.
        """
        keys = set[str]()
        for attempt in range(ATTEMPTS):
            drawn = self.family(rng("items", self.seed, index, attempt))
            if drawn.side == self.split:
                return drawn
            keys.add(drawn.key)
        found = f"{ATTEMPTS:,} draws gave {len(keys):,} different problems, all of them in the other split"
        raise ValueError(f"{self.family} has no {self.split} items: {found}")

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        """The item at an index, or the items of a slice, as in a list."""
        if isinstance(index, slice):
            return [self._item(i) for i in range(self.size)[index]]
        if not -self.size <= index < self.size:
            raise IndexError(f"there are {self.size} items; found index {index}")
        return self._item(index % self.size)

    def messages(self, index: int) -> list[Message]:
        """The question of an item as a conversation, which ends with the user's message."""
        return self.form.messages(self.problem(index), self.family, self.surface)

    def outcome(self, completion: str, problem: Problem) -> float:
        """1.0 if the completion answers the problem rightly, else 0.0. Its form says which answer a completion gives."""
        return float(self.form.read(completion, problem, self.surface).answer == problem.answer)

    def process(self, completion: str, problem: Problem) -> float:
        """1.0 if the completion is a sound, complete and exact derivation of the right answer, else 0.0."""
        return float(verify(problem, self.form.read(completion, problem, self.surface)).process)

    def score_answer(self, answer: Reply, entry: Item) -> float:
        """The `outcome` of an answer to an entry; 0.0 for None or no text.

        Raises:
            ValueError: if the entry is not one of these items, or the answer is no `Reply`.
        """
        return self.outcome(text_of(answer), self._entered(entry))

    def score_process(self, completion: Reply, entry: Item) -> float:
        """The `process` of a completion of an entry; 0.0 for None or no text.

        Raises:
            ValueError: as `score_answer`.
        """
        return self.process(text_of(completion), self._entered(entry))

    def asked(self, index: object, key: object) -> Problem:
        """The problem of item `index`, after a check that its key is `key`. Both may come from a table, where 3.0 is item 3.

        Raises:
            ValueError: if the key differs, the index is no whole number, or the key is no text.
        """
        place, named = whole(index, "the index of an item"), text(key, "the key of an item")
        p = self.problem(place)
        if p.key != named:
            cause = "it comes from other items, or from another version of this library"
            raise ValueError(f"item {place} should ask problem {shown(named)}; in {self} it asks {p.key}: {cause}")
        return p

    def _item(self, index: int) -> Item:
        p = self.problem(index)
        metadata: Metadata = {
            "source_dataset": self.source,
            "source_index": index,
            "split": self.split,
            "seed": self.seed,
            "key": p.key,
            "solution": self.form.reply(p, self.surface),
            "difficulty": _dials(self.family),
            "quantities": {name: measure(p) for name, measure in QUANTITIES.items()},
        }
        return {"question": self.form.question(p, self.family, self.surface), "answer": " ".join(spell(p.answer)), "metadata": metadata}

    def _entered(self, entry: Item) -> Problem:
        metadata = member(entry, "metadata", "an entry")
        index, key = (member(metadata, name, "the metadata of an entry") for name in ("source_index", "key"))
        return self.asked(index, key)


def source(family: Family) -> str:
    """The name of a family as a data source."""
    return f"synthtasks/{type(family).__name__.lower()}"


def _dials(family: Family) -> dict[str, int | str]:
    """The fields of a family that are numbers or strings."""
    assert is_dataclass(family), f"a family is a dataclass; found {family}"
    named = {f.name: getattr(family, f.name) for f in fields(family)}
    return {name: value for name, value in named.items() if isinstance(value, int | str)}
