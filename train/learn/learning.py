"""The one training loop.

A loss defines what is minimised; the loop does the rest: device, optimiser, clipping, schedule, metrics, ledger, checkpoints. Several
losses are minimised as their weighted sum. All randomness of an iteration derives from its number, so a killed run continues from its last
checkpoint to the same bits.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import From, check
from train.learn.masks import Mask, fitting
from train.learn.spend import Spend, goal
from train.ledger import Ledger, read_ledger
from train.optim import Optim
from train.policy import WEIGHTS, load_policy, save_policy, save_weights, untrained
from train.run import Loss, Metrics, Run
from train.stages.disk import write_json
from train.stages.stage import Context, Interrupted, Log, Shelf, Stage, Trial, closure
from train.step import Alone, Network, abreast, fit_together, take
from train.trackers import tell_again

if TYPE_CHECKING:
    from lightning.fabric import Fabric
    from torch import Tensor
    from torch.optim import Optimizer

    from models.gpt import GPT

TRIED = 2  # iterations of a trial


@dataclass(frozen=True, eq=False, repr=False)
class Learn(Stage):
    """The policy after `iterations` of learning from `policy`: so many, or as many as spend what another stage spent.

    If the policy has already learned from the same draws (`Loss.drawn_by`), iterations are counted on from there, so that it meets new
    problems or documents: learning twice for half the iterations meets the same ones as learning once.

    The metrics of a step are those of its losses. If several losses give a metric of one name, the number of the loss is appended, from 1:
    `reward/1`, `reward/2`.

    Raises:
        ValueError: if there is nothing to learn from, a loss lacks what `Loss` asks for, losses make different numbers of updates or draw
            the same, or `keep` is not ascending, or its iterations are not known before it runs; from `run`, if a loss makes more or
            fewer updates than it says, or an iteration of a `Spend` costs nothing.
    """

    policy: Stage
    losses: tuple[tuple[float, Loss], ...]
    iterations: Annotated[int, From(1)] | Spend
    optim: Optim = Optim()
    keep: tuple[int, ...] = ()  # iterations after which the weights are kept, each for a `Snapshot`
    mask: Mask | None = None  # of the weights that learn, where the others stay equal to the bit; None: all learn

    VERSION: ClassVar[int] = 6  # the ledger of version 5 left attention out

    def __post_init__(self) -> None:
        check(self)
        if not self.losses:
            raise ValueError("Learn.losses needs a loss, with its weight; found none")
        fit_together([loss for _, loss in self.losses])
        last = 0 if isinstance(self.iterations, Spend) else self.iterations  # nobody knows which iteration of a `Spend` there will be
        if not all(a < b for a, b in pairwise((0, *self.keep, last + 1))):
            raise ValueError(f"Learn.keep holds numbers of iterations, ascending, from 1 to {last}; found {self.keep}")

    @property
    def writes(self) -> tuple[str, ...]:  # type: ignore[override]  # a class attribute in `Stage`
        return ("metrics.jsonl", "ledger.json", "policy.json", WEIGHTS, *map(_kept, self.keep))

    @property
    def word(self) -> str:
        word = getattr(self.losses[0][1], "word", "learn")
        return f"{word} at {self.iterations.share:.0%}" if isinstance(self.iterations, Spend) else word

    @property
    def work(self) -> float:
        if isinstance(self.iterations, Spend):
            return self.iterations.work
        return self.iterations * sum(getattr(loss, "work", 0.0) for _, loss in self.losses)

    def trials(self) -> tuple[Trial, ...]:
        """Each loss alone, for a few iterations, after a warm-up trial that is not counted: it loads whatever learning needs. To spend what
        another stage spent takes about as long as that stage, so that is tried."""
        if isinstance(length := self.iterations, Spend):
            share = length.work / (length.of.work or 1.0)
            return tuple(replace(trial, times=share * trial.times) for trial in length.of.trials())
        return tuple(
            Trial(Learn(fresh, ((weight, like),), TRIED if share else 1, self.optim), share * length / TRIED)
            for fresh in untrained(self)
            for weight, loss in self.losses
            for like, share in (loss.trials() if hasattr(loss, "trials") else ((loss, 0.0), (loss, 1.0)))
        )

    @cached_property
    def stacks(self) -> Hashable | None:
        """Stages that may learn as one have equal models, losses of one kind, optimisers that differ in their rates alone, and no mask."""
        kinds = tuple((weight, getattr(loss, "stacks", None)) for weight, loss in self.losses)
        if self.mask or any(kind is None for _, kind in kinds):
            return None
        return next(((fresh.config, kinds, replace(self.optim, lr=1.0, warmup=0, decay=0.0)) for fresh in untrained(self)), None)

    def run(self, out: Path, context: Context) -> None:
        with context.tracker(self) if context.tracker else nullcontext() as log:
            self._learn(log, out, context)

    def _learn(self, log: Log | None, out: Path, context: Context) -> None:
        from lightning.fabric import Fabric  # slow to import, and needed only here

        from train.checkpoint import Progress

        machine, ledger, policy = context.machine, Ledger(), load_policy(context.get(self.policy))
        fabric = Fabric(
            accelerator=machine.accelerator, devices=1, precision="32-true" if machine.precision == "tf32" else machine.precision
        )
        self.optim.round(policy.model.parameters())
        masks = fitting(self.mask, context, policy.model, machine.device) if self.mask else {}
        model, optimizer = fabric.setup(policy.model, self.optim.optimizer(policy.model.named_parameters()))
        ends, before = goal(self.iterations, context), tuple(_learned(self.policy, loss.drawn_by, context) for _, loss in self.losses)
        moving = {
            n: deepcopy(policy.model).requires_grad_(False) for n, (_, loss) in enumerate(self.losses) if getattr(loss, "moves", False)
        }
        progress = Progress(out, fabric, policy.model, optimizer, ledger, **{f"moving_{n}": model for n, model in moving.items()})
        with progress.log:
            iteration = progress.resume(ends.most)
            run = Run(model, policy.model, policy.vocab, context, self.policy, ledger, closure(self.upstream))
            network = self._network(fabric, run, optimizer, masks)
            step = count(tell_again(log, out / "metrics.jsonl"))
            while left := ends.left(iteration, ledger):
                for found in self._iterate(network, run, iteration, self.optim.rate(iteration, left), before, moving):
                    metrics = found | ends.note(ledger)
                    progress.record(iteration, metrics)
                    if log:
                        log.log_metrics({"iteration": iteration} | metrics, next(step))
                iteration += 1
                if iteration in self.keep:
                    context.confirm(out)
                    save_weights(policy, out / _kept(iteration))
                    progress.keep(out / _kept(iteration))
                stopping = context.stopping()
                progress.save(iteration, 0.0 if stopping else context.checkpoint_seconds, context)
                if stopping:
                    raise Interrupted(f"{self} stopped after iteration {iteration - 1}")
        write_json(out / "ledger.json", asdict(ledger))
        save_policy(replace(policy, model=policy.model.cpu()), out)
        progress.finish()

    def _network(self, fabric: Fabric, run: Run, optimizer: Optimizer, masks: Mapping[str, Tensor]) -> Network:
        """The weights that learn: in a stack, where stages meet to learn as one."""
        from models.gpt import GPT

        if run.context.meeting is None or type(run.bare) is not GPT or self.stacks is None:  # an edited model is no plain one
            return Alone(fabric, run.model, run.bare, optimizer, self.optim, masks)
        from train.stacked.network import Joining, join

        member = run.context.meeting.ask(join, Joining(run.bare, optimizer, self.optim, run.context.meeting))
        run.draw = member.draw
        return member

    def _iterate(
        self, network: Network, run: Run, iteration: int, rate: float, before: Sequence[int], moving: Mapping[int, GPT]
    ) -> Iterator[Metrics]:
        """Run one iteration, and yield the metrics of each of its updates. `before` are the iterations, for each loss, in which the policy
        has already learned from the same draws; `moving` are the references of losses that move one.

        Raises:
            ValueError: if it costs nothing, after others that did: then a budget would never be spent.
        """
        cost = run.ledger.flops
        numbers = [earlier + iteration for earlier in before]
        runs = [replace(run, iteration=n, moving=moving.get(i)) for i, n in enumerate(numbers)]
        streams = [loss.updates(own, own.iteration) for (_, loss), own in zip(self.losses, runs, strict=True)]
        for updates in abreast(self.losses, streams, iteration):
            metrics = take(network, rate, self.losses, updates, iteration)
            run.ledger.updates += "gradient_norm" in metrics
            yield metrics
        run.ledger.iterations += 1
        if isinstance(self.iterations, Spend) and run.ledger.flops == cost > 0:
            raise ValueError(f"iteration {iteration} costs nothing, so that the budget of {self} would never be spent")


@dataclass(frozen=True, eq=False, repr=False)
class Snapshot(Stage):
    """The policy after the given iteration of learning.

    Raises:
        ValueError: if `Learn.keep` does not name that number.
    """

    learn: Learn
    iteration: Annotated[int, From(1)]  # counted from 1

    writes: ClassVar[tuple[str, ...]] = ("policy.json", WEIGHTS)

    def __post_init__(self) -> None:
        check(self)
        if self.iteration not in self.learn.keep:
            raise ValueError(f"no snapshot is kept after iteration {self.iteration}, but after {self.learn.keep}; add it to Learn.keep")

    def run(self, out: Path, context: Context) -> None:
        save_policy(load_policy(context.get(self.learn), _kept(self.iteration)), out)


def _kept(iterations: int) -> str:
    """The file of the weights after that many iterations."""
    return f"after-{iterations}.safetensors"


def _learned(policy: object, drawn_by: object, shelf: Shelf) -> int:
    """The iterations in which a policy has learned from these draws, through snapshots and edits."""
    iterations, until = 0, 0
    while isinstance(policy, Stage):
        if isinstance(policy, Snapshot):
            until, policy = policy.iteration, policy.learn
        if isinstance(policy, Learn) and any(loss.drawn_by == drawn_by for _, loss in policy.losses):
            iterations += until or (length if isinstance(length := policy.iterations, int) else read_ledger(shelf.get(policy)).iterations)
        policy, until = getattr(policy, "policy", None), 0
    return iterations
