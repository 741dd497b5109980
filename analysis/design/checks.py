"""Checks of a study before it runs: a mistake that would fail in some iteration, or in the report at the end, is refused at once."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from analysis.design.study import Setting, Study
from analysis.measures.edge import Edge
from analysis.measures.facts import Cell, Outcome, applies, outcomes
from analysis.measures.scores import difficulties
from models import GPTConfig
from synthtasks.corpora import Corpus, Solved, Writer
from synthtasks.families import Family, at, problem
from synthtasks.problem import Split
from synthtasks.vocab import Vocab
from train import losses, rl
from train.learn import Learn
from train.losses import Distil, Gold, Imitate, Practice, Source
from train.policy import Fresh
from train.rl import Around, Band, Endless, Few, Prefixed, ProblemSource, Schedule
from train.sample import Sample
from train.score import Score
from train.stages.stage import Stage, closure, name

DRAWN = 2  # problems of each family that are tried: nearly all are of one length


def check_study(study: Study, setting: Setting) -> None:
    """Refuse a study of which something would fail later. Cells of different seeds are alike, so those of one are looked at.

    Raises:
        ValueError: if something would, saying what was expected, and what was found.
    """
    cells = tuple(study.every(replace(setting, seeds=setting.seeds[:1])))
    if len({c.labels for c in cells}) < len(cells):
        raise ValueError(f"each cell of a seed has labels of its own; found {[dict(c.labels) for c in cells]}")
    for cell in cells:
        found = dict(cell.labels)
        if found.keys() != study.axes.keys() or any(value not in study.axes[axis] for axis, value in found.items()):
            raise ValueError(f"a cell has one value of each axis of its study, {dict(study.axes)}; found {found}")
        _check_scores(cell)
    _check_claims(study, setting, cells)
    stages = {s: [f for f in closure([s]) if isinstance(f, Fresh)] for s in _named([s for c in cells for s in c.stages])}
    readings = ((first.config, first.vocab, reading) for s, fresh in stages.items() for first in fresh[:1] for reading in _readings(s))
    for config, vocab, reading in dict.fromkeys(readings):
        reading.check(config, vocab)


def _check_scores(cell: Cell) -> None:
    """Scores that are compared must be of the same difficulties."""
    said = f"the cell labelled {dict(cell.labels)}"
    scores = {what: stage for what, stage in cell.named if isinstance(stage, Score)}
    for what, score in scores.items():
        if 1.0 not in score.temperatures:
            raise ValueError(f"{said}: temperature 1 is among those of every score; found {score.temperatures} ({what})")
    if {"before", "after"} <= scores.keys():
        edge = cell.by_name.get("edge")
        scored = {what: difficulties(scores[what]) for what in ("before", "after")}
        scored |= {"edge": difficulties(edge.scores)} if isinstance(edge, Edge) else {}
        if scored["before"] != scored["after"] or not set(scored.get("edge", ())) <= set(scored["before"]):
            found = ", ".join(f"{what} {each}" for what, each in scored.items())
            raise ValueError(f"{said} is scored at the same difficulties before and after, those of its edge among them; found {found}")


# --- claims


def _check_claims(study: Study, setting: Setting, cells: Sequence[Cell]) -> None:
    """Each claim must be answered by a seed in which all is defined, unless cells that it reads exist with the study's own options alone.
    Measures imagine the facts; a measure that imagines none may measure anything."""
    asked = study.claims_of(cells)
    usual = [] if asked == study.claims else list(study.every(replace(setting, seeds=setting.seeds[:1], options=study.options)))
    for claim, term in [(each, term) for each in study.claims for _, term in each.contrast]:
        if not any(set(term.labels) <= set(cell.labels) for cell in (*cells, *usual)):
            there = [dict(c.labels) for c in cells]
            raise ValueError(f"claim {claim.name!r}: no cell is labelled {dict(term.labels)}; there are {there}")
    measuring = [(measure, cell) for cell in cells for measure in study.measures if applies(measure, cell)]
    known = outcomes(f for measure, cell in measuring if (imagine := getattr(measure, "imagined", None)) for f in imagine(cell))
    empty = [Outcome(dict(c.labels), c.seed, ()) for c in cells if not any(o.has(c.labels) for o in known)]
    silent = not all(hasattr(measure, "imagined") for measure, _ in measuring)
    for claim, term in [(each, term) for each in asked for _, term in each.contrast]:
        mine = [o for o in (*known, *empty) if o.has(term.labels)]
        if silent and not all(term.metric in o.metrics(term.phase) for o in mine):
            continue  # a measure that imagines nothing may give it
        try:
            value = term.value(mine)
        except ValueError as reason:
            raise ValueError(f"claim {claim.name!r}: {reason}") from None
        if value is None:
            raise ValueError(f"claim {claim.name!r} looks at {term.where}, where nothing is measured")


# --- stages


def _named(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The distinct stages of these and of everything upstream. Each must have an identity, and be picklable."""
    try:
        every = closure(stages)
        for stage in every:
            name(stage)
    except TypeError as reason:
        raise ValueError(f"a stage has no name: {reason}") from None
    for stage in every:
        try:
            pickle.dumps(stage)
        except (pickle.PicklingError, AttributeError, TypeError) as reason:
            raise ValueError(f"{stage} cannot be sent to the process that is to run it: {reason}. Define its parts in a module") from None
    return every


@dataclass(frozen=True)
class Reading:
    """Documents that a policy reads, or writes."""

    family: Family
    write: Writer
    split: Split = "train"
    spare: int = 0  # tokens that it may write beyond the solution
    given: float = 0.0  # share of the solution behind the prompts of some problems, beside which others are solved whole

    def check(self, config: GPTConfig, vocab: Vocab) -> None:
        """Refuse documents that have other words than the policy, or do not fit into its context.

        Raises:
            ValueError: if one is refused.
        """
        for i in range(DRAWN):
            document = self.write(problem(self.family, self.split, "check", i))
            needed = len(vocab.encode(document.prompt + document.body)) + round(self.given * len(document.body)) + self.spare
            if needed > config.context:
                holds = f"the model's context holds {config.context} tokens, but {needed} are needed for {_said(self.family)}"
                raise ValueError(f"{holds}: take fewer lines or steps, or a longer context")


def _said(family: Family) -> str:
    """The family with its numbers and words, less its primitives and parts."""
    values = {f.name: getattr(family, f.name) for f in fields(family)}  # type: ignore[arg-type]  # a frozen dataclass
    inner = values.get("family")
    plain = ", ".join(f"{name}={value!r}" for name, value in values.items() if isinstance(value, int | str))
    return f"{type(family).__name__}({plain if inner is None else _said(inner)})"


def _readings(stage: Stage) -> Iterator[Reading]:
    match stage:
        case Score():
            yield from (Reading(family, Solved(stage.surface), "test") for family in stage.families)
        case Sample():
            yield from _answered(stage.source, Solved(stage.sampler.surface), stage.sampler.spare)
        case Learn():
            for _, loss in stage.losses:
                if isinstance(loss, Imitate):
                    for source in [part for _, part in loss.source.parts] if isinstance(loss.source, losses.Mixture) else [loss.source]:
                        yield from _read(source)
                elif isinstance(loss, Practice | Distil):
                    yield from _answered(loss.source, Solved(loss.sampler.surface), loss.sampler.spare)


def _read(source: Source) -> Iterator[Reading]:
    """The documents of a source, as far as they are known before it runs."""
    if isinstance(source, Corpus):
        yield from (Reading(recipe.family, recipe.write) for recipe in source.recipes)
    elif isinstance(source, Gold):
        yield from _answered(source.problems, source.write)


def _answered(source: ProblemSource, write: Writer, spare: int = 0) -> Iterator[Reading]:
    """Problems with what is written of them; for a band the longest that it may choose."""
    if isinstance(source, Band | Endless | Few):
        edge = source.edge if isinstance(source, Band) else None
        family = at(source.family, max(difficulties(edge.scores))) if isinstance(edge, Edge) else source.family
        yield Reading(family, write, "train" if isinstance(source, Few) else source.split, spare)
    elif isinstance(source, Around):
        yield from _answered(Band(source.family, source.edge, source.region), write, spare)
    elif isinstance(source, rl.Mixture):
        yield from (reading for _, part in source.parts for reading in _answered(part, write, spare))
    elif isinstance(source, Schedule):
        yield from (reading for _, part in source.turns for reading in _answered(part, write, spare))
    elif isinstance(source, Prefixed):
        given = source.given if source.share < 1 else 0.0
        yield from (replace(reading, given=given) for reading in _answered(source.source, write, spare))
