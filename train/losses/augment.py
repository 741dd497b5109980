"""Reinforcement learning from augmented generation (arXiv:2509.20162): what a policy says with a document in view is preferred to what it
says without, and the document itself is learned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from models.cost import passed
from synthtasks.checked import Checked, From
from synthtasks.knowledge import OpenBook, Stated
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface
from train.ledger import BACKWARD, LENGTH
from train.losses.imitate import collate
from train.rl.problems import ProblemSource, stream
from train.run import Run, Update

if TYPE_CHECKING:
    from torch import Tensor

NEAR, FAR = -0.2, -5.0  # clamps, in nats a token
FORWARD = 3  # passes of an iteration: with the document, without, and of the document alone


@dataclass(frozen=True)
class Weights(Checked):
    """The weights of the terms of `Augment`."""

    document: Annotated[float, From(0)]
    answer: Annotated[float, From(0)]


@dataclass(frozen=True)
class Augment(Checked):
    """The loss of arXiv:2509.20162 as its code has it, as the mean over problems:

        -log sigma(b_D l(D) + b_A min(l(y_w | x, D), -0.2) - b_A max(l(y_l | x), -5) - margin)

    with l the mean log-probability of a token, D the document, y_w the option that is likeliest with it in view and y_l the one that is
    likeliest without. Where they are one, b_D and b_A are those of `equal`, else those of `differ`. There is no reference model.

    Options are the values of the step that is asked: x holds the derivation up to its value, so that an option is one word, and no loss
    falls on the words that all derivations share. The document is the excerpt. Options are chosen anew in each iteration. The code chooses
    them once for each part of its data, and learns from a part several times. With the winner scored in the `closed book`, the answer term
    raises what is to be said without the document, as the paper's words have it.

    Raises:
        ValueError: from `updates`, if a problem takes more than one step: the derivation up to its last value would hold results.
    """

    source: ProblemSource
    open_book: OpenBook = OpenBook()
    differ: Weights = Weights(0.2, 0.5)
    equal: Weights = Weights(0.5, 0.0)
    margin: Annotated[float, From(0, 100)] = 0.8
    winner: Literal["open book", "closed book"] = "open book"  # by which its log-probability is taken
    problems: Annotated[int, From(1)] = 32  # P, of an iteration
    seed: Annotated[int, From(0)] = 0

    per_iteration: ClassVar[int] = 1
    word: ClassVar[str] = "augment"

    @property
    def drawn_by(self) -> tuple[object, ...]:
        return "augment", stream(self.source), self.seed

    @property
    def work(self) -> float:
        return FORWARD * BACKWARD * self.problems * LENGTH

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        import torch

        problems = list(self.source.batch(run.context, self.problems, self.seed, iteration, 0))
        values = torch.tensor(run.vocab.encode(str(n) for n in range(problems[0].modulus)), device=run.device)
        opened, closed = (self._words(run, surface, problems)[:, values] for surface in (self.open_book, self.open_book.surface))  # [P, m]
        winner, loser = (x.detach().argmax(1) for x in (opened, closed))  # [P]
        stated = Stated(self.open_book.excerpt)
        documents = [stated(p) for p in problems]
        batch = collate(documents, [[True] * len(d.body) for d in documents], run.vocab, run.device)
        run.ledger.train(batch.passed, run.bare.config)
        document = (batch.logp(run.model) * batch.learned).sum(1) / batch.learned.sum(1)  # [P]
        rows = torch.arange(len(problems), device=run.device)
        better = (opened if self.winner == "open book" else closed)[rows, winner]  # [P]
        loss = augmented(self, document, better, closed[rows, loser], winner == loser).mean()
        truth = torch.tensor([p.answer for p in problems], device=run.device)
        right = {name: (x == truth).float().mean().item() for name, x in (("open book", winner), ("closed book", loser))}
        yield Update((loss,), {"document": document.mean().item(), **right})

    def _words(self, run: Run, surface: Surface, problems: Sequence[Problem]) -> Tensor:  # [P, V]
        """The log-probability of each word where the value of the only step is asked."""
        import torch

        from models.sampling import pad

        rows = list[list[int]]()
        for p in problems:
            if len(p.proof) != 1:
                raise ValueError(f"Augment learns from problems of one step, whose options are values; found one of {len(p.proof)}")
            words = surface.solution(p)
            rows.append(run.vocab.encode((*surface.prompt(p), *words[: surface.read(words).assertions[0].at])))
        tokens, lengths = pad(rows, run.device)
        run.ledger.train(passed(lengths), run.bare.config)
        logits: Tensor = run.model(tokens)[torch.arange(len(rows), device=run.device), lengths - 1]
        return logits.log_softmax(-1)


def augmented(loss: Augment, document: Tensor, winner: Tensor, loser: Tensor, equal: Tensor) -> Tensor:  # [P] each -> [P]
    """The loss of each problem, by the mean log-probabilities of a token of its document, of its winner and of its loser, and whether these
    two are equal."""
    from torch.nn.functional import logsigmoid

    def weight(differ: float, same: float) -> Tensor:  # [P]
        return document.new_full(document.shape, differ).masked_fill(equal, same)

    preferred = winner.clamp(max=NEAR) - loser.clamp(min=FAR)
    by_document, by_answer = weight(loss.differ.document, loss.equal.document), weight(loss.differ.answer, loss.equal.answer)
    return -logsigmoid(by_document * document + by_answer * preferred - loss.margin)
