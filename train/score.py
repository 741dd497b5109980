"""The exact probability of success, without sampling.

If a problem has exactly one valid trace, its probability of success p is the probability of the words of that trace, with the end word. So
p is exact, and pass@k = 1 - (1 - p)^k for every k, at the cost of one forward pass.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from itertools import chain, groupby, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.cost import Passed, passed
from synthtasks.checked import Above, From, check
from synthtasks.families import Family
from synthtasks.families.kit.batch import Batch
from synthtasks.families.kit.family import changed
from synthtasks.families.kit.windows import Windows, batch, sharing
from synthtasks.surfaces import ROLES, Compact, Surface, write
from synthtasks.vocab import Vocab
from train.ledger import LENGTH, Ledger
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
PIECE = {"logp": "f S K P", "roles": "f S R P", "applied": "iu S N P", "tokens": "iu", "pairs": "iu"}  # of S families
BATCH = 32  # statements of a forward pass; more do not fit into the processor's caches


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

    VERSION: ClassVar[int] = 4  # the ledger of version 3 left attention out
    writes: ClassVar[tuple[str, ...]] = ("scores.npz", "ledger.json")

    def __post_init__(self) -> None:
        check(self)
        if not self.families or not self.temperatures:
            raise ValueError(f"a score is of some families at some temperatures; found {len(self.families)} and {len(self.temperatures)}")

    @property
    def work(self) -> float:
        return self.problems * len(self.families) * LENGTH

    def trials(self) -> tuple[Trial, ...]:
        """A trial on a few problems of every family."""
        few = -(-self.problems // len(self.families))
        return tuple(Trial(replace(self, policy=fresh, problems=few), self.problems / few) for fresh in untrained(self))

    def run(self, out: Path, context: Context) -> None:
        policy = load_policy(context.get(self.policy))
        policy.model.to(context.machine.device).eval()
        names = tuple(sorted({p.name for f in self.families for p in f.primitives}))
        sizes = {"K": len(self.temperatures), "R": len(ROLES), "N": len(names), "P": self.problems}
        sets = [partial(self._piece, policy, families, names) for families in shared(self.families)]
        pieces = in_pieces(out, context, sets, Layout(PIECE, sizes))
        arrays = {what: np.concatenate([piece[what] for piece in pieces]) for what in ("logp", "roles", "applied")}
        ledger = Ledger()
        for piece in pieces:
            ledger.forward(Passed(int(piece["tokens"]), int(piece["pairs"])), policy.model.config)
        save_arrays(out / "scores.npz", SCHEMA, arrays | {"primitives": np.array(names)})
        write_json(out / "ledger.json", asdict(ledger))
        forget(out)

    def _piece(self, policy: Policy, families: tuple[Family, ...], names: tuple[str, ...]) -> Arrays:
        """The score of families that share an exam."""
        e = exam(families, self.surface, policy.vocab, self.problems, self.seed, names)
        logp, roles = solution_logp(policy.model, e, self.temperatures)
        applied, tokens, pairs = np.stack([p.applied for p in e.papers]), np.array(e.passed.tokens), np.array(e.passed.pairs)
        return {"logp": logp, "roles": roles, "applied": applied, "tokens": tokens, "pairs": pairs}


@dataclass(frozen=True, eq=False)
class Paper:
    """The questions of one family, and their answers, as tensors on the CPU."""

    owners: Tensor  # [P] the statement of each question, ascending
    tokens: Tensor  # [P, T] the rest of the prompt and the solution, padded on the right
    lengths: Tensor  # [P]
    roles: Tensor  # [P, T] place in `ROLES` of each word of the solution, -1 elsewhere
    applied: NDArray[np.int16]  # [N, P] how often each primitive is applied


@dataclass(frozen=True, eq=False)
class Exam:
    """Held-out problems of families, and the statements that their prompts begin with; L is 0 where none has more than one question."""

    statements: Tensor  # [S, L] of one length, at least a word less than any prompt
    papers: tuple[Paper, ...]  # one a family

    @property
    def passed(self) -> Passed:
        """Tokens that go through a policy, and the keys that they read: nothing follows the last word of a solution."""
        stated, length = self.statements.new_full((len(self.statements),), self.statements.shape[1]), self.statements.shape[1]
        return sum((passed(paper.lengths - 1, length) for paper in self.papers), passed(stated.long()))


def shared(families: tuple[Family, ...]) -> list[tuple[Family, ...]]:
    """The families in a row that ask about the same programs; any other family is alone."""

    def programs(family: Family) -> Exact[Family]:
        return Exact(changed(family, steps=family.lines) if sharing(family) else family)

    return [tuple(same) for _, same in groupby(families, programs)]


def asked(family: Family, problems: int, seed: int) -> Batch:
    """The first held-out problems of a family for a seed."""
    return batch(family, "test", range(problems), "score", seed)


def exam(families: tuple[Family, ...], surface: Surface, vocab: Vocab, problems: int, seed: int, primitives: tuple[str, ...]) -> Exam:
    """The held-out problems of families for a seed, cached: every policy of a seed takes the same exam."""
    return _exam(tuple(map(Exact[Family], families)), Exact(surface), vocab, problems, seed, primitives)


@lru_cache(maxsize=32)  # the difficulties of a family that shares nothing, each an exam of its own, fit in
def _exam(f: tuple[Exact[Family], ...], s: Exact[Surface], vocab: Vocab, problems: int, seed: int, primitives: tuple[str, ...]) -> Exam:
    import torch

    from models.sampling import pad

    surface = s.value
    batches = [asked(one.value, problems, seed) for one in f]
    written = [write(b, surface, vocab) for b in batches]
    prompts = [w.unpadded for w in written]
    numbers = [b.programs.tolist() if isinstance(b, Windows) else list(b.numbers) for b in batches]
    groups: dict[int, list[list[int]]] = {}  # the prompts about a program
    for program, prompt in zip(chain(*numbers), chain(*prompts), strict=True):
        groups.setdefault(program, []).append(prompt)
    length = min(map(_in_common, groups.values())) if len(groups) < len(f) * problems else 0
    places = {program: place for place, program in enumerate(sorted(groups))}
    papers = []
    for questions, programs, whole, w in zip(batches, numbers, prompts, written, strict=True):
        solutions = _rows(w.solutions, w.lengths)
        roles = [[ROLES.index(r) for r in surface.roles(vocab.decode(words))] for words in solutions]
        tokens, ends = pad([prompt[length:] + words for prompt, words in zip(whole, solutions, strict=True)])
        by_role, _ = pad([[0] * (len(prompt) - length) + [1 + r for r in row] for prompt, row in zip(whole, roles, strict=True)])
        applied = np.array([questions.applied(name) for name in primitives], dtype=np.int16)
        papers.append(Paper(torch.tensor([places[n] for n in programs]), tokens.int(), ends, by_role.char() - 1, applied))
    return Exam(torch.tensor([groups[program][0][:length] for program in places], dtype=torch.int32), tuple(papers))


def _in_common(prompts: list[list[int]]) -> int:
    """Words that all prompts begin with, less than any of them has."""
    pairs = zip(min(prompts), max(prompts), strict=False)  # in the order of a dictionary: all others begin as these do
    return min(sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)), *(len(prompt) - 1 for prompt in prompts))


def _rows(tokens: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[list[int]]:  # [P, T], [P]
    return [row[:length] for row, length in zip(tokens.tolist(), lengths.tolist(), strict=True)]


def solution_logp(model: LanguageModel, e: Exam, temperatures: tuple[float, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The log-probability of each problem's solution at each temperature [F, K, P], and by role at temperature 1 [F, R, P].

    Raises:
        ValueError: if there is no temperature, or one is not positive and finite.
    """
    import torch

    from models.cache import Following, PromptCache
    from models.sampling import chosen_logp

    if not temperatures or not all(0 < t < math.inf for t in temperatures):
        raise ValueError(f"expected temperatures above 0, and finite; found {temperatures}")
    device, shape = model.device, (len(e.papers), len(e.papers[0].lengths))
    logp, by_role = (torch.empty(shape[0], n, shape[1], dtype=torch.double, device=device) for n in (len(temperatures), len(ROLES)))
    roles = torch.arange(len(ROLES), device=device)[:, None, None]
    with torch.no_grad():
        size = BATCH if device.type == "cpu" else len(e.statements)
        for first in range(0, len(e.statements), size):
            statements = e.statements[first : first + size].to(device)
            past = PromptCache(torch.full((len(statements),), statements.shape[1], device=device))
            if past.longest:
                model(statements, past)
            for i, paper in enumerate(e.papers):
                start, stop = torch.searchsorted(paper.owners, torch.tensor([first, first + size])).tolist()
                if start == stop:
                    continue
                rows, longest = slice(start, stop), int(paper.lengths[start:stop].max())
                tokens, role = paper.tokens[rows, :longest].to(device).long(), paper.roles[rows, 1:longest].to(device)
                after = Following(past, paper.owners[rows].to(device) - first) if past.longest else None
                logits, chosen = model(tokens[:, :-1], after), tokens[:, 1:]  # [B, T - 1, V]; the first word is of the prompt
                plain = chosen_logp(logits, chosen).double()
                each = (plain if t == 1 else chosen_logp(logits / t, chosen).double() for t in temperatures)
                logp[i, :, rows] = torch.stack([(x * (role >= 0)).sum(1) for x in each])
                by_role[i, :, rows] = (plain * (role == roles)).sum(2)
    return logp.cpu().numpy(), by_role.cpu().numpy()
