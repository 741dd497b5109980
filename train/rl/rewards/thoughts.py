"""Rewards of thoughts: how well the policy predicts the words of a document after its thought (arXiv:2510.01265).

Completions are thoughts in the surface `Thinking`. The document goes on with the right answer: its body is that of `Answered`. The thought
itself never sees it.

Shapes: P problems, G thoughts of each, B = P * G rows, T tokens of the longest thought, K = 3 words of a body.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from synthtasks.checked import Checked
from synthtasks.corpora import Answered
from synthtasks.thoughts import Thinking
from train.rl.batches import completion_logp
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel

Position = Literal["value", "filler", "all"]
PLACES: dict[Position, tuple[int, ...]] = {"value": (1,), "filler": (2,), "all": (0, 1, 2)}  # in the body `answer VALUE <end>`
GRID = 2.0**14  # steps of a nat: on this grid differences of rewards are exact, so that a baseline cancels to the bit


@dataclass(frozen=True)
class Predicted(Checked):
    """The log-probability in nats, under the policy, of the document's next words after the thought: of the value, of the filler after it,
    which the value leaves no doubt of, or of all three words of the body."""

    words: Position = "value"

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(after_thought(run, run.bare, r, self.words))


@dataclass(frozen=True)
class InformationGain(Checked):
    """`Predicted` less the log-probability under the algorithm's reference, an average of the policy, without a thought (arXiv:2510.01265).

    All thoughts of a problem share the second term. Credit that compares these thoughts does not see it (`Against`).
    """

    words: Position = "value"

    refers: ClassVar[bool] = True

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        after = after_thought(run, run.bare, r, self.words)
        return r.at_end(after - without_thought(run, run.reference, r, self.words).repeat_interleave(r.group))


def after_thought(run: Run, model: LanguageModel, r: Rollouts, words: Position) -> Tensor:  # [B]
    """The log-probability of these words of each document after its prompt and the thought, on a grid (`GRID`)."""
    import torch

    ends, body = thought_lengths(r), _bodies(r).repeat_interleave(r.group, 0)  # [B], [B, K]
    K, place = body.shape[1], torch.arange(int(ends.max()) + body.shape[1], device=ends.device)
    kept = min(len(place), r.tokens.shape[1])
    tokens = r.tokens.new_zeros(len(ends), len(place))
    tokens[:, :kept] = r.tokens[:, :kept] * (place[:kept] < ends[:, None])
    tokens.scatter_(1, ends[:, None] + place[:K], body)
    mask = (place >= ends[:, None]) & (place < ends[:, None] + K)
    logp = completion_logp(run, model, _instead(r, tokens, ends + K, mask))
    return _total(logp.gather(1, ends[:, None] + place[:K]), words)


def without_thought(run: Run, model: LanguageModel, r: Rollouts, words: Position) -> Tensor:  # [P]
    """The log-probability of these words of each document right after its prompt, less the mark that opens a thought, on a grid."""
    body, lengths = _bodies(r), r.prompt_lengths - 1
    place = lengths.new_tensor(range(r.prompts.shape[1]))
    plain = replace(r, group=1, prompts=r.prompts * (place < lengths[:, None]), prompt_lengths=lengths)
    return _total(completion_logp(run, model, _instead(plain, body, lengths.new_full(lengths.shape, body.shape[1]), body >= 0)), words)


def thought_lengths(r: Rollouts) -> Tensor:  # [B]
    """The tokens of each thought, without the word that closes it.

    Raises:
        ValueError: if the completions are no thoughts: they go on after the word that closes one, or are in another surface.
    """
    if not isinstance(r.surface, Thinking):
        raise ValueError(f"thoughts are written in the surface {Thinking.__name__}; found {r.surface}: give it to Sampler.surface")
    closes, end = r.vocab.encode((Thinking.closes,))[0], r.vocab.end
    chosen = r.mask.sum(1)  # [B]
    ends = r.mask & ((r.tokens == closes) | (r.tokens == end))
    if (ends.sum(1) > 1).any():
        fault = f"expected thoughts that end at the word {Thinking.closes!r}; some completions go on"
        raise ValueError(f"{fault}: give Sampler the environment Closing()")
    return chosen - ends.any(1).long()


def _bodies(r: Rollouts) -> Tensor:  # [P, K]
    write = Answered(r.surface)
    return r.tokens.new_tensor([r.vocab.encode(write(problem).body) for problem in r.problems])


def _instead(r: Rollouts, tokens: Tensor, lengths: Tensor, mask: Tensor) -> Rollouts:
    """Rollouts of the same problems that say this instead."""
    blank = r.logp.new_zeros(tokens.shape)
    return replace(r, tokens=tokens, lengths=lengths, mask=mask, logp=blank, solutions=None, records={})


def _total(logp: Tensor, words: Position) -> Tensor:  # [N, K] -> [N]
    return (logp[:, list(PLACES[words])].double().sum(1) * GRID).round().div(GRID).to(logp)
