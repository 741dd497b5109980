"""Distillation: the exact divergence at each token that the student chose, and what it cannot hand on."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from tests.test_extensions_learn import FAMILY, FRESH, TAUGHT, VOCAB, a_run, weights_of
from tests.test_learn import gradient, ledger, metrics
from train.learn import Learn, Spend
from train.losses import Distil
from train.losses.distil import Direction
from train.optim import Optim
from train.policy import load_policy, save_policy
from train.rl import Endless, Sampler, rollout
from train.stages.machine import Machine
from train.stages.stage import Context, Stage
from train.stages.store import Store

TASK = Distil(TAUGHT, Endless(FAMILY), sampler=Sampler(group=6, temperature=0.8), problems=3, seed=2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"), Machine(rows=5))


# Broken if a token counted that the student did not choose, a row that says what another says were lost, or the two distributions changed
# places.
@pytest.mark.parametrize("direction", ["reverse", "forward"])
def test_the_divergence_by_hand(direction: Direction, store: Store) -> None:
    task = replace(TASK, direction=direction, teacher=FRESH)
    model, teacher = (load_policy(store.get(stage)).model for stage in (TAUGHT, FRESH))
    r = rollout(model, VOCAB, task.source.batch(store, 3, 2, 5, 0), task.sampler, "distil", 2, 5)
    assert len({(b // 6, *row) for b, row in enumerate(r.tokens.tolist())}) < 18
    assert len(set(r.lengths.tolist())) > 1
    total = torch.zeros(())
    for b, length in enumerate(r.lengths.tolist()):
        words = torch.cat((r.prompts[b // 6, : r.prompt_lengths[b // 6]], r.tokens[b, :length]))[None]
        own, goal = ((net(words[:, :-1])[0, -length:] / 0.8).log_softmax(-1) for net in (model, teacher))
        p, q = (own, goal.detach()) if direction == "reverse" else (goal.detach(), own)
        total = total + (p.exp() * (p - q)).sum() / r.mask.sum()
    total.backward()
    expected = gradient(model)
    model.zero_grad()
    (update,) = task.updates(run := a_run(store, FRESH, model, TAUGHT), 5)
    terms = [term for term in update.terms if isinstance(term, Tensor)]
    assert len(terms) > 1  # micro-batches
    sum(terms, torch.zeros(())).backward()
    assert sum(term.item() for term in terms) == pytest.approx(total.item(), rel=1e-5)
    torch.testing.assert_close(gradient(model), expected, rtol=1e-4, atol=1e-6)
    assert run.ledger.sampled == int(r.lengths.sum())
    assert run.ledger.forwarded == r.forwarded.tokens + run.ledger.trained  # the teacher reads what the student learns from


# Broken if distillation did not bring the student nearer to its teacher, or spent another budget than it was given.
def test_a_student_comes_to_say_what_its_teacher_says(store: Store) -> None:
    student = Learn(FRESH, ((1.0, replace(TASK, problems=8)),), 16, Optim(1e-2))
    losses = [line["loss"] for line in metrics(store.get(student))]
    assert losses[-1] < losses[0] / 2
    again = replace(student, iterations=Spend(student, 0.5))
    assert ledger(store.get(again)).flops == pytest.approx(0.5 * ledger(store.get(student)).flops, rel=0.07)


@dataclass(frozen=True, eq=False, repr=False)
class Master(Stage):
    """A policy with another skill: it reads one word, and that word alone, otherwise."""

    policy: Stage
    token: int

    def run(self, out: Path, context: Context) -> None:
        policy = load_policy(context.get(self.policy))
        policy.model.embed.weight.data[self.token] += 1.0
        save_policy(policy, out)


MASTER = Master(TAUGHT, VOCAB.tokens["*"])


# Broken if a student could learn what it is never shown: on problems without the new primitive it must be left as it was, to the bit and
# for any time of teaching, and so fail all that needs the primitive as before. On problems with it, it must learn.
@pytest.mark.parametrize("direction", ["reverse", "forward"])
def test_what_is_not_shown_is_not_learned(direction: Direction, store: Store) -> None:
    moved = {}
    for primitive in (ADD, MUL):
        family = Program(1, 2, (primitive,), (primitive,), modulus=3)
        task = Distil(MASTER, Endless(family), direction, Sampler(4, temperature=0.3), problems=4)
        student = Learn(TAUGHT, ((1.0, task),), 3, Optim(1e-2))
        moved[primitive] = weights_of(store, student) != weights_of(store, TAUGHT)
    assert moved == {ADD: False, MUL: True}
