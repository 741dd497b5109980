"""Laws that tasks of other libraries should keep, and a table of which of them do.

Unlike a family of this library, such a task has no steps: it gives items (question, answer, metadata) and scores answers.
`synthtasks.bridges.gym` tries the laws on ten tasks of Reasoning Gym.
"""

from synthtasks.laws.foreign import of_dials, of_draws, of_scores
from synthtasks.laws.foreign.table import Cell, Table, judged, page, stale, table
from synthtasks.laws.foreign.task import Case, Dataset, Decoration, Entry, Law, Library, Task

__all__ = [
    "LAWS",
    "Case",
    "Cell",
    "Dataset",
    "Decoration",
    "Entry",
    "Law",
    "Library",
    "Table",
    "Task",
    "judged",
    "page",
    "stale",
    "table",
]

LAWS: tuple[Law, ...] = (*of_draws.LAWS, *of_scores.LAWS, *of_dials.LAWS)
