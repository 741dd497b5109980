"""Replies in free text as traces: the answer, however it is put, and a derivation in the words of the surface.

The answer is what all claims of a reply agree on, and its last claim must be among them. So two different answers are none.

Steps count as in the surface, but need no spaces, and may stand on lines of their own, in lists or in code. A sentence
that holds no value is prose, which is passed over; any other that is no step stays unread, and spoils the process.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from synthtasks.asking.decoration import undecorated
from synthtasks.asking.grammar import grammar
from synthtasks.asking.sentences import Sentence, sentences
from synthtasks.domains import LETTERS, Value
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface
from synthtasks.surfaces.sentences import Sentences
from synthtasks.surfaces.surface import QUOTE
from synthtasks.trace import Trace, Words

RETRACTED = re.compile(
    r"\W*(?:or|no|not|nope|maybe|perhaps)\b|.*\b(?:wait|actually|wrong|incorrect|mistaken?|sorry|oops|correction)\b", re.I
)
SPOKEN = re.compile(r"\A(?:(?:so|thus|therefore|hence|finally|then|and|now|first|next)\b[\s,:]*)+", re.IGNORECASE)  # before a step
LEADING = re.compile(r"(?:\b(?:so|thus|therefore|hence|and|the|my|final|correct)\b[\s,:]*){1,6}\Z", re.IGNORECASE)  # to an open claim
MODULO = re.compile(r"\(\s*mod(?:ulo)?\s*\d+\s*\)")


def heard(reply: str, problem: Problem, surface: Surface) -> Trace:
    """The trace of a reply."""
    said = tuple(sentences(undecorated(reply), grammar(problem, surface)))
    known = frozenset((*surface.prompt(problem), *surface.solution(problem)))
    words: list[str] = []
    for sentence in said:
        words += _step(sentence, known, surface)
    return replace(surface.read(tuple(words)), answer=concluded(said))


def concluded(said: Sequence[Sentence]) -> Value | None:
    """The answer on which the claims agree; None if there is none, or more than one.

    Open claims come first: what follows the last of them must hold no value, or end with the same. Without one, the
    last sentence that holds a value is the claim.
    """
    claims = [sentence.claim for sentence in said if sentence.claim is not None]
    chosen = [claim for claim in claims if claim.open] or claims
    values = {claim.value for claim in chosen}
    if len(values) != 1:
        return None
    last = max(i for i, sentence in enumerate(said) if sentence.claim is chosen[-1])
    rest = said[last + 1 :]
    counting = [sentence for sentence in rest if sentence.counts]
    if any(RETRACTED.match(sentence.text) for sentence in rest):
        return None
    if counting and (counting[-1].claim is None or counting[-1].claim.value not in values):
        return None
    return values.pop()


def _step(sentence: Sentence, known: frozenset[str], surface: Surface) -> Words:
    """The words of a sentence, if it is a step or holds what is neither step, answer nor prose."""
    claim = sentence.claim
    text = MODULO.sub(" ", LEADING.sub("", claim.before) if claim and claim.open else sentence.text)
    stop = (surface.stop,) if isinstance(surface, Sentences) else ()
    bare = SPOKEN.sub("", text, count=1)
    for form in (text, bare, bare.rstrip(" .!,")):
        words = _words(form, known)
        words = words[:-1] if words[-1:] == stop else words
        trace = surface.read((*words, *stop))
        if trace.assertions and not trace.unread:
            return (*words, *stop)
    prose = claim is not None or not sentence.counts
    return () if prose and not (claim and claim.open and any(c.isdigit() for c in text)) else (*words, *stop)


def _words(text: str, known: frozenset[str]) -> Words:
    """The words of a text: signs of the surface, texts letter by letter, and else runs of letters and digits.

    A word that only a capital tells from a known one is that one.
    """
    signs = sorted((w for w in known if not w.isalnum()), key=len, reverse=True)
    pattern = "|".join((*map(re.escape, signs), r"\d+(?:\.\d+)*\w*", r"\w+", r"\S"))
    found = re.findall(pattern, text)
    words: list[str] = []
    quoted = False
    for word in found:
        quoted ^= word == QUOTE
        letters = quoted and word.isalpha() and set(word) <= set(LETTERS)
        words += word if letters else (word if word in known or word.lower() not in known else word.lower(),)
    return tuple(words)
