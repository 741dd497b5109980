"""The mean difference of the residual stream between two sets of tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import From, check
from train.ledger import LENGTH, Ledger
from train.losses.sources import Source
from train.policy import Policy, load_policy
from train.stages.arrays import Layout, load_arrays, save_arrays
from train.stages.disk import write_json
from train.stages.seal import defined
from train.stages.stage import Context, Stage, Undefined
from train.steering.stream import until

if TYPE_CHECKING:
    from torch import Tensor

SCHEMA = 1  # of vector.npz
LAYOUT = {"vector": "f D", "tokens": "iu N"}
BATCH = 64  # documents of a forward pass


@dataclass(frozen=True, eq=False, repr=False)
class MeanDifference(Stage):
    """The mean of the stream that leaves a block at words of the documents of `more`, less that at words of `less` (arXiv:2308.10248,
    arXiv:2312.06681). The words are those of bodies that carry loss, or the first `words` of each body alone.

    Writes `vector.npz`: `vector` [D]; `tokens` [2], the words that either mean is over; and `schema`.

    Raises:
        Undefined: from `run`, if one of the sources has no such words.
    """

    policy: Stage
    block: Annotated[int, From(0)]
    more: Source
    less: Source
    documents: Annotated[int, From(1)] = 256  # of each source
    words: Annotated[int, From(1)] | None = None  # of each body, the first that carry loss; None: all
    seed: Annotated[int, From(0)] = 0

    writes: ClassVar[tuple[str, ...]] = ("vector.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)

    @property
    def work(self) -> float:
        return 2.0 * self.documents * LENGTH

    def run(self, out: Path, context: Context) -> None:
        import torch

        policy = load_policy(context.get(self.policy))
        policy.model.to(context.machine.device).eval()
        ledger = Ledger()
        with torch.no_grad():
            means, counts = zip(*(self._mean(policy, source, ledger, context) for source in (self.more, self.less)), strict=True)
        vector = (means[0] - means[1]).float().cpu().numpy()
        save_arrays(out / "vector.npz", SCHEMA, {"vector": vector, "tokens": torch.tensor(counts).numpy()})
        write_json(out / "ledger.json", asdict(ledger))

    def _mean(self, policy: Policy, source: Source, ledger: Ledger, context: Context) -> tuple[Tensor, int]:  # [D]
        """The mean over the words of a source, and their number."""
        import torch

        from models.cost import passed
        from models.sampling import pad

        drawn = list(islice(source.documents(context, 0, "difference", self.seed), self.documents))
        total, count = torch.zeros(policy.model.config.width, dtype=torch.double, device=policy.model.device), 0
        for part in (drawn[first : first + BATCH] for first in range(0, len(drawn), BATCH)):
            tokens, lengths = pad([policy.vocab.encode((*d.prompt, *d.body)) for d in part], policy.model.device)
            chosen = [[False] * len(d.prompt) + self._chosen(source.learned(d)) for d in part]
            mask = torch.zeros_like(tokens, dtype=torch.bool)
            for row, words in zip(mask, chosen, strict=True):
                row[: len(words)] = row.new_tensor(words)
            total += until(policy.model, self.block, tokens)[mask].double().sum(0)
            count += int(mask.sum())
            ledger.forward(passed(lengths), policy.model.config)
        if not count:
            raise Undefined(
                f"a mean over the words of {type(source).__name__} is not defined: it has no document with a word that carries loss"
            )
        return total / count, count

    def _chosen(self, learned: tuple[bool, ...]) -> list[bool]:
        """The words that count, among those of a body that carry loss."""
        places = [i for i, carries in enumerate(learned) if carries][: self.words]
        return [i in places for i in range(len(learned))]

    def vector(self, context: Context) -> Tensor:  # [D]
        """The difference."""
        import torch

        return torch.from_numpy(load_arrays(defined(context.get(self)) / "vector.npz", SCHEMA, Layout(LAYOUT, {"N": 2}))["vector"])
