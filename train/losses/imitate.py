"""Learning by example. Pretraining, mid-training, supervised fine-tuning and distillation from text differ only in their source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import Checked, From
from synthtasks.corpora import Document
from synthtasks.vocab import Vocab
from train.ledger import BACKWARD
from train.losses.sources import Source
from train.run import Run, Term, Update
from train.stages.stage import Shelf

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Documents as tensors."""

    tokens: Tensor  # [B, T] prompt, body, padding
    learned: Tensor  # bool [B, T] true on the words that carry loss
    real: int  # tokens that are not padding


@dataclass(frozen=True)
class Imitate(Checked):
    """Cross-entropy on the bodies of documents, as the mean over the words that carry loss.

    An iteration reads as many documents as fit into `tokens`; of a `Corpus` they are of one recipe.
    """

    source: Source
    tokens: Annotated[int, From(1)] = 6_144  # an iteration
    seed: Annotated[int, From(0)] = 0

    per_iteration: ClassVar[int] = 1
    word: ClassVar[str] = "pretrain"

    @property
    def stacks(self) -> tuple[object, ...]:
        """Losses that networks in a stack can share."""
        return "imitate", self.tokens

    @property
    def drawn_by(self) -> tuple[object, ...]:
        return "imitate", self.source, self.seed

    @property
    def work(self) -> float:
        return BACKWARD * self.tokens

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        documents = self.documents(run.context, iteration)
        batch = collate(documents, [self.source.learned(d) for d in documents], run.vocab, run.device)
        run.ledger.train(batch.real, run.weights)
        yield Update(self._terms(run, batch), {})

    def _terms(self, run: Run, batch: Batch) -> Iterator[Term]:
        import torch

        learned, B = batch.learned[:, 1:], len(batch.tokens)
        first = torch.ones(B, dtype=torch.long)
        yield Term(batch.tokens[:, :1], first, batch.tokens[:, 1:], torch.arange(B), weighted, (learned / -learned.sum(),))

    def documents(self, shelf: Shelf, iteration: int) -> list[Document]:
        """The documents of an iteration, at least one."""
        documents: list[Document] = []
        room = self.tokens
        for document in self.source.documents(shelf, "imitate", self.seed, iteration):
            room -= len(document.prompt) + len(document.body)
            if room < 0 and documents:
                break
            documents.append(document)
        return documents


def weighted(logp: Tensor, weights: Tensor) -> Tensor:  # [B, T] each -> [B, T]
    """Log-probabilities with their weights."""
    return logp * weights


def collate(documents: Sequence[Document], learned: Sequence[Sequence[bool]], vocab: Vocab, device: torch.device) -> Batch:
    """Documents, and which words of each body are `learned`, as tensors padded on the right; padding carries no loss."""
    from models.sampling import pad

    rows = [vocab.encode(d.prompt + d.body) for d in documents]
    tokens, lengths = pad(rows, device)
    mask, _ = pad([[0] * len(d.prompt) + [int(x) for x in body] for d, body in zip(documents, learned, strict=True)], device)
    return Batch(tokens, mask.bool(), int(lengths.sum()))
