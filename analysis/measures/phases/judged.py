"""Planning and execution of one completion, told apart by the judge: the steps that it takes, and the values that it gives them."""

from dataclasses import replace
from typing import NamedTuple

from synthtasks.domains import RESIDUES, Value
from synthtasks.primitives import MANY, Operation, Primitive
from synthtasks.problem import Problem
from synthtasks.trace import Trace
from synthtasks.verify import verify


class Skills(NamedTuple):
    """Planning and execution of a completion. Its process is right exactly if both are right."""

    planning: bool  # with true values in the place of its own, the process would be right
    execution: bool  # each value, and the answer, follows from what the completion itself wrote before
    steps: int  # whose value could follow: operator and operands are known
    executed: int  # of these, with the value that follows


def skills(problem: Problem, trace: Trace) -> Skills:
    """Planning and execution of a completion.

    Planning is a right choice of steps, operators and operands, in an order in which each can be computed, and of nothing beside them. A
    wrong value is an error of execution once, at its own step: the values after it are judged by it. A step that uses a name without a
    value, or an operator that the problem lacks, is an error of planning, which leaves nothing to execute. The answer follows if it is the
    value written for the query; after a wrong plan, that of the last step will do.
    """
    true = tuple(a._replace(value=problem.values.get(a.name, a.value)) for a in trace.assertions)
    planned = replace(trace, assertions=true, answer=None if trace.answer is None else problem.answer)
    operations = {step.primitive.symbol: step.primitive for step in problem.steps}
    first = problem.proof[0].arguments[0]
    running: Value | None = None if isinstance(first, str) else first
    written: dict[str, Value] = {}
    steps = executed = 0
    for a in trace.assertions:
        operands = [running if o is None else written.get(o) if isinstance(o, str) else o for o in a.operands]
        follows = _value(operations.get(a.operator), [o for o in operands if o is not None], len(operands), problem.modulus)
        steps += follows is not None
        executed += follows is not None and follows == a.value
        running = written[a.name] = a.value
    planning = verify(problem, planned).process
    asked = written.get(problem.query, trace.answer)
    concludes = trace.answer in ((asked,) if planning else (asked, running, None))
    return Skills(planning, executed == steps and concludes, steps, executed)


def _value(operation: Operation | None, operands: list[Value], asked: int, modulus: int) -> Value | None:
    """The value of an operation; None if it is unknown, or not defined for these operands."""
    if operation is None or len(operands) < asked or (len(operands) != operation.arity if operation.arity != MANY else not operands):
        return None
    domain = operation.domain if isinstance(operation, Primitive) else RESIDUES
    if not all(domain.holds(operand, modulus) for operand in operands):
        return None
    try:
        return operation(*operands, modulus=modulus)
    except ValueError:  # a table has no entry for the operand, or a text grows too long: no value follows
        return None
