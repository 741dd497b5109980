"""The grid for a class: two students, the edge of their competence, and what RL does below, at and beyond it."""

from collections.abc import Callable, Iterator

from analysis.design.recipes import needing, sample, tasks_of
from analysis.design.shown import Plot, Series, Side, Written
from analysis.design.study import Act, Demo, Setting
from analysis.measures.edge import REGIONS
from analysis.measures.facts import Cell
from analysis.studies.grid_told import COIN, JUDGE, PRACTICE, STUDENTS, TOSSED, WHERE, WITHOUT, A, B, ending
from synthtasks.commands.page import slipped
from synthtasks.families import at, problem
from train.learn import Learn
from train.rl.problems import Band

Cells = Callable[[Setting, int], Iterator[Cell]]
SHORT = 4  # steps of the problem that explains the judge
DRAWN = 28  # its number: of the first ones, it is one whose values differ
EASY = "easy"  # a cell's stage: tries of its base below the edge
PLACES = {"below": "below the edge", "at": "at the edge", "beyond": "beyond the edge"}
BASES = {"control": "none", "region": "at"}
STEPS, SOLVED_1, SOLVED_128 = (
    "steps of the problem",
    "derivations right at the first try, of 100",
    "problems solved within 128 tries, of 100",
)
EDGE = tuple(Series(region, A["at"], "edge", f"band {region}") for region in REGIONS)


def shown(cells: Cells) -> Cells:
    """The cells of the grid that a class sees, each with tries of its base at easy problems."""

    def some(setting: Setting, seed: int) -> Iterator[Cell]:
        for cell in cells(setting, seed):
            if dict(cell.labels) in (*A.values(), *B.values(), COIN):
                scale, tasks = setting.scale, tasks_of(setting)
                below = Band(needing(scale, tasks), cell["edge"], "below", "test")
                easy = sample(scale, cell.stage("base", Learn), below, seed, tasks)
                yield Cell.of(dict(cell.labels), seed, **cell.by_name, **{EASY: easy})

    return some


def slip(setting: Setting) -> Written:
    """A right answer at the end of a derivation with a wrong step."""
    tasks = tasks_of(setting)
    family = needing(setting.scale, tasks)
    drawn = problem(at(family, min(SHORT, setting.scale.deepest)), "test", "demo", DRAWN)
    return Written("A student writes:", drawn, tasks.said, slipped(drawn, tasks.said))


def grid_demo(cells: Cells) -> Demo:
    """The demo of the grid, made of some of its cells."""
    copies = tuple(Series(f"after RL {where}", A[region], "after", "pass@128") for region, where in PLACES.items())
    before = Series("A before", A["at"], "before", "pass@128")
    b_before = Series("B before", B["at"], "before", "pass@128")
    rewards = Plot(
        "Rewards of RL", "iterations of RL", "tries that are rewarded, of 100",
        tuple(Series(f"practises {where}", A[region], "learning", "reward") for region, where in PLACES.items()),
    )  # fmt: skip
    b_rewards = Plot(
        "Rewards of RL without the primitive", "iterations of RL", "tries that are rewarded, of 100",
        tuple(Series(f"B practises {where}", B[region], "learning", "reward") for region, where in PLACES.items()),
    )  # fmt: skip
    coins = Plot(
        "RL by a coin", "iterations of RL", "tries that are right, of 100",
        (Series("by the judge", A["at"], "learning", "pass@1"), Series("by the coin", COIN, "learning", "pass@1")),
    )  # fmt: skip
    reading = Plot(
        "Pretraining", "iterations of pretraining", "loss, nats a word",
        (Series("A", A["at"], "pretraining", "loss"), Series("B", B["at"], "pretraining", "loss")), times=1.0, top=None,
    )  # fmt: skip
    ran = ("learn", "after", "sampled_after")
    return Demo(
        acts=(
            Act(
                "The task, and the judge",
                "A problem is a program of steps modulo {modulus}. A model reads it, and writes every step with its value, and then the "
                "answer.",
                JUDGE,
                written=slip,
            ),
            Act(
                "Two students",
                "Two small transformers read the same worked problems of 1 to {solved} steps. Student A learns from every word. "
                "Student B never learns the results of {withhold}: it can write such a step, but has to guess its value. "
                "The problems below need {withhold} at least {uses} times.",
                STUDENTS,
                BASES,
                ("base", "before", "edge", EASY),
                growing=reading,
                plots=(
                    Plot(
                        "Right at the first try", STEPS, SOLVED_1,
                        (
                            Series("A", A["at"], "before", "pass@1"),
                            Series("B", B["at"], "before", "pass@1"),
                            Series("does all else right, and guesses", A["at"], "floor", "pass@1"),
                        ),
                    ),
                ),
                sides=(Side("student A", A["at"], EASY), Side("student B", B["at"], EASY)),
            ),
            Act(
                "The edge of competence",
                "Student A has read solutions of at most {solved} steps. Where does it end? A problem counts as solved within 128 tries if "
                "one of them is right in every step.",
                WHERE,
                A["at"],
                ("before", "edge", "sampled_before"),
                plots=(
                    Plot(
                        "Student A before RL", STEPS, "problems solved, of 100",
                        (
                            Series("at the first try", A["at"], "before", "pass@1"),
                            Series("within 128 tries", A["at"], "before", "pass@128"),
                        ),
                        EDGE,
                    ),
                ),
                sides=(
                    Side("A: a try that is right", A["at"], "sampled_before", "right"),
                    Side("A: one that is not", A["at"], "sampled_before", "wrong"),
                ),
            ),
            Act(
                "Practice below, at and beyond the edge",
                "Three copies of A now practise by RL: {rl_iterations} iterations of {problems} problems, {group} tries each. A try is "
                "rewarded if the judge finds every step right. Nobody shows a solution. Here is how A answers at its edge now:",
                PRACTICE,
                {"control": "none", "primitive": "present"},
                ran,
                opening=(Side("A before RL", A["at"], "sampled_before", "wrong"),),
                growing=rewards,
                plots=(Plot("A before and after RL", STEPS, SOLVED_128, (before, *copies), EDGE), rewards),
                sides=(
                    Side("before RL", A["at"], "sampled_before", "wrong"),
                    Side("after RL at the edge", A["at"], "sampled_after"),
                ),
            ),
            Act(
                "Practice without the primitive",
                "Student B practises as A did: the same problems, tries and rewards. It has read all but the results of {withhold}.",
                WITHOUT,
                {"control": "none", "primitive": "absent"},
                ("base", "before", "sampled_before", *ran),
                growing=b_rewards,
                plots=(
                    Plot(
                        "B before and after RL, and A for comparison", STEPS, SOLVED_128,
                        (
                            b_before,
                            *(Series(f"B after RL {where}", B[region], "after", "pass@128") for region, where in PLACES.items()),
                            Series("A after RL at the edge", A["at"], "after", "pass@128"),
                        ),
                        EDGE,
                    ),
                    b_rewards,
                ),
                sides=(
                    Side("B before RL", B["at"], "sampled_before"),
                    Side("B after RL at the edge", B["at"], "sampled_after"),
                ),
            ),
            Act(
                "The coin",
                "Is it the judge that teaches, or practice itself? Another copy of A practises at the edge, where a coin decides which "
                "tries are rewarded.",
                TOSSED,
                COIN,
                ran,
                growing=coins,
                plots=(
                    Plot(
                        "A before and after RL at the edge", STEPS, SOLVED_1,
                        (
                            Series("before", A["at"], "before", "pass@1"),
                            Series("after RL by the judge", A["at"], "after", "pass@1"),
                            Series("after RL by a coin", COIN, "after", "pass@1"),
                        ),
                        EDGE,
                    ),
                    coins,
                ),
                sides=(Side("before RL", A["at"], "sampled_before", "right"), Side("after RL by a coin", COIN, "sampled_after")),
            ),
        ),
        cells=shown(cells),
        picture=Plot(
            "What RL made of two students, and of a coin", STEPS, SOLVED_128,
            (
                before,
                *copies,
                Series("B after RL at the edge", B["at"], "after", "pass@128"),
                Series("A after RL by a coin", COIN, "after", "pass@128"),
            ),
            EDGE,
        ),
        ending=ending,
    )  # fmt: skip
