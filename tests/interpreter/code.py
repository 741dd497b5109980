"""`m = 10 ; A = ( 1 - 1 ) % m ; print ( A )`, continued by `assert ( A := ( 1 - 1 ) % m ) == 0 ; answer 0 <end>`: Python runs both."""

import ast
import re
from collections.abc import Callable, Mapping

from tests.interpreter.operations import OPERATIONS, Value
from tests.interpreter.process import Interpreter, Operand, Question, Said, Solution, Statement, Told, Words, spelled

SPELLING = re.compile(r'[A-Za-z][A-Za-z0-9]*|0|[1-9][0-9]{0,8}|:=|==|[-+*%;,():={}"]|<end>', re.ASCII)
ANSWER = re.compile(r'(?P<asserted>.*?)answer (?P<answer>0|[1-9][0-9]{0,8}|"(?: [a-z])+ ") <end> ', re.ASCII)
INFIX: Mapping[type, str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.And: "and", ast.Or: "or"}
PYTHON = str | int
"""Values as Python has them: a text is a string."""


def thing(value: PYTHON) -> Value:
    return tuple(value.split()) if isinstance(value, str) else int(value)


def python(value: Value) -> PYTHON:
    return value if isinstance(value, int) else f" {' '.join(value)} "


def namespace(size: int, meanings: Mapping[str, str]) -> dict[str, object]:
    """The functions that a program may call, and no others."""

    def function(name: str) -> Callable[..., PYTHON]:
        return lambda *operands: python(OPERATIONS[name](tuple(thing(operand) for operand in operands), size))

    def table(usual: Callable[[int], int], entries: dict[int, int]) -> Callable[[int], int]:
        return lambda operand: entries[operand] if operand in entries else usual(operand)

    known: dict[str, object] = {name: function(name) for name in OPERATIONS}
    known |= {symbol: function(meaning) for symbol, meaning in meanings.items() if symbol.isidentifier()}
    return {**known, "total": function("sum"), "table": table, "next": None, "__builtins__": {}}


def operand(node: ast.expr) -> Operand | None:
    """A name or a value; None of anything else."""
    if isinstance(node, ast.Name):
        return node.id
    return thing(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str | int) else None


def statement(node: ast.expr) -> Statement | None:
    """An operation on names and values; None of anything else."""
    inner = node.left if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) else node
    found: tuple[ast.expr, ...]
    match inner:
        case ast.BinOp(left, op, right):
            symbol, found = INFIX.get(type(op), "?"), (left, right)
        case ast.BoolOp(op, values):
            symbol, found = INFIX[type(op)], tuple(values)
        case ast.UnaryOp(ast.Not(), value):
            symbol, found = "not", (value,)
        case ast.Call(ast.Name(name), arguments, []):
            symbol, found = "sum" if name == "total" else name, tuple(arguments)
        case _:
            return None
    operands = tuple(o for o in map(operand, found) if o is not None)
    return Statement(symbol, operands) if len(operands) == len(found) > 0 else None


def question(prompt: Words, told: Told) -> Question:
    """Definitions and tables are named in small letters, quantities in capitals."""
    size, meanings, tables, statements, query = 0, dict(told.meanings), dict[str, dict[int, int]](), dict[str, Statement](), ""
    for line in ast.parse(" ".join(prompt)).body:
        match line:
            case ast.Assign([ast.Name("m")], ast.Constant(int(number))):
                size = number
            case ast.Assign([ast.Name(symbol)], ast.Name(meaning)):
                meanings[symbol] = meaning
            case ast.Assign([ast.Name(symbol)], ast.Call(ast.Name("table"), [ast.Name(same), entries])) if same == symbol:
                tables[symbol] = ast.literal_eval(entries)
            case ast.Assign([ast.Name(name)], expression) if name.isupper():
                stated = statement(expression)
                assert stated, ast.unparse(line)
                statements[name] = stated
            case ast.Expr(ast.Call(ast.Name("print"), [ast.Name(name)])):
                query = name
            case _:
                raise AssertionError(f"this is no line of a prompt: {ast.unparse(line)}")
    found = Question(size, statements, query, meanings, tables)
    run(prompt, found)
    return found


def run(prompt: Words, found: Question) -> None:
    """What Python makes of the program, its lines sorted so that it can run them, is what is asked for."""
    *lines, last = " ".join(prompt).split(" ; ")
    first = [line for line in lines if not line[0].isupper()]
    by_name = {line.split()[0]: line for line in lines if line[0].isupper()}
    printed: list[PYTHON] = []
    known = {**namespace(found.size, found.meanings), "print": printed.append}
    exec("\n".join((*first, *(by_name[name] for name in found.behind(found.query)), last)), known)
    assert [thing(value) for value in printed] == [found.value(found.query)], (prompt, printed)


def solution(question: Question, completion: Words) -> Solution | None:
    """Assertions that hold under Python; and the answer."""
    text = "".join(f"{word} " for word in completion)
    ending = ANSWER.fullmatch(text) if all(map(SPELLING.fullmatch, completion)) else None
    if ending is None:
        return None
    try:
        lines = ast.parse(ending["asserted"]).body
    except SyntaxError:
        return None
    steps: list[Said] = []
    for line in lines:
        match line:
            case ast.Assert(ast.Compare(ast.NamedExpr(ast.Name(name), expression), [ast.Eq()], [ast.Constant(value)]), None):
                stated = statement(expression)
            case _:
                return None
        if stated is None or not isinstance(value, str | int):
            return None
        steps.append(Said(name, stated.symbol, stated.operands, thing(value)))
    read = Solution(tuple(steps), thing(ending["answer"].strip('"') if ending["answer"][0] == '"' else int(ending["answer"])))
    if INTERPRETER.written(read) != completion or not holds(lines, read, question):
        return None
    return read


def holds(lines: list[ast.stmt], read: Solution, question: Question) -> bool:
    """Whether the lines run under Python, which knows at first no quantity; of lines that are stated so, or it could be anything."""
    if any(question.statements.get(said.name) != Statement(said.symbol, said.operands) for said in read.steps):
        return True  # they are wrong for that reason, and not to be run
    known = namespace(question.size, question.meanings) | {"m": question.size}
    for symbol, entries in question.tables.items():
        known[symbol] = known["table"](known[symbol], entries)  # type: ignore[operator]
    try:
        exec(compile(ast.Module(lines, []), "completion", "exec"), known)
    except (AssertionError, NameError):
        return False
    return True


def sentence(said: Said) -> Words:
    """`assert ( A := ( 5 + 3 ) % m ) == 8 ;`, or `assert ( A := max ( 5 , 3 ) ) == 5 ;`."""
    operands = [(o,) if isinstance(o, str) else spelled(o) for o in said.operands]
    if said.symbol in INFIX.values() and len(operands) == 2:
        modulo = () if said.symbol in ("and", "or") else ("%", "m")
        formula: Words = ("(", *operands[0], said.symbol, *operands[1], ")", *modulo)
    else:
        formula = (said.symbol, "(", *operands[0], *(word for o in operands[1:] for word in (",", *o)), ")")
    return ("assert", "(", said.name, ":=", *formula, ")", "==", *spelled(said.value), ";")


INTERPRETER = Interpreter(question, solution, sentence)
