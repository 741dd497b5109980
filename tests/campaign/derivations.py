"""Mistakes among the steps: which there are, and in which order; and in what they lead to."""

from dataclasses import replace
from random import Random

from tests.campaign.cases import Put
from tests.campaign.mutant import Mutant
from tests.campaign.steps import falsified, other, stepwise
from tests.interpreter.process import Question, Said, Solution


def dropped(put: Put, dice: Random) -> Mutant:
    """A step is left out."""
    i = dice.randrange(len(put.solution.steps))
    return stepwise(put, (*put.solution.steps[:i], *put.solution.steps[i + 1 :]), None)


def duplicated(put: Put, dice: Random) -> Mutant:
    """A step is said again."""
    steps = put.solution.steps
    i = dice.randrange(len(steps))
    return beside(put, (steps[i],), dice.randint(i + 1, len(steps)))


def misquoted(put: Put, dice: Random) -> Mutant:
    """A step is said again, with another value."""
    steps = put.solution.steps
    i = dice.randrange(len(steps))
    return beside(put, (falsified(steps[i], put, dice),), dice.randint(i + 1, len(steps)))


def beside(put: Put, new: tuple[Said, ...], to: int) -> Mutant:
    """The solution with other steps inside."""
    return stepwise(put, (*put.solution.steps[:to], *new, *put.solution.steps[to:]), to)


def reordered(put: Put, dice: Random) -> Mutant | None:
    """A step comes before one that it uses."""
    steps = put.solution.steps
    places = {said.name: i for i, said in enumerate(steps)}
    pairs = [(i, places[o]) for i, said in enumerate(steps) for o in said.operands if isinstance(o, str) and o in places]
    if not pairs:
        return None
    late, early = dice.choice(pairs)
    to = dice.randint(0, early)
    rest = (*steps[:late], *steps[late + 1 :])
    return stepwise(put, (*rest[:to], steps[late], *rest[to:]), to)


def derived(question: Question, query: str) -> Solution:
    """The solution of another query."""
    return Solution(tuple(question.said(name) for name in question.behind(query)), question.value(query))


def other_query(put: Put, dice: Random) -> Mutant | None:
    """The solution of another question about the same statements."""
    queries = [name for name in put.question.statements if name != put.question.query]
    return Mutant(put.interpreter.written(derived(put.question, dice.choice(queries)))) if queries else None


def other_answer(put: Put, dice: Random) -> Mutant:
    """After a right derivation, another answer."""
    answer = other(put.solution.answer, put.question.size, dice)
    return Mutant(put.interpreter.written(replace(put.solution, answer=answer)))


def surplus(put: Put, dice: Random) -> Mutant | None:
    """True steps that the answer does not depend on, each after what it uses."""
    new = idle(put, dice)
    return beside(put, new, place(put, new, dice)) if new else None


def false_surplus(put: Put, dice: Random) -> Mutant | None:
    """Steps that the answer does not depend on, the first of them with a wrong value."""
    new = idle(put, dice)
    return beside(put, (falsified(new[0], put, dice), *new[1:]), place(put, new, dice)) if new else None


def idle(put: Put, dice: Random) -> tuple[Said, ...]:
    """The truth about something that the solution does not say, and about all that it depends on and the solution does not say either."""
    needed = {said.name for said in put.solution.steps}
    others = [name for name in put.question.statements if name not in needed]
    behind = put.question.behind(dice.choice(others)) if others else ()
    return tuple(put.question.said(name) for name in behind if name not in needed)


def place(put: Put, new: tuple[Said, ...], dice: Random) -> int:
    """Somewhere after all that the new steps use."""
    used = {operand for said in new for operand in said.operands}
    after = max((i + 1 for i, said in enumerate(put.solution.steps) if said.name in used), default=0)
    return dice.randint(after, len(put.solution.steps))
