"""The exact probability of success, against counting, and against a slow reference; and what a sample keeps.

Shapes: F families, K temperatures, R roles, N primitives, P problems.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models import GPTConfig
from models.edits import Edited, Shift
from models.gpt import GPT
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program, Uses
from synthtasks.primitives import ADD, MUL, SUB, Primitive
from synthtasks.problem import Problem
from synthtasks.surfaces import ROLES, Compact, Equations, Surface
from synthtasks.verify import verify
from train.learn import Learn
from train.ledger import Ledger
from train.losses.imitate import Imitate
from train.optim import Optim
from train.policy import Fresh, load_policy
from train.rl import Endless, Sampler, rollout
from train.sample import Sample, read_samples
from train.score import Exam, Score, asked, exam, shared, solution_logp
from train.stages.seal import VARYING
from train.stages.stage import Interrupted
from train.stages.store import Store

SURFACE = Compact()
MORE = (ADD, MUL, SUB)
SHORT = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
LONG = replace(SHORT, steps=3, lines=4, primitives=(ADD, MUL, SUB))
VOCAB = SURFACE.vocab(4, (ADD, MUL, SUB), 3)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)
TAUGHT = Learn(Fresh(CONFIG, VOCAB), ((1.0, Imitate(Corpus((Recipe(2.0, SHORT), Recipe(1.0, LONG))), tokens=300)),), 150, Optim(2e-2))
SCORE = Score(TAUGHT, (SHORT, LONG), problems=5, temperatures=(0.5, 1.0, 1.7))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Holds a policy that solves short problems now and then."""
    store = Store(tmp_path_factory.mktemp("store"))
    store.get(SCORE)
    return store


@pytest.fixture(scope="module")
def model(store: Store) -> GPT:
    return load_policy(store.get(TAUGHT)).model.requires_grad_(False)


@pytest.fixture(scope="module")
def scores(store: Store) -> dict[str, NDArray[np.float64]]:
    with np.load(store.get(SCORE) / "scores.npz") as file:
        return dict(file)


def reference(model: GPT, prompt: list[int], solution: list[int], temperature: float) -> list[float]:
    """Log-probability of each word of a solution, a pass a word, without cache or padding."""
    found = []
    for i, token in enumerate(solution):
        logits = model(torch.tensor([prompt + solution[:i]]))[0, -1].double() / temperature
        found.append(float(logits[token] - logits.logsumexp(0)))
    return found


# Broken if "exact" p were not how often the policy, when it is sampled, writes a right and whole solution.
@pytest.mark.parametrize(("place", "temperature"), [(0, 0.5), (1, 1.0), (2, 1.7)])
def test_exact_p_is_the_frequency_of_success(place: int, temperature: float, model: GPT, scores: dict[str, NDArray[np.float64]]) -> None:
    N, checked = 3000, 0
    for i in range(SCORE.problems):
        p = math.exp(scores["logp"][0, place, i])
        r = rollout(model, VOCAB, (asked(SHORT, SCORE.problems, SCORE.seed)[i],), Sampler(group=N, temperature=temperature), "count", i)
        hits = sum(v.process for v in r.verdicts)
        assert abs(hits - N * p) <= 4 * math.sqrt(N * p * (1 - p)) + 1, f"p = {p}, but {hits} of {N}"
        checked += 20 < N * p < 0.99 * N
    assert checked >= 2  # otherwise nothing was compared


# Broken if a word were scored at its neighbour's place, the end left out, or the temperature applied to anything but the logits.
def test_logp_is_that_of_a_slow_reference(model: GPT, scores: dict[str, NDArray[np.float64]]) -> None:
    assert scores["logp"].shape == (2, 3, 5)
    for f, family in enumerate(SCORE.families):
        for i in range(SCORE.problems):
            p = asked(family, SCORE.problems, SCORE.seed)[i]
            prompt, solution = VOCAB.encode(SURFACE.prompt(p)), VOCAB.encode(SURFACE.solution(p))
            for k, temperature in enumerate(SCORE.temperatures):
                expected = sum(reference(model, prompt, solution, temperature))
                assert scores["logp"][f, k, i] == pytest.approx(expected, rel=1e-4, abs=1e-4)


# Broken if an edit of the policy changed what it samples and not how it is scored, or the reverse.
def test_an_edited_policy_is_scored_as_it_samples(model: GPT) -> None:
    steered = Edited(model, {0: Shift(torch.arange(model.config.width) / model.config.width, 2.0)})
    edited, plain = (solution_logp(m, exam((SHORT,), SURFACE, VOCAB, 2, 0, ("add",)), (1.0,))[0][0, 0] for m in (steered, model))
    for i in range(2):
        p = asked(SHORT, 2, 0)[i]
        r = rollout(steered, VOCAB, (p,), Sampler(group=1000), "edited", i)
        solution = VOCAB.encode(SURFACE.solution(p))
        written = [b for b, row in enumerate(r.tokens.tolist()) if row[: len(solution)] == solution]
        assert float(r.logp[written[0]].double().sum()) == pytest.approx(edited[i], abs=1e-4)
        assert abs(edited[i] - plain[i]) > 0.01


# Broken if a word were counted in two roles or in none, or a step's value were taken for a copied number.
def test_roles_sum_to_logp(model: GPT, scores: dict[str, NDArray[np.float64]]) -> None:
    assert scores["roles"].shape == (2, len(ROLES), 5)
    np.testing.assert_allclose(scores["roles"].sum(1), scores["logp"][:, 1], rtol=1e-9)
    p = asked(SHORT, 1, SCORE.seed)[0]
    words = reference(model, VOCAB.encode(SURFACE.prompt(p)), VOCAB.encode(SURFACE.solution(p)), 1.0)
    # A + 1 2 answer 2 <end>: plan, copy, copy, execute, plan, answer, meta
    by_role = {"plan": words[0] + words[4], "copy": words[1] + words[2], "execute": words[3], "answer": words[5], "meta": words[6]}
    assert scores["roles"][0, :, 0] == pytest.approx([by_role[role] for role in ROLES], rel=1e-3, abs=1e-4)


# Broken if what a solution applies were counted over the distractors too, or under another primitive's name.
def test_applied_counts_the_solution(scores: dict[str, NDArray[np.float64]]) -> None:
    assert scores["primitives"].tolist() == ["add", "mul", "sub"]
    assert scores["applied"].shape == (2, 3, 5)
    assert (scores["applied"][0].sum(0) == 1).all()
    assert (scores["applied"][1].sum(0) == 3).all()
    for f, family in enumerate(SCORE.families):
        for i in range(SCORE.problems):
            words = SURFACE.solution(asked(family, SCORE.problems, SCORE.seed)[i])
            assert scores["applied"][f, :, i].tolist() == [words.count(symbol) for symbol in "+*-"]


@dataclass(frozen=True)
class Hidden:
    """Its equality passes over how long its problems are."""

    steps: int = field(compare=False)
    primitives, modulus, names = (ADD, MUL), 3, 4

    def __call__(self, g: np.random.Generator) -> Problem:
        return (SHORT if self.steps == 1 else LONG)(g)


# Broken if a family sat the exam of another that is its equal in all but a field that does not compare.
def test_an_exam_is_remembered_by_all_fields_of_its_family() -> None:
    assert Hidden(1) == Hidden(3)
    one, other, again = (exam((Hidden(steps),), SURFACE, VOCAB, 3, 0, ("add",)) for steps in (1, 3, 1))
    assert one.passed.tokens < other.passed.tokens
    assert again is one


# Broken if a question were read after another's statement, a padded word or one of the prompt counted, or a problem's score put elsewhere.
@pytest.mark.parametrize(("surface", "outside", "statements"), [(SURFACE, MORE, 1), (Equations(), MORE, 1), (SURFACE, MORE[:2], 0)])
def test_an_exam_scores_like_a_pass_for_each_problem(surface: Surface, outside: tuple[Primitive, ...], statements: int) -> None:
    families = tuple(Program(n, 5, MORE, outside, Uses(("mul",), 2), modulus=5) for n in (5, 1, 3, 2, 4))
    vocab = surface.vocab(5, MORE, 5)
    model = GPT(GPTConfig(len(vocab), width=8, heads=2, kv_heads=1, context=128), torch.Generator().manual_seed(3)).double()
    for convolution in (c for block in model.blocks for c in block.convs):
        convolution.kernel.data.normal_(generator=torch.Generator().manual_seed(5))
    exams = [exam(same, surface, vocab, 40, 1, ("add", "mul", "sub")) for same in shared(families)]
    assert all((e.statements.shape[1] > 0) == statements for e in exams)
    logp, roles = (np.concatenate(x) for x in zip(*(solution_logp(model, e, (0.7, 1.0)) for e in exams), strict=True))
    applied = np.concatenate([[paper.applied for paper in e.papers] for e in exams])
    for f, family in enumerate(families):
        for i, p in enumerate(asked(family, 40, 1)):
            words = surface.solution(p)
            plain, warm = (words_of(model, vocab.encode(surface.prompt(p)), vocab.encode(words), t) for t in (1.0, 0.7))
            assert logp[f, :, i] == pytest.approx([sum(warm), sum(plain)], rel=1e-9)
            by_role = [sum(x for x, r in zip(plain, surface.roles(words), strict=True) if r == role) for role in ROLES]
            assert roles[f, :, i] == pytest.approx(by_role, rel=1e-9)
            assert applied[f, :, i].tolist() == [sum(s.primitive.name == n for s in p.proof) for n in ("add", "mul", "sub")]
    again = np.concatenate([solution_logp(model, e, (0.7, 1.0))[0] for e in exams])
    assert np.array_equal(again, logp)


def words_of(model: GPT, prompt: list[int], solution: list[int], temperature: float) -> list[float]:
    """The log-probability of each word of a solution, in one pass without a cache."""
    with torch.no_grad():
        logs = (model(torch.tensor([prompt + solution]))[0, len(prompt) - 1 : -1] / temperature).log_softmax(-1)
    return [float(row[word]) for row, word in zip(logs, solution, strict=True)]


# Broken if families were asked about one program whose lines, values or needed primitives they do not have in common.
def test_families_that_differ_only_in_steps_share_an_exam() -> None:
    one, two = (Program(n, 6) for n in (1, 2))
    others = replace(two, lines=7), replace(two, modulus=7), replace(two, uses=Uses(("mul",), 1)), replace(two, outside=(ADD,))
    assert shared((one, two)) == [(one, two)]
    assert all(shared((one, two, other)) == [(one, two), (other,)] for other in others)
    e = exam(shared((one, two))[0], SURFACE, SURFACE.vocab(6, one.primitives, 10), 3, 0, ("add",))
    # Both window lengths lie in both splits: 3 programs of 6 * 3 words and "run"; then 6 words of the query less one, and
    # 4 words a step and 3 of the answer, of which nothing follows the last.
    assert e.statements.shape == (3, 19)
    assert e.passed.tokens == 3 * 19 + 3 * (6 + 4 + 2) + 3 * (6 + 8 + 2)
    assert e.passed.pairs == 3 * sum(range(20)) + 3 * sum(range(20, 32)) + 3 * sum(range(20, 36))


# Broken if a temperature by which nothing can be divided gave scores that are no numbers, or none at all.
@pytest.mark.parametrize("temperatures", [(), (1.0, 0.0), (-1.0,), (math.nan,), (math.inf,)])
def test_temperatures_are_positive(temperatures: tuple[float, ...], model: GPT) -> None:
    with pytest.raises(ValueError, match="found"):
        solution_logp(model, exam((SHORT,), SURFACE, VOCAB, 2, 0, ("add",)), temperatures)
    with pytest.raises(ValueError, match="temperatures"):
        replace(SCORE, temperatures=temperatures)


class Stop(Exception):
    """As a kill would."""


def dying(monkeypatch: pytest.MonkeyPatch, after: int) -> list[Exam]:
    """Let scoring die after so many families; the exams that were sat."""
    sat: list[Exam] = []

    def sit(model: GPT, e: Exam, temperatures: tuple[float, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if len(sat) == after:
            raise Stop
        sat.append(e)
        return solution_logp(model, e, temperatures)

    monkeypatch.setattr("train.score.solution_logp", sit)
    return sat


def result(store: Store, stage: Score) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in store.get(stage).iterdir() if f.name not in VARYING}


# Broken if a family that was scored before a kill were scored again, if going on changed a bit, or left anything behind.
def test_a_score_goes_on_family_by_family(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, again = result(store, SCORE), Store(tmp_path)
    again.get(TAUGHT)
    sat = dying(monkeypatch, 1)
    with pytest.raises(Stop):
        again.get(SCORE)
    assert len(sat) == 1
    sat = dying(monkeypatch, 1)
    assert result(Store(tmp_path), SCORE) == whole
    assert len(sat) == 1
    exams = [exam((family,), SURFACE, VOCAB, SCORE.problems, SCORE.seed, ("add", "mul", "sub")) for family in SCORE.families]
    assert Ledger(**json.loads(whole["ledger.json"])).forwarded == sum(e.passed.tokens for e in exams)


# Broken if a stop, asked for while a score is made, waited for all of it, or lost a piece.
def test_a_score_stops_between_families(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path).get(TAUGHT)
    sat = dying(monkeypatch, 2)
    with pytest.raises(Interrupted):
        Store(tmp_path, stopping=lambda: True).get(SCORE)
    assert len(sat) == 1
    assert result(Store(tmp_path), SCORE) == result(store, SCORE)
    assert len(sat) == 2


# Broken if a piece that was damaged since it was written came into the result.
@pytest.mark.parametrize("file", ["0.npz", "0.json"])
@pytest.mark.parametrize(
    "harm",
    [lambda data: data[:-9], lambda data: bytes((data[0] ^ 4, *data[1:])), lambda data: data[::-1], lambda data: data + b"0"],
    ids=["cut", "flipped", "reversed", "longer"],
)
def test_a_damaged_piece_is_made_again(
    file: str, harm: Callable[[bytes], bytes], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path).get(TAUGHT)
    dying(monkeypatch, 1)
    with pytest.raises(Stop):
        Store(tmp_path).get(SCORE)
    (piece,) = tmp_path.glob(f"*.draft/pieces/{file}")
    piece.write_bytes(harm(piece.read_bytes()))
    sat = dying(monkeypatch, 9)
    assert result(Store(tmp_path), SCORE) == result(store, SCORE)
    assert len(sat) == 2
    assert len(list((tmp_path / "aside").glob("Score-*.draft.1"))) == 1


# Broken if a kill while the pieces are removed, when the result is written, cost more than those that are gone, or passed for damage.
@pytest.mark.parametrize("file", ["0.npz", "0.json"])
def test_a_piece_that_is_half_gone_is_made_again(file: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path).get(TAUGHT)
    with monkeypatch.context() as patch:

        def killed(out: Path) -> None:
            (out / "pieces" / file).unlink()
            raise Stop

        patch.setattr("train.score.forget", killed)
        with pytest.raises(Stop):
            Store(tmp_path).get(SCORE)
    sat = dying(monkeypatch, 9)
    assert result(Store(tmp_path), SCORE) == result(store, SCORE)
    assert len(sat) == 1
    assert not (tmp_path / "aside").exists()


# Broken if the exam were on problems that were trained on, or changed with how many are asked.
def test_an_exam_is_held_out(scores: dict[str, NDArray[np.float64]], store: Store) -> None:
    assert {p.split for family in SCORE.families for p in asked(family, SCORE.problems, SCORE.seed)} <= {"test", "both"}
    with np.load(store.get(replace(SCORE, problems=3)) / "scores.npz") as fewer:
        np.testing.assert_allclose(fewer["logp"], scores["logp"][:, :, :3], rtol=1e-5)


# Broken if a row of the sample belonged to another problem, had lost a word, or carried another's verdict.
def test_a_sample_can_be_verified_again(store: Store) -> None:
    prompts = Endless(SHORT, "test")
    stage = Sample(TAUGHT, prompts, problems=3, sampler=Sampler(group=40), seed=1)
    folder, asked = store.get(stage), prompts.batch(store, 3, 1, 0, 0)
    said = read_samples(stage, store)
    assert said.problem.tolist() == [b // 40 for b in range(120)]
    assert [prompt.split() for prompt in said.prompts] == [list(SURFACE.prompt(p)) for p in asked]
    for place, line, correct, process in zip(said.problem, said.words, said.correct, said.process, strict=True):
        p, words = asked[place], tuple(line.split())
        verdict = verify(p, SURFACE.read(words))
        assert (correct, process) == (verdict.correct, verdict.process)
        assert process == (words == SURFACE.solution(p))
        assert "<end>" not in words[:-1]
    assert set(said.process.tolist()) == {True, False}
    assert (said.correct & ~said.process).any()
    bill = Ledger(**json.loads((folder / "ledger.json").read_text()))
    assert bill.sampled == sum(len(line.split()) for line in said.words)
