"""The entropy of a policy's next word, along its own completions and at several temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from analysis.measures.effects.likelihood import Tokens, completion_batches
from synthtasks.checked import Above, check
from synthtasks.surfaces import write
from train.ledger import Ledger
from train.policy import load_policy
from train.sample import Sample, read_samples
from train.stages.arrays import Layout, load_arrays, save_arrays
from train.stages.disk import write_json
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Trial

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.measures.estimates import Floats
    from models.gpt import LanguageModel
    from synthtasks.surfaces import Written

SCHEMA = 1  # of entropy.npz
LAYOUT = {"nats": "f K B", "words": "iu B"}


@dataclass(frozen=True, eq=False, repr=False)
class TokenEntropy(Stage):
    """Entropy of the next word of the policy that drew a sample, in nats, along its completions, at each temperature.

    Writes `entropy.npz`: `nats` [K, B], the sum over the words of each completion, its end word among them; `words` [B], their number; and
    `schema`. The completions are those of the sample at every temperature.

    Raises:
        ValueError: if there is no temperature, the sample is of several iterations, or an environment wrote parts of the completions.
    """

    sample: Sample
    temperatures: tuple[Annotated[float, Above(0)], ...] = (1.0,)

    writes: ClassVar[tuple[str, ...]] = ("entropy.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)
        if not self.temperatures or self.sample.iterations > 1 or self.sample.sampler.environment:
            found = f"{self.temperatures}, {self.sample.iterations} iterations, {self.sample.sampler}"
            raise ValueError(f"an entropy is at some temperatures, of completions of one iteration without an environment; found {found}")

    @property
    def work(self) -> float:
        return self.sample.work

    def trials(self) -> tuple[Trial, ...]:
        """A trial on the completions of a trial."""
        small = ((t.stage, t.times) for t in self.sample.trials() if isinstance(t.stage, Sample))
        return tuple(Trial(replace(self, sample=sample), times) for sample, times in small)

    def run(self, out: Path, context: Context) -> None:
        import torch

        from models.cost import passed

        policy, s = load_policy(context.get(self.sample.policy)), self.sample
        policy.model.to(context.machine.device).eval()
        found = read_samples(s, context)
        written = write(s.source.batch(context, s.problems, s.seed, s.first, 0), s.sampler.surface, policy.vocab)
        said = list(zip(found.problem.tolist(), [tuple(policy.vocab.encode(words.split())) for words in found.words], strict=True))
        rows = sorted(set(said))  # each completion of a problem once, problems ascending
        nats = dict(zip(rows, completion_entropy(policy.model, written, rows, self.temperatures).T, strict=True))
        ledger, prompts = Ledger(), torch.from_numpy(written.prompt_lengths)
        after = passed(torch.tensor([len(row) - 1 for _, row in rows]), prompts[[problem for problem, _ in rows]])
        ledger.forward(passed(prompts) + after, policy.model.config)
        arrays = {"nats": np.stack([nats[row] for row in said], axis=1), "words": np.array([len(words) for _, words in said])}
        save_arrays(out / "entropy.npz", SCHEMA, arrays)
        write_json(out / "ledger.json", asdict(ledger))


def completion_entropy(
    model: LanguageModel, written: Written, rows: Sequence[tuple[int, Tokens]], temperatures: Sequence[float]
) -> Floats:  # [K, B]
    """The entropy of the next word, summed over each completion, after the prompt of its problem; problems ascend."""
    parts = [
        [(-(x.exp() * x).sum(-1) * inside).sum(1).cpu().numpy() for x in ((logits / t).log_softmax(-1).double() for t in temperatures)]
        for logits, _, inside in completion_batches(model, written, rows)
    ]
    return np.concatenate(parts, axis=1)


def read_entropy(stage: TokenEntropy, shelf: Shelf) -> Floats:  # [K]
    """The mean entropy of the next word at each temperature, in nats a word.

    Raises:
        Undefined: if `stage` has no result.
        Malformed: if it cannot be read, or is of other completions.
    """
    sizes = {"K": len(stage.temperatures), "B": stage.sample.problems * stage.sample.sampler.group}
    arrays = load_arrays(defined(shelf.get(stage)) / "entropy.npz", SCHEMA, Layout(LAYOUT, sizes))
    return np.asarray(arrays["nats"].astype(np.float64).sum(1) / arrays["words"].sum())
