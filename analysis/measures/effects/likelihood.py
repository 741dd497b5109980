"""The log-probability of sampled completions under a policy, their own or another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from synthtasks.checked import check
from synthtasks.surfaces import Written, write
from train.ledger import Ledger
from train.policy import load_policy
from train.sample import Sample, read_samples
from train.stages.arrays import Layout, load_arrays, save_arrays
from train.stages.disk import write_json
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Trial

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from analysis.measures.estimates import Floats
    from models.gpt import LanguageModel

SCHEMA = 1  # of likelihood.npz
LAYOUT = {"logp": "f B", "solutions": "f P"}
BATCH = 512  # rows of a forward pass
Tokens = tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Likelihood(Stage):
    """Log-probability under `policy`, in nats, of the completions of `sample`, which may be another policy's.

    Writes `likelihood.npz`: `logp` [B] of each completion with its end word, in the order of `sample` (of one that was cut off, the
    probability of its beginning); `solutions` [P] of the reference solution of each of its problems; and `schema`.

    Raises:
        ValueError: if the completions were not sampled at temperature 1, or an environment wrote parts of them.
    """

    policy: Stage
    sample: Sample

    writes: ClassVar[tuple[str, ...]] = ("likelihood.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)
        if (found := self.sample.sampler).temperature != 1 or found.environment:
            raise ValueError(f"a likelihood is of completions at temperature 1 without an environment; found {found}")

    @property
    def work(self) -> float:
        return self.sample.work

    def trials(self) -> tuple[Trial, ...]:
        """A trial on the completions of a trial."""
        small = ((t.stage, t.times) for t in self.sample.trials() if isinstance(t.stage, Sample))
        return tuple(Trial(replace(self, policy=sample.policy, sample=sample), times) for sample, times in small)

    def run(self, out: Path, context: Context) -> None:
        import torch

        from models.cost import passed

        policy, s = load_policy(context.get(self.policy)), self.sample
        policy.model.to(context.machine.device).eval()
        found = read_samples(s, context)
        written = write(s.source.batch(context, s.problems, s.seed, 0, 0), s.sampler.surface, policy.vocab)
        solutions = [tuple(row[:length]) for row, length in zip(written.solutions.tolist(), written.lengths.tolist(), strict=True)]
        said = list(zip(found.problem.tolist(), [tuple(policy.vocab.encode(words.split())) for words in found.words], strict=True))
        rows = sorted({*said, *enumerate(solutions)})  # each completion of a problem once, problems ascending
        logp = dict(zip(rows, completion_logp(policy.model, written, rows), strict=True))
        ledger, prompts = Ledger(), torch.from_numpy(written.prompt_lengths)
        after = passed(torch.tensor([len(row) - 1 for _, row in rows]), prompts[[problem for problem, _ in rows]])
        ledger.forward(passed(prompts) + after, policy.model.config)
        arrays = {"logp": np.array([logp[row] for row in said]), "solutions": np.array([logp[row] for row in enumerate(solutions)])}
        save_arrays(out / "likelihood.npz", SCHEMA, arrays)
        write_json(out / "ledger.json", asdict(ledger))


def completion_logp(model: LanguageModel, written: Written, rows: Sequence[tuple[int, Tokens]]) -> list[float]:
    """The log-probability of each completion [B], after the prompt of its problem; problems ascend."""
    from models.sampling import chosen_logp

    each = ((chosen_logp(logits, tokens).double() * inside).sum(1) for logits, tokens, inside in completion_batches(model, written, rows))
    return [value for part in each for value in part.tolist()]


def completion_batches(
    model: LanguageModel, written: Written, rows: Sequence[tuple[int, Tokens]]
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:  # [B', T, V], [B', T], [B', T]
    """The logits by which each word of completions was chosen, the words, and the mask of those inside, a batch after the other. A
    completion follows the prompt of its problem; problems ascend."""
    import torch

    from models.sampling import completion_logits, pad

    prompts, lengths = (torch.from_numpy(x).to(model.device) for x in (written.prompts, written.prompt_lengths))
    for part in (rows[first : first + BATCH] for first in range(0, len(rows), BATCH)):
        asked = sorted({problem for problem, _ in part})
        places = {problem: place for place, problem in enumerate(asked)}
        tokens, ends = pad([words for _, words in part], model.device)
        owners = torch.tensor([places[problem] for problem, _ in part], device=model.device)
        with torch.no_grad():
            logits = completion_logits(model, prompts[asked], lengths[asked], tokens, owners)
        yield logits, tokens, torch.arange(tokens.shape[1], device=model.device) < ends[:, None]


@dataclass(frozen=True, eq=False)
class Likelihoods:
    """Log-probabilities of B completions, and of the solutions of their P problems."""

    logp: Floats  # [B]
    solutions: Floats  # [P]


def read_likelihood(stage: Likelihood, shelf: Shelf) -> Likelihoods:
    """The results of `stage`.

    Raises:
        Undefined: if it has none.
        Malformed: if they cannot be read, or are of other completions.
    """
    sizes = {"P": stage.sample.problems, "B": stage.sample.problems * stage.sample.sampler.group}
    arrays = load_arrays(defined(shelf.get(stage)) / "likelihood.npz", SCHEMA, Layout(LAYOUT, sizes))
    return Likelihoods(arrays["logp"].astype(np.float64), arrays["solutions"].astype(np.float64))
