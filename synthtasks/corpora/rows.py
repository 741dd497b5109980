"""Documents of programs as tokens at once, equal to those that writers make one by one.

Shapes: P statements of S words, B documents, W steps, T words of the longest document less its statement.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthtasks.corpora.documents import Answered, Listing, Solved, Writer
from synthtasks.families.kit.family import Many
from synthtasks.families.kit.programs import Programs
from synthtasks.surfaces import Compact
from synthtasks.surfaces.compact import WORDS_A_STEP
from synthtasks.surfaces.surface import Tokens
from synthtasks.vocab import Vocab


@dataclass(frozen=True, eq=False)
class Rows:
    """Documents of one length as tokens, B / P in a row about each statement."""

    statements: Tokens  # [P, S]
    tokens: Tokens  # [B, T] rest of the prompt, body
    learned: NDArray[np.bool_]  # [B, T] true on the words that carry loss


def writes_rows(write: Writer, drawn: Many) -> bool:
    """True if the documents of these problems can be written at once. A subclass may make or write other problems, so it cannot."""
    return type(drawn) is Programs and type(write) in (Solved, Answered, Listing) and type(getattr(write, "surface", None)) is Compact


def rows(write: Writer, drawn: Programs, questions: int, vocab: Vocab) -> Rows:
    """Documents of programs, `questions` in a row with one statement.

    Raises:
        ValueError: as `Vocab.encode`.
    """
    surface = Compact()
    if type(write) is Listing:
        prompts, bodies = surface.listing_prompts(drawn, vocab), surface.listings(drawn, vocab)
    else:
        prompts, bodies = surface.prompts(drawn, vocab), surface.solutions(drawn, vocab)
    if type(write) is Answered:
        bodies = bodies[:, -surface.answer_words :]
    stated = surface.words_stated(drawn.operators.shape[1]) if questions > 1 else 1
    tokens = np.concatenate((prompts[:, stated:], bodies), axis=1)
    learned = np.ones(tokens.shape, bool)
    learned[:, : prompts.shape[1] - stated] = False
    return Rows(prompts[::questions, :stated], tokens, learned)


def withholding(write: Writer, written: Rows, drawn: Programs, withheld: Collection[str]) -> Rows:
    """Documents of programs in which the results of `withheld` primitives carry no loss."""
    hidden = np.array([p.name in withheld for p in drawn.primitives])
    masked = hidden[np.take_along_axis(drawn.operators, drawn.lines, axis=1)]  # [B, W] steps whose primitive is withheld
    learned = written.learned.copy()
    body = int(learned[0].argmax())  # place of its first word
    if type(write) is Solved:
        learned[:, body + WORDS_A_STEP - 1 : body + WORDS_A_STEP * drawn.window : WORDS_A_STEP] = ~masked
    if type(write) is Answered:
        learned[:, body + 1] = ~masked.any(axis=1)
    return replace(written, learned=learned)
