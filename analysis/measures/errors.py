"""Measures of mistakes in sampled completions: the first of each, by its kind and step, and right answers by wrong derivations."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple, cast, get_args

from analysis.measures.facts import Cell, Fact
from synthtasks.problem import Problem
from synthtasks.trace import Trace
from synthtasks.verify import verify
from train.sample import Sample, read_samples
from train.stages.stage import Context, Shelf

Kind = Literal["plan", "copy", "execute", "answer", "early", "late", "format"]
"""Kinds of the first mistake. Planning: a step that was not due. Copying: a step that was, with another operator or operand. Execution: its
wrong value. Answer: all steps right, and another answer or none. Early: too few steps. Late: a step more after all. Format: words that
cannot be read, and no mistake before."""
KINDS: tuple[Kind, ...] = get_args(Kind)
RIGHT, REASON, PROCESS = "right answers", "right for the wrong reason", "right processes"


class Mistake(NamedTuple):
    """The first mistake of a completion."""

    kind: Kind
    step: int  # the number of the step at which it was made, from 1: one more than the steps of the proof that were right before


def first_mistake(problem: Problem, trace: Trace) -> Mistake | None:
    """The first mistake of a completion; None if its process is right."""
    verdict = verify(problem, trace)
    if (slip := verdict.first) is None:
        return None
    needed = {step.name for step in problem.proof}
    before = {a.name for a, right in zip(trace.assertions[: slip.at], verdict.steps, strict=False) if right}
    step = len(before & needed) + 1
    if slip.at is None:
        return Mistake("format" if trace.unread else "early" if slip.kind == "missing" else "answer", step)
    due = {s.name for s in problem.proof if s.name not in before and all(a in before for a in s.arguments if isinstance(a, str))}
    if slip.kind == "value":
        return Mistake("execute", step)
    return Mistake("copy" if slip.step in due else "plan" if due else "late", step)


@dataclass(frozen=True)
class Errors:
    """Mistakes in the completions of the `Sample` that the cell calls `stage`: the share of completions whose first mistake is of each
    kind, in all and by the number of the step; the shares of right answers and of right processes; and the share of right answers whose
    process is wrong (0 where no answer is right; then n is 0)."""

    stage: str = "sampled_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        sample = cell.stage(self.stage, Sample)
        found, surface = read_samples(sample, shelf), sample.sampler.surface
        problems = sample.source.batch(cast(Context, shelf), sample.problems, sample.seed, 0, 0)  # a source reads results alone
        mistake = cache(lambda p, words: first_mistake(problems[p], surface.read(tuple(words.split()))))  # many completions are equal
        mistakes = Counter(mistake(p, words) for p, words in zip(found.problem.tolist(), found.words, strict=True))
        n, right = len(found.words), int(found.correct.sum())
        for kind in KINDS:
            places = {m.step: count for m, count in mistakes.items() if m is not None and m.kind == kind}
            yield cell.fact(self.phase, f"error: {kind}", None, sum(places.values()) / n, n)
            yield from (cell.fact(self.phase, f"error: {kind}", step, count / n, n) for step, count in sorted(places.items()))
        wrong = int((found.correct & ~found.process).sum())
        yield cell.fact(self.phase, RIGHT, None, right / n, n)
        yield cell.fact(self.phase, PROCESS, None, mistakes[None] / n, n)
        yield cell.fact(self.phase, REASON, None, wrong / right if right else 0.0, right)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        metrics = (*(f"error: {kind}" for kind in KINDS), RIGHT, PROCESS, REASON)
        return (cell.fact(self.phase, metric, None, 0.0) for metric in metrics)
