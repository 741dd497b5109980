"""Mutants, solutions and reorderings, before the judge and before the interpreter."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.campaign.cases import Case, Misunderstood, Put, Words
from tests.campaign.mutant import Mutant
from tests.campaign.mutants import KINDS, reordering

EXAMPLES = 5  # of failures, kept of each case
LEGAL_WITH_SURPLUS = ("duplicated", "surplus")


@dataclass
class Tally:
    """What came of a case."""

    problems: int = 0
    golds: int = 0  # solutions that both accept, of problems about all of whose values they agree
    reorderings: int = 0
    reordered: int = 0  # that both accept
    mutants: Counter[str] = field(default_factory=Counter)
    judge: int = 0  # mutants that the judge accepts
    interpreter: int = 0
    false_accepts: int = 0
    false_refusals: int = 0
    surplus: int = 0  # repeated or idle steps that are not accepted exactly where they are allowed
    misgraded: int = 0  # mutants whose first slip is another, or elsewhere, than such a mistake can be seen as
    misunderstood: int = 0  # prompts or solutions that the interpreter cannot make out
    examples: list[str] = field(default_factory=list)

    @property
    def failures(self) -> int:
        wrong = self.false_accepts + self.false_refusals + self.surplus + self.misgraded + self.misunderstood
        return wrong + self.problems - self.golds + self.reorderings - self.reordered

    def note(self, what: str, put: Put, words: Words) -> None:
        if len(self.examples) < EXAMPLES:
            prompt = " ".join(put.surface.prompt(put.problem))
            self.examples.append(f"{what}: {prompt!r} -> {' '.join(words)!r}; the solution is {' '.join(put.words)!r}")


def campaign(case: Case, mutants: int, rounds: int = 2) -> Tally:
    """So many mutants of a case, of every kind in turn, `rounds` of each kind on every problem."""
    tally = Tally()
    i = 0
    while tally.mutants.total() < mutants:
        dice = Random(f"mutants of {case.family}, {case.surface}, {i}")
        i += 1
        try:
            put = case.put(i)
        except Misunderstood as error:
            tally.misunderstood += 1
            tally.examples = [*tally.examples, f"misunderstood: {error}"][:EXAMPLES]
            if tally.misunderstood > mutants:
                break  # nothing of this case makes sense
        else:
            _solutions(tally, put, dice)
            for name in [*KINDS] * rounds:
                mutant = KINDS[name].make(put, dice) if tally.mutants.total() < mutants else None
                if mutant is not None and mutant.words != put.words:
                    _mutant(tally, put, name, mutant)
    return tally


def _solutions(tally: Tally, put: Put, dice: Random) -> None:
    """The solution itself, and in other orders."""
    tally.problems += 1
    accepted = put.judge(put.words).process and put.interpret(put.words)
    agreed = accepted and put.question.value(put.question.query) == put.problem.answer and _stated(put)
    tally.golds += agreed
    if not agreed:
        tally.note("solution refused", put, put.words)
    if type(put.surface).__name__ == "Compact":
        return  # its steps build on what was said last, and so have one order
    words = reordering(put, dice)
    tally.reorderings += 1
    accepted = put.judge(words).process and put.interpret(words)
    tally.reordered += accepted
    if not accepted:
        tally.note("reordering refused", put, words)


def _stated(put: Put) -> bool:
    """Whether the prompt states every step of the problem, distractors too, as far as values tell."""
    read = Counter(put.question.value(name) for name in put.question.statements)
    return read == Counter(put.problem.values.values())


def _mutant(tally: Tally, put: Put, name: str, mutant: Mutant) -> None:
    verdict, right = put.judge(mutant.words), put.interpret(mutant.words)
    tally.mutants[name] += 1
    tally.judge += verdict.process
    tally.interpreter += right
    if verdict.process != right:
        tally.false_accepts += verdict.process
        tally.false_refusals += right
        tally.note(f"the judge {'accepts' if verdict.process else 'refuses'}, {name}", put, mutant.words)
    allowed = put.problem.surplus == "allowed"
    if name in LEGAL_WITH_SURPLUS and verdict.process != allowed:
        tally.surplus += 1
        tally.note(f"surplus {put.problem.surplus}, {name}", put, mutant.words)
    compact = type(put.surface).__name__ == "Compact"
    seen = KINDS[name].compact if compact else KINDS[name].seen
    first = verdict.first
    placed = first is None or mutant.at is None or first.at == mutant.at
    if (first is None) != verdict.process or (first is not None and first.kind not in seen) or not placed:
        tally.misgraded += 1
        tally.note(f"{name} seen as {first}", put, mutant.words)
