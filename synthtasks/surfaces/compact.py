"""Straight-line programs in as few words as possible; the surface of the factorial study."""

from dataclasses import dataclass
from typing import ClassVar

from synthtasks.families.kit.family import labels
from synthtasks.families.kit.programs import Programs
from synthtasks.primitives import Operation
from synthtasks.problem import Problem, Step
from synthtasks.surfaces.spelling import Spelling
from synthtasks.surfaces.surface import NUMBERS, Role, Tokens, ending, sized
from synthtasks.trace import Assertion, Trace, Words, gold
from synthtasks.vocab import END, PAD, Vocab

RESERVED = frozenset({"run", "list", "from", "to", ":", "answer", END, PAD})
WORDS_A_LINE, WORDS_A_STEP = 3, 4


@dataclass(frozen=True)
class Compact:
    """Programs in single characters; a step of the solution is line, operator, constant, value.

    The first operand of a line is implicit: it is the running value. So this surface writes only chains of binary
    primitives on numbers (`Program`, `Group`).

    >>> from synthtasks import Program, rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> " ".join(Compact().prompt(p))
    'A - 6 B * 8 C - 0 run B to C from 0 :'
    >>> " ".join(Compact().solution(p))
    'B * 8 0 C - 0 0 answer 0 <end>'
    """

    answer_words: ClassVar[int] = 3
    explained: ClassVar[str] = (
        "The problem is a program. Each line has a name, an operation and a number, as in `B * 8`, and applies the operation to the "
        "running value and the number; the result is the new running value. `run B to C from 0 :` asks for the running value after the "
        "lines B to C, if it is 0 before them."
    )

    def prompt(self, problem: Problem) -> Words:
        """The program, and the window to run.

        Raises:
            ValueError: if the problem is not a straight-line program.
        """
        first = problem.proof[0]
        return (*self._lines(problem), "run", first.name, "to", problem.query, "from", str(first.arguments[0]), ":")

    def parse(self, words: Words, primitives: tuple[Operation, ...], modulus: int) -> Problem:
        """The problem that a prompt states; inverts `prompt`.

        Raises:
            ValueError: if the words are no prompt.
        """
        form = "LINE OPERATOR NUMBER ... run LINE to LINE from NUMBER :"
        by_symbol = {p.symbol: p for p in primitives}
        lines, query = words[:-7], words[-7:]
        if len(query) < 7 or len(lines) % 3 or (query[0], query[2], query[4], query[6]) != ("run", "to", "from", ":"):
            raise ValueError(f"expected the words {form!r}; found {' '.join(words)!r}")
        names = lines[::3]
        for operator, number in zip(lines[1::3], lines[2::3], strict=True):
            if operator not in by_symbol or number not in NUMBERS:
                raise ValueError(f"a line is LINE OPERATOR NUMBER with an operator of {' '.join(by_symbol)}; found {operator} {number}")
        if query[1] not in names or query[3] not in names or names.index(query[1]) > names.index(query[3]) or query[5] not in NUMBERS:
            raise ValueError(f"the window must go from one of the lines to the same or a later one; found {' '.join(query)!r}")
        start, steps = NUMBERS[query[5]], list[Step]()
        for name, operator, number in zip(names, lines[1::3], lines[2::3], strict=True):
            before = start if not steps or name == query[1] else steps[-1].name
            steps.append(Step(name, by_symbol[operator], (before, NUMBERS[number])))
        return Problem(tuple(steps), query[3], modulus)

    def solution(self, problem: Problem) -> Words:
        """Every line of the window with its value, and the answer."""
        return self.write(gold(problem))

    def write(self, trace: Trace) -> Words:
        """The steps of a trace, each with its last operand only, and its answer."""
        steps = (word for a in trace.assertions for word in (a.name, a.operator, str(a.operands[-1]), str(a.value)))
        return (*steps, *trace.unread, *ending(trace.answer))

    def words_stated(self, lines: int) -> int:
        """The words of a prompt that state the program: they come first, and do not depend on the window."""
        return WORDS_A_LINE * lines

    def listing_prompt(self, problem: Problem) -> Words:
        """The program, and the window to restate without running it."""
        return (*self._lines(problem), "list", problem.proof[0].name, "to", problem.query, ":")

    def listing(self, problem: Problem) -> Words:
        """The lines of the window, without values."""
        return (*(word for s in problem.proof for word in (s.name, s.primitive.symbol, str(s.arguments[1]))), END)

    def prompts(self, programs: Programs, vocab: Vocab) -> Tokens:  # [P, S]
        """`prompt` of each program, as tokens. This and the next three refuse an unknown word as `Vocab.encode` does."""
        words = Spelling(programs, vocab)
        first, last = words.names(programs.lines[:, [0, -1]]).T[..., None]  # [P, 1] each
        query = (words.all("run"), first, words.all("to"), last, words.all("from"), words.numbers(programs.starts[:, None]), words.all(":"))
        return words.checked(self.prompt, (words.program(), *query))

    def solutions(self, programs: Programs, vocab: Vocab) -> Tokens:  # [P, T]
        """`solution` of each program, as tokens."""
        words, values = Spelling(programs, vocab), programs.values
        run = words.window(words.numbers(values))
        return words.checked(self.solution, (run, words.all("answer"), words.numbers(values[:, -1:]), words.all(END)))

    def listing_prompts(self, programs: Programs, vocab: Vocab) -> Tokens:  # [P, S]
        """`listing_prompt` of each program, as tokens."""
        words = Spelling(programs, vocab)
        first, last = words.names(programs.lines[:, [0, -1]]).T[..., None]  # [P, 1] each
        query = (words.all("list"), first, words.all("to"), last, words.all(":"))
        return words.checked(self.listing_prompt, (words.program(), *query))

    def listings(self, programs: Programs, vocab: Vocab) -> Tokens:  # [P, T]
        """`listing` of each program, as tokens."""
        words = Spelling(programs, vocab)
        return words.checked(self.listing, (words.window(), words.all(END)))

    def read(self, words: Words) -> Trace:
        """The trace of a completion, in linear time. Any words can be read: those of no step and no final answer are unread."""
        assertions: list[Assertion] = []
        unread: list[str] = []
        answer, i = None, 0
        while i < len(words):
            if self._is_step(words, i):
                name, operator, constant, value = words[i : i + WORDS_A_STEP]
                assertions.append(Assertion(name, operator, (None, NUMBERS[constant]), NUMBERS[value], i + 3))
                i += WORDS_A_STEP
            elif self._is_answer(words, i):
                answer = NUMBERS[words[i + 1]]
                i += 3
            else:
                unread.append(words[i])
                i += 1
        return Trace(tuple(assertions), answer, tuple(unread))

    def roles(self, words: Words) -> tuple[Role, ...]:
        """Roles by position: a number is copied as a constant, and computed as a value."""
        roles: list[Role] = []
        while len(roles) < len(words):
            i = len(roles)
            if self._is_step(words, i):
                roles += ("plan", "copy", "copy", "execute")
            elif self._is_answer(words, i):
                roles += ("plan", "answer", "meta")
            else:
                roles.append("meta")
        return tuple(roles)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """All words of programs of this size, their solutions and their listings.

        Raises:
            ValueError: if there is no name or value, two words coincide, or the modulus is larger than the table of numbers.
        """
        sized(names, modulus)
        if modulus > len(NUMBERS):
            raise ValueError(f"numbers go up to {len(NUMBERS) - 1}; found modulus {modulus}")
        content = (*labels(names), *(p.symbol for p in primitives), *(str(n) for n in range(modulus)))
        return Vocab((PAD, END, *sorted(RESERVED - {PAD, END}), *content))

    @staticmethod
    def _is_step(words: Words, i: int) -> bool:
        step = words[i : i + WORDS_A_STEP]
        if len(step) < WORDS_A_STEP or step[2] not in NUMBERS or step[3] not in NUMBERS:
            return False
        name, operator = step[:2]
        return name not in NUMBERS and operator not in NUMBERS and name not in RESERVED and operator not in RESERVED

    @staticmethod
    def _is_answer(words: Words, i: int) -> bool:
        """True only at the last words: an answer that other words follow is none."""
        return i + 3 == len(words) and words[i] == "answer" and words[i + 1] in NUMBERS and words[i + 2] == END

    @staticmethod
    def _lines(problem: Problem) -> Words:
        first = problem.proof[0]
        before: str | None = None
        words: list[str] = []
        for step in problem.stated:
            left, right = step.arguments if len(step.arguments) == 2 else (None, None)
            starts = left == first.arguments[0] and (before is None or step is first)
            if not isinstance(right, int) or isinstance(left, tuple) or not (starts or left == before):
                raise ValueError(f"Compact writes straight-line programs (see Program); this is not a line of one: {step}")
            words += (step.name, step.primitive.symbol, str(right))
            before = step.name
        return tuple(words)
