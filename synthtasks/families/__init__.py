"""Families: distributions over problems. A family is a frozen dataclass whose fields are its difficulty."""

from synthtasks.families.chains import S3, S5, Grid, Group, Hops, Z
from synthtasks.families.dag import Circuit, Dag, Tree
from synthtasks.families.dials import Dial, Forced
from synthtasks.families.family import Family, Graded, label, problem, problems
from synthtasks.families.mix import Mix, Part
from synthtasks.families.program import Program, Uses
from synthtasks.families.texts import FUNCTIONS, HELD_OUT, TRAINED, Compose

__all__ = [
    "FUNCTIONS",
    "HELD_OUT",
    "S3",
    "S5",
    "TRAINED",
    "Circuit",
    "Compose",
    "Dag",
    "Dial",
    "Family",
    "Forced",
    "Graded",
    "Grid",
    "Group",
    "Hops",
    "Mix",
    "Part",
    "Program",
    "Tree",
    "Uses",
    "Z",
    "label",
    "problem",
    "problems",
]
