"""Searches: tasks of several turns in a world whose moves are found by trying them. Observations are words that the policy did not choose.

>>> from synthtasks import rng
>>> from synthtasks.search import Maze, Turns
>>> maze = Maze(side=3)(rng("example"))
>>> " ".join(Turns().prompt(maze))
'from 2 to 6 :'
>>> " ".join(Turns().solution(maze))
'plan s 5 plan s 8 plan w 7 plan w 6 <end>'
"""

from synthtasks.search.documents import Walked
from synthtasks.search.families import Field, Lock, Maze, Searches
from synthtasks.search.search import ACTIONS, Search, Turn, search, searched
from synthtasks.search.turns import Turns, World
from synthtasks.search.walker import EXPLORE, MONITOR, PLAN, REFLECT, TAGS, walk

__all__ = ["ACTIONS", "EXPLORE", "MONITOR", "PLAN", "REFLECT", "TAGS", "Field", "Lock", "Maze", "Search", "Searches", "Turn", "Turns"]
__all__ += ["Walked", "World", "search", "searched", "walk"]
