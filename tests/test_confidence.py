"""Confidence as a reward, as a ranking of pairs, and its calibration: by hand, and by laws."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures.behaviour import AnswerCalibration
from analysis.measures.behaviour.calibration import auroc, brier, equal_mass_error, scaled, tempered, within
from analysis.measures.facts import Cell
from models.gpt import GPT
from synthtasks.corpora import Document
from synthtasks.rng import rng
from synthtasks.surfaces import ROLES
from synthtasks.trace import Words
from tests.strategies import examples
from tests.test_extensions_learn import FAMILY, SURFACE, TAUGHT, VOCAB, a_run, learned, weights_of
from tests.test_rewards import PROGRAM, saying
from tests.test_rewards import a_run as a_run_of_rewards
from train.losses import DPO, Common, Confident, Prefer, Ranked, Reversed, Right, Shuffled, SimPO
from train.losses.pairs import Pairs, Scores
from train.losses.prefer import Compared
from train.policy import load_policy
from train.rl import AnswerSpan, Certainty, Confidence, Endless, Inverse, Rollouts, Sampler
from train.sample import Sample, Samples, confidence, read_samples
from train.stages.stage import Stage
from train.stages.store import Store

SAMPLE = Sample(TAUGHT, Endless(FAMILY), 8, Sampler(8, records=("logp", "roles", "second")))
FREE = Ranked(least=0.0)  # all pairs of unequal confidence


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


# --- Rewards ---------------------------------------------------------------------------------------------------------


def rolled() -> Rollouts:
    """Two problems with two completions each: the first words are observed, a row has no answer, and every word has its own chance."""
    problems = [PROGRAM(np.random.default_rng(i)) for i in range(2)]
    said: list[Words] = [("answer", "3", "<end>"), ("answer", "0", "<end>"), ("answer", "1", "<end>"), ("answer", "1")]
    r = saying(problems, said, SURFACE, observed=1)
    chances = torch.tensor([[1.0, 0.5, 0.9], [1.0, 0.3, 0.9], [1.0, 0.2, 0.8], [1.0, 0.7, 1.0]])
    kinds = [[ROLES.index(role) + 1 for role in SURFACE.roles(words)] for words in said[:3]]
    roles = torch.tensor([*kinds, [1 + ROLES.index("meta")] * 2 + [0]])
    records = {"roles": roles, "second": (chances / 2).log(), "entropy": chances * r.mask}
    return replace(r, logp=chances.log() * r.mask, records=records)


# Worked by hand: the answers have .5, .3 and .2, and the last row none; their disparities are half of that.
def test_rewards_of_confidence_by_hand() -> None:
    r, run = rolled(), a_run_of_rewards()
    assert Confidence()(r, run).sum(1).tolist() == pytest.approx([0.5, 0.3, 0.2, 0.0])
    assert Confidence(AnswerSpan("disparity"))(r, run).sum(1).tolist() == pytest.approx([0.25, 0.15, 0.1, -1.0])
    assert Inverse(Confidence())(r, run).sum(1).tolist() == pytest.approx([0.5, 0.7, 0.8, 1.0])
    assert Certainty()(r, run).sum(1).tolist() == pytest.approx([-0.7, -0.6, -0.5, -0.7])
    assert (Confidence()(r, run) * ~r.mask == 0).all()


# Broken if an observed answer were the policy's own, and paid for with the chance of 1 that it has not.
def test_an_observed_answer_is_not_confident() -> None:
    r = rolled()
    observed = replace(r, mask=r.mask & (torch.arange(3) != 1), logp=r.logp * (torch.arange(3) != 1))
    assert Confidence()(observed, a_run_of_rewards()).sum(1).tolist() == [0.0] * 4


# --- Pairs -----------------------------------------------------------------------------------------------------------


def samples_of(*scores: float, problem: tuple[int, ...] = (0, 0, 0, 1, 1), words: tuple[str, ...] = ("",) * 5) -> Samples:
    """Completions that answer with one word of these chances."""
    roles = np.tile([float(ROLES.index("plan")), float(ROLES.index("answer"))], (len(scores), 1))
    logp = np.log(np.stack((np.full(len(scores), 0.5), scores), 1))
    right = np.array([True, False, True, False, False])
    return Samples(("", ""), np.array(problem), words, right, right, {"logp": logp, "roles": roles})


def as_set(pairs: Pairs) -> set[tuple[int, int]]:
    return set(zip(pairs.better.tolist(), pairs.worse.tolist(), strict=True))


# Worked by hand: of .95, .92, .5 and of .89, .1, the pairs whose better one has at least .9; all pairs; and pairs by the truth.
def test_pairs_by_hand() -> None:
    samples = samples_of(0.95, 0.92, 0.5, 0.89, 0.1)
    found = Ranked()(samples, SURFACE)
    assert as_set(found) == {(0, 1), (0, 2), (1, 2)}
    assert sorted(found.gaps.tolist()) == pytest.approx([0.03, 0.42, 0.45])
    assert as_set(FREE(samples, SURFACE)) == {(0, 1), (0, 2), (1, 2), (3, 4)}
    assert as_set(Ranked(Right())(samples, SURFACE)) == {(0, 1), (2, 1)}
    assert as_set(Reversed()(samples, SURFACE)) == {(1, 0), (2, 0), (2, 1)}
    assert Reversed()(samples, SURFACE).gaps.tolist() == found.gaps.tolist()


# Worked by hand: 1 is given twice and 2 once; of 0 and nothing, 0 is the commoner.
def test_the_common_answer_by_hand() -> None:
    words = ("answer 2 <end>", "answer 1 <end>", "answer 1 <end>", "answer", "answer 0 <end>")
    assert Common()(samples_of(*[0.5] * 5, words=words), SURFACE).tolist() == [0, 1, 1, 0, 1]


# Broken if the placebo had other gaps, or more or fewer pairs, or left the order as it was in every problem.
def test_shuffled_scores_have_equal_gaps() -> None:
    samples = samples_of(0.95, 0.92, 0.5, 0.89, 0.1)
    plain, shuffled = Ranked()(samples, SURFACE), [Ranked(Shuffled(seed=i))(samples, SURFACE) for i in range(6)]
    assert all(sorted(s.gaps.tolist()) == pytest.approx(sorted(plain.gaps.tolist())) for s in shuffled)
    assert len({frozenset(as_set(s)) for s in shuffled}) > 1


# --- Preferences -----------------------------------------------------------------------------------------------------

COMPARED = Compared(
    logp=torch.tensor([[-2.0, -6.0], [-5.0, -4.0]]),
    reference=torch.tensor([[-3.0, -6.0], [-4.0, -5.0]]),
    words=torch.tensor([[4, 6], [5, 2]]),
    gaps=torch.tensor([0.5, 0.0]),
)


# Worked by hand: log-ratios 1 and 0 against -1 and 1; with a margin, less exp(.5) and exp(0).
def test_dpo_by_hand() -> None:
    assert DPO(0.5)(COMPARED).tolist() == pytest.approx([1.0, -0.5])
    assert DPO(0.5, margin=1.0)(COMPARED).tolist() == pytest.approx([1.0 - math.exp(0.5), -1.5])


# Worked by hand: means -.5 and -1 a word against -1 and -2, times 2, less 1.
def test_simpo_by_hand() -> None:
    assert SimPO(2.0, 1.0)(COMPARED).tolist() == pytest.approx([0.0, 1.0])
    assert SimPO(2.0, 0.0)(COMPARED).tolist() == pytest.approx([1.0, 2.0])


def body_logp(model: GPT, d: Document) -> float:
    """The log-probability of a body, without a cache."""
    tokens, given = torch.tensor([VOCAB.encode(d.prompt + d.body)]), len(d.prompt)
    return float(model(tokens)[0].detach().log_softmax(-1)[given - 1 : -1].gather(1, tokens[0, given:, None]).sum())


# Broken if the loss of a batch took other completions, other words, or another reference than a slow reckoning, or the wrong sign.
@pytest.mark.parametrize("objective", [DPO(0.3, 0.5), SimPO()])
def test_the_loss_of_pairs_is_that_of_a_slow_reckoning(objective: DPO | SimPO, store: Store) -> None:
    loss = Prefer(SAMPLE, FREE, objective, pairs=5)
    start, now = (load_policy(store.get(p)).model for p in (TAUGHT, learned(TAUGHT, loss, iterations=3)))
    run = a_run(store, TAUGHT, now, learned(TAUGHT, loss))
    (update,) = loss.updates(run, 4)
    samples = read_samples(SAMPLE, store)
    pairs, chosen = FREE(samples, SURFACE), confidence(samples, AnswerSpan())
    which = rng("prefer", 0, 4).integers(len(pairs.gaps), size=5)
    losses = []
    for n in which.tolist():
        rows = [int(pairs.better[n]), int(pairs.worse[n])]
        assert chosen[rows[0]] > chosen[rows[1]]
        documents = [samples.documents[row] for row in rows]
        (a, b), (x, y) = ([body_logp(model, d) for d in documents] for model in (now, start))
        words = [len(d.body) for d in documents]
        if isinstance(objective, DPO):
            ahead = 0.3 * ((a - x) - (b - y)) - 0.5 * math.exp(chosen[rows[0]] - chosen[rows[1]])
        else:
            ahead = 2.0 * (a / words[0] - b / words[1]) - 1.0
        losses.append(math.log1p(math.exp(-ahead)))
    (term,) = update.terms
    assert isinstance(term, torch.Tensor)
    assert term.detach().item() == pytest.approx(np.mean(losses), rel=1e-4)


# Broken if preferring led away from the better completions, or reversed pairs did not do the opposite.
def test_preferring_leads_to_the_better(store: Store) -> None:
    samples = read_samples(SAMPLE, store)
    pairs = FREE(samples, SURFACE)
    some = [(samples.documents[a], samples.documents[b]) for a, b in zip(pairs.better[::40], pairs.worse[::40], strict=True)]

    def ahead(policy: Stage) -> float:
        model = load_policy(store.get(policy)).model
        return sum(body_logp(model, better) - body_logp(model, worse) for better, worse in some) / len(some)

    plain, reverse = (learned(TAUGHT, Prefer(SAMPLE, pairing), iterations=10) for pairing in (FREE, Reversed(FREE)))
    assert ahead(reverse) < ahead(TAUGHT) < ahead(plain)


# Broken if a sample without a pair failed, or learned from something else in silence.
def test_no_pair_is_no_step(store: Store) -> None:
    certain: Scores = Right("process")
    none = Prefer(replace(SAMPLE, problems=1, sampler=replace(SAMPLE.sampler, group=1)), Ranked(certain))
    assert weights_of(store, learned(TAUGHT, none)) == weights_of(store, TAUGHT)


# --- Calibration -----------------------------------------------------------------------------------------------------


# Worked by hand, two bins of two: (.1 + .4 - 1) / 4 and (.6 + .9 - 1) / 4, without their signs; with ties, .5 and .5 share one right.
def test_the_error_of_equal_mass_by_hand() -> None:
    right = np.array([False, True, True, False])
    assert equal_mass_error(np.array([0.9, 0.1, 0.6, 0.4])[[1, 3, 2, 0]], right, 2) == pytest.approx((0.5 + 0.5) / 4)
    assert equal_mass_error(np.array([0.5, 0.5, 0.5, 0.5]), right, 4) == 0.0
    assert equal_mass_error(np.array([0.2, 1.0, 0.8]), np.array([True, True, False]), 3) == pytest.approx((0.8 + 0.8 + 0.0) / 3)
    assert brier(np.array([0.5, 1.0]), np.array([True, False])) == 0.625


# Broken if the order of completions of equal confidence changed the error.
@examples(30)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1, max_size=12), st.randoms())
def test_the_error_has_no_order(rows: list[tuple[float, bool]], random: object) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (equal_mass_error(np.array([c for c, _ in x]), np.array([r for _, r in x]), 4) for x in (rows, shuffled))
    assert first == pytest.approx(second)


# Broken if temperature scaling were no monotone map: it would then be more than a rescaling.
@examples(30)
@given(st.lists(st.tuples(st.floats(0.001, 0.999), st.booleans()), min_size=2, max_size=12), st.floats(0.2, 5))
def test_temperature_leaves_the_order(rows: list[tuple[float, bool]], temperature: float) -> None:
    each, right = np.array([round(c, 3) for c, _ in rows]), np.array([r for _, r in rows])
    assert auroc(tempered(each, temperature), right) == auroc(each, right)
    assert tempered(each, 1.0) == pytest.approx(each)


# Broken if scaling were fitted on what it is judged by: the temperature that is right for one half is wrong for the other.
def test_scaling_is_fitted_on_the_other_half() -> None:
    each, half = np.full(40, 0.9), np.arange(40) < 20
    right = np.where(half, np.arange(40) % 10 < 9, np.arange(40) % 2 == 0)  # of one half 90 %, of the other 50 %
    found = scaled(each, right, half)
    assert found[half] == pytest.approx(0.5, abs=0.06)
    assert found[~half] == pytest.approx(0.9, abs=0.02)


# Worked by hand: in problem 0 the right one leads once of two, in problem 1 there is no pair; over all, another share.
def test_order_within_problems_by_hand() -> None:
    each, right = np.array([0.5, 0.4, 0.6, 0.9, 0.8]), np.array([True, False, False, True, True])
    assert within(each, right, np.array([0, 0, 0, 1, 1])) == 0.5
    assert auroc(each, right) == pytest.approx(5 / 6)
    assert within(each[3:], right[3:], np.array([0, 0])) is None


# Broken if the measure read another sample's verdicts, or promised a metric that it does not give.
def test_calibration_of_answers(store: Store) -> None:
    cell = Cell.of({}, 0, drawn=SAMPLE)
    found = {f.metric: f.value for f in AnswerCalibration("drawn")(cell, store)}
    samples = read_samples(SAMPLE, store)
    each = confidence(samples, AnswerSpan())
    assert found["right answers"] == samples.correct.mean()
    assert found["Brier"] == pytest.approx(np.mean((each - samples.correct) ** 2))
    assert found["AUROC"] == auroc(each, samples.correct)
    assert found.keys() == {f.metric for f in AnswerCalibration("drawn").imagined(cell)}
    assert Confident()(samples, SURFACE).tolist() == each.tolist()
