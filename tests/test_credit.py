"""From reward to loss: credit, surrogates and aggregates, by numbers worked by hand and by laws.

Shapes: P problems, G completions of each, B = P * G rows, T tokens.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models import GPTConfig
from models.gpt import GPT
from models.sampling import pad
from synthtasks.families import Program, problem
from synthtasks.primitives import ADD, MUL
from synthtasks.problem import Problem, Step
from synthtasks.surfaces import Compact
from tests.strategies import examples
from train.ledger import Ledger
from train.losses.practice import Practice
from train.policy import Fresh, torch_rng
from train.rl import (
    DAPO,
    DR_GRPO,
    GRPO,
    GSPO,
    RLOO,
    Aggregate,
    Algorithm,
    Centre,
    Clip,
    Coin,
    Constant,
    Correct,
    Endless,
    LeaveOneOut,
    PolicyGradient,
    Process,
    Ratio,
    Reward,
    Rollouts,
    RowMean,
    Sampler,
    Scale,
    SequenceClip,
    Spread,
    Surrogate,
    TokenMean,
    Truncated,
    rollout,
)
from train.rl.credit import chain
from train.rl.objectives import kl
from train.rl.signal import has_signal
from train.run import Run
from train.stages.machine import Machine
from train.stages.store import Store

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
ONE = problem(FAMILY, "train", "one")
VOCAB = Compact().vocab(4, (ADD, MUL), 3)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)
AGGREGATES: tuple[Aggregate, ...] = (TokenMean(), RowMean(), Constant())
SURROGATES: tuple[Surrogate, ...] = (PolicyGradient(), Clip(), Clip(0.2, 0.28), SequenceClip(), Ratio(), Truncated())


def record(group: int, lengths: list[int], *, longest: int = 0, limit: int = 8) -> Rollouts:
    """Rollouts of rows with these lengths, which say nothing; in double precision."""
    T, B = longest or max(lengths), len(lengths)
    mask = torch.arange(T) < torch.tensor(lengths)[:, None]  # [B, T]
    prompts, nothing = torch.zeros(B // group, 1, dtype=torch.long), torch.zeros(B, T)
    one = torch.ones(B // group, dtype=torch.long)
    tokens, until = nothing.long(), torch.tensor(lengths)
    drawn = (tokens, until, mask, nothing.double())
    return Rollouts((ONE,) * (B // group), group, limit, (), Compact(), VOCAB, prompts, one, 0 * one, *drawn, 0)


def rows(x: Tensor, r: Rollouts) -> list[float]:
    """The one value that each row has on its tokens."""
    for row, mask in zip(x, r.mask, strict=True):
        assert (row[mask] == row[mask][0]).all()
        assert (row[~mask] == 0).all()
    return x[:, 0].tolist()


def a_run(root: Path) -> Run:
    model = GPT(CONFIG, torch_rng("run"))
    return Run(model, model, VOCAB, Store(root), Fresh(CONFIG, VOCAB), Ledger())


# Broken if a token received another token's reward instead of the row's total, or if padding received any.
def test_spread_by_hand() -> None:
    r = record(2, [3, 2])
    x = torch.tensor([[0.0, 1.0, 2.0], [5.0, 0.5, 9.0]])  # the 9 is on padding
    # row 0: 0 + 1 + 2 = 3; row 1: 5 + 0.5 = 5.5
    assert Spread()(x, r).tolist() == [[3.0, 3.0, 3.0], [5.5, 5.5, 0.0]]


REWARD = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
GROUPS = record(4, [2, 1, 3, 2, 1, 1, 2, 3])


# Broken if the baseline were the mean of the batch (0.375), of the tokens, or of another group.
def test_centre_by_hand() -> None:
    # group 0: mean 1/4, so 3/4, -1/4, -1/4, -1/4; group 1: mean 1/2, so 1/2, 1/2, -1/2, -1/2
    x = chain((Spread(), Centre()), GROUPS.at_end(REWARD), GROUPS)
    assert rows(x, GROUPS) == [0.75, -0.25, -0.25, -0.25, 0.5, 0.5, -0.5, -0.5]


# Broken if the baseline of a row held the row's own reward: the gradient would be biased, by (G - 1) / G.
def test_leave_one_out_by_hand() -> None:
    # group 0: the others of the first row have mean 0, of the rest 1/3; group 1: 1/3 for the ones, 2/3 for the zeros
    x = chain((Spread(), LeaveOneOut()), GROUPS.at_end(REWARD), GROUPS)
    assert rows(x, GROUPS) == pytest.approx([1.0, -1 / 3, -1 / 3, -1 / 3, 2 / 3, 2 / 3, -2 / 3, -2 / 3])


# Broken if the deviation were the sample's (sqrt(3/12) = 0.5), if eps stood under the root, or if Scale centred as well.
def test_scale_by_hand() -> None:
    # group 0: population variance 1/4 * (9/16 + 3 * 1/16) = 3/16; group 1: 1/4
    first, second = math.sqrt(3) / 4 + 1e-4, 0.5 + 1e-4
    x = chain((Spread(), Scale()), GROUPS.at_end(REWARD), GROUPS)
    assert rows(x, GROUPS) == pytest.approx([1 / first, 0, 0, 0, 1 / second, 1 / second, 0, 0], rel=1e-12)


# Broken if the parts of GRPO came in another order, or one were missing.
def test_grpo_by_hand() -> None:
    # group 0: 0.75 / 0.43311270 = 1.73165, -0.25 / 0.43311270 = -0.57722; group 1: 0.5 / 0.5001 = 0.99980
    x = chain(GRPO.credit, GROUPS.at_end(REWARD), GROUPS)
    assert rows(x, GROUPS) == pytest.approx([1.73165, -0.57722, -0.57722, -0.57722, 0.99980, 0.99980, -0.99980, -0.99980], abs=1e-5)
    assert rows(chain(DR_GRPO.credit, GROUPS.at_end(REWARD), GROUPS), GROUPS)[:2] == [0.75, -0.25]
    assert rows(chain(RLOO.credit, GROUPS.at_end(REWARD), GROUPS), GROUPS)[:2] == pytest.approx([1.0, -1 / 3])


@st.composite
def judged(draw: st.DrawFn, groups: int = 3) -> tuple[Rollouts, Tensor]:
    """Rollouts of any shape, and a reward of each row."""
    P, G = draw(st.integers(1, groups)), draw(st.integers(2, 5))
    lengths = draw(st.lists(st.integers(1, 6), min_size=P * G, max_size=P * G))
    reward = draw(st.lists(st.floats(-4, 4, allow_subnormal=False), min_size=P * G, max_size=P * G))
    return record(G, lengths), torch.tensor(reward, dtype=torch.double)


# Broken if leaving one out were anything but the centred reward times G / (G - 1).
@given(judged())
def test_leave_one_out_is_centre_rescaled(case: tuple[Rollouts, Tensor]) -> None:
    r, reward = case
    out, centred = (chain((Spread(), rule), r.at_end(reward), r) for rule in (LeaveOneOut(), Centre()))
    torch.testing.assert_close(out, centred * r.group / (r.group - 1), rtol=1e-9, atol=1e-9)


# Broken if a group of one went on as 0 / 0, until the gradient is no number.
def test_leave_one_out_needs_others() -> None:
    r = record(1, [3, 2])
    with pytest.raises(ValueError, match="found a group of 1"):
        LeaveOneOut()(r.at_end(torch.ones(2, dtype=torch.double)), r)


# Broken if the scale on which rewards are given, or a bonus for everybody, changed what GRPO learns.
@given(judged(), st.floats(0.5, 20), st.floats(-10, 10))
def test_grpo_ignores_shift_and_scale_of_reward(case: tuple[Rollouts, Tensor], scale: float, shift: float) -> None:
    r, reward = case
    reward.view(-1, r.group)[:, :2] = torch.tensor([-4.0, 4.0])  # a deviation of at least 4 sqrt(2 / 5) = 2.5, or of 1.2 scaled
    before, after = (chain(GRPO.credit, r.at_end(x), r) for x in (reward, scale * reward + shift))
    torch.testing.assert_close(before, after, rtol=1e-4, atol=1e-9)  # eps / 1.2 = 8e-5


# Broken if a group that is all right, or all wrong, taught anything.
@pytest.mark.parametrize("algorithm", [GRPO, RLOO, DR_GRPO, DAPO])
@given(judged())
def test_a_unanimous_group_has_no_advantage(algorithm: Algorithm, case: tuple[Rollouts, Tensor]) -> None:
    r, reward = case
    unanimous = (reward > 0).double().view(-1, r.group)[:, :1].expand(-1, r.group).reshape(-1)
    assert (chain(algorithm.credit, r.at_end(unanimous), r) == 0).all()


# Broken if sums that differ by rounding alone, or by padding, passed for a difference, or a true one, however small, did not.
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("first", "second", "differ"),
    [
        ([0.1, 0.2], [0.3], False),  # 0.1 + 0.2 is 0.30000000000000004
        ([0.1] * 6, [0.3, 0.3], False),  # of processes: many small steps, or few large ones
        ([0.0, 0.0, 0.7], [0.7], False),  # at the end of a longer completion
        ([0.5, 0.5], [1.0, 0.0], False),
        ([0.1, 0.2], [0.31], True),
        ([1.0] * 6, [1.0] * 5, True),
        ([1_000.0], [1_000.001], True),  # one number each: there is no rounding, and nothing is too close
    ],
)
def test_signal_is_a_difference_of_rewards(first: list[float], second: list[float], differ: bool, dtype: torch.dtype) -> None:
    r = record(2, [len(first), len(second)], longest=9)
    reward = torch.tensor([x + [0.0] * (9 - len(x)) for x in (first, second)], dtype=dtype)
    for algorithm in (GRPO, RLOO, DR_GRPO, DAPO):
        assert has_signal(algorithm.credit, reward, r).tolist() == [differ]


# Broken if the reward on which groups are told apart were any but what each completion earned: as for advantages, which are as rough.
@examples(30)
@given(judged())
def test_groups_with_signal_are_those_with_different_rewards(case: tuple[Rollouts, Tensor]) -> None:
    r, reward = case
    groups = reward.view(-1, r.group).tolist()
    assert has_signal(GRPO.credit, r.at_end(reward), r).tolist() == [len(set(group)) > 1 for group in groups]


def loss(r: Rollouts, reward: Tensor, logp: Tensor, surrogate: Surrogate, aggregate: Aggregate) -> float:
    """The whole way from reward [B] to loss, by GRPO's credit."""
    advantage = chain(GRPO.credit, r.at_end(reward), r)
    return float((surrogate(logp, r.logp, advantage, r.mask) * aggregate(r)).sum())


def spoken(r: Rollouts) -> tuple[Rollouts, Tensor]:
    """Log-probabilities of the policy that sampled, and of one that has moved; off the mask, rubbish."""
    g = torch_rng("spoken", len(r.tokens))
    old, moved = (torch.randn(r.mask.shape, generator=g, dtype=torch.double).abs().neg() for _ in range(2))
    return replace(r, logp=torch.where(r.mask, old, 0.0)), moved


# Broken if a longer row beside a row changed its loss: a denominator that counts padding, or rubbish there that leaks in.
@pytest.mark.parametrize("aggregate", AGGREGATES)
@pytest.mark.parametrize("surrogate", SURROGATES[1:])
@given(judged(), st.integers(1, 4))
def test_padding_changes_no_loss(surrogate: Surrogate, aggregate: Aggregate, case: tuple[Rollouts, Tensor], more: int) -> None:
    (r, reward), T = case, case[0].mask.shape[1]
    r, logp = spoken(r)
    wider = {k: torch.nn.functional.pad(getattr(r, k), (0, more)) for k in ("tokens", "mask", "logp")}
    padded = replace(r, **wider)
    rubbish = torch.nn.functional.pad(logp, (0, more), value=-3.0)
    assert padded.mask.shape[1] == T + more
    assert loss(padded, reward, rubbish, surrogate, aggregate) == pytest.approx(loss(r, reward, logp, surrogate, aggregate), abs=1e-12)


# Broken if a row were judged against the group that stands at its place, not against its own.
@pytest.mark.parametrize("aggregate", AGGREGATES)
@given(judged(), st.randoms(use_true_random=False))
def test_batch_order_changes_no_loss(aggregate: Aggregate, case: tuple[Rollouts, Tensor], random: Random) -> None:
    r, reward = case
    r, logp = spoken(r)
    order = [[p * r.group + g for g in range(r.group)] for p in range(len(r.problems))]
    random.shuffle(order)
    for group in order:
        random.shuffle(group)
    flat = torch.tensor([b for group in order for b in group])
    shuffled = replace(r, tokens=r.tokens[flat], mask=r.mask[flat], logp=r.logp[flat])
    expected = loss(r, reward, logp, Clip(), aggregate)
    # equal rewards of a group leave rounding, which `Scale` divides by as little as 1e-4
    assert loss(shuffled, reward[flat], logp[flat], Clip(), aggregate) == pytest.approx(expected, abs=1e-10)


# Broken if, where the sampling policy is the one that learns, a surrogate had any gradient but the policy's: -A.
@pytest.mark.parametrize("surrogate", SURROGATES)
@given(st.lists(st.tuples(st.floats(-30, 0), st.floats(-5, 5)), min_size=1, max_size=6))
def test_on_policy_every_surrogate_has_the_policy_gradient(surrogate: Surrogate, tokens: list[tuple[float, float]]) -> None:
    logp, advantage = torch.tensor(tokens, dtype=torch.double).unbind(1)
    moving = logp[None].clone().requires_grad_()
    surrogate(moving, logp[None], advantage[None], torch.ones_like(logp[None], dtype=torch.bool)).sum().backward()
    torch.testing.assert_close(moving.grad, -advantage[None])


# Broken if the clip cut the wrong side, cut where the ratio makes things worse, or took its upper bound from the lower.
@pytest.mark.parametrize(
    ("high", "ratio", "advantage", "value", "slope"),
    [
        (0.2, 1.1, 2.0, -2.2, -2.2),  # inside: -ratio * A, and its slope in log pi is the same
        (0.2, 1.5, 2.0, -2.4, 0.0),  # a good token, already 1.5 times likelier: -1.2 * 2, and no further
        (0.28, 1.5, 2.0, -2.56, 0.0),  # clip-higher: -1.28 * 2
        (0.28, 1.25, 2.0, -2.5, -2.5),  # inside for clip-higher ...
        (0.2, 1.25, 2.0, -2.4, 0.0),  # ... and outside without
        (0.28, 0.5, 2.0, -1.0, -1.0),  # a good token that became unlikelier is pulled back
        (0.28, 0.5, -2.0, 1.6, 0.0),  # a bad token, already half as likely: 0.8 * 2, and no further
        (0.28, 0.75, -2.0, 1.6, 0.0),  # the lower bound stays at 0.8
        (0.28, 1.5, -2.0, 3.0, 3.0),  # a bad token that became likelier is pushed down, however far it went
    ],
)
def test_clip_by_hand(high: float, ratio: float, advantage: float, value: float, slope: float) -> None:
    old = torch.tensor([[-2.0]], dtype=torch.double)
    logp = (old + math.log(ratio)).requires_grad_()
    x = Clip(0.2, high)(logp, old, torch.tensor([[advantage]], dtype=torch.double), torch.tensor([[True]]))
    x.sum().backward()
    assert x.item() == pytest.approx(value)
    assert logp.grad is not None
    assert logp.grad.item() == pytest.approx(slope)


# Broken if the ratio of a completion took in observations, were a sum or one of each token, or if a clipped completion still taught.
def test_sequence_clip_by_hand() -> None:
    mask = torch.tensor([[True, True, False], [True, False, True], [True, False, True]])
    old = torch.full((3, 3), -1.0, dtype=torch.double)
    # means over the mask: 0.0003, 0.001, 0.001; the 5 is on an observation
    logp = (old + torch.tensor([[0.0002, 0.0004, 5.0], [0.002, 5.0, 0.0], [0.002, 5.0, 0.0]])).requires_grad_()
    advantage = torch.tensor([2.0, 1.0, -1.0], dtype=torch.double)[:, None] * mask
    x = SequenceClip()(logp, old, advantage, mask)
    # exp(0.0003) = 1.000300045 is within 1.0004; exp(0.001) = 1.0010005 is clipped to 1.0004 where it would be rewarded
    expected = torch.tensor([-2.00060009, -1.0004, 1.0010005], dtype=torch.double)[:, None] * mask
    torch.testing.assert_close(x, expected, rtol=1e-7, atol=0)
    x.sum().backward()
    torch.testing.assert_close(logp.grad, expected * torch.tensor([[1.0], [0.0], [1.0]]), rtol=1e-7, atol=0)


# Broken if, with one advantage a row, the loss or its gradient were not those of the objective as it is published (arXiv:2507.18071 eq. 5).
@given(judged())
def test_gspo_is_the_published_objective(case: tuple[Rollouts, Tensor]) -> None:
    r, reward = case
    r, moved = spoken(r)
    advantage = chain(GSPO.credit, r.at_end(reward), r)
    gradients = []
    for formula in (False, True):
        logp = (r.logp + 1e-3 * (moved - r.logp)).requires_grad_()
        if formula:
            ratio = (((logp - r.logp) * r.mask).sum(1) / r.mask.sum(1)).exp()  # [B]
            a = advantage[:, 0]
            loss = -torch.minimum(ratio * a, ratio.clamp(1 - 3e-4, 1 + 4e-4) * a).mean()
        else:
            loss = (GSPO.surrogate(logp, r.logp, advantage, r.mask) * GSPO.aggregate(r)).sum()
        loss.backward()
        gradients.append((loss.detach(), logp.grad))
    torch.testing.assert_close(*gradients, rtol=1e-6, atol=1e-7)  # the weights of tokens are in single precision


# Broken if the estimate could be negative, were not zero between equals, or pulled away from the reference: the slope is
# 1 - exp(reference - logp).
@given(st.floats(-20, 0), st.floats(-20, 0))
def test_kl_is_never_negative_and_pulls_towards_the_reference(a: float, b: float) -> None:
    logp, reference = torch.tensor([[a]], dtype=torch.double, requires_grad=True), torch.tensor([[b]], dtype=torch.double)
    x = kl(logp, reference)
    x.sum().backward()
    assert x.item() >= 0
    assert x.item() == 0 or a != b
    assert logp.grad is not None
    assert logp.grad.item() == pytest.approx(1 - math.exp(b - a), rel=1e-9, abs=1e-12)
    assert kl(reference, reference).item() == 0


# Broken if the mean of the estimate, over what the policy says, were not the divergence from the reference but its reverse.
def test_kl_is_unbiased_by_hand() -> None:
    policy, reference = torch.tensor([[0.5, 0.25, 0.25]]).log(), torch.tensor([[0.25, 0.25, 0.5]]).log()
    # KL(policy || reference) = 0.5 log 2 + 0 + 0.25 log 0.5 = 0.25 log 2
    assert float((policy.exp() * kl(policy, reference)).sum()) == pytest.approx(0.25 * math.log(2), rel=1e-6)
    # from the other side, with 1/8 instead: KL((7/8, 1/8) || (1/2, 1/2)) = 7/8 log 7/4 + 1/8 log 1/4
    policy, reference = torch.tensor([[7 / 8, 1 / 8]]).log(), torch.tensor([[0.5, 0.5]]).log()
    assert float((policy.exp() * kl(policy, reference)).sum()) == pytest.approx(7 / 8 * math.log(7 / 4) - math.log(4) / 8, rel=1e-5)


# Broken if an aggregate took another's denominator: tokens, rows, or rows times the longest that was allowed.
@pytest.mark.parametrize(
    ("aggregate", "first", "second"),
    [
        (TokenMean(), 1 / 4, 1 / 4),  # 1 + 3 tokens
        (RowMean(), 1 / 2, 1 / 6),  # half the loss to each row
        (Constant(), 1 / 16, 1 / 16),  # 2 rows of at most 8 tokens
    ],
)
def test_aggregates_by_hand(aggregate: Aggregate, first: float, second: float) -> None:
    r = record(2, [1, 3], longest=4, limit=8)
    expected = [[first, 0, 0, 0], [second, second, second, 0]]
    torch.testing.assert_close(aggregate(r), torch.tensor(expected, dtype=torch.float))


PROBLEM = Problem((Step("A", ADD, (3, 2)), Step("B", MUL, ("A", 3))), "B", 10)  # 3 + 2 = 5, 5 * 3 = 15, which is 5
SAID = (
    "A + 2 5 B * 3 5 answer 5 <end>",  # right
    "A + 2 7 B * 3 5 answer 5 <end>",  # the right answer by a wrong step
    "answer 5 <end>",  # the right answer by none
    "A + 2 5 B * 3 5 answer 6 <end>",  # right steps, wrong answer
    "A + 2 5 B * 3",  # cut off
    "A A + 2 5 B * 3 5 answer 5 <end>",  # right, and a word that says nothing
)


def said(*completions: str) -> Rollouts:
    """Rollouts that say this about `PROBLEM`."""
    vocab = Compact().vocab(2, (ADD, MUL), 10)
    tokens, lengths = pad([vocab.encode(words.split()) for words in completions])
    return replace(record(len(completions), lengths.tolist()), problems=(PROBLEM,), vocab=vocab, tokens=tokens)


# Broken if the reward for answers looked at the steps, that for processes did not, or either stood before the last word.
@pytest.mark.parametrize(("reward", "expected"), [(Correct(), [1, 1, 1, 0, 0, 1]), (Process(), [1, 0, 0, 0, 0, 0])])
def test_rewards_by_hand(reward: Reward, expected: list[int], tmp_path: Path) -> None:
    x = reward(said(*SAID), a_run(tmp_path))
    assert x.sum(1).tolist() == expected
    assert [x[b, len(words.split()) - 1].item() for b, words in enumerate(SAID)] == expected


# Broken if the placebo knew what was said, differed between two runs of one seed, repeated itself, or had another mean.
def test_coin_is_pure_chance(tmp_path: Path) -> None:
    right, wrong, run = said(*SAID[:1] * 4000), said(*SAID[4:5] * 4000), a_run(tmp_path)

    def toss(r: Rollouts, *path: int) -> Tensor:
        return Coin(0.3)(replace(r, path=path), run).sum(1)

    heads = toss(right, 0, 7, 0)
    assert set(heads.tolist()) == {0.0, 1.0}
    assert torch.equal(heads, toss(wrong, 0, 7, 0))
    for other in ((1, 7, 0), (0, 8, 0), (0, 7, 1)):
        agree = (toss(right, *other) == heads).double().mean().item()
        assert agree == pytest.approx(0.3**2 + 0.7**2, abs=0.04)  # 5 deviations of sqrt(0.58 * 0.42 / 4000) = 0.0078
    assert heads.mean().item() == pytest.approx(0.3, abs=0.036)  # 5 deviations of sqrt(0.3 * 0.7 / 4000) = 0.0072
    assert heads[:2000].mean().item() == pytest.approx(heads[2000:].mean().item(), abs=0.075)


@dataclass(frozen=True)
class Wrong:
    """A reward, credit rule, surrogate or aggregate whose result is spoilt in one way."""

    how: str

    def __call__(self, *given: object) -> Tensor:
        tensors = [x.mask if isinstance(x, Rollouts) else x for x in given if isinstance(x, Rollouts | Tensor)]
        right = tensors[-1].float() * torch.arange(len(tensors[0]))[:, None]  # [B, T]
        match self.how:
            case "column":
                return right[:, :1]
            case "rows":
                return right[0]
            case "half":
                return right[: len(right) // 2]
            case "whole":
                return right.long()
            case "list":
                return right.tolist()  # type: ignore[return-value]
            case "nan" | "inf":
                right[1, 0] = float(self.how)
            case "padded":
                right[~tensors[-1]] = 3.0
        return right


FAULTS = {
    "column": r"gave \[8, 1\] torch.float32; expected \[8, 8\] float on cpu",
    "rows": r"gave \[8\] torch.float32; expected \[8, 8\] float on cpu",
    "half": r"gave \[4, 8\] torch.float32; expected \[8, 8\] float on cpu",
    "whole": r"gave \[8, 8\] torch.int64; expected \[8, 8\] float on cpu",
    "list": r"gave .*\(list\); expected \[8, 8\] float on cpu",
    "nan": "gave nan at token 0 of row 1 .*expected finite numbers",
    "inf": "gave inf at token 0 of row 1 .*expected finite numbers",
    "padded": r"gave 3.0 at token \d of row \d .*expected zero there",
}


# Broken if what a part of an algorithm gave were taken for something else where it broadcasts (a reward [B, 1] for one on every token), or
# if a number that is none were found out at the gradient, where nobody knows whose it is.
@pytest.mark.parametrize("how", FAULTS)
@pytest.mark.parametrize("part", ["reward", "credit rule", "surrogate", "aggregate"])
def test_what_does_not_fit_is_refused_by_name(part: str, how: str, tmp_path: Path) -> None:
    wrong = Wrong(how)
    algorithm = {
        "reward": GRPO,
        "credit rule": replace(GRPO, credit=(Spread(), wrong)),
        "surrogate": replace(GRPO, surrogate=wrong),
        "aggregate": replace(GRPO, aggregate=wrong),
    }[part]
    practice = Practice(Endless(FAMILY), wrong if part == "reward" else Halves(), algorithm, Sampler(group=4, spare=1), problems=2)
    run = a_run(tmp_path)

    def learn() -> None:
        for update in practice.updates(run, 3):
            for _ in update.terms:
                pass

    if how == "padded" and part in ("credit rule", "surrogate"):  # off the mask the first are cut off, and the second weigh nothing
        learn()
        return
    with pytest.raises(ValueError, match=rf"the {part} Wrong\(how='{how}'\), seed 0, iteration 3, draw 0, {FAULTS[how]}"):
        learn()


@dataclass(frozen=True)
class Halves:
    """1 for every other row."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(torch.arange(len(r.tokens)) % 2)


# Broken if values of too many rows, or of none, were put at the ends of those there are.
@pytest.mark.parametrize("shape", [(), (1,), (2, 1), (3,)])
def test_ends_take_a_value_for_each_row(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"one value for each of the 2 completions; found \["):
        record(2, [1, 2]).at_end(torch.ones(shape))


# Broken if the loss or its gradient depended on how many rows fit into memory: a denominator of the part instead of the batch,
# a group or a row torn apart, a last part that is left out.
@pytest.mark.parametrize(
    "algorithm", [GRPO, RLOO, DAPO, GSPO, replace(GRPO, kl=0.1, aggregate=RowMean())], ids=["grpo", "rloo", "dapo", "gspo", "kl"]
)
def test_micro_batching_changes_no_loss(algorithm: Algorithm, tmp_path: Path) -> None:
    model = GPT(CONFIG, torch_rng("policy")).double()
    asked = tuple(problem(replace(FAMILY, lines=2 + i % 3), "train", "asked", i) for i in range(5))  # prompts of three lengths
    practice = Practice(Endless(FAMILY), algorithm=algorithm, sampler=Sampler(group=4, temperature=0.8))
    r = rollout(model, VOCAB, asked, practice.sampler, "rollout")
    r = replace(r, logp=r.logp + 0.3 * r.tokens.remainder(3).sub(1) * r.mask)  # as if the policy had moved
    reward = r.at_end((r.tokens.sum(1) % 2).double() * (torch.arange(20) >= 4))  # the first group is unanimous
    advantage = chain(algorithm.credit, reward, r)
    found = []
    for size in (1, 8, 12, 64):
        store = Store(tmp_path, Machine(rows=size))
        run = Run(model, model, VOCAB, store, Fresh(CONFIG, VOCAB), Ledger())
        run.reference.double()
        model.zero_grad()
        terms = []
        for term in practice._terms(run, r, advantage, has_signal(algorithm.credit, reward, r)):
            value = term.value(model)
            value.backward()
            terms.append(value.item())
        assert len(terms) == math.ceil((5 if algorithm.kl else 4) / max(1, size // 4))
        found.append((sum(terms), torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]), run.ledger))
    for total, gradient, ledger in found[1:]:
        assert total == pytest.approx(found[0][0], rel=1e-9)
        torch.testing.assert_close(gradient, found[0][1], rtol=1e-9, atol=1e-12)
        assert ledger == found[0][2]
