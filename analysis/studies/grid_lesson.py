"""The grid as a lesson: two students, three kinds of practice, and what was gained."""

from collections.abc import Sequence
from statistics import mean

from analysis.design.study import Act, Lesson
from analysis.measures.facts import Fact, Outcome, outcomes

BLOCKS = " ▁▂▃▄▅▆▇█"
HEAD = ("student", "practice", "steps practised", "updates", "pass@1 at the edge", "pass@128 at the edge")
METRICS = ("pass@1", "pass@128")


def bars(values: Sequence[float]) -> str:
    """Values in [0, 1] as blocks, one a value."""
    return "".join(BLOCKS[round(v * (len(BLOCKS) - 1))] for v in values)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines, in columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def edges(facts: Sequence[Fact]) -> str:
    """Each student's success by number of steps."""
    students = {outcome.labels["primitive"]: outcome for outcome in outcomes(facts)}
    rows = [
        (student if metric == "pass@1" else "", bars([*outcome.curve("before", metric).values()]), metric)
        for student, outcome in students.items()
        for metric in METRICS
    ]
    return table([("", "1 step and more", ""), *rows])


def gains(facts: Sequence[Fact]) -> str:
    """pass@1 and pass@128 before and after, at the edge, for every kind of practice."""
    return table([HEAD, *(_gain(outcome) for outcome in outcomes(facts))])


def _gain(outcome: Outcome) -> tuple[str, ...]:
    who = (outcome.labels["primitive"], outcome.labels["region"])
    if outcome.undefined:
        return (*who, "–", "–", "", outcome.undefined)  # in the last column, which may be long
    updates, given = outcome.value("learning", "updates") or 0, outcome.places("learning", "given")
    return (*who, ", ".join(f"{n:g}" for n in given), f"{updates:g}", *(_change(outcome, metric) for metric in METRICS))


def _change(outcome: Outcome, metric: str) -> str:
    curves = [outcome.curve(phase, metric) for phase in ("before", "after")]
    band = outcome.places("edge", "band at")
    return " → ".join(f"{mean(curve[n] for n in band):.2f}" for curve in curves) if band else "no edge"


LESSON = Lesson(
    acts=(
        Act(
            "Act 1: two students",
            "Both read the same worked problems. One of them never learns the results of {withhold}: it can write such a step, "
            "but has to guess its value. How deep can each go? The curve below is exact, not sampled: the probability of "
            "the one right derivation, step by step.",
            ("before", "edge"),
            edges,
        ),
        Act(
            "Act 2: practice",
            "Now both practise by trial and error, rewarded only for derivations that are right in every step: on problems that "
            "the first student masters (below its edge), rarely solves (at the edge), or never solves (beyond it).",
            ("learn",),
        ),
        Act(
            "Act 3: what was gained?",
            "The same examination again, on problems that neither has seen. If practice gave only confidence, pass@1 rises and "
            "pass@128 does not: what 128 tries could not find before, they cannot find now.",
            ("after", "base", "sampled_before", "sampled_after"),
            gains,
        ),
    ),
    labels={"reward": "process", "control": "none"},
)
