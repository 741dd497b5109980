"""The page of a problem as lines of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from textwrap import wrap

from synthtasks.domains import Value, following
from synthtasks.shown import notation
from synthtasks.shown.posed import Posed, longest_path
from synthtasks.trace import Trace, Words, gold
from synthtasks.verify import Slip, Verdict, verify

WIDTH = 110  # of wrapped text
COLUMNS = 6  # lines of a compact program in a row of text
STOPS = (";", ".")  # end a sentence
GAP = " "  # an empty column


@dataclass(frozen=True)
class Written:
    """A problem in words: its prompt, its solution and the same with a wrong value, each with the trace that is read in it."""

    prompt: Words
    solution: tuple[Words, Trace]
    slipped: tuple[Words, Trace]
    columns: tuple[int, int] | None = None  # words of a line of the prompt and of the solution, if lines have one length


def in_equations(p: Posed) -> Written:
    """A problem in the words of equations."""
    trace = gold(p)
    return Written(notation.prompt(p, notation.preface(p)), notation.placed(trace), notation.placed(slip(trace, p.modulus)))


def slip(trace: Trace, modulus: int) -> Trace:
    """The trace with one change: the value of its middle step is replaced by the next value of the domain."""
    middle = len(trace.assertions) // 2
    wrong = trace.assertions[middle]
    changed = wrong._replace(value=following(wrong.value, modulus))
    return replace(trace, assertions=(*trace.assertions[:middle], changed, *trace.assertions[middle + 1 :]))


def page(p: Posed, written: Written) -> Iterator[str]:
    """A problem, its solution, its graph, and the judge's verdicts on the solution and on one with a wrong step."""
    prompt, (solution, _) = written.prompt, written.solution
    yield size(p)
    yield f"key {p.key[:12]}, {len(prompt)} words of prompt, {len(solution)} of solution"
    if written.columns is not None:
        asked, solved = written.columns
        lines = asked * len(p.steps)
        yield from ("", "PROBLEM", *_grid(prompt[:lines], asked), "  " + " ".join(prompt[lines:]))
        yield from ("", "SOLUTION", *_grid(solution[:-3], solved), "  " + " ".join(solution[-3:]))
    else:
        yield from ("", "PROBLEM", *_sentences(prompt))
        yield from ("", "SOLUTION", *_sentences(solution))
    yield from ("", "GRAPH (* the answer depends on it; -> what uses it)", *_graph(p))
    yield from ("", "VERDICT on the solution", *_judged(p, *written.solution))
    if not verify(p, written.slipped[1]).process:  # where another thing than values is judged, a wrong one is no mistake
        yield from ("", "VERDICT on the solution with one wrong value", *_judged(p, *written.slipped))


def size(p: Posed) -> str:
    """How large a problem is, in a sentence."""
    domain = f"over {p.modulus} letters" if isinstance(p.answer, tuple) else f"modulo {p.modulus}"
    return f"{len(p.steps)} steps {domain}; the answer takes {len(p.proof)} of them, {longest_path(p)} one after the other"


def spelled(operand: str | Value | None) -> str:
    """An operand in one word; a text stands in quotes."""
    return f'"{"".join(operand)}"' if isinstance(operand, tuple) else str(operand)


def spans(words: Words, trace: Trace) -> Iterator[Words]:
    """The words of each assertion, without the stop of the one before."""
    ends = [0, *(a.at + a.words for a in trace.assertions)]
    for start, end in pairwise(ends):
        yield words[start + (words[start] in STOPS) : end]


def why(p: Posed, slip: Slip) -> str:
    """A mistake in words."""
    if slip.kind == "value" and slip.step is not None:
        return f"value: it is {spelled(p.values[slip.step])}"
    return "inherited: it builds on a wrong step" if slip.kind == "inherited" else slip.kind


def criteria(verdict: Verdict) -> str:
    """The criteria of a verdict, each with "not" where it fails."""
    parts = {"correct": verdict.correct, "sound": verdict.sound, "complete": verdict.complete, "exact": verdict.exact}
    return ", ".join(part if holds else f"not {part}" for part, holds in parts.items())


def _sentences(words: Words) -> Iterator[str]:
    """Each sentence on a line, wrapped with an indent if it is too long."""
    for said in sentences(words):
        yield from wrap(" ".join(said), WIDTH, initial_indent="  ", subsequent_indent="      ", break_on_hyphens=False)


def sentences(words: Words) -> Iterator[Words]:
    """The words up to each stop."""
    start = 0
    for i, word in enumerate(words):
        if word in STOPS or i == len(words) - 1:
            yield words[start : i + 1]
            start = i + 1


def _grid(words: Words, length: int) -> Iterator[str]:
    """Lines of `length` words, several in a row."""
    lines = list(_table([words[i : i + length] for i in range(0, len(words), length)]))
    for i in range(0, len(lines), COLUMNS):
        yield "  ".join(lines[i : i + COLUMNS])


def _graph(p: Posed) -> Iterator[str]:
    needed = {step.name for step in p.proof}
    rows: list[Words] = []
    formulas = _cells([notation.formula(s.primitive.symbol, tuple((spelled(a),) for a in s.arguments)) for s in p.steps])
    for step, cells in zip(p.steps, formulas, strict=True):
        used = ", ".join(p.graph.successors(step.name))
        query = "the answer" if step.name == p.query else ""
        mark = "*" if step.name in needed else ""
        rows.append((mark, step.name, "=", *cells, "=", spelled(p.values[step.name]), GAP, f"-> {used}" if used else "", GAP, query))
    yield from _table(rows)


def _cells(lines: Sequence[Words]) -> list[Words]:
    """Each line split into cells: a cell for each word if all lines are alike, short and without brackets; else one cell."""
    alike = len({len(line) for line in lines}) == 1 and all(len(line) <= 4 and "(" not in line for line in lines)
    return [line if alike else (" ".join(line),) for line in lines]


def _judged(p: Posed, words: Words, trace: Trace) -> Iterator[str]:
    verdict = verify(p, trace)
    slips = {slip.at: slip for slip in verdict.slips if slip.at is not None}
    said = _cells(list(spans(words, trace)))
    rows: list[Words] = []
    for i, (cells, right) in enumerate(zip(said, verdict.steps, strict=True)):
        rows.append((*cells, GAP, "right" if right else "wrong", GAP, why(p, slips[i]) if i in slips else ""))
    yield from _table(rows)
    if verdict.slips:
        yield "  slips: " + ", ".join(f"{slip.kind} {slip.step}" if slip.step else slip.kind for slip in verdict.slips)
    answer = "none" if trace.answer is None else spelled(trace.answer)
    yield f"  answer {answer}: {criteria(verdict)}"
    yield f"  process: {'right' if verdict.process else 'wrong'}"


def _table(rows: Sequence[Words]) -> Iterator[str]:
    """Rows of words in columns; numbers are aligned to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{word:>{width}}" if word.isdecimal() else f"{word:<{width}}" for word, width in zip(row, widths, strict=True))
        yield ("  " + " ".join(cells)).rstrip()
