"""Completions of a policy with their verdicts, as files. They are raw facts: every statistic is computed from them later."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import From, check
from synthtasks.corpora import Document
from synthtasks.problem import Problem
from train.ledger import LENGTH, Ledger
from train.policy import load_policy, untrained
from train.rl.confidence import AnswerSpan
from train.rl.problems import Endless, ProblemSource, trials
from train.rl.rollouts import Record, joined
from train.rl.sampler import Sampler, ask, judged
from train.run import Asked
from train.stages.arrays import Layout, lines, load_arrays, save_arrays, texts
from train.stages.disk import write_json
from train.stages.reading import reading
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Trial

if TYPE_CHECKING:
    from models.gpt import GPT
    from models.sampling import Completions

Accepts = Literal["process", "answer"]  # every step of a completion must be right, or only its answer
TRIED = 4  # problems of a trial
SCHEMA = 1  # of samples.npz
LAYOUT = {"prompts": "S P", "problem": "iu B", "words": "S B", "correct": "b B", "process": "b B"}
# The layouts of the records of `Sampler.records`
RECORDED: dict[Record, str] = {"entropy": "f B T", "second": "f B T", "roles": "iu B T", "logp": "f B T"}


@dataclass(frozen=True, eq=False, repr=False)
class Sample(Stage):
    """Completions of a batch of `problems`, with the judge's verdicts; or of the batches of several iterations, which are those that
    `Practice` with the same source, problems and seed meets there.

    Writes `samples.npz`: the `prompts` [P] of all batches as text; of each completion its `problem` [B], its `words` [B] as text, and
    whether answer (`correct` [B]) and `process` [B] are right; what the sampler `records` of each token [B, T], padded with 0, where roles
    are counted from 1; and `schema`. `read_samples` reads it.
    """

    policy: Stage
    source: ProblemSource
    problems: Annotated[int, From(1)] = 64
    sampler: Sampler = Sampler(group=64)
    seed: Annotated[int, From(0)] = 0
    iterations: Annotated[int, From(1)] = 1
    first: Annotated[int, From(0)] = 0  # iteration

    VERSION: ClassVar[int] = 3  # the ledger of version 2 left attention out
    writes: ClassVar[tuple[str, ...]] = ("samples.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)

    @property
    def work(self) -> float:
        return self.iterations * self.problems * self.sampler.group * LENGTH

    def trials(self) -> tuple[Trial, ...]:
        """A trial on a few problems."""
        source = trials(self.source)[0]
        n = TRIED if isinstance(source, Endless) else self.problems
        few, times = replace(self, source=source, problems=n, iterations=1), self.iterations * self.problems / n
        return tuple(Trial(replace(few, policy=fresh), times) for fresh in untrained(self))

    @property
    def stacks(self) -> Hashable | None:
        """Stages that may sample as one have equal models and samplers."""
        if self.sampler.environment:
            return None
        return next(((fresh.config, self.sampler, self.problems, getattr(self.source, "region", "")) for fresh in untrained(self)), None)

    def met(self, context: Context) -> list[Problem]:
        """The problems of all batches, in the order of the samples."""
        numbers = range(self.first, self.first + self.iterations)
        return [p for i in numbers for p in self.source.batch(context, self.problems, self.seed, i, 0)]

    def _completions(self, model: GPT, asked: Asked, context: Context) -> Completions:
        from models.gpt import GPT

        if context.meeting is None or type(model) is not GPT:  # an edited model is no plain one
            return asked.complete(model)
        from train.stacked.network import sample_as_one

        return context.meeting.ask(sample_as_one, (model, asked))

    def run(self, out: Path, context: Context) -> None:
        import torch
        from torch import Tensor

        policy = load_policy(context.get(self.policy))
        policy.model.to(context.machine.device).eval()
        ledger, prompts, words, right = Ledger(), list[str](), list[str](), list[Tensor]()
        records: dict[Record, list[Tensor]] = {name: [] for name in self.sampler.records}
        for i in range(self.first, self.first + self.iterations):
            problems = self.source.batch(context, self.problems, self.seed, i, 0)
            request = ask(policy.vocab, problems, self.sampler, policy.model.config.context, "sample", self.seed, i)
            r = judged(request, self._completions(policy.model, request.asked, context))
            ledger.sampled += int(r.mask.sum())
            ledger.forward(r.forwarded, policy.model.config)
            prompts += [" ".join(policy.vocab.decode(tokens)) for tokens in request.written.unpadded]
            words += [" ".join(policy.vocab.decode(tokens)) for tokens in r.completions]
            right.append(torch.stack((r.correct, r.process)).cpu())
            for name, found in records.items():
                found.append(r.records[name].cpu())
        correct, process = torch.cat(right, 1).numpy()
        arrays: dict[str, NDArray[np.generic]] = {
            "prompts": texts(prompts),
            "problem": np.arange(len(words), dtype=np.int32) // self.sampler.group,
            "words": texts(words),
            "correct": correct,
            "process": process,
            **{name: joined(found).numpy() for name, found in records.items()},
        }
        save_arrays(out / "samples.npz", SCHEMA, arrays)
        write_json(out / "ledger.json", asdict(ledger))


@dataclass(frozen=True, eq=False)
class Samples:
    """B completions of P problems."""

    prompts: tuple[str, ...]  # [P]
    problem: NDArray[np.int64]  # [B]
    words: tuple[str, ...]  # [B]
    correct: NDArray[np.bool_]  # [B] the answer is right
    process: NDArray[np.bool_]  # [B] every step is
    records: Mapping[Record, NDArray[np.float64]] = field(default_factory=dict)  # [B, T] each, as the tensors of `Rollouts` of these names

    def accepted(self, accepts: Accepts) -> NDArray[np.bool_]:  # [B]
        """The completions that are right by this measure."""
        return self.process if accepts == "process" else self.correct

    def record(self, name: Record) -> NDArray[np.float64]:  # [B, T]
        """A record of each token.

        Raises:
            ValueError: if the sampler took none.
        """
        if name not in self.records:
            raise ValueError(f"these samples hold no {name}: ask for it, Sampler(records=({name!r},))")
        return self.records[name]

    @cached_property
    def documents(self) -> list[Document]:  # [B]
        """Each completion with its prompt, as a document."""
        prompts = [tuple(prompt.split()) for prompt in self.prompts]
        return [Document(prompts[p], tuple(words.split()), ()) for p, words in zip(self.problem.tolist(), self.words, strict=True)]


def confidence(samples: Samples, span: AnswerSpan) -> NDArray[np.float64]:  # [B]
    """The confidence in each completion.

    Raises:
        ValueError: if the sampler took none of the records that it is computed from (`AnswerSpan.records`).
    """
    import torch

    records = {name: torch.from_numpy(samples.record(name)) for name in span.records}
    return np.asarray(span(**records).numpy(), np.float64)


def read_samples(stage: Sample, shelf: Shelf) -> Samples:
    """The results of `stage`.

    Raises:
        Undefined: if it has none.
        Malformed: if they cannot be read, or belong to another schema or other problems.
    """
    return _read(stage, defined(shelf.get(stage)) / "samples.npz")


@lru_cache(maxsize=4)  # learning reads the same samples in every iteration
def _read(stage: Sample, file: Path) -> Samples:
    problems, group = stage.iterations * stage.problems, stage.sampler.group
    layout: dict[str, str] = {**LAYOUT, **{name: RECORDED[name] for name in stage.sampler.records}}
    arrays = load_arrays(file, SCHEMA, Layout(layout, {"P": problems, "B": problems * group}))
    with reading(file):
        problem = arrays["problem"].astype(np.int64)
        if not np.array_equal(problem, np.arange(len(problem)) // group):
            raise ValueError(f"it does not hold {group} completions of each problem, one problem after the other")
        correct, process = arrays["correct"].astype(np.bool_), arrays["process"].astype(np.bool_)
        records = {name: arrays[name].astype(np.float64) - (name == "roles") for name in stage.sampler.records}
        return Samples(lines(arrays["prompts"]), problem, lines(arrays["words"]), correct, process, records)
