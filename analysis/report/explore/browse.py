"""The kept completions of a study for the page's browser of traces: of each problem the answers of several stages side by side, counted by
the judge's kind of mistake, with the most frequent completion of each kind and the judge's marks on its steps."""

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import asdict, dataclass
from math import ceil

from markupsafe import Markup

from analysis.design.results import Results
from analysis.figures.conditions import name, varying
from analysis.measures.errors import first_mistake
from analysis.measures.facts import Cell
from analysis.report.explore.anchors import slug
from analysis.report.explore.cells import axes_of, choosers, places_of
from analysis.report.findings import plural
from analysis.report.html import tag
from analysis.report.traces import PREFERRED, Answered, Exhibit, Question, answered, exhibits, marks, question, sampled, show
from synthtasks.problem import Problem
from synthtasks.search import Search
from synthtasks.trace import Trace
from train.sample import Sample
from train.stages.store import Store

LARGEST = 2_000_000  # characters of JSON
USUAL = 1_000  # characters of the smallest entries: no more problems of a cell are prepared than could fit at this size
SAFE = {ord(sign): f"\\u{ord(sign):04x}" for sign in "&<>\u2028\u2029"}  # JSON that a script element may hold
KINDS = {  # of completions, as the page calls them
    "right": "right",
    "plan": "planning: a step that was not due",
    "copy": "copying: another operator or operand",
    "execute": "execution: a wrong value",
    "answer": "right steps, and another answer or none",
    "early": "too few steps",
    "late": "a step too many",
    "format": "words that cannot be read",
    "unsolved": "the goal was not reached",
}


@dataclass(frozen=True)
class Example:
    """The most frequent completion of a kind."""

    kind: str
    times: int
    answer: bool  # its answer is right
    marks: tuple[int, ...]  # by their places in the entry's list


@dataclass(frozen=True)
class Side:
    """The completions of one stage for a problem."""

    name: str  # of the stage in its cell
    stage: str  # its folder
    kinds: dict[str, int]  # completions by kind
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Entry:
    """A problem of a cell, with the completions of each stage that was asked it."""

    at: str  # identifier
    cell: str  # identifier of its cell
    labels: dict[str, str]
    seed: int
    steps: int  # of the solution
    asked: Question
    begun: str  # first steps of the solution, which the prompt gave
    marks: tuple[tuple[str, int, str], ...]  # the steps that occur: words, 1 if right, the judge's remark
    sides: tuple[Side, ...]


def kind_of(problem: Problem, trace: Trace) -> str:
    """The kind of a completion: right, or that of its first mistake."""
    mistake = first_mistake(problem, trace)
    return "right" if mistake is None else "unsolved" if isinstance(problem, Search) else mistake.kind


def draws(sample: Sample) -> Hashable:
    """The problems that a stage draws: equal where they are."""
    return sample.source, sample.problems, sample.seed, sample.iterations, sample.first


Met = dict[Hashable, Sequence[Problem]]  # problems that were drawn already


def together(cell: Cell, store: Store, met: Met) -> list[dict[str, Answered]]:
    """The cell's completions by the names of their stages, where stages were asked the same problems together."""
    found: dict[tuple[str, ...], dict[str, Answered]] = {}
    for called, stage in cell.named:
        if isinstance(stage, Sample) and (mine := answered(stage, store, met.get(draws(stage)))):
            met[draws(stage)] = mine.problems
            found.setdefault(mine.prompts, {})[called] = mine
    return list(found.values())


def entries(cell: Cell, at: str, store: Store, most: int, met: Met) -> Iterator[Entry]:
    """The first problems of a cell, at most so many."""
    for of in together(cell, store, met):
        first = next(iter(of.values()))
        by_problem = {called: _by_problem(mine) for called, mine in of.items()}
        for place, problem in list(enumerate(first.problems))[:most]:
            known: dict[tuple[str, int, str], int] = {}
            sides = tuple(_side(called, mine, place, by_problem[called].get(place, Counter()), known) for called, mine in of.items())
            yield Entry(
                f"trace-{at.removeprefix('cell-')}-{slug(next(iter(of)))}-{place}",
                at, dict(cell.labels), cell.seed, 0 if isinstance(problem, Search) else len(problem.proof),
                question(first.surface, problem), " ".join(first.given[place]), tuple(known), sides,
            )  # fmt: skip


def _by_problem(mine: Answered) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {}
    for place, words in zip(mine.problem, mine.words, strict=True):
        found.setdefault(place, Counter())[words] += 1
    return found


def _side(called: str, mine: Answered, place: int, said: Counter[str], known: dict[tuple[str, int, str], int]) -> Side:
    problem = mine.problems[place]
    kinds, examples = Counter[str](), dict[str, Example]()
    for words, times in said.most_common():
        trace = mine.trace(place, words)
        kind = kind_of(problem, trace)
        kinds[kind] += times
        if kind not in examples:
            steps = [(mark.said, int(mark.right), mark.remark) for mark in marks(problem, trace)]
            numbers = tuple(known.setdefault(step, len(known)) for step in steps)
            examples[kind] = Example(kind, times, bool(trace.answer == problem.answer), numbers)
    order = [kind for kind in KINDS if kind in kinds]
    return Side(called, str(mine.sample), {kind: kinds[kind] for kind in order}, tuple(examples[kind] for kind in order))


@dataclass(frozen=True)
class Kept:
    """The entries that a page holds as JSON, of how many problems in all."""

    lines: tuple[str, ...]
    entries: tuple[Entry, ...]
    problems: int
    cells: int


def kept(results: Results, largest: int = LARGEST) -> Kept:
    """The first problem of every cell, then the second of every cell, and so on, until the page is full. Cells of the first claim come
    first. Equal results keep equal entries."""
    where, claims = places_of(results.cells), results.study.claims[:1]
    asked = [cell for cell in results.cells if sampled(cell)]
    asked.sort(key=lambda cell: not any(claim.speaks_of(dict(cell.labels)) for claim in claims))
    most = max(1, ceil(largest / (USUAL * max(1, len(asked)))))
    met: Met = {}
    found = [list(entries(cell, where[cell.labels, cell.seed], results.store, most, met)) for cell in asked]
    lines, chosen, left = list[str](), list[Entry](), largest
    for rank in range(max(map(len, found), default=0)):
        for mine in (mine for mine in found if rank < len(mine)):
            line = json.dumps(asdict(mine[rank]), separators=(",", ":"), ensure_ascii=False)
            left -= len(line)
            if left < 0:
                return Kept(tuple(lines), tuple(chosen), _problems(asked), len(asked))
            lines.append(line)
            chosen.append(mine[rank])
    return Kept(tuple(lines), tuple(chosen), _problems(asked), len(asked))


def _problems(cells: Sequence[Cell]) -> int:
    """The problems of all cells that were asked, each once for a cell."""
    asked = [{draws(s): s.problems * s.iterations for _, s in cell.named if isinstance(s, Sample)} for cell in cells]
    return sum(n for each in asked for n in each.values())


def browse(results: Results) -> list[object]:
    """The browser of traces, and two of them for readers without JavaScript; nothing, where the study samples none."""
    if not any(sampled(cell) for cell in results.cells):
        return []
    found = kept(results)
    axes = {axis: values for axis, values in axes_of([c for c in results.cells if sampled(c)]).items() if len(values) > 1}
    filters: dict[str, Sequence[str]] = {
        **axes,
        "seed": [str(seed) for seed in dict.fromkeys(e.seed for e in found.entries)],
        "steps": [str(steps) for steps in sorted({e.steps for e in found.entries if e.steps})],
    }
    kinds = {kind: words for kind, words in KINDS.items() if any(kind in side.kinds for e in found.entries for side in e.sides)}
    whole = "all" if len(found.entries) == found.problems else f"{len(found.entries):,} of {found.problems:,}"
    said = (
        f"Here are {whole} problems of {plural(found.cells, 'cell')}, taken in turn from each cell in the order in which they were drawn. "
        "Of each problem all completions are counted by the judge's first mistake, and the most frequent one of each kind is shown. All "
        "completions lie in the file samples.npz of each stage; its folder is named below them."
    )
    data = f'{{"kinds":{json.dumps(kinds)},"preferred":{json.dumps(PREFERRED)},"entries":[{",".join(found.lines)}]}}'
    safe = data.translate(SAFE)
    script = Markup(f'<script type="application/json" id="traces-data">{safe}</script>')
    return [
        tag("p", said, kind="soft"),
        choosers("traces-shown", filters, "problems"),
        Markup('<div id="traces-shown" class="traces" hidden="hidden"></div>'),
        tag("noscript", tag("p", "To browse them needs JavaScript; here are two.", kind="soft")),
        tag("div", *two(results), id="two-traces"),
        script,
    ]


def two(results: Results) -> list[Markup]:
    """A completion that solves its problem, and one that fails."""
    parts: list[Markup] = []
    axes = varying(dict(c.labels) for c in results.cells)
    for title, exhibit in zip(("Solved", "Failed"), exhibits(results), strict=True):
        parts += (tag("h3", title), *_exhibit(exhibit, axes))
    return parts


def _exhibit(exhibit: Exhibit | None, axes: Sequence[str]) -> tuple[Markup, ...]:
    if exhibit is None:
        return (tag("p", "No sampled completion is one of these.", kind="soft"),)
    stage, where = exhibit.stage.replace("_", " ").capitalize(), name(dict(exhibit.labels), axes)
    return tag("p", f"{stage}; {where}; seed {exhibit.seed}.", kind="soft"), show(exhibit)
