"""Decoding: branches, the confidence in each, and the choice of one by it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.measures.behaviour import Decoded
from analysis.measures.facts import Cell
from models.sampling import by_rank
from synthtasks.surfaces import ROLES
from tests.test_extensions_learn import FAMILY, SURFACE, TAUGHT, VOCAB
from train.decoding import AnswerSpan, Best, Branch, Every, First, Summed, confidence
from train.policy import load_policy
from train.rl import Endless, Sampler
from train.sample import Sample, read_samples
from train.stages.store import Store

BRANCH = Branch(TAUGHT, Endless(FAMILY), 6, Sampler(group=4, records=("logp", "roles", "second")))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def greedy(store: Store, prompt: tuple[str, ...], begun: list[int], limit: int) -> list[int]:
    """Greedy decoding without a cache, a token at a time, after tokens that are given."""
    model, tokens = load_policy(store.get(TAUGHT)).model, list(begun)
    while len(tokens) < limit and VOCAB.end not in tokens:
        tokens.append(int(model(torch.tensor([[*VOCAB.encode(prompt), *tokens]]))[0, -1].argmax()))
    return tokens


# Broken if a branch were sampled, shared its end with another, or began with a word that is not among the k likeliest, in their order.
def test_branches_are_greedy_after_the_likeliest_words(store: Store) -> None:
    model = load_policy(store.get(TAUGHT)).model
    for at in (0, 2):
        samples = read_samples(replace(BRANCH, at=at), store)
        for b, d in enumerate(samples.documents):
            found = list(VOCAB.encode(d.body))
            begun = greedy(store, d.prompt, [], at)
            ranks = model(torch.tensor([[*VOCAB.encode(d.prompt), *begun]]))[0, -1].argsort(descending=True)
            assert found == greedy(store, d.prompt, [*begun, int(ranks[b % 4])], 7 + 4)
            assert samples.problem[b] == b // 4


# Broken if a single branch were anything but greedy decoding, token by token.
def test_one_branch_is_greedy_decoding(store: Store) -> None:
    samples = read_samples(replace(BRANCH, sampler=Sampler(group=1)), store)
    assert [list(VOCAB.encode(d.body)) for d in samples.documents] == [greedy(store, d.prompt, [], 7 + 4) for d in samples.documents]
    assert samples.words == read_samples(BRANCH, store).words[::4]


# Broken if a policy were asked for more branches than it has words, and began several with one word.
def test_a_branch_takes_a_word_of_its_own(store: Store) -> None:
    for wrong in (replace(BRANCH, sampler=Sampler(group=len(VOCAB) + 1)), replace(BRANCH, at=11)):
        with pytest.raises(ValueError, match="a branch takes one of the words"):
            store.get(wrong)


# Worked by hand: of .5, .1, .4 the order is 0, 2, 1; of .3, .3, .4 it is 2, 0, 1.
def test_ranks_by_hand() -> None:
    p = torch.tensor([[0.5, 0.1, 0.4], [0.3, 0.3, 0.4]]).repeat_interleave(3, 0)
    assert by_rank(p, torch.tensor([0.0, 0.34, 0.67] * 2)).tolist() == [0, 2, 1, 2, 0, 1]


# Worked by hand: answer words of .9 and .5 beside second ones of .1 and .7; a row without an answer has the least confidence.
def test_the_confidence_of_an_answer_by_hand() -> None:
    roles = torch.tensor([[ROLES.index(r) for r in row] for row in (("plan", "answer", "answer"), ("execute", "meta", "meta"))])
    logp, second = (torch.tensor(x).log() for x in ([[0.2, 0.9, 0.5], [0.6, 1.0, 1.0]], [[0.8, 0.1, 0.7], [0.3, 0.5, 0.5]]))
    assert AnswerSpan()(logp, roles).tolist() == pytest.approx([0.7, 0.0])
    assert AnswerSpan("disparity")(logp, roles, second).tolist() == pytest.approx([(0.8 - 0.2) / 2, -1.0])
    assert AnswerSpan(roles=("execute", "answer"))(logp, roles).tolist() == pytest.approx([0.7, 0.6])


# Broken if a record of a sample were of another word, or the confidence read another span than the word before the end.
def test_the_confidence_of_samples_is_that_of_the_policy(store: Store) -> None:
    sample = Sample(TAUGHT, Endless(FAMILY), 6, Sampler(4, records=("roles", "logp", "second")))
    model, samples = load_policy(store.get(TAUGHT)).model, read_samples(sample, store)
    expected = []
    for d in samples.documents:
        p = model(torch.tensor([VOCAB.encode(d.prompt + d.body)]))[0, -3].detach().softmax(-1)  # of the answer, before the end word
        answered = SURFACE.read(d.body).answer is not None
        expected.append(float(p[VOCAB.tokens[d.body[-2]]] - p.sort().values[-2]) if answered else -1.0)
    assert len({*expected}) > 3
    assert confidence(samples, AnswerSpan("disparity")) == pytest.approx(expected, abs=1e-5)
    with pytest.raises(ValueError, match="hold no logp"):
        confidence(read_samples(replace(sample, sampler=Sampler(4)), store), AnswerSpan())


# Worked by hand: two answers 3 of .4 each outweigh one 5 of .7; the best of them is the last.
def test_choices_by_hand() -> None:
    each, answers = np.array([[0.7, 0.35, 0.1, 0.45], [0.1, 0.2, 0.0, 0.0]]), ((5, 3, None, 3), (None, None, None, None))
    assert Best()(each, answers).tolist() == [[1, 0, 0, 0], [0, 1, 0, 0]]
    assert Summed()(each, answers).tolist() == [[0, 0, 0, 1], [0, 1, 0, 0]]
    assert First()(each, answers).tolist() == [[1, 0, 0, 0]] * 2
    assert (Every()(each, answers) == 0.25).all()


# Broken if a choice were counted for another problem: the first of each is greedy, and any is the mean of all.
def test_success_by_a_choice(store: Store) -> None:
    facts = {f.metric: f.value for f in Decoded("drawn")(Cell.of({}, 0, drawn=BRANCH), store)}
    samples = read_samples(BRANCH, store)
    assert facts["answer by greedy"] == samples.correct[::4].mean()
    assert facts["process by any"] == pytest.approx(samples.process.mean())
    assert facts.keys() == {f.metric for f in Decoded("drawn").imagined(Cell.of({}, 0, drawn=BRANCH))}
