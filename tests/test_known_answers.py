"""Known answers: what theory says a part must do, found by running it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.stats import binomtest

from models import GPTConfig
from models.sampling import chosen_logp, generate
from synthtasks.corpora import Document
from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact
from tests.test_extensions_learn import FAMILY as TAUGHT_FAMILY
from tests.test_extensions_learn import TAUGHT, VOCAB
from train.learn import Learn
from train.losses import Imitate, Verified
from train.optim import Optim
from train.policy import Fresh, load_policy, torch_rng
from train.rl import Few, Sampler
from train.sample import Sample
from train.score import Score, asked
from train.stages.stage import Context, Stage
from train.stages.store import Store

SURFACE = Compact()
PARITY = Program(2, 2, (ADD, MUL), (ADD, MUL), modulus=2)
WORDS = SURFACE.vocab(2, (ADD, MUL), 2)
EMPTY = Fresh(GPTConfig(len(WORDS), width=16, layers=1, heads=2, kv_heads=2, context=64), WORDS)
REASONS = 0.3  # how often the table derives the answer
RATE = Optim(2e-2, decay=1.0)
TOKENS = 2_000  # an iteration: of few documents a mean over words would favour short ones


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def only(context: Context) -> Problem:
    return Few(PARITY).batch(context, 1, 0, 0, 0)[0]


@dataclass(frozen=True)
class Table:
    """A tabular policy on one problem: it derives the answer with probability `p`, and else guesses it by a fair coin."""

    p: float

    def documents(self, context: Context, iteration: int, /, *path: str | int) -> Iterator[Document]:
        prompt, solution, g = SURFACE.prompt(only(context)), SURFACE.solution(only(context)), rng(*path, iteration)
        while True:
            body = solution if g.random() < self.p else ("answer", str(g.integers(2)), solution[-1])
            yield Document(prompt, body, ())

    def learned(self, document: Document) -> tuple[bool, ...]:
        return (True,) * len(document.body)


def probability(store: Store, policy: Stage, body: tuple[str, ...]) -> float:
    tokens = torch.tensor([WORDS.encode(SURFACE.prompt(only(store)) + body)])  # type: ignore[arg-type]  # a store is a context
    logp = chosen_logp(load_policy(store.get(policy)).model(tokens[:, :-1]), tokens[:, 1:])
    return math.exp(logp[0, -len(body) :].sum().item())


# Broken if rejection sampling kept what the judge rejects, lost what it accepts, or learned from another distribution than it kept. Of the
# completions that answer right, (1 + p) / 2 of all, a share of p / ((1 + p) / 2) derives the answer (arXiv:2510.11495).
def test_a_round_of_rft_on_parity_follows_its_closed_form(store: Store) -> None:
    table = Learn(EMPTY, ((1.0, Imitate(Table(REASONS), TOKENS)),), 60, RATE)
    solution = SURFACE.solution(only(store))  # type: ignore[arg-type]
    p = probability(store, table, solution)
    assert p == pytest.approx(REASONS, abs=0.1)
    sample = Sample(table, Few(PARITY), 1, Sampler(group=4_096))
    after = Learn(table, ((1.0, Imitate(Verified(sample, "answer"), TOKENS)),), 60, RATE)
    assert probability(store, after, solution) == pytest.approx(2 * p / (1 + p), abs=0.04)
    strict = Learn(table, ((1.0, Imitate(Verified(sample), TOKENS)),), 20, RATE)  # the judge of derivations keeps no guess
    assert probability(store, strict, solution) > 0.95


# Broken if the exact probability of success were not that by which completions are sampled, in either direction.
def test_the_exact_probability_is_that_of_many_samples(store: Store) -> None:
    score = Score(TAUGHT, (TAUGHT_FAMILY,), problems=32)
    with np.load(store.get(score) / "scores.npz") as scores:
        every = np.exp(scores["logp"][0, 0])
    chosen = int(np.abs(every - 0.2).argmin())
    p = float(every[chosen])
    assert 0.05 < p < 0.5
    problem, model = asked(TAUGHT_FAMILY, 32, 0)[chosen], load_policy(store.get(TAUGHT)).model
    solution = VOCAB.encode(SURFACE.solution(problem))
    uniforms, found = torch_rng("many"), 0
    for _ in range(10):
        drawn = generate(
            model, [VOCAB.encode(SURFACE.prompt(problem))], torch.rand(10_000, len(solution) + 4, generator=uniforms), VOCAB.end
        )
        same = drawn.lengths == len(solution)
        found += int((drawn.tokens[same, : len(solution)] == torch.tensor(solution)).all(1).sum())
    assert binomtest(found, 100_000, p).pvalue > 1e-6
    assert binomtest(found, 100_000, 1.05 * p).pvalue < 1e-3  # so many samples would tell a twentieth more
