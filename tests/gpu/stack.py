"""Stages that run together against each alone, and after a kill, on this device."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from analysis.design.recipes import PROGRAMS, base, needing
from analysis.design.scale import CPU, SMOKE
from models.gpt import GPT
from synthtasks.families import at
from tests.gpu.frame import Check, Figures, Place
from train.learn import Learn
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import load_policy
from train.rl import Coin, Correct, Endless, Process, Sampler
from train.stages.machine import Machine
from train.stages.stage import Stage, closure
from train.stages.store import Store

SIZES = {
    "cuda": replace(CPU, pretraining=50, tokens=3_072, questions=8, muon=0.0, machine=Machine("cuda")),
    "cpu": replace(SMOKE, pretraining=30, tokens=512, machine=Machine("cpu")),
}
REWARDS = (Coin(), Process(), Coin(0.3), Correct())
PROBLEMS, RL = 8, 6  # of an iteration, iterations
LONG = 200  # iterations of a run that is killed in its middle
TOLERANCE, OF_RL = 0.02, 0.2  # of the way that weights have come: sums in another order, small next to the noise of a batch
PATIENCE = 120.0  # seconds until a child has come to its middle
CHILD = "import sys; from tests.gpu.stack import child; child(sys.argv[1], sys.argv[2])"


@contextmanager
def exactly() -> Iterator[None]:
    """Products in full single precision: rounding to TF32 alone changes some tokens."""
    usual = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(usual)


def together(place: Place) -> Figures:
    """Four stages of imitation, then four of RL: as a stack, and each alone."""
    scale = SIZES[place.device.type]
    bases = [*(base(scale, (), seed) for seed in range(3)), base(scale, ("mul",), 0)]
    family = at(needing(scale, PROGRAMS), 2)
    practices = [Practice(Endless(family), reward, problems=PROBLEMS, seed=i) for i, reward in enumerate(REWARDS)]
    rl = [Learn(policy, ((1.0, practice),), RL, Optim(1e-3)) for policy, practice in zip(bases, practices, strict=True)]
    with exactly(), TemporaryDirectory() as folder:
        alone, stacked = (Store(Path(folder) / name, scale.machine) for name in ("alone", "stacked"))
        for policy in bases:
            alone.get(policy)
        _together(bases, stacked)
        figures: Figures = {"difference after imitation, of the way": _apart(bases, alone, stacked)}
        begun = Store(Path(folder) / "rl", scale.machine)
        copytree(stacked.root, begun.root)  # both begin RL from the same bits
        figures["share of equal tokens"] = _equal_tokens(rl, begun)
        for stage in rl:
            begun.get(stage)
        _together(rl, stacked)
        figures["difference after RL, of the way"] = _apart(rl, begun, stacked)
    _at_most(figures, "difference after imitation, of the way", TOLERANCE)
    _at_most(figures, "difference after RL, of the way", OF_RL)
    if (equal := float(figures["share of equal tokens"])) < 0.99:
        raise AssertionError(f"in a stack and alone, {equal:.4f} of the tokens are equal; at least 0.99 are expected: {figures}")
    return figures


def _equal_tokens(stages: Sequence[Learn], store: Store) -> float:
    """The share of equal tokens in the first iteration of RL, of all that one or the other draws."""
    from models.stack import stack
    from train.rl.sampler import ask
    from train.stacked.network import complete

    policies = [load_policy(store.path(stage.policy)) for stage in stages]
    models = [policy.model.to(store.machine.device) for policy in policies]
    asked = []
    for stage, policy in zip(stages, policies, strict=True):
        practice = stage.losses[0][1]
        assert isinstance(practice, Practice)
        problems = practice.source.batch(store, PROBLEMS, practice.seed, 0, 0)
        asked.append(ask(policy.vocab, problems, Sampler(), policy.model.config.context, "rollout", practice.seed, 0, 0).asked)
    equal = every = 0
    for each, model, one in zip(complete(stack(models), range(len(models)), asked, {}), models, asked, strict=True):
        other = one.complete(model)
        a, b = (_wide(x.where(mask, -1).cpu(), one.uniforms.shape[1]) for x, mask in ((each.tokens, each.mask), (other.tokens, other.mask)))
        drawn = (a >= 0) | (b >= 0)
        equal, every = equal + int((a == b)[drawn].sum()), every + int(drawn.sum())
    return equal / every


def _wide(x: Tensor, width: int) -> Tensor:  # [B, T] -> [B, width]
    return torch.nn.functional.pad(x, (0, width - x.shape[1]), value=-1)


def killed(place: Place) -> Figures:
    """A stack of three that is killed in its middle and continued, against one that is not."""
    device = place.device.type
    stages, machine = _long(device), SIZES[device].machine
    with exactly(), TemporaryDirectory() as folder:
        whole, broken = (Store(Path(folder) / name, machine) for name in ("whole", "broken"))
        _upstream(stages, broken)
        process = subprocess.Popen([sys.executable, "-c", CHILD, str(broken.root), device], env=os.environ, cwd=Path.cwd())
        try:
            done = _until_middle(process, [broken.path(stage).with_suffix(".draft") for stage in stages])
        finally:
            process.kill()
            process.wait(60)
        if process.returncode != -signal.SIGKILL or any(map(broken.has, stages)):
            raise AssertionError(f"the child was to be killed in its middle; it ended with {process.returncode}")
        began = time.monotonic()
        _together(stages, broken)
        figures: Figures = {"iterations before the kill": float(done), "of": float(LONG), "seconds of the rest": time.monotonic() - began}
        _together(stages, whole)
        figures["difference, of the way"] = _apart(stages, whole, broken)
    _at_most(figures, "difference, of the way", TOLERANCE)
    return figures


def _until_middle(process: subprocess.Popen[bytes], drafts: Sequence[Path]) -> int:
    """Wait until each stage has a checkpoint and a third of its iterations; the fewest of them."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        logs = [draft / "metrics.jsonl" for draft in drafts if (draft / "checkpoint.pt").exists()]
        fewest = min((log.read_bytes().count(b"\n") for log in logs), default=0)
        if len(logs) == len(drafts) and fewest >= LONG // 3:
            return fewest
        time.sleep(0.005)
    raise AssertionError(f"the child ended with {process.poll()}, or had no checkpoint after {PATIENCE:g} s")


def child(root: str, device: str) -> None:
    """The process that is killed: it saves after each iteration."""
    torch.set_float32_matmul_precision("highest")
    _together(_long(device), Store(Path(root), SIZES[device].machine, checkpoint_seconds=0.0))


def _long(device: str) -> list[Learn]:
    return [base(replace(SIZES[device], pretraining=LONG), (), seed) for seed in range(3)]


def _upstream(stages: Sequence[Stage], store: Store) -> None:
    for stage in closure(stages[0].upstream if len(stages) == 1 else [u for s in stages for u in s.upstream]):
        store.get(stage)


def _together(stages: Sequence[Stage], store: Store) -> None:
    """Run these as one; the first error is raised."""
    from train.stacked.together import together as run_together

    def attempt(stage: Stage, where: Store) -> BaseException | None:
        try:
            where.get(stage)
        except BaseException as error:  # raised below: a thread cannot raise it here
            return error
        return None

    _upstream(stages, store)
    for error in run_together(stages, store, attempt):
        if error is not None:
            raise error


def _apart(stages: Sequence[Learn], one: Store, other: Store) -> float:
    """The largest difference of weights of a stage in two stores, as a share of the way from where it began."""
    return max(
        _way(*(load_policy(store.path(s)).model for store, s in ((other, stage), (one, stage), (one, stage.policy)))) for stage in stages
    )


def _way(other: GPT, end: GPT, start: GPT) -> float:
    a, b, c = (torch.cat([p.detach().flatten() for p in model.parameters()]) for model in (other, end, start))
    return float((a - b).norm() / (b - c).norm().clamp(min=1e-12))  # a stage whose groups have no signal stays where it is


def _at_most(figures: Figures, name: str, most: float) -> None:
    if not (found := float(figures[name])) <= most:
        raise AssertionError(f"{name}: {found:.3g}; at most {most:g} is expected: {figures}")


CHECKS = (
    Check("stack of 4 against each alone: imitation, then RL", together),
    Check("stack of 3, killed and continued", killed),
)
