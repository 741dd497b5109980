"""Lessons: files that one reads, runs and changes. This room holds what they are made with."""

from analysis.lessons.answers import Mark, chosen, guessed, not_yet, right
from analysis.lessons.charts import colours, graph
from analysis.lessons.desk import Desk
from analysis.lessons.live import curve, curves

__all__ = ["Desk", "Mark", "chosen", "colours", "curve", "curves", "graph", "guessed", "not_yet", "right"]
