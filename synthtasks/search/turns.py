"""The words of a search: a turn is a tag, an action and what is observed; and the world that answers an action."""

from dataclasses import dataclass
from typing import Annotated

from synthtasks.checked import Checked, From
from synthtasks.primitives import Operation
from synthtasks.problem import Problem
from synthtasks.search.search import ACTIONS, searched
from synthtasks.search.walker import NOWHERE, TAGS, walk
from synthtasks.surfaces.surface import NUMBERS, Role
from synthtasks.trace import Assertion, Trace, Words
from synthtasks.vocab import END, PAD, Vocab

FROM, TO, BEGIN, WALL = "from", "to", ":", "wall"


@dataclass(frozen=True)
class Turns:
    """Turns of the words `tag action observation`. The observation is the state that was reached, or `wall`; a turn may lack its tag. Any
    word in the place of an action is one, and is invalid unless it is one of the four: as no word is free, none is lost.

    The assertion of a turn is named by its tag, its operator is the action, its value the state that the words tell, or `NOWHERE`.
    """

    def prompt(self, problem: Problem) -> Words:
        """Start and goal."""
        found = searched(problem)
        return FROM, str(found.start), TO, str(found.goal), BEGIN

    def solution(self, problem: Problem) -> Words:
        """The walk of an expert who knows no more than was observed."""
        return self.write(walk(searched(problem)))

    def write(self, trace: Trace) -> Words:
        """The turns, then `<end>`."""
        turns = [((a.name,) if a.name else ()) + (a.operator, WALL if a.value == NOWHERE else str(a.value)) for a in trace.assertions]
        return (*(word for turn in turns for word in turn), END)

    def read(self, words: Words) -> Trace:
        """Turns by the places of their words; a tag without an action, and words after the end, are unread."""
        ended = words.index(END) if END in words else len(words)
        turns, at = list[Assertion](), 0
        while at < ended:
            tag = words[at] if words[at] in TAGS else ""
            at += bool(tag)
            if at < ended:
                value = NUMBERS.get(words[at + 1], NOWHERE) if at + 1 < ended else NOWHERE
                turns.append(Assertion(tag, words[at], (None,), value, at))
            elif tag:
                return Trace(tuple(turns), _last(turns), (tag, *words[ended + 1 :]))
            at += 2
        return Trace(tuple(turns), _last(turns), words[ended + 1 :])

    def roles(self, words: Words) -> tuple[Role, ...]:
        """Tags are meta words, actions are planned, observations executed."""
        return tuple("plan" if w in ACTIONS else "execute" if w == WALL or w in NUMBERS else "meta" for w in words)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """All words, for so many states."""
        return Vocab((PAD, END, FROM, TO, BEGIN, WALL, *TAGS, *ACTIONS, *(str(n) for n in range(modulus))))


def _last(turns: list[Assertion]) -> int | tuple[str, ...] | None:
    """The last state that was told."""
    return next((turn.value for turn in reversed(turns) if turn.value != NOWHERE), None)


@dataclass(frozen=True)
class World(Checked):
    """The environment of searches with so many states (see `train.rl.Environment`): it tells the state that an action reaches, or `wall`,
    and ends the episode at the goal and at the horizon."""

    states: Annotated[int, From(2)] = 9
    surface: Turns = Turns()

    @property
    def calls(self) -> Words:
        """Every word but the end: in the place of an action each is answered."""
        return tuple(word for word in self.surface.vocab(1, (), self.states).words if word != END)

    def reply(self, problem: Problem, words: Words) -> Words:
        """The observation after the last of `words`; none after a tag, whose action is to come."""
        trace = self.surface.read(words)
        if trace.unread:
            return ()
        found = searched(problem)
        turns = found.replay(trace)
        last = turns[-1]
        over = last.reached == found.goal or len(turns) == found.horizon
        return (str(last.reached) if last.valid else WALL, *((END,) if over else ()))
