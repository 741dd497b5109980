"""The one training loop.

A way of learning says what is to be minimised; the loop here does the rest: device, optimiser, clipping, schedule,
metrics, ledger, checkpoints. Learning from several at once is their weighted sum. All randomness of an iteration comes
from its number, so a run that is killed at any moment goes on from its last checkpoint to the same bits.
"""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from torch import nn
from torch.optim import Optimizer

from synthtasks.checked import From, check
from train.checkpoint import Metrics, Progress
from train.ledger import Ledger
from train.optim import Optim
from train.policy import Policy, load_policy, save_policy
from train.run import Loss, Run, Update
from train.stages.disk import write_json
from train.stages.stage import Context, Interrupted, Stage
from train.trackers import tell_again

if TYPE_CHECKING:
    from lightning.fabric import Fabric

OWN = ("iteration", "loss", "gradient_norm")  # metrics of a step as a whole


@dataclass(frozen=True, eq=False, repr=False)
class Learn(Stage):
    """The policy that comes of `iterations` of learning from `policy`.

    The metrics of a step hold those that its losses give. A name that several of them give is followed by the loss's place among the
    losses, from 1: `reward/1`, `reward/2`.

    Raises:
        ValueError: if there is nothing to learn from, if losses make different numbers of updates, or draw the same.
    """

    policy: Stage
    losses: tuple[tuple[float, Loss], ...]
    iterations: Annotated[int, From(1)]
    optim: Optim = Optim()

    VERSION: ClassVar[int] = 3  # without signal there is no step, by rounding or divergence; in version 1 problems lay in other splits
    writes: ClassVar[tuple[str, ...]] = ("metrics.jsonl", "ledger.json", "policy.json", "policy.safetensors")

    def __post_init__(self) -> None:
        check(self)
        if not self.losses:
            raise ValueError("Learn.losses needs a loss, with its weight; found none")
        _fit_together([loss for _, loss in self.losses])

    def run(self, out: Path, context: Context) -> None:
        from lightning.fabric import Fabric  # takes seconds to import, and is needed by nothing else

        machine = context.machine
        with context.tracker(self) if context.tracker else nullcontext() as log:
            loggers: list[Any] = [log] if log else []  # Lightning asks for its own class
            fabric = Fabric(accelerator=machine.accelerator, devices=1, precision=machine.precision, loggers=loggers)
            self._learn(fabric, out, context)

    def _learn(self, fabric: "Fabric", out: Path, context: Context) -> None:
        policy = load_policy(context.get(self.policy))
        model, optimizer = fabric.setup(policy.model, self.optim.optimizer(policy.model.parameters()))
        run = Run(model, policy.model, policy.vocab, context, self.policy, Ledger())
        with closing(Progress(out, fabric, run.bare, optimizer, run.ledger)) as progress:
            first = progress.resume(self.iterations)
            step = count(tell_again(fabric, out / "metrics.jsonl"))
            for iteration in range(first, self.iterations):
                for metrics in self._iterate(fabric, run, optimizer, iteration):
                    progress.record(iteration, metrics)
                    fabric.log_dict({"iteration": iteration} | metrics, next(step))
                stopping = context.stopping()
                progress.save(iteration + 1, 0.0 if stopping else context.checkpoint_seconds, context)
                if stopping:
                    raise Interrupted(f"{self} stopped after iteration {iteration}")
        write_json(out / "ledger.json", asdict(run.ledger))
        save_policy(Policy(run.bare.cpu(), run.vocab), out)
        progress.finish()

    def _iterate(self, fabric: "Fabric", run: Run, optimizer: Optimizer, iteration: int) -> Iterator[Metrics]:
        """Learn from an iteration; the metrics of each of its updates."""
        for group in optimizer.param_groups:
            group["lr"] = self.optim.rate(iteration, self.iterations)
        streams = (loss.updates(run, iteration) for _, loss in self.losses)
        for updates in zip(*streams, strict=True):
            yield self._step(fabric, run, optimizer, updates)
        run.ledger.iterations += 1

    def _step(self, fabric: "Fabric", run: Run, optimizer: Optimizer, updates: tuple[Update, ...]) -> Metrics:
        """Take one optimiser step on the weighted sum, if there is anything to learn; the metrics of it."""
        total, terms = 0.0, 0
        optimizer.zero_grad(set_to_none=True)
        for (weight, loss), update in zip(self.losses, updates, strict=True):
            for term in update.terms:
                if not math.isfinite(value := term.item()):
                    raise RuntimeError(f"the loss {type(loss).__name__} is non-finite: {value}; a lower Optim.lr may help")
                fabric.backward(weight * term)
                total += weight * value
                terms += 1
        metrics = _apart([update.metrics for update in updates])
        if not terms:
            return metrics
        norm = nn.utils.clip_grad_norm_(run.bare.parameters(), self.optim.clip, error_if_nonfinite=True)
        optimizer.step()
        run.ledger.updates += 1
        return {"loss": total, "gradient_norm": norm.item()} | metrics


def _fit_together(losses: list[Loss]) -> None:
    """Losses that are learned from at once take their steps together, each from something else."""
    if len(losses) == 1:
        return
    for loss in losses:
        for what in ("per_iteration", "drawn_by"):
            if not hasattr(loss, what):
                raise ValueError(f"{type(loss).__name__} is to learn beside others and has no `{what}`; see train.run.Loss")
    if len({loss.per_iteration for loss in losses}) > 1:
        found = ", ".join(f"{type(loss).__name__} {loss.per_iteration}" for loss in losses)
        raise ValueError(f"losses that learn together make equally many updates an iteration; found {found}: change Practice.reuse")
    sources = [loss.drawn_by for loss in losses]
    for i, source in enumerate(sources):
        if (first := sources.index(source)) < i:
            raise ValueError(f"losses {first + 1} and {i + 1}, {type(losses[i]).__name__}, draw the same; give each a seed of its own")


def _apart(each: list[Metrics]) -> Metrics:
    """The metrics of all losses; where several give one name, or it is the step's own, the loss's place is added to it."""
    often = Counter(name for metrics in each for name in metrics) + Counter(OWN)
    return {name if often[name] == 1 else f"{name}/{i}": x for i, metrics in enumerate(each, 1) for name, x in metrics.items()}
