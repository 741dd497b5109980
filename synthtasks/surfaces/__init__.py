"""Surfaces write problems in words and parse completions. `read` inverts `solution`."""

from synthtasks.surfaces.code import Code
from synthtasks.surfaces.compact import Compact
from synthtasks.surfaces.contexts import CONTEXTS, FESTIVAL, SCHOOL, ZOO, Context
from synthtasks.surfaces.equations import Equations
from synthtasks.surfaces.nested import Nested
from synthtasks.surfaces.proving import Proving, proving
from synthtasks.surfaces.story import Story
from synthtasks.surfaces.surface import ROLES, AtOnce, Surface, at_once
from synthtasks.surfaces.written import Written, write, written

__all__ = ["CONTEXTS", "FESTIVAL", "ROLES", "SCHOOL", "ZOO", "Code", "Compact", "Context", "Equations", "Nested", "Story", "Surface"]
__all__ += ["AtOnce", "Proving", "Written", "at_once", "proving", "write", "written"]
