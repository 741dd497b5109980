"""Learning to a budget: it ends where another stage's compute ends, is annealed on the way, and cannot hang."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from analysis.running.progress import standing
from tests.test_learn import ALWAYS, FAMILY, FRESH, NEVER, OPTIM, Alternate, Even, imitate, ledger, metrics, practice, results
from tests.test_stacked import compare, fresh
from train.learn import Learn, Spend
from train.losses.imitate import Imitate
from train.losses.sources import Verified
from train.rl import Endless, Sampler
from train.run import Loss, Run, Update
from train.sample import Sample
from train.stages.stage import Interrupted, Stage
from train.stages.store import Store

TASK = practice(reward=Alternate(), problems=3)
WAIT = 60.0  # seconds after which learning that would not end is stopped
RL = Learn(FRESH, ((1.0, TASK),), 20, OPTIM)
NOTHING = Sample(FRESH, Endless(FAMILY), problems=2, sampler=Sampler(group=2))  # an untrained policy gets nothing right


def spending(of: Stage, *less: Stage, share: float = 1.0, loss: Loss | None = None, policy: Stage = FRESH) -> Learn:
    return Learn(policy, ((1.0, loss or imitate()),), Spend(of, share, less), OPTIM)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"), checkpoint_seconds=NEVER)


def ending(store: Store) -> Store:
    """A store that stops stages which would never end."""
    until = time.monotonic() + WAIT
    return Store(store.root, checkpoint_seconds=NEVER, stopping=lambda: time.monotonic() > until)


def flops(store: Store, stage: Stage) -> int:
    return ledger(store.get(stage)).flops


# Broken if an arm of equal compute learned an iteration too many or too few, or what it learns from came for free.
def test_an_arm_spends_what_another_spent(store: Store) -> None:
    sample, share = replace(NOTHING, problems=1), 0.5
    for less, others in (((), 0), ((sample,), flops(store, sample))):
        arm = spending(RL, *less, share=share, loss=imitate(45))
        found = ledger(store.get(arm))
        budget = share * flops(store, RL) - others
        assert abs(found.flops - budget) <= 0.6 * found.flops / found.iterations  # its iterations cost about equally much
        assert abs(found.flops + others - share * flops(store, RL)) < 0.02 * share * flops(store, RL)
        spent = [line["spent"] for line in metrics(store.get(arm))]
        assert spent == sorted(spent)
        assert spent[-1] == pytest.approx(found.flops / budget)


# Broken if the rate were not annealed on the budget, or an iteration drew other documents than it draws by its number.
def test_a_budget_of_eight_iterations_is_eight_iterations(store: Store) -> None:
    loss = imitate(60)
    eight = Learn(FRESH, ((1.0, replace(loss, source=replace(loss.source, recipes=loss.source.recipes[:1]))),), 8, OPTIM)
    found = replace(eight, iterations=Spend(eight))
    assert weights_of(store, found) == weights_of(store, eight)
    assert ledger(store.get(found)) == ledger(store.get(eight))
    more = [Learn(policy, eight.losses, 2, OPTIM) for policy in (eight, found)]  # which count on from there
    assert weights_of(store, more[0]) == weights_of(store, more[1])


def weights_of(store: Store, stage: Stage) -> bytes:
    return (store.get(stage) / "policy.safetensors").read_bytes()


# Broken if a budget were read again, an iteration were lost or made twice, or its end moved, where learning is stopped and goes on.
def test_a_budget_is_kept_through_stops(store: Store, tmp_path: Path) -> None:
    arm, times = spending(RL, loss=practice(reward=Even(), problems=2), share=0.5), 0
    Store(tmp_path).get(RL)
    while True:
        try:
            folder = Store(tmp_path, checkpoint_seconds=ALWAYS, stopping=lambda: True).get(arm)
            break
        except Interrupted:
            times += 1
    assert results(folder) == results(store.get(arm))
    assert times == ledger(folder).iterations > 2


# Broken if a stage that spent nothing made a loop without end, or a policy that learned nothing were another one.
def test_a_budget_of_nothing_leaves_the_policy_as_it_was(store: Store) -> None:
    folder = ending(store).get(spending(FRESH))
    assert weights_of(store, spending(FRESH)) == weights_of(store, FRESH)
    assert (ledger(folder).iterations, ledger(folder).flops, metrics(folder)) == (0, 0, [])


# Broken if rejection-sampling fine-tuning with nothing accepted moved the policy, had no result, or never ended.
@pytest.mark.parametrize("length", [3, Spend(RL, 1.0, (NOTHING,))])
def test_rft_with_nothing_accepted_changes_nothing(length: int | Spend, store: Store) -> None:
    store.get(RL)
    learned = Learn(RL, ((1.0, Imitate(Verified(NOTHING), 60)),), length, OPTIM)  # weight decay and momentum included
    folder = ending(store).get(learned)
    assert weights_of(store, learned) == weights_of(store, RL)
    assert (ledger(folder).updates, ledger(folder).flops) == (0, 0)


@dataclass(frozen=True)
class Free:
    """A loss that takes a step and counts no operation, in every iteration or from one on."""

    loss: Loss
    since: int
    per_iteration = 1
    drawn_by = "free"

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        before = replace(run.ledger)
        yield from self.loss.updates(run, iteration)
        if iteration >= self.since:
            run.ledger.flops = before.flops


# Broken if a budget that is never spent were waited for, or a sample that cost more than the budget passed for one of equal compute.
def test_a_budget_that_cannot_be_kept_is_refused(store: Store) -> None:
    for since, reason in ((0, "counts no operations"), (2, "iteration 2 costs nothing")):
        with pytest.raises(ValueError, match=reason):
            ending(store).get(spending(RL, loss=Free(imitate(), since)))
    with pytest.raises(ValueError, match=r"Sample-\w+ spent .* more than 0% of .*: sample less"):
        store.get(spending(RL, NOTHING, share=0.002))
    with pytest.raises(ValueError, match="from 1 to 0; found"):
        replace(spending(RL), keep=(3,))


# Broken if the networks of a stack ended together, or billed another's work.
def test_networks_of_a_stack_keep_their_own_budgets(tmp_path: Path) -> None:
    shares = (0.2, 0.5, 0.35)
    stages = [replace(spending(RL, share=s, loss=imitate(seed=i)), policy=fresh(i)) for i, s in enumerate(shares)]
    stages.append(replace(stages[0], iterations=9))
    idle = replace(stages[0], losses=((1.0, Imitate(Verified(NOTHING), imitate().tokens)),))
    assert idle.stacks == stages[0].stacks
    alone, _ = compare([*stages, idle], tmp_path)
    assert len({ledger(alone.path(stage)).iterations for stage in stages}) == 4
    assert ledger(alone.path(idle)).updates == 0


# Broken if progress on a budget were shown as done, as a wrong number of iterations, or stopped the run where nothing was learned.
def test_progress_on_a_budget_is_told(store: Store) -> None:
    arm, idle = spending(RL, share=0.5), Learn(RL, ((1.0, Imitate(Verified(NOTHING), 60)),), Spend(RL), OPTIM)
    for stage in (arm, idle):
        at = standing(stage, store) if store.get(stage) else None
        assert at
        assert at.iteration == at.iterations == ledger(store.get(stage)).iterations
    lines = (store.get(arm) / "metrics.jsonl").read_text().splitlines()
    half = store.root / f"{arm}.draft"
    half.mkdir()
    (store.get(arm)).rename(store.root / "elsewhere")
    (half / "metrics.jsonl").write_text("\n".join(lines[: len(lines) // 2]) + "\n")
    at = standing(arm, store)
    assert at
    assert (at.iteration, at.iterations) == (len(lines) // 2, pytest.approx(len(lines), abs=2))


# Broken if a plan took a budget for a moment's work, or for that of a whole pretraining.
def test_a_budget_takes_as_long_as_what_it_is_of() -> None:
    assert spending(RL, share=0.3).work == pytest.approx(0.3 * RL.work)
    assert spending(RL, NOTHING).work == RL.work - NOTHING.work
    half = spending(RL, share=0.5)
    assert [(t.stage, t.times) for t in half.trials()] == [(t.stage, t.times / 2) for t in RL.trials()]
    assert half.word == "pretrain at 50%"
