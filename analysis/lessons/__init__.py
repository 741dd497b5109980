"""Lessons: files that one reads, runs and changes. This room holds what they are made with."""

from analysis.lessons.answers import Mark, chosen, guessed, not_yet, right
from analysis.lessons.charts import colours, graph, line
from analysis.lessons.desk import Desk

__all__ = ["Desk", "Mark", "chosen", "colours", "graph", "guessed", "line", "not_yet", "right"]
