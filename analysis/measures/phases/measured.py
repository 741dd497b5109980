"""Measures of planning and execution: in sampled completions, exactly, and along a run of RL."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from analysis.measures.estimates import Floats
from analysis.measures.facts import Cell, Fact
from analysis.measures.phases.entropy import by_role
from analysis.measures.phases.judged import Skills, skills
from analysis.measures.phases.shares import Joint, exact_parts, parts
from analysis.measures.phases.timing import reached, steepest
from analysis.measures.scores import Scores, read_scores
from train.learn import Learn
from train.sample import Sample, read_samples
from train.score import Score
from train.stages.stage import Context, Shelf

PLANNING, EXECUTION, SUCCESS = "planning", "execution", "success"
SHARES = (PLANNING, EXECUTION, "planning alone", "execution alone", "neither", "steps executed")
EXACT = tuple(f"exact {what}" for what in (PLANNING, EXECUTION, SUCCESS))
VALUES = ("execute", "answer")  # the roles of execution; a word of any other belongs to the plan
HALF = {what: f"{what} half-way" for what in (PLANNING, EXECUTION)}
T_EXEC, T_PLAN = "t_exec", "t_plan"
SHARE = {when: f"planning's share of the gain, {when}" for when in ("whole", "early", "late")}
DROP = 0.9  # of the drop of the entropy of values, by which execution is held to be settled
LEAST = 0.05  # gain in success of which shares are given


def skills_of(stage: Sample, shelf: Shelf) -> list[Skills]:  # [B]
    """Planning and execution of each completion of a sample."""
    found, surface = read_samples(stage, shelf), stage.sampler.surface
    problems = stage.met(cast(Context, shelf))
    judge = cache(lambda p, words: skills(problems[p], surface.read(tuple(words.split()))))  # many completions are equal
    return [judge(p, words) for p, words in zip(found.problem.tolist(), found.words, strict=True)]


def exactly(scores: Scores, difficulty: int) -> tuple[Floats, Floats]:  # [P], [P]
    """The probability of all words of the plan of each problem's solution, and that of all its values."""
    i = scores.at(difficulty)
    values: Floats = np.sum([scores.role(role)[i] for role in VALUES], axis=0)
    return np.exp(scores.plain[i] - values), np.exp(values)


@dataclass(frozen=True)
class Skilled:
    """Planning and execution in the completions of the `Sample` that the cell calls `stage`: the share of completions in which each is
    right, alone or not; the share of steps whose value follows; and if the sampler records them, the entropy and the share of the tokens
    of each role."""

    stage: str = "sampled_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        yield from self.read(cell, cell.stage(self.stage, Sample), None, shelf)

    def read(self, cell: Cell, sample: Sample, at: float | None, shelf: Shelf) -> Iterator[Fact]:
        """The facts of a sample, at a place on their axis."""
        every, n = (found := skills_of(sample, shelf)), len(found)
        joint, steps = Joint.of(every), sum(s.steps for s in every)
        executed = sum(s.executed for s in every) / steps if steps else 0.0
        values = joint.planned, joint.both + joint.execution, joint.planning, joint.execution, joint.neither
        yield from (cell.fact(self.phase, metric, at, value, n) for metric, value in zip(SHARES, values, strict=False))
        yield cell.fact(self.phase, SHARES[-1], at, executed, steps)
        records = read_samples(sample, shelf).records
        if "entropy" in records and "roles" in records:
            for role, of in by_role(records["entropy"], records["roles"]).items():
                yield cell.fact(self.phase, f"entropy: {role}", at, of.entropy, n)
                yield cell.fact(self.phase, f"tokens: {role}", at, of.share, n)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, metric, None, 0.0) for metric in SHARES)


@dataclass(frozen=True)
class Gained:
    """The parts of the gain in sampled success, in points of 100: planning's and execution's, by Shapley values; nothing, where no plan is
    right before or after."""

    before: str = "sampled_before"
    after: str = "sampled_after"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        first, last = (Joint.of(skills_of(cell.stage(name, Sample), shelf)) for name in self.needs)
        if first.planned and last.planned:
            for what, part in parts(first, last)._asdict().items():
                yield cell.fact("after", f"gain by {what}", None, 100 * part)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("after", f"gain by {what}", None, 0.0) for what in (PLANNING, EXECUTION))


@dataclass(frozen=True)
class ExactSkills:
    """The exact probability of the plan, of the values, and of both, at the one difficulty of the score that the cell calls `stage`; mean
    over problems."""

    stage: str = "after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        yield from self.read(cell, read_scores(cell.stage(self.stage, Score), shelf), None)

    def read(self, cell: Cell, scores: Scores, at: float | None) -> Iterator[Fact]:
        """The facts of scores, at a place on their axis."""
        plan, values = exactly(scores, *scores.difficulties)
        for metric, each in zip(EXACT, (plan, values, plan * values), strict=True):
            yield cell.fact(self.phase, metric, at, float(each.mean()), len(each))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, metric, None, 0.0) for metric in EXACT)


@dataclass(frozen=True)
class Trajectory:
    """Planning and execution along the run that the cell calls `learn`, of cells with snapshots: `score N` and `sample N` after N
    iterations, beside `before`, `after`, `sampled_before`, `sampled_after`.

    Times are shares of the run: when the exact probability of each skill has made half of its rise; `t_exec`, when the entropy of values
    has made 90 % of its drop; `t_plan`, the steepest rise of the exact probability of the plan. A skill that does not improve has none.
    Planning's share of the gain in exact success is its Shapley value: of the whole run, and before and after success has made half of its
    gain. Where success gains less than .05 there is none.
    """

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        places = snapshots(cell)
        if not places:
            return
        length = cell.stage("learn", Learn).iterations
        assert isinstance(length, int)
        at = [0, *places, length]
        scores = [read_scores(cell.stage(name, Score), shelf) for name in ("before", *(f"score {n}" for n in places), "after")]
        exact, sampled = ExactSkills(phase="learning"), Skilled(phase="learning")
        facts = [fact for n, each in zip(at, scores, strict=True) for fact in exact.read(cell, each, n)]
        samples = ("sampled_before", *(f"sample {n}" for n in places), "sampled_after")
        facts += [fact for n, name in zip(at, samples, strict=True) for fact in sampled.read(cell, cell.stage(name, Sample), n, shelf)]
        yield from facts
        curves: dict[str, list[float]] = {}
        for fact in facts:
            curves.setdefault(fact.metric, []).append(fact.value)
        times = {HALF[what]: reached(at, curves[f"exact {what}"], 0.5) for what in HALF}
        times[T_PLAN] = steepest(at, curves[EXACT[0]])
        if len(entropy := curves.get("entropy: execute", [])) == len(at):
            times[T_EXEC] = reached(at, [-x for x in entropy], DROP)
        yield from (cell.fact("learning", metric, None, time / length) for metric, time in times.items() if time is not None)
        yield from self._shares(cell, curves[EXACT[2]], [exactly(each, *each.difficulties) for each in scores])

    def _shares(self, cell: Cell, success: list[float], each: list[tuple[Floats, Floats]]) -> Iterator[Fact]:
        if (gain := success[-1] - success[0]) < LEAST:
            return
        half = next(i for i, value in enumerate(success) if value >= success[0] + gain / 2)
        pieces = {"whole": (0, -1), "early": (0, half), "late": (half, -1)}
        for when, (first, last) in pieces.items():
            if (found := exact_parts(each[first], each[last])).gain > 0:
                yield cell.fact("learning", SHARE[when], None, found.share, len(each[0][0]))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        if snapshots(cell):
            yield from (cell.fact("learning", metric, 0, 0.0) for metric in (*EXACT, *SHARES))
            yield from (cell.fact("learning", metric, None, 0.0) for metric in (*HALF.values(), T_EXEC, T_PLAN, *SHARE.values()))


def snapshots(cell: Cell) -> tuple[int, ...]:
    """The iterations after which a cell has snapshots, ascending."""
    return tuple(sorted(int(name.split()[1]) for name, stage in cell.named if name.startswith("score ") and isinstance(stage, Score)))
