"""A problem is a DAG of primitive applications with one queried step; its values follow from its structure."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from synthtasks.checked import one_of
from synthtasks.domains import RESIDUES, TEXTS, Value
from synthtasks.mixing import applied, of_value
from synthtasks.primitives import MANY, Given, Operation
from synthtasks.shown.card import card
from synthtasks.shown.page import in_equations, page

if TYPE_CHECKING:
    import networkx as nx

Split = Literal["train", "test"]
Surplus = Literal["refused", "allowed"]
SURPLUSES: tuple[Surplus, ...] = get_args(Surplus)
TEST_SHARE = 1 / 8  # of the canonical forms
TEST = int(TEST_SHARE * 2**64)  # canonical forms with a hash below it are test
COMPOSED = 3  # steps: shorter proofs are facts, which longer training problems state anyway


class Step(NamedTuple):
    """`name = primitive(*arguments)`. A `str` argument names an earlier step; any other is a given value."""

    name: str
    primitive: Operation
    arguments: tuple[str | Value, ...]

    def __str__(self) -> str:
        return f"{self.name} = {self.primitive.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Problem:
    """A directed acyclic graph of steps on a domain of size `modulus`, and the queried step.

    Raises:
        ValueError: if two steps share a name, arguments are no tuple of the primitive's arity, an argument is used before
            it is defined, a value lies outside the domain, a step looks up a table that is not stated, a table contradicts
            itself, the query names no step, the order does not name every step once, or the modulus is below 2.
    """

    steps: tuple[Step, ...]  # topologically ordered
    query: str
    modulus: int
    order: tuple[str, ...] = ()  # names in the order of statements; (): as in `steps`
    surplus: Surplus = "refused"  # may a right process hold true steps beside the proof, or repeat steps?
    tables: tuple[Given, ...] = ()  # the operations that the problem states
    definitions: tuple[tuple[str, str], ...] = ()  # (symbol, meaning), where the problem states it

    def __post_init__(self) -> None:
        if type(self.modulus) is not int or self.modulus < 2:
            raise ValueError(f"the modulus is a whole number of at least 2; found {self.modulus!r}")
        if self.surplus not in SURPLUSES:
            one_of("surplus", self.surplus, SURPLUSES)
        defined: set[str] = set()
        for step in self.steps:
            arity = step.primitive.arity
            if not isinstance(step.arguments, tuple):
                raise ValueError(f"the operands of a step are a tuple; step {step.name!r} has {step.arguments!r}")
            if len(step.arguments) != arity if arity != MANY else not step.arguments:
                takes = "at least one" if arity == MANY else arity
                raise ValueError(f"step {step.name!r} gives {step.primitive.name} {len(step.arguments)} operands; it takes {takes}")
            for argument in step.arguments:
                if isinstance(argument, str):
                    if argument not in defined:
                        raise ValueError(f"step {step.name!r} uses {argument!r} before it is defined; put the steps in topological order")
                elif not (0 <= argument < self.modulus if type(argument) is int else TEXTS.holds(argument, self.modulus)):
                    either = f"{RESIDUES.range(self.modulus)} nor {TEXTS.range(self.modulus)}"
                    raise ValueError(f"step {step.name!r} holds {argument!r}, which is neither {either}")
            if isinstance(step.primitive, Given) and step.primitive not in self.tables:
                raise ValueError(f"step {step.name!r} looks up {step.primitive.name}, which the problem does not state; add it to `tables`")
            if step.name in defined:
                raise ValueError(f"two steps are called {step.name!r}; names must differ")
            defined.add(step.name)
        for table in self.tables:
            if wrong := [v for entry in table.entries for v in entry if not RESIDUES.holds(v, self.modulus)]:
                raise ValueError(f"the table {table.name} holds {wrong[0]!r}, which is not {RESIDUES.range(self.modulus)}")
            if len({operand for operand, _ in table.entries}) < len(table.entries):
                raise ValueError(f"the table {table.name} states an operand twice; found {list(table.entries)}")
        if self.query not in defined:
            raise ValueError(f"the query {self.query!r} names no step; there are {sorted(defined)}")
        if self.order and (len(self.order) != len(self.steps) or set(self.order) != defined):
            raise ValueError(f"the order must name every step once; it is {list(self.order)}, and there are {sorted(defined)}")

    def __str__(self) -> str:
        """The page that `python -m synthtasks show` prints of it, in equations."""
        return "\n".join(page(self, in_equations(self)))

    def _repr_html_(self) -> str:
        """The card that a notebook shows: the graph, the steps, and the judge's verdicts."""
        return card(self, in_equations(self))

    @property
    def stated(self) -> tuple[Step, ...]:
        """The steps in the order of statements."""
        return tuple(self.by_name[name] for name in self.order) if self.order else self.steps

    @cached_property
    def by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    @cached_property
    def values(self) -> dict[str, Value]:
        """The true value of every step, distractors included."""
        known: dict[str, Value] = {}
        modulus = self.modulus
        for step in self.steps:
            operands = [known[a] if isinstance(a, str) else a for a in step.arguments]
            known[step.name] = step.primitive(*operands, modulus=modulus)
        return known

    @cached_property
    def proof(self) -> tuple[Step, ...]:
        """The steps that the answer depends on, in order: the shortest complete solution."""
        needed: set[str | Value] = {self.query}
        for step in reversed(self.steps):
            if step.name in needed:
                needed.update(step.arguments)  # given values among them match no name
        return tuple([step for step in self.steps if step.name in needed])

    @property
    def answer(self) -> Value:
        return self.values[self.query]

    @cached_property
    def graph(self) -> "nx.DiGraph[str]":
        """The dependency graph: an edge from each step to the steps that use it."""
        import networkx as nx  # slow to import, and needed only here

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(step.name for step in self.steps)
        graph.add_edges_from((a, step.name) for step in self.steps for a in step.arguments if isinstance(a, str))
        return graph

    @property
    def key(self) -> str:
        """The hash of the canonical form of the proof.

        Names, order and distractors do not enter, operands that commute are sorted, and a primitive counts by its
        truth table. So no seed, surface, shuffle or renaming changes the key.
        """
        return f"{self._hashes[self.query]:016x}"

    @cached_property
    def _hashes(self) -> dict[str, int]:
        """Hashes of the canonical forms of the proof's steps; equal for equivalent steps."""
        hashes: dict[str, int] = {}
        modulus = self.modulus
        for name, primitive, arguments in self.proof:
            operands = [hashes[a] if isinstance(a, str) else of_value(a) for a in arguments]
            looked_up = tuple([self.values[a] if isinstance(a, str) else a for a in arguments]) if isinstance(primitive, Given) else ()
            identity, commutes = primitive.form(looked_up, modulus)
            if commutes:
                operands.sort()
            hashes[name] = applied(identity, *operands)
        return hashes

    @property
    def derivations(self) -> frozenset[str]:
        """The keys of all steps of the proof, the query included."""
        return frozenset(f"{form:016x}" for form in self._hashes.values())

    @property
    def side(self) -> Split:
        """The side of the split on which the problem lies, fact or not; independent of the seed."""
        return "test" if self._hashes[self.query] < TEST else "train"

    @property
    def split(self) -> Split | Literal["both"]:
        """ "test" for one canonical form in eight; "both" for facts.

        Proofs of fewer than three steps are facts: longer training problems state them, and there are too few to hold any
        back. No longer test problem is a training problem. But the derivation of a training problem may contain that of a
        test problem: `synthtasks.stats.overlap` measures how often.
        """
        return "both" if len(set(self._hashes.values())) < COMPOSED else self.side  # equivalent steps are one fact, as in `key`
