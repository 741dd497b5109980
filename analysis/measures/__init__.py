"""Measures: numbers from results."""

from analysis.measures.edge import Edge, Rule

__all__ = ["Edge", "Rule"]
