"""A study adds to learning by one class or one value: a source of documents, a loss on pairs, a teacher, an edit, a snapshot."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.running.imported import ROOMS, imported
from models import GPTConfig
from models.edits import Edit, Edited, Project, Shift
from models.gpt import GPT
from models.sampling import chosen_logp
from synthtasks.corpora import Corpus, Document, Recipe, Solved
from synthtasks.families import Program, problem
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from train.edits import edit_records, edit_tensors
from train.learn import Learn, Snapshot
from train.ledger import Ledger
from train.losses.compare import Compare
from train.losses.imitate import Imitate, collate
from train.losses.practice import Practice
from train.losses.sources import Traces, Verified
from train.optim import Optim
from train.policy import Fresh, Policy, Steer, load_policy, save_policy, torch_rng
from train.rl import Coin, Endless, Sampler
from train.run import Run, Term, Update
from train.sample import Sample, read_samples
from train.score import Score
from train.stages.arrays import load_arrays, save_arrays
from train.stages.seal import defined
from train.stages.stage import Context, Shelf, Stage, Undefined, closure, encode, name
from train.stages.store import Store

SURFACE = Compact()
FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = SURFACE.vocab(3, (ADD, MUL), 3)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=2, heads=2, kv_heads=2, context=64)
FRESH = Fresh(CONFIG, VOCAB)
CORPUS = Corpus((Recipe(1.0, FAMILY),))
TAUGHT = Learn(FRESH, ((1.0, Imitate(CORPUS, tokens=300)),), 80, Optim(2e-2))  # solves some problems
SAMPLE = Sample(TAUGHT, Endless(FAMILY), problems=8, sampler=Sampler(group=8))
NOTHING = Sample(FRESH, Endless(FAMILY), problems=2, sampler=Sampler(group=2))  # an untrained policy gets nothing right


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def learned(policy: Stage, *losses: object, iterations: int = 2) -> Learn:
    return Learn(policy, tuple((1.0, loss) for loss in losses), iterations, Optim(1e-3))  # type: ignore[misc]  # all are losses


def a_run(store: Store, start: Stage, model: GPT, upstream: Stage) -> Run:
    return Run(model, model, VOCAB, store, start, Ledger(), closure((upstream,)))


def weights_of(store: Store, stage: Stage) -> bytes:
    return (store.get(stage) / "policy.safetensors").read_bytes()


# --- A source that reads samples -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Blunders:
    """The completions that the judge rejects, of which the last word alone is learned."""

    sample: Sample

    def documents(self, shelf: Shelf, *path: str | int) -> Iterator[Document]:
        samples = read_samples(self.sample, shelf)
        return (d for d, right in zip(samples.documents, samples.process, strict=True) if not right)

    def learned(self, document: Document) -> tuple[bool, ...]:
        return (*(False,) * (len(document.body) - 1), True)


# Broken if a source had to be known to the loop, if the sample that it reads were not made before, or its mask were passed over.
def test_a_source_is_one_class(store: Store) -> None:
    loss = Imitate(Blunders(SAMPLE), tokens=60)
    stage = learned(TAUGHT, loss, iterations=1)
    assert set(stage.upstream) == {TAUGHT, SAMPLE}
    assert replace(stage, losses=((1.0, replace(loss, source=Blunders(replace(SAMPLE, seed=1)))),)).identity != stage.identity
    store.get(stage)
    model = load_policy(store.get(TAUGHT)).model
    (update,) = loss.updates(a_run(store, TAUGHT, model, stage), 0)
    documents = loss.documents(store, 0)
    last = [model(torch.tensor([VOCAB.encode(d.prompt + d.body)]))[0, -2].log_softmax(-1)[VOCAB.tokens[d.body[-1]]] for d in documents]
    (term,) = update.terms
    assert isinstance(term, Term)
    assert term.value(model).item() == pytest.approx(-sum(last).item() / len(documents), rel=1e-5)  # type: ignore[union-attr]


# Broken if a completion with a wrong step were learned as right, one of another problem stood behind a prompt, or some never came.
def test_verified_documents_are_those_the_judge_accepts(store: Store) -> None:
    solved = {(d.prompt, d.body) for p in Endless(FAMILY).batch(store, 8, 0, 0, 0) for d in [Solved()(p)]}
    samples = read_samples(SAMPLE, store)
    said = {(d.prompt, d.body) for d in samples.documents}
    assert 0 < samples.process.sum() < samples.correct.sum() < len(samples.process)
    assert {(d.prompt, d.body) for d in islice(Verified(SAMPLE).documents(store, 0, "a"), 400)} == solved & said
    answered = {(d.prompt, d.body) for d, right in zip(samples.documents, samples.correct, strict=True) if right}
    assert {(d.prompt, d.body) for d in islice(Verified(SAMPLE, "answer").documents(store, 0, "a"), 600)} == answered
    assert {(d.prompt, d.body) for d in islice(Traces(SAMPLE).documents(store, 0, "a"), 900)} == said
    assert all(Verified(SAMPLE).learned(samples.documents[0]))


# Broken if a policy that gets nothing right failed the study, or learned from something else in silence.
def test_nothing_accepted_is_no_document(store: Store) -> None:
    assert not list(Verified(NOTHING).documents(store, 0, "a"))
    assert weights_of(store, learned(TAUGHT, Imitate(Verified(NOTHING)))) == weights_of(store, TAUGHT)
    assert weights_of(store, learned(TAUGHT, Imitate(Traces(NOTHING)))) != weights_of(store, TAUGHT)
    with pytest.raises(Undefined, match="has both an accepted and"):
        defined(store.get(learned(TAUGHT, Compare(NOTHING))))


# --- A loss on pairs -------------------------------------------------------------------------------------------------


@cache
def slow_logp(model: GPT, document: Document) -> float:
    """The sum over the words of a completion, one sequence without padding."""
    tokens = torch.tensor([VOCAB.encode(document.prompt + document.body)])
    logs = chosen_logp(model(tokens[:, :-1]), tokens[:, 1:])[0, len(document.prompt) - 1 :]
    assert len(logs) == len(document.body)
    return logs.sum().item()


# Broken if the preferred completion were the rejected one or of another problem, if padding counted, or the reference moved.
def test_a_pair_by_hand(store: Store) -> None:
    loss = Compare(SAMPLE, beta=0.3, pairs=1)
    drawn = [(i, *loss.drawn(store, i)[0]) for i in range(1_000)]
    i, accepted, rejected = next(each for each in drawn if len(each[1].body) != len(each[2].body))  # so that one row is padded
    assert accepted.prompt == rejected.prompt
    asked = {SURFACE.prompt(p): p for p in Endless(FAMILY).batch(store, 8, 0, 0, 0)}
    assert accepted.body == SURFACE.solution(asked[accepted.prompt])
    assert rejected.body != accepted.body
    model, start = GPT(CONFIG, torch_rng("moved")), load_policy(store.get(TAUGHT)).model
    (update,) = loss.updates(a_run(store, TAUGHT, model, SAMPLE), i)
    margin = 0.3 * sum(sign * (slow_logp(model, d) - slow_logp(start, d)) for sign, d in ((1, accepted), (-1, rejected)))
    (term,) = update.terms
    assert term.item() == pytest.approx(math.log(1 + math.exp(-margin)), rel=1e-4)
    assert update.metrics == {"preferred": float(margin > 0)}
    # where learning begins, nothing is preferred: the loss is log 2, and pulls on the difference with beta / 2
    (update,) = loss.updates(a_run(store, TAUGHT, start, SAMPLE), 0)
    (term,) = update.terms
    assert term.item() == pytest.approx(math.log(2), rel=1e-6)


# Broken if learning from pairs did not make the accepted completions the likelier.
def test_pairs_are_learned(store: Store) -> None:
    stage = learned(TAUGHT, Compare(SAMPLE, pairs=8), iterations=8)
    after, before = (load_policy(store.get(s)).model for s in (stage, TAUGHT))
    pairs = Compare(SAMPLE, pairs=30).drawn(store, 99)
    gain = [slow_logp(after, d) - slow_logp(before, d) - slow_logp(after, e) + slow_logp(before, e) for d, e in pairs]
    assert np.mean(gain) > 0.1


# --- A teacher -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Distil:
    """The squared distance from a teacher's logits on documents; the teacher may be hidden from the expression."""

    teacher: Stage | None = None
    per_iteration: ClassVar[int] = 1
    drawn_by: ClassVar[str] = "distil"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        document = Solved()(problem(FAMILY, "train", "distil", iteration))
        batch = collate([document], [[True] * len(document.body)], run.vocab, run.device)
        teacher = run.policy(self.teacher or TAUGHT)
        assert teacher is run.policy(self.teacher or TAUGHT)
        yield Update(((run.model(batch.tokens) - teacher(batch.tokens)).square().mean(),), {})


# Broken if a loss could not ask another policy, or could ask one of which the identity of the result says nothing.
def test_a_teacher_is_a_field(store: Store) -> None:
    stage = learned(FRESH, Distil(TAUGHT), iterations=3)
    assert set(stage.upstream) == {FRESH, TAUGHT}
    found = [line.split('"loss": ')[1] for line in (store.get(stage) / "metrics.jsonl").read_text().splitlines()]
    assert len(found) == 3
    with pytest.raises(ValueError, match="is none: make it a field of the loss or reward"):
        store.get(learned(FRESH, Distil()))
    other = Fresh(GPTConfig(len(VOCAB) + 1, width=16, layers=1, heads=2, kv_heads=2), replace(VOCAB, words=(*VOCAB.words, "more")))
    with pytest.raises(ValueError, match="another vocabulary than the policy that learns"):
        store.get(learned(FRESH, Distil(other)))


# Broken if the reference were the policy that learns, could move, or were loaded again in every iteration.
def test_the_reference_is_where_learning_began(store: Store) -> None:
    model = GPT(CONFIG, torch_rng("moved"))
    run = a_run(store, TAUGHT, model, TAUGHT)
    assert run.reference is run.policy(TAUGHT)
    assert not any(p.requires_grad for p in run.reference.parameters())
    start = load_policy(store.get(TAUGHT)).model
    assert all(torch.equal(a, b) for a, b in zip(run.reference.parameters(), start.parameters(), strict=True))


# --- An edit that a stage makes --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listens:
    """An edit that changes nothing, and keeps what it sees."""

    heard: list[Tensor]

    def __call__(self, stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
        self.heard.append(stream.detach()[:, -1].mean(0))
        return stream


@dataclass(frozen=True, eq=False, repr=False)
class Difference(Stage):
    """The mean difference of the residual stream, at the end of the prompts, between problems that add and problems that multiply."""

    policy: Stage
    block: int

    def run(self, out: Path, context: Context) -> None:
        heard: list[Tensor] = []
        model = Edited(load_policy(context.get(self.policy)).model, {self.block: Listens(heard)})
        for p in (ADD, MUL):
            asked = [problem(replace(FAMILY, primitives=(p,)), "train", "difference", i) for i in range(4)]
            model(torch.tensor([VOCAB.encode(SURFACE.prompt(q)) for q in asked]))
        save_arrays(out / "difference.npz", 1, {"vector": (heard[0] - heard[1]).numpy()})


@dataclass(frozen=True)
class Along:
    """A shift along what that stage found."""

    found: Difference
    scale: float

    def edit(self, context: Context) -> Edit:
        return Shift(torch.from_numpy(load_arrays(context.get(self.found) / "difference.npz", 1)["vector"]), self.scale)


@dataclass(frozen=True)
class Without:
    """The direction of these numbers is removed."""

    numbers: tuple[float, ...]

    def edit(self, context: Context) -> Edit:
        return Project(torch.tensor(self.numbers))


FOUND = Difference(TAUGHT, 0)
STEERED = Steer(TAUGHT, ((0, Along(FOUND, 4.0)), (1, Without((1.0,) * 16)), (0, Without((0.0,) * 15 + (2.0,)))))
TOKENS = torch.tensor([VOCAB.encode(SURFACE.prompt(problem(FAMILY, "test", "steer")))])


def edits_of(vector: Tensor) -> tuple[tuple[int, Edit], ...]:
    return ((0, Shift(vector, 4.0)), (1, Project(torch.ones(16))), (0, Project(torch.eye(16)[15] * 2)))


# Broken if an edit were lost, put elsewhere, or made in another order on its way over the disk, or the stage it is made from were not run.
@torch.no_grad()
def test_a_stage_makes_an_edit(store: Store) -> None:
    assert set(STEERED.upstream) == {TAUGHT, FOUND}
    policy = load_policy(store.get(STEERED))
    vector = torch.from_numpy(load_arrays(store.get(FOUND) / "difference.npz", 1)["vector"])
    expected = load_policy(store.get(TAUGHT)).model
    plain = expected(TOKENS)
    for block, edit in edits_of(vector):
        expected = Edited(expected, {block: edit})
    assert vector.abs().max() > 0.01
    assert torch.equal(policy.model(TOKENS), expected(TOKENS))
    assert not torch.allclose(policy.model(TOKENS), plain, atol=0.1)


# Broken if a score or a sample were that of the policy without its edits.
def test_an_edited_policy_is_scored_and_sampled(store: Store) -> None:
    plain, steered = (np.load(store.get(Score(p, (FAMILY,), 8)) / "scores.npz")["logp"] for p in (TAUGHT, STEERED))
    assert np.abs(plain - steered).max() > 0.1
    first, second = (read_samples(replace(SAMPLE, policy=p), store).words for p in (TAUGHT, STEERED))
    assert first != second


# Broken if learning trained an edit, left it out of what it writes, or learned the weights as if there were none.
@pytest.mark.parametrize("loss", [Imitate(CORPUS, 60), Practice(Endless(FAMILY), Coin(), sampler=Sampler(4), problems=4)])
def test_learning_keeps_an_edit(loss: Imitate | Practice, store: Store) -> None:
    stage = replace(learned(STEERED, loss), keep=(1,))
    start, half, end = (load_policy(store.get(s)) for s in (STEERED, Snapshot(stage, 1), stage))
    for policy in (half, end):
        assert edit_records(policy.edits) == edit_records(start.edits)
        assert all(torch.equal(x, edit_tensors(start.edits)[name]) for name, x in edit_tensors(policy.edits).items())
    moved = [name for name, weight in end.model.state_dict().items() if not torch.equal(weight, start.model.state_dict()[name])]
    assert len(moved) > 5
    assert weights_of(store, learned(TAUGHT, loss)) != weights_of(store, stage)


# Broken if an edit that cannot be read again were dropped when it is written, or one of another width were found only by who samples.
def test_edits_that_do_not_fit_are_refused(store: Store, tmp_path: Path) -> None:
    policy = load_policy(store.get(TAUGHT)).edited(0, Listens([]))
    with pytest.raises(ValueError, match="kinds Shift, ShiftAt, Project; found Listens"):
        save_policy(policy, tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match=r"Project\.direction has 3 numbers; a model of width 16"):
        store.get(Steer(TAUGHT, ((0, Without((1.0, 2.0, 3.0))),)))
    with pytest.raises(ValueError, match="edits names block 2; there are blocks 0 to 1"):
        store.get(Steer(TAUGHT, ((2, Without((1.0,) * 16)),)))
    with pytest.raises(ValueError, match="needs an edit"):
        Steer(TAUGHT, ())


# Broken if a policy without edits were written otherwise than before there were any.
def test_a_plain_policy_has_no_edits_on_disk(store: Store, tmp_path: Path) -> None:
    save_policy(Policy(GPT(CONFIG, torch_rng("init", 0)), VOCAB), tmp_path)
    assert '"edits"' not in (tmp_path / "policy.json").read_text()
    assert (tmp_path / "policy.safetensors").read_bytes() == weights_of(store, FRESH)


# --- A snapshot ------------------------------------------------------------------------------------------------------

SHORT = learned(FRESH, Imitate(CORPUS, 60), iterations=2)
KEPT = replace(SHORT, iterations=5, keep=(2, 5))


# Broken if a snapshot were not the policy after so many iterations, or keeping one changed what is learned.
def test_a_snapshot_is_the_policy_of_a_shorter_run(store: Store) -> None:
    assert weights_of(store, Snapshot(KEPT, 2)) == weights_of(store, SHORT)
    assert weights_of(store, Snapshot(KEPT, 5)) == weights_of(store, KEPT) == weights_of(store, replace(KEPT, keep=()))
    assert replace(KEPT, keep=()).identity != KEPT.identity
    store.get(Score(Snapshot(KEPT, 2), (FAMILY,), 4))
    store.get(learned(Snapshot(KEPT, 2), Imitate(CORPUS, 60)))


# Broken if a snapshot that is not kept were looked for after hours of learning, or iterations were kept that there are not.
def test_only_what_is_kept_is_a_snapshot() -> None:
    with pytest.raises(ValueError, match=r"no snapshot is kept after iteration 3, but after \(2, 5\); add it to Learn.keep"):
        Snapshot(KEPT, 3)
    for keep in ((0,), (6,), (2, 2), (3, 2)):
        with pytest.raises(ValueError, match="ascending, from 1 to 5"):
            replace(KEPT, keep=keep)


# Broken if a result that comes of one of these could not be read in a process that knows nothing of it.
def test_files_may_name_them() -> None:
    for stage in (learned(Steer(TAUGHT, ((0, Without((1.0,) * 16)),)), Imitate(Verified(SAMPLE)), Compare(SAMPLE)), Snapshot(KEPT, 2)):
        assert imported(encode(stage), name(stage), (*ROOMS, __name__)) == stage
