"""The pages of an act: what is shown before its question, the question, and the result. Pure functions of facts and completions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from analysis.demo.chart import Chart
from analysis.demo.lines import lines, stretches
from analysis.demo.tries import RIGHT, WRONG, Tries, asked, judged, shown, unjudged
from analysis.design.shown import Facts, Plot, Question, Written
from analysis.design.study import Act

GAP = 3  # columns between what stands side by side
COLUMN = 34  # of each, where there is room
HEIGHT = 21  # rows of a page where nothing limits it


@dataclass(frozen=True)
class Above:
    """A text, or the like, over a chart, which takes the rows that the text leaves."""

    text: RenderableType
    chart: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from console.render(self.text, options.reset_height())
        used = len(console.render_lines(self.text, options.reset_height()))
        yield from console.render(self.chart, options.update(height=max(0, (options.height or HEIGHT) - used)))


@dataclass(frozen=True)
class Beside:
    """Texts side by side where there is room for all of them, below each other elsewhere."""

    texts: tuple[Text, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        widths = [Measurement.get(console, options, text).maximum for text in self.texts]
        if sum(widths) + GAP * (len(widths) - 1) > options.max_width:
            yield Text("\n\n").join(self.texts)
            return
        table = Table.grid(padding=(0, GAP), pad_edge=False)
        for width in widths:
            table.add_column(min_width=min(max(width, COLUMN), options.max_width // len(widths) - GAP))
        table.add_row(*self.texts)
        yield table


@dataclass(frozen=True)
class Words:
    """The texts of a demo, in which {name} stands for a field of the scale or an option of the study."""

    values: Mapping[str, str]

    def __call__(self, text: str) -> str:
        return text.format_map(self.values)


def chart(plot: Plot, facts: Facts) -> Chart:
    """A plot of these facts."""
    return Chart(plot, lines(plot, facts), stretches(plot, facts))


def opening(act: Act, words: Words, written: Written | None, tries: Sequence[Tries]) -> tuple[RenderableType, ...]:
    """The pages before the question: what a policy answers now, where the act has an opening; the text comes with the first page."""
    text = Text(words(act.text))
    if written:
        return (Group(text, Text(), asked(written), Text(), unjudged(written)),)
    if tries:
        return (Group(text, Text(), asked(tries[0].written), Text(), Beside(tuple(map(shown, tries)))),)
    return ()


def question(act: Act, words: Words) -> RenderableType:
    """The question with its choices, under the text of the act unless a page before showed it."""
    text = Text() if act.written or act.opening else Text(f"{words(act.text)}\n\n")
    text.append(words(act.question.text), "bold")
    for number, choice in enumerate(act.question.choices, 1):
        text.append(f"\n\n  {number}  ", "bold").append(words(choice))
    return text


def verdict(asked: Question, words: Words, facts: Facts, guess: int | None) -> Text:
    """The result in words, and beside it the guess: a choice, counted from 0; None where there was none."""
    right = asked.right(facts)
    text = Text()
    if guess is not None:
        sign = " " if not right else "✓" if guess in right else "✗"
        text.append(f"{sign} your guess   ", f"bold {RIGHT if guess in right else WRONG if right else ''}".strip())
        text.append(f"{guess + 1}  {words(asked.choices[guess])}\n")
    for number in sorted(right) if guess not in right else ():
        text.append(f"{'✓ the answer   ' if guess is not None else '✓ '}", f"bold {RIGHT}").append(
            f"{number + 1}  {words(asked.choices[number])}\n"
        )
    return text.append(asked.told(facts))


def result(
    act: Act, words: Words, facts: Facts, guess: int | None, written: Written | None, tries: Sequence[Tries]
) -> Iterator[RenderableType]:
    """The pages after the question: its answer beside the guess over the first plot, the other plots, and the tries with their marks."""
    answer = verdict(act.question, words, facts, guess)
    charts = [chart(plot, facts) for plot in act.plots]
    if written:
        yield Group(answer, Text(), asked(written), Text(), judged(written))
        yield from charts
    else:
        yield Above(answer.append("\n"), charts[0]) if charts else answer
        yield from charts[1:]
    if tries:
        yield Group(asked(tries[0].written), Text(), Beside(tuple(map(shown, tries))))


@dataclass(frozen=True)
class Rows:
    """Rows of a page that were rendered before."""

    rows: tuple[tuple[Segment, ...], ...] = field(default=())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for row in self.rows:
            yield from row
            yield Segment.line()


def screens(page: RenderableType, console: Console, width: int, height: int) -> list[Rows]:
    """A page as screens of at most so many columns and rows."""
    options = console.options.update(width=width, height=height)
    rendered = list(Segment.split_and_crop_lines(console.render(page, options), width, pad=False, include_new_lines=False))
    while len(rendered) > 1 and not "".join(s.text for s in rendered[-1]).strip():
        rendered.pop()
    rows = [tuple(row) for row in rendered]
    return [Rows(tuple(rows[i : i + height])) for i in range(0, len(rows), height)]
