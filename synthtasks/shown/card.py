"""The card of a problem for notebooks: HTML without scripts, in the colours of the page around it."""

from html import escape

from synthtasks.shown.page import Written, criteria, sentences, size, spans, spelled, why
from synthtasks.shown.picture import picture
from synthtasks.shown.posed import Posed
from synthtasks.trace import Trace, Words
from synthtasks.verify import verify

MARK = "display:inline-block;padding:0 .5em;border-radius:.7em;color:#fff;background:"  # white on these reads well on any page
MARKS = {True: f'<span style="{MARK}#00734f">✓ right</span>', False: f'<span style="{MARK}#b84300">✗ wrong</span>'}
CELL = "text-align:left;padding:.1em .8em .1em 0;vertical-align:top;border:0;background:none"
LINES = 100  # of a problem or a solution: more are counted


def card(p: Posed, written: Written) -> str:
    """The problem, its graph, and its solution without and with a wrong value, each step with the judge's verdict."""
    said = [" ".join(words) for words in sentences(written.prompt)]
    slipped = not verify(p, written.slipped[1]).process  # else values are not what is judged
    wrong = _judged(p, *written.slipped, "With one wrong value") if slipped else ""
    return (
        f"<div><p>{escape(size(p))}</p>{picture(p)}"
        f'<pre style="white-space:pre-wrap;background:none;color:inherit">{escape(chr(10).join(_some(said)))}</pre>'
        f"{_judged(p, *written.solution, 'The solution')}{wrong}</div>"
    )


def _judged(p: Posed, words: Words, trace: Trace, title: str) -> str:
    verdict = verify(p, trace)
    slips = {slip.at: slip for slip in verdict.slips if slip.at is not None}
    said = [" ".join(span) for span in spans(words, trace)]
    remarks = [why(p, slips[i]) if i in slips else "" for i in range(len(said))]
    rows = [_row(*row) for row in zip(said, verdict.steps, remarks, strict=True)]
    answer = "none" if trace.answer is None else spelled(trace.answer)
    rows = [*_some(rows, "<tr><td>{}</td></tr>"), _row(f"process, answer {answer}", verdict.process, criteria(verdict))]
    return f'<details open><summary>{escape(title)}</summary><table style="border:0;color:inherit">{"".join(rows)}</table></details>'


def _row(said: str, right: bool, remark: str) -> str:
    cells = (f"<code style='background:none;color:inherit'>{escape(said)}</code>", MARKS[right], escape(remark))
    return "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _some(lines: list[str], form: str = "{}") -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - LINES
    return lines if more <= 0 else [*lines[:LINES], form.format(f"and {more:,} more")]
