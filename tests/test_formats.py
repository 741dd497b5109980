"""Formats: documents that are right so often as they say, a judge that is blind to the mark, and what is read off marked completions."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from analysis.measures.effects.likelihood import Likelihood
from analysis.measures.facts import Cell, measured
from analysis.measures.formats import COMMONER, ENTROPY, RIGHT, Entropy, Formats, InAll
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe, can_ask
from synthtasks.families import Program, problem
from synthtasks.formats import Format, Formatted, Marked
from synthtasks.formats.documents import slipped
from synthtasks.surfaces import Compact, Equations
from synthtasks.trace import gold
from synthtasks.verify import verify
from synthtasks.vocab import Vocab
from tests.test_rewards import a_run, saying
from train.policy import Fresh
from train.rl import Begins, Endless, Sampler
from train.sample import Sample
from train.score import Score
from train.stages.arrays import save_arrays, texts
from train.stages.stage import Stage

F1, F2 = Marked("run"), Marked("list")
FAMILY = Program(steps=3, lines=5, modulus=7)
PROBLEM = problem(FAMILY, "train", "formats", 0)
WRITE = Formatted((Format(F1, 0.65, 0.9), Format(F2, 0.35, 0.2)))


# Broken if the judge saw the mark, if a mark further on were forgiven, or if values lay where the judge does not point.
def test_the_judge_is_blind_to_one_mark() -> None:
    plain = Compact().solution(PROBLEM)
    for words in (plain, F1.solution(PROBLEM), F2.solution(PROBLEM)):
        for surface in (F1, F2):
            trace = surface.read(words)
            assert verify(PROBLEM, trace).process
            assert [words[a.at] for a in trace.assertions] == [str(PROBLEM.values[s.name]) for s in PROBLEM.proof]
            assert [i for i, role in enumerate(surface.roles(words)) if role == "execute"] == [a.at for a in trace.assertions]
    assert F2.solution(PROBLEM) == ("list", *plain) == F2.write(gold(PROBLEM))
    assert F1.prompt(PROBLEM) == Compact().prompt(PROBLEM)
    for words in (("run", "run", *plain), ("list", "run", *plain), (*plain[:4], "run", *plain[4:])):
        verdict = verify(PROBLEM, F1.read(words))
        assert verdict.correct
        assert not verdict.process
    assert F1.read(()).answer is None
    assert F1.roles(()) == ()


# Broken if a mark that no policy could write, or that is not its own, were accepted.
def test_marks_are_words_of_the_vocabulary() -> None:
    vocab = F1.vocab(FAMILY.names, FAMILY.primitives, FAMILY.modulus)
    assert vocab == Compact().vocab(FAMILY.names, FAMILY.primitives, FAMILY.modulus)
    with pytest.raises(ValueError, match=re.escape("has already; found ['well']")):
        Marked("well", ("well", "run")).vocab(FAMILY.names, FAMILY.primitives, FAMILY.modulus)
    for marks in (("list", "run", "run"), ("to", "list")):
        with pytest.raises(ValueError, match=r"is one of Marked\.marks, which differ"):
            Marked("run", marks)


# Broken if a wrong document were right in answer or process, or wrong in more than its answer.
def test_a_slip_is_a_wrong_answer() -> None:
    p = next(p for p in (problem(FAMILY, "train", "slip", i) for i in range(99)) if p.answer == 6)
    words = F2.write(slipped(p))
    assert words == (*F2.solution(p)[:-2], "0", "<end>")  # 6 + 1 modulo 7
    verdict = verify(p, F2.read(words))
    assert (verdict.correct, verdict.process, verdict.steps) == (False, False, (True, True, True))


# Broken if formats had other shares or were right more or less often than they say, by what the judge finds.
def test_formats_are_right_as_often_as_they_say() -> None:
    n = 4_000
    counts = Counter[tuple[str, bool]]()
    for i in range(n):
        p = problem(FAMILY, "train", "shares", i)
        document = WRITE(p)
        verdict = verify(p, F1.read(document.body))
        assert verdict.correct == verdict.process
        counts[document.body[0], verdict.process] += 1
    share = (counts["run", True] + counts["run", False]) / n
    assert share == pytest.approx(0.65, abs=0.03)  # four standard errors
    assert counts["run", True] / (n * share) == pytest.approx(0.9, abs=0.025)
    assert counts["list", True] / (n * (1 - share)) == pytest.approx(0.2, abs=0.045)
    assert WRITE(PROBLEM) == WRITE(PROBLEM)  # by its words alone


# Broken if format or error followed from the proof alone, so that a policy could learn by heart which it is.
def test_equal_proofs_come_in_either_format() -> None:
    one = replace(FAMILY, steps=1)
    said = Counter[tuple[str, str]]()
    for i in range(400):
        p = problem(one, "train", "facts", i)
        said[p.key, WRITE(p).body[0]] += 1
    often = [key for key, count in Counter(key for key, _ in said.elements()).items() if count >= 6]
    assert any({(key, "run"), (key, "list")} <= said.keys() for key in often)


# Broken if shares that do not sum to 1 silently gave the last format more, or a corpus could not hold such documents.
def test_formatted_documents_in_a_corpus() -> None:
    with pytest.raises(ValueError, match=re.escape("shares that sum to 1; found [0.65, 0.3]")):
        Formatted((Format(F1, 0.65, 0.9), Format(F2, 0.3, 0.2)))
    corpus = Corpus((Recipe(1.0, FAMILY, WRITE, questions=4),), ("mul",))
    documents = list(islice(corpus.documents(None, 0, "formats"), 8))
    assert len({d.prompt[: d.statement] for d in documents}) == 2  # they share their statements
    assert not can_ask(FAMILY, Formatted((Format(Equations(), 1.0, 0.5),)))
    for document in documents:
        hidden = [i for i, learned in enumerate(corpus.learned(document)) if not learned]
        body = document.body
        assert hidden == [i for i in range(4, len(body) - 2, 4) if body[i - 2] == "*"]  # values after the mark


# Broken if the reward for a format paid for a right answer, or for the mark further on.
def test_begins_pays_for_the_first_word_alone() -> None:
    right, wrong = F2.solution(PROBLEM), F1.write(slipped(PROBLEM))
    r = saying([PROBLEM], [right, wrong, right[1:], ("list", "run", "<end>")], F1)
    assert Begins("run")(r, a_run()).sum(1).tolist() == [0, 1, 0, 0]
    assert Begins("list")(r, a_run()).sum(1).tolist() == [1, 0, 0, 1]
    with pytest.raises(ValueError, match="'well' is not among"):
        Begins("well")(r, a_run())


# --- what is read off completions in formats


VOCAB = Vocab(("<pad>", "<end>", *"abcdef"))
STAGE = Sample(
    Fresh(GPTConfig(8, width=8, layers=1, heads=1, kv_heads=1, context=8), Vocab(("<pad>", "<end>", *"abcdef"))), Endless(FAMILY), 2
)
DRAWN = replace(STAGE, sampler=Sampler(4, surface=F1))
SCORES = {name: Score(STAGE.policy, (FAMILY,), 2, surface=surface) for name, surface in {"after F1": F1, "after F2": F2}.items()}
OWN = Likelihood(STAGE.policy, DRAWN)
CELL = Cell.of({"base": "x"}, 0, sampled_after=DRAWN, own_after=OWN, **SCORES)
MEASURES = (Formats({"F1": "run", "F2": "list"}), InAll(("F1", "F2")), Entropy())


@dataclass(frozen=True)
class Laid:
    """Results that were laid down by hand."""

    folders: dict[Stage, Path]

    def get(self, stage: Stage) -> Path:
        return self.folders[stage]


def laid(folder: Path, completions: str, process: list[bool], each: dict[str, list[float]], logp: list[float]) -> Laid:
    """Completions with a bar between them, which of them are right, the exact p of each problem in each format, and likelihoods."""
    folders: dict[Stage, Path] = {stage: folder / str(i) for i, stage in enumerate(CELL.stages)}
    for path in folders.values():
        path.mkdir()
    words = [one.strip() for one in completions.split("|")]
    arrays = {"prompts": texts(["p", "q"]), "problem": np.repeat([0, 1], 4), "words": texts(words)}
    save_arrays(folders[DRAWN] / "samples.npz", 1, arrays | {"correct": np.array(process), "process": np.array(process)})
    for name, p in each.items():
        scores = {"logp": np.log(p)[None, None], "roles": np.zeros((1, 5, 2)), "applied": np.zeros((1, 1, 2), np.int16)}
        save_arrays(folders[CELL[name]] / "scores.npz", 1, scores | {"primitives": np.array(["add"])})
    save_arrays(folders[OWN] / "likelihood.npz", 1, {"logp": np.array(logp), "solutions": np.zeros(2)})
    return Laid(folders)


# Five completions in F1 (three right), two in F2 (one right), one in neither; p of .5 and .25 in F1, .25 and .75 in F2; 16 words, 8 nats.
def test_shares_and_success_by_hand(tmp_path: Path) -> None:
    said = "run a | run b | list c | run d e | answer | list | run a | run f b"
    right = [True, False, True, True, True, False, True, False]
    shelf = laid(tmp_path, said, right, {"after F1": [0.5, 0.25], "after F2": [0.25, 0.75]}, [-1.0] * 6 + [-2.0, 0.0])
    facts = {f.metric: (f.value, f.n) for f in measured(CELL, MEASURES, shelf)}
    assert facts == {
        "sampled process": (5 / 8, 8),
        "share of F1": (5 / 8, 8),
        "right in F1": (3 / 5, 5),
        "share of F2": (2 / 8, 8),
        "right in F2": (1 / 2, 2),
        "share of the commoner format": (5 / 8, 8),
        "pass@1 in all formats": (pytest.approx((0.75 + 1.0) / 2), 2),
        "entropy of a token": (0.5, 16),
    }
    assert facts.keys() == {f.metric for measure in MEASURES for f in measure.imagined(CELL)}


# Broken if a format that is gone were given a success, or its share left out.
def test_a_format_that_is_gone(tmp_path: Path) -> None:
    shelf = laid(tmp_path, "list a |" * 7 + "list", [True] * 8, {"after F1": [1e-9, 1e-9], "after F2": [0.5, 1.0]}, [-1.0] * 8)
    facts = {f.metric: f.value for f in measured(CELL, MEASURES, shelf)}
    assert "right in F1" not in facts
    assert (facts["share of F1"], facts[COMMONER], facts["right in F2"], facts[ENTROPY]) == (0, 1, 1, 8 / 15)
    assert facts[RIGHT] == pytest.approx(0.75)
