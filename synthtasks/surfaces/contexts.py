"""Contexts of stories: twelve kinds of things, and twelve places for them."""

from dataclasses import dataclass

from synthtasks.checked import check
from synthtasks.families.kit.family import label
from synthtasks.surfaces.surface import NUMBERS, QUOTE
from synthtasks.vocab import END, PAD

COUNT = 12  # of kinds, and of places
FRAME = ("count", "modulo", "with", "letters", "means", "is", "how", "many", "are", "the", "of", "all", "and", "so", "answer", "?")
ENDS = frozenset({END, PAD, ".", QUOTE, "answer"})  # end a completion, a sentence or a text, or begin the answer
PLACES = {label(i): i for i in range(COUNT**2)}


@dataclass(frozen=True)
class Context:
    """Names of quantities: each is the number of things of a kind at a place.

    Raises:
        ValueError: if the name is empty, there are not twelve different kinds and places of one word each, or a word is
            reserved by stories.
    """

    name: str
    kinds: tuple[str, ...]
    where: tuple[str, ...]  # the words between a kind and its place
    places: tuple[str, ...]

    def __post_init__(self) -> None:
        check(self)
        words = (*self.kinds, *self.places)
        if not self.name:
            raise ValueError("a context needs a name; found ''")
        if len(self.kinds) != COUNT or len(self.places) != COUNT or len({*words}) != 2 * COUNT or any(len(w.split()) != 1 for w in words):
            raise ValueError(f"a context needs {COUNT} kinds and {COUNT} places, all different and of one word; found {words}")
        if bad := [w for w in self.where if len(w.split()) != 1]:
            raise ValueError(f"Context.where is a tuple of single words; found {bad}")
        if taken := [w for w in self.where if w in ENDS] + [w for w in words if w in FRAME or w in ENDS or w in NUMBERS]:
            raise ValueError(f"stories reserve these words; give the context others: {' '.join(taken)}")

    def words(self, name: str) -> tuple[str, ...]:
        """The quantity of the step called `name`.

        Raises:
            ValueError: if the name is not one of the first 144 labels.
        """
        i = PLACES.get(name)
        if i is None:
            raise ValueError(f"stories have words for the first {COUNT**2} labels, A..Z, A1..; found {name!r}")
        return (self.kinds[i % COUNT], *self.where, self.places[(i // COUNT + i) % COUNT])

    def name_of(self, kind: str, place: str) -> str:
        """The name of the step for a quantity; inverts `words`."""
        at = self.kinds.index(kind)
        return label(COUNT * ((self.places.index(place) - at) % COUNT) + at)


def _context(name: str, kinds: str, where: str, places: str) -> Context:
    return Context(name, tuple(kinds.split()), tuple(where.split()), tuple(places.split()))


ZOO = _context(
    "zoo",
    "lions bears wolves foxes otters owls eagles parrots zebras giraffes camels seals",
    "in the",
    "meadow forest valley desert lagoon jungle savanna marsh canyon island garden cave",
)
SCHOOL = _context(
    "school",
    "pupils teachers books maps globes desks chairs pencils rulers lamps clocks boards",
    "in the",
    "library gymnasium kitchen workshop laboratory studio corridor office hall attic cellar courtyard",
)
FESTIVAL = _context(
    "festival",
    "comedies dramas thrillers westerns musicals romances mysteries cartoons documentaries epics satires biographies",
    "at the",
    "palace harbour castle theatre rotunda pavilion plaza arena gallery terrace tower bridge",
)
CONTEXTS = {context.name: context for context in (ZOO, SCHOOL, FESTIVAL)}
"""The built-in contexts by name: an animal park, a school, a film festival."""
