"""Compositional reasoning problems, how they are put, and when they are solved. No learning here: no torch."""

from synthtasks.families import Program, Uses, problem, problems
from synthtasks.primitives import PRIMITIVES, Primitive
from synthtasks.problem import Problem, Step
from synthtasks.rng import rng
from synthtasks.trace import Assertion, Trace
from synthtasks.verify import Verdict, verify
from synthtasks.vocab import Vocab

__all__ = [
    "PRIMITIVES",
    "Assertion",
    "Primitive",
    "Problem",
    "Program",
    "Step",
    "Trace",
    "Uses",
    "Verdict",
    "Vocab",
    "problem",
    "problems",
    "rng",
    "verify",
]
