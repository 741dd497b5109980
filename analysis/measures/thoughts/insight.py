"""Thoughts that a policy samples: the log-probability of the right value after them and without, and the judge's verdict on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np

from analysis.measures.facts import Cell, Fact
from synthtasks.checked import From, check
from synthtasks.thoughts import Closing, Thinking
from synthtasks.verify import verify
from train.ledger import LENGTH, Ledger
from train.policy import load_policy, untrained
from train.rl import ProblemSource, Sampler, rollout
from train.rl.problems import trials
from train.rl.rewards import after_thought, thought_lengths, without_thought
from train.run import Run
from train.stages.arrays import Layout, load_arrays, save_arrays
from train.stages.disk import write_json
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Trial

if TYPE_CHECKING:
    from analysis.measures.estimates import Floats
    from train.rl import Rollouts

SCHEMA = 1  # of insight.npz
LAYOUT = {"after": "f B", "direct": "f P", "valid": "b B"}
GAP, AFTER, DIRECT, VALID = "gap", "log p after a thought", "log p without", "valid thoughts"


@dataclass(frozen=True, eq=False, repr=False)
class Insight(Stage):
    """The thoughts of a policy on a batch of problems, and what they are worth for the value that the document gives next.

    Writes `insight.npz`: the log-probability in nats of the right value after each thought (`after` [B]) and right after the prompt
    (`direct` [P]); whether each thought is a right, complete and exact derivation (`valid` [B]); and `schema`.
    """

    policy: Stage
    source: ProblemSource
    problems: Annotated[int, From(1)] = 64
    sampler: Sampler = Sampler(surface=Thinking(), environment=Closing())
    seed: Annotated[int, From(0)] = 0

    writes: ClassVar[tuple[str, ...]] = ("insight.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)

    @property
    def work(self) -> float:
        return self.problems * self.sampler.group * LENGTH

    def trials(self) -> tuple[Trial, ...]:
        """A trial on all problems."""
        source = trials(self.source)[0]
        return tuple(Trial(replace(self, policy=fresh, source=source), 1.0) for fresh in untrained(self))

    def run(self, out: Path, context: Context) -> None:
        policy, ledger = load_policy(context.get(self.policy)), Ledger()
        model = policy.model.to(context.machine.device).eval()
        problems = self.source.batch(context, self.problems, self.seed, 0, 0)
        r = rollout(model, policy.vocab, problems, self.sampler, "insight", self.seed)
        ledger.sampled += int(r.mask.sum())
        ledger.forward(r.forwarded, model.config)
        run = Run(model, model, policy.vocab, context, self.policy, ledger)
        arrays = {"after": after_thought(run, model, r, "value"), "direct": without_thought(run, model, r, "value")}
        found = {name: x.double().cpu().numpy() for name, x in arrays.items()}
        save_arrays(out / "insight.npz", SCHEMA, found | {"valid": np.array(valid(r), bool)})
        write_json(out / "ledger.json", asdict(ledger))


def valid(r: Rollouts) -> list[bool]:  # [B]
    """True for each thought that derives every step of its problem rightly, and says nothing else."""
    found = []
    for b, (tokens, length) in enumerate(zip(r.completions, thought_lengths(r).tolist(), strict=True)):
        verdict = verify(r.problems[b // r.group], r.surface.read(r.vocab.decode(tokens[:length])))
        found.append(verdict.sound and verdict.complete and verdict.exact)
    return found


@dataclass(frozen=True, eq=False)
class Insights:
    """B thoughts about P problems."""

    after: Floats  # [B] nats
    direct: Floats  # [P] nats
    valid: Floats  # [B] 1 for a valid thought


def read_insight(stage: Insight, shelf: Shelf) -> Insights:
    """The results of `stage`.

    Raises:
        Undefined: if it has none.
        Malformed: if they cannot be read, or are of other problems.
    """
    sizes = {"P": stage.problems, "B": stage.problems * stage.sampler.group}
    arrays = load_arrays(defined(shelf.get(stage)) / "insight.npz", SCHEMA, Layout(LAYOUT, sizes))
    after, direct, right = (arrays[name].astype(np.float64) for name in LAYOUT)
    return Insights(after, direct, right)


@dataclass(frozen=True)
class Worth:
    """The mean log-probability of the right value after a thought and without one, in nats; their gap, which is the fall of the
    cross-entropy by a thought; and the share of valid thoughts. From the `Insight` that the cell calls `stage`."""

    stage: str = "thoughts_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = read_insight(cell.stage(self.stage, Insight), shelf)
        after, direct = float(found.after.mean()), float(found.direct.mean())
        values = {GAP: after - direct, AFTER: after, DIRECT: direct, VALID: float(found.valid.mean())}
        yield from (cell.fact(self.phase, metric, None, value, len(found.after)) for metric, value in values.items())

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, metric, None, 0.0) for metric in (GAP, AFTER, DIRECT, VALID))
