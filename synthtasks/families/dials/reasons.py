"""`Forced` pairs that the families of graphs share."""

from synthtasks.families.dials.dial import Forced

BESIDE = (
    Forced("steps", "width", "at the same depth, more steps leave more of them side by side"),
    Forced("depth", "width", "at the same number of steps, a longer path leaves fewer steps beside it"),
)
STATED = (
    Forced("steps", "statements", "every step of the proof is stated"),
    Forced("branching", "statements", "every distractor is stated"),
    Forced("disconnected", "statements", "every distractor is stated"),
    Forced("branching", "distractors", "these are distractors"),
    Forced("disconnected", "distractors", "these are distractors"),
)
SHARED = Forced("shares", "width", "one more use of a step is one more dependence: fewer steps can be done in parallel")
