"""Problems asked of language models: what counts as an answer in free text, what as a derivation, and the question itself."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthtasks import Circuit, Compose, Dag, Grid, Hops, Primitive, Problem, Program, Step, Tree, rng, verify
from synthtasks.asking import Instruct
from synthtasks.asking.listening import heard
from synthtasks.commands.catalogue import FAMILIES, SURFACES
from synthtasks.datasets.items import Items
from synthtasks.primitives import MUL, SUB
from synthtasks.strategies import completions, mutants_of
from synthtasks.surfaces import Code, Compact, Equations, Story, Surface
from tests.strategies import examples

# A = 3 * 9 = 7, C = 9 - 0 = 9, B = C * A = 3, modulo 10
PROBLEM = Problem((Step("A", MUL, (3, 9)), Step("C", SUB, (9, 0)), Step("B", MUL, ("C", "A"))), "B", 10)
STEPS = "A = 3 * 9 = 7 ;\nC = 9 - 0 = 9 ;\nB = C * A = 3 ;\n"

RIGHT = (
    "3",
    "3.",
    " 3\n",
    "**3**",
    "`3`",
    "$3$",
    '"3"',
    "(3)",
    "answer 3",
    "answer 3 <end>",
    "Answer: 3",
    "ANSWER = 3",
    "**Answer:** 3",
    "**Answer: 3**",
    "Answer:\n\n3",
    "## Answer\n\n**3**",
    "The answer is 3.",
    "The final answer is **3**.",
    "The final answer is: $\\boxed{3}$",
    "\\boxed{3}",
    "\\[\n\\boxed{\\text{3}}\n\\]",
    "\\(\\boxed{B = 3}\\)",
    "<answer>3</answer>",
    "<answer>\n3\n</answer><|im_end|>",
    "<answer>B = 3</answer>",
    "#### 3",
    "B = 3",
    "B is 3.",
    "B ≡ 3 (mod 10)",
    "So we get 3.",
    "Therefore, the answer is 3 (mod 10).",
    "3 is the answer.",
    "3 is the final answer!",
    "Result: 3",
    "The value of B is 3.",
    '{"answer": 3}',
    '```json\n{"answer": "3"}\n```',
    "```\n3\n```",
    "<think>Is it 7? The answer is 7. No, wait: 4.</think>\n\n3",
    "I first took C for 8, so B would be 6. But C is 9, so the answer is 3.",
    "Sure! Here is my answer: 3. Let me know if you need more help!",
    STEPS + "answer 3",
    STEPS + "Therefore, the answer is 3.",
    STEPS,
    "Let me work it out.\n\n1. A = 3 * 9 = 27 mod 10 = 7\n2. C = 9 - 0 = 9\n3. B = C * A = 63 mod 10 = 3\n\n**Final answer: 3**",
    "Step 1: $A = 27 \\equiv 7 \\pmod{10}$\nStep 2: $B = 9 \\times 7 = 63 \\equiv 3 \\pmod{10}$\n\nThe answer is $\\boxed{3}$.",
    "**3**\n\nExplanation: A is 7, and C is 9.\n\nB = C * A = 63 = 3",
    "The answer is 3, since B = 3.",
    "The answer is not 7. It is 3.",
    "A = 7, C = 9, so 63 mod 10, and therefore the answer to the question is 3.",
)
WRONG = (
    "",
    "7",
    "The answer is 7.",
    "\\boxed{9}",
    "<answer>4</answer>",
    "answer 13",
    "The answer is 30.",
    "The answer is 3.5.",
    "The answer is -3.",
    "answer: 3/4",
    "answer 3e2",
    "answer: 3,000",
    "answer 03",
    "x3",
    "3²",
    "The answer is 3%.",
    "3 or 4",
    "3, 4",
    "3 4",
    "3\n4",
    "4\n3",
    "0 1 2 3 4 5 6 7 8 9",
    "The answer is 3 or 4.",
    "The answer is 3 and 7.",
    "The answer is between 3 and 4.",
    "The answer is either 4 or 3",
    "The answer is 3. Or maybe 4.",
    "The answer is 7. Wait, the answer is 3.",
    "The answer is 3. Actually, it is 4.",
    "The answer is 3. Wait, no.",
    "The answer is 3. Then again, 4 fits as well.",
    "The answer is 3. It is 4.",
    "\\boxed{3} \\boxed{4}",
    "\\boxed{3, 4}",
    "<answer>3</answer><answer>4</answer>",
    "<answer>4</answer>\nB = 3",
    "answer 3 <end> answer 4 <end>",
    "answer 4 ; answer 3",
    "The answer is not 3.",
    "I do not think that the answer is 3.",
    "3 is not the answer.",
    "The answer 3 is wrong.",
    "A = 3",
    "C = 9 ; A = 3",
    "B = 4, no, B = 3",
    "B = 3 or B = 4",
    "B = 3\nB = 4",
    "B = 3 = 4",
    "This took 3 steps.",
    "The number of steps is 3.",
    "See step 3.",
    "<think>The answer is 3.</think>",
    "<think>The answer is 3.",
    "The answer is one of A, B and C.",
    "~~3~~ 4",
    "1**3**",
    "The answer is \\boxed{3",
    "Question 3: the answer is 7.",
    STEPS + "answer 4",
    STEPS + "B = 4",
    STEPS + "The answer is 3. Another answer is 7.",
    "The answer is clear.",
    "3. Answer: 4",
    "answer: 4 (not 3)",
    "answer 2 + 1",
)


# broken if an instruct model that answers rightly in its own way earns nothing
@pytest.mark.parametrize("said", RIGHT)
def test_right_answers_are_heard(said):
    assert heard(said, PROBLEM, Equations()).answer == 3


# broken if a wrong answer, two answers, a denial, or a number inside another earns anything
@pytest.mark.parametrize("said", WRONG)
def test_wrong_and_double_answers_are_not(said):
    assert heard(said, PROBLEM, Equations()).answer != 3


# In the surface's words, however they are laid out.
DERIVED = (
    STEPS + "answer 3",
    STEPS.replace("\n", " ") + "answer 3 <end>",
    STEPS.replace(" ", "") + "answer 3",
    STEPS.replace(" ;", "") + "\nThe answer is **3**.",
    STEPS,
    "Let me work it out step by step.\n\n- A = 3 * 9 = 7\n- C = 9 - 0 = 9\n- B = C * A = 3\n\nSo the answer is $\\boxed{3}$.",
    "First, A = 3 * 9 = 7.\nThen C = 9 - 0 = 9.\nSo B = C * A = 3 (mod 10).\n\nB = 3",
    "1. **A = 3 * 9 = 7**\n2. **C = 9 − 0 = 9**\n3. $B = C \\times A = 3$\n\n<answer>3</answer>",
    "<think>A = 3 * 9 = 6, no.</think>\n```\n" + STEPS + "```\nanswer 3",
)
NOT_DERIVED = (
    "answer 3",
    STEPS + "answer 7",
    STEPS.replace("7 ;", "8 ;") + "answer 3",
    STEPS.replace("3 * 9", "9 * 3") + "answer 3",
    STEPS.split("\n", 1)[1] + "answer 3",
    STEPS + "A = 3 * 9 = 7 ;\nanswer 3",
    STEPS + "A = 3 * 9 = 8 ;\nanswer 3",
    "A is 27, or 8 if one forgets a 9.\n" + STEPS + "answer 3",
    "C = 9 * 7 = 3 ;\n" + STEPS + "answer 3",
    "B = C * A = 3 ;\n" + STEPS + "answer 3",
    "<think>" + STEPS + "</think>answer 3",
    STEPS + "answer 3 or 4",
)


# broken if a derivation in the surface's words is not judged as one, for its spaces, its list marks or the prose around it
@pytest.mark.parametrize("said", DERIVED)
def test_derivations_are_heard(said):
    assert verify(PROBLEM, heard(said, PROBLEM, Equations())).process


# broken if an answer alone, or a derivation with a wrong, missing, repeated or hedged step, counts as a right process
@pytest.mark.parametrize("said", NOT_DERIVED)
def test_other_replies_are_no_derivation(said):
    assert not verify(PROBLEM, heard(said, PROBLEM, Equations())).process


EVERY = [(name, surface) for name, found in FAMILIES.items() for surface in found.surfaces]


# broken if the reply that is asked for does not earn what it is asked for, in any family and surface
@pytest.mark.parametrize(("family", "surface"), EVERY)
def test_replies_as_asked_earn_what_is_asked(family, surface):
    whole = Items(FAMILIES[family].family, SURFACES[surface], "test", 0, 2, Instruct(shots=1))
    alone = replace(whole, form=Instruct("answer"))
    item, short = whole[1], alone[1]
    told, answer = item["metadata"]["solution"], item["answer"]
    assert (whole.score_answer(told, item), whole.score_process(told, item)) == (1, 1)
    assert (alone.score_answer(short["metadata"]["solution"], short), alone.score_process(f"answer {answer}", short)) == (1, 0)
    assert whole.score_process(f"Here is my solution.\n\n{told.replace(f'answer {answer}', f'**The answer is {answer}.**')}\n", item) == 1
    messages = whole.messages(1)
    assert [m["role"] for m in messages] == ["user", "assistant", "user"]
    problem = "".join(messages[-1]["content"].split())
    assert "".join(" ".join(whole.surface.prompt(whole.problem(1))).split()) == problem


# broken if a mistake of a derivation is forgiven because free text is read
@examples(60)
@given(st.data())
def test_mistakes_are_not_forgiven(data):
    family, surface = data.draw(st.sampled_from([(Dag(), Equations()), (Circuit(), Code()), (Hops(), Story()), (Program(), Compact())]))
    problem = family(rng("mistakes", data.draw(st.integers(0, 99))))
    made = data.draw(mutants_of(problem, surface, surface.vocab(family.names, family.primitives, family.modulus)))
    if made is not None and made.kind not in ("truncated", "inserted", "replaced"):  # free text may lack `answer`, and hold other words
        assert not verify(problem, heard(" ".join(made.words), problem, surface)).process


# broken if a reply of any words makes the reader fail
@examples(100)
@given(completions(Equations().vocab(3, Dag().primitives, 10)), st.sampled_from([" ", "", "\n"]))
def test_any_text_can_be_heard(words, between):
    heard(between.join(words), PROBLEM, Equations())


# broken if a text is not heard with and without quotes and spaces, or a part of it is
def test_texts_are_heard():
    problem = Compose(steps=1, letters=3, definitions="visible")(rng("texts"))
    right = "".join(problem.answer)
    for said in (
        f'" {" ".join(right)} "',
        f'"{right}"',
        right,
        f"**{right}**",
        f"The answer is {right}.",
        f"answer: '{right}'",
        f"\\boxed{{{right}}}",
    ):
        assert heard(said, problem, Equations()).answer == problem.answer, said
    for said in (
        f"{right}a",
        f'"{right}" or "{right[::-1]}x"',
        f'The answer is "a{right}".',
        f'answer "{right}"\nanswer "a"',
        "The answer is clear.",
    ):
        assert heard(said, problem, Equations()).answer != problem.answer, said


# broken if an answer in the words of the story is not heard, or that of another quantity is
def test_stories_are_answered_in_their_words():
    three = "3 lions in the meadow", "There are 3 lions in the meadow.", "the lions in the meadow are 3", "The answer is 3 lions."
    problem = Problem((Step("A", MUL, (3, 1)),), "A", 10)
    assert [heard(said, problem, Story()).answer for said in three] == [3] * 4
    for said in ("There are 3 bears in the forest.", "the bears in the forest are 3", "There are 3 or 4 lions in the meadow."):
        assert heard(said, problem, Story()).answer is None


def twice(a: int, modulus: int) -> int:
    return 2 * a % modulus


# broken if the instruction leaves out an operation, or asks for what it does not explain
def test_instructions_explain_what_they_ask_for():
    asked = Instruct().question(PROBLEM, Dag(), Equations())
    assert "- `*`: The product of the two, modulo m." in asked
    assert "m is 10." in asked
    assert "`+`" not in asked
    doubled = Problem((Step("A", Primitive("twice", "twice", twice, 1), (3,)),), "A", 10)
    with pytest.raises(ValueError, match="give the function twice of 'twice' a docstring"):
        Instruct().question(doubled, Dag(), Equations())
    with pytest.raises(ValueError, match=r"Mute does not: give it a text `explained` .* shots=1"):
        Instruct().question(PROBLEM, Dag(), Mute())
    assert Instruct(wording="Solve.").question(PROBLEM, Dag(), Mute()).startswith("Solve.\n\nProblem:\n")


@dataclass(frozen=True)
class Mute:
    """A surface of one's own, which does not explain itself."""

    inner: Surface = Equations()

    def __getattr__(self, name: str) -> object:
        if name == "explained":
            raise AttributeError(name)
        return getattr(self.inner, name)


# broken if a solved example is the problem itself, a part of its derivation, a test problem, or the same as another
def test_examples_are_other_problems():
    family = Tree(steps=2, depth=2)  # facts, which lie on both sides of an endless draw
    items = Items(family, Equations(), "test", 0, 2, Instruct(shots=40))
    for i in range(2):
        p = items.problem(i)
        shown = items.form._examples(p, family)
        assert len({e.key for e in shown} - p.derivations) == 40
        assert {e.side for e in shown} == {"train"}
    few = Grid(steps=1, side=2, walls=0)  # all of its 16 problems are training problems
    asked = few(rng("few"))
    assert asked.key not in {e.key for e in Instruct(shots=15)._examples(asked, few)}
    with pytest.raises(ValueError, match="ask with fewer shots"):
        Instruct(shots=16).messages(asked, few, Equations())
