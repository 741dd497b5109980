"""Problems in the bands of an edge of competence, and the record of an edge's bands."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from synthtasks.checked import Checked, one_of
from synthtasks.families import Batch, Family, Joined, at, difficulties, level
from synthtasks.problem import Split
from train.rl.problems.endless import Endless
from train.rl.problems.mixture import Mixture, spectrum
from train.stages.reading import a_count, a_list, a_text, an_object, read_object, reading
from train.stages.seal import defined
from train.stages.stage import Context, Stage, Undefined, closure

USUAL = 6  # typical steps of the problems that a band will choose
Region = Literal["below", "at", "beyond"]  # of an edge
HARDEST = 100_000  # above every difficulty: no problem has so many steps


@dataclass(frozen=True)
class Band(Checked):
    """Problems at the difficulties of one region of an edge. Iterations take the difficulties in turn.

    Bands of one family share their stream, whatever the edge: a policy that learns on, in rounds with an edge measured in between (the
    adaptive edge), goes on to new problems.
    """

    family: Family
    edge: Stage
    region: Region
    split: Split = "train"

    @property
    def stream(self) -> object:
        return Band, self.family, self.split

    def trials(self) -> tuple[Endless, Endless]:
        """Stand-ins for its problems while its edge is unknown: of usual length, and the longest."""
        scored = next((s.families for s in closure((self.edge,)) if hasattr(s, "families")), (self.family,))
        usual, longest = (level(family) for family in (scored[:USUAL][-1], scored[-1]))
        return Endless(at(self.family, usual)), Endless(at(self.family, longest))

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Batch:
        found = band(context, self.edge, self.region, range(1, HARDEST))
        family = at(self.family, found[iteration % len(found)])
        return Batch(family, self.split, range(count), ("practice", seed, iteration, draw))


@dataclass(frozen=True)
class Around(Checked):
    """Problems some steps easier or harder than the first difficulty in the band of a region, in equal shares of every batch. Difficulties
    that the family lacks are left out."""

    family: Family
    edge: Stage
    offsets: tuple[int, ...]
    region: Region = "at"

    @property
    def stream(self) -> object:
        return Around, self.family

    def trials(self) -> tuple[Mixture, Mixture]:
        usual, longest = ((1.0, source) for source in Band(self.family, self.edge, self.region).trials())
        return Mixture((usual,)), Mixture((longest,))

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Joined:
        first = band(context, self.edge, self.region, range(1, HARDEST))[0]
        wanted = [first + by for by in self.offsets]
        there = [n for n in difficulties(self.family, max(wanted, default=0)) if n in wanted]
        if not there:
            raise Undefined(f"no problems lie {self.offsets} steps from difficulty {first}, the first {self.region} the edge")
        return spectrum(self.family, there).batch(context, count, seed, iteration, draw)


def band(context: Context, edge: Stage, region: Region, among: Collection[int]) -> tuple[int, ...]:
    """The difficulties of a region, ascending. All must be in `among`, the possible ones.

    Raises:
        Undefined: if the edge has no such region.
        ValueError: if there is no region of that name.
    """
    one_of("region", region, get_args(Region))
    bands, reasons = read_bands(defined(context.get(edge)), (region,), among)
    if not bands[region]:
        raise Undefined(f"no difficulty lies {region} the edge: {reasons[region]}")
    return bands[region]


def read_bands(folder: Path, regions: Iterable[str], among: Collection[int]) -> tuple[Mapping[str, tuple[int, ...]], Mapping[str, str]]:
    """The difficulties of each of these regions in the edge in `folder`, and the reason for each empty region.

    Raises:
        Malformed: if its record cannot be read, or has difficulties that are not `among` those that there can be.
    """
    with reading(file := folder / "edge.json"):
        edge = read_object(file)
        found, why = an_object(edge["bands"]), an_object(edge["reasons"])
        bands = {region: _difficulties(found[region], among) for region in regions}
        reasons = {region: a_text(why[region]) for region, band in bands.items() if not band}
    return bands, reasons


def _difficulties(found: object, among: Collection[int]) -> tuple[int, ...]:
    bands = tuple(map(a_count, a_list(found)))
    if not all(n in among for n in bands):
        raise ValueError(f"expected a list of difficulties, found {str(found)[:40]}")
    return bands
