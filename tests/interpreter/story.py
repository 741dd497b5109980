"""`the bears in the forest are 7 plus 2 . how many are the bears in the forest ?`, continued by `... 7 plus 2 so 9 . answer 9 <end>`."""

import re

from tests.interpreter.operations import Value
from tests.interpreter.process import Interpreter, Operand, Question, Said, Solution, Statement, Told, Words, spelled

NUMBER = "(?:0|[1-9][0-9]{0,8})"
VALUE = f'(?:{NUMBER}|"(?: [a-z])+ ")'
NAME = "the [a-z]+ (?:in|at) the [a-z]+"
OPERAND = f"(?:{NAME}|{VALUE})"
LIST = f"{OPERAND}(?: and {OPERAND})*"
FORMULA = f"(?:(?P<left>{OPERAND}) (?P<sign>plus|minus|times) (?P<right>{OPERAND})|the (?P<word>[a-z][a-z0-9]*) of (?P<list>{LIST}))"

SIZE = re.compile(f"count (?:modulo (?P<numbers>{NUMBER})|with (?P<alphabet>{NUMBER}) letters) \\. ", re.ASCII)
MEANING = re.compile("(?P<symbol>[a-z][a-z0-9]*) means (?P<meaning>[a-z]+) \\. ", re.ASCII)
ENTRY = re.compile(f"the (?P<symbol>[a-z]+) of (?P<operand>{NUMBER}) is (?P<value>{NUMBER}) \\. ", re.ASCII)
STATEMENT = re.compile(f"(?P<name>{NAME}) are (?:{FORMULA}|all of (?P<parts>{LIST})) \\. ", re.ASCII)
QUERY = re.compile(f"how many are (?P<name>{NAME}) \\? ", re.ASCII)
SENTENCE = re.compile(f"(?P<name>{NAME}) are {FORMULA} so (?P<value>{VALUE}) \\. ", re.ASCII)
ANSWER = re.compile(f"answer (?P<value>{VALUE}) <end> ", re.ASCII)
ONE = re.compile(OPERAND, re.ASCII)

SYMBOLS = {"plus": "+", "minus": "-", "times": "*"}
SIGNS = {symbol: word for word, symbol in SYMBOLS.items()}


def value(text: str) -> Value:
    return tuple(text.split()[1:-1]) if text.startswith('"') else int(text)


def operand(text: str) -> Operand:
    return text if text.startswith("the ") else value(text)


def operands(text: str) -> tuple[Operand, ...]:
    return tuple(operand(one) for one in ONE.findall(text))


def formula(found: re.Match[str]) -> Statement:
    if found["sign"]:
        return Statement(SYMBOLS[found["sign"]], (operand(found["left"]), operand(found["right"])))
    return Statement(found["word"], operands(found["list"]))


def question(prompt: Words, told: Told) -> Question:
    """Statements in any order; what belongs to a quantity, if that is all that is said of it, is added up."""
    text = "".join(f"{word} " for word in prompt)
    size = SIZE.match(text)
    assert size, text
    at = size.end()
    meanings, tables, statements = dict(told.meanings), dict[str, dict[int, int]](), dict[str, Statement]()
    while meaning := MEANING.match(text, at):
        meanings[meaning["symbol"]], at = meaning["meaning"], meaning.end()
    while entry := ENTRY.match(text, at):
        tables.setdefault(entry["symbol"], {})[int(entry["operand"])] = int(entry["value"])
        at = entry.end()
    while stated := STATEMENT.match(text, at):
        statements[stated["name"]] = Statement("sum", operands(stated["parts"])) if stated["parts"] else formula(stated)
        at = stated.end()
    query = QUERY.fullmatch(text, at)
    assert query, text[at:]
    return Question(int(size["numbers"] or size["alphabet"]), statements, query["name"], meanings, tables)


def solution(question: Question, completion: Words) -> Solution | None:
    """Sentences, each with its value; and the answer."""
    text = "".join(f"{word} " for word in completion)
    steps: list[Said] = []
    at = 0
    while found := SENTENCE.match(text, at):
        statement = formula(found)
        steps.append(Said(found["name"], statement.symbol, statement.operands, value(found["value"])))
        at = found.end()
    answer = ANSWER.fullmatch(text, at)
    return Solution(tuple(steps), value(answer["value"])) if answer else None


def sentence(said: Said) -> Words:
    """`the bears in the forest are 7 plus 2 so 9 .`, or `... are the max of 7 and 2 so 7 .`."""
    spoken = [" ".join((o,) if isinstance(o, str) else spelled(o)) for o in said.operands]
    if said.symbol in SIGNS and len(spoken) == 2:
        formula = f"{spoken[0]} {SIGNS[said.symbol]} {spoken[1]}"
    else:
        formula = f"the {said.symbol} of {' and '.join(spoken)}"
    return tuple(f"{said.name} are {formula} so {' '.join(spelled(said.value))} .".split())


INTERPRETER = Interpreter(question, solution, sentence)
