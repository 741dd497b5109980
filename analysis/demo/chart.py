"""Charts for a terminal: lines of braille dots with a marker at each point, axes with ticks and units, and a legend.

Each series has a colour and a marker of its own, so that a chart can be read without colours. Where lines coincide, their markers
alternate.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, product

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from analysis.demo.lines import Line, Points
from analysis.design.shown import Plot

MARKERS = "○●▲■◆▽"
COLOURS = ("color(244)", "color(33)", "color(166)", "color(133)", "color(30)", "color(167)")  # legible on white and on black
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # bits of a braille cell, by row and column
BLANK = 0x2800
BROAD = ((0, 0), (1, 0), (0, 1))  # dots of a mean, right and down; seeds are thin
ROWS = 16  # of a whole chart, where nothing says how many there are
LEAST = 5  # rows of the canvas
TICKS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1_000, 2_000, 5_000)  # distances of ticks


@dataclass
class Canvas:
    """A grid of cells: braille dots of one style each, or a character."""

    columns: int
    rows: int
    dots: dict[tuple[int, int], int] = field(default_factory=dict)  # bits, by column and row
    marks: dict[tuple[int, int], str] = field(default_factory=dict)
    styles: dict[tuple[int, int], str] = field(default_factory=dict)

    def dot(self, x: int, y: int, style: str) -> None:
        """Set a dot; x counts from the left, y from the top."""
        cell = min(x // 2, self.columns - 1), y // 4
        self.dots[cell] = self.dots.get(cell, 0) | DOTS[y % 4][x % 2]
        self.styles[cell] = style

    def line(self, a: tuple[int, int], b: tuple[int, int], style: str) -> None:
        """Set the dots between two dots, both included."""
        steps = max(abs(b[0] - a[0]), abs(b[1] - a[1]), 1)
        for i in range(steps + 1):
            self.dot(round(a[0] + (b[0] - a[0]) * i / steps), round(a[1] + (b[1] - a[1]) * i / steps), style)

    def mark(self, x: int, y: int, character: str, style: str) -> None:
        """Put a character over the cell of a dot."""
        self.marks[x // 2, y // 4], self.styles[x // 2, y // 4] = character, style

    def row(self, y: int) -> Text:
        """One row of cells."""
        text = Text(no_wrap=True)
        for x in range(self.columns):
            at = x, y
            text.append(self.marks.get(at) or (chr(BLANK + self.dots[at]) if at in self.dots else " "), self.styles.get(at, ""))
        return text


@dataclass(frozen=True)
class Chart:
    """A plot with its lines, as large as the console has room for."""

    plot: Plot
    lines: tuple[Line, ...]
    bands: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # first and last x

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        above = [Text(self.plot.title, "bold"), Text(self.plot.y, "dim")]
        points = [point for line in self.lines for point in line.points]
        if not points:
            yield from (above[0], Text("nothing to draw yet", "dim"))
            return
        below = [Text(self.plot.x, "dim", justify="center"), *self.legend(width)]
        wrapped = options.reset_height()
        used = sum(len(console.render_lines(text, wrapped)) for text in (*above, *below)) + 2 + bool(self.bands)
        x = Scale.of((x for x, _ in points), whole=True)
        y = Scale.of((y for _, y in points), self.plot.top)
        rows = max(LEAST, (options.height or ROWS) - used)
        every = [ticks for most in (6, 5, 3) if 1 < len(ticks := y.ticks(most)) <= rows]
        sizes = [(rows - (rows - 1) % (len(ticks) - 1), ticks) for ticks in every]  # in which ticks lie equally far apart
        rows, ticks = max(sizes, key=lambda size: size[0] + len(size[1]))
        labels = {_dot(y.at(tick), rows) // 4: y.spelled(tick) for tick in ticks}
        margin = max(map(len, labels.values())) + 2
        canvas = Canvas(max(10, width - margin - 1), rows)
        self.draw(canvas, x, y)
        yield from above
        for row in range(rows):
            label = labels.get(row, "")
            yield Text.assemble((f"{label:>{margin - 2}} {'┤' if label else '│'}", "dim"), canvas.row(row))
        yield Text(" " * (margin - 1) + "└" + "─" * canvas.columns, "dim", no_wrap=True)
        under = {x.at(tick): x.spelled(tick) for tick in x.ticks(max(2, canvas.columns // 6))}
        yield Text(" " * margin + _beneath(under, canvas.columns), "dim", no_wrap=True)
        if self.bands:
            yield Text(" " * margin + _named({n: (x.at(a), x.at(b)) for n, (a, b) in self.bands.items()}, canvas.columns), no_wrap=True)
        yield from below

    def draw(self, canvas: Canvas, x: "Scale", y: "Scale") -> None:
        """Draw the seeds, then the means, then the markers."""

        def dots(points: Points) -> list[tuple[int, int]]:
            return [(round(x.at(a) * (2 * canvas.columns - 1)), _dot(y.at(b), canvas.rows)) for a, b in points]

        styles = [COLOURS[i % len(COLOURS)] for i in range(len(self.lines))]
        for line, style in zip(self.lines, styles, strict=True):
            for seed in line.seeds if len(line.seeds) > 1 else ():
                for a, b in pairwise(dots(seed)):
                    canvas.line(a, b, f"dim {style}")
        for line, style in zip(self.lines, styles, strict=True):
            for (a, b), (right, down) in product(pairwise(dots(line.mean)), BROAD):
                canvas.line((a[0] + right, a[1] + down), (b[0] + right, b[1] + down), style)
        for i, (line, style) in enumerate(zip(self.lines, styles, strict=True)):
            every = dots(line.mean or line.seeds[0] if line.seeds else ())
            apart = max(1, round(len(every) / canvas.columns * 3)) * (len(self.lines) if len(every) > 2 * len(self.lines) else 1)
            for column, row in every[i % apart :: apart]:
                canvas.mark(column, row, MARKERS[i % len(MARKERS)], style)

    def legend(self, width: int) -> list[Text]:
        """The name of each line with its marker, in rows that are no wider than this."""
        rows: list[Text] = []
        for i, line in enumerate(self.lines):
            part = Text(f"{MARKERS[i % len(MARKERS)]} {line.name}", COLOURS[i % len(COLOURS)])
            if rows and rows[-1].cell_len + 3 + part.cell_len <= width:
                rows[-1] = Text.assemble(rows[-1], "   ", part)
            else:
                rows.append(part)
        return rows


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`."""

    low: float
    high: float

    @staticmethod
    def of(values: Iterable[float], top: float | None = None, whole: bool = False) -> "Scale":
        """The axis of these values: from 0 to `top` or the largest of them; from the first to the last, if they are `whole` places."""
        every = list(values)
        if whole:
            return Scale(min(every), max(max(every), min(every) + 1))
        return Scale(0.0, top or max(*every, 1e-9))

    def at(self, value: float) -> float:
        """The place of a value: 0 at the low end, 1 at the high one."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[float]:
        """Round numbers on the axis, at most about so many."""
        unit = 1.0
        while self.high - self.low < 2 * unit:
            unit /= 10
        apart = next((t * unit for t in TICKS if (self.high - self.low) / (t * unit) < most), self.high - self.low)
        first = -(-self.low // apart)
        return [self.low] * (self.low > 0 and first * apart - self.low > apart / 2) + [
            (first + i) * apart for i in range(int((self.high - first * apart) / apart + 1e-9) + 1)
        ]

    def spelled(self, value: float) -> str:
        """A tick in words."""
        return f"{value:,.10g}"


def _dot(share: float, rows: int) -> int:
    """The row of dots, from the top, of a share of the axis. Both ends lie within the outer rows."""
    return round((1 - share) * 4 * (rows - 1)) + 1


def _beneath(words: Mapping[float, str], columns: int) -> str:
    """Words centred under their places on an axis of so many columns, none over another."""
    row = [" "] * columns
    for share, word in words.items():
        start = min(max(0, round(share * (columns - 1)) - (len(word) - 1) // 2), columns - len(word))
        if all(c == " " for c in row[max(0, start - 1) : start + len(word) + 1]):
            row[start : start + len(word)] = word
    return "".join(row)


def _named(bands: Mapping[str, tuple[float, float]], columns: int) -> str:
    """Stretches of an axis with their names, as ├ at ┤; a name that is too long for its stretch stands over its ends."""
    row = [" "] * columns
    for name, (first, last) in bands.items():
        start, end = (round(share * (columns - 1)) for share in (first, last))
        word = f"├{name.center(max(end - start - 1, 0), '─') if end - start > len(name) else name}┤"
        start = min(max(0, (start + end + 1 - len(word)) // 2), max(0, columns - len(word)))
        row[start : start + len(word)] = word[: columns - start]
    return "".join(row)
