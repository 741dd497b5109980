"""An environment that ends completions with the thought."""

from dataclasses import dataclass

from synthtasks.problem import Problem
from synthtasks.thoughts.thinking import Thinking
from synthtasks.trace import Words
from synthtasks.vocab import END


@dataclass(frozen=True)
class Closing:
    """Ends a completion after the word that closes its thought, so that the policy writes a thought and no answer."""

    @property
    def calls(self) -> Words:
        return (Thinking.closes,)

    def reply(self, problem: Problem, words: Words) -> Words:
        return (END,)
