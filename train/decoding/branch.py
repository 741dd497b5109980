"""Branching: each completion of a problem begins with another word, and goes on greedily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import From
from train.run import Asked
from train.sample import Sample
from train.stages.stage import Context

if TYPE_CHECKING:
    from models.gpt import GPT
    from models.sampling import Completions


@dataclass(frozen=True, eq=False, repr=False)
class Branch(Sample):
    """Completions as those of `Sample`, but decoded: the word `at`, from 0, is the likeliest one in the first completion of a problem, the
    next likeliest in the second, and so on; every other word is the likeliest (arXiv:2402.10200, with its k as `Sampler.group`).

    One completion is greedy decoding. The sampler's temperature changes what it records of the words, but not the words.

    Raises:
        ValueError: from `run`, if there are fewer words than branches, or no completion is allowed so many words.
    """

    at: Annotated[int, From(0)] = 0

    VERSION: ClassVar[int] = 1

    @property
    def stacks(self) -> None:
        """Networks that sample as one do not branch."""

    def _completions(self, model: GPT, asked: Asked, context: Context) -> Completions:
        import torch

        from models.sampling import by_rank, generate

        branches, (rows, limit), words = self.sampler.group, asked.uniforms.shape, model.config.vocab
        if branches > words or self.at >= limit:
            found = f"{branches} branches at word {self.at}, {words} words, and completions of up to {limit}"
            raise ValueError(f"a branch takes one of the words of the vocabulary, at a word that a completion may have; found {found}")
        shares = torch.zeros_like(asked.uniforms)
        shares[:, self.at] = (torch.arange(branches).repeat(rows // branches) + 0.5) / words
        return generate(model, asked.unpadded, shares, asked.end, asked.temperature, asked.measures, asked.observer, by_rank)
