"""Learning by example: pretraining, mid-training and supervised fine-tuning are this, on other corpora."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor

from models.sampling import chosen_logp, pad
from synthtasks.checked import From, check
from synthtasks.corpora import Corpus, Document
from synthtasks.rng import rng
from synthtasks.vocab import Vocab
from train.run import Run, Update


@dataclass(frozen=True)
class Batch:
    """Documents as tensors."""

    tokens: Tensor  # [B, T] prompt, body, padding
    learned: Tensor  # bool [B, T] true on the words that carry loss
    real: int  # tokens that are not padding


@dataclass(frozen=True)
class Imitate:
    """Cross-entropy on the bodies of a corpus's documents, as the mean over the words that carry loss.

    An iteration reads documents of one recipe, as many as fit into `tokens`.
    """

    corpus: Corpus
    tokens: Annotated[int, From(1)] = 6_144  # an iteration
    seed: Annotated[int, From(0)] = 0

    per_iteration: ClassVar[int] = 1

    def __post_init__(self) -> None:
        check(self)

    @property
    def drawn_by(self) -> tuple[object, ...]:
        """What the documents are drawn by."""
        return "imitate", self.corpus, self.seed

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        batch = collate(self.corpus, self.documents(iteration), run.vocab, run.device)
        run.ledger.train(batch.real, run.weights)
        yield Update(self._terms(run, batch), {})

    def _terms(self, run: Run, batch: Batch) -> Iterator[Tensor]:
        learned = batch.learned[:, 1:]
        logp = chosen_logp(run.model(batch.tokens[:, :-1]), batch.tokens[:, 1:])  # [B, T - 1]
        yield -(logp * learned).sum() / learned.sum()

    def documents(self, iteration: int) -> list[Document]:
        """What is read in an iteration; at least one document."""
        path = ("imitate", self.seed, iteration)
        documents: list[Document] = []
        room = self.tokens
        for document in self.corpus.documents(self.corpus.recipe(rng(*path, "recipe")), *path):
            room -= len(document.prompt) + len(document.body)
            if room < 0 and documents:
                break
            documents.append(document)
        return documents


def collate(corpus: Corpus, documents: list[Document], vocab: Vocab, device: torch.device) -> Batch:
    """Documents as tensors, padded on the right; padding carries no loss."""
    rows = [vocab.encode(d.prompt + d.body) for d in documents]
    tokens, lengths = pad(rows, device)
    learned, _ = pad([[0] * len(d.prompt) + [int(x) for x in corpus.learned(d)] for d in documents], device)
    return Batch(tokens, learned.bool(), int(lengths.sum()))
