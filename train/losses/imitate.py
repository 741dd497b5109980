"""Learning by example. Pretraining, mid-training, supervised fine-tuning and distillation from text differ only in their source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from models.cost import Passed, passed
from synthtasks.checked import Checked, From
from synthtasks.corpora import Corpus, Document, Rows
from synthtasks.vocab import Vocab
from train.ledger import BACKWARD
from train.losses.sources import Mixture, Source, like_it
from train.run import Run, Term, Update
from train.stages.stage import Context

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from models.gpt import LanguageModel


@dataclass(frozen=True)
class Batch:
    """Documents as tensors: P statements, and B questions about them with their bodies. The first word of a document alone is its
    statement."""

    statements: Tensor  # [P, S] padded
    lengths: Tensor  # [P] of the statements
    owners: Tensor  # [B] the statement of each row, ascending
    tokens: Tensor  # [B, T] rest of the prompt, body, padding
    learned: Tensor  # bool [B, T] true on the words that carry loss
    passed: Passed  # through a model that reads it

    def logp(self, model: LanguageModel) -> Tensor:  # [B, T]
        """The log-probability of each of `tokens`. Each statement goes through the model once."""
        from models.sampling import chosen_logp, completion_logits

        return chosen_logp(completion_logits(model, self.statements, self.lengths, self.tokens, self.owners), self.tokens)


@dataclass(frozen=True)
class Imitate(Checked):
    """Cross-entropy on the bodies of documents, as the mean over the words that carry loss.

    An iteration reads as many documents as fit into `tokens`, all questions about a statement or none; of a `Corpus` they are of one
    recipe. A statement is read, and counts, once. If the source has no document, no step is taken, and nothing is counted.
    """

    source: Source | Mixture
    tokens: Annotated[int, From(1)] = 6_144  # an iteration
    seed: Annotated[int, From(0)] = 0

    per_iteration: ClassVar[int] = 1

    @property
    def word(self) -> str:
        """Its kind in plans: pretraining alone takes as long as it does."""
        return "pretrain" if isinstance(self.source, Corpus) else "imitate"

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

    def trials(self) -> tuple[tuple[Imitate, float], ...]:
        """Trials on documents like its own that wait for no stage; a warm-up, which does not count, and one that does."""
        like = replace(self, source=like_it(self.source))
        return (like, 0.0), (like, 1.0)

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        import torch

        if not (batch := self.batch(run.context, run.vocab, torch.device("cpu"), iteration)):
            yield Update((), {})
            return
        run.ledger.train(batch.passed, run.bare.config)
        weights = batch.learned / -batch.learned.sum()
        yield Update((Term(batch.statements, batch.lengths, batch.tokens, batch.owners, weighted, (weights,)),), {})

    def batch(self, context: Context, vocab: Vocab, device: torch.device, iteration: int) -> Batch | None:
        """The documents of an iteration as tensors; None, if the source has none."""
        source = self._source(iteration)
        if type(source) is Corpus and (rows := source.rows(self.tokens, vocab, iteration, "imitate", self.seed)):
            return from_rows(rows, device)
        documents = self.documents(context, iteration)
        return collate(documents, [source.learned(d) for d in documents], vocab, device) if documents else None

    def documents(self, context: Context, iteration: int) -> list[Document]:
        """The documents of an iteration: at least one, if the source has any."""
        documents: list[Document] = []
        room = self.tokens
        for group in by_statement(self._source(iteration).documents(context, iteration, "imitate", self.seed)):
            room -= group[0].statement + sum(d.room for d in group)
            if room < 0 and documents:
                break
            documents += group
        return documents

    def _source(self, iteration: int) -> Source:
        return self.source.at(iteration) if isinstance(self.source, Mixture) else self.source


def weighted(logp: Tensor, weights: Tensor) -> Tensor:  # [B, T] each -> [B, T]
    """Log-probabilities with their weights."""
    return logp * weights


def from_rows(rows: Rows, device: torch.device) -> Batch:
    """Rows as tensors."""
    import torch

    statements, tokens, learned = (torch.from_numpy(x).to(device) for x in (rows.statements, rows.tokens, rows.learned))
    P, S = statements.shape
    owners = torch.arange(P, device=device).repeat_interleave(len(tokens) // P)
    lengths = torch.full((P,), S, device=device)
    return Batch(statements, lengths, owners, tokens, learned, _passed(lengths, torch.full_like(owners, tokens.shape[1]), owners))


def by_statement(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Documents in groups, each of consecutive questions about one statement."""
    group: list[Document] = []
    for d in documents:
        if group and not (d.question and d.prompt[: d.statement] == group[0].prompt[: group[0].statement]):
            yield group
            group = []
        group.append(d)
    if group:
        yield group


def collate(documents: Sequence[Document], learned: Sequence[Sequence[bool]], vocab: Vocab, device: torch.device) -> Batch:
    """Documents, and which words of each body are `learned`, as tensors padded on the right; padding carries no loss."""
    import torch

    from models.sampling import pad

    groups = list(by_statement(documents))
    stated = [max(d.statement, 1) for d in documents]
    statements, lengths = pad([vocab.encode(group[0].prompt[: max(group[0].statement, 1)]) for group in groups], device)
    owners = torch.tensor([p for p, group in enumerate(groups) for _ in group], device=device)
    tokens, words = pad([vocab.encode(d.prompt[n:] + d.body) for d, n in zip(documents, stated, strict=True)], device)
    rows = zip(documents, stated, learned, strict=True)
    mask, _ = pad([[0] * (len(d.prompt) - n) + [int(x) for x in body] for d, n, body in rows], device)
    return Batch(statements, lengths, owners, tokens, mask.bool(), _passed(lengths, words, owners))


def _passed(statements: Tensor, rows: Tensor, owners: Tensor) -> Passed:  # [P], [B] words of each, [B]
    return passed(statements) + passed(rows - 1, statements[owners])  # the last word of a row is not read
