"""The study of sparsity: what it shares with the factorial, equal terms for its arms, and its numbers by hand."""

from dataclasses import astuple, replace

import pytest

from analysis.design.recipes import Tasks, base, present_edge
from analysis.design.scale import CPU
from analysis.design.study import Setting
from analysis.measures.weights.ways import Point, at_level, explained
from analysis.studies.grid import cells as factorial
from analysis.studies.limits.sparsity import POINTS, RUNS, STEPS, cells, learned, moment, place
from synthtasks.families import Program
from tests.tiny import TINY
from train.learn import Learn, MostChanged, Scattered, Snapshot
from train.losses import Gold, Imitate, Mixture, Practice, Traces, Verified
from train.losses.sources import like_it
from train.policy import Fresh, untrained
from train.rl import Band, Endless
from train.sample import Sample
from train.stages.stage import Stage, closure

SETTING = Setting(CPU, (0,), Tasks())
EVERY = tuple(cells(SETTING, 0))
BASE, EDGE = base(CPU, (), 0), present_edge(CPU, Tasks(), 0)
PROBLEMS = Band(Program(), EDGE, "at")


# Broken if the base, its edge or RL by a coin ran again, or a seed cost more than was planned for it.
def test_the_factorial_is_not_run_twice() -> None:
    there = set(closure(stage for cell in factorial(SETTING, 0) for stage in cell.stages))
    new = [stage for stage in closure(stage for cell in EVERY for stage in cell.stages) if stage not in there]
    runs = [stage.word for stage in new if isinstance(stage, Learn)]
    assert (runs.count("practise"), runs.count("imitate"), len(runs)) == (8, 7, 15)
    assert sum(isinstance(stage, Sample) for stage in new) < 10


# Broken if an arm learned other problems, from another base, at another rate, for longer, or with a decay that touches every weight.
def test_arms_learn_on_equal_terms() -> None:
    runs = learned(CPU, BASE, PROBLEMS, 0, Tasks())
    assert runs.keys() == RUNS.keys()
    for (arm, rate, master), run in runs.items():
        assert (run.policy, run.iterations, run.optim.weight_decay, run.optim.decay) == (BASE, CPU.rl_iterations, 0.0, 0.0)
        assert run.optim.lr == pytest.approx(CPU.rl_lr * {"usual": 1, "small": 0.1, "fast": 10}[rate])
        assert run.optim.master == master
        ((_, loss),) = run.losses
        match loss:
            case Practice(source):
                assert source == PROBLEMS
            case Imitate(Gold(source, iterations, each)):
                assert (source, iterations, each) == (PROBLEMS, CPU.rl_iterations, CPU.problems)
            case Imitate(Verified(sample)):
                assert (sample.policy, sample.source, sample.problems) == (BASE, PROBLEMS, CPU.problems)
            case _:
                pytest.fail(f"{arm} learns by {loss}")
    (twin,) = [cell.stage("learn", Learn) for cell in EVERY if dict(cell.labels)["arm"] == "twin"]
    whole, part, random = (runs[arm, "usual", "float32"] for arm in ("rl", "subnetwork", "random mask"))
    assert isinstance(part.mask, MostChanged)
    assert (part.mask.before, part.mask.after) == (BASE, whole)
    assert isinstance(random.mask, Scattered)
    assert random.mask.like == part.mask
    ((_, other),), ((_, usual),) = twin.losses, whole.losses
    assert isinstance(other, Practice)
    assert isinstance(usual, Practice)
    assert replace(other, seed=usual.seed, source=PROBLEMS) == usual
    assert other.seed != usual.seed  # RL on other problems


# Broken if moments were those of another run, or fewer than 60 were compared over five seeds; at a tiny scale, some moments are one.
def test_moments_are_on_the_way() -> None:
    assert 5 * len(POINTS) >= 60
    together = EVERY[-1].by_name
    for run, steps in POINTS:
        now = together[f"{place(run, steps)} learn"]
        whole = now.learn if isinstance(now, Snapshot) else now
        assert isinstance(whole, Learn)
        assert (now.iteration if isinstance(now, Snapshot) else whole.iterations) == STEPS[steps] * CPU.rl_iterations
    assert [moment(TINY, share) for share in STEPS.values()] == [1, 1, 2, 3]
    assert len(list(cells(Setting(TINY, (0,), Tasks()), 0))) == len(EVERY)


# Success .2, .4, .3, .8: .35 is first reached 3/4 of the way to the second, .5 2/5 of the way to the last.
def test_points_of_equal_success_by_hand() -> None:
    way = [Point(0.2, 1.0), Point(0.4, 5.0, 0.4, 8.0, 1.0), Point(0.3, 9.0, 0.1, 2.0, 3.0), Point(0.8, 4.0, 0.6, 7.0, 2.0)]
    assert astuple(at_level(way, 0.35)) == pytest.approx((0.35, 4.0, 0.3, 6.0, 0.75))
    assert astuple(at_level(way, 0.5)) == pytest.approx((0.5, 7.0, 0.3, 4.0, 2.6))
    assert at_level(way, 0.8) == way[-1]
    for beside in (0.1, 0.9):
        with pytest.raises(ValueError, match=f"never rises to {beside}"):
            at_level(way, beside)


# Ranks 1 2 3 4 against 1 3 2 4: .8 squared; turned round, it explains with the other sign.
def test_variance_explained_by_hand() -> None:
    cause = [0.1, 0.2, 0.5, 90.0]
    assert explained(cause, [1.0, 30.0, 20.0, 1e6]) == pytest.approx(0.64)
    assert explained(cause, [-1.0, -30.0, -20.0, -1e6]) == pytest.approx(-0.64)
    assert explained(cause, [1.0] * 4) is None


# Broken if a trial of fine-tuning waited for an edge or a sample of a base, which nobody has when needs are measured.
def test_fine_tuning_is_tried_before_its_problems_are_known() -> None:
    sample = Sample(BASE, PROBLEMS)
    for source in (Gold(PROBLEMS, 10), Verified(sample), Traces(sample), Mixture(((0.5, Gold(PROBLEMS, 10)), (0.5, Verified(sample))))):
        stage: Stage = Learn(BASE, ((1.0, Imitate(source)),), 100)
        tried = [trial.stage for trial in stage.trials()]
        assert {type(s) for s in closure(tried)} == {Learn, Fresh}
        assert untrained(tried[0]) == untrained(BASE)
    ((_, pretraining),) = BASE.losses
    assert isinstance(pretraining, Imitate)
    assert like_it(pretraining.source) == pretraining.source
    assert like_it(Gold(Endless(Program()), 3)) == Gold(Endless(Program()), 3)
