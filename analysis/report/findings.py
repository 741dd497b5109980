"""The findings of a study, in a paragraph and in tables."""

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from analysis.claims.claims import Claim, More, Share
from analysis.claims.judge import ALPHA, Finding, Verdict
from analysis.design.results import Results
from analysis.figures.conditions import name
from analysis.measures.facts import Outcome
from analysis.measures.sampled import KS
from analysis.measures.seeds import ALIKE, alike
from analysis.report.explore.anchors import anchors
from analysis.report.html import table, tag

SAID: dict[Verdict, str] = {  # before the claims with that verdict
    "shown": "Shown",
    "shown (no update)": "Shown for these seeds, in which learning took no step",
    "refuted": "Refuted",
    "undetermined": "Undetermined, which means that these runs do not decide",
}
ONE_SEED = "With fewer than two seeds there is no interval, so no difference can be shown or refuted; what follows is what these runs gave."


def plural(n: int, noun: str) -> str:
    """A count with its noun."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def answer(results: Results) -> Markup:
    """All verdicts in a paragraph."""
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
            points = (
                "not defined in any seed" if f.difference is None else amount(f) if isinstance(f.test, Share) else f"{amount(f)} points"
            )
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
        clause = claim.statement.strip("., ")
        abbreviates = any(letter.isupper() for letter in clause.partition(" ")[0][1:])  # as RL, or MaxRL
        begun = clause if abbreviates else clause[:1].lower() + clause[1:]
        found[claim.name] = last = f"{last}, {clause}" if claim.statement.startswith("...") else begun
    return found


def number(x: float | None) -> str:
    """A signed number of points, or a dash for what could not be measured."""
    if x is None:
        return "–"
    return "0.0" if abs(x) < 0.05 else f"{x:+.1f}".replace("-", "−")


def amount(f: Finding) -> str:
    """The difference; of a share, the number of seeds in which it happened."""
    return f"{sum(f.test.happened(f.values))} of {plural(f.n, 'seed')}" if isinstance(f.test, Share) else number(f.difference)


def interval(f: Finding) -> str:
    """The interval with its level, or why there is none."""
    if isinstance(f.test, Share) and f.low is not None and f.high is not None:
        return f"{f.low:.0f} to {f.high:.0f} % of seeds ({f.level:.0%})"
    if f.n == 1:
        return "one seed: no interval"
    bounds = "–" if f.low is None or f.high is None else f"{number(f.low)} to {number(f.high)} ({f.level:.0%})"
    largest = max(map(abs, f.values), default=0.0)
    change = f"{largest:.2g}" if largest < 99.5 else f"{largest:.0f}"
    return f"{bounds}; largest change of any seed {change}" if alike(f.values) else bounds  # no spread is known then


def p_value(p: float | None) -> str:
    """The p-value, with fewer digits the larger it is, and never below .001."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


Column = Callable[[Finding], object]
COLUMNS: Mapping[str, Column] = {  # of the table of verdicts
    "claim": lambda f: f.name,
    "statement": lambda f: f.statement,
    "verdict": lambda f: tag("span", f.verdict, kind=f"verdict {f.verdict.split()[0]}"),
    "difference": amount,
    "interval": interval,
    "margin": lambda f: f"{'more than' if isinstance(f.test, More | Share) else 'within'} {f.margin:g}{' %' * isinstance(f.test, Share)}",
    "Holm p": lambda f: p_value(f.p),
    "n": lambda f: f.n,
    "dropped": lambda f: f.dropped,
}
WORDS = ("claim", "contrast", "statement", "verdict", "what", "unit")  # the other columns are numbers


def columns_of(found: Sequence[Finding], columns: Mapping[str, Column], caption: object, at: Mapping[str, str] | None = None) -> Markup:
    """A row for each finding under these columns; `at` gives the identifier of a claim's row."""
    rows = [tuple(column(f) for column in columns.values()) for f in found]
    numbers = [name for name in columns if name not in WORDS]
    return table(tuple(columns), rows, numbers, caption, [at[f.name] for f in found] if at else ())


def places(claims: Sequence[Claim], prefix: str = "claim") -> dict[str, str]:
    """The identifier of each claim's row, or of another place of its own."""
    names = [claim.name for claim in claims]
    return dict(zip(names, anchors(prefix, names), strict=True))


def linked(claims: Sequence[Claim]) -> Column:
    """The difference, which leads to the numbers that it is made of."""
    numbers = places(claims, "numbers")
    return lambda f: tag("a", amount(f), href=f"#{numbers[f.name]}")


def verdicts(results: Results) -> Markup:
    """The table of tested claims."""
    if not (tested := [f for f in results.findings if f.verdict != "reported"]):
        return tag("p", "None of these cells answers a claim that has a test.")
    claims = results.study.claims
    return columns_of(tested, {**COLUMNS, "difference": linked(claims)}, how_to_read(tested), places(claims))


def units(findings: Sequence[Finding]) -> str:
    """The units of these differences."""
    return " or ".join(dict.fromkeys(f.unit for f in findings))


def how_to_read(tested: Sequence[Finding]) -> str:
    """The caption of the verdicts."""
    return (
        f"Differences are of {units(tested)}. The unit is the pretraining seed: cells that share a seed are compared within it, and n "
        "counts seeds. Intervals are t intervals over seeds, which lean on values that are nearly normal; where all seeds give the same "
        f"to within {ALIKE}, the interval holds for any distribution of values between the least and the greatest that there can be. They "
        f"are not adjusted for the number of claims; verdicts are: p, adjusted by Holm and for the planned looks so far, must be below "
        f"{ALPHA}. “More than” asks that the difference exceed the margin, “within” that it lie within the margin of zero. Dropped: seeds "
        "in which a cell of the claim is undefined."
    )


def contrasts(results: Results) -> Markup:
    """The contrasts that are reported without a test."""
    found = [f for f in results.findings if f.verdict == "reported"]
    if not found:
        return tag("p", "None of these cells answers one.")
    caption = "No direction was claimed, so there is no verdict; intervals as above, each at its own level."
    claims = results.study.claims
    columns = {"contrast": COLUMNS["claim"], "what": COLUMNS["statement"], "difference": linked(claims), "interval": interval}
    columns |= {"unit": lambda f: f.unit, "n": COLUMNS["n"], "dropped": COLUMNS["dropped"]}
    return columns_of(found, columns, caption, places(claims))


# --- sampled success beside exact success, where problems may have several derivations, so that exact success is a lower bound

PHASES = ("before", "after")
KINDS = {"pass": "exact", "sampled process": "sampled"}
HEAD = ("cell", "seed", "difficulty", "k", *(f"{kind} {phase}" for phase in PHASES for kind in KINDS.values()))


def derivations(results: Results) -> tuple[Markup, ...]:
    """pass@k of whole derivations in every cell that was sampled; nothing, where exact success is no bound."""
    if not results.note:
        return ()
    rows = [
        (name(o.labels, o.labels), o.seed, f"{place:g}", k, *(_said(o, f"{kind}@{k}", phase, place) for phase in PHASES for kind in KINDS))
        for o in results.outcomes
        for k in KS
        for place in o.curve("after", f"sampled process@{k}")
    ]
    caption = "pass@k at the first difficulty at the edge: exact, of the reference's derivation; sampled, of any, with 95 % over problems."
    return (table(HEAD, rows, HEAD[1:], caption),) if rows else ()


def _said(outcome: Outcome, metric: str, phase: str, place: float) -> str:
    """The value, with its interval where it was sampled."""
    values = [outcome.value(phase, f"{metric}{end}", place) for end in ("", " low", " high")]
    mean, low, high = ("–" if value is None else f"{value:.3f}" for value in values)
    return f"{mean} [{low}, {high}]" if metric.startswith("sampled") else mean
