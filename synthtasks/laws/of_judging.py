"""Laws of the judge on a family's problems in a surface: it refuses mistakes and accepts every valid order."""

from collections import Counter
from collections.abc import Iterator

import networkx as nx
from hypothesis import strategies as st

from synthtasks import strategies
from synthtasks.families.dials.quantities import longest_path
from synthtasks.families.kit.family import has_one_derivation
from synthtasks.laws.kit import Subject, for_all, need, show
from synthtasks.probes.mutants import Mutant
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces.surface import Surface
from synthtasks.trace import Trace, Words, gold
from synthtasks.verify import verify
from synthtasks.vocab import Vocab

EDITS = 500  # places times words, of a solution


def every_mistake_is_caught(subject: Subject) -> None:
    for surface in subject.surfaces:
        vocab = subject.vocab(surface)

        def mistaken(p: Problem, surface: Surface = surface, vocab: Vocab = vocab) -> st.SearchStrategy[tuple[Problem, Mutant | None]]:
            return st.tuples(st.just(p), strategies.mutants_of(p, surface, vocab))

        def holds(drawn: tuple[Problem, Mutant | None], surface: Surface = surface) -> None:
            p, mutant = drawn
            if mutant is not None:
                verdict = verify(p, surface.read(mutant.words))
                need(not verdict.process, f"accepted, with a mistake ({mutant.kind}): {' '.join(mutant.words)}", show(p))
                need(verdict.first is not None, f"refused for no reason ({mutant.kind}): {' '.join(mutant.words)}", show(p))

        for_all(3 * subject.examples, strategies.problems_of(subject.family).flatmap(mistaken), holds)


def no_edit_is_accepted(subject: Subject) -> None:
    for surface in subject.surfaces:

        def holds(p: Problem, surface: Surface = surface) -> None:
            solution = surface.solution(p)
            frequent = [word for word, _ in Counter(solution).most_common()]  # words that structure sentences come first
            for words in _edits(solution, tuple(frequent[: max(EDITS // len(solution), 3)]), p.modulus):
                accepted = words != solution and verify(p, surface.read(words)).process
                need(not accepted, f"accepted, though it is not the solution: {' '.join(words)}", show(p))

        for_all(max(subject.examples // 20, 1), strategies.problems_of(subject.family), holds)


def _edits(words: Words, others: Words, modulus: int) -> Iterator[Words]:
    """Every truncation, and every word deleted, misspelled, replaced or inserted."""
    for i in range(len(words) + 1):
        yield words[:i]
        yield words[:i] + words[i + 1 :]
        for other in others:
            yield (*words[:i], other, *words[i:])
            yield (*words[:i], other, *words[i + 1 :])
        for other in _misspelled(words[i], modulus) if i < len(words) else ():
            yield (*words[:i], other, *words[i + 1 :])


def _misspelled(word: str, modulus: int) -> Iterator[str]:
    """Words that a lenient parser would take for this one."""
    yield from (word.swapcase(), f" {word}", f"{word}\n")
    if word.isdecimal():
        yield from (f"0{word}", f"+{word}", f"{word}.0", word.translate(EASTERN), str(int(word) + modulus))


EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")  # digits, to Python's int as well


def _has_one_order(p: Problem) -> None:
    chain = p.surplus == "refused" and longest_path(p) == len(p.proof)
    need(chain, "`one_derivation` is declared, but this problem has several; drop it, or let each step need the one before it", show(p))


def any_valid_order_is_right(subject: Subject) -> None:
    if has_one_derivation(subject.family):
        for_all(subject.examples, strategies.problems_of(subject.family), _has_one_order)
    for surface in subject.surfaces:

        def holds(drawn: tuple[Problem, int], surface: Surface = surface) -> None:
            p, seed = drawn
            trace = surface.read(surface.solution(p))
            if any(None in a.operands for a in trace.assertions):
                return  # implicit operands fix the order
            places = {name: i for i, name in enumerate(rng("law", "order", seed).permutation([s.name for s in p.proof]).tolist())}
            needed = p.graph.subgraph(places)
            by_name = {a.name: a for a in gold(p).assertions}
            order = tuple(by_name[name] for name in nx.lexicographical_topological_sort(needed, key=places.__getitem__))
            words = surface.write(Trace(order, p.answer))
            need(verify(p, surface.read(words)).process, f"refused, though only the order differs: {' '.join(words)}", show(p))

        for_all(subject.examples, st.tuples(strategies.problems_of(subject.family), st.integers(0, 99)), holds)
