"""Greedy completions of a hybrid with their verdicts, and the share of words after which it was steered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import From, check
from train.ledger import LENGTH, Ledger
from train.policy import untrained
from train.rl.problems import Endless, ProblemSource, trials
from train.rl.sampler import Sampler, ask, judged
from train.sample import TRIED, Sample
from train.stages.arrays import Layout, load_arrays, save_arrays
from train.stages.disk import write_json
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Trial
from train.steering.hybrids.hybrid import Hybrid, MakesGate, follow, pair
from train.steering.hybrids.learned import GREEDY
from train.steering.hybrids.moves import MakesMove

SCHEMA = 1  # of deployed.npz
LAYOUT = {"process": "b B", "correct": "b B", "steered": "iu B", "written": "iu B"}
MODELS = 3  # forward passes of a word: base, target, and the base steered


@dataclass(frozen=True, eq=False, repr=False)
class Deploy(Stage):
    """Completions by the hybrid of two policies, greedy unless the sampler says otherwise, of the problems of several iterations.

    Writes `deployed.npz`: of each completion whether its `process` and its answer (`correct`) are right, the words after which it was
    `steered`, and the words `written`, all [B]; and `schema`.
    """

    base: Stage
    target: Stage
    block: Annotated[int, From(0)]
    gate: MakesGate
    move: MakesMove
    source: ProblemSource
    problems: Annotated[int, From(1)] = 64
    iterations: Annotated[int, From(1)] = 1
    sampler: Sampler = Sampler(1, temperature=GREEDY)
    seed: Annotated[int, From(0)] = 0

    writes: ClassVar[tuple[str, ...]] = ("deployed.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)

    @property
    def work(self) -> float:
        return MODELS * self.iterations * self.problems * self.sampler.group * LENGTH

    def trials(self) -> tuple[Trial, ...]:
        """A trial on a few problems."""
        source = trials(self.source)[0]
        n = TRIED if isinstance(source, Endless) else self.problems
        times = MODELS * self.iterations * self.problems / n
        return tuple(Trial(Sample(fresh, source, n, self.sampler), times) for fresh in untrained(self)[:1])

    def run(self, out: Path, context: Context) -> None:
        import torch
        from torch import Tensor

        base, target = pair(context, self.base, self.target)
        hybrid = Hybrid(base.model, target.model, self.block, self.gate.gate(context), self.move.move(context))
        found, ledger = list[Tensor](), Ledger()
        for i in range(self.iterations):
            problems = self.source.batch(context, self.problems, self.seed, i, 0)
            request = ask(base.vocab, problems, self.sampler, hybrid.config.context, "deploy", self.seed, i)
            r = judged(request, request.asked.complete(hybrid))
            with torch.no_grad():
                _, seen = follow(base.model, target.model, self.block, request.asked, r.tokens)
            steered = hybrid.gate(seen) & r.mask
            found.append(torch.stack((r.process.long(), r.correct.long(), steered.sum(1), r.mask.sum(1))).cpu())
            ledger.sampled += int(r.mask.sum())
            for _ in range(MODELS):
                ledger.forward(r.forwarded, hybrid.config)
        process, correct, steered_words, words = torch.cat(found, 1).numpy()
        arrays = {"process": process > 0, "correct": correct > 0, "steered": steered_words, "written": words}
        save_arrays(out / "deployed.npz", SCHEMA, arrays)
        write_json(out / "ledger.json", asdict(ledger))


@dataclass(frozen=True, eq=False)
class Deployed:
    """The results of `Deploy`, of B completions."""

    process: NDArray[np.bool_]  # [B]
    correct: NDArray[np.bool_]  # [B]
    steered: NDArray[np.int64]  # [B] words after which it was steered
    written: NDArray[np.int64]  # [B] words

    @property
    def share(self) -> float:
        """The share of words after which the base was steered."""
        return float(self.steered.sum() / self.written.sum())


def read_deployed(stage: Deploy, shelf: Shelf) -> Deployed:
    """The results of `stage`.

    Raises:
        Undefined: if it has none.
        Malformed: if they cannot be read, or are of other problems.
    """
    sizes = {"B": stage.iterations * stage.problems * stage.sampler.group}
    arrays = load_arrays(defined(shelf.get(stage)) / "deployed.npz", SCHEMA, Layout(LAYOUT, sizes))
    process, correct = (arrays[name].astype(np.bool_) for name in ("process", "correct"))
    return Deployed(process, correct, *(arrays[name].astype(np.int64) for name in ("steered", "written")))
