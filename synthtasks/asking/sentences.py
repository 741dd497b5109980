"""Sentences of a reply: where they end, and which of them claims an answer.

A sentence claims one openly ("the answer is 3", a box, a tag), or at the end of a reply ("3", "so we get 3", "B = 3" if B is asked for).
An open claim that hedges, denies or names a second value is spoilt, and so is its reply.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from synthtasks.asking.grammar import NUMBER, QUOTED, Grammar
from synthtasks.domains import Value
from synthtasks.surfaces.surface import NUMBERS

BREAK = re.compile(r"(?<=;)|(?<=[.!?])(?=\s|\Z)|\n")
LISTED = re.compile(r"\s*(?:(?:[-•*+]\s+|\(?\d+[.)]\s+|step\s*\d+\s*[:.)-]\s*)(?=[^\W\d]))+", re.IGNORECASE)  # before a word
HEDGED = re.compile(
    r"\b(?:or|nor|not|no|wait|actually|wrong|incorrect|false|maybe|perhaps|possibly|unless|mistaken?|versus|vs)\b|n't", re.I
)
CLAUSE = 300  # characters of a clause that may deny what follows
DENIED = re.compile(r"(?:\b(?:not|never|no|neither|cannot|wrong|incorrect|false|bad)\b|n't\b)[^.:;!?,]*\Z", re.IGNORECASE)
GUESSED = re.compile(rf"\s*(?:{NUMBER}|{QUOTED})\s*(?:,|or\b|and\b)|.*\b(?:maybe|perhaps|either)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Claim:
    """An answer that a sentence claims."""

    value: Value | None  # None: more than one, or one and a doubt
    open: bool  # it says that it is the answer
    before: str = ""  # the sentence before an open claim


@dataclass(frozen=True)
class Sentence:
    """A sentence, the answer that it claims, and if it holds any value."""

    text: str
    claim: Claim | None
    counts: bool


def sentences(text: str, grammar: Grammar) -> Iterator[Sentence]:
    """The sentences of a text without decoration, without the marks of lists."""
    for piece in BREAK.split(text):
        sentence = LISTED.sub("", piece, count=1).strip() if LISTED.match(piece) else piece.strip()
        if sentence:
            yield Sentence(sentence, _claim(sentence, grammar), grammar.value.search(sentence) is not None)


def _claim(text: str, grammar: Grammar) -> Claim | None:
    if found := grammar.open.search(text) or grammar.after.match(text):
        value, before = _value(found), text[: found.start()]
        again = re.compile(rf"(?:\banswer|{grammar.name})[\s:=]*(?:is\b\s*)?{re.escape(found['value'])}(?!\w)", re.IGNORECASE)
        rest = again.sub(" ", grammar.modulo.sub(" ", text[found.end() :], count=1))
        spoilt = grammar.value.search(rest) or HEDGED.search(rest) or DENIED.search(before[-CLAUSE:])
        return Claim(None if spoilt else value, True, before)
    if found := grammar.bare.match(text):
        return Claim(_value(found), False)
    if found := grammar.equation.match(text):
        value, inner = _value(found), found["inner"] or ""
        parts = [NUMBERS.get(part.strip(), grammar.modulus) for part in re.split(r"=|\bis\b", inner)]
        other = any(part < grammar.modulus and part != value for part in parts)  # "B = 3 = 4"
        return Claim(None if other or GUESSED.match(inner) else value, False)
    return None


def _value(found: re.Match[str]) -> Value | None:
    said = found["value"]
    return NUMBERS.get(said) if any(c.isdigit() for c in said) else tuple(said.strip("\"'").replace(" ", ""))
