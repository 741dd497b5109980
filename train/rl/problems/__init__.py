"""Sources of problems for RL. A batch is a pure function of seed and iteration, so a resumed run draws the same problems."""

from train.rl.problems.bands import Around, Band, Region, band, read_bands
from train.rl.problems.endless import Endless, Few
from train.rl.problems.mixture import Mixture, replay, spectrum, without
from train.rl.problems.prefixed import Prefixed
from train.rl.problems.schedule import Schedule, easy_to_hard, in_turn, rehearsed
from train.rl.problems.source import ProblemSource, stream, trials

__all__ = ["Around", "Band", "Endless", "Few", "Mixture", "Prefixed", "ProblemSource", "Region", "Schedule"]
__all__ += ["band", "easy_to_hard", "in_turn", "read_bands", "rehearsed", "replay", "spectrum", "stream", "trials", "without"]
