"""Draws completions of problems from a policy, and judges them.

Shapes: P problems, G completions of each, B = P * G rows, T tokens of the longest completion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Above, Checked, From
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import ROLES, Compact, Surface
from synthtasks.verify import verify
from synthtasks.vocab import Vocab
from train.rl.environments import Answers, Environment
from train.rl.rollouts import OF_ROWS, Record, Rollouts

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel


@dataclass(frozen=True)
class Sampler(Checked):
    """Options for drawing completions and for recording facts about their tokens."""

    group: Annotated[int, From(1)] = 16  # G, completions of a problem
    spare: Annotated[int, From(0)] = 4  # tokens allowed beyond the longest solution of the problems
    temperature: Annotated[float, Above(0)] = 1.0
    surface: Surface = Compact()
    environment: Environment | None = None  # answers the policy while it writes
    records: tuple[Record, ...] = ()  # for each token; fills `Rollouts.entropy`, `.second` or `.roles`


def rollout(
    model: LanguageModel, vocab: Vocab, problems: tuple[Problem, ...], sampler: Sampler, purpose: str, *path: str | int
) -> Rollouts:
    """Draw and judge completions with the random generator named `purpose` and `path`.

    Raises:
        ValueError: if there is no problem, the longest prompt and the longest completion allowed may not fit into the context, or the
            environment is called by or answers a word that is not in the vocabulary.
    """
    import torch

    from models.sampling import Measure, entropy, generate, pad, second

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
    uniforms = torch.from_numpy(rng(purpose, *path).random((len(problems) * sampler.group, limit), dtype="float32"))
    measures: dict[Record, Measure] = {"entropy": entropy, "second": second}
    measured = {name: measures[name] for name in sampler.records if name in measures}
    answers = Answers(sampler.environment, problems, vocab) if sampler.environment else None
    drawn = generate(model, prompts, uniforms, vocab.end, sampler.temperature, tuple(measured.values()), answers)
    rows = zip(drawn.tokens.tolist(), drawn.lengths.tolist(), strict=True)
    completions = [(b // sampler.group, tuple(row[:length])) for b, (row, length) in enumerate(rows)]  # many are equal
    words = {tokens: vocab.decode(tokens) for _, tokens in completions}
    traces = {tokens: surface.read(completion) for tokens, completion in words.items()}
    verdicts = {(p, tokens): verify(problems[p], traces[tokens]) for p, tokens in dict.fromkeys(completions)}
    records: dict[Record, Tensor] = dict(zip(measured, drawn.measured, strict=True))
    if "roles" in sampler.records:  # counted from 1, since 0 is padding
        roles = {tokens: [1 + ROLES.index(role) for role in surface.roles(completion)] for tokens, completion in words.items()}
        records["roles"] = pad([roles[tokens] for _, tokens in completions], device)[0]
    padded, prompt_lengths = pad(prompts, device)
    return Rollouts(
        problems=problems,
        group=sampler.group,
        limit=limit,
        path=path,
        prompts=padded,
        prompt_lengths=prompt_lengths,
        **{name: getattr(drawn, name) for name in OF_ROWS},
        traces=tuple(traces[tokens] for _, tokens in completions),
        verdicts=tuple(verdicts[each] for each in completions),
        forwarded=drawn.forwarded,
        records=records,
    )
