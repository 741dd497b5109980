"""What the policy did. Everything later in RL (reward, credit, objective) is a function of this record.

Shapes: P problems, G completions of each, B = P * G rows, T tokens of the longest completion, S of the longest prompt.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from models.gpt import LanguageModel
from models.sampling import generate, pad
from synthtasks.checked import Above, From, check
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, Surface
from synthtasks.trace import Trace
from synthtasks.verify import Verdict, verify
from synthtasks.vocab import Vocab


@dataclass(frozen=True)
class Rollouts:
    """G completions of each of P problems. Row b answers problem b // G."""

    problems: tuple[Problem, ...]  # [P]
    group: int  # G
    limit: int  # tokens that a completion was allowed
    prompts: Tensor  # [P, S], padded on the right
    prompt_lengths: Tensor  # [P]
    tokens: Tensor  # [B, T] the completions, 0 after their end
    mask: Tensor  # bool [B, T], true on sampled tokens
    logp: Tensor  # [B, T] under the policy that sampled; 0 off the mask
    traces: tuple[Trace, ...]  # [B]
    verdicts: tuple[Verdict, ...]  # [B]
    forwarded: int  # tokens that went through the model

    def at_end(self, x: Tensor) -> Tensor:  # [B] -> [B, T]
        """x of each row on its last sampled token, zero elsewhere.

        Raises:
            ValueError: if x is of another length.
        """
        if x.shape != self.mask.shape[:1]:
            raise ValueError(f"expected one value for each of the {len(self.mask)} completions; found {list(x.shape)}")
        last = self.mask.sum(1, keepdim=True) - 1  # [B, 1]
        return torch.zeros_like(self.logp).scatter(1, last, x[:, None].to(self.logp))

    def row_mean(self, x: Tensor) -> Tensor:  # [B, T] -> [P, G]
        """The mean of x over each row's sampled tokens."""
        return ((x * self.mask).sum(1) / self.mask.sum(1)).view(-1, self.group)


@dataclass(frozen=True)
class Sampler:
    """How completions are drawn."""

    group: Annotated[int, From(1)] = 16  # G, completions of a problem
    spare: Annotated[int, From(0)] = 4  # tokens that a completion may have beyond the longest solution among the problems
    temperature: Annotated[float, Above(0)] = 1.0
    surface: Surface = Compact()

    def __post_init__(self) -> None:
        check(self)


def rollout(model: LanguageModel, vocab: Vocab, problems: tuple[Problem, ...], sampler: Sampler, *path: str | int) -> Rollouts:
    """Draw and judge the completions that are called `path`.

    Raises:
        ValueError: if there is no problem, or the longest prompt and the longest completion allowed may not fit into the context.
    """
    if not problems:
        raise ValueError("expected at least one problem to answer; found none")
    surface, device = sampler.surface, model.device
    prompts = [vocab.encode(surface.prompt(p)) for p in problems]
    limit = max(len(surface.solution(p)) for p in problems) + sampler.spare
    longest = max(len(prompt) for prompt in prompts)
    if longest + limit - 1 > model.config.context:  # a completion's last token is not read again
        raise ValueError(
            f"prompts of up to {longest} tokens with completions of up to {limit} (the longest solution and {sampler.spare} spare) need a "
            f"context of {longest + limit - 1}; the model has {model.config.context}: raise GPTConfig.context, or take shorter problems"
        )
    uniforms = torch.from_numpy(rng(*path).random((len(problems) * sampler.group, limit), dtype="float32"))
    drawn = generate(model, prompts, uniforms, vocab.end, sampler.temperature)
    lengths = drawn.mask.sum(1).tolist()
    rows = enumerate(zip(drawn.tokens.tolist(), lengths, strict=True))
    said = [(b // sampler.group, tuple(row[:length])) for b, (row, length) in rows]  # often the same several times
    traces = {tokens: surface.read(vocab.decode(tokens)) for _, tokens in dict.fromkeys(said)}
    verdicts = {(p, tokens): verify(problems[p], traces[tokens]) for p, tokens in dict.fromkeys(said)}
    padded, prompt_lengths = pad(prompts, device)
    return Rollouts(
        problems,
        sampler.group,
        limit,
        padded,
        prompt_lengths,
        drawn.tokens,
        drawn.mask,
        drawn.logp,
        tuple(traces[tokens] for _, tokens in said),
        tuple(verdicts[each] for each in said),
        drawn.forwarded,
    )
