"""How far does learning move the weights? A study of your own is one file: python -m analysis run --study my_study.py:STUDY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.claims.claims import Claim, More, Places, Term
from analysis.design.recipes import base
from analysis.design.study import Figure, Setting, Study
from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from train.policy import load_policy
from train.stages.stage import Context, Shelf, Stage

if TYPE_CHECKING:
    from altair.typing import ChartType

AXES = {"layers": ("1", "2"), "reading": ("short", "long")}


@dataclass(frozen=True)
class Longer:
    """How the readings differ."""

    longer: int = 3  # times as much is read by who reads long


@dataclass(frozen=True, eq=False, repr=False)
class Norm(Stage):
    """The Euclidean norm of a policy's weights."""

    policy: Stage

    def run(self, out: Path, context: Context) -> None:
        weights = load_policy(context.get(self.policy)).model.parameters()
        (out / "norm").write_text(str(sum(w.detach().square().sum().item() for w in weights) ** 0.5), encoding="utf-8")


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """Flat or deep, after a short or a long reading."""
    assert isinstance(setting.options, Longer)
    for layers, reading in product(*AXES.values()):
        times = setting.options.longer if reading == "long" else 1
        policy = base(replace(setting.scale, layers=int(layers), pretraining=times * setting.scale.pretraining), (), seed)
        yield Cell.of({"layers": layers, "reading": reading}, seed, before=Norm(policy.policy), after=Norm(policy), learn=policy)


def norms(cell: Cell, shelf: Shelf) -> Iterator[Fact]:
    """The norm before and after learning."""
    for phase in ("before", "after"):
        yield cell.fact(phase, "norm", None, float((shelf.get(cell[phase]) / "norm").read_text(encoding="utf-8")))


def bars(facts: Sequence[Fact]) -> ChartType:
    """A bar a cell, as long as the norm after learning."""
    import altair as alt

    mine = [f for f in facts if (f.phase, f.metric) == ("after", "norm")]
    rows = [{"cell": " ".join(dict(f.labels).values()), "seed": f.seed, "norm": f.value} for f in mine]
    return (
        alt.Chart(alt.Data(values=rows)).mark_bar().encode(x="norm:Q", y="cell:N", yOffset="seed:N", tooltip=["cell:N", "seed:N", "norm:Q"])
    )


def after(reading: str) -> Term:
    """The norm after such a reading, flat and deep together."""
    return Term((("reading", reading),), Places(), "norm", most=1_000.0)


STUDY = Study(
    name="norms",
    question="How far does learning move the weights?",
    source="README",
    axes=AXES,
    cells=cells,
    measures=(norms, Noted("learn", ("loss",))),
    claims=(
        Claim("farther", "A longer reading makes larger weights.", ((1.0, after("long")), (-1.0, after("short"))), More(0.1), "norm / 100"),
    ),
    figures=(Figure("Norms", bars, "The norm of the weights after learning."),),
    options=Longer(),
)
