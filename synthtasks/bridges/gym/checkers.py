"""Checkers of answers to ten tasks of Reasoning Gym, written from their questions and apart from their code.

Each takes an item, and an answer in the form of those that items state. Where a question cannot be read back, its metadata are.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import gcd
from typing import cast

import networkx as nx

from synthtasks.laws.foreign import Entry

MOVES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
OPERATORS: Mapping[type[ast.AST], Callable[..., Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: lambda base, power: base ** int(power),
    ast.USub: operator.neg,
}
CONNECTIVES: tuple[tuple[str, Callable[[bool, bool], bool]], ...] = (  # the loosest first
    ("↔", operator.eq),
    ("→", operator.le),
    ("∨", operator.or_),
    ("∧", operator.and_),
)
POINTS = range(-40, 41)  # more than the degree of any polynomial that is asked: two that agree on all of them are one


def chain_sum(entry: Entry, answer: str) -> bool:
    return value(entry["question"].rpartition(": ")[2].removesuffix(" ="), {}) == Fraction(answer)


def fraction_simplification(entry: Entry, answer: str) -> bool:
    (n, d), (a, b) = ([int(v) for v in re.findall(r"\d+", text)] for text in (entry["question"], answer))
    return n * b == a * d and gcd(a, b) == 1


def simple_equations(entry: Entry, answer: str) -> bool:
    left, right = entry["question"].rpartition(": ")[2].split(" = ")
    return value(left, {str(entry["metadata"]["variable"]): int(answer)}) == value(right, {})


def polynomial_multiplication(entry: Entry, answer: str) -> bool:
    asked = entry["question"].splitlines()[0].rpartition(": ")[2]
    points = ({"x": t, "y": t + 100, "z": t + 200} for t in POINTS)
    return all(value(asked, point) == value(answer, point) for point in points)


def shortest_path(entry: Entry, answer: str) -> bool:
    rows = [line.split() for line in entry["question"].splitlines() if re.fullmatch(r"[*#OX]( [*#OX])*", line)]
    cells = {(r, c): sign for r, row in enumerate(rows) for c, sign in enumerate(row)}
    graph: nx.Graph[tuple[int, int]] = nx.grid_2d_graph(len(rows), len(rows[0]))
    graph.remove_nodes_from([cell for cell, sign in cells.items() if sign == "X"])
    start, end = (next(cell for cell, sign in cells.items() if sign == wanted) for wanted in "*#")
    if answer == "infeasible":
        return not nx.has_path(graph, start, end)
    here, moves = start, [MOVES[word] for word in answer.split()]
    for down, right in moves:
        here = (here[0] + down, here[1] + right)
        if here not in graph:
            return False
    return here == end and len(moves) == nx.shortest_path_length(graph, start, end)


def course_schedule(entry: Entry, answer: str) -> bool:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from((int(a), int(b)) for a, b in re.findall(r"\((\d+), (\d+)\)", entry["question"]))
    return answer == str(nx.is_directed_acyclic_graph(graph))


def knights_knaves(entry: Entry, answer: str) -> bool:
    """The answer names every person once, and no other roles agree with what they say."""
    names, terms = cast(Sequence[str], entry["metadata"]["names"]), cast(Mapping[str, str], entry["metadata"]["knight_knave_terms"])
    said = dict(re.findall(r"(\w+) is an? (\w+)", answer))
    if set(said) != set(names) or not set(said.values()) <= {terms["knight"], terms["knave"]}:
        return False
    statements = cast(Sequence[Sequence[object]], entry["metadata"]["statements"])
    agree = [
        roles
        for roles in product((True, False), repeat=len(names))
        if all(_true(s, roles) == r for s, r in zip(statements, roles, strict=True))
    ]
    return agree == [tuple(said[name] == terms["knight"] for name in names)]


def _true(statement: Sequence[object], roles: Sequence[bool]) -> bool:
    sign, *rest = statement
    if sign in ("telling-truth", "lying"):
        return roles[cast(int, rest[0])] == (sign == "telling-truth")
    parts = [_true(cast(Sequence[object], part), roles) for part in rest]
    return {"not": not parts[0], "and": all(parts), "or": any(parts), "->": not parts[0] or parts[-1], "<=>": parts[0] == parts[-1]}[
        str(sign)
    ]


def propositional_logic(entry: Entry, answer: str) -> bool:
    """The answer follows from the premises; anything follows from a contradiction."""
    premises = re.findall(r"^\.?\d+\. (.*)$", entry["question"], re.MULTILINE)
    letters = sorted(set(re.findall("[A-Z]", "".join((answer, *premises)))))
    worlds = (dict(zip(letters, bits, strict=True)) for bits in product((False, True), repeat=len(letters)))
    return all(holds(answer, world) for world in worlds if all(holds(premise, world) for premise in premises))


def holds(formula: str, world: Mapping[str, bool]) -> bool:
    """The truth of a formula: connectives outside brackets bind in the usual order, ¬ first."""
    bare = re.sub(r"\s", "", formula)
    depths, depth = [], 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        depths.append(depth)
    for connective, of_two in CONNECTIVES:
        for i, sign in enumerate(bare):
            if sign == connective and depths[i] == 0:
                return of_two(holds(bare[:i], world), holds(bare[i + 1 :], world))
    if bare[0] == "¬":
        return not holds(bare[1:], world)
    return holds(bare[1:-1], world) if bare[0] == "(" else world[bare]


def countdown(entry: Entry, answer: str) -> bool:
    numbers = cast(Sequence[int], entry["metadata"]["numbers"])
    used = sorted(int(v) for v in re.findall(r"\d+", answer))
    return used == sorted(numbers) and value(answer, {}) == cast(int, entry["metadata"]["target"])


def letter_counting(entry: Entry, answer: str) -> bool:
    found = re.fullmatch(r'How many times does the letter "(.)" appear in the text: "(.*)"\?', entry["question"], re.DOTALL)
    assert found is not None, f"a question of letter_counting reads otherwise: {entry['question']}"
    return found[2].lower().count(found[1]) == int(answer)


def value(text: str, names: Mapping[str, int]) -> Fraction:
    """The exact value of arithmetic in Python's notation, at values of its variables."""
    return _value(ast.parse(text.strip(), mode="eval").body, names)


def _value(node: ast.expr, names: Mapping[str, int]) -> Fraction:
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.UnaryOp):
        return OPERATORS[type(node.op)](_value(node.operand, names))
    if isinstance(node, ast.Name):
        return Fraction(names[node.id])
    assert isinstance(node, ast.Constant)
    assert isinstance(node.value, int)
    return Fraction(node.value)
