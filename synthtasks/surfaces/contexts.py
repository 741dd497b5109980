"""Contexts: what a story is about. One of your own is a value: a dozen kinds of things, and a dozen places for them."""

from dataclasses import dataclass

from synthtasks.checked import check
from synthtasks.families.kit.family import label
from synthtasks.surfaces.surface import NUMBERS, QUOTE
from synthtasks.vocab import END, PAD

COUNT = 12  # of kinds, and of places
FRAME = ("count", "modulo", "with", "letters", "means", "is", "how", "many", "are", "the", "of", "all", "and", "so", "answer", "?")
ENDS = frozenset({END, PAD, ".", QUOTE, "answer"})  # here a completion, a sentence or a text ends, or the answer begins
PLACES = {label(i): i for i in range(COUNT**2)}


@dataclass(frozen=True)
class Context:
    """Names for quantities: the number of things of a kind at a place.

    Raises:
        ValueError: if it has no name, there are not twelve different kinds and places, each of one word, or a word is one by which
            stories are read.
    """

    name: str
    kinds: tuple[str, ...]
    where: tuple[str, ...]  # the words between a kind and its place
    places: tuple[str, ...]

    def __post_init__(self) -> None:
        check(self)
        words = (*self.kinds, *self.places)
        if not self.name:
            raise ValueError("a context has a name; found ''")
        if len(self.kinds) != COUNT or len(self.places) != COUNT or len({*words}) != 2 * COUNT or any(len(w.split()) != 1 for w in words):
            raise ValueError(f"a context needs {COUNT} kinds and {COUNT} places, all different and of one word; found {words}")
        if bad := [w for w in self.where if len(w.split()) != 1]:
            raise ValueError(f"what stands between a kind and its place is in words, each a `str` of its own; found {bad}")
        if taken := [w for w in self.where if w in ENDS] + [w for w in words if w in FRAME or w in ENDS or w in NUMBERS]:
            raise ValueError(f"a story is read by these words, so no context can have them: {' '.join(taken)}")

    def words(self, name: str) -> tuple[str, ...]:
        """The quantity that a step of this name is.

        Raises:
            ValueError: if the name is not one of the first 144 labels.
        """
        i = PLACES.get(name)
        if i is None:
            raise ValueError(f"stories speak of steps called A..Z, A1.. up to {COUNT**2} of them; found {name!r}")
        return (self.kinds[i % COUNT], *self.where, self.places[(i // COUNT + i) % COUNT])

    def name_of(self, kind: str, place: str) -> str:
        """The name of a quantity; inverts `words`."""
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
