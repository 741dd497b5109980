"""Sources of problems: mixtures, schedules, starts from a prefix, and bands on a moving edge."""

from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.design.checks import check_study
from analysis.design.results import collect
from analysis.design.scale import SMOKE
from analysis.design.study import Setting, Study
from analysis.measures.facts import Cell
from analysis.report.traces import exhibits
from models import GPTConfig
from models.sampling import Completions
from models.sampling import pad as pad_rows
from synthtasks import Dag, Problem, Program, Vocab, verify
from synthtasks.families import Begun, Family, Joined, at, problem
from synthtasks.surfaces import Compact, Equations, Surface, write
from tests.test_learn import FAMILY, FRESH, results
from tests.test_written import assert_written
from train.learn import Learn
from train.losses import Practice, Verified
from train.policy import Fresh, load_policy
from train.rl import Around, Band, Coin, Endless, Few, Mixture, Prefixed, ProblemSource, Sampler, Schedule, rollout
from train.rl.problems import easy_to_hard, in_turn, rehearsed, replay, spectrum, without
from train.rl.problems.mixture import shares
from train.rl.sampler import ask, judged
from train.sample import Sample, read_samples
from train.stages.disk import write_json
from train.stages.stage import Context, Stage, Undefined
from train.stages.store import Store

LONG = Program(steps=6, lines=8)
VOCAB = Compact().vocab(LONG.lines, LONG.primitives, LONG.modulus)
MOMENTS = [(seed, iteration, draw) for seed in range(2) for iteration in range(3) for draw in range(2)]


def steps(problems: object) -> list[int]:
    assert isinstance(problems, Joined | Begun)
    return [len(p.proof) for p in problems]


# Broken if a share were rounded to more than one problem off, problems were lost or added, or the mean of a share were not exact.
@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.integers(0, 40))
def test_shares_are_exact_in_the_mean(weights: list[int], count: int) -> None:
    whole, fine = sum(weights), 1_000
    drawn = [shares(weights, count, (i + 0.5) / (fine * whole)) for i in range(fine * whole)]
    assert {sum(each) for each in drawn} == {count}
    for part, weight in zip(zip(*drawn, strict=True), weights, strict=True):
        assert max(abs(n - count * weight / whole) for n in part) < 1
        assert np.mean(part) == pytest.approx(count * weight / whole, abs=1e-9)


# Broken if a mixture of one part were not that part, to the problem and to the token, in every batch.
@pytest.mark.parametrize("source", [Endless(LONG), Few(LONG, 2), spectrum(LONG, (2, 4)), Prefixed(Endless(LONG))])
def test_a_mixture_of_one_part_is_that_part(source: ProblemSource, tmp_path: Path) -> None:
    store = Store(tmp_path)
    for moment in MOMENTS:
        alone, mixed = (s.batch(store, 5, *moment) for s in (source, Mixture(((3.0, source),))))
        assert alone == mixed
        one, other = (write(problems, Compact(), VOCAB) for problems in (alone, mixed))
        for name in ("prompts", "prompt_lengths", "solutions", "lengths", "begun"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
        assert one.sole == other.sole


# Broken if parts of a mixture drew each other's problems, a batch came back, or it depended on those before it.
def test_parts_of_a_mixture_draw_independently(tmp_path: Path) -> None:
    store, source = Store(tmp_path), Mixture(((1.0, Endless(LONG)), (1.0, Endless(LONG)), (2.0, Endless(LONG))))
    drawn = {moment: source.batch(store, 6, *moment) for moment in MOMENTS}
    assert len({p for batch in drawn.values() for p in batch}) == 6 * len(MOMENTS)
    assert all(source.batch(store, 6, *moment) == drawn[moment] for moment in reversed(MOMENTS))


# Broken if a gap held problems, a difficulty beside it lacked some, or they came in unequal shares.
def test_a_gapped_spectrum_has_its_gaps(tmp_path: Path) -> None:
    depths = without(range(1, 9), range(3, 5), range(7, 8))
    assert depths == (1, 2, 5, 6, 8)
    source, store = spectrum(replace(LONG, steps=1), depths), Store(tmp_path)
    found = Counter(n for i in range(40) for n in steps(source.batch(store, 8, 0, i, 0)))
    assert set(found) == set(depths)
    assert sum(found.values()) == 40 * 8
    assert all(40 <= many <= 80 and abs(many - 64) < 12 for many in found.values())


# Broken if problems that are joined were written otherwise than alone, one by one, or were compared as tokens where several are right.
def test_parts_are_written_as_they_are_alone(tmp_path: Path) -> None:
    store, source = Store(tmp_path), Mixture(((1.0, Few(at(LONG, 2), 1)), (2.0, spectrum(LONG, (1, 7)))))
    problems = source.batch(store, 9, 0, 0, 0)
    found = write(problems, Compact(), VOCAB)
    assert len(set(found.lengths.tolist())) == 3
    assert_written(found, list(problems), Compact(), VOCAB)
    assert found.sole
    assert not write(Joined((problems, list(problems))), Compact(), VOCAB).sole
    assert list(problems[2:5]) == [problems[i] for i in range(2, 5)]
    assert problems == tuple(problems)


# Broken if a source took another's turn, turns were unequal, or the last one ended.
def test_sources_take_turns(tmp_path: Path) -> None:
    store, source = Store(tmp_path), easy_to_hard(LONG, (5, 1, 3), 8)
    assert [many for many, _ in source.turns] == [2, 3, 3]
    found = [len(source.batch(store, 1, 0, i, 0)[0].proof) for i in range(10)]
    assert found == [1, 1, 3, 3, 3, 5, 5, 5, 5, 5]
    assert all(source.batch(store, 3, 0, i, 1) == Endless(at(LONG, n)).batch(store, 3, 0, i, 1) for i, n in enumerate(found))
    with pytest.raises(ValueError, match="found 3 sources, 2 iterations"):
        easy_to_hard(LONG, (1, 2, 3), 2)
    assert in_turn([Endless(LONG)], 4) == Schedule(((4, Endless(LONG)),))


# Broken if earlier problems came in another share, from a later turn, or in the first turn.
def test_earlier_problems_are_replayed(tmp_path: Path) -> None:
    store, source = Store(tmp_path), rehearsed(easy_to_hard(LONG, (1, 3, 5), 6), 0.5)
    found = [Counter(steps(source.batch(store, 8, 0, i, 0))) for i in (2, 4)]
    assert found == [{3: 4, 1: 4}, {5: 4, 1: 2, 3: 2}]
    assert source.turns[0] == easy_to_hard(LONG, (1, 3, 5), 6).turns[0]
    with pytest.raises(ValueError, match=r"lies between 0 and 1; found 1\.0"):
        replay(Endless(LONG), Endless(LONG), 1.0)


# --- starts from a prefix


@dataclass(frozen=True)
class Fixed:
    """Always the first problems of a family."""

    family: Family

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> list[Problem]:
        return list(Endless(self.family).batch(context, count, 0, 0, 0))


WRITTEN = {
    "programs": (Endless(LONG), Compact()),
    "one by one": (Fixed(LONG), Compact()),
    "two depths": (spectrum(LONG, (2, 6)), Compact()),
    "graphs": (Endless(Dag()), Equations()),
}


def vocab_of(source: ProblemSource, surface: Surface) -> Vocab:
    return VOCAB if surface == Compact() else surface.vocab(Dag().names, Dag().primitives, Dag().modulus)


# Broken if the prompt did not go on with the first steps of the solution, or what is left were not the rest, to the token.
@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("given", [0.0, 0.3, 1.0])
def test_a_prefix_moves_steps_from_the_solution_to_the_prompt(name: str, given: float, tmp_path: Path) -> None:
    (source, surface), store = WRITTEN[name], Store(tmp_path)
    vocab = vocab_of(source, surface)
    problems = Prefixed(source, 0.5, given).batch(store, 8, 0, 0, 0)
    assert problems == source.batch(store, 8, 0, 0, 0)
    assert sum(n > 0 for n in problems.steps) == (4 if given else 0)
    plain, found = (write(p, surface, vocab) for p in (source.batch(store, 8, 0, 0, 0), problems))
    for i, (prompt, n) in enumerate(zip(found.unpadded, problems.steps, strict=True)):
        assert n in (0, round(given * len(problems[i].proof)))
        cut, rest = found.begun[i], found.solutions[i, : found.lengths[i]].tolist()
        whole = plain.solutions[i, : plain.lengths[i]].tolist()
        assert prompt == plain.unpadded[i] + whole[:cut]
        assert rest == whole[cut:]
        said = surface.read(vocab.decode(whole[:cut])).assertions
        assert [a.name for a in said] == [s.name for s in problems[i].proof[:n]]
        if n == len(problems[i].proof):
            assert len(rest) == 3  # answer, value, end
    assert found.sole == plain.sole


# Broken if the judge did not see the given steps, or took them for a derivation that goes wrong afterwards; by tokens, or as it reads.
@pytest.mark.parametrize("name", WRITTEN)
def test_the_judge_judges_the_whole(name: str, tmp_path: Path) -> None:
    (source, surface), store = WRITTEN[name], Store(tmp_path)
    vocab = vocab_of(source, surface)
    request = ask(vocab, Prefixed(source, 0.7, 0.5).batch(store, 6, 0, 0, 0), Sampler(2, surface=surface), 1_000, "judge")
    w = request.written
    rests = [row[:n] for row, n in zip(w.solutions.tolist(), w.lengths.tolist(), strict=True)]
    tokens, lengths = pad_rows([row for rest in rests for row in (rest, rest[:-2] + rest[-1:])])  # the second says no value
    r = judged(request, Completions(tokens, lengths, tokens > 0, torch.zeros(tokens.shape), 1))
    assert (r.solutions is None) == (name in ("one by one", "graphs"))
    assert r.process.tolist() == r.correct.tolist() == [True, False] * 6
    assert [v.process for v in r.verdicts] == [True, False] * 6
    assert all(verify(r.problems[b // 2], r.traces[b]) == v for b, v in enumerate(r.verdicts))
    assert [len(r.traces[2 * p].assertions) for p in range(6)] == [len(p.proof) for p in r.problems]


# Broken if the policy were asked, or learned, otherwise where no step is given: to the bit.
def test_a_prefix_of_no_steps_is_none(tmp_path: Path) -> None:
    stores = [Store(tmp_path / name) for name in "abc"]
    learned = []
    sources = (Endless(FAMILY), Prefixed(Endless(FAMILY), 1.0, 0.0), Prefixed(Endless(FAMILY), 0.0, 1.0))
    for store, source in zip(stores, sources, strict=True):
        stage = Learn(FRESH, ((1.0, Practice(source, Coin(), sampler=Sampler(4), problems=2)),), 3)
        learned.append(results(store.get(stage)) | {"stage.json": b"", "checksums.json": b""})
    assert learned[0] == learned[1] == learned[2]


# Broken if completions did not follow the given steps, if given tokens were learned from, or roles were those of other words.
def test_completions_go_on_from_the_prefix(tmp_path: Path) -> None:
    store, family = Store(tmp_path), replace(FAMILY, steps=2)
    model, vocab = load_policy(store.get(FRESH)).model, FRESH.vocab
    problems = Prefixed(Endless(family), 0.5, 0.5).batch(store, 4, 0, 0, 0)
    r = rollout(model, vocab, problems, Sampler(3, records=("roles",)), "go on")
    assert sorted(r.begun.tolist()) == [0, 0, 4, 4]
    for b, tokens in enumerate(r.completions):
        p = b // 3
        prompt = r.prompts[p, : r.prompt_lengths[p]].tolist()
        assert r.whole[b] == (*prompt[len(prompt) - r.begun[p] :], *tokens)
        logits = model(torch.tensor([[*prompt, *tokens]]))[0, len(prompt) - 1 : -1]
        mine = logits.log_softmax(-1).gather(1, torch.tensor(tokens)[:, None])[:, 0]
        assert r.logp[b, : len(tokens)].tolist() == pytest.approx(mine.tolist(), abs=1e-5)
        assert int(r.mask[b].sum()) == len(tokens)
        roles = Compact().roles(vocab.decode(r.whole[b]))[r.begun[p] :]
        assert r.roles[b, : len(tokens)].tolist() == [("plan", "copy", "execute", "answer", "meta").index(role) for role in roles]


# Broken if a document of an accepted completion lacked the steps that were given, or carried loss on them.
def test_samples_with_a_prefix_are_documents(tmp_path: Path) -> None:
    store, family = Store(tmp_path), replace(FAMILY, steps=2)
    stage = Sample(FRESH, Prefixed(Endless(family), 1.0, 0.5), 3, Sampler(2))
    problems = Prefixed(Endless(family), 1.0, 0.5).batch(store, 3, 0, 0, 0)
    for i, document in enumerate(read_samples(stage, store).documents):
        first = Compact().solution(problems[i // 2])[:4]
        assert document.prompt == (*Compact().prompt(problems[i // 2]), *first)
        assert Verified(stage).learned(document) == (True,) * len(document.body)


# Broken if the share of problems with a prefix were another, they were always the same ones, or a batch came back otherwise.
def test_the_share_with_a_prefix_is_exact_in_the_mean(tmp_path: Path) -> None:
    store, source = Store(tmp_path), Prefixed(Fixed(LONG), 0.3, 0.5)
    drawn = [source.batch(store, 5, 0, i, 0).steps for i in range(400)]
    assert {sum(n > 0 for n in each) for each in drawn} == {1, 2}
    assert np.mean([[n > 0 for n in each] for each in drawn], 0).tolist() == pytest.approx([0.3] * 5, abs=0.08)
    assert [source.batch(store, 5, 0, i, 0).steps for i in reversed(range(400))] == drawn[::-1]


# Broken if steps were given that a solution has not, one a problem were not, or they were given twice over.
def test_impossible_prefixes_are_refused(tmp_path: Path) -> None:
    problems = Endless(LONG).batch(Store(tmp_path), 2, 0, 0, 0)
    with pytest.raises(ValueError, match="7 steps of a solution are given, which has 6"):
        write(Begun(problems, (0, 7)), Compact(), VOCAB)
    with pytest.raises(ValueError, match="each of the 2 problems has a number of given steps"):
        Begun(problems, (1,))
    with pytest.raises(ValueError, match="give them once"):
        write(Begun(Begun(problems, (1, 0)), (0, 1)), Compact(), VOCAB)


# --- the adaptive edge


@dataclass(frozen=True, eq=False, repr=False)
class Found(Stage):
    """An edge of which these difficulties are at it."""

    at: tuple[int, ...]
    writes: ClassVar[tuple[str, ...]] = ("edge.json",)

    def run(self, out: Path, context: Context) -> None:
        bands = {"below": [], "at": list(self.at), "beyond": []}
        write_json(out / "edge.json", {"bands": bands, "reasons": {"below": "none", "beyond": "none"}})


SEEN: list[object] = []


@dataclass(frozen=True)
class Noted:
    """A band whose batches are noted."""

    band: Band

    @property
    def stream(self) -> object:
        return self.band.stream

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> object:
        SEEN.append((iteration, problems := self.band.batch(context, count, seed, iteration, draw)))
        return problems


# Broken if problems around an edge lay around another place, left out what is there, or were not those of their difficulties.
def test_problems_around_an_edge(tmp_path: Path) -> None:
    store, edge = Store(tmp_path), Found((3, 4))
    source = Around(LONG, edge, (-3, -1, 1, 6))  # difficulties 0 and 9 are none of this family
    assert Counter(steps(source.batch(store, 6, 0, 1, 0))) == {2: 3, 4: 3}
    assert source.batch(store, 6, 0, 1, 0) == spectrum(LONG, (2, 4)).batch(store, 6, 0, 1, 0)
    with pytest.raises(Undefined, match=r"no problems lie \(-3,\) steps from difficulty 3, the first at the edge"):
        Around(LONG, edge, (-3,)).batch(store, 6, 0, 0, 0)


# Broken if a round on a newly measured edge met the problems of the round before, or rounds on one edge were not the whole.
def test_rounds_on_a_moving_edge_go_on_to_new_problems(tmp_path: Path) -> None:
    edges = (Found((1, 2)), Found((2,)))

    def rounds(store: Store, bands: tuple[Band, ...], iterations: int) -> list[object]:
        SEEN.clear()
        policy: Stage = FRESH
        for band in bands:
            practice = Practice(Noted(band), Coin(), sampler=Sampler(2), problems=2)  # type: ignore[arg-type]
            policy = Learn(policy, ((1.0, practice),), iterations)
        store.get(policy)
        return list(SEEN)

    moving = rounds(Store(tmp_path / "moving"), tuple(Band(FAMILY, edge, "at") for edge in edges), 2)
    assert [iteration for iteration, _ in moving] == [0, 1, 2, 3]  # type: ignore[misc]
    assert [{len(p.proof) for p in batch} for _, batch in moving] == [{1}, {2}, {2}, {2}]  # type: ignore[misc]
    fixed = Band(FAMILY, edges[0], "at")
    assert rounds(Store(tmp_path / "two"), (fixed, fixed), 2) == rounds(Store(tmp_path / "one"), (fixed,), 4)


# Broken if a problem in a mixture, or a prefix beside whole solutions, were found too long only while RL runs.
@pytest.mark.parametrize(
    ("source", "room"),
    [
        (Mixture(((1.0, Endless(FAMILY)), (1.0, Endless(LONG)))), 0),
        (easy_to_hard(LONG, (1, 6), 2), 0),
        (Prefixed(Endless(LONG), 1.0, 0.5), 0),
        (Prefixed(Endless(LONG), 0.5, 0.5), 14),
    ],
)
def test_problems_that_do_not_fit_are_refused_before(source: ProblemSource, room: int) -> None:
    whole = len(Compact().prompt(problem(LONG, "train", 0))) + len(Compact().solution(problem(LONG, "train", 0))) + 4 + room
    practice = Practice(source, sampler=Sampler(2), problems=2)
    for context in (whole, whole - 1):
        config = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=context)
        learn = Learn(Fresh(config, VOCAB), ((1.0, practice),), 1)
        study = Study("room", "Is there room?", "", {"a": ("b",)}, partial(alone, learn), (), ())
        if context == whole:
            check_study(study, Setting(SMOKE, (0,)))
        else:
            with pytest.raises(ValueError, match="the model's context holds"):
                check_study(study, Setting(SMOKE, (0,)))


def alone(learn: Learn, setting: Setting, seed: int) -> tuple[Cell, ...]:
    return (Cell.of({"a": "b"}, seed, learn=learn),)


# Broken if the report took a completion that goes on from given steps for one of another problem, or showed it without them.
def test_the_report_shows_the_given_steps(tmp_path: Path) -> None:
    store, family = Store(tmp_path), replace(FAMILY, steps=2)
    cell = Cell.of({"a": "b"}, 0, sampled_after=Sample(FRESH, Prefixed(Endless(family), 1.0, 0.5), 2, Sampler(2)))
    store.get(cell["sampled_after"])
    study = Study("given", "What is given?", "", {"a": ("b",)}, lambda setting, seed: (cell,), (), ())
    _, failed = exhibits(collect(study, Setting(SMOKE, (0,)), (cell,), store))
    assert failed
    assert failed.trace.assertions[0].name == failed.problem.proof[0].name
    assert verify(failed.problem, failed.trace).steps[0]
