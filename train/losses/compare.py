"""Learning from preference pairs: of two completions of one problem, the accepted one becomes more likely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from synthtasks.checked import Above, Checked, From
from synthtasks.corpora import Document
from synthtasks.rng import rng
from train.losses.imitate import Batch, collate
from train.run import Run, Update
from train.sample import Accepts, Sample, read_samples
from train.stages.stage import Shelf, Undefined

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel


@dataclass(frozen=True)
class Compare(Checked):
    """Direct preference optimisation (arXiv:2305.18290 eq. 7), as the mean over pairs.

    A pair is drawn from the problems of a sample that have both an accepted and a rejected completion: one of each. The reference is the
    policy that learning began from; the log-probability of a completion is the sum over its words, at temperature 1.
    """

    sample: Sample
    beta: Annotated[float, Above(0)] = 0.1  # weight of the divergence from the reference
    pairs: Annotated[int, From(1)] = 16  # N, of an iteration
    accepts: Accepts = "process"
    seed: Annotated[int, From(0)] = 0

    per_iteration: ClassVar[int] = 1

    @property
    def drawn_by(self) -> tuple[object, ...]:
        return "compare", self.sample, self.accepts, self.seed

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        from torch.nn.functional import logsigmoid

        accepted, rejected = zip(*self.drawn(run.context, iteration), strict=True)
        documents = (*accepted, *rejected)
        batch = collate(documents, [[True] * len(d.body) for d in documents], run.vocab, run.device)
        run.ledger.train(batch.passed, run.bare.config)
        run.ledger.forward(batch.passed, run.bare.config)
        better, worse = (logp_of(run.model, batch) - logp_of(run.reference, batch)).chunk(2)  # [N] each; the reference is frozen
        margin = self.beta * (better - worse)
        yield Update((-logsigmoid(margin).mean(),), {"preferred": (margin > 0).float().mean().item()})  # share of the pairs

    def drawn(self, shelf: Shelf, iteration: int) -> list[tuple[Document, Document]]:
        """The pairs [N] of an iteration, the accepted completion first.

        Raises:
            Undefined: if no problem has completions of both kinds.
        """
        samples = read_samples(self.sample, shelf)
        right, g = samples.accepted(self.accepts), rng("compare", self.seed, iteration)
        kinds = [[np.flatnonzero((samples.problem == p) & kind) for kind in (right, ~right)] for p in range(len(samples.prompts))]
        if not (both := [rows for rows in kinds if all(map(len, rows))]):
            raise Undefined(f"no problem of {self.sample} has both an accepted and a rejected completion")
        documents = samples.documents
        pairs = [[int(g.choice(rows)) for rows in both[int(i)]] for i in g.integers(len(both), size=self.pairs)]
        return [(documents[accepted], documents[rejected]) for accepted, rejected in pairs]


def logp_of(model: LanguageModel, batch: Batch) -> Tensor:  # [B]
    """The log-probability of what is learned of each row."""
    return (batch.logp(model) * batch.learned).sum(1)
