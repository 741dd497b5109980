"""A study is checked before it runs: whatever would fail in some iteration, or when the last stage reports, is refused at once."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from analysis.measures.edge import REGIONS, Edge
from analysis.studies.claims import Claim, Row
from analysis.studies.study import SAMPLED_KS, Cell, Setting, Study, exact_metrics, sampled_metrics
from synthtasks.checked import one_of
from synthtasks.corpus import Corpus, Solved, Writer
from synthtasks.families import Family, problem
from synthtasks.problem import Split
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.policy import Fresh
from train.rl.problems import Band, Endless, Few, Prompts
from train.rl.rollouts import Sampler
from train.sample import Sample
from train.score import Score
from train.stages.stage import Stage, closure, name

DRAWN = 2  # problems of each family that are tried: of the studies' own families all are of one length


def check_study(study: Study, setting: Setting) -> None:
    """Make sure that nothing which can be known now would fail later. Cells of different seeds are alike, so those of one are looked at.

    Raises:
        ValueError: if something would, saying what was expected, and what was found.
    """
    cells = tuple(study.cells(replace(setting, seeds=setting.seeds[:1])))
    if len({c.labels for c in cells}) < len(cells):
        raise ValueError(f"each cell of a seed has labels of its own; found {[dict(c.labels) for c in cells]}")
    for cell in cells:
        _check_cell(cell)
    _check_claims(study.claims, cells)
    known: set[object] = set()
    for stage in _named([s for c in cells for s in c.stages()]):
        _check_stage(stage, known)


# --- claims


def _check_claims(claims: Sequence[Claim], cells: Sequence[Cell]) -> None:
    """Each must be answered by a seed in which all is defined."""
    rows = [_imagined(cell) for cell in cells]
    for claim in claims:
        for _, term in claim.contrast:
            try:
                value = term.value(rows)
            except KeyError as unknown:
                raise ValueError(f"claim {claim.name!r} asks for region {unknown}; there are {', '.join(REGIONS)}") from None
            except ValueError as reason:
                hint = "; what is sampled is measured at the first of a band alone" if term.metric in sampled_metrics() else ""
                raise ValueError(f"claim {claim.name!r}: {reason}{hint}") from None
            if value is None:
                raise ValueError(f"claim {claim.name!r} looks at {term.where}, where nothing is scored: from {rows[0].steps} steps")


def _imagined(cell: Cell) -> Row:
    """The row of a cell in which all is defined, every region as easy as can be."""
    steps = list(_steps(cell.before))
    bands = dict.fromkeys(REGIONS, steps[: cell.edge.width])
    curves = {metric: [0.0] * len(steps) for metric in exact_metrics()}
    if cell.asked is not None:
        curves |= {metric: [0.0, *[float("nan")] * (len(steps) - 1)] for metric in sampled_metrics()}
    return Row(dict(cell.labels), cell.seed, "", 1, steps, bands, bands[cell.trained][:1] if cell.trained else [], curves, curves)


def _steps(score: Score) -> tuple[int, ...]:
    return tuple(family.steps for family in score.families)


# --- cells


def _check_cell(cell: Cell) -> None:
    """What `measure` reads must be there."""
    said = f"the cell labelled {dict(cell.labels)}"
    one_of(f"{said}: the region that RL is given", cell.trained, ("", *REGIONS))
    scores = {"before": cell.before, "after": cell.after, "edge": cell.edge.scores}
    if _steps(cell.before) != _steps(cell.after) or not set(_steps(cell.edge.scores)) <= set(_steps(cell.before)):
        found = ", ".join(f"{what} {_steps(score)}" for what, score in scores.items())
        raise ValueError(f"{said} is scored at the same steps before and after, those of its edge among them; found {found}")
    for what, score in scores.items():
        if 1.0 not in score.temperatures:
            raise ValueError(f"{said}: temperature 1 is among those of every score; found {score.temperatures} ({what})")
    for sample in cell.asked or ():
        if sample.sampler.group < 2 * max(SAMPLED_KS):
            raise ValueError(
                f"sampled pass@{max(SAMPLED_KS)} wants at least {2 * max(SAMPLED_KS)} samples of each problem (--samples of a scale); "
                f"found {sample.sampler.group} in {said}"
            )


# --- stages


def _named(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The distinct stages that these consist of, each of which has an identity, and can be sent to another process."""
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


def _check_stage(stage: Stage, known: set[object]) -> None:
    """All that it reads and writes must fit into its policy's context, and be made of its words."""
    fresh = next((s for s in closure([stage]) if isinstance(s, Fresh)), None)
    for reading in _readings(stage) if fresh is not None else ():
        if fresh is not None and (key := (fresh.config, fresh.vocab, reading)) not in known:
            known.add(key)
            reading.check(fresh)


@dataclass(frozen=True)
class Reading:
    """Documents that a policy reads, or writes."""

    family: Family
    write: Writer
    split: Split = "train"
    spare: int = 0  # tokens that it may write beyond the solution

    def check(self, fresh: Fresh) -> None:
        """They must be made of the policy's words, and fit into its context.

        Raises:
            ValueError: if they do not.
        """
        for i in range(DRAWN):
            document = self.write(problem(self.family, self.split, "check", i))
            needed = len(fresh.vocab.encode(document.prompt + document.body)) + self.spare
            if needed > fresh.config.context:
                raise ValueError(
                    f"the model's context holds {fresh.config.context} tokens, but {needed} are needed for {_said(self.family)}: "
                    "take fewer lines or steps, or a longer context"
                )


def _said(family: Family) -> str:
    """Its numbers and words, less its primitives and parts."""
    values = [(f.name, getattr(family, f.name)) for f in fields(family)]  # type: ignore[arg-type]  # a frozen dataclass
    return f"{type(family).__name__}({', '.join(f'{name}={value!r}' for name, value in values if isinstance(value, int | str))})"


def _readings(stage: Stage) -> Iterator[Reading]:
    match stage:
        case Score():
            yield from (Reading(family, Solved(stage.surface), "test") for family in stage.families)
        case Sample():
            yield from _answered(stage.prompts, stage.sampler)
        case Learn():
            for _, loss in stage.losses:
                if isinstance(loss, Imitate) and isinstance(loss.source, Corpus):
                    yield from (Reading(recipe.family, recipe.write) for recipe in loss.source.recipes)
                elif isinstance(loss, Practice):
                    yield from _answered(loss.prompts, loss.sampler)


def _answered(prompts: Prompts, sampler: Sampler) -> Iterator[Reading]:
    """Of a band the longest problems that it may choose."""
    match prompts:
        case Band(edge=Edge(scores=scores)):
            yield Reading(replace(prompts.family, steps=max(_steps(scores))), Solved(sampler.surface), prompts.split, sampler.spare)
        case Band() | Endless():
            yield Reading(prompts.family, Solved(sampler.surface), prompts.split, sampler.spare)
        case Few():
            yield Reading(prompts.family, Solved(sampler.surface), "train", sampler.spare)
