"""Compositional reasoning problems, their surfaces, and an exact judge. This package does not import torch."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # in a checkout, no installer checks this
    raise ImportError(f"synthtasks needs Python 3.11 or newer, and this is {sys.version.split()[0]}")

from synthtasks.domains import Residues, Texts
from synthtasks.families import Circuit, Compose, Dag, Family, Grid, Group, Hops, Mix, Part, Program, Tree, Uses, problem, problems
from synthtasks.primitives import PRIMITIVES, Given, Primitive
from synthtasks.problem import Problem, Step
from synthtasks.rng import rng
from synthtasks.trace import Assertion, Trace, gold
from synthtasks.verify import Slip, Verdict, verify
from synthtasks.vocab import Vocab

__all__ = ["Circuit", "Compose", "Dag", "Family", "Grid", "Group", "Hops", "Mix", "Part", "Program", "Tree", "Uses", "problem", "problems"]
__all__ += ["PRIMITIVES", "Given", "Primitive", "Problem", "Residues", "Step", "Texts", "rng"]
__all__ += ["Assertion", "Slip", "Trace", "Verdict", "Vocab", "gold", "verify"]
