"""Searches: worlds, the replay that judges, words, and walkers; credit for turns by hand and by laws.

Shapes: P problems, G episodes of each, B = P * G rows, T tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures.episodes import EARLY, INVALID, REPEATS, SUCCESS, TURNS, rates, walks
from models import GPTConfig
from models.gpt import GPT
from synthtasks.families import named, problems
from synthtasks.search import ACTIONS, TAGS, Field, Lock, Maze, Search, Turn, Turns, Walked, World, search, walk
from synthtasks.trace import Trace, Words
from synthtasks.verify import verify
from synthtasks.vocab import END
from tests.strategies import examples
from train.learn import Learn
from train.losses.imitate import collate, weighted
from train.losses.practice import Objective, Practice
from train.optim import Optim
from train.policy import Fresh, torch_rng
from train.rl import GRPO, Again, ByTurn, Correct, Endless, Format, Meta, Nearer, Rollouts, Sampler, ShuffledTurns, rollout
from train.rl.credit import chain
from train.rl.signal import has_signal
from train.sample import Sample, read_samples
from train.stages.store import Store

MAZE = Maze(side=3, horizon=8, doors=1)
FAMILIES = (MAZE, Lock(side=3, horizon=8), Field(side=3))
TURNS_OF, WORLD = Turns(), World()
VOCAB = TURNS_OF.vocab(1, (), 9)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB)
SAMPLER = Sampler(8, spare=24, temperature=0.7, surface=TURNS_OF, environment=WORLD)
MODEL = GPT(FRESH.config, torch_rng("search"))
# a corridor 0 - 1 - 2, below it 3: from 0 east to 1 and south to 3, from 1 east to 2
CORRIDOR = search({(0, "e"): 1, (1, "w"): 0, (1, "e"): 2, (2, "w"): 1, (0, "s"): 3, (3, "n"): 0}, 0, 2, 4, horizon=6)


def said(text: str) -> tuple[Turn, ...]:
    return CORRIDOR.replay(TURNS_OF.read(tuple(text.split())))


@cache
def drawn(seed: int) -> Rollouts:
    """Episodes of an untrained policy, which writes everything, in mazes, locks and fields."""
    every = [p for family in FAMILIES for p in named(family, "train", range(2), "drawn", seed)]
    return rollout(MODEL, VOCAB, every, SAMPLER, "rollout", seed, 0, 0)


def lived(problem: Search, trace: Trace) -> Words:
    """The words of an episode in which a policy takes the tags and actions of a trace."""
    words: Words = ()
    for turn in trace.assertions:
        assert not words or words[-1] != END
        words += (turn.name, turn.operator) if turn.name else (turn.operator,)
        words += WORLD.reply(problem, words)
    return words


# Broken if an action that is invalid moved, a repeat were counted by the action alone or not where it is in vain, turns went on after the
# goal or the horizon, or the judge believed observations.
def test_replay_by_hand() -> None:
    turns = said("plan n wall plan n wall reflect e 1 monitor w 0 explore e 1 e 2 plan w 1")
    assert [turn.state for turn in turns] == [0, 0, 0, 1, 0, 1]
    assert [turn.reached for turn in turns] == [0, 0, 1, 0, 1, 2]
    assert [turn.valid for turn in turns] == [False, False, True, True, True, True]
    assert [turn.repeat for turn in turns] == [False, True, False, False, True, False]
    assert [(turn.begins, turn.at) for turn in turns] == [(0, 1), (3, 4), (6, 7), (9, 10), (12, 13), (15, 15)]
    verdict = verify(CORRIDOR, TURNS_OF.read(("plan", "e", "1", "e", "2", "<end>")))
    assert (verdict.correct, verdict.process, verdict.surplus) == (True, True, 0)
    assert verify(CORRIDOR, TURNS_OF.read(("e", "5", "e", "5", END))).correct  # the actions reach the goal, whatever was observed
    forged = verify(CORRIDOR, TURNS_OF.read(("e", "2", END)))  # it says that it is at the goal
    assert not forged.correct
    assert not verify(CORRIDOR, TURNS_OF.read((*("n", "wall") * 6, *("e", "1", "e", "2")))).correct  # too late
    (first, second) = said("e 1 plan plan wall")  # a second tag is no action
    assert (first.valid, second.tag, second.action, second.valid) == (True, "plan", "plan", False)
    assert [turn.repeat for turn in said("plan 7 wall plan explore wall e 1 plan explore wall")] == [False, True, False, False]
    assert TURNS_OF.read(("e", "1", "plan")).unread == ("plan",)


# Turn by turn: in vain; in vain again; reflects on it; back; explores what was done before; on to the goal.
# Broken if a reward went to another tag, to an invalid turn, to a repeat, or to a reflection without cause or change.
def test_rewards_of_turns_by_hand() -> None:
    turns = said("explore n wall reflect n wall reflect e 1 reflect w 0 explore e 1 plan e 2")
    assert Meta()(CORRIDOR, turns) == [0, 0, 1, 0, 0, 1]
    assert Meta(planning=3, reflection=0)(CORRIDOR, turns) == [0, 0, 0, 0, 0, 3]
    assert Again()(CORRIDOR, turns) == [0, -1, 0, 0, -1, 0]
    lost = said("plan e 1 explore w 0 explore s 3 monitor n 0")
    assert Meta()(CORRIDOR, lost) == [0, 1, 1, 0]
    assert Nearer()(CORRIDOR, lost) == [0.25, -0.25, -0.25, 0.75]  # of 4 states; the last turn ends at potential 0: from -3/4


# The corridor's two episodes: 6 turns to the goal, of which 2 repeat, 2 in vain; 4 turns without, nothing repeated.
# Broken if failures were left out of a rate, or counted by episodes.
def test_rates_are_over_all_episodes() -> None:
    found = rates(
        [
            (CORRIDOR, said("explore n wall reflect n wall reflect e 1 reflect w 0 explore e 1 plan e 2")),
            (CORRIDOR, said("e 1 w 0 s 3 n 0")),
        ]
    )
    assert found[SUCCESS] == 0.5
    assert found[REPEATS] == 0.2
    assert found[INVALID] == 0.2
    assert found[EARLY] == 1 / 6  # of the first 3 turns of each, one
    assert found[TURNS] == 1.0


# Broken if a world's answer depended on anything but the problem and the actions, or an episode could not be had again from its seed.
@given(st.integers(0, 3))
@examples(4)
def test_an_episode_replays_from_its_seed(seed: int) -> None:
    r = drawn(seed)
    again = rollout(MODEL, VOCAB, r.problems, SAMPLER, "rollout", seed, 0, 0)
    assert torch.equal(r.tokens, again.tokens)
    for b, tokens in enumerate(r.completions):
        problem = r.problems[b // 8]
        assert isinstance(problem, Search)
        words, trace = VOCAB.decode(tokens), r.traces[b]
        told = lived(problem, trace)
        own = words[len(told) :]  # a tag or the end, written by the policy
        assert (told + own)[: len(words)] == words  # the last observation may be cut off at the limit
        assert [*own] in ([], [END]) or (own[0] in TAGS and [*own[1:]] in ([], [END]))
        turns = problem.replay(trace)
        assert len(turns) == len(trace.assertions)
        assert r.verdicts[b].correct == (bool(turns) and turns[-1].reached == problem.goal)


# Broken if measures met other problems than the policy did, so that its episodes were judged in another world.
def test_samples_are_replayed_in_their_own_worlds(tmp_path: Path) -> None:
    store, stage = Store(tmp_path), Sample(FRESH, Endless(MAZE), 4, replace(SAMPLER, group=2), seed=3, iterations=2, first=5)
    found = walks(stage, store)
    assert len({str(each) for each, _ in found}) == 8
    for (problem, _), words in zip(found, read_samples(stage, store).words, strict=True):
        told = lived(problem, TURNS_OF.read(tuple(words.split())))
        assert told[: len(words.split())] == tuple(words.split())[: len(told)]


# Broken if an observation carried loss or credit: its log-probability would then change the loss.
@pytest.mark.parametrize("rule", [ByTurn(), ByTurn(Again(), among="problem"), ByTurn(Nearer(), among="problem", earns="from it on")])
def test_observations_carry_no_credit(rule: ByTurn) -> None:
    r = drawn(0)
    reward = Correct()(r, None)  # type: ignore[arg-type]  # it reads no run
    advantage = chain((*GRPO.credit, rule), reward, r)
    assert not rule(torch.zeros_like(r.logp), r)[~r.mask].any()
    assert advantage[r.mask].any()
    assert not advantage[~r.mask].any()
    logp = r.logp.clone().requires_grad_()
    Objective(GRPO.surrogate, 0.0, None)(logp, r.logp, advantage, r.mask, GRPO.aggregate(r)).sum().backward()
    assert logp.grad is not None
    assert logp.grad[r.mask].any()
    assert not logp.grad[~r.mask].any()
    moved = r.logp + 0.5 * ~r.mask  # a finite difference
    loss = [Objective(GRPO.surrogate, 0.0, None)(x, r.logp, advantage, r.mask, GRPO.aggregate(r)).sum() for x in (r.logp, moved)]
    assert loss[0] == loss[1]


# ... and the documents of a cold start, where pretraining alone may learn them.
def test_observations_carry_no_loss() -> None:
    for observations, told in (("read", False), ("learned", True)):
        documents = [Walked(0.5, observations=observations)(p) for p in islice(problems(MAZE, "train", "loss"), 8)]  # type: ignore[arg-type]
        learned = [[i not in d.masked for i in range(len(d.body))] for d in documents]
        batch = collate(documents, learned, VOCAB, torch.device("cpu"))
        logp = batch.logp(MODEL).detach().requires_grad_()
        weighted(logp, batch.learned / -batch.learned.sum()).sum().backward()
        assert logp.grad is not None
        own = torch.isin(batch.tokens, torch.tensor(VOCAB.encode((*TAGS, *ACTIONS))))
        assert logp.grad[own].all()
        assert bool(logp.grad[~own].any()) == told
        assert not logp.grad[batch.tokens == VOCAB.end].any()  # no policy learns to give up


# Broken if the groups were of rows or of problems, or a mean were over anything but the turns of a problem and a tag.
@given(st.integers(0, 5))
@examples(6)
def test_advantages_sum_to_zero_in_each_group(seed: int) -> None:
    r = drawn(seed)
    for rule in (ByTurn(), ByTurn(mode="mean_norm"), ShuffledTurns(), ByTurn(Again(), among="problem")):
        more = rule(torch.zeros(r.logp.shape, dtype=torch.float64), r)
        sums: dict[tuple[int, str], float] = {}
        for row, trace in enumerate(r.traces):
            problem = r.problems[row // 8]
            assert isinstance(problem, Search)
            for turn in problem.replay(trace):
                key = row // 8, turn.tag if rule.among == "tag" else ""
                sums[key] = sums.get(key, 0.0) + float(more[row, turn.at])
                assert (more[row, turn.begins : turn.at + 1] == more[row, turn.at]).all()
        assert max(map(abs, sums.values())) < 1e-6
        for p in range(len(r.problems)):  # where there is no signal, turns earn nothing
            assert bool(rule.signal(r)[p]) == bool((more[r.rows(torch.tensor([p]))].abs() > 1e-5).any())


# Broken if shaping depended on what is done, and so could make another policy the best.
@given(st.integers(0, 5))
@examples(6)
def test_shaping_telescopes(seed: int) -> None:
    r, nearer = drawn(seed), Nearer()
    found = ByTurn(nearer, among="problem", earns="from it on").turns(r)
    for row, turn, rest in zip(found.row.tolist(), found.turns, found.reward.tolist(), strict=True):
        problem = r.problems[row // 8]
        assert isinstance(problem, Search)
        assert rest == pytest.approx(-nearer.potential(problem, turn.state))
    for row, trace in enumerate(r.traces):
        problem = r.problems[row // 8]
        assert isinstance(problem, Search)
        if turns := problem.replay(trace):
            assert sum(nearer(problem, turns)) == pytest.approx(-nearer.potential(problem, problem.start))


# Broken if the placebo paid more or less than what it stands beside, in any group, or nothing were permuted.
def test_permuted_rewards_keep_their_sums() -> None:
    moved = 0
    for seed in range(6):
        own, placebo = ByTurn().turns(drawn(seed)), ShuffledTurns().turns(drawn(seed))
        assert own.turns == placebo.turns
        assert (own.group == placebo.group).all()
        for group in range(own.group.max() + 1):
            mine = own.group == group
            assert sorted(own.reward[mine]) == sorted(placebo.reward[mine])
        moved += int((own.reward != placebo.reward).sum())
    assert moved > 5


# Broken if a group were learned from for its turns alone only where its outcomes differ too, or others' signal changed.
def test_turns_give_signal_of_their_own() -> None:
    r = drawn(0)
    none = torch.zeros_like(r.logp)
    assert not has_signal(GRPO.credit, none, r).any()
    for rule in (ByTurn(), ByTurn(Again(), among="problem")):
        assert has_signal((*GRPO.credit, rule), none, r).equal(rule.signal(r))
    assert ByTurn(Again(), among="problem").signal(r).any()
    assert not ByTurn(weight=0.0).signal(r).any()


# Broken if a tree did not join all states, doors were not counted, a lock's key turned by different amounts, or a field had slack.
def test_worlds() -> None:
    for p in named(MAZE, "train", range(20), "worlds"):
        assert isinstance(p, Search)
        assert len(p.moves) == 2 * (9 - 1 + 1)
        assert len(p.distance) == 9
        assert all(p.moves[to, dict(zip("nesw", "swne", strict=True))[a]] == s for (s, a), to in p.moves.items())
    for p in named(FAMILIES[1], "train", range(20), "worlds"):
        assert isinstance(p, Search)
        amounts = [{(to - s) % 9 for (s, by), to in p.moves.items() if by == a} for a in ACTIONS]
        assert all(len(each) == 1 for each in amounts if each)
        assert len(set.union(*amounts)) == sum(map(len, amounts))
        assert len(p.moves) < 36
    for p in named(FAMILIES[2], "train", range(20), "worlds"):
        assert isinstance(p, Search)
        assert p.horizon == len(p.steps) == p.distance[p.start] >= 3


# Broken if a world that RL meets could be one that is held out.
def test_held_out_worlds_are_others() -> None:
    for family in FAMILIES[:2]:
        there, here = ({str(p.tables) for p in named(family, split, range(60), "split")} for split in ("train", "test"))
        assert not there & here
    assert {p.split for p in named(FAMILIES[2], "test", range(5), "split")} == {"both"}  # a world that hides nothing


# Broken if the walker knew walls before it met them, repeated itself, or did not find a goal that a walk of that length must find.
def test_an_expert_repeats_nothing() -> None:
    for p in islice(problems(replace(MAZE, horizon=40), "train", "expert"), 30):
        assert isinstance(p, Search)
        turns = p.replay(walk(p))
        assert turns[-1].reached == p.goal
        assert not any(turn.repeat for turn in turns)
        assert all(turn.tag == "reflect" for last, turn in pairwise(turns) if not last.valid)
    sloppy = [turn for p in islice(problems(MAZE, "train", "sloppy"), 30) if isinstance(p, Search) for turn in p.replay(walk(p, 0.8))]
    assert sum(turn.repeat for turn in sloppy) > 0.1 * len(sloppy)


# Broken if what is written of a walk were read otherwise, or its words were not those of the vocabulary.
@given(st.integers(0, 100), st.sampled_from(FAMILIES), st.sampled_from([TAGS, TAGS[:1], ()]))
@examples(30)
def test_reading_inverts_writing(seed: int, family: Maze | Lock | Field, tags: tuple[str, ...]) -> None:
    (p,) = named(family, "train", [seed], "inverse")
    assert isinstance(p, Search)
    document = Walked(0.4, tags)(p)
    trace = TURNS_OF.read(document.body)
    VOCAB.encode(document.prompt + document.body)
    assert TURNS_OF.write(trace) == document.body
    assert not trace.unread
    assert {turn.name for turn in trace.assertions} <= {*tags, ""}
    assert lived(p, trace) == document.body


# Broken if words in any order stopped the judge: what a policy writes is data.
@given(st.lists(st.sampled_from(VOCAB.words), max_size=20))
@examples(60)
def test_any_words_are_read(words: list[str]) -> None:
    trace = TURNS_OF.read(tuple(words))
    assert len(TURNS_OF.roles(tuple(words))) == len(words)
    verify(CORRIDOR, trace)
    assert all(words[turn.at] == turn.action for turn in CORRIDOR.replay(trace))


@dataclass(frozen=True)
class North:
    """1 for a turn to the north."""

    def __call__(self, search: Search, turns: Sequence[Turn]) -> list[float]:
        return [float(turn.action == "n") for turn in turns]


# Broken if credit for turns did not reach the words that earned it: all episodes fail or succeed alike to the reward for the outcome.
def test_turns_are_learned_from(tmp_path: Path) -> None:
    algorithm = replace(GRPO, credit=(*GRPO.credit, ByTurn(North(), among="problem")))
    practice = Practice(Endless(MAZE), Format(), algorithm, SAMPLER, problems=4)
    store = Store(tmp_path)
    after = Learn(FRESH, ((1.0, practice),), 6, Optim(1e-2))
    shares = []
    for policy in (FRESH, after):
        turns = [turn for _, mine in walks(Sample(policy, Endless(MAZE, "test"), 16, SAMPLER), store) for turn in mine]
        shares.append(sum(turn.action == "n" for turn in turns) / len(turns))
    assert shares[1] > shares[0] + 0.2
