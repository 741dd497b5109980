"""The study of eliciting: its arms and placebos, and problems solved, recovered and contained, by hand."""

import math
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.design.recipes import PROGRAMS
from analysis.design.study import Setting
from analysis.measures.effects.elicited import CONTAINED, OUTSIDE, RECOVERY, SOLVED, Elicited, Sparse, jaccard, overlap
from analysis.measures.effects.likelihood import Likelihood
from analysis.measures.facts import Cell, measured
from analysis.studies.elicit.elicitation import STUDY, cells
from analysis.studies.elicit.ways import ARMS, CFT, HIDDEN, LACKING, LATENT, LONGER, PLACEBOS, REVEALING, SHUFFLED, WAYS, Bench
from analysis.studies.grid import cells as factorial
from models import GPTConfig
from models.edits import Shift, ShiftAt
from synthtasks.corpora import Corpus
from synthtasks.critiques import Critique, Shuffled
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from tests.tiny import TINY
from train.decoding import AnswerSpan, Best, Branch, Every
from train.learn import Learn
from train.losses import Gold
from train.losses.imitate import Imitate
from train.policy import Fresh, load_policy, save_policy
from train.rl import Endless, Sampler
from train.stages.arrays import save_arrays, texts
from train.stages.stage import Stage, closure
from train.stages.store import Store
from train.steering import BestOf, SparseAutoencoder, Tuned

FAMILY = Program(steps=2, lines=4)
VOCAB = Compact().vocab(4, FAMILY.primitives, 10)
FRESH = Fresh(GPTConfig(len(VOCAB), width=16, layers=2, heads=2, kv_heads=2, context=64), VOCAB)


# Broken if a seed cost bases of its own, a way had no placebo, or cells of a base were not measured on the same problems.
def test_each_way_has_its_placebo_on_bases_of_the_grid() -> None:
    every = tuple(cells(Setting(TINY, (0,)), 0))
    found = [(dict(c.labels)["base"], dict(c.labels)["arm"]) for c in every]
    assert list(dict.fromkeys(found)) == [(name, arm) for name, arms in ARMS.items() for arm in arms]
    assert [arm for (_, arm), count in Counter(found).items() if count > 1] == [PLACEBOS["steering"], PLACEBOS["feature"]]
    assert {*WAYS, *PLACEBOS.values()} <= {*ARMS[LATENT]}
    assert len({cell["drawn"] for cell in every}) == len(every) - 1  # two choices among the same branches
    there = set(closure(stage for cell in factorial(Setting(TINY, (0,), PROGRAMS), 0) for stage in cell.stages))
    mine = set(closure(stage for cell in every for stage in cell.stages)) - there
    assert not [stage for stage in mine if type(stage).__name__ == "Fresh"]
    samples = [stage for cell in every for name, stage in cell.named if isinstance(stage, Branch)]
    assert len({(s.source, s.problems, s.seed, s.iterations) for s in samples}) == 1
    assert sum(claim.tested for claim in STUDY.claims) == 10


def read_by(stage: Stage) -> Corpus:
    """The documents that a policy has learned from."""
    assert isinstance(stage, Learn)
    ((_, loss),) = stage.losses
    assert isinstance(loss, Imitate)
    assert isinstance(loss.source, Corpus)
    return loss.source


# Broken if critiques of a base gave values of the primitive that it lacks, or the two longer arms differed in more than their loss.
def test_only_one_arm_reveals_the_primitive() -> None:
    lacking, latent = Bench(TINY, LACKING, 0), Bench(TINY, LATENT, 0)
    assert [recipe.write for recipe in read_by(lacking.policy(CFT)).recipes] == [Critique("walk", hidden=HIDDEN)]
    assert [recipe.write for recipe in read_by(latent.policy(SHUFFLED)).recipes] == [Shuffled(Critique("walk"))]
    longer, revealing = (read_by(lacking.policy(arm)) for arm in (LONGER, REVEALING))
    assert longer.withheld == revealing.withheld == HIDDEN
    assert revealing.recipes[0].shown == HIDDEN
    assert replace(revealing, recipes=tuple(replace(recipe, shown=()) for recipe in revealing.recipes)) == longer


# --- one word


# Broken if steering at a word moved the stream elsewhere, or were lost on disk; with strength 0 the policy stays, bit for bit.
def test_a_shift_at_one_token(tmp_path: Path) -> None:
    x, tokens = torch.randn(2, 3, 4), torch.tensor([[5, 1, 5], [2, 3, 1]])
    moved = ShiftAt(torch.ones(4), 5, 2.0)(x, tokens) - x
    assert torch.allclose(moved, 2.0 * (tokens == 5)[..., None].float().expand(2, 3, 4))
    with pytest.raises(ValueError, match=r"ShiftAt\.token is a token"):
        ShiftAt(torch.ones(4), -1)
    policy = load_policy(Store(tmp_path / "store").get(FRESH))
    words = torch.tensor([VOCAB.encode(("A", "+", "1", ":", "A", "+"))])
    with torch.no_grad():
        still, kept = (policy.edited(0, ShiftAt(torch.ones(16), VOCAB.tokens[":"], scale)) for scale in (0.0, 3.0))
        (tmp_path / "kept").mkdir()
        save_policy(kept, tmp_path / "kept")
        base, same, one, read = (p.model(words) for p in (policy, still, kept, load_policy(tmp_path / "kept")))
    assert torch.equal(base, same)
    assert torch.equal(one, read)
    assert torch.equal(one[:, :3], base[:, :3])  # before the word
    assert not torch.equal(one[:, 3:], base[:, 3:])


@dataclass(frozen=True)
class Ones:
    """A vector that favours nothing."""

    size: float

    def vector(self, context: object) -> torch.Tensor:  # [D]
        return torch.full((16,), self.size)


# Broken if the best of several vectors were chosen by another number than its success on development problems.
def test_the_best_of_some_vectors(tmp_path: Path) -> None:
    store = Store(tmp_path)
    tuned = tuple(Tuned(FRESH, 0, Ones(size), Endless(FAMILY), (0.0, size), problems=2, at=":") for size in (1.0, 2.0, 4.0))
    for each, (best, success) in zip(tuned, ((0.0, 0.25), (2.0, 0.5), (4.0, 0.5)), strict=True):
        store.get(each)
        found = [success if strength == best else 0.0 for strength in each.strengths]
        record = f'{{"strengths": {list(each.strengths)}, "success": {found}, "best": {best}}}'
        laid = tmp_path / "laid" / str(each.strengths[1])
        laid.mkdir(parents=True)
        (laid / "tuned.json").write_text(record, encoding="utf-8")

    @dataclass(frozen=True)
    class Shelf:
        def get(self, stage: Stage) -> Path:
            return tmp_path / "laid" / str(stage.strengths[1]) if isinstance(stage, Tuned) else store.get(stage)

    edit = BestOf(tuned).edit(Shelf())  # type: ignore[arg-type]  # all that it reads of a context
    assert isinstance(edit, ShiftAt)
    assert (edit.scale, edit.token, edit.vector[0].item()) == (2.0, VOCAB.tokens[":"], 2.0)
    other = BestOf(tuned, Ones(-3.0)).edit(Shelf())  # type: ignore[arg-type]
    assert isinstance(other, ShiftAt)
    assert (other.scale, other.vector[0].item()) == (2.0, -2.0)  # another direction, as long and as strong
    assert isinstance(Tuned(FRESH, 0, Ones(1.0), Endless(FAMILY)).shift(torch.ones(16), 1.0, VOCAB), Shift)
    with pytest.raises(ValueError, match="needs a vector"):
        BestOf(())


# --- the measure


GREEDY = Branch(FRESH, Endless(FAMILY, "test"), 4, Sampler(1))
BOTH = replace(GREEDY, sampler=Sampler(2, records=AnswerSpan("disparity").records))
START, RL_, OWN = GREEDY, replace(GREEDY, seed=1), replace(GREEDY, seed=2)


def laid(folder: Path, stage: Branch, process: list[bool], second: list[float] | None = None) -> None:
    """Completions of four problems, of which these are right; all answer and derive nothing."""
    folder.mkdir()
    n, group = len(process), stage.sampler.group
    arrays = {"prompts": texts(["p"] * 4), "problem": np.repeat(range(4), group), "words": texts(["answer 1 <end>"] * n)}
    records = {"logp": [[0.0] * 3] * n, "second": [[0.0, x, 0.0] for x in second or [0.0] * n]}
    roles = {"roles": np.array([[1, 4, 5]] * n)}  # from 1: plan, answer, meta
    more = {**{name: np.array(x) for name, x in records.items()}, **roles} if group > 1 else {}
    save_arrays(folder / "samples.npz", 1, {**arrays, "correct": np.array(process), "process": np.array(process), **more})


# Of four problems the base solves one, RL all, the arm three: it recovers 2/3. One of three has p below 1/1024. RL shares three of four.
def test_recovery_containment_and_overlap_by_hand(tmp_path: Path) -> None:
    support = Likelihood(FRESH, START)
    folders = {stage: tmp_path / str(i) for i, stage in enumerate((START, RL_, OWN, BOTH, support))}
    laid(folders[START], START, [True, False, False, False])
    laid(folders[RL_], RL_, [True] * 4)
    laid(folders[OWN], OWN, [True, True, True, False])
    laid(folders[BOTH], BOTH, [False, True] * 4, [-9.0, -1.0, -1.0, -9.0, -1.0, -9.0, -9.0, -1.0])  # the second branch is surer in two
    folders[support].mkdir()
    p = np.array([0.9, 1.1 / 1024, 0.9 / 1024, 0.5])
    save_arrays(folders[support] / "likelihood.npz", 1, {"logp": np.zeros(4), "solutions": np.log(p)})

    @dataclass(frozen=True)
    class Shelf:
        def get(self, stage: Stage) -> Path:
            return folders[stage]  # type: ignore[index]  # a stage of these

    def found(drawn: Stage, arm: str) -> dict[str, float]:
        cell = Cell.of({"arm": arm}, 0, drawn=drawn, start=START, floor=START, ceiling=RL_, support=support, RL=RL_)
        measure = Elicited({"best": Best(), "any": Every()}, peers=("RL",))
        facts = measured(cell, (measure,), Shelf())
        assert {f.metric for f in facts} <= {f.metric for f in measure.imagined(cell)}
        return {f.metric: f.value for f in facts if f.phase == "after"}

    own = found(OWN, "own")
    assert own[SOLVED] == 0.75
    assert own[RECOVERY] == pytest.approx(2 / 3)
    assert own[CONTAINED] == pytest.approx(2 / 3)
    assert own[OUTSIDE] == 0.25
    assert own[overlap("RL")] == 0.75
    assert own["share of derivations"] == 0
    assert found(BOTH, "best")[SOLVED] == 0.5
    assert found(BOTH, "any")[SOLVED] == 0.5  # half of each problem, exactly
    assert found(START, "nothing")[RECOVERY] == 0


# Broken if features that are active were counted as dead, or the share were of another number.
def test_dead_features_are_reported(tmp_path: Path) -> None:
    stage = SparseAutoencoder(FRESH, 0, Gold(Endless(FAMILY), 1), Gold(Endless(FAMILY), 1), features=4, k=1)
    arrays = {"encoder": np.eye(4), "decoder": np.eye(4), "bias": np.zeros(4), "means": np.zeros((2, 4)), "explained": np.array([0.9])}
    save_arrays(tmp_path / "features.npz", 1, arrays | {"active": np.array([[0.5, 0.0, 0.0, 0.5], [0.0, 0.5, 0.0, 0.5]])})

    @dataclass(frozen=True)
    class Shelf:
        def get(self, stage: Stage) -> Path:
            return tmp_path

    facts = measured(Cell.of({"arm": "feature"}, 0, features=stage), (Sparse(),), Shelf())
    assert [(f.metric, f.value, f.n) for f in facts] == [("dead features", 0.25, 4), ("explained variance", 0.9, 0)]


# Broken if sets without a problem counted as equal, or order mattered.
def test_jaccard() -> None:
    a, b, none = (np.array(x, bool) for x in ([1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]))
    assert jaccard(a, b) == jaccard(b, a) == pytest.approx(1 / 3)
    assert jaccard(a, none) == 0
    assert math.isnan(jaccard(none, none))
    assert all(jaccard(x, x) == 1 for x in (a, b))
