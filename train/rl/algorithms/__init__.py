"""Policy-gradient methods, which are values, and their index."""

from train.rl.algorithms.algorithm import Algorithm
from train.rl.algorithms.index import INDEX, Entry
from train.rl.algorithms.references import Average, Reference, Reset, Start

GRPO, RLOO, DR_GRPO = (INDEX[name].algorithm for name in ("grpo", "rloo", "dr-grpo"))
DAPO, GSPO, REINFORCE, HICRA = (INDEX[name].algorithm for name in ("dapo", "gspo", "reinforce", "hicra"))

__all__ = [
    "DAPO",
    "DR_GRPO",
    "GRPO",
    "GSPO",
    "HICRA",
    "INDEX",
    "REINFORCE",
    "RLOO",
    "Algorithm",
    "Average",
    "Entry",
    "Reference",
    "Reset",
    "Start",
]
