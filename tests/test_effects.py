"""Effects of learning: what was newly solved, lost and forgotten, how far the policy moved, and what a sharpened base would do."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.claims.claims import IfMeasured
from analysis.measures import Edge, Rule
from analysis.measures.effects import (
    AT_EDGE,
    Changes,
    Distance,
    Fitted,
    Forgetting,
    Likelihood,
    OnBand,
    OnDepth,
    SampledChanges,
    Sharpened,
    Steady,
    distances,
)
from analysis.measures.effects.curve import Sigmoid, fitted
from analysis.measures.effects.likelihood import read_likelihood
from analysis.measures.effects.sharpened import bracket, different, resampled
from analysis.measures.estimates import Thresholds, crossed, exact_pass_all_k, exact_pass_at_k, origin
from analysis.measures.facts import Cell, Outcome, measured, outcomes
from analysis.measures.scores import read_scores
from models import GPTConfig
from models.sampling import chosen_logp
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program, Uses, has_one_derivation
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.ledger import read_ledger
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh, load_policy
from train.rl import Endless, Process, Sampler
from train.rl.problems import Band
from train.sample import Sample, Samples, read_samples
from train.score import Score
from train.stages.store import Store

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), Uses(("mul",), 1), modulus=3)
VOCAB = Compact().vocab(3, (ADD, MUL), 3)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=2, heads=2, kv_heads=2, context=64), VOCAB)
BEFORE = Learn(FRESH, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), tokens=300)),), 45, Optim(2e-2))  # solves some problems
AFTER = Learn(BEFORE, ((1.0, Practice(Endless(FAMILY), Process(), sampler=Sampler(8), problems=8)),), 12, Optim(3e-3))
SCORES = Score(BEFORE, (FAMILY, replace(FAMILY, steps=2)), 40)
EDGE = Edge(SCORES, Rule(mastered=2.0, hard=2.0, reach=0.0, room=1.0, hopeless=-1.0))  # all lies at the edge
ASKED = Sample(BEFORE, Band(FAMILY, EDGE, "at", "test"), 6, Sampler(32))
ODD = replace(ASKED, policy=FRESH)  # ends anywhere, or is cut off
ANSWERED = replace(ASKED, policy=AFTER)
CELL = Cell.of(
    {"arm": "x"}, 0, edge=EDGE, before=SCORES, after=replace(SCORES, policy=AFTER), learn=AFTER, sampled_before=ASKED,
    sampled_after=ANSWERED, known_before=SCORES, known_after=replace(SCORES, policy=AFTER), **distances(ASKED, ANSWERED),
)  # fmt: skip
ORIGINS = ("created@128", "elicited@128", "undetermined@128")
MEASURES = (
    Changes(),
    SampledChanges(),
    Forgetting(),
    Distance(),
    Steady(ks=(2,)),
    OnBand(),
    OnDepth(2),
    Sharpened(),
    Fitted(metric="reward"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("store"))
    for stage in CELL.stages:
        store.get(stage)
    return store


@pytest.fixture(scope="module")
def found(store: Store) -> Outcome:
    (outcome,) = outcomes(measured(CELL, MEASURES, store))
    return outcome


# A claim on what a measure gives is refused before the run, unless the measure says that it gives it.
def test_every_measure_says_what_it_gives(store: Store) -> None:
    for measure in MEASURES:
        given = {(f.phase, f.metric) for f in measure(CELL, store)}
        said = {(f.phase, f.metric) for f in measure.imagined(CELL)}
        assert given <= said, measure
        assert isinstance(measure, Fitted) or given == said, measure


# --- newly solved, lost, forgotten


# p of .4, .6, .6, .4 before and .6, .6, .4, .4 after: the first is gained and the third lost, at a bound of one half.
def test_what_is_gained_and_lost_by_hand() -> None:
    before, after = (np.array(p) >= 0.5 for p in ([0.4, 0.6, 0.6, 0.4], [0.6, 0.6, 0.4, 0.4]))
    gained, lost = crossed(before, after)
    assert gained.tolist() == [True, False, False, False]
    assert lost.tolist() == [False, False, True, False]


# 100 samples of a base with p = .0004, .0006, .009 and .011 hold .04, .06, .9 and 1.1 solutions on average.
def test_origins_by_hand() -> None:
    logp = np.log([0.0004, 0.0006, 0.009, 0.011])
    assert origin(logp, 100).tolist() == ["created", "undetermined", "undetermined", "elicited"]
    assert origin(logp, 100, Thresholds(hardly=0.07, surely=0.8)).tolist() == ["created", "created", "elicited", "elicited"]


# Broken if a newly solved problem had no origin or two, if gains and losses did not add up, or a share were of something else.
def test_changes_are_of_every_problem(store: Store, found: Outcome) -> None:
    before, after = (np.exp(read_scores(CELL.stage(name, Score), store).plain) for name in ("before", "after"))
    assert found.curve("after", "newly solved") != found.curve("after", "lost")
    back = {(f.metric, f.at): f.value for f in Changes("after", "before")(CELL, store)}  # the way back loses what was gained
    for i, n in enumerate((1, 2)):
        gained, lost, *origins = (found.curve("after", metric)[n] for metric in ("newly solved", "lost", *ORIGINS))
        assert (back["lost", n], back["newly solved", n]) == (gained, lost)
        assert sum(back[metric, n] for metric in ORIGINS) == pytest.approx(lost)
        assert gained - lost == pytest.approx((after[i] >= 0.5).mean() - (before[i] >= 0.5).mean())
        assert sum(origins) == pytest.approx(gained)
        assert found.value("after", AT_EDGE) == pytest.approx(np.mean([exact_pass_at_k(np.log(p), 128).mean() for p in after]))
        assert found.curve("after", "pass^2")[n] == pytest.approx((after[i] ** 2).mean())
    assert found.value("after", "pass@1 at 2 steps") == pytest.approx(after[1].mean())
    assert found.value("before", "pass@1 in distribution") == pytest.approx(before.mean())
    assert found.value("after", "pass@1 in distribution") == pytest.approx(after.mean())


# Of the first and the second half of the base's completions, and the first of the trained policy's: what crosses between halves of one
# policy is noise.
def test_sampled_changes_have_a_noise_floor(store: Store) -> None:
    before, after = (read_samples(s, store).process.reshape(6, 32) for s in (ASKED, ANSWERED))
    halves = before.reshape(6, 2, 16).mean(2)
    level = float(halves[halves[:, 0] != halves[:, 1]].max())  # which a problem crosses by chance
    first, again, then = (half.mean(1) >= level for half in (before[:, :16], before[:, 16:], after[:, :16]))
    assert (first != again).any()
    shares = {f.metric: f.value for f in SampledChanges(thresholds=Thresholds(solved=level))(CELL, store)}
    assert shares["newly solved (sampled)"] == pytest.approx((~first & then).mean())
    assert shares["lost (sampled)"] == pytest.approx((first & ~then).mean())
    assert shares["noise floor (sampled)"] == pytest.approx((first != again).mean() / 2)


# pass^k of p = 1/2 and k = 2 is 1/4, where pass@k is 3/4; both are p at k = 1.
def test_pass_all_k_by_hand() -> None:
    logp = np.log([0.5, 1.0])
    assert exact_pass_all_k(logp, 2).tolist() == pytest.approx([0.25, 1.0])
    assert exact_pass_at_k(logp, 2).tolist() == pytest.approx([0.75, 1.0])
    with pytest.raises(ValueError, match="at most 0"):
        exact_pass_all_k(np.array([0.1]), 2)


# --- how far the policy moved


# Broken if a word were left out or counted twice, padding counted, or a completion stood behind the prompt of another problem.
def test_a_likelihood_is_that_of_each_completion_alone(store: Store) -> None:
    scored, samples, model = (
        read_likelihood(Likelihood(AFTER, ODD), store),
        read_samples(ODD, store),
        load_policy(store.get(AFTER)).model.eval(),
    )
    problems = ODD.source.batch(store, 6, 0, 0, 0)
    documents = [(d.prompt, d.body) for d in samples.documents]
    documents += [(tuple(Compact().prompt(p)), tuple(Compact().solution(p))) for p in problems]
    assert len({len(body) for _, body in documents}) > 3
    for (prompt, body), value in list(zip(documents, [*scored.logp, *scored.solutions], strict=True))[::7]:
        tokens = torch.tensor([VOCAB.encode(prompt + body)])
        with torch.no_grad():
            each = chosen_logp(model(tokens[:, :-1]), tokens[:, 1:])[0, len(prompt) - 1 :]
        assert value == pytest.approx(float(each.sum()), abs=1e-4)


# A completion of another temperature has another probability than the one that drew it.
def test_only_plain_samples_have_a_likelihood() -> None:
    with pytest.raises(ValueError, match="at temperature 1"):
        Likelihood(BEFORE, replace(ASKED, sampler=Sampler(4, temperature=0.5)))


# A policy does not differ from itself; either divergence is the mean of what it is a mean of, on the completions of its first policy.
def test_divergence_goes_both_ways(store: Store, found: Outcome) -> None:
    logp = {name: read_likelihood(CELL.stage(name, Likelihood), store).logp for name in Distance().needs}
    forward, reverse = found.value("after", "forward KL"), found.value("after", "reverse KL")
    assert forward == pytest.approx((logp["before_of_before"] - logp["after_of_before"]).mean())
    assert reverse == pytest.approx((logp["after_of_after"] - logp["before_of_after"]).mean())
    assert forward != reverse
    assert min(forward, reverse) > 0  # of a policy that learned
    itself = Cell.of({"arm": "x"}, 0, **distances(ASKED, ASKED))
    for stage in itself.stages:
        store.get(stage)
    assert [f.value for f in Distance()(itself, store)] == [0, 0]


# --- the power-sampled base


# Three completions of p = 1/2, 1/4, 1/4, the first right: under p^2 it weighs 4 of 6 of the whole, but is drawn once, like the others,
# so 1/2 of the resampled (weights 2, 1, 1). Seen 1/2 and 1/4, the rest is 1/4: p^2 sums to 5/16, and to 6/16 at most.
def test_sharpening_by_hand() -> None:
    logp, right = np.log([0.5, 0.25, 0.25]), np.array([True, False, False])
    assert resampled(logp, right, 2.0) == pytest.approx(1 / 2)
    assert resampled(logp, right, 1.0) == pytest.approx(1 / 3)
    assert bracket(math.log(0.5), np.log([0.5, 0.25]), 2.0) == pytest.approx((4 / 6, 4 / 5))
    assert bracket(math.log(0.5), logp, 2.0) == pytest.approx((4 / 6, 4 / 6))
    assert bracket(-math.inf, np.array([-math.inf, 0.0]), 2.0) == (0, 0)


# Broken if the bounds could miss the truth, which the sum over all sequences gives; by resampling it is reached in the end.
@given(st.lists(st.integers(1, 40), min_size=2, max_size=7), st.integers(0, 99), st.sampled_from([1.0, 2.0, 4.0]))
def test_the_bounds_hold_the_truth(weights: list[int], some: int, alpha: float) -> None:
    p = np.array(weights) / sum(weights)
    truth = p[0] ** alpha / (p**alpha).sum()
    seen = [0, *(i for i in range(1, len(p)) if some >> i & 1)]
    low, high = bracket(math.log(p[0]), np.log(p[seen]), alpha)
    assert low - 1e-9 <= truth <= high + 1e-9
    drawn = np.repeat(np.arange(len(p)), weights)  # as often as p says
    assert resampled(np.log(p[drawn]), drawn == 0, alpha) == pytest.approx(truth)


# Broken if a bound were of other problems or samples, an alpha of 1 changed the base, or what was cut off counted as a whole sequence.
def test_the_sharpened_base_lies_within_its_bounds(store: Store, found: Outcome) -> None:
    assert has_one_derivation(FAMILY)
    for alpha, k in product((2, 4), (1, 8)):
        low, high = (found.curve("before", f"power {alpha} pass@{k}{end}")[1] for end in (" low", " high"))
        assert 0 < low <= high < 1
    plain = {f.metric: f.value for f in Sharpened(alphas=(1.0,))(CELL, store)}
    assert plain["power 1 pass@1"] == pytest.approx(read_samples(ASKED, store).process.mean())
    solutions = np.exp(read_likelihood(CELL.stage("before_of_before", Likelihood), store).solutions)
    assert plain["power 1 pass@1 low"] == pytest.approx(solutions.mean())  # at alpha 1 the bounds meet
    tokens = sum(len(words.split()) for words in read_samples(ASKED, store).words)
    assert found.value("before", "power tokens") == pytest.approx(tokens / read_ledger(store.get(AFTER)).sampled)


# Of five rows, the second is the solution, the third a repeat of the first, and the fourth was cut off: no sequence, but the beginning of
# many, which would lower the high bound.
def test_sequences_are_seen_once_and_whole() -> None:
    words = ("a <end>", "b <end>", "a <end>", "c c", "d <end>")
    samples = Samples(("q",), np.zeros(5, np.int64), words, np.zeros(5, bool), np.array([False, True, False, False, False]))
    logp = np.array([-1.0, -2.0, -1.0, -3.0, -4.0])
    assert different(samples, logp, np.arange(5), -2.0).tolist() == [-2.0, -1.0, -4.0]


# --- the learning curve


X = list(range(1, 81, 2))


# Broken if a fit did not find the curve that it is given, or told speed and asymptote for one another.
@pytest.mark.parametrize(
    "true", [Sigmoid(0.1, 0.9, 3.0, 20.0), Sigmoid(0.1, 0.9, 3.0, 40.0), Sigmoid(0.1, 0.5, 1.5, 10.0), Sigmoid(0.8, 0.1, 4, 30)]
)
def test_a_sigmoid_is_found_again(true: Sigmoid) -> None:
    noise = np.random.default_rng(0).normal(scale=0.005, size=len(X))
    got = fitted(X, [true.start, *([true(x) for x in X] + noise)[1:]])
    assert got is not None
    assert (got.asymptote, got.midpoint) == pytest.approx((true.asymptote, true.midpoint), rel=0.15)
    assert got.steepness == pytest.approx(true.steepness, rel=0.25)
    assert true(true.midpoint) == pytest.approx((true.start + true.asymptote) / 2)


# A number from a curve that does not tell it would be believed: noise around a constant, a line that has not bent yet, a few points.
def test_no_fit_is_no_number() -> None:
    noise = np.random.default_rng(1).normal(scale=0.02, size=len(X))
    assert fitted(X, (0.5 + noise).tolist()) is None
    assert fitted(X, [0.5] * len(X)) is None
    assert fitted(X, [0.001 * x for x in X]) is None
    assert fitted(X, [Sigmoid(0.1, 0.9, 2.0, 60.0)(x) + 2 * e for x, e in zip(X, noise, strict=True)]) is None  # it ends before it bends
    assert fitted(X[:7], [Sigmoid(0, 1, 3, 5)(x) for x in X[:7]]) is None


# A claim on an asymptote leaves out the seeds whose curve has none, and keeps the others.
def test_a_fit_that_is_missing_drops_the_seed(found: Outcome) -> None:
    assert found.value("learning", "reward: fitted") in (0, 1)
    there = found.value("learning", "reward: asymptote") is not None
    assert there == bool(found.value("learning", "reward: fitted"))
    assert list(IfMeasured("learning", "reward: asymptote")(found)) == ([None] if there else [])
    assert list(IfMeasured("learning", "no such metric")(found)) == []
