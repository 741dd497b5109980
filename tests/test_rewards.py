"""Rewards: each by hand, and by laws on completions of any kind.

Shapes: P problems, G completions of each, B = P * G rows, T tokens.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.gpt import GPT
from models.sampling import pad
from synthtasks.families import Batch, Begun, Compose, Program
from synthtasks.primitives import ADD, MUL
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, Equations, Surface, write
from synthtasks.trace import Words
from tests.strategies import examples
from tests.test_learn import ALWAYS, CONFIG, FRESH, metrics, practice, results
from tests.test_stacked import as_one
from train.learn import Learn
from train.ledger import Ledger
from train.policy import torch_rng
from train.rl import (
    GRPO,
    Begins,
    Blend,
    Coin,
    Correct,
    Dense,
    Format,
    Gated,
    Inverse,
    Majority,
    Overlong,
    Phases,
    Process,
    Repeats,
    Reward,
    Rollouts,
    WrongLabel,
)
from train.rl.signal import has_signal
from train.run import Run
from train.stages.record import kind_of
from train.stages.stage import Interrupted
from train.stages.store import Store

PROGRAM = Program(3, 5, (ADD, MUL), (ADD, MUL), modulus=5)
GROUP = 4


MODEL = GPT(CONFIG, torch_rng("rewards"))


def a_run(iteration: int = 0) -> Run:
    return Run(MODEL, MODEL, FRESH.vocab, Store(Path()), FRESH, Ledger(), iteration=iteration)


def saying(problems: Sequence[Problem], completions: Sequence[Words], surface: Surface, observed: int = 0) -> Rollouts:
    """Rollouts that say this; the first `observed` tokens are none that the policy chose."""
    drawn = problems.problems if isinstance(problems, Begun) else problems
    family = drawn.family if isinstance(drawn, Batch) else None
    primitives = family.primitives if family else tuple({s.primitive: 0 for p in problems for s in p.steps})
    vocab = surface.vocab(max(len(p.steps) for p in problems), primitives, problems[0].modulus)
    written = write(problems, surface, vocab)
    tokens, lengths = pad([vocab.encode(words) for words in completions])
    place = torch.arange(tokens.shape[1])
    mask = (place < lengths[:, None]) & (place >= observed)
    prompts, prompt_lengths, begun = (torch.from_numpy(x) for x in (written.prompts, written.prompt_lengths, written.begun))
    solutions = torch.from_numpy(written.solutions)
    group, limit = len(completions) // len(problems), solutions.shape[1] + 4
    sole = solutions if written.sole else None
    path = (0, 0, 0)
    logp = torch.zeros(tokens.shape)
    return Rollouts(problems, group, limit, path, surface, vocab, prompts, prompt_lengths, begun, tokens, lengths, mask, logp, 0, sole)


def solving(problems: Sequence[Problem], surface: Surface) -> Rollouts:
    """The solution of each, once."""
    return saying(problems, [surface.solution(p) for p in problems], surface)


def spoilt(words: Words, g: np.random.Generator, alphabet: Words) -> Words:
    """A completion with some words or whole steps replaced, left out, repeated or moved, and perhaps cut off."""
    said = list(words)
    for _ in range(int(g.integers(4))):
        size = (1, 4)[int(g.integers(2))]
        at = int(g.integers(max(1, len(said) // size))) * size
        piece = said[at : at + size]
        match int(g.integers(5)):
            case 0:
                said[at : at + 1] = [alphabet[int(g.integers(len(alphabet)))]]
            case 1:
                del said[at : at + size]
            case 2:
                said[at:at] = piece
            case 3:
                to = int(g.integers(len(said) + 1))
                said[to:to] = piece
            case _:
                said[at + 3 : at + 4] = [alphabet[-1 - int(g.integers(3))]]  # another value
    return tuple(said[: int(g.integers(1, len(said) + 1))] if said and g.random() < 0.3 else said) or ("answer",)


@st.composite
def rollouts(draw: st.DrawFn) -> Rollouts:
    """Completions of programs that are right, nearly right, and wrong."""
    seed, steps = draw(st.integers(0, 10**6)), draw(st.integers(1, 4))
    drawn, g = Batch(replace(PROGRAM, steps=steps), "train", range(3), ("rewards", seed)), rng("spoil", seed)
    problems = Begun(drawn, (0, 0, 0) if draw(st.booleans()) else tuple(g.integers(steps, size=3).tolist()))
    alphabet = ("answer", "<end>", "run", "A", "B", "C", "D", "E", "+", "*", "0", "1", "2", "3", "4")
    rest = [Compact().solution(p)[4 * given :] for p, given in zip(problems, problems.steps, strict=True)]
    said = [spoilt(words, g, alphabet) for words in rest for _ in range(GROUP)]
    return saying(problems, said, Compact(), draw(st.integers(0, 1)))


REWARDS: dict[str, tuple[Reward, float, float]] = {  # with the range of each completion's reward
    "correct": (Correct(), 0, 1),
    "process": (Process(), 0, 1),
    "dense": (Dense(), 0, 1),
    "coin": (Coin(), 0, 1),
    "blend": (Blend(0.3), 0, 1),
    "gated": (Gated(), 0, 1),
    "gated dense": (Gated(Dense(), Format()), 0, 1),
    "format": (Format(), 0, 1),
    "inverse": (Inverse(Dense()), 0, 1),
    "begins": (Begins("run"), 0, 1),
    "wrong label": (WrongLabel(), 0, 1),
    "majority": (Majority(), 0, 1),
    "overlong": (Overlong(), -1, 1),
    "repeats": (Repeats(Dense(), 0.5), -0.5, 1),
    "phases": (Phases(((0, Dense()), (7, Overlong()))), 0, 1),
}


# Broken if a reward left its range, or fell on a token that the policy did not choose.
@pytest.mark.parametrize("name", REWARDS)
@examples(20)
@given(rollouts())
def test_rewards_lie_in_their_range_on_tokens_that_were_chosen(name: str, r: Rollouts) -> None:
    reward, low, high = REWARDS[name]
    r = replace(r, mask=r.mask | (torch.arange(r.mask.shape[1]) == 0))  # a row has a token that was chosen
    x = reward(r, a_run())
    assert x.shape == r.mask.shape
    assert not x[~r.mask].any()
    assert ((x.sum(1) >= low - 1e-6) & (x.sum(1) <= high + 1e-6)).all()


# Broken if tokens were read or judged otherwise than by the surface and the judge: what is said between steps, repeated, moved or cut off.
@examples(150)
@given(rollouts())
def test_dense_on_tokens_is_dense_by_the_judge(r: Rollouts) -> None:
    judged = replace(r, solutions=None)
    x = Dense()(r, a_run())
    assert torch.equal(x, Dense()(judged, a_run()))
    for b, row in enumerate(x.tolist()):
        found = zip(judged.traces[b].assertions, judged.verdicts[b].steps, strict=True)
        given = int(r.begun[b // GROUP])
        assert {place for place, value in enumerate(row) if value} <= {a.at - given for a, right in found if right}


# Broken if the random completions above were all right, all wrong, or the same for dense and strict reward.
def test_the_spoilt_completions_differ() -> None:
    problems, g = Batch(PROGRAM, "train", range(40), ("differ",)), rng("differ")
    said = [spoilt(Compact().solution(p), g, ("answer", "A", "B", "+", "0", "1", "2")) for p in problems for _ in range(4)]
    r = saying(problems, said, Compact())
    shares = Dense()(r, a_run()).sum(1)
    assert len({round(x, 3) for x in shares.tolist()}) == 4  # 0, 1/3, 2/3, 1
    assert ((shares > 1 - 1e-6) & ~r.process).any()


# Broken if a step counted more or less than its share, an answer or a repeated step counted, or a step after a wrong one did.
def test_dense_by_hand() -> None:
    problems = Batch(PROGRAM, "train", range(1), ("hand",))
    one, two, three = (Compact().solution(problems[0])[i : i + 4] for i in (0, 4, 8))
    end, wrong = Compact().solution(problems[0])[12:], (*two[:3], str((int(two[3]) + 1) % 5))
    said = {
        (*one, *two, *three, *end): [3, 7, 11],  # all of three steps, on their values
        (*one, *two, *three): [3, 7, 11],  # the answer is no step
        (*one, *two, *end): [3, 7],
        (*one, *wrong, *three, *end): [3],  # the last step uses the wrong one
        (*one, *one, *two, *three): [3, 11, 15],  # a step counts once
        (*one, *two, *one, *two, *end): [3, 7],  # ... where it is right first
        (*two, *three, *end): [],  # out of turn
        end: [],
        ("answer",): [],
    }
    r = saying(problems, list(said), Compact())
    for one_by_one in (r, replace(r, solutions=None)):
        x = Dense()(one_by_one, a_run())
        assert [row.nonzero()[:, 0].tolist() for row in x] == list(said.values())
        assert x[x > 0].tolist() == pytest.approx([1 / 3] * int((x > 0).sum()))


# Broken if a family whose problems may have several derivations, or a surface of many words a value, earned no share or more than one.
@pytest.mark.parametrize(("family", "surface"), [(PROGRAM, Compact()), (PROGRAM, Equations()), (Compose(steps=3, letters=3), Equations())])
def test_a_solution_earns_all_and_silence_nothing(family: Program | Compose, surface: Surface) -> None:
    problems = Batch(family, "train", range(5), ("all",))
    r = solving(problems, surface)
    for reward in (Correct(), Process(), Dense(), Blend(), Gated(), Format()):
        assert reward(r, a_run()).sum(1).tolist() == pytest.approx([1.0] * 5)
    nothing = saying(problems, [("<end>",)] * 5, surface)
    for reward in (Correct(), Process(), Dense(), Blend(), Gated(), Format(), WrongLabel(), Majority()):
        if family is PROGRAM or not isinstance(reward, WrongLabel):
            assert not reward(nothing, a_run()).any()


# Broken if steps that are given were paid for, or those that are left were not all of it.
def test_dense_after_given_steps() -> None:
    problems = Batch(PROGRAM, "train", range(2), ("given",))
    rest = [Compact().solution(p)[4 * given :] for p, given in zip(problems, (1, 3), strict=True)]
    for r in (one := saying(Begun(problems, (1, 3)), rest, Compact()), replace(one, solutions=None)):
        x = Dense()(r, a_run())
        assert x[0].nonzero()[:, 0].tolist() == [3, 7]
        assert x.sum(1).tolist() == pytest.approx([1.0, 0.0])  # of the second problem no step is left


# Broken if a step of the solution with another value cost more or less than its own share and that of the steps that follow from it.
@examples(30)
@given(st.integers(1, 5), st.data())
def test_a_wrong_step_costs_its_share(steps: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, steps - 1))
    problems = Batch(replace(PROGRAM, steps=steps), "train", range(1), ("share", steps))
    words = list(Compact().solution(problems[0]))
    words[4 * wrong + 3] = str((int(words[4 * wrong + 3]) + 1) % 5)
    lost = 1 - Dense()(saying(problems, [tuple(words)], Compact()), a_run()).sum()
    assert lost.item() == pytest.approx((steps - wrong) / steps)


# Broken if a mixture at an end were not its part to the bit, or one in the middle were not between.
@examples(20)
@given(rollouts(), st.floats(0, 1))
def test_a_mixture_lies_between_its_parts(r: Rollouts, alpha: float) -> None:
    r = replace(r, mask=torch.ones_like(r.mask))
    outcome, process = Correct()(r, a_run()), Dense()(r, a_run())
    assert torch.equal(Blend(1.0)(r, a_run()), outcome)
    assert torch.equal(Blend(0.0)(r, a_run()), process)
    torch.testing.assert_close(Blend(alpha)(r, a_run()), alpha * outcome + (1 - alpha) * process)


# Broken if the gate let a completion through of which a step is missing or wrong, or the reward behind it changed.
@examples(20)
@given(rollouts())
def test_the_gate_is_the_conjunction(r: Rollouts) -> None:
    r = replace(r, mask=torch.ones_like(r.mask))
    complete = torch.tensor([v.complete for v in r.verdicts])
    assert torch.equal(Gated()(r, a_run()).sum(1) == 1, r.correct & complete)
    assert (Process()(r, a_run()).sum(1) <= Gated()(r, a_run()).sum(1)).all()


# Broken if the inverse of a reward and the reward did not add up to 1, of the answer and of shares.
@examples(20)
@given(rollouts())
def test_a_reward_and_its_inverse_add_up_to_one(r: Rollouts) -> None:
    r = replace(r, mask=torch.ones_like(r.mask))
    for reward in (Correct(), Dense()):
        whole = reward(r, a_run()).sum(1) + Inverse(reward)(r, a_run()).sum(1)
        assert whole.tolist() == pytest.approx([1.0] * len(whole))


# Broken if answers of tokens were others than those of the surface: of a completion that is cut off, or goes on after its answer.
@examples(60)
@given(rollouts())
def test_answers_are_those_that_are_read(r: Rollouts) -> None:
    assert r.answers == tuple(trace.answer for trace in r.traces)
    assert torch.equal(r.correct, torch.tensor([answer == r.problems[b // GROUP].answer for b, answer in enumerate(r.answers)]))


# Broken if the vote counted completions without an answer, several groups were one, or a tie went to the later answer.
def test_majority_by_hand() -> None:
    problems = Batch(PROGRAM, "train", range(2), ("vote",))
    votes = ["1", "2", "2", "", "", "", "3", "4"]  # 2 wins; 3 is before 4, and silence has no vote
    r = saying(problems, [("answer", v, "<end>") if v else ("answer",) for v in votes], Compact())
    assert Majority()(r, a_run()).sum(1).tolist() == [0, 1, 1, 0, 0, 0, 1, 0]
    alike = saying(problems, [("answer", "3", "<end>")] * 8, Compact())
    reward = Majority()(alike, a_run())
    assert reward.sum(1).tolist() == [1.0] * 8
    assert not has_signal(GRPO.credit, reward, alike).any()  # a unanimous group teaches nothing


# Broken if the wrong label were right, differed between completions of a problem, or were made up for an answer that is no number.
def test_the_wrong_label_is_one_and_wrong() -> None:
    problems = Batch(PROGRAM, "train", range(4), ("label",))
    r = saying(problems, [("answer", str(n), "<end>") for _ in problems for n in range(5)], Compact())
    found = WrongLabel()(r, a_run()).sum(1).view(4, 5)
    assert found.sum(1).tolist() == [1.0] * 4
    assert [int(row.argmax()) for row in found] == [(int(str(p.answer)) + 1) % 5 for p in problems]
    texts = solving(Batch(Compose(steps=2, letters=3), "train", range(1), ("label",)), Equations())
    with pytest.raises(ValueError, match="takes problems whose answers are numbers"):
        WrongLabel()(texts, a_run())


# Broken if a penalty began elsewhere, did not end at 1, or runs of words were counted across their first time.
def test_penalties_by_hand() -> None:
    problems = Batch(PROGRAM, "train", range(1), ("long",))
    limit = len(Compact().solution(problems[0])) + 4  # of which the last 4 are the margin
    r = saying(problems, [("answer",) * n for n in (1, limit - 4, limit - 3, limit)], Compact())
    assert r.limit == limit
    assert Overlong()(r, a_run()).sum(1).tolist() == [0, 0, -0.25, -1]
    said = saying(problems, [("A", "+", "A", "+", "A"), ("A",), ("A", "+", "B")], Compact())  # of 4 pairs, A + and + A come twice
    assert Repeats(words=2, weight=0.5)(said, a_run()).sum(1).tolist() == [-0.25, 0, 0]


# Broken if a schedule changed elsewhere than where it says, or one without a beginning were accepted.
def test_a_schedule_changes_where_it_says() -> None:
    r = saying(Batch(PROGRAM, "train", range(1), ("turns",)), [("answer",)], Compact())
    turns = Phases(((0, Coin(0.0)), (2, Coin(1.0)), (3, Coin(0.0))))
    assert [turns(r, a_run(iteration=i)).sum().item() for i in range(5)] == [0, 0, 1, 0, 0]
    for wrong in ((), ((1, Coin()),), ((0, Coin()), (0, Coin())), ((0, Coin()), (3, Coin()), (2, Coin()))):
        with pytest.raises(ValueError, match="begin in iterations that ascend from 0"):
            Phases(wrong)


TURNS = Phases(((0, Coin(1.0)), (3, Coin(0.0))))
SCHEDULED = Learn(FRESH, ((1.0, practice(reward=TURNS)),), 5)


def rewards(folder: Path) -> list[float]:
    return [line["reward"] for line in metrics(folder)]


# Broken if a reward did not know the iteration: alone, resumed after a stop, in a stack, or in a second part that counts on.
def test_a_schedule_survives_a_resume_a_stack_and_a_second_part(tmp_path: Path) -> None:
    whole = Store(tmp_path / "whole").get(SCHEDULED)
    assert rewards(whole) == [1, 1, 1, 0, 0]
    stopped = Store(tmp_path / "stopped", checkpoint_seconds=ALWAYS)
    asked = iter([False, True])
    stopped.stopping = lambda: next(asked, False)
    with pytest.raises(Interrupted):
        stopped.get(SCHEDULED)
    assert results(stopped.get(SCHEDULED)) == results(whole)
    halves = Learn(replace(SCHEDULED, iterations=2), SCHEDULED.losses, 3)
    assert rewards(Store(tmp_path / "halves").get(halves)) == [1, 0, 0]
    one, two = as_one([SCHEDULED, replace(SCHEDULED, policy=replace(FRESH, seed=1))], Store(tmp_path / "stack"))
    assert isinstance(one, Path)
    assert isinstance(two, Path)
    assert rewards(one) == rewards(two) == rewards(whole)


# Broken if a result were named by the file of its reward: results from before the files were split would not be found.
def test_rewards_are_named_by_their_room() -> None:
    for reward, _, _ in REWARDS.values():
        assert kind_of(type(reward)) == f"train.rl.{type(reward).__name__}"
