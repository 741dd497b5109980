"""The page of a problem as lines of text."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from textwrap import wrap

from synthtasks.domains import Value, following
from synthtasks.families.dials.quantities import longest_path
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, Surface
from synthtasks.surfaces.equations import formula
from synthtasks.trace import Words
from synthtasks.verify import Slip, verify

WIDTH = 110  # of wrapped text
COLUMNS = 6  # lines of a compact program in a row of text
STOPS = (";", ".")  # end a sentence
GAP = " "  # an empty column


def page(p: Problem, surface: Surface) -> Iterator[str]:
    """A problem, its solution, its graph, and the judge's verdicts on the solution and on one with a wrong step."""
    prompt, solution = surface.prompt(p), surface.solution(p)
    size = f"over {p.modulus} letters" if isinstance(p.answer, tuple) else f"modulo {p.modulus}"
    yield f"{len(p.steps)} steps {size}; the answer takes {len(p.proof)} of them, {longest_path(p)} one after the other"
    yield f"key {p.key[:12]}, {len(prompt)} words of prompt, {len(solution)} of solution"
    if isinstance(surface, Compact):
        lines = 3 * len(p.steps)
        yield from ("", "PROBLEM", *_grid(prompt[:lines], 3), "  " + " ".join(prompt[lines:]))
        yield from ("", "SOLUTION", *_grid(solution[:-3], 4), "  " + " ".join(solution[-3:]))
    else:
        yield from ("", "PROBLEM", *_sentences(prompt))
        yield from ("", "SOLUTION", *_sentences(solution))
    yield from ("", "GRAPH (* the answer depends on it; -> what uses it)", *_graph(p))
    yield from ("", "VERDICT on the solution", *_judged(p, surface, solution))
    yield from ("", "VERDICT on the solution with one wrong value", *_judged(p, surface, slipped(p, surface)))


def slipped(p: Problem, surface: Surface) -> Words:
    """The solution with one change: the value of its middle step is replaced by the next value of the domain."""
    trace = surface.read(surface.solution(p))
    middle = len(trace.assertions) // 2
    wrong = trace.assertions[middle]
    changed = wrong._replace(value=following(wrong.value, p.modulus))
    return surface.write(replace(trace, assertions=(*trace.assertions[:middle], changed, *trace.assertions[middle + 1 :])))


def _sentences(words: Words) -> Iterator[str]:
    """Each sentence on a line, wrapped with an indent if it is too long."""
    start = 0
    for i, word in enumerate(words):
        if word in STOPS or i == len(words) - 1:
            yield from wrap(" ".join(words[start : i + 1]), WIDTH, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False)
            start = i + 1


def _grid(words: Words, size: int) -> Iterator[str]:
    """Lines of `size` words, several in a row."""
    lines = list(_table([words[i : i + size] for i in range(0, len(words), size)]))
    for i in range(0, len(lines), COLUMNS):
        yield "  ".join(lines[i : i + COLUMNS])


def _graph(p: Problem) -> Iterator[str]:
    needed = {step.name for step in p.proof}
    rows: list[Words] = []
    formulas = _cells([formula(s.primitive.symbol, tuple((_spelled(a),) for a in s.arguments)) for s in p.steps])
    for step, cells in zip(p.steps, formulas, strict=True):
        used = ", ".join(p.graph.successors(step.name))
        query = "the answer" if step.name == p.query else ""
        mark = "*" if step.name in needed else ""
        rows.append((mark, step.name, "=", *cells, "=", _spelled(p.values[step.name]), GAP, f"-> {used}" if used else "", GAP, query))
    yield from _table(rows)


def _spelled(operand: str | Value | None) -> str:
    """An operand in one word; a text stands in quotes."""
    return f'"{"".join(operand)}"' if isinstance(operand, tuple) else str(operand)


def _cells(lines: Sequence[Words]) -> list[Words]:
    """Each line split into cells: a cell for each word if all lines are alike, short and without brackets; else one cell."""
    alike = len({len(line) for line in lines}) == 1 and all(len(line) <= 4 and "(" not in line for line in lines)
    return [line if alike else (" ".join(line),) for line in lines]


def _judged(p: Problem, surface: Surface, words: Words) -> Iterator[str]:
    trace = surface.read(words)
    verdict = verify(p, trace)
    slips = {slip.at: slip for slip in verdict.slips if slip.at is not None}
    ends = [0, *(a.at + a.words for a in trace.assertions)]
    spans = (words[start:end] for start, end in pairwise(ends))
    sentences = _cells([span[1:] if span[:1] and span[0] in STOPS else span for span in spans])  # without the stop of the one before
    rows: list[Words] = []
    for i, (cells, right) in enumerate(zip(sentences, verdict.steps, strict=True)):
        rows.append((*cells, GAP, "right" if right else "wrong", GAP, _why(p, slips[i]) if i in slips else ""))
    yield from _table(rows)
    parts = {"correct": verdict.correct, "sound": verdict.sound, "complete": verdict.complete, "exact": verdict.exact}
    if verdict.slips:
        yield "  slips: " + ", ".join(f"{slip.kind} {slip.step}" if slip.step else slip.kind for slip in verdict.slips)
    answer = "none" if trace.answer is None else _spelled(trace.answer)
    yield f"  answer {answer}: " + ", ".join(part if holds else f"not {part}" for part, holds in parts.items())
    yield f"  process: {'right' if verdict.process else 'wrong'}"


def _why(p: Problem, slip: Slip) -> str:
    """A mistake in words; this page changes a value, so there are two kinds."""
    assert slip.step is not None
    assert slip.kind in ("value", "inherited")
    return f"value: it is {_spelled(p.values[slip.step])}" if slip.kind == "value" else "inherited: it builds on a wrong step"


def _table(rows: Sequence[Words]) -> Iterator[str]:
    """Rows of words in columns; numbers are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{word:>{width}}" if word.isdecimal() else f"{word:<{width}}" for word, width in zip(row, widths, strict=True))
        yield ("  " + " ".join(cells)).rstrip()
