"""Laws of families and of the split."""

import pickle
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import cast

from hypothesis import strategies as st

from synthtasks import strategies
from synthtasks.families.dials import Dialled, turn
from synthtasks.families.kit.family import labels, problem
from synthtasks.laws.kit import LawBroken, Subject, for_all, generators, need, show
from synthtasks.problem import COMPOSED, Problem, Step
from synthtasks.rng import rng

DRAWS = 400  # problems to test that answers vary and that seeds share no problems
FEW = 3  # problems to test that they are values
OFTEN = 0.95  # share of problems from which an answer counts as constant


def is_a_value(subject: Subject) -> None:
    family = subject.family
    for value in (family, *subject.surfaces):
        _is_kept(value, "make it a frozen dataclass of such values, at module level")
    named = "let it apply a function defined at module level; a lambda or a closure cannot be pickled"
    for primitive in family.primitives:
        _is_kept(primitive, named)
    for i in range(FEW):
        p = strategies.drawn(family, "law", i)
        for step in p.steps:
            _is_kept(step.primitive, named)
        _is_kept(p, "hold values alone")


def _is_kept(value: object, advice: str) -> None:
    try:
        again = pickle.loads(pickle.dumps(value))
        hash(value)
    except Exception as reason:
        raise LawBroken(f"{value!r} cannot be hashed and pickled: {reason}; {advice}") from None
    need(again == value, f"{value!r} is not equal to its own copy; compare by value (a frozen dataclass does)")


def is_pure(subject: Subject) -> None:
    def holds(i: int) -> None:
        state = generators()
        once = strategies.drawn(subject.family, "law", i)
        strategies.drawn(subject.family, "law", i + 1)
        again = strategies.drawn(subject.family, "law", i)
        need(once == again, f"rng('law', {i}) gave two different problems; draw from the generator that is passed, and keep no state")
        need(generators() == state, "drawing a problem moved a global generator; draw only from the one that is passed")

    for_all(min(subject.examples, 30), st.integers(0, 10**6), holds)


def is_well_formed(subject: Subject) -> None:
    family = subject.family
    names = set(labels(family.names))
    symbols = {p.symbol for p in family.primitives}

    def holds(p: Problem) -> None:
        need({s.name for s in p.steps} <= names, f"steps are called label(0) to label({family.names - 1}), as `names` says", show(p))
        need({s.primitive.symbol for s in p.steps} <= symbols, f"a step applies what is not in `primitives` ({sorted(symbols)})", show(p))
        _ = p.values  # raises if a primitive leaves its domain
        need(p.modulus <= family.modulus, f"the modulus {p.modulus} is larger than the family's, {family.modulus}", show(p))

    for_all(subject.examples, strategies.problems_of(family), holds)


def dials_mean_what_they_say(subject: Subject) -> None:
    if not getattr(subject.family, "dials", ()):
        return
    family = cast(Dialled, subject.family)

    def holds(drawn: tuple[dict[str, int], int]) -> None:
        chosen, i = drawn
        p = _turned(family, chosen, i)
        for dial in family.dials:
            found = dial.measure(p)
            need(found == chosen[dial.field], f"{dial.field}={chosen[dial.field]}, but {dial.measure.__name__} is {found}", show(p))

    for_all(subject.examples, st.tuples(strategies.dials_of(family), st.integers(0, 10**6)), holds)


def _turned(family: Dialled, chosen: dict[str, int], i: int) -> Problem:
    """A problem at the chosen values of the dials. If other fields of the family exclude these, fields have their defaults.

    For example, a graph without sums has no totals, and its class has dials that need totals.
    """
    defaults = _at_defaults(family)
    try:
        return turn(family, chosen)(rng("law", i))
    except ValueError:
        if defaults is None or defaults == family:
            raise
    return turn(defaults, chosen)(rng("law", i))


def _at_defaults(family: Dialled) -> Dialled | None:
    """The family with every field at its default; None if a field has none."""
    assert is_dataclass(family), f"a family is a dataclass; found {family}"
    required = any(f.init and f.default is MISSING and f.default_factory is MISSING for f in fields(family))
    return None if required else cast(Dialled, type(family)())


def answers_vary(subject: Subject) -> None:
    drawn = [strategies.drawn(subject.family, "law", "answers", i) for i in range(DRAWS)]
    answers = [p.answer for p in drawn]
    often = max(answers.count(answer) for answer in set(answers)) / DRAWS
    need(often < OFTEN, f"{often:.0%} of {DRAWS} problems have the same answer, so a constant guess needs no reasoning")
    given = [[a for s in p.stated for a in s.arguments if not isinstance(a, str)] for p in drawn]
    least = min(map(len, given))
    for place in range(-least, least):
        copied = sum(values[place] == answer for values, answer in zip(given, answers, strict=True)) / DRAWS
        where = f"number {place + 1} from the start" if place >= 0 else f"number {-place} from the end"
        need(copied < OFTEN, f"the answer of {copied:.0%} of {DRAWS} problems is a value that they state, {where}, so copying it is enough")


def is_more_than_a_handful(subject: Subject) -> None:
    one, two = ([problem(subject.family, "train", "law", seed, i) for i in range(DRAWS)] for seed in (1, 2))
    if all(p.split == "both" for p in one):
        return  # there may be few facts
    first, second = ({p.key for p in drawn} for drawn in (one, two))
    need(len(first) >= DRAWS / 4, f"of {DRAWS} problems only {len(first)} differ; does every draw enter the problem?")
    repeated = 2 * DRAWS - len(first) - len(second)
    shared = len(first & second)
    need(shared <= 8 + 4 * repeated, f"of {DRAWS} problems each, seeds 1 and 2 share {shared}, though within them only {repeated} repeat")


def the_split_is_of_the_problem(subject: Subject) -> None:
    def holds(drawn: tuple[Problem, int]) -> None:
        p, seed = drawn
        g = rng("law", "same", seed)
        names = {s.name: f"n{i}" for i, s in zip(g.permutation(len(p.steps)).tolist(), p.steps, strict=True)}
        renamed = tuple(
            Step(names[s.name], s.primitive, tuple(names.get(a, a) if isinstance(a, str) else a for a in s.arguments)) for s in p.steps
        )
        for other in (
            Problem(renamed, names[p.query], p.modulus, tables=p.tables),
            replace(p, steps=p.proof, order=()),
            replace(p, order=()),
        ):
            need((other.key, other.split) == (p.key, p.split), "renaming, reordering or dropping distractors moved it", show(p))

    for_all(min(subject.examples, 50), st.tuples(strategies.problems_of(subject.family), st.integers(0, 99)), holds)
    drawn = {split: [problem(subject.family, split, "law", split, i) for i in range(60)] for split in ("train", "test")}
    composed = {split: {p.key for p in ps if p.split != "both"} for split, ps in drawn.items()}
    need(not composed["train"] & composed["test"], "a composed problem was drawn in both splits")
    short = [p for p in drawn["test"] if p.split == "both" and len(p.proof) > 2 * COMPOSED]
    need(not short, "a long problem is in both splits: its steps are all equivalent", show(short[0]) if short else "")
