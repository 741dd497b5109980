"""Closed vocabularies: one word is one token."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from synthtasks.checked import check

PAD, END = "<pad>", "<end>"


@dataclass(frozen=True)
class Vocab:
    """The words of a model; a word's token is its index. `<pad>` is token 0 and `<end>` token 1.

    Raises:
        ValueError: if a word is repeated or holds white space, or `<pad>` and `<end>` do not come first.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        check(self)
        if self.words[:2] != (PAD, END):
            raise ValueError(f"a vocabulary begins with {PAD} and {END}; found {self.words[:2]}")
        if len(set(self.words)) < len(self.words):
            raise ValueError(f"vocabulary words must differ; repeated: {sorted({w for w in self.words if self.words.count(w) > 1})}")
        if bad := [w for w in self.words if not w or w != "".join(w.split())]:
            raise ValueError(f"a word holds no white space, so that text splits back into words; found {bad}")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def tokens(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words)}

    @property
    def end(self) -> int:
        """The token of `<end>`."""
        return self.tokens[END]

    def encode(self, words: Iterable[str]) -> list[int]:
        """The tokens of `words`.

        Raises:
            ValueError: if a word is not in the vocabulary.
        """
        tokens = self.tokens
        try:
            return [tokens[word] for word in words]
        except KeyError as unknown:
            raise ValueError(f"{unknown.args[0]!r} is not among the {len(self)} words of this vocabulary: {' '.join(self.words)}") from None

    def decode(self, tokens: Iterable[int]) -> tuple[str, ...]:
        """The words of `tokens`; inverts `encode`.

        Raises:
            ValueError: if a token is out of range.
        """
        tokens = tuple(tokens)
        if tokens and not 0 <= min(tokens) <= max(tokens) < len(self.words):
            wrong = next(token for token in tokens if not 0 <= token < len(self.words))
            raise ValueError(f"tokens of this vocabulary are 0 to {len(self.words) - 1}; found {wrong}")
        return tuple([self.words[token] for token in tokens])
