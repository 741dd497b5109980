"""Extensions: each is one class or one value here, and no change anywhere else."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models import GPTConfig
from models.gpt import GPT
from models.sampling import entropy, generate, second
from synthtasks.families import Program, named
from synthtasks.primitives import ADD, MUL
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from synthtasks.trace import Words
from train.learn import Learn
from train.ledger import Ledger
from train.losses.practice import Practice
from train.policy import Fresh, torch_rng
from train.rl import GRPO, Algorithm, Endless, Reward, Rollouts, RowMean, Sampler, completion_logp, rollout
from train.rl.environments import Answers
from train.run import Run
from train.stages.store import Store

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(3, (ADD, MUL), 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB)


FOUR = Sampler(group=4)


def model() -> GPT:
    return GPT(FRESH.config, torch_rng("extensions"))


def updates(store: Store, reward: Reward, algorithm: Algorithm = GRPO, sampler: Sampler = FOUR) -> int:
    """Learn a few iterations; the steps that were taken."""
    practice = Practice(Endless(FAMILY), reward, algorithm, sampler, problems=2, reuse=2)
    return (store.get(Learn(FRESH, ((1.0, practice),), 3)) / "metrics.jsonl").read_text().count("gradient_norm")


# ---- A reward that needs a model ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fluent:
    """The mean log-probability of a completion under the policy that learning began from."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.row_mean(completion_logp(run, run.reference, r)).view(-1))


# Broken if a reward could not ask a model, was given its answers for other rows, or did not pay for them.
def test_a_reward_may_need_a_model(tmp_path: Path) -> None:
    store, policy = Store(tmp_path), model()
    assert updates(store, Fluent()) == 6
    run = Run(policy, policy, VOCAB, store, FRESH, Ledger())
    r = rollout(policy, VOCAB, tuple(named(FAMILY, "train", range(3), "asked")), FOUR, "rollout")
    torch.testing.assert_close(completion_logp(run, policy, r), r.logp)
    assert run.ledger.forwarded > 0
    expected = completion_logp(run, run.reference, r).sum(1) / r.lengths
    torch.testing.assert_close(Fluent()(r, run).sum(1), expected)
    assert (expected - r.logp.sum(1) / r.lengths).abs().max() > 1e-2  # the reference is another policy


# ---- A surrogate of whole completions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Whole:
    """The ratio of whole completions, not clipped: sequence-level importance sampling."""

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor) -> Tensor:  # all [B, T]
        return -((logp - old) * mask).sum(1, keepdim=True).exp() * advantage


@dataclass(frozen=True)
class Short:
    """More for a shorter completion."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(1 / r.lengths)


# Broken if a surrogate could not see a whole completion.
def test_a_surrogate_may_be_of_whole_completions(tmp_path: Path) -> None:
    assert updates(Store(tmp_path), Short(), replace(GRPO, surrogate=Whole(), aggregate=RowMean())) == 6


# ---- An environment ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Echo:
    """Tells after some words the answer, and how many words there were so far; itself it says a word that would call it."""

    calls: tuple[str, ...] = ("A", "0", "+", "run")
    said: Words = ("answer", "run")

    def reply(self, problem: Problem, words: Words) -> Words:
        if words[-1] == "0":
            return ()
        return (*self.said, str(problem.answer), *(str(n % 3) for n in range(len(words) % 3)))


PROBLEMS = (*named(FAMILY, "train", range(3), "asked"), *named(replace(FAMILY, lines=3), "train", range(2), "more"))
OBSERVED = Sampler(8, spare=6, temperature=0.8, environment=Echo())


# Broken if an answer were given to another completion or word than that which called, were counted as chosen, went beyond the limit, or
# if log-probabilities of what was chosen were not those of a policy that has read the answers.
def test_an_environment_answers_while_the_policy_writes(tmp_path: Path) -> None:
    policy, store = model().double(), Store(tmp_path)
    r = rollout(policy, VOCAB, PROBLEMS, OBSERVED, "rollout")
    observed = 0
    for b, (length, mask) in enumerate(zip(r.lengths.tolist(), r.mask.tolist(), strict=True)):
        words, at, expected = VOCAB.decode(r.tokens[b, :length].tolist()), 0, [False] * len(mask)
        while at < length:
            expected[at] = True
            if words[at] in Echo().calls:
                reply = Echo().reply(PROBLEMS[b // 8], words[: at + 1])
                assert words[at + 1 :][: len(reply)] == reply[: r.limit - at - 1]
                at += len(reply)
                observed += min(len(reply), length - at)
            at += 1
        assert mask == expected
        assert length == r.limit or words[-1] == "<end>"
        assert r.traces[b] == Compact().read(words)
    assert observed > 20
    assert not r.logp[~r.mask].any()
    run = Run(policy, policy, VOCAB, store, FRESH, Ledger())
    torch.testing.assert_close(completion_logp(run, policy, r, 0.8), r.logp)
    assert r.at_end(torch.ones(len(r.mask))).nonzero()[:, 1].tolist() == [max(i for i, m in enumerate(row) if m) for row in r.mask.tolist()]
    assert updates(store, Short(), sampler=replace(OBSERVED, group=4)) == 6


# Broken if a completion depended on those beside it: on shared beginnings, on rows that ended, or on the answers that others were given.
def test_answers_do_not_depend_on_the_rows_beside() -> None:
    policy = model().double()
    prompts = [VOCAB.encode(Compact().prompt(problem)) for problem in PROBLEMS]
    uniforms = torch.rand(40, 15, generator=torch_rng("uniforms"))
    every = generate(policy, prompts, uniforms, VOCAB.end, 0.8, (entropy, second), Answers(Echo(), PROBLEMS, VOCAB))
    assert (every.lengths > every.mask.sum(1)).sum() > 10
    for b in range(40):
        answers = Answers(Echo(), PROBLEMS[b // 8 :][:1], VOCAB)
        alone = generate(policy, prompts[b // 8 :][:1], uniforms[b : b + 1], VOCAB.end, 0.8, (entropy, second), answers)
        length = int(alone.lengths)
        assert length == every.lengths[b]
        assert torch.equal(alone.tokens[0], every.tokens[b, :length])
        assert torch.equal(alone.mask[0], every.mask[b, :length])
        for one, batch in zip((alone.logp, *alone.measured), (every.logp, *every.measured), strict=True):
            torch.testing.assert_close(one[0], batch[b, :length])


# Broken if a word that the policy does not know were found by an index that is out of range, or stood for another.
def test_words_of_an_environment_are_those_of_the_policy() -> None:
    for echo, message in (
        (Echo(said=("what",)), "Echo.* answered 'what .*'what' is not in the policy's vocabulary"),
        (Echo(("x",)), "'x' is not"),
    ):
        with pytest.raises(ValueError, match=message):
            rollout(model(), VOCAB, PROBLEMS, replace(OBSERVED, environment=echo), "rollout")
