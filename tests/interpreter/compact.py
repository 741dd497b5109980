"""`A - 7 B - 6 C - 5 run A to B from 0 :`, continued by `A - 7 3 B - 6 7 answer 7 <end>`."""

import re

from tests.interpreter.process import Interpreter, Operand, Question, Said, Solution, Statement, Told, Words

NUMBER = "(0|[1-9][0-9]{0,8})"
STEP = re.compile(f"([A-Z][0-9]*) ([-+*]|[a-z][a-z0-9]*) {NUMBER} {NUMBER} ", re.ASCII)
ANSWER = re.compile(f"answer {NUMBER} <end> ", re.ASCII)


def question(prompt: Words, told: Told) -> Question:
    """A line is applied to what the line before it gave; the first that is run to what is given, and so the first of all."""
    at = prompt.index("run")
    _, first, to, last, source, start, colon = prompt[at:]
    assert (to, source, colon, at % 3) == ("to", "from", ":", 0), prompt
    statements: dict[str, Statement] = {}
    before: Operand = int(start)
    for name, symbol, number in zip(prompt[0:at:3], prompt[1:at:3], prompt[2:at:3], strict=True):
        statements[name] = Statement(symbol, (int(start) if name == first else before, int(number)))
        before = name
    return Question(told.size, statements, last, told.meanings, {})


def solution(question: Question, completion: Words) -> Solution | None:
    """A step is applied to what the step before it gave."""
    text = "".join(f"{word} " for word in completion)
    before: Operand = question.statements[question.behind(question.query)[0]].operands[0]
    steps: list[Said] = []
    at = 0
    while step := STEP.match(text, at):
        name, symbol, number, value = step.groups()
        steps.append(Said(name, symbol, (before, int(number)), int(value)))
        before, at = name, step.end()
    answer = ANSWER.fullmatch(text, at)
    return Solution(tuple(steps), int(answer[1])) if answer else None


def sentence(said: Said) -> Words:
    """The first operand goes without saying."""
    return (said.name, said.symbol, str(said.operands[-1]), str(said.value))


INTERPRETER = Interpreter(question, solution, sentence)
