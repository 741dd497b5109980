"""Every algorithm of the index, by exact laws: enumerated policies, subsets by brute force, and a policy whose drift can be seen.

Shapes: P problems, G completions of each, B = P * G rows, N answers that a policy may give.
"""

import json
import re
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from analysis.__main__ import typed
from analysis.cli.terminal import Terminal
from models.gpt import GPT
from tests.strategies import examples
from tests.test_algorithms import POLICY, RIGHT, expected
from tests.test_credit import CONFIG, FAMILY, a_run, record, rows
from train.losses.practice import Practice
from train.policy import torch_rng
from train.rl import (
    INDEX,
    Average,
    BestOnly,
    Blame,
    Centre,
    Clip,
    CutCov,
    Endless,
    HoldCov,
    OverMean,
    Praise,
    Ratio,
    Reset,
    Rollouts,
    Sampler,
    Spread,
    SubsetLead,
    SubsetMean,
    Surrogate,
    Truncated,
    Unlikely,
)
from train.rl.credit import chain, compares
from train.run import Run

GROUPED = [name for name, entry in INDEX.items() if compares(entry.algorithm.credit)]


def told(lengths: list[int], seed: int) -> Rollouts:
    """Groups of eight with log-probabilities, entropies and roles that say nothing."""
    r, g = record(8, lengths), torch_rng("told", seed)
    logp = torch.randn(r.mask.shape, generator=g, dtype=torch.double).abs().neg() * r.mask
    roles = torch.randint(1, 6, r.mask.shape, generator=g) * r.mask
    return replace(r, logp=logp, records={"entropy": torch.rand(r.mask.shape, generator=g), "roles": roles}, path=(0, 3, 0))


# Broken if an advantage belonged to a place in the group instead of to what stands there.
@pytest.mark.parametrize("name", INDEX)
@examples(15)
@given(st.lists(st.integers(1, 5), min_size=16, max_size=16), st.permutations(range(8)), st.integers(0, 255))
def test_permuting_rewards_permutes_advantages(name: str, lengths: list[int], order: list[int], wins: int) -> None:
    r, credit = told(lengths, wins), INDEX[name].algorithm.credit
    places = torch.tensor([*order, *range(8, 16)])
    reward = torch.tensor([(wins >> (b % 8)) & 1 for b in range(16)], dtype=torch.double)
    moved = replace(r, mask=r.mask[places], logp=r.logp[places], records={k: x[places] for k, x in r.records.items()})
    before, after = chain(credit, r.at_end(reward), r), chain(credit, moved.at_end(reward[places]), moved)
    if name == "clip-cov":  # which tokens it cuts is drawn by place
        before, after = (x.sum(1).sign() for x in (before, after))
    torch.testing.assert_close(after, before[places], rtol=1e-9, atol=1e-9)


@dataclass(frozen=True)
class Won:
    """1 for every row of the first group, for none of the second, and for half of the others."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        rows = torch.arange(len(r.tokens))
        return r.at_end((rows < r.group) | ((rows >= 2 * r.group) & (rows % 2 == 0)))


# Broken if a group that is all right, or all wrong, cost a backward pass: it has no gradient under any algorithm that compares completions.
@pytest.mark.parametrize("name", GROUPED)
def test_unanimous_groups_cost_no_backward_pass(name: str, tmp_path: Path) -> None:
    entry = INDEX[name]
    algorithm, sampler = replace(entry.algorithm, kl=0.0, draws=1), Sampler(group=8, records=entry.records)
    practice = Practice(Endless(FAMILY), Won(), algorithm, sampler, problems=4, minibatches=entry.minibatches)
    run, passes = a_run(tmp_path), list[int]()
    for update in practice.updates(run, 0):
        terms = list(update.terms)
        passes.append(sum(len(term.prompts) for term in terms))  # type: ignore[union-attr]
    assert passes == ([0, 0, 1, 1] if entry.minibatches == 4 else [2])


Rewards = st.lists(st.sampled_from([0.0, 0.0, 1.0, 1.0, 0.5, 2.0]), min_size=6, max_size=6)


# Broken if the advantage of pass@k training were not that of its definition: every subset is a completion of its own, with GRPO among all.
@examples(60)
@given(Rewards, st.integers(2, 6))
def test_pass_at_k_is_the_mean_over_all_subsets(rewards: list[float], k: int) -> None:
    subsets = list(combinations(range(6), k))
    best = torch.tensor([max(rewards[i] for i in subset) for subset in subsets], dtype=torch.double)
    spread = best.std(correction=0)
    advantage = (best - best.mean()) / spread if spread > 1e-9 else 0 * best
    slow = [float(advantage[[i in subset for subset in subsets]].mean()) for i in range(6)]
    r = record(6, [2, 1, 1, 3, 1, 1])
    found = rows(chain((Spread(), SubsetMean(k)), r.at_end(torch.tensor(rewards, dtype=torch.double)), r), r)
    assert found == pytest.approx(slow, abs=1e-7)
    lead = [sum(best[s] - max(rewards[j] for j in subset if j != i) for s, subset in enumerate(subsets) if i in subset) for i in range(6)]
    found = rows(chain((Spread(), SubsetLead(k)), r.at_end(torch.tensor(rewards, dtype=torch.double)), r), r)
    assert found == pytest.approx([6 * float(x) / len(subsets) for x in lead], abs=1e-9)


# Broken if the closed form of the paper were another: with R = 1 - C(wrong, k) / C(G, k), right ones have (1 - R) / sqrt(R (1 - R)).
def test_pass_at_k_by_its_closed_form() -> None:
    r, k = record(8, [1] * 8), 3
    x = chain((Spread(), SubsetMean(k)), r.at_end(torch.tensor([1.0, 0, 0, 1, 0, 0, 0, 0]).double()), r)[:, 0]
    R = 1 - comb(6, k) / comb(8, k)
    s = (R * (1 - R)) ** 0.5
    assert x[0].item() == pytest.approx((1 - R) / s)
    assert x[1].item() == pytest.approx((1 - R - comb(5, k - 1) / comb(7, k - 1)) / s)
    with pytest.raises(ValueError, match=r"pass@9 needs at least 9 completions of a problem; found a group of 8"):
        SubsetMean(9)(r.at_end(torch.ones(8).double()), r)


def slope(k: int) -> Tensor:  # [N]
    """The gradient of pass@k for the logits of `POLICY`: k (1 - p)^(k - 1) times that of p."""
    p = float(POLICY @ RIGHT)
    return k * (1 - p) ** (k - 1) * POLICY * (RIGHT - p)


# Broken if PKPO's estimate of the gradient of pass@k were biased, or the best-only rule were not its case of k = G, but for the factor G.
@pytest.mark.parametrize("k", [2, 3, 5])
def test_pkpo_is_the_gradient_of_pass_at_k(k: int) -> None:
    torch.testing.assert_close(expected((Spread(), SubsetLead(k)), POLICY, RIGHT, 5), slope(k))
    torch.testing.assert_close(expected((Spread(), BestOnly()), POLICY, RIGHT, k), slope(k) / k)


# Broken if MaxRL climbed anything but the series of log pass@1, cut off: the sum over k < G of the gradients of pass@k / k.
@pytest.mark.parametrize("group", [2, 3, 5])
def test_maxrl_climbs_the_truncated_series(group: int) -> None:
    """Without the subtraction, the mean score of right answers where there are any is the sum up to k = G; the subtracted mean score of all
    is, since groups without a right answer are left out, the gradient of pass@G / G."""
    torch.testing.assert_close(expected((Spread(), OverMean()), POLICY, RIGHT, group), sum(slope(k) / k for k in range(1, group)))


# Broken if leaving one out were anything but the inclusive baseline times G / (G - 1), so that one were biased in direction.
@pytest.mark.parametrize("group", [2, 3, 5])
def test_rloo_is_the_gradient_and_the_inclusive_baseline_a_part_of_it(group: int) -> None:
    rloo, centred = (expected(INDEX[name].algorithm.credit, POLICY, RIGHT, group) for name in ("rloo", "dr-grpo"))
    torch.testing.assert_close(rloo, slope(1))
    torch.testing.assert_close(rloo, centred * group / (group - 1))


# Broken if a likelier completion lost less, equal ones differed, or a length passed for a likelihood.
def test_unlikeliness_by_hand() -> None:
    r = record(4, [1, 2, 1, 1])
    r = replace(r, logp=torch.tensor([[-1.0, 0], [-0.25, -0.25], [-2, 0], [-2 + 1e-6, 0]]).double())  # the last two but for rounding
    # ranks 1, 0, 2, 2 of 4: 1 - .25 * 3/4, 1 - .25, and twice 1 - .25 * 2/4
    assert rows(Unlikely()(r.mask.double(), r) * r.mask, r) == pytest.approx([0.8125, 0.75, 0.875, 0.875])


# Broken if one sign leaked into the other, or MaxRL divided by another mean, or by none.
def test_one_sided_rules_and_maxrl_by_hand() -> None:
    r = record(4, [1] * 8)
    reward = r.at_end(torch.tensor([1.0, 0, 0, 0, 0, 0, 0, 0]).double())
    for rule, first, rest in ((Praise(), 0.75, 0.0), (Blame(), 0.0, -0.25)):
        assert rows(chain((Spread(), Centre(), rule), reward, r), r) == [first, rest, rest, rest, 0, 0, 0, 0]
    assert rows(chain((Spread(), OverMean()), reward, r), r) == [3.0, -1, -1, -1, 0, 0, 0, 0]


# Broken if the tokens that drive the entropy down were chosen by their advantage alone, beyond the bounds, or off the mask.
def test_covariance_by_hand() -> None:
    r = record(2, [2, 1], longest=3)
    r = replace(r, logp=torch.tensor([[-1.0, -4, 0], [-1, 0, 0]]).double())
    advantage = torch.tensor([[2.0, 2, 9], [-4, 9, 9]]).double() * r.mask
    # means 0 and -2: covariances 2, -4, and -4
    assert CutCov(0.5)(advantage, r).tolist() == [[0, 2, 0], [-4, 0, 0]]
    assert all(torch.equal(CutCov(0.5, *bounds)(advantage, r), advantage) for bounds in ((2.5, 9), (0.5, 1.5)))
    assert HoldCov(0.4, 0.5)(advantage, r).tolist() == [[0.5, 0, 0], [0, 0, 0]]
    many = replace(record(2, [50, 50]), path=(0, 1, 0))
    spoken = replace(many, logp=-torch.arange(100).view(2, 50).double())
    cut = [CutCov(0.1, 0, 1e9)(torch.arange(100.0).view(2, 50).neg().double() - 1, replace(spoken, path=(0, i, 0))) for i in range(2)]
    assert [int((x == 0).sum()) for x in cut] == [10, 10]
    assert not torch.equal(*cut)


# Broken if a clamped token were silent, as a clipped one is, or its weight had a gradient of its own.
def test_truncated_by_hand() -> None:
    logp = torch.tensor([[-1.0, -1.0, -1.0]], dtype=torch.double, requires_grad=True)
    old = logp.detach() - torch.tensor([[0.1, 2.0, -1.0]]).double()
    x = Truncated(0.5, 5.0)(logp, old, torch.tensor([[1.0, 2.0, 1.0]]).double(), torch.ones(1, 3).bool())
    x.sum().backward()
    # ratios e^.1, e^2 = 7.39 -> 5, e^-1 = .37 -> .5
    weights = torch.tensor([[torch.e**0.1, 10.0, 0.5]]).double()
    torch.testing.assert_close(x.detach(), weights, rtol=1e-6, atol=0)
    torch.testing.assert_close(logp.grad, -weights, rtol=1e-6, atol=0)


PRIOR = torch.tensor([0.65, 0.2, 0.1, 0.05], dtype=torch.double)


def drift(surrogate: Surrogate) -> tuple[Tensor, Tensor]:  # [N] each
    """By how much a coin's reward moves the centred logits of a policy that says one of N answers: mean over replicas and standard error.
    An iteration samples 8 minibatches of 16, each a step."""
    replicas, batches, group, g = 400, 8, 16, torch_rng("drift")
    logits = PRIOR.log().expand(replicas, 4).clone()
    for _ in range(20):
        said = torch.multinomial(logits.softmax(1), batches * group, replacement=True, generator=g).view(replicas, batches, group)
        old = logits.log_softmax(1)[:, None].expand(-1, batches, -1).gather(2, said)
        coins = (torch.rand(said.shape, generator=g) < 0.5).double()
        advantage = (coins - coins.mean(2, keepdim=True)) / (coins.std(2, correction=0, keepdim=True) + 1e-4)
        for m in range(batches):
            moving = logits.clone().requires_grad_()
            x = surrogate(moving.log_softmax(1).gather(1, said[:, m]), old[:, m], advantage[:, m], torch.ones(replicas, group).bool())
            (gradient,) = torch.autograd.grad(x.mean(1).sum(), moving)
            logits = logits - gradient
    moved = logits - PRIOR.log()
    moved = moved - moved.mean(1, keepdim=True)
    return moved.mean(0), moved.std(0) / replicas**0.5


# Broken if a reward without information moved the mean policy by itself, or if the clip did not favour the likelier answer.
def test_a_coin_moves_the_mean_policy_by_the_clip_alone() -> None:
    mean, error = drift(Ratio())
    assert (mean.abs() < 4 * error).all()
    mean, error = drift(Clip())
    assert mean[0] > 8 * error[0]
    assert mean.argmax() == 0


# Broken if a reference were copied in other iterations than it says, or the average were weighed the other way round.
def test_references_follow_by_hand() -> None:
    old, new = (GPT(CONFIG, torch_rng(name)) for name in ("old", "new"))
    first = next(old.parameters()).detach().clone()
    Reset(3).follow(old, new, 4)
    assert torch.equal(next(old.parameters()), first)
    Average(0.25).follow(old, new, 4)
    torch.testing.assert_close(next(old.parameters()).detach(), 0.75 * first + 0.25 * next(new.parameters()).detach())
    Reset(3).follow(old, new, 6)
    assert all(torch.equal(a, b) for a, b in zip(old.parameters(), new.parameters(), strict=True))


# Broken if the command left an algorithm out, or said of it what the index does not.
def test_the_index_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    typed(["algorithms", "--json"])(Terminal())
    found = {record["name"]: record for record in json.loads(capsys.readouterr().out)}
    assert list(found) == list(INDEX)
    assert found["hicra"]["settings"] == "records=roles"
    assert found["dapo"]["settings"] == "minibatches=4; reward=Overlong()"
    assert all(re.fullmatch(r"arXiv:\d{4}\.\d{5}|doi:\S+", record["paper"]) and record["section"] for record in found.values())
    typed(["algorithms"])(Terminal(width=160))
    table = capsys.readouterr().out
    assert all(name in table and entry.paper in table for name, entry in INDEX.items())
