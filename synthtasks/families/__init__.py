"""Families: distributions over problems. A family is a frozen dataclass; its fields set the difficulty."""

from synthtasks.families.circuit import Circuit
from synthtasks.families.dag import Dag
from synthtasks.families.dials import Dial, Forced, at, difficulties, difficulty, level
from synthtasks.families.grid import MOVES, Grid
from synthtasks.families.group import S3, S5, Group, Z
from synthtasks.families.hops import Hops
from synthtasks.families.kit.batch import Batch
from synthtasks.families.kit.family import Family, has_one_derivation, label, named, problem, problems
from synthtasks.families.kit.questions import asked, asks
from synthtasks.families.kit.sequence import Begun, Joined
from synthtasks.families.mix import Mix, Part
from synthtasks.families.needing import Needing, knowing, needing
from synthtasks.families.program import Program, Uses
from synthtasks.families.texts import FUNCTIONS, HELD_OUT, TRAINED, Compose
from synthtasks.families.tree import Tree

__all__ = ["Batch", "Begun", "Circuit", "Compose", "Dag", "Family", "Grid", "Group", "Hops", "Joined", "Mix", "Needing", "Part", "Program"]
__all__ += ["Tree", "Uses"]
__all__ += ["FUNCTIONS", "HELD_OUT", "MOVES", "S3", "S5", "TRAINED", "Z"]
__all__ += ["Dial", "Forced", "asked", "asks", "at", "difficulties", "difficulty", "has_one_derivation", "knowing", "level", "needing"]
__all__ += ["label", "named", "problem", "problems"]
