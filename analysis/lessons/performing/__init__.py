"""Lessons, listed and performed from the command line."""

from analysis.lessons.performing.percent import Cell, cells
from analysis.lessons.performing.perform import lessons, perform, show_lessons

__all__ = ["Cell", "cells", "lessons", "perform", "show_lessons"]
