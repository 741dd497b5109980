"""The strength of steering, chosen on development problems: never on those of an exam."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import From, check
from synthtasks.vocab import Vocab
from train.ledger import LENGTH, Ledger
from train.policy import Steer, load_policy, untrained
from train.rl.problems import Endless, ProblemSource, trials
from train.rl.sampler import Sampler, ask, judged
from train.sample import TRIED, Accepts, Sample
from train.stages.disk import write_json
from train.stages.reading import a_list, a_number, read_object, reading
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Trial
from train.steering.vectors import MakesVector

if TYPE_CHECKING:
    from torch import Tensor

    from models.edits import Edit

DEVELOPMENT = 1  # the draw of a source: learning takes draw 0 of an iteration


@dataclass(frozen=True, eq=False, repr=False)
class Tuned(Stage):
    """Success of a policy on development problems, steered along a vector with each of these strengths, of which 0 is one.

    The vector is added at every token, or `at` those of one word alone. All strengths meet the same problems, and the same randomness.
    `source` is of training problems: the second draw of its iterations, which no loss meets. Writes `tuned.json`: the `strengths`, the
    `success` with each, a share of completions, and the `best`: of equally good ones the one nearest to 0.

    Raises:
        ValueError: if 0 is not among the strengths, or one comes twice.
    """

    policy: Stage
    block: Annotated[int, From(0)]
    of: MakesVector
    source: ProblemSource
    strengths: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0)
    accepts: Accepts = "process"
    sampler: Sampler = Sampler(group=4)
    problems: Annotated[int, From(1)] = 64
    seed: Annotated[int, From(0)] = 0
    at: str | None = None  # the word at whose tokens alone the vector is added; None: at every token

    writes: ClassVar[tuple[str, ...]] = ("tuned.json", "ledger.json")

    def __post_init__(self) -> None:
        check(self)
        if 0 not in self.strengths or len(set(self.strengths)) < len(self.strengths):
            raise ValueError(f"Tuned.strengths has each strength once, and 0 among them, which is no steering; found {self.strengths}")

    @property
    def work(self) -> float:
        return len(self.strengths) * self.problems * self.sampler.group * LENGTH

    def trials(self) -> tuple[Trial, ...]:
        """A trial on a few problems, without a vector."""
        source = trials(self.source)[0]
        n = TRIED if isinstance(source, Endless) else self.problems
        times = len(self.strengths) * self.problems / n
        return tuple(Trial(Sample(fresh, source, n, self.sampler), times) for fresh in untrained(self))

    @property
    def steered(self) -> Steer:
        """The policy, steered with the best strength."""
        return Steer(self.policy, ((self.block, Best(self)),))

    def shift(self, vector: Tensor, strength: float, vocab: Vocab) -> Edit:  # [D]
        """The edit of this strength.

        Raises:
            ValueError: if the vocabulary lacks the word.
        """
        from models.edits import Shift, ShiftAt

        return Shift(vector, strength) if self.at is None else ShiftAt(vector, vocab.encode((self.at,))[0], strength)

    def run(self, out: Path, context: Context) -> None:
        policy, vector, ledger = load_policy(context.get(self.policy)), self.of.vector(context), Ledger()
        policy.model.to(context.machine.device).eval()
        problems = self.source.batch(context, self.problems, self.seed, 0, DEVELOPMENT)
        request = ask(policy.vocab, problems, self.sampler, policy.model.config.context, "tuned", self.seed)
        success = []
        for strength in self.strengths:
            edited = policy.edited(self.block, self.shift(vector, strength, policy.vocab))
            r = judged(request, request.asked.complete(edited.model))
            right = r.process if self.accepts == "process" else r.correct
            success.append(right.float().mean().item())
            ledger.sampled += int(r.mask.sum())
            ledger.forward(r.forwarded, policy.model.config)
        best = max(zip(success, self.strengths, strict=True), key=lambda found: (found[0], -abs(found[1])))[1]
        write_json(out / "tuned.json", {"strengths": self.strengths, "success": success, "best": best})
        write_json(out / "ledger.json", asdict(ledger))


@dataclass(frozen=True)
class Strengths:
    """The result of `Tuned`."""

    success: tuple[tuple[float, float], ...]  # each strength with the share of completions that are right
    best: float


def read_strengths(stage: Tuned, shelf: Shelf) -> Strengths:
    """The result of `stage`.

    Raises:
        Malformed: if it cannot be read, or is of other strengths.
    """
    with reading(file := defined(shelf.get(stage)) / "tuned.json"):
        record = read_object(file)
        strengths, success = (tuple(map(a_number, a_list(record[name]))) for name in ("strengths", "success"))
        if strengths != stage.strengths or a_number(record["best"]) not in strengths:
            raise ValueError(f"it is of the strengths {strengths}; expected {stage.strengths}, and the best among them")
        return Strengths(tuple(zip(strengths, success, strict=True)), a_number(record["best"]))


@dataclass(frozen=True)
class Best:
    """Steering along the vector that was tuned, with the strength that was best; or as strongly `along` another, made as long."""

    tuned: Tuned
    along: MakesVector | None = None

    def edit(self, context: Context) -> Edit:
        vocab, best = load_policy(context.get(self.tuned.policy)).vocab, read_strengths(self.tuned, context).best
        vector = self.tuned.of.vector(context)
        if self.along is not None:
            other = self.along.vector(context)
            vector = other * (vector.norm() / other.norm())
        return self.tuned.shift(vector, best, vocab)


@dataclass(frozen=True)
class BestOf:
    """Steering along that of some vectors which had the most success at its best strength, of equal ones along the first; or as strongly
    `along` another, made as long.

    Raises:
        ValueError: if there is none.
    """

    tuned: tuple[Tuned, ...]
    along: MakesVector | None = None

    def __post_init__(self) -> None:
        if not self.tuned:
            raise ValueError("BestOf.tuned needs a vector; found none")

    def edit(self, context: Context) -> Edit:
        best = max(self.tuned, key=lambda each: dict((found := read_strengths(each, context)).success)[found.best])
        return Best(best, self.along).edit(context)
