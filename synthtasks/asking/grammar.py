"""Regular expressions for the ways in which a sentence claims an answer."""

import re
from dataclasses import dataclass
from functools import lru_cache

from synthtasks.domains import LETTERS
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface
from synthtasks.surfaces.sentences import Sentences

RECENT = 1_000  # grammars that are remembered
# Words that repeat are bounded, so that a reply is read in linear time.
NUMBER = r"(?>(?<!\w)(?:(?<![\w)])[-+–])?\d\w*(?:[.,:/^'–-]\w*\d\w*)*%?)"  # or what resembles one: all of it, so never a part
QUOTED = r"""["'][^"'\n]*["']"""
DASH = r"[-–—](?!\d)"
LEAD = rf"(?:[\s,:!→=>]|{DASH}|(?:so|thus|therefore|hence|finally|then|and|now|ok|okay|sure|great|consequently)\b){{0,12}}"
FILLED = (
    r"\b(?:answers?|is|are|was|equals?|be|must|should|will|would|to|therefore|thus|then|so|clearly|simply|just|probably|as|follows|number|value"
    r"|the|a|(?:of|for|to)\s+(?:the|this|your)\s+(?:question|problem))\b"
)
SUBJECT = (
    r"(?:(?:we|i|you)\s+(?:get|have|obtain|find|conclude)|(?:it|that|this)\s*(?:'s|is|equals|gives|makes)|(?:which\s+)?gives"
    r"|(?:(?:my|the|our)\s+)?(?:(?:final|last)\s+)?(?:result|solution|output|value|total|count|number)(?:\s+(?:of|for)\s+{name})?\s*(?:is|=|:|equals)?)"
)
JOINED = r"(?:==|:=|=|:|\b(?:is|are|so|equals|gives)\b)"


@dataclass(frozen=True)
class Grammar:
    """Patterns for one quantity that is asked for; each finds its claim as the group `value`."""

    modulus: int
    name: str  # pattern of the quantity's name
    open: re.Pattern[str]  # "answer", and a value after nothing but words that fill; it may stand anywhere in a sentence
    after: re.Pattern[str]  # "3 is the answer"
    bare: re.Pattern[str]  # a sentence that is a value: "3", "so we get 3", "there are 3 lions in the meadow"
    equation: re.Pattern[str]  # a sentence on the quantity: "B = 3", "B = 2 - 9 = 3"; group `inner` holds the formula
    modulo: re.Pattern[str]  # "(mod 10)", which may follow a value
    value: re.Pattern[str]  # any value, or what resembles one


def grammar(problem: Problem, surface: Surface) -> Grammar:
    """The grammar of claims about what a problem asks for, in the words of a surface."""
    name = surface.name(problem.query) if isinstance(surface, Sentences) else (problem.query,)
    return _grammar(name, problem.modulus, isinstance(problem.answer, tuple))


@lru_cache(RECENT)
def _grammar(words: tuple[str, ...], modulus: int, texts: bool) -> Grammar:
    name = r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)"
    modulo = rf"(?:\s*\(?\s*(?:mod|modulo)\b\s*{modulus}(?!\w)\s*\)?)?"
    noun = [re.escape(word) for word in words[words[0] == "the" :]] if len(words) > 1 else []  # "lions in the meadow", or "lions"
    phrase = r"\s+".join(noun)
    unit = rf"(?:\s*(?:{phrase}|{noun[0]})(?!\w))?" if noun else ""
    there = rf"|there\s+(?:are|is)\s+(?={NUMBER}\s+{phrase}(?!\w))" if noun else ""
    letter = f"[{LETTERS[0]}-{LETTERS[modulus - 1]}]" if texts else ""
    text = rf"{letter}(?:\s?{letter})*"
    said = rf"(?P<value>(?-i:\"\s*{text}\s*\"|'\s*{text}\s*'|(?<!\w){text}(?=\W*\Z)))" if texts else rf"[\"']?(?P<value>{NUMBER})"
    end = rf"{modulo}{unit}[\s\"')}}\]|.!;*]*\Z"
    signs = r"[\s:=>|({\[,]" if texts else r"[\s:=>|({\[,\"']"  # quotes belong to a text
    fill = rf"(?:{signs}|{DASH}|{FILLED}|{name}){{0,16}}?"
    patterns = (
        rf"\b(?:answers?|ans)\b\"?{fill}{said}",
        rf"{LEAD}{said}[\"']?\s+(?:is|must\s+be)\s+(?:the|my|our)\s+(?:\w+\s+)?answer\b",
        rf"{LEAD}(?:(?:{SUBJECT.format(name=name)}{there})[\s:=]*)?\(?{said}{end}",
        rf"{LEAD}(?:assert\s*\(\s*)?{name}{modulo}\s*{JOINED}(?:(?P<inner>.*?){JOINED})?[\s(]*{said}{end}",
        rf"\A{modulo}",
        QUOTED if texts else NUMBER,
    )
    return Grammar(modulus, name, *(re.compile(pattern, re.IGNORECASE | re.DOTALL) for pattern in patterns))
