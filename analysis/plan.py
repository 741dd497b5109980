"""What a study will do, what of it is there, and how long the rest will take: before it runs, and while it does."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from train.imitate import Imitate
from train.learn import Learn
from train.practice import Practice
from train.prompts import Band, Endless
from train.rewards import Coin
from train.sample import Sample
from train.score import Score
from train.stage import Stage, closure, upstream
from train.store import Store

PROBE = 2  # iterations of a measured stage
PROBED = 6  # steps of its problems, where a band will choose them
OVERHEAD = 0.05  # seconds that any stage costs


def kind(stage: Stage) -> str:
    """What a stage is called in plans and progress."""
    match stage:
        case Learn(losses=((_, Imitate()), *_)):
            return "pretrain"
        case Learn(losses=((_, Practice()), *_)):
            return "practise"
        case _:
            return type(stage).__name__.lower()


@dataclass(frozen=True)
class Plan:
    """The distinct stages of a study, those that are there, and the time the others take."""

    cells: int
    stages: tuple[Stage, ...]
    there: frozenset[Stage]
    seconds: dict[str, float]  # a stage of each kind takes, measured on this machine
    jobs: int

    @property
    def missing(self) -> tuple[Stage, ...]:
        return tuple(s for s in self.stages if s not in self.there)

    def cost(self, stage: Stage) -> float:
        """Seconds that a stage takes, roughly."""
        return self.seconds.get(kind(stage), OVERHEAD)

    @property
    def wall(self) -> float:
        """Seconds that the missing stages take together."""
        return schedule(self.missing, self.cost, self.jobs)


def make_plan(wanted: Sequence[Stage], cells: int, store: Store, jobs: int) -> Plan:
    """The plan for `wanted`; measures the speed of this machine where no finished stage tells it."""
    stages = closure(wanted)
    there = frozenset(s for s in stages if store.has(s))
    seconds = history(there, store)
    for stage in stages:
        if stage not in there and kind(stage) not in seconds:
            seconds[kind(stage)] = probe(stage, store)
    return Plan(cells, stages, there, seconds, jobs)


def history(stages: Sequence[Stage] | frozenset[Stage], store: Store) -> dict[str, float]:
    """Mean seconds of the finished stages of each kind, from their records."""
    spent = defaultdict(list)
    for stage in stages:
        spent[kind(stage)].append(json.loads((store.path(stage) / "run.json").read_text())["seconds"])
    return {k: sum(v) / len(v) for k, v in spent.items()}


def schedule(stages: Sequence[Stage], cost: Callable[[Stage], float], jobs: int) -> float:
    """Seconds that `stages` take in `jobs` slots: the work shared out evenly, or the longest chain, whichever is more."""
    return max(sum(cost(s) for s in stages) / jobs, longest(stages, cost))


def longest(stages: Sequence[Stage], cost: Callable[[Stage], float]) -> float:
    """Seconds of the longest chain of stages that stand on each other."""
    ends: dict[Stage, float] = {}
    for stage in stages:
        ends[stage] = cost(stage) + max((ends.get(u, 0.0) for u in upstream(stage)), default=0.0)
    return max(ends.values(), default=0.0)


def probe(stage: Stage, store: Store) -> float:
    """Seconds that a stage will take, from a few iterations of its like on an untrained policy, in a folder of their own."""
    with TemporaryDirectory() as folder:
        scratch = Store(Path(folder), store.machine)
        match stage:
            case Learn():
                like = [replace(part, iterations=PROBE) for part in _like(stage)]
                return sum(_seconds(part, scratch) for part in like) / len(like) / PROBE * stage.iterations
            case Score():
                middle = replace(stage, policy=_fresh(stage), families=stage.families[len(stage.families) // 2 :][:1])
                return _seconds(middle, scratch) * len(stage.families)
            case Sample(prompts=Band(family=family)):
                part = replace(stage, policy=_fresh(stage), prompts=Endless(replace(family, steps=min(PROBED, family.lines))), problems=4)
                return _seconds(part, scratch) / 4 * stage.problems
            case _:
                return OVERHEAD


def _fresh(stage: Stage) -> Stage:
    """The untrained policy that everything in `stage` began from."""
    return next(s for s in closure([stage]) if type(s).__name__ == "Fresh")


def _like(stage: Learn) -> tuple[Learn, ...]:
    """The same learning from an untrained policy. Of RL two kinds, since an iteration costs by the groups with signal:
    an untrained policy earns nothing, so none has any; by a coin's reward all have."""
    fresh = replace(stage, policy=_fresh(stage))
    if not (isinstance(practice := stage.losses[0][1], Practice) and isinstance(practice.prompts, Band)):
        return (fresh,)
    practice = replace(practice, prompts=Endless(replace(practice.prompts.family, steps=min(PROBED, practice.prompts.family.lines))))
    return tuple(replace(fresh, losses=((1.0, replace(practice, reward=r)),)) for r in (practice.reward, Coin()))


def _seconds(stage: Stage, store: Store) -> float:
    for part in upstream(stage):
        store.get(part)
    began = time.monotonic()
    store.get(stage)
    return time.monotonic() - began
