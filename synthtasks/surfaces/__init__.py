"""Surfaces: how a problem is put into words, and how a completion is read back. `read` inverts `solution`."""

from synthtasks.surfaces.code import Code
from synthtasks.surfaces.compact import Compact
from synthtasks.surfaces.contexts import CONTEXTS, FESTIVAL, SCHOOL, ZOO, Context
from synthtasks.surfaces.equations import Equations
from synthtasks.surfaces.nested import Nested
from synthtasks.surfaces.story import Story
from synthtasks.surfaces.surface import ROLES, Role, Surface

__all__ = [
    "CONTEXTS",
    "FESTIVAL",
    "ROLES",
    "SCHOOL",
    "ZOO",
    "Code",
    "Compact",
    "Context",
    "Equations",
    "Nested",
    "Role",
    "Story",
    "Surface",
]
