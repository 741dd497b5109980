"""Vectors, and when to add them, learned so that a base says the target's next word where it would not.

Shapes: B rows, T tokens, D width, V words, K vectors, H hidden units of the coefficient network, N tokens at which a gate decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import Above, From, check
from train.ledger import BACKWARD, LENGTH, Ledger
from train.policy import Policy, torch_rng, untrained
from train.rl.problems import Endless, ProblemSource, trials
from train.rl.sampler import Sampler, ask
from train.sample import TRIED, Sample
from train.stages.disk import replacing, write_json
from train.stages.reading import a_number, an_object, read_object, reading
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Trial, Undefined
from train.steering.hybrids.directions import LEVELS, TENSORS, Directions, features
from train.steering.hybrids.hybrid import Disagreement, MakesGate, Seen, disagreement, follow, pair, steered_logits
from train.steering.tuned import DEVELOPMENT

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import GPT
    from models.layers import Past

GREEDY = 1e-6  # a temperature at which all but equally likely words are the likeliest
START = 0.1  # of the root mean square of the stream: the size of the numbers of vectors at first
DECAY = 1e-3  # of the squared weights of the logistic gate
STEPS = 60  # of its optimiser
WRITES_AND_READS = 3  # passes over a completion: the target writes it, then both read it


@dataclass(frozen=True, eq=False)
class Part:
    """Completions by the target, read by both models."""

    past: Past  # of prompts, for the completions
    seen: Seen  # at the word before each that was written
    goal: Tensor  # [B, T] the words that were written
    inside: Tensor  # bool [B, T] the places of these
    differ: Tensor  # bool [B, T] of these, where base and target differ
    fired: Tensor  # bool [B, T] of these, where the gate fires


@dataclass(frozen=True, eq=False, repr=False)
class LearnedVectors(Stage):
    """`vectors` vectors and a bias, added to the stream of the base as it leaves a block, where the gate fires, with coefficients
    by a network of the stream: learned by the cross-entropy to the target's next word there (arXiv:2510.07364). None of the base's weights
    changes. With no vectors the bias alone is learned.

    The target writes greedily, on problems of the second draw of each of `batches` iterations, which no loss meets. In the paper one
    category is active at a time, found by a sparse autoencoder; here the network chooses among all, as a sum.

    With them is learned a gate that asks no target: a logistic function of the base's activations, which tells the words at which the two
    differ. With `gate=OwnGate(...)` vectors are learned where such a gate fires, and so need no target when they are used.

    Writes `learned.safetensors` (see `Directions`) and `learned.json`: the `rate` at which base and target differ, and the share of these
    words that is `fixed`.

    Raises:
        Undefined: from `run`, if base and target never differ, or the gate never fires.
    """

    base: Stage
    target: Stage
    block: Annotated[int, From(0)]
    source: ProblemSource
    vectors: Annotated[int, From(0)] = 8  # K
    hidden: Annotated[int, From(1)] = 16  # H
    iterations: Annotated[int, From(1)] = 200
    lr: Annotated[float, Above(0)] = 1e-2
    batches: Annotated[int, From(1)] = 8
    problems: Annotated[int, From(1)] = 64  # of a batch
    sampler: Sampler = Sampler(1, temperature=GREEDY)
    gate: MakesGate = Disagreement()  # where the base is steered, and learned from
    seed: Annotated[int, From(0)] = 0

    writes: ClassVar[tuple[str, ...]] = ("learned.safetensors", "learned.json", "ledger.json")

    def __post_init__(self) -> None:
        check(self)

    @property
    def work(self) -> float:
        return (self.batches + BACKWARD * self.iterations) * self.problems * LENGTH

    def trials(self) -> tuple[Trial, ...]:
        """A trial on a few problems: a step costs about what it costs to complete them."""
        source = trials(self.source)[0]
        n = TRIED if isinstance(source, Endless) else self.problems
        times = (3 * self.batches + self.iterations) * self.problems / n / 8
        return tuple(Trial(Sample(fresh, source, n, self.sampler), times) for fresh in untrained(self)[:1])

    def run(self, out: Path, context: Context) -> None:
        import torch
        from safetensors.torch import save

        (base, target), ledger = pair(context, self.base, self.target), Ledger()
        with torch.no_grad():
            parts = list(self._parts(base, target, context, ledger))
        differ = torch.cat([part.differ[part.inside] for part in parts])
        rate = float(differ.float().mean())
        if not rate or not any(part.fired.any() for part in parts):
            raise Undefined("base and target write the same words everywhere, or the gate never fires: there is nothing to learn from")
        gate = _logistic(torch.cat([features(part.seen)[part.inside] for part in parts]), differ)
        learned = self._learned(base.model, [part for part in parts if part.fired.any()], gate, rate, ledger)
        with replacing(out / "learned.safetensors") as file:
            file.write(save({name: getattr(learned, name).detach().contiguous() for name in TENSORS}))
        write_json(out / "learned.json", {"rate": learned.rate, "fixed": learned.fixed})
        write_json(out / "ledger.json", asdict(ledger))

    def _parts(self, base: Policy, target: Policy, context: Context, ledger: Ledger) -> Iterator[Part]:
        """Completions of the target, batch by batch."""
        model, fires = base.model, self.gate.gate(context)
        for i in range(self.batches):
            problems = self.source.batch(context, self.problems, self.seed, i, DEVELOPMENT)
            asked = ask(base.vocab, problems, self.sampler, model.config.context, "steering", self.seed, i).asked
            drawn = asked.complete(target.model)
            past, seen = follow(model, target.model, self.block, asked, drawn.tokens)
            ledger.sampled += int(drawn.mask.sum())
            for _ in range(WRITES_AND_READS):
                ledger.forward(drawn.forwarded, model.config)
            yield Part(past, seen, drawn.tokens, drawn.mask, disagreement(seen) & drawn.mask, fires(seen) & drawn.mask)

    def _learned(self, model: GPT, parts: list[Part], gate: tuple[Tensor, Tensor], rate: float, ledger: Ledger) -> Directions:
        """The vectors after learning."""
        import torch
        import torch.nn.functional as F

        from models.cost import Passed

        D, K, g = model.config.width, self.vectors, torch_rng("steering vectors", self.seed)
        size = torch.cat([part.seen.stream[part.inside] for part in parts]).square().mean().sqrt()

        def started(*shape: int, deviation: float) -> Tensor:
            return (torch.randn(*shape, generator=g) * deviation).to(model.device).requires_grad_()

        directions = Directions(
            started(K, D, deviation=START * float(size)),
            started(D, deviation=0.0),
            started(D, self.hidden, deviation=D**-0.5),
            started(self.hidden, deviation=0.0),
            started(self.hidden, K, deviation=self.hidden**-0.5),
            started(K, deviation=0.0),
            *gate,
            rate,
            0.0,
        )
        learning = [getattr(directions, name) for name in TENSORS if getattr(directions, name).requires_grad]
        optimiser = torch.optim.Adam([x for x in learning if x.numel()], lr=self.lr)
        for i in range(self.iterations):
            for group in optimiser.param_groups:
                group["lr"] = self.lr * (1 - i / self.iterations)
            part = parts[i % len(parts)]
            loss = F.cross_entropy(self._logits(model, directions, part)[part.fired], part.goal[part.fired])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            ledger.train(Passed(part.goal.numel(), 0), model.config)
            ledger.updates += 1
        with torch.no_grad():
            right = [(self._logits(model, directions, p).argmax(-1) == p.goal)[p.fired] for p in parts]
        values = {f.name: getattr(directions, f.name) for f in fields(directions)}
        return Directions(**{**values, "fixed": float(torch.cat(right).float().mean())})

    def _logits(self, model: GPT, directions: Directions, part: Part) -> Tensor:  # [B, T, V]
        """The logits of the steered base where the target has written."""
        stream = (part.seen.stream + directions.shift(part.seen.stream)).where(part.fired[..., None], part.seen.stream)
        return steered_logits(model, self.block, stream, part.seen.tokens, part.past)


def _logistic(x: Tensor, differ: Tensor) -> tuple[Tensor, Tensor]:  # [N, F], bool [N] -> [F], [LEVELS]
    """Weights of a logistic function that tells where `differ` is true, and the levels of its score without the bias."""
    import torch
    import torch.nn.functional as F

    weight, bias = x.new_zeros(x.shape[1]).requires_grad_(), x.new_zeros(()).requires_grad_()
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = F.binary_cross_entropy_with_logits(x @ weight + bias, differ.to(x)) + DECAY * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    scores = (x @ weight).detach()
    return weight.detach(), scores.quantile(torch.linspace(0, 1, LEVELS, device=x.device))


def read_learned(stage: LearnedVectors, shelf: Shelf) -> Directions:
    """The result of `stage`.

    Raises:
        Undefined: if it has none.
        Malformed: if it cannot be read.
    """
    from safetensors.torch import load_file

    folder = defined(shelf.get(stage))
    with reading(file := folder / "learned.json"):
        record = an_object(read_object(file))
        rate, fixed = (a_number(record[name], 0.0, 1.0) for name in ("rate", "fixed"))
    with reading(file := folder / "learned.safetensors"):
        tensors = load_file(file)
        return Directions(**{name: tensors[name] for name in TENSORS}, rate=rate, fixed=fixed)
