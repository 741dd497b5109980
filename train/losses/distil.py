"""Distillation on the student's own completions: at every token that it chose, it learns what the teacher would have said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from synthtasks.checked import Checked, From
from synthtasks.surfaces import Surface, write
from train.ledger import BACKWARD, LENGTH
from train.rl.batches import MicroBatch, batch_passed, micro_batches
from train.rl.problems import ProblemSource, stream
from train.rl.rollouts import Rollouts
from train.rl.sampler import Sampler, ask, judged
from train.run import Run, Update
from train.stages.stage import Stage

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel

Direction = Literal["reverse", "forward"]


@dataclass(frozen=True)
class Distil(Checked):
    """On-policy distillation (arXiv:2306.13649 with lambda 1): the exact divergence (Kullback-Leibler) over the vocabulary, as a mean over
    the tokens that the student chose.

    The reverse divergence, of the student from the teacher, gives up what the student cannot say as well; the forward one covers all that
    the teacher says. Where the teacher is `shown` more than the student, as an open book, and is the student's own beginning, this is
    context distillation (arXiv:2209.15189, here on the student's completions). No gradient passes through the sampling. Student and teacher
    have one vocabulary. The problems are those that `Practice` of equal source, number and seed meets.
    """

    teacher: Stage
    source: ProblemSource
    direction: Direction = "reverse"
    sampler: Sampler = Sampler(group=4)
    problems: Annotated[int, From(1)] = 32  # P, of an iteration
    seed: Annotated[int, From(0)] = 0
    shown: Surface | None = None  # states the problems to the teacher; None: as to the student

    per_iteration: ClassVar[int] = 1
    word: ClassVar[str] = "distil"

    @property
    def drawn_by(self) -> tuple[object, ...]:
        return "distil", stream(self.source), self.seed

    @property
    def work(self) -> float:
        return (2 + BACKWARD) * self.problems * self.sampler.group * LENGTH

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        problems = self.source.batch(run.context, self.problems, self.seed, iteration, 0)
        request = ask(run.vocab, problems, self.sampler, run.bare.config.context, "distil", self.seed, iteration)
        r = judged(request, run.complete(request.asked))
        run.ledger.sampled += int(r.mask.sum())
        run.ledger.forward(r.forwarded, run.bare.config)
        yield Update(self._terms(run, r), {"pass@1": r.process.float().mean().item()})

    def _terms(self, run: Run, r: Rollouts) -> Iterator[Tensor]:
        """The loss as a sum over micro-batches, independent of how it is split."""
        import torch

        teacher, shown = run.policy(self.teacher), self._shown(r)
        for batch in micro_batches(r, torch.arange(len(r.problems), device=r.tokens.device), run.context.machine.rows):
            run.ledger.train(batch_passed(r, batch), run.bare.config)
            run.ledger.forward(batch_passed(shown, batch), teacher.config)
            with torch.no_grad():
                goal = self._logits(teacher, shown, batch)
            times = batch.same.bincount(minlength=len(batch.distinct))  # [N] rows of each completion
            weights = r.mask[batch.distinct] * times[:, None] / r.mask.sum()  # [N, T]
            yield (divergence(self.direction, self._logits(run.model, r, batch), goal) * weights.to(goal)).sum()

    def _shown(self, r: Rollouts) -> Rollouts:
        """The rollouts behind the prompts that the teacher reads."""
        if self.shown is None:
            return r
        import torch

        w = write(r.problems, self.shown, r.vocab)
        prompts, lengths = (torch.from_numpy(x).to(r.tokens.device) for x in (w.prompts, w.prompt_lengths))
        return replace(r, prompts=prompts, prompt_lengths=lengths)

    def _logits(self, model: LanguageModel, r: Rollouts, batch: MicroBatch) -> Tensor:  # [N, T, V]
        """The logits, at the sampler's temperature, at each token of the distinct completions."""
        from models.sampling import completion_logits

        there = (r.prompts[batch.groups], r.prompt_lengths[batch.groups], r.tokens[batch.distinct], batch.owners)
        prompts, lengths, tokens, owners = (x.to(model.device) for x in there)
        return completion_logits(model, prompts, lengths, tokens, owners) / self.sampler.temperature


def divergence(direction: Direction, logits: Tensor, goal: Tensor) -> Tensor:  # [N, T, V] each -> [N, T]
    """The divergence of two distributions, with its gradient for the first by hand: it is exactly zero where they are equal. Autograd would
    leave rounding errors there, of which Adam makes steps of full length."""
    own, other = logits.detach().log_softmax(-1), goal.log_softmax(-1)
    p, q = own.exp(), other.exp()
    if direction == "reverse":
        value = (p * (own - other)).sum(-1)
        slope = p * (own - other - value[..., None])
    else:
        value = (q * (other - own)).sum(-1)
        slope = p - q
    moving = (slope * logits).sum(-1)
    return value + moving - moving.detach()
