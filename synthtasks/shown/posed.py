"""A problem as those see it who judge or show it: they stand below the problem, which shows itself with their help."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from synthtasks.domains import Value
from synthtasks.primitives import Given, Operation

if TYPE_CHECKING:
    import networkx as nx


class Applied(Protocol):
    """`name = primitive(*arguments)`. A `str` argument names an earlier step; any other is a given value."""

    @property
    def name(self) -> str: ...
    @property
    def primitive(self) -> Operation: ...
    @property
    def arguments(self) -> tuple[str | Value, ...]: ...


class Posed(Protocol):
    """Steps of which one is asked for. The properties mean what they mean in `Problem`."""

    @property
    def steps(self) -> tuple[Applied, ...]: ...
    @property
    def query(self) -> str: ...
    @property
    def modulus(self) -> int: ...
    @property
    def surplus(self) -> str: ...
    @property
    def tables(self) -> tuple[Given, ...]: ...
    @property
    def definitions(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def stated(self) -> tuple[Applied, ...]: ...
    @property
    def by_name(self) -> Mapping[str, Applied]: ...
    @property
    def values(self) -> Mapping[str, Value]: ...
    @property
    def proof(self) -> tuple[Applied, ...]: ...
    @property
    def answer(self) -> Value: ...
    @property
    def graph(self) -> "nx.DiGraph[str]": ...
    @property
    def key(self) -> str: ...


def longest_path(problem: Posed) -> int:
    """Steps on the longest path to the query."""
    depths: dict[str, int] = {}
    for step in problem.proof:
        depths[step.name] = 1 + max((depths[a] for a in step.arguments if isinstance(a, str)), default=0)
    return depths[problem.query]
