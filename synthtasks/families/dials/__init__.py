"""Dials: fields of a family, each tied to a quantity that is measured on its problems."""

from synthtasks.families.dials.dial import Dial, Dialled, Forced, turn, turnable
from synthtasks.families.dials.difficulty import at, difficulties, difficulty, level

__all__ = ["Dial", "Dialled", "Forced", "at", "difficulties", "difficulty", "level", "turn", "turnable"]
