"""Rollouts as a record: taken apart and joined, with masks that have holes, and with what was recorded of each token.

Shapes: P problems, G completions of each, B = P * G rows, T tokens.
"""

from dataclasses import dataclass, fields, replace
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import pad

from models import GPTConfig
from models.cost import Passed
from models.gpt import GPT
from models.sampling import Completions, completion_logits
from models.sampling import pad as pad_rows
from synthtasks.families import Batch, Program, named, problem
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import ROLES, Compact, Surface
from synthtasks.trace import Trace, Words
from synthtasks.vocab import END
from train.policy import torch_rng
from train.rl import Rollouts, Sampler, rollout
from train.rl.rollouts import last
from train.rl.sampler import ask, judged

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(3, (ADD, MUL), 3)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)
MANY = tuple(problem(FAMILY, "train", "many", i) for i in range(8))


@st.composite
def records(draw: st.DrawFn, group: int) -> Rollouts:
    """Rollouts of any shape, whose masks have holes."""
    P, T, S = draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(1, 4))
    g, B = torch_rng("records", draw(st.integers(0, 99))), P * group
    mask = torch.rand(B, T, generator=g) < 0.6
    mask[:, 0] = True
    asked = tuple(MANY[int(torch.randint(8, (), generator=g))] for _ in range(P))
    return Rollouts(
        problems=asked,
        group=group,
        limit=draw(st.integers(T, 9)),
        path=(0, 3, draw(st.integers(0, 2))),
        surface=Compact(),
        vocab=VOCAB,
        prompts=torch.randint(9, (P, S), generator=g),
        prompt_lengths=(prompt_lengths := torch.randint(1, S + 1, (P,), generator=g)),
        begun=(torch.rand(P, generator=g) * (prompt_lengths + 1)).long(),
        tokens=torch.randint(9, (B, T), generator=g),
        lengths=torch.randint(1, T + 1, (B,), generator=g),
        mask=mask,
        logp=torch.randn(B, T, generator=g) * mask,
        forwarded=Passed(*draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))),
        solutions=torch.randint(1, 9, (P, draw(st.integers(3, 5))), generator=g),
        records={"entropy": torch.rand(B, T, generator=g), "roles": torch.randint(6, (B, T), generator=g)},
    )


def same(x: object, y: object) -> None:
    """Equal to the bit; rows of tensors may be padded further."""
    if isinstance(x, dict) and isinstance(y, dict):
        assert x.keys() == y.keys()
        for name in x:
            same(x[name], y[name])
    elif isinstance(x, Tensor) and isinstance(y, Tensor):
        assert x.dtype == y.dtype
        if x.dim() == 2:
            width = max(x.shape[1], y.shape[1])
            x, y = (pad(z, (0, width - z.shape[1])) for z in (x, y))
        assert torch.equal(x, y)
    else:
        assert x == y


def equal(one: Rollouts, other: Rollouts) -> None:
    for name in (*(field.name for field in fields(Rollouts)), "traces", "verdicts", "correct", "process"):
        same(getattr(one, name), getattr(other, name))


# Broken if a field were left behind when groups are taken or joined, if a group got another's rows, or padding went to the left.
@given(st.integers(1, 3).flatmap(lambda group: st.lists(records(group), min_size=1, max_size=3)))
def test_take_inverts_concat(parts: list[Rollouts]) -> None:
    whole, first = Rollouts.concat(parts), 0
    assert whole.limit == max(r.limit for r in parts)
    assert whole.forwarded == sum((r.forwarded for r in parts), Passed())
    assert whole.path == (parts[0].path if len({r.path for r in parts}) == 1 else (0, 3))
    for r in parts:
        groups = torch.arange(first, first := first + len(r.problems))
        equal(whole.take(groups), replace(r, limit=whole.limit, forwarded=whole.forwarded, path=whole.path))


# Broken if joining what was taken apart gave other rollouts than those that were taken at once, in any order.
@given(records(2), st.randoms(use_true_random=False), st.integers(0, 4))
def test_concat_inverts_take(r: Rollouts, random: Random, cut: int) -> None:
    order = list(range(len(r.problems)))
    random.shuffle(order)
    parts = [torch.tensor(groups) for groups in (order[:cut], order[cut:]) if groups]
    joined = Rollouts.concat([r.take(groups) for groups in parts])
    equal(replace(joined, forwarded=r.forwarded), r.take(torch.tensor(order)))


# Broken if rollouts that do not record the same of each row were joined, or none were.
def test_only_rollouts_of_one_sampler_are_joined() -> None:
    model, one = GPT(CONFIG, torch_rng("join")), MANY[:1]
    for parts in ([], [Sampler(2), Sampler(3)], [Sampler(2), Sampler(2, records=("second",))]):
        with pytest.raises(ValueError, match="expected rollouts of one sampler; found"):
            Rollouts.concat([rollout(model, VOCAB, one, sampler, "join") for sampler in parts])


# Broken if a completion that is shorter than an answer ended with the words of another.
def test_the_last_tokens_by_hand() -> None:
    tokens, lengths = torch.tensor([[5, 6, 7], [8, 0, 0]]), torch.tensor([3, 1])
    assert last(tokens, lengths, 2).tolist() == [[6, 7], [-1, 8]]


@dataclass(frozen=True)
class Lenient(Compact):
    """A surface that also reads an answer without an end."""

    def read(self, words: Words) -> Trace:
        return super().read(words if words[-1:] == (END,) else (*words, END))


class Several(Program):
    """Programs that may have several derivations, as far as one is told."""

    one_derivation = False


# Broken if tokens were compared where the judge accepts more than the solution, because of the family or of the surface; or if problems
# that come with their family were judged otherwise than problems alone, drawn or joined with those.
@pytest.mark.parametrize(
    ("family", "surface", "alone", "correct"),
    [
        (FAMILY, Compact(), True, [1, 1, 0, 0]),
        (FAMILY, Lenient(), False, [1, 1, 1, 0]),
        (Several(1, 2, (ADD, MUL), (ADD, MUL), modulus=3), Compact(), False, [1, 1, 0, 0]),
    ],
)
def test_tokens_are_compared_only_where_the_solution_alone_is_right(
    family: Program, surface: Surface, alone: bool, correct: list[int]
) -> None:
    batch = Batch(family, "train", range(3), ("alone",))
    solutions = [Compact().solution(p) for p in batch]
    completions = [words for whole in solutions for words in (whole, whole[-3:], whole[-3:-1], whole[:1])]
    tokens, lengths = pad_rows([VOCAB.encode(words) for words in completions])
    drawn = Completions(tokens, lengths, tokens > 0, torch.zeros(tokens.shape), Passed())
    r, one_by_one = (judged(ask(VOCAB, p, Sampler(4, surface=surface), 64, "alone"), drawn) for p in (batch, tuple(batch)))
    for x in (r, one_by_one, both := Rollouts.concat([r, one_by_one])):
        assert (x.solutions is not None) == (alone and x is r)
        assert x.correct.view(-1, 4).tolist() == [[bool(c) for c in correct]] * len(x.problems)
        assert x.process.view(-1, 4).tolist() == [[True, False, False, False]] * len(x.problems)
    assert both.take(torch.arange(3)).verdicts == r.verdicts


# Broken if a reward for the end stood on a word that the policy did not choose.
def test_the_end_is_the_last_chosen_token() -> None:
    r = rollout(GPT(CONFIG, torch_rng("end")), VOCAB, MANY[:1], Sampler(3), "end")
    mask = torch.zeros_like(r.mask)
    mask[0, [0, 2]] = mask[1, 0] = mask[2] = True  # with a hole, and observations behind; the first alone; all
    x = replace(r, mask=mask).at_end(torch.tensor([1.0, 2.0, 3.0]))
    assert x.nonzero().tolist() == [[0, 2], [1, 0], [2, mask.shape[1] - 1]]
    assert x.sum(1).tolist() == [1, 2, 3]


# Broken if what was recorded were of another distribution than that which words were drawn from, of another word, or of padding.
def test_what_is_recorded_of_each_token() -> None:
    model, sampler = GPT(CONFIG, torch_rng("record")).double(), Sampler(6, temperature=0.7, records=("second", "roles", "entropy"))
    asked = tuple(named(FAMILY, "train", range(4), "asked"))
    r, plain = (rollout(model, VOCAB, asked, s, "record") for s in (sampler, replace(sampler, records=())))
    assert torch.equal(r.tokens, plain.tokens)
    assert torch.equal(r.logp, plain.logp)
    logits = completion_logits(model, r.prompts, r.prompt_lengths, r.tokens, torch.arange(24) // 6) / 0.7
    p = logits.softmax(-1)
    torch.testing.assert_close(r.entropy, -(p * p.log()).sum(-1) * r.mask)
    torch.testing.assert_close(r.second, p.log().sort(-1).values[..., -2] * r.mask)
    for row, length, roles in zip(r.tokens.tolist(), r.lengths.tolist(), r.roles.tolist(), strict=True):
        assert roles[length:] == [-1] * (len(row) - length)
        assert tuple(ROLES[role] for role in roles[:length]) == Compact().roles(VOCAB.decode(row[:length]))
    for name in ("entropy", "second", "roles"):
        with pytest.raises(ValueError, match=rf"hold no {name}: ask for it, Sampler\(records=\('{name}',\)\)"):
            getattr(plain, name)
