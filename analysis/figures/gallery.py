"""The figures of a report, in order, each with what to see in it."""

from collections.abc import Callable
from dataclasses import dataclass

from analysis.figures.curves import origin_shares, pass_curves
from analysis.figures.forest import forest
from analysis.figures.learning import learning_curves, pretraining_curves
from analysis.figures.maps import edge_map, gain_map
from analysis.studies.results import Results


@dataclass(frozen=True)
class Drawing:
    """A figure, and how to read it."""

    title: str
    draw: Callable[[Results], str]  # SVG; empty, where there is nothing to draw
    caption: str


FOREST = Drawing(
    "The claims at a glance",
    forest,
    "Diamonds are means over seeds, bars their intervals, dots single seeds. A claim is shown if its interval lies wholly in the "
    "green zone, and the p-value stays small when adjusted for the number of claims.",
)
EDGES = Drawing(
    "Where competence ends",
    edge_map,
    "Exact success of each base before RL, from the probability of the one valid solution: thin lines are seeds, bold lines their "
    "mean. pass@1 and pass@128 are of the whole solution; plan, copy and execute are the probability that all words of that role "
    "are right. Shaded: the regions below, at and beyond the edge, by the share of seeds that place a difficulty there; "
    "difficulties in none of them are used by no cell. Dotted: who does all else right and guesses the results of the withheld "
    "primitives, at k = 1 and k = 128.",
)
GAINS = Drawing(
    "What RL gained, and at which difficulties",
    gain_map,
    "pass@128 after RL less before, in points, mean over seeds; blue is gain, red is loss, white is none. Framed: the difficulties "
    "that RL was given (fainter, where only some seeds were). Grey: not defined.",
)
PASS = Drawing(
    "pass@k before and after RL",
    pass_curves,
    "Exact pass@k on the problems at the edge, mean over seeds with the 95 % interval over seeds where there are several. Where "
    "curves start apart and meet at large k, RL made likelier what the base reached, too, with so many samples; where they stay "
    "apart, it solves problems that so many samples of the base do not.",
)
LEARNING = Drawing(
    "Learning curves",
    learning_curves,
    "What RL noted of its own rollouts, mean over seeds, averaged over a twentieth of the run. A group has signal if its rewards "
    "differ; without one, an iteration takes no step.",
)
PRETRAINING = Drawing(
    "Pretraining",
    pretraining_curves,
    "The loss of each base on the words that it learns from, mean over seeds, averaged over a twentieth of the run. The absent base "
    "has no loss on the results of the withheld primitives, so the two are not means over the same words.",
)
ORIGINS = Drawing(
    "Created or elicited",
    origin_shares,
    "Problems at the edge that RL brought from p < 1/2 to p ≥ 1/2, pooled over seeds. Granted K samples of each problem, the base "
    "would hardly have shown a solution (created: p < .05/K), would have shown one or more on average (elicited: p ≥ 1/K), or lies "
    "between (undetermined). Dashed: the rollouts that RL drew of one problem, and in all.",
)
FIGURES = (EDGES, GAINS, PASS, LEARNING, ORIGINS, PRETRAINING)
