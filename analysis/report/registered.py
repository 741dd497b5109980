"""The trust in a finding: its registration before the run, the look, and the findings under other choices."""

from collections.abc import Sequence

from markupsafe import Markup

from analysis.claims.judge import Finding, over_looks
from analysis.claims.multiverse import multiverse
from analysis.design.registration import CLAIMS, Difference, Registration
from analysis.design.results import Results
from analysis.measures.seeds import alike
from analysis.report.explore.anchors import anchors
from analysis.report.html import table, tag

MARKS = {"shown": "▲", "shown (no update)": "▲", "refuted": "▼", "undetermined": "·"}


def registration(results: Results, registered: Registration, differences: Sequence[Difference]) -> Markup:
    """The registration, the look, and in red the differences of the present study from it that may decide a verdict."""
    look = tag("strong", results.study.looks.describe(len(results.setting.seeds)))
    head = tag("p", f"The claims, margins, looks and the rule of the edge were {registered.line}. This is ", look, ".")
    if added := ", ".join(d.what.removeprefix(CLAIMS) for d in differences if not d.decides):
        head += tag("p", f"Rows without a test that were added since: {added}.", kind="soft")
    rows = [(d.what, d.registered, tag("span", d.now, kind="verdict refuted")) for d in differences if d.decides]
    if not rows:
        return head + tag("p", f"{'All else' if added else 'The study'} is as it was registered.", kind="soft")
    warning = tag("p", f"Differences from the registration ({len(rows)}):", kind="verdict refuted")
    return head + warning + table(("what", "registered", "now"), rows)


HEAD = ("claim", "sign-flip p", "seeds above 0", "below 0", "smallest effect", "seeds needed", "largest change of log p")


def beside(findings: Sequence[Finding]) -> Markup:
    """Numbers beside each verdict that assume less: signs in place of normality, single seeds in place of means."""
    rows = [(f.name, *beside_row(f)) for f in findings if f.verdict != "reported" and f.n]
    if not rows:
        return Markup()
    caption = (
        "The sign-flip p is exact and assumes symmetry about the margin, not normality; it is not adjusted, and with five seeds no less "
        "than .0625 (two-sided). The smallest effect is what so many seeds of this spread would have shown with a chance of .8 (noncentral "
        "t): of “within” the smallest margin. Seeds needed: so many would decide what is undetermined, alone and at one look, with "
        "a chance of .8, if mean and spread stay. Where all seeds give the same, the largest change of any seed in the mean "
        "log-probability of the solution, in nats, says how much moved."
    )
    return table(HEAD, rows, HEAD[1:], caption, anchors("beside", [row[0] for row in rows]))


def beside_row(f: Finding) -> tuple[str, ...]:
    """The columns of `HEAD`, less the name."""
    above, below = f.sides or (0.0, 0.0)
    flip = "–" if f.sign_flip is None else f"{f.sign_flip:.3f}"
    smallest = "–" if f.smallest is None else f"{f.smallest:.1f}"
    moved = "" if f.log_change is None or not alike(f.values) else f"{f.log_change:.2g}"
    needed = "" if f.verdict != "undetermined" else "more than 1,000" if f.needed is None else f"{f.needed:,}"
    return flip, f"{above:.0%}", f"{below:.0%}", smallest, needed, moved


def choices(results: Results) -> Markup:
    """The multiverse: each tested claim under other choices of k, margin, band and judge."""
    test = over_looks(results.study.looks, results.setting.seeds)
    every = multiverse(results.study.claims_of(results.cells), results.outcomes, test)
    found = {universe: mine for universe, mine in every.items() if mine}  # the others read what was not measured
    names = list(found.get("as registered", ()))
    if not names:
        return tag("p", "None of these cells answers a claim that has a test.")
    rows = [(name, *(_choice(mine.get(name)) for mine in found.values())) for name in names]
    caption = (
        "Each column makes one choice otherwise, and judges all claims anew: ▲ shown, ▼ refuted, · undetermined, with the difference in "
        "points; empty, where that was not measured. A claim that holds in one column alone hangs on that choice."
    )
    return table(("claim", *found), rows, (), caption, anchors("choices", names))


def _choice(finding: Finding | None) -> Markup:
    if finding is None or finding.difference is None:
        return Markup()
    sign = tag("span", MARKS[finding.verdict], kind=f"verdict {finding.verdict.split()[0]}")
    return tag("span", sign, f" {finding.difference:+.1f}".replace("-", "−"), kind="whole")
