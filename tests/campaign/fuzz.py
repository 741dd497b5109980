"""Noise: words that no solution would hold, in any number, before the readers and the judge."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, product
from random import Random
from time import process_time
from typing import SupportsIndex

from tests.campaign.cases import Case, Misunderstood, Put, Words

ODD = (
    *("", " ", "\n", "\t", "\u00a0", "\u2028", "8 .", "; ;", "٣", "³", "３", "Ⅷ", "03", "+3", "-3", "3.0", "1e1", "1_0", "0x1", "½", "𝟛"),
    *('"', '""', "'", "''", '" a "', "\\", "\\n", "\0", "{", "}", "(", ")", "[", "((", "))", "#", "é", "ａ", "ß", "ſ", "A ", "_"),
    *("<end>", "<pad>", "answer", "assert", "the", "and", "of", "so", "are", "in", "at", "=", ":=", "==", ";", ".", ",", ":", "?"),
    *("m", "run"),
    *("sum", "total", "table", "print", "max", "plus", "minus", "times", "A", "B", "Z9", "lions", "jungle", "999", "1000", "None", "True"),
    *("9" * 5_000, "a" * 5_000, "A" * 5_000, '"' * 500, "(" * 500),
)
TIMED, COUNTED = 2_500, 400  # words of a short completion; a long one has four times as many
RATIO = 5.0  # of looks at words, long to short: 4 if reading is linear, 16 if quadratic
SECONDS = 0.05  # below which time says nothing
TIMES = 10.0  # of time, long to short


@dataclass
class Noise:
    """What came of noise before one case."""

    completions: int = 0
    words: int = 0
    read: int = 0  # completions of which anything could be read
    failures: list[str] = field(default_factory=list)


def noise(put: Put, dice: Random) -> Words:
    """Words at random; pieces of the solution at random; a solution with many mistakes; or a piece of it, many times."""
    kind = dice.randrange(5)
    if kind == 0:
        return tuple(dice.choices(put.vocabulary, k=dice.randrange(40)))
    if kind == 1:
        return tuple(dice.choice(ODD if dice.random() < 0.3 else put.words) for _ in range(dice.randrange(40)))
    if kind == 2:
        return tuple(word for _ in range(dice.randrange(1, 6)) for word in piece(put.words, dice))
    if kind == 3:
        words = put.words
        for _ in range(dice.randrange(1, 6)):
            i = dice.randint(0, len(words))
            words = (*words[:i], *(dice.choice((dice.choice(ODD), dice.choice(put.vocabulary))),), *words[i + dice.randrange(3) :])
        return words
    before, repeated, after = piece(put.words, dice), piece(put.words, dice), piece(put.words, dice)
    return before + repeated * dice.randrange(1, 6) + after


def piece(words: Words, dice: Random) -> Words:
    i = dice.randint(0, len(words))
    return words[i : i + dice.randrange(12)]


def campaign(case: Case, completions: int, each: int = 50) -> Noise:
    """So much noise, `each` of it on one problem."""
    seen = Noise()
    i = 0
    while seen.completions < completions and i <= completions:
        dice = Random(f"noise of {case.family}, {case.surface}, {i}")
        i += 1
        try:
            put = case.put(i)
        except Misunderstood:
            continue  # the judge's part of the campaign counts these
        for _ in range(min(each, completions - seen.completions)):
            words = noise(put, dice)
            seen.completions += 1
            seen.words += len(words)
            if failure := fault(put, words):
                seen.failures.append(f"{failure}: {' '.join(words)!r}, after {' '.join(put.surface.prompt(put.problem))!r}")
            else:
                seen.read += len(put.surface.read(words).unread) < len(words)
    return seen


def fault(put: Put, words: Words) -> str | None:
    """What is wrong with how a completion is treated."""
    try:
        trace, roles, verdict = put.surface.read(words), put.surface.roles(words), put.judge(words)
    except Exception as error:
        return repr(error)
    if len(roles) != len(words):
        return f"{len(roles)} roles for {len(words)} words"
    if roles.count("execute") != sum(said.words for said in trace.assertions) or ("answer" in roles) != (trace.answer is not None):
        return "roles that disagree with the reading"
    if verdict.process != put.interpret(words):
        return f"the judge {'accepts' if verdict.process else 'refuses'}, the interpreter does not"
    return None


class Counted(tuple[str, ...]):
    """Words that count how many of them are looked at, in slices too."""

    looks = 0

    def __getitem__(self, i: SupportsIndex | slice) -> "str | Counted":  # type: ignore[override]
        found = super().__getitem__(i)
        Counted.looks += len(found) if isinstance(i, slice) else 1
        return Counted(found) if isinstance(i, slice) else str(found)

    def __iter__(self) -> Iterator[str]:
        Counted.looks += len(self)
        return super().__iter__()

    def __contains__(self, word: object) -> bool:
        Counted.looks += len(self)
        return super().__contains__(word)

    def index(self, word: str, start: SupportsIndex = 0, stop: SupportsIndex = 10**9) -> int:
        try:
            found = super().index(word, start, stop)
        except ValueError:
            Counted.looks += len(self) - int(start)
            raise
        Counted.looks += found - int(start) + 1
        return found


@dataclass(frozen=True)
class Shape:
    """Completions of any length: a piece, repeated between two others."""

    before: Words
    repeated: Words
    after: Words

    def of(self, size: int, times: int) -> Words:
        """About `size` words, `times` over."""
        return (*self.before, *(self.repeated * (-(-size // len(self.repeated)) * times)), *self.after)


def shapes(put: Put, dice: Random, spans: int) -> Iterator[Shape]:
    """Of a sentence, of half a solution and of a whole one: some spans, each repeated in its place; and single words."""
    sentence = put.interpreter.sentence(put.solution.steps[0])
    for whole in (sentence, sentence[:-1], put.words):
        yield Shape((), whole, ())
        places = list(combinations(range(len(whole) + 1), 2))
        for i, j in dice.sample(places, min(spans, len(places))):
            yield Shape(whole[:i], whole[i:j], whole[j:])
            yield Shape(whole[:i], whole[i:j], ())
    for i, joint, operand in product(range(len(sentence)), ("and", ","), (("1",), ('"', "a", '"'))):  # more and more operands
        yield Shape(sentence[:i], (joint, *operand), sentence[i:])
    for word in dict.fromkeys((*sentence, *put.words[-3:], '"', "(", "the", "assert", "of", "and", ",")):
        yield Shape((), (word,), ())
        yield Shape(sentence[:-2], (word,), sentence[-2:])


def steepest(put: Put, dice: Random, spans: int) -> tuple[float, str | None]:
    """How much longer four times as many words take at most, in looks at words; and what is wrong with it, if anything is."""
    worst, wrong = 0.0, None
    for shape in shapes(put, dice, spans):
        for treat in (put.surface.read, put.surface.roles):
            looks = [looked(treat, shape.of(COUNTED, times)) for times in (1, 4)]
            worst = max(worst, looks[1] / looks[0])
            if looks[1] > RATIO * looks[0]:
                wrong = f"{looks[0]} looks, and then {looks[1]}: {shape}"
        short, long = (taken(put, shape.of(TIMED, times)) for times in (1, 4))
        if long > max(SECONDS, TIMES * short):
            wrong = f"{short} s, and then {long} s: {shape}"
    return worst, wrong


def looked(treat: Callable[[Words], object], words: Words) -> int:
    """How many words were looked at, and one."""
    Counted.looks = 0
    treat(Counted(words))
    return Counted.looks + 1


def taken(put: Put, words: Words) -> float:
    """Seconds of CPU time that the judge takes, reading included: the least of three, since a busy machine adds to some."""
    spent: list[float] = []
    for _ in range(3):
        start = process_time()
        put.judge(words)
        spent.append(process_time() - start)
    return min(spent)
