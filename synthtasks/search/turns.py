"""The words of a search: a turn is a tag, an action and what is observed; and the world that answers an action."""

from dataclasses import dataclass

from synthtasks.checked import Checked
from synthtasks.primitives import Operation
from synthtasks.problem import Problem
from synthtasks.search.search import ACTIONS, searched
from synthtasks.search.walker import NOWHERE, TAGS, walk
from synthtasks.surfaces.surface import NUMBERS, Role
from synthtasks.trace import Assertion, Trace, Words
from synthtasks.vocab import END, PAD, Vocab

FROM, TO, BEGIN, WALL = "from", "to", ":", "wall"
OBSERVED = {WALL, END, *NUMBERS}  # words that a world says


@dataclass(frozen=True)
class Turns:
    """Turns of the words `tag action observation`. The observation is the state that was reached, or `wall`; a turn may lack its tag.

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
        """Every action is a turn, whatever stands around it; a tag belongs to the action right after it. Other words are unread."""
        ended = words.index(END) if END in words else len(words)
        turns, unread, at = list[Assertion](), [*words[ended + 1 :]], 0
        while at < ended:
            after = words[at + 1] if at + 1 < ended else ""
            if words[at] in TAGS and after in ACTIONS:
                at += 1
                continue
            if words[at] not in ACTIONS:
                unread.append(words[at])
                at += 1
                continue
            tag = words[at - 1] if at and words[at - 1] in TAGS else ""
            turns.append(Assertion(tag, words[at], (None,), NUMBERS.get(after, NOWHERE), at))
            at += 1 + (after == WALL or after in NUMBERS)
        answer = next((turn.value for turn in reversed(turns) if turn.value != NOWHERE), None)
        return Trace(tuple(turns), answer, tuple(unread))

    def roles(self, words: Words) -> tuple[Role, ...]:
        """Tags are meta words, actions are planned, observations executed."""
        return tuple("plan" if w in ACTIONS else "execute" if w == WALL or w in NUMBERS else "meta" for w in words)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """All words, for so many states."""
        return Vocab((PAD, END, FROM, TO, BEGIN, WALL, *TAGS, *ACTIONS, *(str(n) for n in range(modulus))))


@dataclass(frozen=True)
class World(Checked):
    """The environment of a search (see `train.rl.Environment`): it tells the state that an action reaches, or `wall`, and ends the episode
    at the goal and at the horizon."""

    surface: Turns = Turns()

    @property
    def calls(self) -> tuple[str, ...]:
        """It answers actions."""
        return ACTIONS

    def reply(self, problem: Problem, words: Words) -> Words:
        """The observation after the last of `words`, an action."""
        found = searched(problem)
        turns = found.replay(self.surface.read(words))
        last = turns[-1]
        over = last.reached == found.goal or len(turns) == found.horizon
        return (str(last.reached) if last.valid else WALL, *((END,) if over else ()))
