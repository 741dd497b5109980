"""The needs of a plan, in words: the stages by kind, and their time, memory and disk."""

from collections.abc import Collection

from rich.filesize import decimal
from rich.table import Table

from analysis.cli.terminal import columns
from analysis.running.plan import MIB, Plan, taken
from analysis.running.progress import minutes
from train.stages.stage import Stage
from train.stages.store import Store

SMALL = 0.5  # seconds; stages that take less show no estimate


def plan_table(plan: Plan) -> Table:
    """The stages of a plan, by kind."""
    table = columns("stage", "distinct", "there", "to run", "each", "memory", "disk")
    for name in dict.fromkeys(s.word for s in plan.stages):
        mine = [s for s in plan.stages if s.word == name]
        there = sum(s in plan.there for s in mine)
        each = minutes(seconds) if (seconds := plan.seconds.get(name, 0.0)) >= SMALL else ""
        sizes = (size(of[name]) if of.get(name) else "" for of in (plan.memory, plan.disk))
        table.add_row(name, str(len(mine)), str(there), str(len(mine) - there), each, *sizes)
    return table


def needs(plan: Plan) -> str:
    """The needs of all missing stages together."""
    if plan.unmeasured:
        return f"a time that is known once stages of each kind ({', '.join(plan.unmeasured)}) have run as one, {plan.jobs} stacks at a time"
    return f"about {minutes(plan.wall)} with {plan.jobs} at a time, at most {size(plan.peak)} of memory, and {size(plan.space)} on disk"


def estimated(plan: Plan, done: Collection[Stage], store: Store) -> str:
    """The seconds of each kind of stage, and the memory of the largest, beside their estimates in the plan."""
    real = {k: need for k, need in taken(done, store).items() if need.seconds >= SMALL and k in plan.seconds}
    missed = [f"{k} {minutes(need.seconds)} each, estimated {minutes(plan.seconds[k])}" for k, need in real.items()]
    if real:
        most, expected = max(need.memory for need in real.values()), max(plan.memory.get(k, 0.0) for k in real)
        missed.append(f"memory at most {size(most)} a stage, estimated {size(expected)}")
    return "; ".join(missed)


def size(mebibytes: float) -> str:
    """A size in words."""
    return decimal(int(mebibytes * MIB))
