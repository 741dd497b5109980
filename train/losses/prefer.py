"""Learning from preference pairs that any score ranks.

Shapes: N pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol

from synthtasks.checked import Above, Checked, From
from synthtasks.rng import rng
from train.ledger import BACKWARD, LENGTH
from train.losses.compare import logp_of
from train.losses.imitate import Imitate, collate
from train.losses.pairs import Pairing, Ranked
from train.losses.sources import Traces, like_it
from train.run import Run, Update
from train.sample import Sample, read_samples

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Compared:
    """The completions of N pairs; of each the better one first."""

    logp: Tensor  # [2, N] of the completion, in nats
    reference: Tensor  # [2, N] under the policy that learning began from; 0 where an objective has no reference
    words: Tensor  # [2, N] of the completion, its end word among them
    gaps: Tensor  # [N] how much better


class Preference(Protocol):
    """The loss of pairs is -log sigmoid of what this gives: the reward of the better completion, less that of the worse, less a margin."""

    referenced: ClassVar[bool]

    def __call__(self, c: Compared) -> Tensor: ...  # [N]


@dataclass(frozen=True)
class DPO(Checked):
    """Direct preference optimisation (arXiv:2305.18290 eq. 7): the reward of a completion is `beta` times its log-ratio to the reference.
    With a `margin` it exceeds that of the worse one by so many times exp(gap): arXiv:2507.21931 has 1 in the loss of its reward model."""

    beta: Annotated[float, Above(0)] = 0.1
    margin: Annotated[float, From(0)] = 0.0

    referenced: ClassVar[bool] = True

    def __call__(self, c: Compared) -> Tensor:
        ratio = c.logp - c.reference  # [2, N]
        return self.beta * (ratio[0] - ratio[1]) - self.margin * c.gaps.exp()


@dataclass(frozen=True)
class SimPO(Checked):
    """Simple preference optimisation (arXiv:2405.14734): the reward of a completion is `beta` times its mean log-probability a word,
    without a reference; it exceeds that of the worse one by the target margin `gamma`."""

    beta: Annotated[float, Above(0)] = 2.0
    gamma: Annotated[float, From(0)] = 1.0

    referenced: ClassVar[bool] = False

    def __call__(self, c: Compared) -> Tensor:
        mean = c.logp / c.words  # [2, N]
        return self.beta * (mean[0] - mean[1]) - self.gamma


@dataclass(frozen=True)
class Prefer(Checked):
    """The better completion of a pair becomes more likely than the worse one, as the mean over pairs that are drawn from all of a sample.

    Log-probabilities are sums over all words of a completion, at temperature 1. If the sample has no pair, no step is taken, and nothing
    is counted. `Compare` draws problems first; here a problem counts by its pairs.
    """

    sample: Sample
    pairing: Pairing = Ranked()
    objective: Preference = DPO()
    pairs: Annotated[int, From(1)] = 16  # N, of an iteration
    seed: Annotated[int, From(0)] = 0

    per_iteration: ClassVar[int] = 1

    @property
    def drawn_by(self) -> tuple[object, ...]:
        return "prefer", self.sample, self.pairing, self.seed

    @property
    def work(self) -> float:
        return (BACKWARD + self.objective.referenced) * 2 * self.pairs * LENGTH

    def trials(self) -> tuple[tuple[Imitate, float], ...]:
        """Trials on as many documents that wait for no stage; the reference, a forward pass, is a part of a step of learning."""
        like = Imitate(like_it(Traces(self.sample)), 2 * self.pairs * LENGTH, self.seed)
        return (like, 0.0), (like, 1 + self.objective.referenced / BACKWARD)

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        import torch
        from torch.nn.functional import logsigmoid

        samples = read_samples(self.sample, run.context)
        found = self.pairing(samples, self.sample.sampler.surface)
        if not (number := len(found.gaps)):
            yield Update((), {"pairs": 0})
            return
        which = rng("prefer", self.seed, iteration).integers(number, size=self.pairs)
        documents = [samples.documents[int(row)] for rows in (found.better, found.worse) for row in rows[which]]
        batch = collate(documents, [[True] * len(d.body) for d in documents], run.vocab, run.device)
        run.ledger.train(batch.passed, run.bare.config)
        logp = logp_of(run.model, batch).view(2, -1)
        reference = torch.zeros_like(logp)
        if self.objective.referenced:
            run.ledger.forward(batch.passed, run.bare.config)
            with torch.no_grad():
                reference = logp_of(run.reference, batch).view(2, -1)
        words, gaps = batch.learned.sum(1).view(2, -1), torch.from_numpy(found.gaps[which]).to(logp)
        ahead = self.objective(Compared(logp, reference, words, gaps))  # [N]
        yield Update((-logsigmoid(ahead).mean(),), {"pairs": number, "preferred": (ahead > 0).float().mean().item()})
