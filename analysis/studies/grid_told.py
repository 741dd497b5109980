"""The questions of the grid for a class, their answers by the facts, and the three sentences at its end."""

from collections.abc import Collection, Mapping
from statistics import fmean

from analysis.design.shown import Facts, Kept, Question
from analysis.measures.edge import REGIONS
from analysis.measures.facts import Outcome, chosen

NEAR = 0.05  # successes that differ by less count as equal
SOME = 0.05  # of 100 problems so many are solved by whoever can reach them


def labels(primitive: str, region: str, reward: str = "process", control: str = "none") -> dict[str, str]:
    """The labels of a cell of the grid."""
    return {"control": control, "primitive": primitive, "region": region, "reward": reward}


A = {region: labels("present", region) for region in REGIONS}
B = {region: labels("absent", region) for region in REGIONS}
COIN = labels("present", "at", "coin", "coin")


# --- numbers


def mean_over(facts: Facts, of: Mapping[str, str], phase: str, metric: str, region: str = "at") -> float | None:
    """The mean over a region of A's edge, and over the seeds that have one; None if no seed has."""
    bands = {o.seed: o.places("edge", f"band {region}") for o in chosen(facts, A["at"])}

    def one(outcome: Outcome) -> float | None:
        curve, band = outcome.curve(phase, metric), bands.get(outcome.seed)
        return fmean(curve[n] for n in band) if curve and band else None

    found = [value for o in chosen(facts, of) if (value := one(o)) is not None]
    return fmean(found) if found else None


def numbers(*asked: float | None) -> list[float] | None:
    """All of the values, or None if one was not measured."""
    return [value for value in asked if value is not None] if None not in asked else None


def per_cent(value: float) -> str:
    """A share as a number of 100."""
    return f"{100 * value:.0f}" if 100 * value >= 10 or 100 * value < 0.05 else f"{100 * value:.1f}"


UNKNOWN = "These seeds do not tell: a region that the question is about is empty in them."

JUDGE = Question(
    "The answer at the end is right. Is this a solution?",
    ("Yes: what counts is the answer.", "In part: most of its steps are right.", "No: one of its steps is wrong."),
    lambda facts: (2,),
    lambda facts: "The judge runs every step again. A derivation counts if all of its steps are right, and nothing else earns a reward.",
)

# --- act 2


def _students(facts: Facts) -> list[float] | None:
    """The first tries of A and of B that are right, on problems that A has mastered."""
    return numbers(*(mean_over(facts, of["at"], "before", "pass@1", "below") for of in (A, B)))


def students_right(facts: Facts) -> Collection[int]:
    found = _students(facts)
    if found is None:
        return ()
    share = found[1] / found[0]
    return (0 if share > 0.9 else 1 if share > 0.25 else 2,)


def students_told(facts: Facts) -> str:
    found = _students(facts)
    if found is None:
        return UNKNOWN
    a, b = map(per_cent, found)
    return f"Of 100 problems that A has mastered, A solves {a} at the first try, and B {b}. B has read the same documents."


STUDENTS = Question(
    "Of the problems that A masters, how many does B solve?",
    ("About as many: the rest is the same.", "Half of them: it guesses well.", "Next to none."),
    students_right,
    students_told,
)

# --- act 3


def _reach(facts: Facts) -> float | None:
    """The most steps of which some problems are solved within 128 tries."""
    curves = [o.curve("before", "pass@128") for o in chosen(facts, A["at"])]
    means = {n: fmean(curve[n] for curve in curves) for n in (curves[0] if curves else ())}
    return max((n for n, value in means.items() if value >= SOME), default=None)


def _solved(facts: Facts) -> float | None:
    """The most steps of A's problems that it has mastered."""
    return max((max(o.places("edge", "region below"), default=0) for o in chosen(facts, A["at"])), default=None)


def edge_right(facts: Facts) -> Collection[int]:
    reach, mastered = _reach(facts), _solved(facts)
    if not reach or not mastered:
        return ()
    deepest = max(n for o in chosen(facts, A["at"]) for n in o.curve("before", "pass@128"))
    return (3 if reach == deepest else 2 if reach > mastered + 2 else 1 if reach > mastered else 0,)


def edge_told(facts: Facts) -> str:
    reach, mastered = _reach(facts), _solved(facts)
    if not reach or not mastered:
        return UNKNOWN
    return (
        f"A masters up to {mastered:g} steps, and solves some of {reach:g} if it may try 128 times. In between lies its edge. "
        "The curve is exact: the probability of the one right derivation."
    )


WHERE = Question(
    "A may now try 128 times. How long are the longest problems of which it solves at least 5 in 100?",
    (
        "No longer than those that it masters.",
        "One or two steps longer.",
        "More than two steps longer.",
        "Of any length: it knows every step.",
    ),
    edge_right,
    edge_told,
)

# --- acts 4 to 6


def _after(facts: Facts) -> list[float] | None:
    """Solved within 128 tries at the edge: before, and after RL in each region."""
    before = mean_over(facts, A["at"], "before", "pass@128")
    return numbers(before, *(mean_over(facts, A[region], "after", "pass@128") for region in REGIONS))


def regions_right(facts: Facts) -> Collection[int]:
    found = _after(facts)
    if found is None:
        return ()
    best = [i for i, value in enumerate(found[1:]) if value > max(found[1:]) - NEAR]
    return (3,) if len(best) == len(REGIONS) else best


def regions_told(facts: Facts) -> str:
    found = _after(facts)
    if found is None:
        return UNKNOWN
    before, below, edge, beyond = map(per_cent, found)
    return (
        f"Of 100 problems at the edge A solved {before} within 128 tries. After RL below its edge it solves {below}, at it {edge}, beyond "
        f"it {beyond}."
    )


PRACTICE = Question(
    "Which copy solves most problems at the edge afterwards?",
    (
        "The one that practised below: the basics are sure.",
        "The one at the edge.",
        "The one beyond: the hardest teach most.",
        "All the same.",
    ),
    regions_right,
    regions_told,
)


def _without(facts: Facts) -> list[float] | None:
    """Solved within 128 tries at the edge: A before and after RL there, and B before and after."""
    return numbers(*(mean_over(facts, of["at"], phase, "pass@128") for of in (A, B) for phase in ("before", "after")))


def without_right(facts: Facts) -> Collection[int]:
    found = _without(facts)
    if found is None or found[1] - found[0] <= NEAR:  # there is no gain to compare with
        return ()
    share = (found[3] - found[2]) / (found[1] - found[0])
    return (0 if share > 0.75 else 1 if share > 0.1 else 2,)


def without_told(facts: Facts) -> str:
    found = _without(facts)
    if found is None:
        return UNKNOWN
    a, then, b, now = map(per_cent, found)
    return f"Within 128 tries B solved {b} of 100, and after RL it solves {now}; A went from {a} to {then} by the same RL."


WITHOUT = Question(
    "B practises on the same problems at the edge. How much of A's gain does it get?",
    ("About all of it: practice finds what is missing.", "Some of it.", "Next to nothing."),
    without_right,
    without_told,
)


def _coin(facts: Facts) -> list[float] | None:
    """Right at the first try at the edge: A before, and after RL by process and by a coin."""
    ends = (mean_over(facts, of, "after", "pass@1") for of in (A["at"], COIN))
    return numbers(mean_over(facts, A["at"], "before", "pass@1"), *ends)


def coin_right(facts: Facts) -> Collection[int]:
    found = _coin(facts)
    if found is None:
        return ()
    gain = found[2] - found[0]
    return (0 if gain > NEAR else 2 if gain < -NEAR else 1,)


def coin_told(facts: Facts) -> str:
    found = _coin(facts)
    if found is None:
        return UNKNOWN
    before, process, coin = map(per_cent, found)
    return f"At the edge {before} of 100 first tries were right. After RL by the judge {process} are, and by the coin {coin}."


TOSSED = Question(
    "What becomes of A's first tries at the edge?",
    ("They get better: practice helps by itself.", "They stay as they are.", "They get worse."),
    coin_right,
    coin_told,
)


def ending(facts: Facts, kept: Mapping[str, Kept]) -> tuple[str, str, str]:
    """Three sentences on these seeds and on the kept findings of the factorial."""
    seeds = len({o.seed for o in chosen(facts, A["at"])})
    who = "In this one seed, which is an example and no proof," if seeds == 1 else f"In these {seeds} seeds, on average,"
    first = f"{who} the edge was not found: {UNKNOWN}"
    if after := _after(facts):
        before, below, edge, beyond = map(per_cent, after)
        first = (
            f"{who} RL at the edge took the problems there that A solves within 128 tries from {before} to {edge} of 100; RL below the "
            f"edge took them to {below}, and RL beyond it to {beyond}."
        )
    second = UNKNOWN
    if (without := _without(facts)) and (coin := _coin(facts)):
        b, now = map(per_cent, without[2:])
        second = (
            f"B, which lacks the results of a primitive, went from {b} to {now} by the same RL; with a coin for a judge, A's first tries "
            f"went from {per_cent(coin[0])} to {per_cent(coin[2])} of 100."
        )
    many = max((k.seeds for k in kept.values()), default=0)
    third = "No run of the whole study is kept."
    if all(name in kept for name, _ in FOUND):
        said = [words.format(_points(kept[name])) for name, words in FOUND]
        third = f"The whole study, with {many} seeds, finds gains (in points, with intervals) of {', '.join(said[:-1])}, and {said[-1]}."
    return first, second, third


FOUND = (
    ("1 gain at the edge", "{} at the edge"),
    ("3 below: no gain", "{} by RL below it"),
    ("4 beyond: no gain", "{} by RL beyond it"),
    ("5 absent, at: no gain", "{} without the primitive"),
    ("8a more than a coin", "{} more points at the edge than by a coin"),
)


def _points(kept: Kept) -> str:
    return f"{kept.difference:z.0f} [{kept.low:z.0f}, {kept.high:z.0f}]"
