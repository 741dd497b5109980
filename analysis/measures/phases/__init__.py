"""Planning and execution: how good a policy is at each, which improves first, and whose share of a gain is larger."""

from analysis.measures.phases.entropy import OfRole, by_role
from analysis.measures.phases.judged import Skills, skills
from analysis.measures.phases.measured import EXACT, HALF, SHARE, T_EXEC, T_PLAN, ExactSkills, Gained, Skilled, Trajectory
from analysis.measures.phases.shares import Joint, Parts, exact_parts, parts, shapley
from analysis.measures.phases.timing import reached, steepest

__all__ = [
    "EXACT",
    "HALF",
    "SHARE",
    "T_EXEC",
    "T_PLAN",
    "ExactSkills",
    "Gained",
    "Joint",
    "OfRole",
    "Parts",
    "Skilled",
    "Skills",
    "Trajectory",
    "by_role",
    "exact_parts",
    "parts",
    "reached",
    "shapley",
    "skills",
    "steepest",
]
