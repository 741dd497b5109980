"""A sample of the campaign: the judge against an independent interpreter, readers against noise, seeds and splits."""

from random import Random

import pytest

from tests.campaign import fuzz, judged, seeds, tokens
from tests.campaign.cases import CASES, FAMILIES, Case
from tests.campaign.mutants import KINDS
from tests.interpreter import INTERPRETERS, Told
from tests.interpreter.process import Question

MUTANTS = 110  # of each family on each surface; the campaign has fifteen times as many
NOISE = 80
COMPARED = 500  # completions
LONG = [Case("program", "Compact")] + [Case(f, s) for f in ("dag with totals", "compose visible") for s in ("Equations", "Code", "Story")]


def asked(surface: str, prompt: str) -> Question:
    return INTERPRETERS[surface].question(tuple(prompt.split()), Told(10, {"f2": "swap"}))


# broken if the interpreter itself, which shares nothing with the library, computes something else than one would by hand
@pytest.mark.parametrize(
    ("surface", "prompt", "answer"),
    [
        ("Compact", "A + 9 B * 4 C - 7 run B to C from 6 :", 7),  # 6 * 4 = 24, 4 - 7 = -3
        ("Equations", "modulo 10 ; B = A * 3 ; C : A , B , B ; A = 9 - 2 ; C = ?", 9),  # 7, 21, 7 + 1 + 1
        ("Equations", "modulo 9 ; A = south ( 4 ) ; B = east ( A ) ; C = east ( B ) ; C = ?", 8),  # off the board
        ("Equations", "modulo 9 ; east ( 7 ) = 7 ; A = south ( 4 ) ; B = east ( A ) ; B = ?", 7),  # into a wall
        ("Code", "m = 6 ; A = s3 ( 1 , 2 ) ; print ( A )", 3),  # first 0 2 1, then 1 0 2: 0 to 1, 1 to 2, 2 to 0
        ("Code", "m = 6 ; next = table ( next , { 3 : 5 , 5 : 0 } ) ; A = next ( 3 ) ; B = next ( A ) ; print ( B )", 0),
        ("Code", "m = 2 ; A = nand ( 1 , 1 ) ; B = not ( A ) ; C = ( A or B ) ; D = xor ( C , B ) ; print ( D )", 0),
        ("Story", "count modulo 10 . the lions in the cave are 4 minus 9 . how many are the lions in the cave ?", 5),
        ("Story", 'count with 3 letters . the ox at the bar are the f2 of " a b c " . how many are the ox at the bar ?', ("c", "b", "a")),
        ("Nested", "modulo 10 ; ( ( 8 + 3 ) * 7 ) - max ( 2 , 3 ) = ?", 4),
    ],
)
def test_the_interpreter_computes_what_a_hand_does(surface, prompt, answer):
    question = asked(surface, prompt)
    assert question.value(question.query) == answer


# broken if the interpreter accepts something wrong, idle, unspelled or out of order, or refuses one of the right orders
@pytest.mark.parametrize(
    ("completion", "refused", "allowed"),
    [
        ("A = 9 - 2 = 7 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 8 <end>", True, True),
        ("A = 9 - 2 = 7 ; D = A + 1 = 8 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 8 <end>", False, True),
        ("A = 9 - 2 = 7 ; A = 9 - 2 = 7 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 8 <end>", False, True),
        ("A = 9 - 2 = 7 ; D = A + 1 = 9 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 8 <end>", False, False),
        ("B = A * 3 = 1 ; A = 9 - 2 = 7 ; C = sum ( A , B ) = 8 ; answer 8 <end>", False, False),
        ("A = 9 - 2 = 7 ; B = 3 * A = 1 ; C = sum ( A , B ) = 8 ; answer 8 <end>", False, False),
        ("A = 9 - 2 = 7 ; B = A * 3 = 1 ; C = A + B = 8 ; answer 8 <end>", False, False),
        ("A = 9 - 2 = 7 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 7 <end>", False, False),
        ("A = 9 - 2 = 7 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 8", False, False),
        ("A = 9 - 2 = 07 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 8 <end>", False, False),
        ("A = ( 9 - 2 ) = 7 ; B = A * 3 = 1 ; C = sum ( A , B ) = 8 ; answer 8 <end>", False, False),
        ("A = 9 - 2 = 7 ; B = A * 3 = 1 ; answer 8 <end>", False, False),
    ],
)
def test_the_interpreter_decides_what_a_hand_does(completion, refused, allowed):
    question = asked("Equations", "modulo 10 ; B = A * 3 ; C : A , B ; D = A + 1 ; A = 9 - 2 ; C = ?")
    words = tuple(completion.split())
    assert [INTERPRETERS["Equations"].accepts(question, words, surplus) for surplus in ("refused", "allowed")] == [refused, allowed]


# broken if a prompt says something else than its problem, the judge and the interpreter disagree about any completion, a right order is
# refused, idle steps pass where they may not, or a mistake is reported as one that it cannot be
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.family}-{case.surface}")
def test_the_judge_agrees_with_the_interpreter(case):
    tally = judged.campaign(case, MUTANTS, rounds=1)
    assert not tally.failures, "\n".join(tally.examples)
    assert tally.problems >= MUTANTS // len(KINDS)
    assert tally.mutants.total() == MUTANTS


# broken if comparing tokens with those of the solution gives another verdict than reading the words
@pytest.mark.parametrize("name", tokens.COMPARED)
def test_verdicts_on_tokens_are_those_on_words(name):
    seen = tokens.campaign(name, COMPARED)
    assert not seen.failures, "\n".join(seen.failures)
    assert 0 < seen.process < seen.correct < seen.completions


# broken if any words make a reader fail, have no role or two, or are judged otherwise than by the interpreter
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.family}-{case.surface}")
def test_noise_breaks_no_reader(case):
    seen = fuzz.campaign(case, NOISE, each=20)
    assert not seen.failures, "\n".join(seen.failures)
    assert 0 < seen.read < seen.completions


# broken if a long completion takes more than its share of time, whatever is repeated in it
@pytest.mark.parametrize("case", LONG, ids=lambda case: f"{case.family}-{case.surface}")
def test_no_repetition_makes_reading_quadratic(case):
    _, wrong = fuzz.steepest(case.put(0), Random(case.surface), 1)
    assert wrong is None, wrong


# broken if the problems of one seed are those of another, more often than chance has it
@pytest.mark.parametrize("name", FAMILIES)
def test_seeds_are_strangers(name):
    found = seeds.coincidences(FAMILIES[name], 150)
    assert found.passed, found


# broken if a problem is in both splits, or something that no answer depends on makes another problem of it
@pytest.mark.parametrize("name", seeds.SMALL)
def test_train_and_test_are_strangers(name):
    found = seeds.Splits()
    seeds.splits(seeds.SMALL[name], 0, 250, found)
    assert found.passed, found.examples
    assert len(found.forms) < found.problems  # or there was nothing to see
