"""Verdicts by comparing tokens, where only the solution is right, against the judge of words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import torch

from models.cost import Passed
from models.sampling import Completions, pad
from synthtasks import Family, rng
from synthtasks.families import Batch, has_one_derivation
from synthtasks.probes.mutants import KINDS, mutant
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from synthtasks.vocab import Vocab
from tests.campaign.cases import FAMILIES, SAYS
from train.rl.sampler import Sampler, ask, judged

COMPARED = {name: FAMILIES[name] for name in SAYS["Compact"] if has_one_derivation(FAMILIES[name])}
PROBLEMS = 8  # of a batch
GROUP = 64  # completions of each


@dataclass
class Compared:
    """Counts of completions."""

    completions: int = 0
    correct: int = 0
    process: int = 0
    failures: list[str] = field(default_factory=list)  # completions on which the two disagree


def completion(p: Problem, others: Sequence[Problem], vocab: Vocab, dice: Random) -> list[int]:
    """The tokens of a completion: right, with a mistake, cut off, of another problem, as of a poor policy, or at random."""
    surface, word = Compact(), lambda: dice.choice(vocab.words)
    words = surface.solution(p)
    kind, i = dice.randrange(9), dice.randrange(len(words) + 1)
    if kind == 1:
        found = mutant(dice.choice(KINDS), p, surface, vocab, rng("tokens", dice.randrange(10**6)))
        words = found.words if found else words
    elif kind == 2:
        words = words[:i]
    elif kind == 3:
        words = surface.solution(dice.choice(others))
    elif kind == 4:  # a poor policy, which may end too early
        words = tuple(word() if dice.random() < 0.1 else given for given in words)
    elif kind == 5:
        words = tuple(word() for _ in range(i))
    elif kind == 6:  # an answer, right or wrong, after anything
        answer = dice.choice((words[-2], word()))
        words = (*(word() for _ in range(dice.randrange(4))), "answer", answer, "<end>")
    elif kind == 7:  # the end is missing, or other words follow it
        words = (*words[: len(words) - dice.randrange(2)], *(word() for _ in range(dice.randrange(3))))
    elif kind == 8:
        words = (*words[:i], *("<pad>",) * dice.randrange(1, 3), *words[i:])
    return vocab.encode(words)


def campaign(name: str, completions: int) -> Compared:
    """At least so many completions of problems of a family."""
    family: Family = COMPARED[name]
    stated = tuple(dict.fromkeys((*family.primitives, *getattr(family, "outside", ()))))
    seen, vocab = Compared(), Compact().vocab(family.names, stated, family.modulus)
    while seen.completions < completions:
        path = (name, seen.completions)
        dice, batch = Random(repr(path)), Batch(family, "train", range(PROBLEMS), path)
        request = ask(vocab, batch, Sampler(GROUP), 10_000, "tokens", *path)
        tokens, lengths = pad([completion(p, batch, vocab, dice) for p in batch for _ in range(GROUP)])
        mask = torch.arange(tokens.shape[1]) < lengths[:, None]
        r = judged(request, Completions(tokens, lengths, mask, torch.zeros(tokens.shape), Passed()))
        assert r.solutions is not None
        compared = zip(r.correct.tolist(), r.process.tolist(), strict=True)
        agreed = [(v.correct, v.process) == both for v, both in zip(r.verdicts, compared, strict=True)]
        seen.failures += [" ".join(vocab.decode(tokens)) for tokens, same in zip(r.completions, agreed, strict=True) if not same]
        seen.completions += len(agreed)
        seen.correct, seen.process = seen.correct + int(r.correct.sum()), seen.process + int(r.process.sum())
    return seen
