"""The exact probability of success, without sampling.

If a problem has exactly one valid trace, its probability of success p is the probability of the words of that trace, with the end word. So
p is exact, and pass@k = 1 - (1 - p)^k for every k, at the cost of one forward pass.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import Above, From, check
from synthtasks.families import Family, named
from synthtasks.surfaces import ROLES, Compact, Surface
from synthtasks.vocab import Vocab
from train.ledger import LENGTH, Ledger, matrix_weights
from train.policy import Policy, load_policy, untrained
from train.stages.arrays import Arrays, Layout, save_arrays
from train.stages.disk import write_json
from train.stages.pieces import forget, in_pieces
from train.stages.record import Exact
from train.stages.stage import Context, Stage, Trial

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel

SCHEMA = 1  # of scores.npz
LAYOUT = {"logp": "f F K P", "roles": "f F R P", "applied": "iu F N P", "primitives": "U N"}  # of scores.npz
PIECE = {"logp": "f K P", "roles": "f R P", "applied": "iu N P", "tokens": "iu"}
BATCH = 32  # rows of a forward pass; more do not fit into the processor's caches


@dataclass(frozen=True, eq=False, repr=False)
class Score(Stage):
    """Log-probability of the solution of each of `problems` held-out problems of each family.

    In families whose steps may come in several orders (`Dag`, `Circuit`, `Tree`) it is that of the reference's order, a lower bound of the
    probability of success; `Sample` is unbiased.

    Writes `scores.npz`: `logp` [F, K, P] by family, temperature and problem; `roles` [F, R, P], the same at temperature 1
    by role of the word (their sum is `logp`); `applied` [F, N, P], how often the solution applies each primitive of `primitives` [N];
    and `schema`.

    Raises:
        ValueError: if there is no family or no temperature, or a field holds what it cannot.
    """

    policy: Stage
    families: tuple[Family, ...]
    problems: Annotated[int, From(1)] = 512
    temperatures: tuple[Annotated[float, Above(0)], ...] = (1.0,)
    surface: Surface = Compact()
    seed: Annotated[int, From(0)] = 0

    VERSION: ClassVar[int] = 2  # problems lie in other splits than in version 1
    writes: ClassVar[tuple[str, ...]] = ("scores.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)
        if not self.families or not self.temperatures:
            raise ValueError(f"a score is of some families at some temperatures; found {len(self.families)} and {len(self.temperatures)}")

    @property
    def work(self) -> float:
        return self.problems * len(self.families) * LENGTH

    def trials(self) -> tuple[Trial, ...]:
        """A trial on the middle family alone."""
        middle = self.families[len(self.families) // 2 :][:1]
        return tuple(Trial(replace(self, policy=fresh, families=middle), len(self.families)) for fresh in untrained(self))

    def run(self, out: Path, context: Context) -> None:
        policy = load_policy(context.get(self.policy))
        policy.model.to(context.machine.device).eval()
        names = tuple(sorted({p.name for f in self.families for p in f.primitives}))
        sizes = {"K": len(self.temperatures), "R": len(ROLES), "N": len(names), "P": self.problems}
        pieces = in_pieces(out, context, [partial(self._piece, policy, family, names) for family in self.families], Layout(PIECE, sizes))
        arrays = {what: np.stack([piece[what] for piece in pieces]) for what in ("logp", "roles", "applied")}
        ledger = Ledger()
        ledger.forward(sum(int(piece["tokens"]) for piece in pieces), matrix_weights(policy.model.config))
        save_arrays(out / "scores.npz", SCHEMA, arrays | {"primitives": np.array(names)})
        write_json(out / "ledger.json", asdict(ledger))
        forget(out)

    def _piece(self, policy: Policy, family: Family, names: tuple[str, ...]) -> Arrays:
        """The score of a family."""
        e = exam(family, self.surface, policy.vocab, self.problems, self.seed, names)
        logp, roles = solution_logp(policy.model, e, self.temperatures)
        return {"logp": logp, "roles": roles, "applied": e.applied, "tokens": np.array(e.words)}


@dataclass(frozen=True, eq=False)
class Exam:
    """Held-out problems and their solutions, as tensors on the CPU."""

    prompts: Tensor  # [P, S], padded on the right
    prompt_lengths: Tensor  # [P]
    tokens: Tensor  # [P, T] of the solutions
    lengths: Tensor  # [P]
    roles: Tensor  # [P, T] place in `ROLES` of each word's role
    applied: NDArray[np.int16]  # [N, P] how often each primitive is applied

    @property
    def words(self) -> int:
        """Tokens that a policy reads, without padding."""
        return int(self.prompt_lengths.sum() + self.lengths.sum())


def exam(family: Family, surface: Surface, vocab: Vocab, problems: int, seed: int, primitives: tuple[str, ...]) -> Exam:
    """The held-out problems of a family for a seed, cached: every policy of a seed takes the same exam."""
    return _exam(Exact(family), Exact(surface), vocab, problems, seed, primitives)


@lru_cache(maxsize=512)
def _exam(f: Exact[Family], s: Exact[Surface], vocab: Vocab, problems: int, seed: int, primitives: tuple[str, ...]) -> Exam:
    from models.sampling import pad

    family, surface = f.value, s.value
    drawn = list(named(family, "test", range(problems), "score", seed))
    solutions = [surface.solution(p) for p in drawn]
    prompts, prompt_lengths = pad([vocab.encode(surface.prompt(p)) for p in drawn])
    tokens, lengths = pad([vocab.encode(words) for words in solutions])
    roles, _ = pad([[ROLES.index(r) for r in surface.roles(words)] for words in solutions])
    applied = [[sum(step.primitive.name == n for step in p.proof) for p in drawn] for n in primitives]
    return Exam(prompts, prompt_lengths, tokens, lengths, roles, np.array(applied, dtype=np.int16))


def solution_logp(model: LanguageModel, e: Exam, temperatures: tuple[float, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The log-probability of each problem's solution at each temperature [K, P], and by role at temperature 1 [R, P].

    Raises:
        ValueError: if there is no temperature, or one is not positive and finite.
    """
    import torch

    from models.sampling import chosen_logp, completion_logits

    if not temperatures or not all(0 < t < math.inf for t in temperatures):
        raise ValueError(f"expected temperatures above 0, and finite; found {temperatures}")
    device = model.device
    logp, by_role = [], []
    with torch.no_grad():
        for rows in (slice(i, i + BATCH) for i in range(0, len(e.tokens), BATCH)):
            tokens, lengths = e.tokens[rows].to(device), e.lengths[rows].to(device)
            prompts, prompt_lengths = e.prompts[rows].to(device), e.prompt_lengths[rows].to(device)
            mask = torch.arange(tokens.shape[1], device=device) < lengths[:, None]  # [B, T]
            logits = completion_logits(model, prompts, prompt_lengths, tokens, torch.arange(len(tokens), device=device))  # [B, T, V]
            logp.append(torch.stack([(chosen_logp(logits / t, tokens).double() * mask).sum(1) for t in temperatures]))
            plain, role = chosen_logp(logits, tokens).double() * mask, e.roles[rows].to(device)
            by_role.append(torch.stack([(plain * (role == r)).sum(1) for r in range(len(ROLES))]))
    return torch.cat(logp, 1).cpu().numpy(), torch.cat(by_role, 1).cpu().numpy()
