"""The findings of a study, in a paragraph and in tables."""

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from analysis.claims.claims import Claim, More
from analysis.claims.judge import ALPHA, Finding, Verdict
from analysis.design.results import Results
from analysis.measures.seeds import ALIKE, alike, largest
from analysis.report.html import table, tag

SAID: dict[Verdict, str] = {  # before the claims with that verdict
    "shown": "Shown",
    "shown (no update)": "Shown for these seeds, in which learning took no step",
    "refuted": "Refuted",
    "undetermined": "Undetermined, which means that these runs do not decide",
}
ONE_SEED = "With fewer than two seeds there is no interval, so no difference can be shown or refuted; what follows is what these runs gave."


def plural(n: int, noun: str) -> str:
    """A number of things."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def answer(results: Results) -> Markup:
    """The verdicts in a paragraph."""
    said = statements(results.study.claims)
    tested = [f for f in results.findings if f.verdict != "reported"]
    if not tested:
        return escape("No claim that has a test can be answered from these cells.")
    parts = [f"{plural(len(tested), 'claim')} {'was' if len(tested) == 1 else 'were'} tested."]
    if max(f.n for f in tested) < 2:
        parts.append(ONE_SEED)
    for verdict, heading in SAID.items():
        clauses, last = [], ""
        for f in (f for f in tested if f.verdict == verdict):
            points = "not defined in any seed" if f.difference is None else f"{number(f.difference)} points"
            clauses.append(f"{said[f.name].removeprefix(f'{last}, ')} ({points})")
            last = said[f.name]
        if clauses:
            parts.append(tag("strong", f"{heading}:") + f" {'; '.join(clauses)}.")
    return Markup(" ").join(parts)


def statements(claims: Sequence[Claim]) -> dict[str, str]:
    """Each claim's statement as a clause; one that goes on from the claim before it (`... and`) is made whole."""
    found: dict[str, str] = {}
    last = ""
    for claim in claims:
        clause = claim.statement.strip(". ")
        last = f"{last}, {clause}" if claim.statement.startswith("...") else clause[:1].lower() + clause[1:]
        found[claim.name] = last.replace("rL ", "RL ", 1) if last.startswith("rL ") else last
    return found


def number(x: float | None) -> str:
    """A signed number of points, or a dash for what could not be measured."""
    if x is None:
        return "–"
    return "0.0" if abs(x) < 0.05 else f"{x:+.1f}".replace("-", "−")


def interval(f: Finding) -> str:
    """The interval with its level, or why there is none."""
    if f.n == 1:
        return "one seed: no interval"
    bounds = "–" if f.low is None or f.high is None else f"{number(f.low)} to {number(f.high)} ({f.level:.0%})"
    return f"{bounds}; largest change of any seed {largest(f.values):.2g}" if alike(f.values) else bounds  # all that is known then


def p_value(p: float | None) -> str:
    """To as many digits as matter, and no smaller than can be believed."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


Column = Callable[[Claim, Finding], object]
COLUMNS: Mapping[str, Column] = {  # of the table of verdicts
    "claim": lambda claim, f: f.name,
    "statement": lambda claim, f: f.statement,
    "verdict": lambda claim, f: tag("span", f.verdict, kind=f"verdict {f.verdict.split()[0]}"),
    "difference": lambda claim, f: number(f.difference),
    "interval": lambda claim, f: interval(f),
    "margin": lambda claim, f: f"{'more than' if isinstance(claim.test, More) else 'within'} {f.margin:g}",
    "Holm p": lambda claim, f: p_value(f.p),
    "n": lambda claim, f: f.n,
    "dropped": lambda claim, f: f.dropped,
}
WORDS = ("claim", "statement", "verdict")  # the other columns are numbers


def verdict_table(claims: Sequence[Claim], found: Sequence[Finding], columns: Mapping[str, Column], caption: object) -> Markup:
    """Tested claims under these columns."""
    by_name = {c.name: c for c in claims}
    rows = [tuple(column(by_name[f.name], f) for column in columns.values()) for f in found]
    return table(tuple(columns), rows, [name for name in columns if name not in WORDS], caption)


def verdicts(results: Results) -> tuple[Markup, ...]:
    """Every tested claim; all that stands beside the verdicts is a further part."""
    tested = [f for f in results.findings if f.verdict != "reported"]
    if not tested:
        return (tag("p", "None of these cells answers a claim that has a test."),)
    return (verdict_table(results.study.claims, tested, COLUMNS, how_to_read(tested)),)


def units(findings: Sequence[Finding]) -> str:
    """The units of these differences."""
    return " or ".join(dict.fromkeys(f.unit for f in findings))


def how_to_read(tested: Sequence[Finding]) -> str:
    """The caption of the verdicts."""
    return (
        f"Differences are of {units(tested)}. The unit is the pretraining seed: cells that share a seed are compared within it, and n "
        "counts seeds. Intervals are t intervals over seeds, which lean on values that are nearly normal; where all seeds give the same "
        f"to within {ALIKE}, the interval holds for any distribution of values between the least and the greatest that there can be. They "
        f"are not adjusted for the number of claims; verdicts are: the Holm-adjusted p must be below {ALPHA}. “More than” asks that the "
        "difference exceed the margin, “within” that it lie within the margin of zero. Dropped: seeds in which a cell of the claim is "
        "undefined."
    )


def contrasts(results: Results) -> Markup:
    """Everything that was measured beside the claims."""
    found = [f for f in results.findings if f.verdict == "reported"]
    if not found:
        return tag("p", "None of these cells answers one.")
    rows = [(f.name, f.statement, number(f.difference), interval(f), f.unit, f.n, f.dropped) for f in found]
    caption = "No direction was claimed, so there is no verdict; intervals as above, each at its own level."
    head = ("contrast", "what", "difference", "interval", "unit", "n", "dropped")
    return table(head, rows, ("difference", "interval", "n", "dropped"), caption)
