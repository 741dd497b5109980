"""Draws completions of problems from a policy, and judges them.

Shapes: P problems, G completions of each, B = P * G rows, T tokens of the longest completion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Above, From, check
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import ROLES, Compact, Surface, Written, write
from synthtasks.vocab import Vocab
from train.rl.environments import Answers, Environment
from train.rl.rollouts import OF_ROWS, Record, Rollouts, joined
from train.run import Asked

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel
    from models.sampling import Completions, Measure


@dataclass(frozen=True)
class Sampler:
    """Options for drawing completions and for recording facts about their tokens.

    A view is a surface that states more than `surface` does, as an open book: it is there while completions are drawn, and gone when they
    are judged, scored and learned from. These read the prompts of `surface`, whose solutions must be those of the views.

    Raises:
        ValueError: if views do not share a group evenly, or a field has a wrong value.
    """

    group: Annotated[int, From(1)] = 16  # G, completions of a problem
    spare: Annotated[int, From(0)] = 4  # tokens allowed beyond the longest solution of the problems
    temperature: Annotated[float, Above(0)] = 1.0
    surface: Surface = Compact()
    environment: Environment | None = None  # answers the policy while it writes
    records: tuple[Record, ...] = ()  # for each token; fills `Rollouts.entropy`, `.second` or `.roles`; `.logp` is there in any case
    most: Annotated[int, From(1)] | None = None  # tokens allowed, where that is fewer
    views: tuple[Surface, ...] = ()  # state the problems to equal parts of each group while it is drawn; (): `surface` does

    def __post_init__(self) -> None:
        check(self)
        if self.views and self.group % len(self.views):
            raise ValueError(f"Sampler.views share a group evenly; found {len(self.views)} views of a group of {self.group}")

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
    stated: tuple[tuple[Tensor, Tensor], ...]  # by view: prompts [P, S] and lengths [P]

    @property
    def asked(self) -> Asked:
        """The prompts to complete: of each problem, one for each view."""
        s, views = self.sampler, len(self.stated)
        answers = Answers(s.environment, [p for p in self.written.problems for _ in range(views)], self.vocab) if s.environment else None
        prompts, lengths = (interleaved([view[i] for view in self.stated]) for i in range(2))
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
    stated = [write(problems, view, vocab) for view in sampler.views] or [written]
    limit, longest = int(written.lengths.max()) + sampler.spare, max(int(w.prompt_lengths.max()) for w in (*stated, written))
    limit = min(limit, sampler.most or limit)
    if longest + limit - 1 > context:  # a completion's last token is not read again
        raise ValueError(
            f"prompts of up to {longest} tokens with completions of up to {limit} (the longest solution and {sampler.spare} spare) need a "
            f"context of {longest + limit - 1}; the model has {context}: raise GPTConfig.context, or take shorter problems"
        )
    uniforms = rng(purpose, *path).random((len(problems) * sampler.group, limit), dtype="float32")
    prompts = tuple([(torch.from_numpy(w.prompts), torch.from_numpy(w.prompt_lengths)) for w in stated])
    return Request(written, vocab, sampler, path, torch.from_numpy(uniforms), prompts)


def interleaved(views: Sequence[Tensor]) -> Tensor:  # [P, *] each, of V -> [P * V, *]
    """The first rows of all, then the second ones, and so on, padded on the right with 0."""
    if len(views) == 1:
        return views[0]
    rows = joined(views)  # [V * P, *]
    return rows.view(len(views), -1, *rows.shape[1:]).transpose(0, 1).flatten(0, 1)


def judged(request: Request, drawn: Completions) -> Rollouts:
    """The rollouts of a request from its completions, on their device. Where there are views, `logp` and the records of tokens are those of
    the view by which each completion was drawn, and the prompts are those of the sampler's surface."""
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
