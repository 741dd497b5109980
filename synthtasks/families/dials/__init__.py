"""Dials: fields of a family, each tied to a quantity that is measured on its problems."""

from synthtasks.families.dials.dial import Dial, Dialled, Forced, turn, turnable
from synthtasks.families.dials.difficulty import at, difficulties, difficulty, level
from synthtasks.families.dials.quantities import (
    QUANTITIES,
    Quantity,
    board_side,
    branching_off,
    distractors,
    domain_size,
    length,
    longest_path,
    most_operands,
    shared_uses,
    statements,
    table_entries,
    text_length,
    unconnected,
    width,
)

__all__ = [
    "QUANTITIES",
    "Dial",
    "Dialled",
    "Forced",
    "Quantity",
    "at",
    "board_side",
    "branching_off",
    "difficulties",
    "difficulty",
    "distractors",
    "domain_size",
    "length",
    "level",
    "longest_path",
    "most_operands",
    "shared_uses",
    "statements",
    "table_entries",
    "text_length",
    "turn",
    "turnable",
    "unconnected",
    "width",
]
