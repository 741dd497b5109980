"""The training loop: the same bits whatever kills it, no step without signal, and losses equal to a slow reference."""

import json
import math
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import get_args

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from analysis.measures.edge import REGIONS
from models import GPTConfig
from models.edits import Edit, Edited, Shift
from models.gpt import GPT
from synthtasks.corpora import Corpus, Document, Listing, Recipe, Solved
from synthtasks.families import Program, problem
from synthtasks.primitives import ADD, MUL
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from train.learn import Learn, Snapshot
from train.ledger import Ledger
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Muon, Optim
from train.policy import Fresh, Steer, load_policy, torch_rng
from train.rl import (
    DAPO,
    DR_GRPO,
    GRPO,
    RLOO,
    Algorithm,
    Band,
    Centre,
    Coin,
    Endless,
    Few,
    LeaveOneOut,
    PolicyGradient,
    Rollouts,
    Sampler,
    Scale,
    Spread,
    TokenMean,
    rollout,
)
from train.rl.credit import chain
from train.rl.objectives import kl
from train.rl.problems import Region, band
from train.rl.signal import Judged, has_signal, with_signal
from train.run import Loss, Run, Term, Update
from train.stages.disk import write_json
from train.stages.seal import VARYING, Damaged, defined
from train.stages.stage import Context, Shelf, Stage, Undefined
from train.stages.store import Store

PATIENCE = 300.0  # seconds that a child process gets, on a machine that does other things too
NEVER, ALWAYS = 1e9, 0.0  # seconds between checkpoints
FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(3, (ADD, MUL), 3)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)
FRESH = Fresh(CONFIG, VOCAB)
WEIGHTS = 4 * 16 * 16 + 2 * 16 * 64 + 2 * 4 * 16 + 16 * len(VOCAB)  # attention, feed-forward, convolutions, head
PROMPT, SOLUTION = 13, 7  # words: "A + 0 B * 1 run A to A from 2 :" and "A + 0 2 answer 2 <end>"
SAMPLER = Sampler(group=4)
OPTIM = Optim(3e-3, weight_decay=0.1, warmup=2, decay=0.5)
Files = dict[str, bytes]


@dataclass(frozen=True)
class Even:
    """1 where the tokens sum to an even number: an untrained policy earns it half of the time. From iteration `until`, 1."""

    until: int = 1_000

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        late = int(r.path[1]) >= self.until
        return r.at_end(((r.tokens * r.mask).sum(1) % 2 == 0) | late)


@dataclass(frozen=True)
class Alternate:
    """1 for every other row: there is always signal."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(torch.arange(len(r.tokens)) % 2)


@dataclass(frozen=True)
class Always:
    """The same for every completion."""

    value: float

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(torch.full((len(r.tokens),), self.value))


@dataclass(frozen=True)
class Fused:
    """A loss whose fuse, the file `root/fuse`, may blow once, after gradients were taken: "iteration update how"."""

    loss: Loss

    @property
    def per_iteration(self) -> int:
        return self.loss.per_iteration

    @property
    def drawn_by(self) -> object:
        return self.loss.drawn_by

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        for i, update in enumerate(self.loss.updates(run, iteration)):
            yield replace(update, terms=self._terms(run.context.root / "fuse", update, f"{iteration} {i}"))

    def _terms(self, fuse: Path, update: Update, moment: str) -> Iterator[Tensor]:
        yield from update.terms
        if not fuse.exists():
            return
        if fuse.read_text() == "slow":
            time.sleep(0.02)
        elif fuse.read_text().startswith(moment):
            kill = fuse.read_text().endswith("kill")
            fuse.unlink()
            if kill:
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt


def processes() -> ForkServerContext:
    """Children that start with our modules loaded, in a fresh process each."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "hypothesis", "train.losses.practice", "train.sample", "train.score"])
    return context


def get(root: Path, stage: Stage) -> None:
    Store(root, checkpoint_seconds=ALWAYS).get(stage)


def results(folder: Path) -> Files:
    """What must not differ between equal runs."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name not in VARYING}


def metrics(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def ledger(folder: Path) -> Ledger:
    return Ledger(**json.loads((folder / "ledger.json").read_text()))


def weights(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "policy.safetensors")


def imitate(tokens: int = 60, seed: int = 0) -> Imitate:
    return Imitate(Corpus((Recipe(1.0, FAMILY), Recipe(1.0, replace(FAMILY, steps=2)))), tokens, seed)


def practice(algorithm: Algorithm = GRPO, *, reuse: int = 1, reward: object = Even(), **rest: int) -> Practice:
    sampler = replace(SAMPLER, group=2) if algorithm.draws > 1 else SAMPLER
    return Practice(Endless(FAMILY), reward, algorithm, sampler, **({"problems": 2} | rest), reuse=reuse)  # type: ignore[arg-type]


def learn(*losses: Loss, iterations: int = 6, optim: Optim = OPTIM) -> Learn:
    return Learn(FRESH, tuple((1.0 / (i + 1), Fused(loss)) for i, loss in enumerate(losses)), iterations, optim)


RUNS = {
    "pretrain": learn(imitate()),
    "rl": replace(learn(practice(replace(GRPO, kl=0.2), reuse=2)), keep=(1, 3, 6)),
    "dapo": learn(practice(DAPO)),
    "minibatches": learn(practice(minibatches=2)),
    "both": learn(imitate(), practice(DR_GRPO)),
    "muon": learn(Imitate(Corpus((Recipe(1.0, FAMILY, questions=2),)), 80), optim=replace(OPTIM, matrices=Muon())),
}
UPDATES = {"pretrain": 1, "rl": 2, "dapo": 1, "minibatches": 2, "both": 1, "muon": 1}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Files]:
    """The results of each run, where nothing happened."""
    store = Store(tmp_path_factory.mktemp("undisturbed"), checkpoint_seconds=NEVER)
    return {kind: results(store.get(run)) for kind, run in RUNS.items()}


# Broken if anything but the expression went into a result: a global generator, the clock, the folder, what ran before.
@pytest.mark.parametrize("kind", RUNS)
def test_two_runs_of_one_expression_are_equal_to_the_bit(kind: str, undisturbed: dict[str, Files], tmp_path: Path) -> None:
    torch.rand(3)
    again = results(Store(tmp_path, checkpoint_seconds=NEVER).get(RUNS[kind]))
    kept = {"after-1.safetensors", "after-3.safetensors", "after-6.safetensors"} if kind == "rl" else set()
    assert set(again) == {"stage.json", "policy.json", "policy.safetensors", "metrics.jsonl", "ledger.json"} | kept
    assert again == undisturbed[kind]


# Broken if a run that was stopped in the middle of an update, with or without a checkpoint, came out otherwise than one that
# was not: Adam's moments, the schedule, the ledger or a line of metrics lost or counted twice.
@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("every", [ALWAYS, NEVER])
def test_an_interrupted_run_comes_to_the_same_bits(kind: str, every: float, undisturbed: dict[str, Files], tmp_path: Path) -> None:
    store = Store(tmp_path, checkpoint_seconds=every)
    for moment in ("0 0", f"3 {UPDATES[kind] - 1}", "5 0"):
        (tmp_path / "fuse").write_text(moment)
        with pytest.raises(KeyboardInterrupt):
            store.get(RUNS[kind])
        assert not store.path(RUNS[kind]).exists()
    folder = store.get(RUNS[kind])
    assert results(folder) == undisturbed[kind]
    assert [m["iteration"] for m in metrics(folder)] == [i for i in range(6) for _ in range(UPDATES[kind])]


# Broken if a resumed run began again, which costs a campaign its hours and would hide behind equal bits.
def test_a_resumed_run_does_not_begin_again(tmp_path: Path) -> None:
    store = Store(tmp_path, checkpoint_seconds=ALWAYS)
    (tmp_path / "fuse").write_text("4 0")
    with pytest.raises(KeyboardInterrupt):
        store.get(RUNS["rl"])
    (tmp_path / "fuse").write_text("2 0")  # would blow if iteration 2 came again
    store.get(RUNS["rl"])
    assert (tmp_path / "fuse").exists()


# Broken if a death between writing a checkpoint and putting it in its place lost the checkpoint before, or left rubbish behind.
def test_a_death_while_a_checkpoint_is_written_costs_nothing(
    undisturbed: dict[str, Files], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, put, count = Store(tmp_path, checkpoint_seconds=ALWAYS), os.replace, [0]

    def dies(source: Path, target: Path) -> None:
        count[0] += Path(target).name == "checkpoint.pt"
        if count[0] == 3:
            raise KeyboardInterrupt
        put(source, target)

    monkeypatch.setattr(os, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        store.get(RUNS["rl"])
    monkeypatch.undo()
    assert (store.path(RUNS["rl"]).with_suffix(".draft") / "checkpoint.pt").exists()
    store.checkpoint_seconds = NEVER  # so that no later checkpoint clears up after the one that was cut off
    assert results(store.get(RUNS["rl"])) == undisturbed["rl"]
    assert not (tmp_path / "aside").exists()


# Broken if a snapshot that was changed, or lost, between a kill and the end were published, or cost the run more than one attempt.
@pytest.mark.parametrize("harm", [lambda file: file.write_bytes(file.read_bytes()[::-1]), Path.unlink], ids=["reversed", "gone"])
@pytest.mark.parametrize("moment", ["1 0", "5 1"])
def test_a_damaged_snapshot_is_made_again(
    moment: str, harm: Callable[[Path], object], undisturbed: dict[str, Files], tmp_path: Path
) -> None:
    store = Store(tmp_path, checkpoint_seconds=ALWAYS)
    (tmp_path / "fuse").write_text(moment)
    with pytest.raises(KeyboardInterrupt):
        store.get(RUNS["rl"])
    harm(store.path(RUNS["rl"]).with_suffix(".draft") / "after-1.safetensors")
    assert results(store.get(RUNS["rl"])) == undisturbed["rl"]
    assert len(list((tmp_path / "aside").glob("Learn-*.draft.1"))) == 1


# Broken if a seal did not cover the snapshots: one that is damaged later would be learned from.
def test_a_snapshot_belongs_to_the_result(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.get(RUNS["rl"]) / "after-3.safetensors").unlink()
    assert not Store(tmp_path).has(RUNS["rl"])


# Broken if a real kill, which runs no `finally` and flushes nothing, left what a raised exception would not.
def test_a_killed_process_comes_to_the_same_bits(undisturbed: dict[str, Files], tmp_path: Path) -> None:
    for moment in ("0 0", "2 1", "5 1"):
        (tmp_path / "fuse").write_text(f"{moment} kill")
        child = processes().Process(target=get, args=(tmp_path, RUNS["rl"]))
        child.start()
        child.join(PATIENCE)
        assert child.exitcode == -signal.SIGKILL
    assert results(Store(tmp_path).get(RUNS["rl"])) == undisturbed["rl"]


# Broken if some moment, not only those we thought of, were a bad one to be killed at.
def test_a_process_killed_at_any_moment_comes_to_the_same_bits(undisturbed: dict[str, Files], tmp_path: Path) -> None:
    store = Store(tmp_path)
    draft = store.path(RUNS["rl"]).with_suffix(".draft") / "metrics.jsonl"
    (tmp_path / "fuse").write_text("slow")
    for lines, delay in ((1, 0.0), (4, 0.007), (7, 0.013), (9, 0.02)):
        child = processes().Process(target=get, args=(tmp_path, RUNS["rl"]))
        child.start()
        until = time.monotonic() + PATIENCE
        while child.is_alive() and (not draft.exists() or draft.read_bytes().count(b"\n") < lines):
            assert time.monotonic() < until
            time.sleep(0.002)
        time.sleep(delay)
        child.kill()
        child.join(PATIENCE)
    assert results(store.get(RUNS["rl"])) == undisturbed["rl"]


# Broken if a group without variance moved the weights: by weight decay, or by Adam's momentum from earlier iterations.
def test_no_signal_no_step(tmp_path: Path) -> None:
    store, optim = Store(tmp_path), Optim(1e-2, weight_decay=0.5)
    folder = store.get(learn(practice(reward=Coin(1.0)), optim=optim))
    start = weights(store.get(FRESH))
    assert all(torch.equal(w, start[k]) for k, w in weights(folder).items())
    assert [set(m) & {"loss", "gradient_norm"} for m in metrics(folder)] == [set()] * 6
    assert [(m["reward"], m["signal"], m["groups"]) for m in metrics(folder)] == [(1.0, 0.0, 2)] * 6
    assert (ledger(folder).iterations, ledger(folder).updates, ledger(folder).trained) == (6, 0, 0)


REINFORCE = Algorithm(credit=(Spread(),), surrogate=PolicyGradient())
ALGORITHMS = {
    "grpo": GRPO,
    "rloo": RLOO,
    "dr_grpo": DR_GRPO,
    "dapo": DAPO,
    "kl": replace(GRPO, kl=0.5),
    "reinforce": REINFORCE,
    "scale alone": replace(REINFORCE, credit=(Spread(), Scale())),
    "not spread": replace(GRPO, credit=(Centre(), Scale())),
}


# Broken if what rounding leaves of equal rewards (1e-8 of advantage, which Adam makes full steps of) moved the weights, under some credit,
# for some size of group or number; or if a divergence did, which is zero where learning begins, and whose gradient there is rounding.
@pytest.mark.parametrize(("group", "value"), [(3, 0.1), (7, 0.7)])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_constant_reward_moves_nothing(algorithm: str, group: int, value: float, tmp_path: Path) -> None:
    store = Store(tmp_path)
    task = replace(practice(reward=Always(value), reuse=2), algorithm=ALGORITHMS[algorithm], sampler=Sampler(group))
    folder = store.get(learn(task, iterations=2, optim=Optim(1e-2, weight_decay=0.5)))
    start = weights(store.get(FRESH))
    assert all(torch.equal(w, start[k]) for k, w in weights(folder).items())
    assert {m["signal"] for m in metrics(folder)} == {0.0}
    assert (ledger(folder).updates, ledger(folder).trained) == (0, 0)


# Broken if groups of one, which hold nothing that differs, learned nothing where the credit needs no others, or learned from a constant.
def test_groups_of_one_learn_where_the_batch_differs(tmp_path: Path) -> None:
    store, one = Store(tmp_path), replace(practice(problems=4), algorithm=REINFORCE, sampler=Sampler(1))
    for reward, share in ((Alternate(), 0.5), (Always(1.0), 0.0)):  # of a batch that differs, the groups that earn something
        folder = store.get(learn(replace(one, reward=reward), iterations=2))
        assert [m["signal"] for m in metrics(folder)] == [share] * 2
        assert ledger(folder).updates == 4 * share
    assert has_signal(REINFORCE.credit, torch.tensor([[1.0], [1.0], [0.0], [0.0]]), four()).tolist() == [True, False]
    assert has_signal(GRPO.credit, torch.tensor([[1.0], [1.0], [0.0], [0.0]]), four()).tolist() == [False, False]


def four() -> Rollouts:
    """Two groups of two completions, of a token each."""
    one = torch.ones(4, 1)
    asked = (problem(FAMILY, "train", 0),) * 2
    prompts, lengths = one[:2].long(), one[:, 0].long()
    return Rollouts(asked, 2, 1, (), Compact(), VOCAB, prompts, lengths[:2], 0 * lengths[:2], one.long(), lengths, one.bool(), one, 0)


# Broken if a loss that has nothing to say moved the weights, when it stands beside one that has.
@pytest.mark.parametrize("weight", [1.0, -2.0, 1e-3])
def test_no_signal_beside_another_loss_changes_nothing(weight: float, tmp_path: Path) -> None:
    store, silent = Store(tmp_path), practice(replace(GRPO, kl=0.5), reward=Always(0.3))
    alone = store.get(Learn(FRESH, ((1.0, imitate()),), 3, OPTIM))
    beside = store.get(Learn(FRESH, ((1.0, imitate()), (weight, silent)), 3, OPTIM))
    assert all(torch.equal(w, weights(alone)[k]) for k, w in weights(beside).items())


# Broken if losses that cannot learn together were found out after a step, or drew the same problems and completions twice in silence.
def test_losses_that_do_not_fit_are_refused_when_they_are_put_together() -> None:
    with pytest.raises(ValueError, match=r"Imitate 1, Practice 2: change Practice\.reuse or \.minibatches"):
        Learn(FRESH, ((1.0, imitate()), (1.0, practice(reuse=2))), 1)
    for one in (imitate(), practice()):
        with pytest.raises(ValueError, match=f"losses 1 and 3, {type(one).__name__}, draw the same"):
            Learn(FRESH, ((1.0, one), (1.0, replace(imitate(), seed=9)), (0.5, replace(one))), 1)
    with pytest.raises(ValueError, match="Always is to be learned from and has no `per_iteration`"):
        Learn(FRESH, ((1.0, Always(1.0)),), 1)  # type: ignore[arg-type]
    Learn(FRESH, ((1.0, practice()), (1.0, practice(seed=1))), 1)


@dataclass(frozen=True)
class Counts:
    """A loss that makes other updates than it says."""

    per_iteration: int
    made: int
    drawn_by = "nothing"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        return (Update((), {}) for _ in range(self.made if iteration == 1 else self.per_iteration))


# Broken if a loss that says nothing of its updates, or makes others, were found out after hours, or its updates left out in silence.
@pytest.mark.parametrize(("says", "made", "found"), [(2, 1, "1"), (2, 0, "0"), (2, 3, "more")])
def test_a_loss_makes_as_many_updates_as_it_says(says: int, made: int, found: str, tmp_path: Path) -> None:
    for losses in ((Counts(says, made),), (practice(reuse=2), Counts(says, made))):
        stage = Learn(FRESH, tuple((1.0, loss) for loss in losses), 3)
        with pytest.raises(ValueError, match=rf"Counts\.per_iteration is 2; in iteration 1 it makes {found}"):
            Store(tmp_path).get(stage)
    for number in (0, True, 1.0):
        with pytest.raises(ValueError, match=r"Counts\.per_iteration is an int of at least 1; found"):
            Learn(FRESH, ((1.0, Counts(number, 1)),), 1)  # type: ignore[arg-type]


# Broken if the metrics of one of two losses stood in the place of the other's, or of the step's own.
def test_losses_of_a_kind_have_metrics_of_their_own(tmp_path: Path) -> None:
    store = Store(tmp_path)
    losses = practice(reward=Always(0.25)), imitate(), practice(reward=Alternate(), seed=1)
    (found,) = metrics(store.get(Learn(FRESH, tuple((1.0, loss) for loss in losses), 1)))
    assert (found["reward/1"], found["signal/1"], found["reward/3"], found["signal/3"]) == (0.25, 0.0, 0.5, 1.0)
    assert not {"reward", "signal", "reward/2"} & set(found)
    (single,) = metrics(store.get(Learn(FRESH, ((1.0, losses[2]),), 1)))
    assert set(single) == {"iteration", "loss", "gradient_norm", "reward", "pass@1", "pass@4", "signal", "groups"}


# Broken if a credit that compares completions were given one of each problem, which no reward makes differ, and ran to the end.
def test_one_completion_is_not_compared() -> None:
    for credit in ((Spread(), Centre()), (LeaveOneOut(),), (Spread(), Scale())):
        with pytest.raises(ValueError, match=r"give Sampler a group of at least 2, or Algorithm a credit that compares nothing"):
            Practice(Endless(FAMILY), algorithm=Algorithm(credit), sampler=Sampler(1))
    with pytest.raises(ValueError, match="nothing to compare it with"):
        Practice(Endless(FAMILY), algorithm=REINFORCE, sampler=Sampler(1), problems=1)


# Broken if a context that is too short were noticed only when a completion happens to run on.
def test_a_context_that_is_too_short_is_found_before_anything_is_drawn() -> None:
    asked = (problem(FAMILY, "train", 0),)
    for context, fits in ((PROMPT + SOLUTION + 50 - 1, True), (PROMPT + SOLUTION + 50 - 2, False)):
        model = GPT(replace(CONFIG, context=context), torch_rng("short"))
        if fits:
            rollout(model, VOCAB, asked, Sampler(2, spare=50), "short")
            continue
        with pytest.raises(ValueError, match=rf"up to {PROMPT} tokens .* up to {SOLUTION + 50} .* a context of 69; the model has 68"):
            rollout(model, VOCAB, asked, Sampler(2, spare=50), "short")


# Broken if silent iterations after loud ones wore down Adam's moments, or counted as steps.
def test_silence_after_signal_leaves_the_optimizer_as_it_was(tmp_path: Path) -> None:
    states = []
    for iterations in (2, 6):
        store = Store(tmp_path / str(iterations), checkpoint_seconds=ALWAYS)
        store.root.mkdir()
        (store.root / "fuse").write_text(f"{iterations} 0")
        run = learn(practice(reward=Even(until=2)), practice(reward=Coin(0.0), seed=1), iterations=9, optim=Optim(1e-2, weight_decay=0.5))
        with pytest.raises(KeyboardInterrupt):
            store.get(run)
        states.append(torch.load(store.path(run).with_suffix(".draft") / "checkpoint.pt", weights_only=True))
    early, late = states
    assert (early["iteration"], late["iteration"]) == (2, 6)
    assert early["ledger"]["updates"] == late["ledger"]["updates"] == 2
    assert all(torch.equal(w, late["model"][k]) for k, w in early["model"].items())
    moments, after = early["optimizer"]["state"], late["optimizer"]["state"]
    assert all(torch.equal(x, after[i][k]) for i, moment in moments.items() for k, x in moment.items())
    assert {float(moment["step"]) for moment in after.values()} == {2.0}


# Broken if the schedule began at zero, ended early or late, or took its share of the wrong number.
def test_the_rate_by_hand() -> None:
    optim = Optim(2.0, warmup=4, decay=0.5)
    # up over 4 iterations: 1/4, 2/4, 3/4, 1; flat; down over the last 5 of 10: 5/5, 4/5, ... 1/5; zero would be iteration 10
    assert [optim.rate(i, 1 - i / 10) for i in range(11)] == pytest.approx([0.5, 1, 1.5, 2, 2, 2, 1.6, 1.2, 0.8, 0.4, 0])
    assert [Optim(2.0).rate(i, 1 - i / 3) for i in range(3)] == [2, 2, 2]
    assert [Optim(1.0, decay=1.0).rate(i, 1 - i / 4) for i in range(4)] == [1, 0.75, 0.5, 0.25]


# Broken if the rate of an iteration did not reach the optimiser: the first step of Adam is as long as the rate.
def test_the_rate_is_the_length_of_the_first_step(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.get(learn(imitate(), iterations=1, optim=Optim(1e-3, warmup=10, clip=1e9)))
    start, end = weights(store.get(FRESH)), weights(folder)
    step = max((end[k] - start[k]).abs().max().item() for k in end)
    assert step == pytest.approx(1e-4, rel=1e-2)


# Broken if weights did not decay by rate times decay, whatever the gradient; with a loss of weight zero there is none.
def test_weight_decay_by_hand(tmp_path: Path) -> None:
    store = Store(tmp_path)
    end = weights(store.get(Learn(FRESH, ((0.0, imitate()),), 1, Optim(0.1, weight_decay=0.5))))
    for name, weight in weights(store.get(FRESH)).items():
        torch.testing.assert_close(end[name], 0.95 * weight)


# Broken if Muon moved other weights than the matrices of the blocks, or left one of them to AdamW, decayed otherwise, or made steps of
# another length: of AdamW's usual root mean square, 0.2 of the rate.
def test_muon_moves_the_matrices_of_the_blocks(tmp_path: Path) -> None:
    store, optim = Store(tmp_path), Optim(1e-2, weight_decay=0.5, clip=1e9)
    runs = (learn(imitate(), iterations=1, optim=replace(optim, matrices=matrices)) for matrices in (None, Muon()))
    start, adamw, muon = (weights(store.get(stage)) for stage in (FRESH, *runs))
    moved = {name for name in muon if not torch.equal(muon[name], adamw[name])}
    assert moved == {f"blocks.0.{part}.weight" for part in ("attention.qkv", "attention.out", "feedforward.up", "feedforward.out")}
    for name in moved:
        step = muon[name] - (1 - 1e-2 * 0.5) * start[name]
        singular = torch.linalg.svdvals(step) / (0.2 * 1e-2 * max(step.shape) ** 0.5)
        assert singular.max() < 1.3  # Newton-Schulz brings them to about 1, the smallest later
        assert singular.median() > 0.6


# Broken if a checkpoint of one optimiser went on under another, or one with the moments of another kind.
@pytest.mark.parametrize("kind", ["pretrain", "muon"])
def test_a_checkpoint_of_another_optimiser_is_refused(kind: str, tmp_path: Path) -> None:
    from lightning.fabric import Fabric

    from train.checkpoint import Progress

    stage, other = RUNS[kind], RUNS["muon" if kind == "pretrain" else "pretrain"]
    (tmp_path / "fuse").write_text("4 0")
    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path, checkpoint_seconds=ALWAYS).get(stage)
    draft, fabric = Store(tmp_path).path(stage).with_suffix(".draft"), Fabric(accelerator="cpu")
    for optim, mends in ((other.optim, False), (replace(stage.optim, betas=(0.8, 0.9)), False), (stage.optim, True)):
        bare = GPT(CONFIG, torch_rng("other"))
        _, optimizer = fabric.setup(bare, optim.optimizer(bare.named_parameters()))
        progress = Progress(draft, fabric, bare, optimizer, Ledger())
        with progress.log:
            if mends:
                assert progress.resume(6) == 4
                continue
            with pytest.raises(Damaged, match=r"another optimiser|parameter group"):
                progress.resume(6)


@dataclass(frozen=True)
class Again:
    """A loss once more: the same words, which are not refused since it says that they are drawn by something else."""

    loss: Imitate
    per_iteration = 1
    drawn_by = "again"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        return self.loss.updates(run, iteration)


# Broken if the loss were not the weighted sum of the losses, or the gradient were clipped part by part.
def test_the_loss_of_several_is_their_weighted_sum(tmp_path: Path) -> None:
    store, one = Store(tmp_path), imitate()

    def first(*losses: tuple[float, Loss], clip: float = 1e9) -> tuple[dict[str, float], dict[str, Tensor]]:
        folder = store.get(Learn(FRESH, losses, 1, Optim(clip=clip)))
        assert ledger(folder).updates == 1  # one step, however many losses
        return metrics(folder)[0], weights(folder)

    single, _ = first((1.0, one))
    both, _ = first((0.5, one), (2.0, Again(one)))
    assert both["loss"] == pytest.approx(2.5 * single["loss"], rel=1e-6)
    assert both["gradient_norm"] == pytest.approx(2.5 * single["gradient_norm"], rel=1e-5)


def a_run(store: Store, model: GPT) -> Run:
    return Run(model, model, VOCAB, store, FRESH, Ledger())


def double() -> GPT:
    return GPT(CONFIG, torch_rng("double")).double()


def gradient(model: GPT) -> Tensor:
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@dataclass(frozen=True)
class Mixed:
    """Documents of two lengths: solutions, and listings, which have no values."""

    def __call__(self, problem: Problem) -> Document:
        return (Solved() if problem.answer == 0 else Listing())(problem)


TWO = replace(FAMILY, steps=2, lines=3)


# Broken if padding, a prompt's word or a withheld result carried loss, if a place were off by one, or the denominator counted
# other than the words that do; or if a question about a statement that is read once learned otherwise than one that reads it alone.
@pytest.mark.parametrize("recipe", [Recipe(1.0, TWO, Mixed()), Recipe(1.0, TWO, questions=3), Recipe(1.0, TWO)])
@pytest.mark.parametrize("withheld", [(), ("add",), ("add", "mul")])
def test_imitation_is_the_mean_over_learned_words(recipe: Recipe, withheld: tuple[str, ...], tmp_path: Path) -> None:
    model, loss = double(), Imitate(Corpus((recipe,), withheld), 200)
    run, total, count, masked = a_run(Store(tmp_path), model), torch.zeros((), dtype=torch.double), 0, 0
    documents = loss.documents(run.context, 0)
    assert len({len(d.prompt + d.body) for d in documents}) == 1 + isinstance(recipe.write, Mixed)
    for document in documents:
        words = document.prompt + document.body
        tokens = torch.tensor([VOCAB.encode(words)])
        logs = model(tokens).log_softmax(-1)[0]
        names = {ADD.symbol: "add", MUL.symbol: "mul"}
        for place in range(len(document.prompt), len(words)):
            body = place - len(document.prompt)
            is_value = "answer" in document.body and body in (3, 7)  # "A + 0 2 B * 1 2 answer 2 <end>"
            if is_value and names[words[place - 2]] in withheld:
                masked += 1
                continue
            total = total - logs[place - 1, tokens[0, place]]
            count += 1
    (update,) = loss.updates(run, 0)
    (term,) = update.terms
    assert isinstance(term, Term)
    part, mean = term.value(model), total * (torch.ones(()) / count)  # weights of words are in single precision
    assert masked == sum(step in withheld for d in documents for step in [r.primitive for r in d.results])
    assert masked > 0 or not withheld
    assert part.item() == pytest.approx(mean.item(), rel=1e-12)
    part.backward()
    batched = gradient(model)
    model.zero_grad()
    mean.backward()
    torch.testing.assert_close(batched, gradient(model), rtol=1e-9, atol=1e-12)


# Broken if a group that reads its prompt once, and what it says twice once, learned otherwise than rows that each read it all; or if an
# edit of the stream changed that, or kept the gradient from the model.
@pytest.mark.parametrize(("weight", "scale"), [(0.0, 0.0), (0.3, 0.0), (0.3, 2.0)])
def test_the_shared_update_equals_the_full_one(weight: float, scale: float, tmp_path: Path) -> None:
    model, store = Edited(double(), {0: Shift(torch.arange(16.0) / 16, scale)}), Store(tmp_path)
    task = replace(practice(replace(DAPO, kl=weight, draws=1), problems=3), sampler=Sampler(group=4, temperature=0.8))
    run = a_run(store, model)
    asked = tuple(problem(replace(FAMILY, lines=2 + i % 2), "train", "asked", i) for i in range(3))  # prompts of two lengths
    r = rollout(model, VOCAB, asked, task.sampler, "rollout")
    said = torch.tensor([0, 1, 0, 0, 4, 5, 6, 7, 9, 8, 9, 8])  # rows that say the same, of one group
    r = replace(r, tokens=r.tokens[said], lengths=r.lengths[said], mask=r.mask[said], logp=r.logp[said])
    r = replace(r, logp=r.logp + 0.2 * r.tokens.remainder(3).sub(1) * r.mask)  # as if the policy had moved
    advantage = chain(task.algorithm.credit, Alternate()(r, run), r)  # not the same for the same words
    total = torch.zeros((), dtype=torch.double)
    reference = run.reference.double()
    for b, length in enumerate(r.mask.sum(1).tolist()):
        p = b // r.group
        words = torch.cat((r.prompts[p, : r.prompt_lengths[p]], r.tokens[b, :length]))[None]
        logs = [(m(words) / 0.8).log_softmax(-1)[0, -length - 1 : -1] for m in (model, reference)]
        chosen, anchor = (x.gather(1, words[0, -length:, None])[:, 0] for x in logs)
        ratio = (chosen - r.logp[b, :length]).exp()
        x = torch.maximum(-ratio * advantage[b, :length], -ratio.clamp(0.8, 1.28) * advantage[b, :length])
        total = total + (x + weight * kl(chosen, anchor.detach())).sum() / r.mask.sum()
    total.backward()
    full = gradient(model)
    model.zero_grad()
    shared = 0.0
    for part in task._terms(run, r, advantage, has_signal(task.algorithm.credit, Alternate()(r, run), r)):
        value = part.value(model)
        value.backward()
        shared += value.item()
    assert task.algorithm.aggregate == TokenMean()
    assert len({(b // 4, *row) for b, row in enumerate(r.tokens.tolist())}) == 2 + 4 + 2
    read = (r.lengths - 1)[[0, 1, 4, 5, 6, 7, 8, 9]]  # each once, but for its last word
    assert run.ledger.trained == int(r.prompt_lengths.sum() + read.sum())
    assert shared == pytest.approx(total.item(), rel=1e-6)  # the weights of tokens are in single precision
    torch.testing.assert_close(gradient(model), full, rtol=1e-6, atol=1e-8)


# Broken if drawing again never ended, went on although there was signal, or its cost were hidden.
def test_dynamic_sampling_is_capped_and_recorded(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for reward, groups, found in ((Coin(0.0), 8, 0.0), (Alternate(), 2, 1.0)):
        folder = store.get(learn(practice(DAPO, reward=reward), iterations=2))
        assert [(m["groups"], m["signal"]) for m in metrics(folder)] == [(groups, found)] * 2
        assert ledger(folder).updates == 2 * found
        assert ledger(folder).sampled >= 2 * groups * 2  # 2 rows a group, a token each at least
    # with chance in between: it stops as soon as there are two groups with signal, and learns from those
    folder = store.get(RUNS["dapo"])
    assert all(m["groups"] * m["signal"] >= 2 or m["groups"] == 8 for m in metrics(folder))
    assert all(m["groups"] * m["signal"] <= 3 for m in metrics(folder))  # one before the last draw, and two in it
    assert len({m["groups"] for m in metrics(folder)}) > 1


# Broken if groups with signal came behind others, if a group lost a row to its neighbour, or padding went to the left.
def test_with_signal_keeps_groups_with_signal_first() -> None:
    model = double()
    parts = []
    for i, (lines, flags) in enumerate([(2, [False, True, False]), (3, [True, False, True])]):
        asked = tuple(problem(replace(FAMILY, lines=lines), "train", "asked", i, j) for j in range(3))
        r = rollout(model, VOCAB, asked, Sampler(group=2, spare=4 * i), "rollout", i)
        reward = r.at_end(torch.tensor([x for flag in flags for x in (1.0, 0.0 if flag else 1.0)]))
        parts.append(Judged(r, reward, has_signal(GRPO.credit, reward, r)))
    left, right = (part.rollouts for part in parts)
    judged = with_signal(parts, 4)
    kept, reward = judged.rollouts, judged.reward
    source = [(left, 1), (right, 0), (right, 2), (left, 0)]  # with signal in order of drawing, then without
    assert kept.problems == tuple(r.problems[p] for r, p in source)
    assert kept.limit == SOLUTION + 4
    assert kept.forwarded == left.forwarded + right.forwarded
    assert kept.prompts.shape == (4, PROMPT + 3)
    for place, (r, p) in enumerate(source):
        assert kept.prompts[place].tolist() == r.prompts[p].tolist() + [0] * (PROMPT + 3 - r.prompts.shape[1])
        assert kept.prompt_lengths[place] == r.prompt_lengths[p]
        for g in range(2):
            new, old, T = 2 * place + g, 2 * p + g, r.tokens.shape[1]
            assert torch.equal(kept.tokens[new, :T], r.tokens[old])
            assert torch.equal(kept.logp[new, :T], r.logp[old])
            assert torch.equal(kept.mask[new, :T], r.mask[old])
            assert not kept.mask[new, T:].any()
            assert kept.traces[new] == r.traces[old]
            assert kept.verdicts[new] == r.verdicts[old]
    assert reward.sum(1).tolist() == [1, 0, 1, 0, 1, 0, 1, 1]
    assert judged.signal.tolist() == [True, True, True, False]


# Broken if a region were not one of those that edges have, or an edge were asked for another.
def test_regions_are_those_of_edges(tmp_path: Path) -> None:
    assert get_args(Region) == REGIONS
    with pytest.raises(ValueError, match="region is one of 'below', 'at', 'beyond'; found 'above'"):
        band(Store(tmp_path), Edge(), "above", range(9))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False, repr=False)
class Edge(Stage):
    """An edge at 1 and 3 steps, and none beyond."""

    def run(self, out: Path, store: Store) -> None:
        write_json(out / "edge.json", {"bands": {"at": [1, 3], "beyond": []}, "reasons": {"beyond": "all is solved"}})


WIDE = Program(4, 6)


NOTES: list[object] = []


@dataclass(frozen=True)
class Noted:
    """Documents of a corpus; the number of the iteration that asks is noted."""

    corpus: Corpus

    def documents(self, shelf: Shelf, *path: str | int) -> Iterator[Document]:
        NOTES.append(path[0])
        return self.corpus.documents(shelf, *path)

    def learned(self, document: Document) -> tuple[bool, ...]:
        return self.corpus.learned(document)


@dataclass(frozen=True)
class NotedProblems:
    """Always new problems, which are noted."""

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> tuple[Problem, ...]:
        NOTES.append(asked := Endless(WIDE).batch(context, count, seed, iteration, draw))
        return asked


@dataclass(frozen=True)
class Shifted:
    """An edit by plain numbers."""

    def edit(self, context: Context) -> Edit:
        return Shift(torch.ones(16))


NOTING = {
    "documents": Imitate(Noted(Corpus((Recipe(1.0, WIDE),))), 60),
    "problems": Practice(NotedProblems(), Coin(), sampler=SAMPLER, problems=2),
}


def noted(store: Store, stage: Stage) -> list[object]:
    NOTES.clear()
    store.get(stage)
    return list(NOTES)


# Broken if learning that goes on met again what it has learned from, whatever lies in between; or did not begin with the first problems
# where it met none of them yet.
@pytest.mark.parametrize("what", NOTING)
def test_two_halves_meet_what_one_whole_meets(what: str, tmp_path: Path) -> None:
    loss, vocab = NOTING[what], Compact().vocab(WIDE.lines, WIDE.primitives, WIDE.modulus)
    fresh, other = Fresh(replace(CONFIG, vocab=len(vocab), context=256), vocab), replace(loss, seed=1)

    def on(policy: Stage, iterations: int, *losses: Loss) -> Learn:
        return Learn(policy, tuple((1.0, each) for each in losses or (loss,)), iterations)

    whole = noted(Store(tmp_path / "whole"), on(fresh, 6))
    assert len(whole) == len(set(whole)) == 6
    store, first = Store(tmp_path / "halves"), replace(on(fresh, 2), keep=(1,))
    assert noted(store, first) == whole[:2]
    assert noted(store, on(first, 3)) == whole[2:5]
    assert noted(store, on(on(first, 3), 1)) == whole[5:]
    assert noted(store, on(Snapshot(first, 1), 2)) == whole[1:3]
    between = on(Steer(first, ((0, Shifted()),)), 1, other)
    assert noted(store, between) == noted(Store(tmp_path / "other"), on(fresh, 1, other))
    assert noted(store, on(between, 2)) == whole[2:4]
    assert noted(store, on(between, 2, replace(other, seed=2), loss))[1::2] == whole[2:4]


# Broken if few problems changed with the iteration or some were never met, endless ones came back, or a resumed run met others.
def test_prompts_are_pure_in_seed_and_iteration(tmp_path: Path) -> None:
    store = Store(tmp_path)
    moments = [(seed, iteration, draw) for seed in range(2) for iteration in range(3) for draw in range(2)]
    endless = {m: Endless(WIDE).batch(store, 4, *m) for m in moments}
    assert len({p for batch in endless.values() for p in batch}) == 4 * len(moments)
    assert all(Endless(WIDE).batch(store, 4, *m) == endless[m] for m in reversed(moments))
    few = {m: Few(WIDE, 3).batch(store, 8, *m) for m in moments}
    for (seed, _, _), batch in few.items():
        assert batch == few[seed, 0, 0]
        assert batch == (*batch[:3], *batch[:3], *batch[:2])
        assert len(set(batch)) == 3
    assert not set(few[0, 0, 0]) & set(few[1, 0, 0])
    with pytest.raises(ValueError, match="of the 3 problems of Few, 2 would be met"):
        Few(WIDE, 3).batch(store, 2, 0, 0, 0)
    assert {p.split for batch in (*endless.values(), *few.values()) for p in batch} == {"train"}


# Broken if a band stayed at one of its difficulties, left its family, or put another region in the place of an empty one.
def test_a_band_alternates_its_difficulties(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for iteration in range(4):
        batch = Band(WIDE, Edge(), "at").batch(store, 3, 0, iteration, 0)
        assert [len(p.proof) for p in batch] == [(1, 3)[iteration % 2]] * 3
        assert {len(p.steps) for p in batch} == {6}
    with pytest.raises(Undefined, match="no difficulty lies beyond the edge: all is solved"):
        Band(WIDE, Edge(), "beyond").batch(store, 3, 0, 0, 0)
    folder = store.get(Learn(FRESH, ((1.0, Practice(Band(WIDE, Edge(), "beyond"))),), 3))
    with pytest.raises(Undefined, match="all is solved"):
        defined(folder)


@dataclass(frozen=True)
class Broken:
    """A loss that is not finite in its third iteration."""

    factor: float
    per_iteration = 1
    drawn_by = "nothing"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        part = sum(p.square().sum() for p in run.model.parameters())
        yield Update((part * (self.factor if iteration == 2 else 1.0),), {})


# Broken if a run went on from weights that are not numbers, or left them as a result.
@pytest.mark.parametrize("factor", [math.inf, math.nan])
def test_a_loss_that_is_not_finite_stops_the_run(factor: float, tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(RuntimeError, match=f"the loss of Fused is {factor} in iteration 2"):
        store.get(learn(Broken(factor)))
    assert not store.has(learn(Broken(factor)))


@dataclass(frozen=True)
class Steep:
    """A loss of zero whose gradient is not finite: that of the root of the squares, at zero."""

    per_iteration = 1
    drawn_by = "steep"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        yield Update(((0.0 * next(iter(run.model.parameters()))).square().sum().sqrt(),), {})


# Broken if a gradient that is no number were learned from, or blamed on another loss than that which it is of.
def test_a_gradient_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    for losses in ((Steep(),), (imitate(), Steep(), imitate(seed=1)), (Steep(), imitate())):
        with pytest.raises(RuntimeError, match="the gradient of Steep is nan in iteration 0"):
            Store(tmp_path).get(Learn(FRESH, tuple((1.0, loss) for loss in losses), 1))


# Broken if padding were billed, if prompts were billed once for each of their readers, or a weight were left out.
def test_the_ledger_of_imitation_by_hand(tmp_path: Path) -> None:
    store, short = Store(tmp_path), Imitate(Corpus((Recipe(1.0, FAMILY),)), 45)
    # documents of 13 + 7 words: two fit into 45; of each 19 are read, and the n-th sees n
    read, pairs = 3 * 2 * 19, 3 * 2 * 19 * 20 // 2
    flops = 3 * (2 * WEIGHTS * read + 4 * 16 * pairs)
    assert ledger(store.get(Learn(FRESH, ((1.0, short),), 3))) == Ledger(3, 3, trained=read, flops=flops)
    mixed = Imitate(Corpus((Recipe(1.0, replace(FAMILY, steps=2), Mixed()),)), 200)
    lengths = [len(d.prompt + d.body) for d in mixed.documents(store, 0)]
    assert set(lengths) == {13 + 11, 11 + 7}  # solutions and listings, in one batch
    assert ledger(store.get(Learn(FRESH, ((1.0, mixed),), 1))).trained == sum(lengths) - len(lengths)
    # two questions of 7 + 7 words, for which there is room for 16 each, about a statement of 6: two statements fit into 80
    asked = Imitate(Corpus((Recipe(1.0, FAMILY, questions=2),)), 80)
    assert ledger(store.get(Learn(FRESH, ((1.0, asked),), 3))).trained == 3 * 2 * (6 + 2 * 13)


SEED = 3  # of two completions with different lengths


# Broken if drawing, judging against the reference or learning were not billed, or billed for groups that teach nothing.
@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_the_ledger_of_practice_by_hand(weight: float, tmp_path: Path) -> None:
    store = Store(tmp_path)
    task = replace(practice(replace(GRPO, kl=weight), problems=1, reward=Alternate()), sampler=Sampler(group=2), seed=SEED)
    model, asked = load_policy(store.get(FRESH)).model, Endless(FAMILY).batch(store, 1, SEED, 0, 0)
    first, second = rollout(model, VOCAB, asked, task.sampler, "rollout", SEED, 0, 0).mask.sum(1).tolist()
    assert first != second
    # drawing: the prompt once, then every token but a row's last goes back in (a row that has ended leaves at once, here);
    # learning and the reference read the same. The n-th token of a sequence sees n
    read = PROMPT + first + second - 2
    pairs = [sum(range(1, PROMPT + 1)), *(sum(range(PROMPT + 1, PROMPT + n)) for n in (first, second))]
    times = 2 if weight else 1
    found = ledger(store.get(Learn(FRESH, ((1.0, task),), 1)))
    assert found == Ledger(1, 1, first + second, times * read, read, (times + 3) * (2 * WEIGHTS * read + 4 * 16 * sum(pairs)))
