"""Thoughts: no value leaks into them, their reward by hand and by a slow forward pass, credit that sees no baseline, and a placebo."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product
from pathlib import Path

import pytest
import torch
from torch import Tensor

from analysis.measures.facts import Cell
from analysis.measures.thoughts import Insight, Worth, read_insight
from analysis.measures.thoughts.insight import valid
from models import GPTConfig
from models.sampling import pad
from synthtasks.corpora import Answered, Solved, can_ask
from synthtasks.families import Program, problem
from synthtasks.primitives import ADD, MUL, Primitive
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, write
from synthtasks.thoughts import Closing, Thinking
from synthtasks.trace import Words
from tests.test_learn import CONFIG, FAMILY, FRESH, OPTIM, VOCAB
from tests.test_rewards import MODEL, a_run, saying
from train.learn import Learn
from train.losses import Practice
from train.policy import load_policy, torch_rng
from train.rl import (
    Against,
    Algorithm,
    Average,
    Clip,
    Endless,
    InformationGain,
    Predicted,
    Reward,
    Rollouts,
    RowMean,
    Sampler,
    Shuffled,
    Spread,
    Start,
    rollout,
)
from train.rl.credit import chain
from train.rl.rewards import after_thought, refers, without_thought
from train.rl.rewards.thoughts import GRID
from train.run import Run, Term
from train.stages.store import Store

THINKING = Thinking()
SAMPLER = Sampler(4, surface=THINKING, environment=Closing())
RLP = Algorithm((Against(),), Clip(), RowMean(), reference=Average(0.3))
FEW = [problem(FAMILY, "train", "thoughts", i) for i in range(6)]
TWO = [FEW[0], next(p for p in FEW if p.answer != FEW[0].answer)]


def minus(a: int, b: int, modulus: int) -> int:
    """Another meaning of the word "+"."""
    return (a - b) % modulus


def thoughts(problems: Sequence[Problem], words: Sequence[Words]) -> Rollouts:
    """Rollouts that think this; a closing word is followed by the end that the environment gives."""
    r, written = saying(problems, [(*w, "<end>") if w[-1] == "answer" else w for w in words], THINKING), write(problems, THINKING, VOCAB)
    tokens = pad([VOCAB.encode(r.vocab.decode(row)) for row in r.completions])[0]
    given = (tokens == VOCAB.end) & (tokens.roll(1, 1) == VOCAB.tokens["answer"])
    prompts, lengths = torch.from_numpy(written.prompts), torch.from_numpy(written.prompt_lengths)
    return replace(r, tokens=tokens, prompts=prompts, prompt_lengths=lengths, mask=r.mask & ~given, vocab=VOCAB)


# Broken if a thought were another surface's derivation, or a document with one said more in its prompt than a document without.
def test_a_prompt_opens_a_thought_and_says_no_more() -> None:
    family = Program(3, 6, modulus=7)
    p = problem(family, "train", "prompt", 0)
    plain, thought = Answered()(p), Solved(THINKING)(p)
    assert thought.prompt == (*plain.prompt, "list")
    assert thought.body[-3:] == plain.body == (Thinking.closes, str(p.answer), "<end>")
    assert thought.body == Compact().solution(p)
    assert can_ask(family, Solved(THINKING))
    vocab = THINKING.vocab(6, family.primitives, 7)
    r = rollout(MODEL, VOCAB, TWO, Sampler(1, surface=THINKING), "prompts")
    assert [VOCAB.decode(row) for row in r.prompts.tolist()] == [THINKING.prompt(p) for p in TWO]
    assert vocab == Compact().vocab(6, family.primitives, 7)
    with pytest.raises(ValueError, match=r"Thinking\.opens is a word that Compact\(\) has already; found 'think'"):
        Thinking("think").vocab(6, family.primitives, 7)


# Broken if the value that a thought is to foretell reached the policy while it thinks: then problems of other values had other thoughts.
def test_no_value_leaks_into_a_thought() -> None:
    other = Primitive("add", "+", minus, 2)
    words = [Compact().prompt(problem(Program(1, 2, (ADD,), (ADD,), modulus=3), "train", "leak", i)) for i in range(4)]
    ours, theirs = ([Compact().parse(w, (p,), 3) for w in words] for p in (ADD, other))
    assert [p.answer for p in ours] != [p.answer for p in theirs]
    a, b = (rollout(MODEL, VOCAB, problems, SAMPLER, "leak") for problems in (ours, theirs))
    for x, y in ((a.prompts, b.prompts), (a.tokens, b.tokens), (a.logp, b.logp)):
        assert torch.equal(x, y)
    assert not torch.equal(Predicted()(a, a_run()), Predicted()(b, a_run()))  # and the reward knows it


# Broken if a thought were followed by an answer of the policy, or its last word were one that the policy did not choose.
def test_a_thought_ends_with_its_closing_word() -> None:
    r = rollout(MODEL, VOCAB, TWO, replace(SAMPLER, group=64), "closing")
    closes, seen = VOCAB.tokens["answer"], 0
    for tokens, mask in zip(r.completions, r.mask.tolist(), strict=True):
        if closes in tokens:
            at, seen = tokens.index(closes), seen + 1
            assert tokens[at:] in ((closes, VOCAB.end), (closes,))
            assert sum(mask) == at + 1
    assert seen
    assert rollout(MODEL, VOCAB, TWO, replace(SAMPLER, most=2), "closing").tokens.shape[1] == 2
    with pytest.raises(ValueError, match=r"thoughts that end at the word 'answer'; some completions go on: give Sampler the environment"):
        Predicted()(saying(TWO, [THINKING.solution(p) for p in TWO], THINKING), a_run())
    with pytest.raises(ValueError, match=r"written in the surface Thinking; found Compact\(\)"):
        Predicted()(saying(TWO, [Compact().solution(p) for p in TWO], Compact()), a_run())


@dataclass(frozen=True, eq=False)
class Bigram:
    """A policy that reads one word: the logits of the next."""

    logits: Tensor  # [V, V]
    config: GPTConfig = CONFIG
    device: torch.device = torch.device("cpu")

    def __call__(self, tokens: Tensor, past: object = None) -> Tensor:
        return self.logits[tokens]


# Broken if the reward were not log p(words | prompt, thought) - log p(words | prompt), of the words that follow a thought, once each.
def test_the_reward_by_hand() -> None:
    p, q = TWO
    likely = torch.zeros(len(VOCAB), len(VOCAB))  # the word is 3 times as likely as any of the others
    for before, word in (("A", "answer"), (":", "answer"), ("answer", str(p.answer)), (str(p.answer), "<end>")):
        likely[VOCAB.tokens[before], VOCAB.tokens[word]] = torch.log(torch.tensor(3.0))
    policy, even = Bigram(likely), Bigram(torch.zeros_like(likely))
    V = len(VOCAB)
    yes, no, flat = (torch.tensor(x / n).log().item() for x, n in ((3.0, V + 2), (1.0, V + 2), (1.0, V)))
    r = thoughts([p], [("B", "A", "answer"), ("A", "list"), ("list", "answer"), ("A", "A", "A")])  # the last is cut off
    after = {
        "value": [yes] * 4,
        "filler": [yes] * 4,
        "all": [3 * yes, 2 * yes + flat, 2 * yes + flat, 3 * yes],  # `answer` after A, list, list, A
    }
    for words, expected in after.items():
        assert after_thought(a_run(), policy, r, words).tolist() == pytest.approx(expected, abs=1e-4)  # type: ignore[arg-type]
    assert without_thought(a_run(), policy, r, "all").tolist() == pytest.approx([3 * yes], abs=1e-4)
    assert without_thought(a_run(), even, r, "all").tolist() == pytest.approx([3 * flat], abs=1e-4)
    run = replace(a_run(), model=policy, bare=policy, moving=even)
    x = InformationGain("all")(r, run)
    assert x.sum(1).tolist() == pytest.approx([e - 3 * flat for e in after["all"]], abs=1e-3)
    assert ((x != 0).sum(1) == 1).all()
    assert x[0, 2] == x[0].sum()  # on the word that the policy chose last, not on the end that it was given
    assert after_thought(a_run(), policy, thoughts([q], [("A", "answer")]), "value").tolist() == pytest.approx([no], abs=1e-4)


# Broken if padding, equal thoughts, or lengths that differ changed what is read: each row is compared with one forward pass of its own.
def test_the_reward_by_a_slow_forward_pass() -> None:
    r = rollout(MODEL, VOCAB, TWO, replace(SAMPLER, group=16), "slow")
    found = {words: after_thought(a_run(), MODEL, r, words) for words in ("value", "filler", "all")}
    bare = without_thought(a_run(), MODEL, r, "value")
    for b, said in enumerate(r.completions):
        p = TWO[b // 16]
        thought = [t for t in said if t not in (VOCAB.tokens["answer"], VOCAB.end)]
        for prompt, middle, values in (
            (THINKING.prompt(p), thought, found),
            (Compact().prompt(p), [], {"value": bare[b // 16].expand(32)}),
        ):
            tokens = [*VOCAB.encode(prompt), *middle, *VOCAB.encode(Answered()(p).body)]
            with torch.no_grad():
                logs = MODEL(torch.tensor([tokens]))[0].log_softmax(-1)
            own = [logs[i - 1, tokens[i]].item() for i in range(len(tokens) - 3, len(tokens))]
            expected = {"value": own[1], "filler": own[2], "all": sum(own)}
            for words, value in values.items():
                assert value[b].item() == pytest.approx(expected[words], abs=2e-4)


def learned(root: Path, reward: Reward, algorithm: Algorithm = RLP) -> list[Tensor]:
    """The weights after three iterations."""
    practice = Practice(Endless(FAMILY), reward, algorithm, SAMPLER, problems=3)
    weights = load_policy(Store(root).get(Learn(FRESH, ((1.0, practice),), 3, OPTIM))).model.parameters()
    return [w.detach() for w in weights]


# Broken if the averaged policy of RLP reached its gradient: all thoughts about a word share it, so that centring takes it away.
def test_the_average_changes_no_bit_under_group_centring(tmp_path: Path) -> None:
    assert all(map(torch.equal, learned(tmp_path, InformationGain()), learned(tmp_path, Predicted())))
    moved, still = (replace(RLP, credit=(Spread(),), reference=reference) for reference in (Average(0.3), Start()))
    assert not all(map(torch.equal, learned(tmp_path, InformationGain(), moved), learned(tmp_path, InformationGain(), still)))


# Broken if a reference that a reward reads did not move, or one that nothing reads were carried along.
def test_a_reference_moves_for_a_reward_that_reads_it() -> None:
    assert [refers(x) for x in (InformationGain(), Shuffled(InformationGain()), Predicted(), Shuffled(Predicted()))] == [
        True,
        True,
        False,
        False,
    ]
    for reward, moves in ((InformationGain(), True), (Predicted(), False)):
        assert Practice(Endless(FAMILY), reward, RLP, SAMPLER).moves is moves


# Broken if a word that is no part of a thought were learned from: the end that the environment gives, or a word of the document.
def test_only_words_of_the_thought_carry_loss(tmp_path: Path) -> None:
    practice = Practice(Endless(FAMILY), Predicted(), replace(RLP, reference=Start()), replace(SAMPLER, group=16), problems=4)
    run, given = replace(a_run(), context=Store(tmp_path)), 0
    for term in next(iter(practice.updates(run, 0))).terms:
        assert isinstance(term, Term)
        old, mask = term.given[0], term.given[2]
        logp = old.clone().requires_grad_()
        term.loss(logp, *term.given).sum().backward()
        tokens = term.tokens if term.rows is None else term.tokens[term.rows]
        closed = (tokens.roll(1, 1) == VOCAB.tokens["answer"]) & (torch.arange(tokens.shape[1]) > 0)
        assert logp.grad is not None
        assert (logp.grad[~mask] == 0).all()
        assert (logp.grad[mask] != 0).any()
        assert (tokens[closed & (tokens != 0)] == VOCAB.end).all()  # nothing of the document follows
        assert not mask[closed].any()
        given += int((closed & (tokens == VOCAB.end)).sum())
    assert given


# Broken if the advantage of RLP were not G / (G - 1) times the distance from the group's mean, on every word of the thought.
def test_against_by_hand() -> None:
    r = thoughts([TWO[0]], [("A", "answer"), ("answer",), ("A", "A", "A")])
    x = chain((Against(),), r.at_end(torch.tensor([3.0, 0.0, 1.5])), r)  # the mean is 1.5
    assert x.tolist() == [[2.25, 2.25, 0], [-2.25, 0, 0], [0, 0, 0]]
    assert torch.equal(x, chain((Against(),), r.at_end(torch.tensor([3.0, 0.0, 1.5]) + 7.25), r))


# Broken if a reward lay off its grid, or credit lost a bit of a difference: then what all thoughts of a problem share would leave a trace.
def test_a_shared_baseline_cancels_to_the_bit() -> None:
    said, g = [("A", "answer"), ("answer",), ("A", "A", "A")], torch_rng("baseline")
    r = thoughts([TWO[0]], said)
    for x in (after_thought(a_run(), MODEL, r, "all"), without_thought(a_run(), MODEL, r, "all")):
        assert torch.equal(x * GRID, (x * GRID).round())
    for _ in range(50):
        rewards, baseline = ((torch.rand(n, generator=g) * -30 * GRID).round() / GRID for n in (3, 1))
        assert torch.equal(chain((Against(),), r.at_end(rewards), r), chain((Against(),), r.at_end(rewards - baseline), r))


# Broken if the placebo taught: over all thoughts and all orders, its gradient vanishes; without fixed points it would point to worse ones.
def test_a_shuffled_reward_has_no_expected_gradient() -> None:
    policy, worth, group = torch.tensor([0.2, 0.5, 0.3], dtype=torch.double), torch.tensor([0.0, -1.0, 2.5], dtype=torch.double), 3
    r = saying([TWO[0]], [("A", "<end>")] * group, THINKING)

    def slope(orders: Sequence[tuple[int, ...]]) -> Tensor:  # [N] expected, for the logits
        total = torch.zeros(3, dtype=torch.double)
        for drawn in product(range(3), repeat=group):
            for order in orders:
                rewards = worth[list(drawn)][list(order)]
                advantage = chain((Against(),), r.at_end(rewards).double(), r)[:, 0]
                score = sum(a * (torch.eye(3)[c] - policy) for a, c in zip(advantage.tolist(), drawn, strict=True))
                total += policy[list(drawn)].prod() * score / len(orders)
        return total

    everything = list(permutations(range(group)))
    mean = policy @ worth
    torch.testing.assert_close(slope([(0, 1, 2)]), group * policy * (worth - mean))  # the gradient itself
    torch.testing.assert_close(slope(everything), torch.zeros(3, dtype=torch.double))
    assert slope([(1, 2, 0), (2, 0, 1)]) @ worth < -0.1


@dataclass(frozen=True)
class Row:
    """The number of the row."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(torch.arange(len(r.tokens)))


# Broken if rewards left their problem, one were paid twice, or an order never came.
def test_shuffled_rewards_stay_in_their_group_in_every_order() -> None:
    r = saying(TWO, [("A", "<end>")] * 6, THINKING)
    orders = set()
    for i in range(60):
        x = Shuffled(Row())(replace(r, path=(0, i, 0)), a_run()).sum(1).int().tolist()
        assert sorted(x[:3]) == [0, 1, 2]
        assert sorted(x[3:]) == [3, 4, 5]
        orders.add(tuple(x[:3]))
    assert len(orders) == 6


# Broken if a thought that leaves a step out, slips, or says a word too many passed for a derivation, or a right one were refused.
def test_a_valid_thought_derives_every_step() -> None:
    p = problem(Program(2, 2, (ADD, MUL), (ADD, MUL), modulus=3), "train", "valid", 0)
    right = THINKING.solution(p)[:-2]  # with its closing word
    assert right[-1] == "answer"
    wrong = (*right[:3], str((int(right[3]) + 1) % 3), *right[4:])
    said = [right, wrong, (*right[:4], "answer"), ("A", *right), right[:-1], ("answer",)]
    assert valid(thoughts([p], said)) == [True, False, False, False, True, False]


# Broken if the measure read other thoughts or another policy than its stage, or took the mean of one for that of the other.
def test_the_worth_of_thoughts(tmp_path: Path) -> None:
    store, stage = Store(tmp_path), Insight(FRESH, Endless(FAMILY), 3, SAMPLER)
    found = read_insight(stage, store)
    policy = load_policy(store.get(FRESH))
    r = rollout(policy.model, VOCAB, Endless(FAMILY).batch(store, 3, 0, 0, 0), SAMPLER, "insight", 0)
    after, direct = after_thought(a_run(), policy.model, r, "value"), without_thought(a_run(), policy.model, r, "value")
    assert found.after.tolist() == pytest.approx(after.tolist(), abs=1e-6)
    assert found.direct.tolist() == pytest.approx(direct.tolist(), abs=1e-6)
    store.get(stage)
    facts = {f.metric: f.value for f in Worth("thoughts", "after")(Cell.of({}, 0, thoughts=stage), store)}
    assert facts["gap"] == pytest.approx(after.mean().item() - direct.mean().item(), abs=1e-6)
    assert facts["valid thoughts"] == found.valid.mean()
