"""The distribution over completions: cover, support, crossover, perplexity, calibration, objectives and entropy."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures.behaviour import (
    COVER,
    USUAL,
    Calibration,
    Climbed,
    Cover,
    Crossover,
    Matched,
    Perplexity,
    Reached,
    SampledCrossover,
    Supports,
    TokenEntropy,
)
from analysis.measures.behaviour.calibration import agreement, auroc, calibration_error
from analysis.measures.behaviour.climbed import climbed
from analysis.measures.behaviour.cover import cover
from analysis.measures.behaviour.crossover import crossover, guess_floor, log_failure
from analysis.measures.behaviour.entropy import read_entropy
from analysis.measures.behaviour.matched import nearest
from analysis.measures.behaviour.perplexity import perplexities, usual
from analysis.measures.behaviour.reached import sets
from analysis.measures.behaviour.support import support
from analysis.measures.effects import Likelihood
from analysis.measures.effects.likelihood import read_likelihood
from analysis.measures.estimates import entropy, exact_pass_at_k
from analysis.measures.facts import Cell, Outcome, measured, outcomes
from analysis.measures.scores import read_scores
from synthtasks.surfaces import Compact
from tests.test_effects import AFTER, ANSWERED, ASKED, BEFORE, CELL, FRESH, ODD, SCORES, VOCAB
from train.policy import load_policy
from train.sample import read_samples
from train.stages.store import Store

TEMPERATURES = (0.5, 1.0, 2.0)
MINE = Cell.of(
    {"arm": "x"}, 0, **dict(CELL.named), tempered=replace(SCORES, policy=AFTER, temperatures=TEMPERATURES),
    entropy_before=TokenEntropy(ODD), entropy_after=TokenEntropy(ANSWERED, TEMPERATURES), before_of_teacher=Likelihood(BEFORE, ODD),
)  # fmt: skip
MEASURES = (
    Cover(),
    Cover("before", "before"),
    Supports(budgets=(2, 128)),
    Crossover(),
    SampledCrossover(),
    Perplexity(),
    Calibration(),
    Climbed(),
    Matched(),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("store"))
    for stage in MINE.stages:
        store.get(stage)
    return store


@pytest.fixture(scope="module")
def found(store: Store) -> Outcome:
    (outcome,) = outcomes(measured(MINE, MEASURES, store))
    return outcome


# A claim on what a measure gives is refused before the run, unless the measure says that it gives it.
def test_every_measure_says_what_it_gives(store: Store) -> None:
    for measure in MEASURES:
        given = {(f.phase, f.metric) for f in measure(MINE, store)}
        said = {(f.phase, f.metric) for f in measure.imagined(MINE)}
        assert given, measure
        assert given <= said, measure


# --- cover and support


# Of p = .1, .5, .5, 1, all reach .1, three .5 (with equality), one .9.
def test_cover_by_hand(store: Store, found: Outcome) -> None:
    assert cover(np.log([0.1, 0.5, 0.5, 1.0]), np.array([0.05, 0.5, 0.9])).tolist() == [1.0, 0.75, 0.25]
    p = np.exp(read_scores(SCORES, store).plain)
    assert found.curve("before", COVER)[0.3] == pytest.approx((p >= 0.3).mean())


# The mean pass@k is the integral of cover over the density k (1 - tau)^(k - 1); summed here over a fine grid.
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5), st.sampled_from([1, 3, 8]))
def test_pass_at_k_is_a_mean_of_cover(p: list[float], k: int) -> None:
    edges = np.linspace(0, 1, 4_001)
    weights, heights = -np.diff((1 - edges) ** k), cover(np.log(p), (edges[:-1] + edges[1:]) / 2)
    integral = float(weights @ heights)
    assert integral == pytest.approx(exact_pass_at_k(np.log(p), k).mean(), abs=2e-3)


# At a budget of 10, p of .2, .2, .05, .05, .1 before and .3, .05, .05, .5, .1 after: two are kept (p = 1/10 counts), one is brought in,
# one dropped. Retention 2/3, discovery 1/3, their harmonic mean 4/9, change 0.
def test_support_by_hand() -> None:
    s = support(np.log([0.2, 0.2, 0.05, 0.05, 0.1]), np.log([0.3, 0.05, 0.05, 0.5, 0.1]), 10)
    assert (s.preserved, s.expanded, s.shrunk) == (2, 1, 1)
    assert (s.retention, s.discovery, s.dynamics, s.change) == pytest.approx((2 / 3, 1 / 3, 4 / 9, 0))
    lost = support(np.log([0.2, 0.2]), np.log([0.2, 0.01]), 10)
    assert (lost.retention, lost.discovery, lost.dynamics, lost.change) == pytest.approx((1 / 2, 0, 0, -1 / 2))
    assert math.isnan(support(np.log([0.01]), np.log([0.01]), 10).change)


# --- crossover


# A base with p = .3, .3 fails .49 of two tries; RL with .9, 0 fails 1/2 of any: the base leads from 2 on. Where RL raises every p it never
# does, though both round to 1.
def test_crossover_by_hand() -> None:
    base, narrowed, better = np.log([0.3, 0.3]), np.array([math.log(0.9), -math.inf]), np.log([0.4, 0.9])
    fails = [{k: log_failure(logp, k) for k in (1, 2, 4, 1_000_000)} for logp in (base, narrowed, better)]
    assert fails[0][2] == pytest.approx(math.log(0.49))
    assert fails[1][2] == pytest.approx(math.log((0.01 + 1) / 2))
    assert crossover(fails[0], fails[1]) == 2
    assert crossover(fails[0], fails[2]) is None
    assert exact_pass_at_k(base, 1_000_000).mean() == exact_pass_at_k(better, 1_000_000).mean() == 1
    assert log_failure(np.zeros(2), 3) == -math.inf


# Among 10 answers one guess is right with a chance of .1, one of two with 1 - .81.
def test_guess_floor_by_hand() -> None:
    assert [guess_floor(10, 1), guess_floor(10, 2), guess_floor(1, 5)] == pytest.approx([0.1, 0.19, 1.0])


# Broken if answers and processes, or before and after, were mixed up, the gap had its ends exchanged, or a curve were of other samples.
def test_crossovers_are_of_what_they_say(store: Store, found: Outcome) -> None:
    before, after = (read_scores(CELL.stage(name, type(SCORES)), store).plain for name in ("before", "after"))
    gap = exact_pass_at_k(before, 256).mean() - exact_pass_at_k(after, 1).mean()
    assert found.value("after", "efficiency gap") == pytest.approx(gap)
    for phase, sample in (("before", ASKED), ("after", ANSWERED)):
        samples = read_samples(sample, store)
        assert found.curve(phase, "pass@k by answer")[1] == pytest.approx(samples.correct.mean())
        assert found.curve(phase, "pass@k by sampled process")[1] == pytest.approx(samples.process.mean())
    assert list(found.curve("after", "pass@k by answer")) == [1, 2, 4, 8, 16]
    assert found.curve("floor", "pass@k by answer")[2] == pytest.approx(1 - (2 / 3) ** 2)
    answers = {phase: found.curve(phase, "pass@k by answer") for phase in ("before", "after")}
    lead = max(answers["before"][k] - answers["after"][k] for k in (1, 2, 4, 8, 16))
    assert found.value("after", "lead of the base by answer") == pytest.approx(lead)
    assert found.value("after", "crossover by answer") == next(
        (k for k in answers["after"] if answers["before"][k] >= answers["after"][k]), None
    )
    (back,) = outcomes(measured(Cell.of({}, 0, edge=MINE["edge"], before=MINE["after"], after=MINE["before"]), (Crossover(),), store))
    assert back.value("after", "crossover by exact process") == 1  # who was better from the start crosses at once


# --- perplexity


# Two words of log-probability -2 in all are as perplexing as a choice among e. Of ten own values 0..9 the 5th percentile is .45.
def test_perplexity_by_hand() -> None:
    assert perplexities(np.array([-2.0, -math.log(8)]), np.array([2.0, 3.0])).tolist() == pytest.approx([math.e, 2.0])
    own = np.arange(10.0)
    assert usual(np.array([0.0, 0.44, 0.46, 20.0]), own) == 1 / 2
    assert usual(own, own) == 0.9


# Broken if a perplexity were under another policy or of other completions, or unverified completions counted.
def test_perplexities_are_of_whom_they_say(store: Store, found: Outcome) -> None:
    by = {name: read_likelihood(MINE.stage(name, Likelihood), store).logp for name in Perplexity().needs}
    words = {name: np.array([len(w.split()) for w in read_samples(s, store).words]) for name, s in (("before", ASKED), ("after", ANSWERED))}
    for kind, name, of in (("base of base", "before_of_before", "before"), ("base of own", "before_of_after", "after")):
        assert found.value("after", f"perplexity, {kind}") == pytest.approx(np.median(np.exp(-by[name] / words[of])))
    assert found.value("after", "perplexity, base of teacher") > found.value("after", "perplexity, base of base")  # type: ignore[operator]
    verified = [by[n][read_samples(s, store).process] for n, s in (("before_of_before", ASKED), ("before_of_after", ANSWERED))]
    assert found.value("after", USUAL) == pytest.approx((verified[1] >= np.quantile(verified[0], 0.05)).mean())


# --- calibration


# Shares of 1/2 have an entropy of log 2, a single one none.
def test_entropy_of_shares_by_hand() -> None:
    assert entropy(np.array([0.5, 0.5, 0.0])) == pytest.approx(math.log(2))
    assert entropy(np.array([0.0, 1.0])) == 0


# Right ones at .9 and .4, wrong ones at .4 and .1: of four pairs three are in order and one is a tie.
def test_auroc_by_hand() -> None:
    confidence, right = np.array([0.9, 0.4, 0.4, 0.1]), np.array([True, True, False, False])
    assert auroc(confidence, right) == 3.5 / 4
    assert auroc(-confidence, right) == 0.5 / 4
    assert auroc(confidence, np.ones(4, bool)) is None


# A scale of confidence is a convention: broken if AUROC looked at more than the order.
@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=2, max_size=20))
def test_a_monotone_map_leaves_auroc_unchanged(rows: list[tuple[int, bool]]) -> None:
    confidence, right = np.array([c / 20 for c, _ in rows]), np.array([r for _, r in rows])
    assert auroc(confidence, right) == auroc(np.exp(3 * confidence) - 7, right) == auroc(np.log(confidence), right)
    if (area := auroc(confidence, right)) is not None:
        pairs = [(a > b) + (a == b) / 2 for a in confidence[right] for b in confidence[~right]]
        assert area == pytest.approx(np.mean(pairs))


# In two bins of two completions: .2 and .4 with one right are .4 too low in all, .9 and 1 with one right .9 too high: (.4 + .9) / 4.
def test_calibration_error_by_hand() -> None:
    right = np.array([True, False, True, False])
    assert calibration_error(np.array([0.2, 0.4, 0.9, 1.0]), right, bins=2) == pytest.approx(1.3 / 4)
    with pytest.raises(ValueError, match=r"lies in \[0, 1\]"):
        calibration_error(np.array([-0.1, 0.4, 0.9, 1.0]), right)


# Four equal answers agree wholly, four different ones not at all; two and two have half of the entropy.
def test_agreement_by_hand() -> None:
    assert [agreement(a) for a in ("aaaa", "abcd", "aabb")] == pytest.approx([1, 0, 1 / 2])


# Broken if confidences were those of other completions, or agreement went over problems.
def test_calibration_is_of_own_completions(store: Store, found: Outcome) -> None:
    samples, logp = read_samples(ANSWERED, store), read_likelihood(MINE.stage("after_of_after", Likelihood), store).logp
    mean = logp / np.array([len(w.split()) for w in samples.words])
    assert found.value("after", "AUROC of likelihood") == auroc(mean, samples.correct)
    answers = [str(Compact().read(tuple(w.split())).answer) for w in samples.words]
    agreed = np.repeat([agreement(answers[32 * p : 32 * p + 32]) for p in range(6)], 32)
    assert found.value("after", "calibration error of agreement") == pytest.approx(calibration_error(agreed.clip(0, 1), samples.correct))


# --- room


# Problems of p = .5, .01, .0001 and 0: 1,024 samples solve the first two, the others they solve with a chance of .097 and 0. At .0006 it is
# .46, at .001 it is .64, which is neither.
def test_sets_of_problems_by_hand() -> None:
    found = sets(np.array([*np.log([0.5, 0.01, 0.0001]), -np.inf, *np.log([0.0006, 0.001])]))
    assert found["solved"].tolist() == [True, True, False, False, False, False]
    assert found["unsolved"].tolist() == [False, False, True, True, True, False]


# Broken if the base's problems were chosen by the policy after learning, a phase had the numbers of another, or a set were of all problems.
def test_reach_is_on_the_problems_that_the_base_leaves(store: Store) -> None:
    cell = Cell.of({}, 0, reference=MINE["before"], **dict(MINE.named))
    (outcome,) = outcomes(measured(cell, (Reached(),), store))
    before, after = (read_scores(CELL.stage(name, type(SCORES)), store).plain for name in ("before", "after"))
    solved = exact_pass_at_k(before, 1_024) >= 0.99
    assert 8 <= solved.sum() < solved.size
    for phase, logp in (("before", before), ("after", after), ("matched", Matched().chosen(MINE, store).logp)):
        assert outcome.curve(phase, "solved: pass@k")[1] == pytest.approx(exact_pass_at_k(logp[solved], 1).mean())
    assert outcome.curve("after", "deeper: pass@k") == {}  # no problem is that deep


# --- objectives


# From p = .5, .5 to 1, .25: log p stays, pass@1 gains 1/8, pass@8 (1 + 1 - .75^8) / 2 - (1 - 1/256).
def test_objectives_by_hand() -> None:
    gains = climbed(np.log([0.5, 0.5]), np.log([1.0, 0.25]), (1, 8))
    expected = {"log p": 0.0, "pass@1": 1 / 8, "pass@8": 1 - 0.75**8 / 2 - (1 - 1 / 256)}
    assert gains == pytest.approx(expected, abs=1e-12)


# --- entropy


# Broken if padding or words of another completion counted, or the temperature did not divide the logits.
def test_token_entropy_is_that_of_each_completion_alone(store: Store) -> None:
    stage = TokenEntropy(ODD, TEMPERATURES)
    store.get(stage)
    got, model = read_entropy(stage, store), load_policy(store.get(FRESH)).model.eval()
    sums, words = np.zeros(3), 0
    for d in read_samples(ODD, store).documents:
        tokens = torch.tensor([VOCAB.encode(d.prompt + d.body)])
        with torch.no_grad():
            logits = model(tokens[:, :-1])[0, len(d.prompt) - 1 :]
        for i, t in enumerate(TEMPERATURES):
            sums[i] += torch.distributions.Categorical(logits=logits / t).entropy().sum().item()  # type: ignore[no-untyped-call]
        words += len(d.body)
    assert got == pytest.approx(sums / words, rel=1e-4)
    assert got[0] < got[1] < got[2]


# Broken if the temperature were not that of the nearest entropy, or the score that of another temperature.
def test_matched_is_at_the_nearest_entropy(store: Store, found: Outcome) -> None:
    assert nearest(np.array([0.1, 0.5, 0.9]), 0.65) == 1
    entropies = read_entropy(MINE.stage("entropy_after", TokenEntropy), store)
    target = read_entropy(MINE.stage("entropy_before", TokenEntropy), store)[0]
    place = int(np.abs(entropies - target).argmin())
    assert found.value("after", "matched temperature") == TEMPERATURES[place] != 1
    logp = read_scores(MINE.stage("tempered", type(SCORES)), store).logp[1, place]
    assert found.curve("after", "matched pass@128")[2] == pytest.approx(exact_pass_at_k(logp, 128).mean())
    assert (found.value("before", "entropy of a word"), found.value("after", "entropy of a word")) == pytest.approx((target, entropies[1]))


# An entropy of no temperature, or of several batches that it cannot tell apart, is none.
def test_entropies_that_are_none_are_refused() -> None:
    for sample, temperatures in ((ASKED, ()), (replace(ASKED, iterations=2), (1.0,))):
        with pytest.raises(ValueError, match="an entropy is at some temperatures"):
            TokenEntropy(sample, temperatures)
