"""Mistakes in a step."""

from dataclasses import replace
from random import Random

from tests.campaign.cases import Put
from tests.campaign.mutant import Mutant
from tests.interpreter.operations import ALPHABET, SIGNS, Value
from tests.interpreter.process import Operand, Said, Solution

SYMBOLS = (*SIGNS, "max", "min", "sum", "and", "or", "xor", "nand", "not", "next", "s3", "s5", "z", "north", "east", "f0", "f3")


def other(value: Value, size: int, dice: Random) -> Value:
    """Another value: near, anywhere, or a text with a letter more, less, or in another place."""
    if isinstance(value, int):
        return dice.choice([n for n in range(size + 1) if n != value])
    i = dice.randrange(len(value))
    letter = dice.choice([a for a in ALPHABET[:size] if a != value[i]])
    shuffled = tuple(dice.sample(value, len(value)))
    changed: list[tuple[str, ...]] = [(*value[:i], letter, *value[i + 1 :]), (*value, letter), (*value[:i], *value[i + 1 :]), shuffled]
    return dice.choice([text for text in changed if text not in ((), value)])


def other_inside(value: Value, size: int, dice: Random) -> Value:
    """Another value of the domain, a text as long."""
    if isinstance(value, int):
        return dice.choice([n for n in range(size) if n != value])
    return (*value[:-1], dice.choice([letter for letter in ALPHABET[:size] if letter != value[-1]]))


def stepwise(put: Put, steps: tuple[Said, ...], at: int | None, answer: Value | None = None) -> Mutant:
    return Mutant(put.interpreter.written(Solution(steps, put.solution.answer if answer is None else answer)), at)


def swapped_in(put: Put, i: int, said: Said) -> Mutant:
    """The solution with another i-th step."""
    return stepwise(put, (*put.solution.steps[:i], said, *put.solution.steps[i + 1 :]), i)


def value(put: Put, dice: Random) -> Mutant:
    """A step gives something else."""
    i = dice.randrange(len(put.solution.steps))
    return swapped_in(put, i, falsified(put.solution.steps[i], put, dice))


def falsified(said: Said, put: Put, dice: Random) -> Said:
    """A step with another value."""
    return replace(said, value=other(said.value, put.question.size, dice))


def operator(put: Put, dice: Random) -> Mutant:
    """A step applies something else, be its value right or not."""
    i = dice.randrange(len(put.solution.steps))
    said = put.solution.steps[i]
    symbols = [s for s in SYMBOLS if s != said.symbol and (s not in SIGNS or len(said.operands) == 2)]
    return swapped_in(put, i, replace(said, symbol=dice.choice(symbols)))


def operand(put: Put, dice: Random) -> Mutant | None:
    """A step is of something else: another name, even of the same value; another value; in another order; of more or of fewer."""
    i = dice.randrange(len(put.solution.steps))
    said = put.solution.steps[i]
    unsaid = 1 if put.surface.__class__.__name__ == "Compact" else 0
    at = dice.randrange(unsaid, len(said.operands))
    old = said.operands[at]
    names = () if unsaid else tuple(put.question.statements)
    number = 0 if isinstance(old, str) else other(old, put.question.size, dice)
    known = put.question.value(old) if isinstance(old, str) else old  # the value in place of the name that has it
    new: Operand = dice.choice((*names, number, number if unsaid else known))
    changed = [(*said.operands[:at], new, *said.operands[at + 1 :])]
    if not unsaid:
        changed.append(said.operands[::-1])
        if said.symbol not in SIGNS:
            changed += [(*said.operands, new), said.operands[:-1]]
    choice = dice.choice(changed)
    return swapped_in(put, i, replace(said, operands=choice)) if choice not in ((), said.operands) else None


def carried(put: Put, dice: Random) -> Mutant:
    """A wrong value, and everything after it computed from it, without any other mistake."""
    i = dice.randrange(len(put.solution.steps))
    said = put.solution.steps[i]
    values: dict[str, Value] = {}
    steps = []
    for j, step in enumerate(put.solution.steps):
        operands = tuple(values[o] if isinstance(o, str) else o for o in step.operands)
        result = put.question.result(step.symbol, operands) if j != i else other_inside(said.value, put.question.size, dice)
        values[step.name] = result
        steps.append(replace(step, value=result))
    return stepwise(put, tuple(steps), i, values[put.question.query])


def renamed(put: Put, dice: Random) -> Mutant | None:
    """Two names change places, wherever they are."""
    if len(put.question.statements) < 2:
        return None
    one, two = dice.sample(tuple(put.question.statements), 2)
    called = {one: two, two: one}

    def rename(operand: Operand) -> Operand:
        return called.get(operand, operand) if isinstance(operand, str) else operand

    steps = tuple(replace(s, name=called.get(s.name, s.name), operands=tuple(map(rename, s.operands))) for s in put.solution.steps)
    return stepwise(put, steps, None) if steps != put.solution.steps else None
