"""The page of a problem in a surface: the surface reads its own words back, and the judge judges what it reads."""

from synthtasks.problem import Problem
from synthtasks.shown.page import Written, slip
from synthtasks.surfaces import Compact, Surface
from synthtasks.trace import Words


def written(p: Problem, surface: Surface) -> Written:
    """A problem in the words of a surface."""
    solution, wrong = surface.solution(p), slipped(p, surface)
    columns = (3, 4) if isinstance(surface, Compact) else None
    return Written(surface.prompt(p), (solution, surface.read(solution)), (wrong, surface.read(wrong)), columns)


def slipped(p: Problem, surface: Surface) -> Words:
    """The solution with a wrong value."""
    return surface.write(slip(surface.read(surface.solution(p)), p.modulus))
