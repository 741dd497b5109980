"""Studies: a question, the cells that answer it, what is measured in each, and the claims, written down before the run."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated

import numpy as np

from analysis.measures.edge import REGIONS, Edge
from analysis.measures.estimates import Floats, exact_pass_at_k, sampled_pass_at_k
from analysis.measures.scores import KS, Scores, curves, read_scores
from analysis.studies.claims import Claim, Row
from analysis.studies.scale import Scale
from synthtasks.checked import From, check
from train.learn import Learn
from train.ledger import read_ledger
from train.rl.problems import read_bands
from train.sample import Sample, read_samples
from train.score import Score
from train.stages.seal import defined
from train.stages.stage import Stage, Undefined
from train.stages.store import Store

SAMPLED_KS = (1, 8)
SAMPLED = ("answer", "sampled process")  # what samples say is right
HEADROOM_KS = (1, 128)
RESERVED = ("stages", "logs")  # what else lies beside the folders of studies


@dataclass(frozen=True)
class Cell:
    """One condition of one seed, as expressions."""

    labels: tuple[tuple[str, str], ...]
    seed: int
    edge: Edge  # by which difficulties are chosen
    before: Score
    after: Score
    learn: Learn | None = None  # what lies between before and after; None: only the temperature
    trained: str = ""  # the region that RL was given
    asked: tuple[Sample, Sample] | None = None  # before and after

    def stages(self) -> tuple[Stage, ...]:
        """What must have run before the cell can be measured."""
        return tuple(s for s in (self.edge, self.before, self.after, self.learn, *(self.asked or ())) if s is not None)


@dataclass(frozen=True)
class Setting:
    """What one asks a study to do. In which order primitives are withheld makes no difference, so they are kept in one.

    Raises:
        ValueError: if a seed is negative, or comes twice: it would count as two.
    """

    scale: Scale
    withhold: tuple[str, ...] = ("mul",)
    seeds: tuple[Annotated[int, From(0)], ...] = ()

    def __post_init__(self) -> None:
        check(self)
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"Setting.seeds has each seed once; found {self.seeds}")
        object.__setattr__(self, "withhold", tuple(sorted(self.withhold)))


@dataclass(frozen=True)
class Study:
    """One question in one file.

    Raises:
        ValueError: if its name cannot be that of a folder, an axis has no values, or two claims have one name.
    """

    name: str
    question: str
    source: str
    axes: Mapping[str, tuple[str, ...]]
    cell: Callable[[Setting, int, Mapping[str, str]], Cell]  # of a seed and a value of each axis
    controls: Mapping[str, Callable[[Setting, int], Cell]]  # cells beside the factorial
    claims: tuple[Claim, ...]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name) or self.name in RESERVED:
            raise ValueError(f"a study's name is that of a folder, as in grid, and none of {', '.join(RESERVED)}; found {self.name!r}")
        if "control" in self.axes or "none" in self.controls or not all(self.axes.values()):
            raise ValueError(f"axes have values, and none is called control; no control is called none; found {self.labels}")
        names = [claim.name for claim in self.claims]
        if len(set(names)) < len(names):
            raise ValueError(f"each claim has a name of its own; found {names}")

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """By what cells can be chosen: the axes, and which control a cell is."""
        return {**self.axes, "control": ("none", *self.controls)}

    def cells(self, setting: Setting) -> Iterator[Cell]:
        """Every cell, seed by seed, so that a seed is whole before the next begins."""
        for seed in setting.seeds:
            for values in product(*self.axes.values()):
                yield self.cell(setting, seed, dict(zip(self.axes, values, strict=True)))
            for control in self.controls.values():
                yield control(setting, seed)

    def claims_of(self, cells: Sequence[Cell]) -> tuple[Claim, ...]:
        """The claims that these cells can answer."""
        labels = [dict(c.labels) for c in cells]
        return tuple(c for c in self.claims if all(any(dict(t.labels).items() <= lab.items() for lab in labels) for _, t in c.contrast))


def measure(cell: Cell, store: Store) -> Row:
    """The row of a cell whose stages have run."""
    labels, seed = dict(cell.labels), cell.seed
    found, _ = read_bands(defined(store.get(cell.edge)), REGIONS, [f.steps for f in cell.edge.scores.families])
    bands = {region: list(band) for region, band in found.items()}
    trained = bands[cell.trained] if cell.trained else []
    try:
        before, after = read_scores(cell.before, store), read_scores(cell.after, store)
    except Undefined as reason:
        return Row(labels, seed, str(reason), 0, [], bands, trained, {}, {})
    updates = 0
    if cell.learn is not None:
        updates = read_ledger(store.get(cell.learn)).updates
    first = before.plain
    last = after.plain if cell.learn is not None else best_temperature(after, bands["at"])
    rows = {"before": curves(first), "after": curves(last)}
    for k in HEADROOM_KS:
        name = f"pass@{k}"
        gains = zip(rows["before"][name], rows["after"][name], strict=True)
        rows["after"][f"headroom {name}"] = [(b - a) / (1 - a) if a < 1 else 0.0 for a, b in gains]
        rows["before"][f"headroom {name}"] = [0.0] * len(first)
    for phase, sample in zip(("before", "after"), cell.asked or (), strict=False):
        if bands["at"]:  # where there is none, nothing was asked
            rows[phase] |= sampled(sample, store, before.steps, bands["at"])
    return Row(labels, seed, "", updates, list(before.steps), bands, trained, rows["before"], rows["after"])


def exact_metrics() -> tuple[str, ...]:
    """What is measured at every difficulty."""
    return (*(f"pass@{k}" for k in KS), *(f"headroom pass@{k}" for k in HEADROOM_KS))


def sampled_metrics() -> tuple[str, ...]:
    """What is measured at the first difficulty at the edge, of cells whose policies were asked."""
    return tuple(f"{what}@{k}" for what in SAMPLED for k in SAMPLED_KS)


def best_temperature(scores: Scores, difficulties: Sequence[int]) -> Floats:  # [F, P]
    """Log-probabilities at the temperature that is best for pass@128 on these difficulties, chosen on the very problems
    it is judged by: which favours it."""
    at = [scores.at(n) for n in difficulties] or list(range(len(scores.steps)))
    means = exact_pass_at_k(scores.logp[at], 128).mean((0, 2))  # [K]
    return np.asarray(scores.logp[:, int(means.argmax())])


def sampled(stage: Sample, store: Store, steps: Sequence[int], band: Sequence[int]) -> dict[str, list[float]]:
    """Answer-only and process success from samples, at the first difficulty of the band; NaN at the others."""
    said = read_samples(stage, store)
    n = np.bincount(said.problem)
    result = {}
    for what, right in zip(SAMPLED, (said.correct, said.process), strict=True):
        c = np.bincount(said.problem, weights=right).astype(np.int64)
        for k in SAMPLED_KS:
            mean = float(sampled_pass_at_k(n, c, k).mean())
            result[f"{what}@{k}"] = [mean if s == band[0] else float("nan") for s in steps]
    return result
