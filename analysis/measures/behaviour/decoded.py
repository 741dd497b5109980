"""Success of a policy that answers each problem by one of several completions, which its confidence chooses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analysis.measures.facts import Cell, Fact
from train.decoding import AnswerSpan, Best, Choice, Every, First, Summed, confidence
from train.sample import Sample, read_samples
from train.stages.stage import Shelf

CHOICES: Mapping[str, Choice] = {"greedy": First(), "any": Every(), "best": Best(), "sum": Summed()}


def chosen(what: str, choice: str) -> str:
    """The metric of right answers or right processes by a choice."""
    return f"{what} by {choice}"


@dataclass(frozen=True)
class Decoded:
    """The shares of problems that get a right answer (`answer by best`) and a right process (`process by best`) by each choice, from the
    `Branch` or `Sample` that the cell calls `stage`. `greedy` is greedy only of a `Branch`."""

    stage: str = "branched_after"
    phase: str = "after"
    span: AnswerSpan = AnswerSpan("disparity")
    choices: Mapping[str, Choice] = field(default_factory=lambda: CHOICES)

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        stage = cell.stage(self.stage, Sample)
        found, group = read_samples(stage, shelf), stage.sampler.group
        read = [stage.sampler.surface.read(tuple(words.split())).answer for words in found.words]
        answers = [read[b : b + group] for b in range(0, len(read), group)]
        each = confidence(found, self.span).reshape(-1, group)
        for name, choice in self.choices.items():
            shares = choice(each, answers)  # [P, G]
            for what, right in (("answer", found.correct), ("process", found.process)):
                value = float((shares * right.reshape(-1, group)).sum(1).mean())
                yield cell.fact(self.phase, chosen(what, name), None, value, len(answers))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, chosen(what, name), None, 0.0) for name in self.choices for what in ("answer", "process"))
