"""The answer of a study in three sentences: what was shown, what was not, and what this rests on. Each is made from the findings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from analysis.claims.claims import Share
from analysis.claims.judge import Finding, Verdict
from analysis.design.results import Results
from analysis.design.scale import SCALES, SMOKE, preset
from analysis.report.findings import amount, number, plural, statements, units
from analysis.report.html import tag

MOST, LETTERS = 3, 230  # claims that a sentence names, and letters after which it names no further one
REFUTED, OPEN = "Refuted ({}):", "Undetermined ({}), which these runs do not decide:"
SHOWN: tuple[Verdict, ...] = ("shown", "shown (no update)")
Said = Callable[[Finding], object]  # the number of a finding, which may lead to where it comes from


@dataclass(frozen=True)
class Sentences:
    """The three sentences, and the units of the numbers in them."""

    shown: Markup
    others: Markup
    rests: Markup
    units: str

    def __html__(self) -> str:
        """The sentences as paragraphs, and a line on how to read their numbers."""
        said = (tag("p", sentence, kind="lead") for sentence in (self.shown, self.others, self.rests))
        return Markup().join(said) + (tag("p", self.units, kind="soft") if self.units else "")


def opening(results: Results, said: Said = amount) -> Sentences:
    """The answer; `said` gives the number of a finding."""
    tested = [f for f in results.findings if f.verdict != "reported"]
    clauses = _clauses(results, said)
    shown, refuted, open_ = ([f for f in tested if f.verdict in kinds] for kinds in (SHOWN, ("refuted",), ("undetermined",)))
    if not tested:
        first = escape("No claim that has a test can be answered from these cells.")
    elif not shown:
        first = tag("strong", "Shown:") + f" nothing of the {plural(len(tested), 'tested claim')}."
    else:
        first = tag("strong", f"Shown ({len(shown)} of {plural(len(tested), 'tested claim')}):") + Markup(" {}.").format(
            clauses(shown, LETTERS)
        )
    rest = [(kind, found) for kind, found in ((REFUTED, refuted), (OPEN, open_)) if found]
    second = Markup("; ").join(
        tag("strong", (kind if i == 0 else kind.lower()).format(len(found))) + Markup(" {}").format(clauses(found, LETTERS // len(rest)))
        for i, (kind, found) in enumerate(rest)
    )
    lacking = [word for word, found in (("refuted", refuted), ("undetermined", open_)) if not found]
    if tested:
        none = f"none was {' and none is '.join(lacking)}" if lacking else ""
        second += Markup("{}{}.").format("; " if second and none else "", none if second else none.capitalize())
    known = [f for f in tested if f.difference is not None]
    levels = " or ".join(dict.fromkeys(f"{f.level:.0%}".replace("%", " %") for f in known))
    unit = units(known) if len({f.unit for f in known}) == 1 else "each in the unit of its claim"
    how = f"In brackets: the difference ({unit}), and its interval over seeds ({levels}, not adjusted)." if known else ""
    return Sentences(first, second, _rests(results, said), how)


def _clauses(results: Results, said: Said) -> Callable[[Sequence[Finding], int], Markup]:
    """A function that names the first of some findings in a clause each, within so many letters, and counts the others."""
    whole = statements(results.study.claims)

    def clauses(found: Sequence[Finding], most: int) -> Markup:
        parts: list[Markup] = []
        last, letters = "", 0
        for f in found[:MOST]:
            clause = whole[f.name].removeprefix(f"{last}, ")
            if parts and letters + len(clause) > most:
                break
            last, letters = whole[f.name], letters + len(clause)
            parts.append(Markup("{} ({})").format(clause, _number(f, said)))
        if rest := len(found) - len(parts):
            parts.append(escape(f"and {rest} more"))
        return Markup("; ").join(parts)

    return clauses


def _number(f: Finding, said: Said) -> Markup:
    """The difference with its interval, or why there is none."""
    if f.difference is None:
        return escape("not defined in any seed")
    if f.verdict == "shown (no update)":
        return Markup("{}; learning took no step").format(said(f))
    if f.low is None or f.high is None:
        return Markup("{}, no interval").format(said(f))
    if isinstance(f.test, Share):
        return Markup("{} [{:.0f} %, {:.0f} %]").format(said(f), f.low, f.high)
    return Markup("{} [{}, {}]").format(said(f), number(f.low), number(f.high))


def _rests(results: Results, said: Said) -> Markup:
    """The seeds, the scale, the look, and the claims that check the experiment itself."""
    seeds, scale = len(results.setting.seeds), preset(results.setting.scale)
    size = f"{scale} scale{', which proves nothing but that everything is connected' if SCALES[scale] is SMOKE else ''}"
    found = {f.name: f for f in results.findings}
    checks = [found[name] for name in results.study.card.checks if name in found]
    words = [
        Markup("“{}” {} ({})").format(f.name.partition(" ")[2] or f.name, f.verdict, "not defined" if f.difference is None else said(f))
        for f in checks[:MOST]
    ]
    if rest := len(checks) - len(words):
        words.append(escape(f"{rest} more"))
    against = (
        Markup("; checked by placebo or positive control: {}").format(Markup(", ").join(words))
        if words
        else "; none of its claims checks it by placebo or positive control"
    )
    look = results.study.looks.describe(seeds).removesuffix(")").replace(" (", ", ")
    return tag("strong", "This rests on") + Markup(" {} at the {} ({}){}.").format(plural(seeds, "pretraining seed"), size, look, against)
