"""Every kind of mutant, and what a judge may say of it first; and the other orders in which a solution may be said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random

from tests.campaign import derivations, steps, words
from tests.campaign.cases import Put, Words
from tests.campaign.mutant import Mutation
from tests.interpreter.process import Said

ANY = frozenset({"operator", "operand", "value", "order", "inherited", "missing", "extra", "answer", "format"})
STEP = frozenset({"operator", "operand", "value", "order", "extra"})  # one step, taken for another
LOST = frozenset({"order", "missing", "answer", "format"})  # a step that is not there, or cannot be read


@dataclass(frozen=True)
class Kind:
    """A kind of mistake, and as what a judge may see it first."""

    make: Mutation
    seen: frozenset[str]
    compact: frozenset[str]  # where an operand that goes without saying is another one after another step


KINDS: Mapping[str, Kind] = {
    "value": Kind(steps.value, frozenset({"value"}), frozenset({"value"})),
    "carried": Kind(steps.carried, frozenset({"value"}), frozenset({"value"})),
    "operator": Kind(steps.operator, frozenset({"operator"}), frozenset({"operator"})),
    "operand": Kind(steps.operand, frozenset({"operand"}), frozenset({"operand"})),
    "renamed": Kind(steps.renamed, STEP, STEP),
    "dropped": Kind(derivations.dropped, frozenset({"order", "missing"}), frozenset({"operand", "missing"})),
    "duplicated": Kind(derivations.duplicated, frozenset({"extra"}), frozenset({"operand"})),
    "misquoted": Kind(derivations.misquoted, frozenset({"value"}), frozenset({"operand"})),
    "reordered": Kind(derivations.reordered, frozenset({"order"}), frozenset({"operand"})),
    "surplus": Kind(derivations.surplus, frozenset({"extra"}), frozenset({"operand", "extra"})),
    "false surplus": Kind(derivations.false_surplus, frozenset({"value"}), frozenset({"value", "operand"})),
    "other query": Kind(derivations.other_query, frozenset({"extra", "missing", "answer"}), frozenset({"extra", "missing", "operand"})),
    "other answer": Kind(derivations.other_answer, frozenset({"answer"}), frozenset({"answer"})),
    "truncated": Kind(words.truncated, frozenset({"missing", "answer"}), frozenset({"missing", "answer"})),
    "inserted": Kind(words.inserted, LOST | {"operand", "value"}, ANY),
    "replaced": Kind(words.replaced, ANY, ANY),
    "deleted": Kind(words.deleted, LOST | {"operand", "value"}, ANY),
    "exchanged": Kind(words.exchanged, ANY, ANY),
    "misspelled": Kind(words.misspelled, ANY, ANY),
    "cut": Kind(words.cut, ANY, ANY),
    "pasted": Kind(words.pasted, ANY, ANY),
    "twofold": Kind(words.twofold, frozenset({"answer", "format"}), frozenset({"answer", "format"})),
}


def reordering(put: Put, dice: Random) -> Words:
    """The same steps in another order in which each comes after those it uses."""
    left, done = list(put.solution.steps), list[Said]()
    while left:
        names = {said.name for said in left}
        ready = [said for said in left if not any(operand in names for operand in said.operands)]
        done.append(dice.choice(ready))
        left.remove(done[-1])
    return put.interpreter.written(replace(put.solution, steps=tuple(done)))
