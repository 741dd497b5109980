"""Algorithms, and the credit rules of single tokens: laws, and numbers worked by hand.

Shapes: P problems, G completions of each, B = P * G rows, T tokens.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from synthtasks.surfaces import ROLES
from tests.test_credit import FAMILY, REWARD, a_run, record
from tests.test_learn import Alternate
from train.losses.practice import Practice
from train.rl import (
    DR_GRPO,
    EXECUTION,
    GRPO,
    PLANNING,
    Aggregate,
    Amplify,
    Centre,
    Constant,
    Credit,
    Ease,
    Endless,
    Everywhere,
    HoldCov,
    Lift,
    OfRoles,
    Only,
    Rollouts,
    Sampled,
    Sampler,
    Spread,
    TokenMean,
    Uncertain,
)
from train.rl.credit import chain
from train.run import Run, Term

P, C, E, A, M = (ROLES.index(role) for role in ("plan", "copy", "execute", "answer", "meta"))
SAID = torch.tensor([[P, C, C, E, P, A, M], [P, C, C, E, -2, -2, -2], [P, A, M, -2, -2, -2, -2], [M, M, P, C, E, -2, -2]]) + 1
LENGTHS = [7, 4, 3, 5]
ENTROPY = torch.tensor([[9.0, 1, 1, 8, 2, 3, 0], [4, 1, 1, 7, 9, 9, 9], [0, 0, 0, 9, 9, 9, 9], [1, 1, 2, 2, 2, 9, 9]])


def roled(reward: list[float]) -> tuple[Rollouts, Tensor]:
    """A group of four completions whose words have roles and entropies, and its reward; off the mask, entropies are rubbish."""
    r = replace(record(4, LENGTHS), records={"roles": SAID, "entropy": ENTROPY}, path=(3, 1, 0))
    return r, r.at_end(torch.tensor(reward, dtype=torch.double))


# Broken if the words that plan were those that compute, a choice reached beyond the end, or forking tokens were those of the padding.
def test_choices_by_hand() -> None:
    r, _ = roled([1, 0, 0, 0])
    assert PLANNING(r).int().tolist() == [[1, 1, 1, 0, 1, 0, 0], [1, 1, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0]]
    assert EXECUTION(r).int().tolist() == [[0, 0, 0, 1, 0, 1, 0], [0, 0, 0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0]]
    assert torch.equal(Everywhere()(r), r.mask)
    # a fifth of 19 tokens is 3.8, so the four largest: 9, 8, 7, 4
    assert Uncertain()(r).nonzero().tolist() == [[0, 0], [0, 3], [1, 0], [1, 3]]
    with pytest.raises(ValueError, match="needs at least one of plan, copy"):
        OfRoles(())


# Broken if the placebo chose more or fewer tokens than its model, others than the policy's, the same in every iteration, or by role.
def test_a_random_choice_is_as_large() -> None:
    r, _ = roled([1, 0, 0, 0])
    drawn = [Sampled()(replace(r, path=(0, i, 0))) for i in range(400)]
    assert {int(chosen.sum()) for chosen in drawn} == {10} == {int(PLANNING(r).sum())}
    assert not any((chosen & ~r.mask).any() for chosen in drawn)
    assert torch.equal(drawn[7], Sampled()(replace(r, path=(0, 7, 0))))
    assert torch.equal(drawn[7], Sampled()(replace(r, path=(0, 7, 0), mask=r.mask.T.contiguous().T)))  # laid out column by column
    rates = torch.stack(drawn).double().mean(0)[r.mask]
    assert (rates - 10 / 19).abs().max() < 0.13  # 5 deviations of sqrt(.53 * .47 / 400) = .025


# Broken if blame were lifted as praise is, the whole completion were, or the share of success were another group's.
@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (Lift(), 0.75 * 1.2, -0.25 * 0.8),  # A + .2 |A|
        (Amplify(), 0.75 * 1.2, -0.25 * 1.2),
        (Ease(), 0.75 * 1.1, -0.25 * 1.1),  # p = 1/4: 1 + .2 (1 - 2/4)
        (Ease(alpha=1.0), 0.75 * 1.5, -0.25 * 1.5),
        (Only(PLANNING), 0.75, -0.25),
    ],
)
def test_rules_of_tokens_by_hand(rule: Credit, good: float, bad: float) -> None:
    r, reward = roled([1, 0, 0, 0])
    before, after = chain((Spread(), Centre()), reward, r), chain((Spread(), Centre(), rule), reward, r)
    chosen = PLANNING(r)
    assert after[0][chosen[0]].tolist() == pytest.approx([good] * 4)
    assert after[1:][chosen[1:]].tolist() == pytest.approx([bad] * 6)
    rest = r.mask & ~chosen
    assert torch.equal(after[rest], torch.zeros(9).double() if isinstance(rule, Only) else before[rest])


# Broken if the factor of difficulty were the batch's, or a half were not the point at which nothing changes.
def test_difficulty_is_of_each_group() -> None:
    r = record(4, [2] * 8)
    x = chain((Spread(), Centre(), Ease(Everywhere())), r.at_end(REWARD.double()), r)
    before = chain((Spread(), Centre()), r.at_end(REWARD.double()), r)
    # the first group has one success of four: 1.1; the second two of four: 1
    torch.testing.assert_close(x, before * torch.tensor([1.1] * 4 + [1.0] * 4, dtype=torch.double)[:, None])


def expected(credit: tuple[Credit, ...], policy: Tensor, reward: Tensor, group: int) -> Tensor:  # [N], [N] -> [N]
    """The exact policy gradient, for the logits of a policy that says one of N answers: all groups are enumerated."""
    groups = torch.cartesian_prod(*[torch.arange(len(policy))] * group).view(-1, group)  # [P, G]
    r = record(group, [1] * groups.numel())
    r = replace(r, tokens=groups.reshape(-1, 1), logp=policy.log()[groups].view(-1, 1))
    advantage = chain(credit, r.at_end(reward[groups].view(-1)), r).view(-1, group)  # [P, G]
    score = torch.eye(len(policy), dtype=torch.double)[groups] - policy  # [P, G, N]
    return (policy[groups].prod(1)[:, None] * (advantage[..., None] * score).mean(1)).sum(0)


POLICY = torch.tensor([0.5, 0.2, 0.17, 0.1, 0.03], dtype=torch.double)
RIGHT = torch.tensor([0.0, 1, 0, 1, 0], dtype=torch.double)  # p = .3


# Broken if HICRA did more, in expectation and without a clip, than to weight problems by their difficulty, or the weight were another.
@pytest.mark.parametrize("group", [2, 3, 5])
def test_hicra_is_a_reweighting_by_difficulty(group: int) -> None:
    lifted, plain = (expected((*DR_GRPO.credit, *rest), POLICY, RIGHT, group) for rest in ((Lift(Everywhere(), 0.2),), ()))
    torch.testing.assert_close(lifted, plain * (1 + 0.2 * (1 - 2 * 0.3)))
    eased = expected((*DR_GRPO.credit, Ease(Everywhere(), 0.2)), POLICY, RIGHT, group)
    # the share in the group holds the row itself: of the 0.2 * 0.4, 2 / G are lost
    torch.testing.assert_close(eased, plain * (1 + 0.2 * (1 - 2 * 0.3) * (1 - 2 / group)))


# Broken if a rule met rollouts without what it reads, after they were drawn, or was refused though the sampler records it.
@pytest.mark.parametrize(
    ("rule", "name"), [(Lift(), "roles"), (Lift(Sampled(EXECUTION)), "roles"), (Only(), "entropy"), (Ease(Uncertain(0.5)), "entropy")]
)
def test_a_rule_that_reads_a_record_asks_for_it(rule: Credit, name: str) -> None:
    algorithm = replace(DR_GRPO, credit=(*DR_GRPO.credit, rule))
    with pytest.raises(ValueError, match=rf"reads the {name} of tokens; give Sampler records=\('second', '{name}',\)"):
        Practice(Endless(FAMILY), algorithm=algorithm, sampler=Sampler(records=("second",)))
    Practice(Endless(FAMILY), algorithm=algorithm, sampler=Sampler(records=(name,)))  # type: ignore[arg-type]
    Practice(Endless(FAMILY), algorithm=replace(algorithm, credit=(*DR_GRPO.credit, replace(rule, tokens=Everywhere()))))  # type: ignore[type-var]


def updated(practice: Practice, root: Path, rate: float) -> list[tuple[list[Term], float, Tensor]]:
    """The terms of each update of an iteration, their sum and its gradient; each is followed by a step at that rate."""
    run, found = a_run(root), list[tuple[list[Term], float, Tensor]]()
    run = replace(run, model=run.bare.double())
    optimizer = torch.optim.SGD(run.bare.parameters(), rate)
    for update in practice.updates(run, 0):
        optimizer.zero_grad()
        terms = [term for term in update.terms if isinstance(term, Term)]
        values = [term.value(run.model) for term in terms]
        for value in values:
            value.backward()
        gradient = torch.cat([p.grad.flatten() for p in run.bare.parameters() if p.grad is not None] or [torch.zeros(0)])
        moved = [replace(term, loss=_moved).value(run.model).item() for term in terms]
        found.append((terms, sum(moved), gradient))
        optimizer.step()
    return found


def _moved(logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor, *_: Tensor) -> Tensor:  # [B, T] each -> [B, T]
    return (logp - old).abs() * mask


@dataclass(frozen=True)
class EvenGroups:
    """1 for every other row of every other group."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        rows = torch.arange(len(r.tokens))
        return r.at_end((rows % 2) * (rows // r.group % 2 == 0))


# Broken if minibatches left a group out or learned from one twice, a denominator were the whole batch's, or a step moved the first of them.
@pytest.mark.parametrize("aggregate", [TokenMean(), Constant()])
def test_minibatches_share_out_the_groups(aggregate: Aggregate, tmp_path: Path) -> None:
    whole = Practice(Endless(FAMILY), Alternate(), replace(GRPO, aggregate=aggregate), Sampler(group=4), problems=6)
    ((terms, moved, gradient),) = updated(whole, tmp_path, 0.0)
    assert moved < 1e-4
    parts = updated(replace(whole, minibatches=3), tmp_path, 0.0)
    assert [sum(len(term.prompts) for term in some) for some, *_ in parts] == [2, 2, 2]
    prompts = [str(row) for some, *_ in parts for term in some for row in term.prompts.tolist()]
    assert sorted(prompts) == sorted(str(row) for term in terms for row in term.prompts.tolist())
    weights = [sum(float(term.given[3].sum()) for term in some) for some, *_ in parts]
    if aggregate == TokenMean():
        assert weights == pytest.approx([1.0] * 3)
    else:  # no denominator depends on the rows, so the mean over minibatches is the whole
        torch.testing.assert_close(sum(g for *_, g in parts) / 3, gradient, rtol=1e-6, atol=1e-9)


# Broken if the first update of an iteration, whose policy sampled, followed the sign of rounding errors at the weight of the restraint.
def test_a_restraint_acts_from_the_second_update_on(tmp_path: Path) -> None:
    free = Practice(Endless(FAMILY), Alternate(), GRPO, Sampler(group=4), problems=4, reuse=2)
    held = replace(free, algorithm=replace(GRPO, restraint=HoldCov(0.5)))
    same, other = zip(*([g for *_, g in updated(p, tmp_path, 3.0)] for p in (free, held)), strict=True)
    torch.testing.assert_close(*same, rtol=1e-6, atol=1e-9)
    assert (other[0] - other[1]).abs().max() > 1e-3


# Broken if the policy were compared with itself in every minibatch, so that no clip could ever act, or the first ones were off-policy.
def test_the_clip_is_live_from_the_second_update_on(tmp_path: Path) -> None:
    practice = Practice(Endless(FAMILY), Alternate(), GRPO, Sampler(group=4), problems=4, minibatches=2, reuse=2)
    assert practice.per_iteration == 4
    first, *rest = [moved for _, moved, _ in updated(practice, tmp_path, 3.0)]
    assert first < 1e-4
    assert len(rest) == 3
    assert min(rest) > 0.1


# Broken if a minibatch in which all groups are unanimous made a step, or took another's signal.
def test_a_minibatch_without_signal_makes_no_step(tmp_path: Path) -> None:
    practice = Practice(Endless(FAMILY), EvenGroups(), replace(GRPO, kl=0.1), Sampler(group=4), problems=4, minibatches=2)
    assert [bool(terms) for terms, *_ in updated(practice, tmp_path, 1.0)] == [True, False]


# Broken if problems were left over, or dropped in silence.
def test_minibatches_split_the_problems_evenly() -> None:
    with pytest.raises(ValueError, match="found 32 problems in 5 minibatches"):
        Practice(Endless(FAMILY), minibatches=5)
