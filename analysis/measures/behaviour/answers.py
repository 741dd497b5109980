"""Calibration of the confidence in answers, before and after temperature scaling."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.measures.behaviour.calibration import auroc, brier, equal_mass_error, scaled, within
from analysis.measures.facts import Cell, Fact
from train.decoding import AnswerSpan, confidence
from train.sample import Sample, read_samples
from train.stages.stage import Shelf

ANSWER_METRICS = ("right answers", "confidence", "ECE", "Brier", "AUROC", "AUROC within problems", "scaled ECE", "scaled Brier")


@dataclass(frozen=True)
class AnswerCalibration:
    """Calibration of the confidence in answers, on the completions of the `Sample` that the cell calls `stage`.

    The facts: the share of right answers; mean confidence; expected calibration error over bins of equal mass; Brier score; AUROC over all
    completions, and over pairs of one problem; error and Brier score after temperature scaling, fitted on the other half of the problems.
    AUROC is left out, where all answers are right, or all wrong."""

    stage: str = "sampled_after"
    phase: str = "after"
    span: AnswerSpan = AnswerSpan()

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = read_samples(cell.stage(self.stage, Sample), shelf)
        each, right = confidence(found, self.span), found.correct
        by_temperature = scaled(each, right, found.problem % 2 == 0)
        values = (
            *(float(right.mean()), float(each.mean()), equal_mass_error(each, right), brier(each, right)),
            *(auroc(each, right), within(each, right, found.problem)),
            *(equal_mass_error(by_temperature, right), brier(by_temperature, right)),
        )
        for metric, value in zip(ANSWER_METRICS, values, strict=True):
            if value is not None:
                yield cell.fact(self.phase, metric, None, value, len(right))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, metric, None, 0.0) for metric in ANSWER_METRICS)
