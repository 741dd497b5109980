"""Critiques: documents about a candidate solution, which say its first wrong step and the step's right value, or less."""

from synthtasks.critiques.critique import Critique, Shuffled

__all__ = ["Critique", "Shuffled"]
