"""Draws completions of problems from a policy, and judges them.

Shapes: P problems, G completions of each, B = P * G rows, T tokens of the longest completion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Above, Checked, From
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import ROLES, Compact, Surface, Written, write
from synthtasks.vocab import Vocab
from train.rl.environments import Answers, Environment
from train.rl.rollouts import OF_ROWS, Record, Rollouts
from train.run import Asked

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel
    from models.sampling import Completions, Measure


@dataclass(frozen=True)
class Sampler(Checked):
    """Options for drawing completions and for recording facts about their tokens."""

    group: Annotated[int, From(1)] = 16  # G, completions of a problem
    spare: Annotated[int, From(0)] = 4  # tokens allowed beyond the longest solution of the problems
    temperature: Annotated[float, Above(0)] = 1.0
    surface: Surface = Compact()
    environment: Environment | None = None  # answers the policy while it writes
    records: tuple[Record, ...] = ()  # for each token; fills `Rollouts.entropy`, `.second` or `.roles`; `.logp` is there in any case

    @property
    def measures(self) -> dict[Record, Measure]:
        """The records that are taken while drawing."""
        from models.sampling import entropy, second

        known: dict[Record, Measure] = {"entropy": entropy, "second": second}
        return {name: known[name] for name in self.records if name in known}


@dataclass(frozen=True, eq=False)
class Request:
    """Problems put to a policy, and the randomness of its completions."""

    written: Written
    vocab: Vocab
    sampler: Sampler
    path: tuple[str | int, ...]
    uniforms: Tensor  # [B, limit] in [0, 1), on the CPU

    @property
    def asked(self) -> Asked:
        """The prompts to complete."""
        import torch

        s, written = self.sampler, self.written
        answers = Answers(s.environment, written.problems, self.vocab) if s.environment else None
        prompts, lengths = torch.from_numpy(written.prompts), torch.from_numpy(written.prompt_lengths)
        return Asked(prompts, lengths, self.uniforms, self.vocab.end, s.temperature, tuple(s.measures.values()), answers)


def rollout(model: LanguageModel, vocab: Vocab, problems: Sequence[Problem], sampler: Sampler, purpose: str, *path: str | int) -> Rollouts:
    """Draw and judge completions with the random generator named `purpose` and `path`.

    Raises:
        ValueError: if there is no problem, the longest prompt and the longest completion allowed may not fit into the context, or the
            environment is called by or answers a word that is not in the vocabulary.
    """
    request = ask(vocab, problems, sampler, model.config.context, purpose, *path)
    return judged(request, request.asked.complete(model))


def ask(vocab: Vocab, problems: Sequence[Problem], sampler: Sampler, context: int, purpose: str, *path: str | int) -> Request:
    """Write problems for a policy that reads `context` tokens, with the random generator named `purpose` and `path`.

    Raises:
        ValueError: as `rollout`.
    """
    import torch

    if not problems:
        raise ValueError("expected at least one problem to answer; found none")
    written = write(problems, sampler.surface, vocab)
    limit, longest = int(written.lengths.max()) + sampler.spare, int(written.prompt_lengths.max())
    if longest + limit - 1 > context:  # a completion's last token is not read again
        raise ValueError(
            f"prompts of up to {longest} tokens with completions of up to {limit} (the longest solution and {sampler.spare} spare) need a "
            f"context of {longest + limit - 1}; the model has {context}: raise GPTConfig.context, or take shorter problems"
        )
    uniforms = rng(purpose, *path).random((len(problems) * sampler.group, limit), dtype="float32")
    return Request(written, vocab, sampler, path, torch.from_numpy(uniforms))


def judged(request: Request, drawn: Completions) -> Rollouts:
    """The rollouts of a request from its completions, on their device."""
    import torch

    from models.sampling import pad

    written, sampler, device = request.written, request.sampler, drawn.tokens.device
    r = Rollouts(
        problems=written.problems,
        group=sampler.group,
        limit=request.uniforms.shape[1],
        path=request.path,
        surface=sampler.surface,
        vocab=request.vocab,
        prompts=torch.from_numpy(written.prompts).to(device),
        prompt_lengths=torch.from_numpy(written.prompt_lengths).to(device),
        begun=torch.from_numpy(written.begun).to(device),
        **{name: getattr(drawn, name) for name in OF_ROWS},
        forwarded=drawn.forwarded,
        solutions=torch.from_numpy(written.solutions).to(device) if written.sole else None,
        records=dict(zip(sampler.measures, drawn.measured, strict=True)) | ({"logp": drawn.logp} if "logp" in sampler.records else {}),
    )
    if "roles" not in sampler.records:
        return r
    surface, vocab = sampler.surface, request.vocab
    roles = {tokens: [1 + ROLES.index(role) for role in surface.roles(vocab.decode(tokens))] for tokens in {*r.whole}}
    own = [roles[tokens][len(tokens) - length :] for tokens, length in zip(r.whole, r.lengths.tolist(), strict=True)]
    records = {**r.records, "roles": pad(own, device)[0]}  # counted from 1, since 0 is padding
    return replace(r, records=records)
