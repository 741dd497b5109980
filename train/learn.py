"""The one training loop.

A way of learning says what is to be minimised; the loop here does the rest: devices, optimiser, clipping, schedule,
metrics, ledger, checkpoints. Learning from several at once is their weighted sum. All randomness of an iteration comes
from its number, so a run that is killed at any moment goes on from its last checkpoint to the same bits.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from itertools import count
from pathlib import Path
from typing import Annotated, ClassVar, Protocol

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from models.gpt import GPT, LanguageModel
from synthtasks.checked import Above, From, check
from synthtasks.vocab import Vocab
from train.checkpoint import Metrics, Progress
from train.ledger import Ledger, matrix_weights
from train.policy import Policy, load_policy, save_policy
from train.share import ALONE, Share
from train.stages.machine import Machine
from train.stages.stage import Interrupted, Stage
from train.stages.store import Store, write_json
from train.together import add_up, share_of, together
from train.trackers import tell_again

OWN = ("iteration", "loss", "gradient_norm")  # metrics of a step as a whole


@dataclass
class Run:
    """What a loss may consult while it learns."""

    model: LanguageModel  # for what carries gradients
    bare: GPT  # the same weights, for what does not
    vocab: Vocab
    store: Store
    start: Stage  # the policy that learning began from
    ledger: Ledger  # of all processes that learn as one
    share: Share = ALONE  # what of an iteration this one does

    @property
    def device(self) -> torch.device:
        return self.bare.device

    @property
    def weights(self) -> int:
        """For the ledger."""
        return matrix_weights(self.bare.config)

    @cached_property
    def reference(self) -> GPT:
        """The policy that learning began from, frozen."""
        return load_policy(self.store.get(self.start)).model.requires_grad_(False).to(self.device)


@dataclass(frozen=True)
class Update:
    """One optimiser step on the sum of `parts`, which may be made one after the other; no parts, no step.

    Of several processes that learn as one, each gives those of its share; the metrics and the number of updates are the same in all.
    """

    parts: Iterable[Tensor]  # scalars
    metrics: Metrics


class Loss(Protocol):
    """A way of learning. Several that learn together say beforehand what has to agree, and what must not.

    Randomness is named by a loss's seed. Two losses may have one seed and different prompts or corpora: what they draw differs then, but is
    not independent.
    """

    @property
    def per_iteration(self) -> int: ...  # updates of an iteration; of all losses the same
    @property
    def source(self) -> object: ...  # what its problems or documents are drawn by; losses of one source would draw the same
    def updates(self, run: Run, iteration: int) -> Iterator[Update]: ...


Beta = Annotated[float, From(0, 0.999_999)]  # at 1 a mean would never move


@dataclass(frozen=True)
class Optim:
    """AdamW with a linear warm-up, a constant stretch, and a linear decay to zero over the last share of the run."""

    lr: Annotated[float, Above(0)] = 3e-4
    betas: tuple[Beta, Beta] = (0.9, 0.95)
    weight_decay: Annotated[float, From(0)] = 0.0
    clip: Annotated[float, Above(0)] = 1.0  # of the gradient's norm
    warmup: Annotated[int, From(0)] = 0  # iterations
    decay: Annotated[float, From(0, 1)] = 0.0  # share of the iterations

    def __post_init__(self) -> None:
        check(self)

    def rate(self, iteration: int, iterations: int) -> float:
        """The learning rate of an iteration."""
        up = min((iteration + 1) / self.warmup, 1.0) if self.warmup else 1.0
        down = min((iterations - iteration) / (self.decay * iterations), 1.0) if self.decay else 1.0
        return self.lr * up * down


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

    def run(self, out: Path, store: Store) -> None:
        with store.tracker(self) if store.tracker else nullcontext() as log:
            follow = partial(self._follow, store.root, store.machine)
            with together(store.machine, follow, [log] if log else []) as fabric:
                self._learn(fabric, out, store)

    def _learn(self, fabric: Fabric, out: Path, store: Store) -> None:
        run, optimizer = self._begin(fabric, store)
        with closing(Progress(out, fabric, run.bare, optimizer, run.ledger)) as progress:
            first = _agreed(fabric, progress.resume(self.iterations), run, optimizer)
            step = count(tell_again(fabric, out / "metrics.jsonl"))
            for iteration in range(first, self.iterations):
                for metrics in self._iterate(fabric, run, optimizer, iteration):
                    progress.record(iteration, metrics)
                    fabric.log_dict({"iteration": iteration} | metrics, next(step))
                stopping = store.stopping()
                progress.save(iteration + 1, 0.0 if stopping else store.checkpoint_seconds, store)
                if stopping:
                    raise Interrupted(f"{self} stopped after iteration {iteration}")
        write_json(out / "ledger.json", asdict(run.ledger))
        save_policy(Policy(run.bare.cpu(), run.vocab), out)
        progress.finish()

    def _follow(self, root: Path, machine: Machine, fabric: Fabric) -> None:
        """What a process does that is not the first: the same, but for the files."""
        run, optimizer = self._begin(fabric, Store(root, machine))
        for iteration in range(_agreed(fabric, 0, run, optimizer), self.iterations):
            for _ in self._iterate(fabric, run, optimizer, iteration):
                pass

    def _begin(self, fabric: Fabric, store: Store) -> tuple[Run, torch.optim.Optimizer]:
        policy = load_policy(store.get(self.policy))
        adam = torch.optim.AdamW(
            policy.model.parameters(), self.optim.lr, self.optim.betas, weight_decay=self.optim.weight_decay, fused=True
        )
        model, optimizer = fabric.setup(policy.model, adam)
        return Run(model, policy.model, policy.vocab, store, self.policy, Ledger(), share_of(fabric)), optimizer

    def _iterate(self, fabric: Fabric, run: Run, optimizer: torch.optim.Optimizer, iteration: int) -> Iterator[Metrics]:
        """Learn from an iteration; the metrics of each of its updates."""
        for group in optimizer.param_groups:
            group["lr"] = self.optim.rate(iteration, self.iterations)
        streams = (loss.updates(run, iteration) for _, loss in self.losses)
        for updates in zip(*streams, strict=True):
            yield self._step(fabric, run, optimizer, updates)
        run.ledger.iterations += 1

    def _step(self, fabric: Fabric, run: Run, optimizer: torch.optim.Optimizer, updates: tuple[Update, ...]) -> Metrics:
        """Take one optimiser step on the weighted sum, if there is anything to learn; the metrics of it."""
        total, parts = 0.0, 0
        optimizer.zero_grad(set_to_none=True)
        for (weight, loss), update in zip(self.losses, updates, strict=True):
            for part in update.parts:
                if not math.isfinite(value := part.item()):
                    raise RuntimeError(f"the loss {type(loss).__name__} is non-finite: {value}; a lower Optim.lr may help")
                fabric.backward(weight * part)
                total += weight * value
                parts += 1
        metrics = _apart([update.metrics for update in updates])
        parameters = list(run.bare.parameters())
        if run.share.count > 1:
            total, parts = run.share.sum(torch.tensor((total, parts), dtype=torch.float64, device=run.device)).tolist()
        if not parts:
            return metrics
        if run.share.count > 1:
            add_up(parameters, run.share)
        norm = nn.utils.clip_grad_norm_(parameters, self.optim.clip, error_if_nonfinite=True)
        optimizer.step()
        run.ledger.updates += 1
        return {"loss": total, "gradient_norm": norm.item()} | metrics


def _fit_together(losses: list[Loss]) -> None:
    """Losses that are learned from at once take their steps together, each from something else."""
    if len(losses) == 1:
        return
    for loss in losses:
        for what in ("per_iteration", "source"):
            if not hasattr(loss, what):
                raise ValueError(f"{type(loss).__name__} is to learn beside others and has no `{what}`; see train.learn.Loss")
    if len({loss.per_iteration for loss in losses}) > 1:
        found = ", ".join(f"{type(loss).__name__} {loss.per_iteration}" for loss in losses)
        raise ValueError(f"losses that learn together make equally many updates an iteration; found {found}: change Practice.reuse")
    sources = [loss.source for loss in losses]
    for i, source in enumerate(sources):
        if (first := sources.index(source)) < i:
            raise ValueError(f"losses {first + 1} and {i + 1}, {type(losses[i]).__name__}, draw the same; give each a seed of its own")


def _apart(each: list[Metrics]) -> Metrics:
    """The metrics of all losses; where several give one name, or it is the step's own, the loss's place is added to it."""
    often = Counter(name for metrics in each for name in metrics) + Counter(OWN)
    return {name if often[name] == 1 else f"{name}/{i}": x for i, metrics in enumerate(each, 1) for name, x in metrics.items()}


def _agreed(fabric: Fabric, first: int, run: Run, optimizer: torch.optim.Optimizer) -> int:
    """The iteration that the first process begins with, whose weights and moments all have then."""
    if fabric.world_size > 1:
        first, weights, moments = fabric.broadcast((first, run.bare.state_dict(), optimizer.state_dict()))
        run.bare.load_state_dict(weights)
        optimizer.load_state_dict(moments)
    return first
