"""What a study found, in a paragraph and in tables."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from analysis.measures.seeds import ALIKE, alike
from analysis.report.html import table, tag
from analysis.studies.claims import ALPHA, Claim, Judgement, More, Verdict
from analysis.studies.results import Results

VERDICTS: tuple[Verdict, ...] = ("shown", "shown (no update)", "refuted", "undetermined")
SAID = {  # of a list of claims with that verdict
    "shown": "Shown",
    "shown (no update)": "Shown for these seeds, in which RL found nothing to learn from and took no step",
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
    tested = [j for j in results.judgements if j.verdict != "reported"]
    if not tested:
        return escape("No claim that has a test can be answered from these cells.")
    parts = [f"{plural(len(tested), 'claim')} {'was' if len(tested) == 1 else 'were'} tested."]
    if max(j.n for j in tested) < 2:
        parts.append(ONE_SEED)
    for verdict in VERDICTS:
        mine = [j for j in tested if j.verdict == verdict]
        clauses, last = [], ""
        for j in mine:
            clauses.append(f"{said[j.name].removeprefix(f'{last}, ')} ({_points(j)})")
            last = said[j.name]
        if mine:
            parts.append(tag("strong", f"{SAID[verdict]}:") + f" {'; '.join(clauses)}.")
    return Markup(" ").join(parts)


def _points(j: Judgement) -> str:
    return "not defined in any seed" if j.difference is None else f"{number(j.difference)} points"


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


def interval(j: Judgement) -> str:
    """The interval with its level, or why there is none."""
    if j.n == 1:
        return "one seed: no interval"
    bounds = "–" if j.low is None or j.high is None else f"{number(j.low)} to {number(j.high)} ({j.level:.0%})"
    return f"{bounds}; {largest(j)}" if alike(j.values) else bounds


def largest(j: Judgement) -> str:
    """The largest change of any seed: all that is known where every seed gives the same."""
    return f"largest change of any seed {max(map(abs, j.values)):.2g}"


def p_value(p: float | None) -> str:
    """To as many digits as matter, and no smaller than can be believed."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


HEAD = ("claim", "statement", "verdict", "difference", "interval", "margin", "Holm p", "n", "dropped")
NUMBERS = ("difference", "interval", "margin", "Holm p", "n", "dropped")


def verdicts(results: Results) -> Markup:
    """Every tested claim."""
    rows = [verdict_row(results.study.claims, j) for j in results.judgements if j.verdict != "reported"]
    if not rows:
        return tag("p", "None of these cells answers a claim that has a test.")
    caption = (
        "Differences are of exact pass@128, in points of 100. The unit is the pretraining seed: cells that share a seed are compared "
        "within it, and n counts seeds. Intervals are t intervals over seeds, which lean on values that are nearly normal; where all seeds "
        f"give the same to within {ALIKE}, the interval holds for any distribution of values between the least and the greatest "
        "that there can be. "
        "They are not adjusted for the number of claims; verdicts are: "
        f"the Holm-adjusted p must be below {ALPHA}. “More than” asks that the difference exceed the margin, “within” that it lie "
        "within the margin of zero. Dropped: seeds in which a cell of the claim is undefined."
    )
    return table(HEAD, rows, NUMBERS, caption)


def verdict_row(claims: Sequence[Claim], j: Judgement) -> tuple[object, ...]:
    """A tested claim under the columns of `HEAD`."""
    return (
        j.name,
        j.statement,
        tag("span", j.verdict, kind=f"verdict {j.verdict.split()[0]}"),
        number(j.difference),
        interval(j),
        _margin(claims, j),
        p_value(j.p),
        j.n,
        j.dropped,
    )


def _margin(claims: Sequence[Claim], j: Judgement) -> str:
    test = next(c.test for c in claims if c.name == j.name)
    return f"{'more than' if isinstance(test, More) else 'within'} {j.margin:g}"


def contrasts(results: Results) -> Markup:
    """Everything that was measured beside the claims."""
    rows = [
        (j.name, j.statement, number(j.difference), interval(j), j.unit, j.n, j.dropped)
        for j in results.judgements
        if j.verdict == "reported"
    ]
    if not rows:
        return tag("p", "None of these cells answers one.")
    caption = "No direction was claimed, so there is no verdict; intervals as above, each at its own level."
    head = ("contrast", "what", "difference", "interval", "unit", "n", "dropped")
    return table(head, rows, ("difference", "interval", "n", "dropped"), caption)
