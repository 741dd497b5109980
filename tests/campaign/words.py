"""Mistakes in the words of a solution, wherever they fall."""

from dataclasses import replace
from random import Random

from tests.campaign.cases import Put
from tests.campaign.mutant import Mutant
from tests.campaign.steps import other
from tests.interpreter.process import spelled

ARABIC, WIDE, RAISED = (str.maketrans("0123456789", digits) for digits in ("٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def truncated(put: Put, dice: Random) -> Mutant:
    """The first words."""
    return Mutant(put.words[: dice.randrange(len(put.words))])


def inserted(put: Put, dice: Random) -> Mutant:
    """A word too many."""
    i = dice.randint(0, len(put.words))
    return Mutant((*put.words[:i], dice.choice(put.vocabulary), *put.words[i:]))


def replaced(put: Put, dice: Random) -> Mutant | None:
    """Another word."""
    i = dice.randrange(len(put.words))
    word = dice.choice(put.vocabulary)
    return Mutant((*put.words[:i], word, *put.words[i + 1 :])) if word != put.words[i] else None


def deleted(put: Put, dice: Random) -> Mutant:
    """A word too few."""
    i = dice.randrange(len(put.words))
    return Mutant((*put.words[:i], *put.words[i + 1 :]))


def exchanged(put: Put, dice: Random) -> Mutant | None:
    """Two words, in each other's place."""
    i, j = sorted(dice.sample(range(len(put.words)), 2))
    words = list(put.words)
    words[i], words[j] = words[j], words[i]
    return Mutant(tuple(words)) if words[i] != words[j] else None


def misspelled(put: Put, dice: Random) -> Mutant:
    """A word in another spelling, in which a lenient reader would know it again."""
    i = dice.randrange(len(put.words))
    word = put.words[i]
    numbers = (f"0{word}", f"+{word}", f"{word}.0", *(word.translate(digits) for digits in (ARABIC, WIDE, RAISED)))
    spellings = (*numbers, f"{int(word) + put.question.size}") if word.isdigit() else (word.swapcase(), word.title(), word + word)
    return Mutant((*put.words[:i], dice.choice((*spellings, f"{word} ", f" {word}")), *put.words[i + 1 :]))


def cut(put: Put, dice: Random) -> Mutant:
    """Two to four words too few."""
    i = dice.randrange(len(put.words))
    return Mutant((*put.words[:i], *put.words[i + dice.randint(2, 4) :]))


def pasted(put: Put, dice: Random) -> Mutant:
    """Two to four words that come again, elsewhere."""
    i, to = dice.randrange(len(put.words) - 1), dice.randint(0, len(put.words))
    return Mutant((*put.words[:to], *put.words[i : i + dice.randint(2, 4)], *put.words[to:]))


def twofold(put: Put, dice: Random) -> Mutant:
    """Two answers, of which one is right at least."""
    first, last = dice.sample((put.solution.answer, other(put.solution.answer, put.question.size, dice)), 2)
    said = ("answer", *spelled(first), "<end>") if dice.random() < 0.5 else ("answer", *spelled(first))
    whole = put.interpreter.written(replace(put.solution, answer=last))
    ending = len(spelled(last)) + 2
    return Mutant((*whole[:-ending], *said, *whole[-ending:]))
