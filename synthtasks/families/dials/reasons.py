"""Reasons for which dials of graphs move quantities that are not their own."""

from synthtasks.families.dials.dial import Forced

BESIDE = (
    Forced("steps", "width", "of more steps on a longest path of the same length, more lie beside each other"),
    Forced("depth", "width", "of as many steps, a longer path leaves fewer beside it"),
)
STATED = (
    Forced("steps", "statements", "every step of the proof is stated"),
    Forced("branching", "statements", "every distractor is stated"),
    Forced("disconnected", "statements", "every distractor is stated"),
    Forced("branching", "distractors", "these are distractors"),
    Forced("disconnected", "distractors", "these are distractors"),
)
SHARED = Forced("shares", "width", "whoever uses a step once more has to wait for it: fewer of as many steps can be done at once")
