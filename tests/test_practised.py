"""Parts of the studies of where RL practises: rounds, expected signal, thinned rewards, picks by competence, the figure of all seeds."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.claims.claims import Everywhere
from analysis.design.recipes import PROGRAMS, base, needing, practise, present_edge
from analysis.design.rounds import HALF, adaptive, half, in_rounds, lengths
from analysis.figures.spread import Gain, Spread
from analysis.measures.edge import Edge
from analysis.measures.facts import Cell, Fact, Outcome, outcomes
from analysis.studies.interplay.gaps import ARMS, LADDER, SPECTRA, levels
from analysis.studies.interplay.where import Between, Thinned, signal
from synthtasks.families import at
from tests.test_learn import four
from tests.tiny import TINY
from train.learn import Learn
from train.losses import Practice
from train.rl import Around, Band, Coin, Endless, Mixture, Prefixed, Process, Schedule
from train.stages.stage import closure

SCALE = replace(TINY, rl_iterations=7)


# Broken if rounds did not add up to the whole, or one were empty.
def test_rounds_add_up() -> None:
    assert lengths(7, 3) == [2, 2, 3]
    assert all(sum(lengths(n, k)) == n and max(lengths(n, k)) - min(lengths(n, k)) <= 1 for n in range(1, 30) for k in range(1, n + 1))
    with pytest.raises(ValueError, match="found 4 rounds, 3 iterations"):
        lengths(3, 4)


# Broken if a round began elsewhere than where the last one ended, met its problems again, or measured another policy.
def test_rounds_follow_each_other() -> None:
    policy, edge, family = base(SCALE, (), 0), present_edge(SCALE, PROGRAMS, 0), needing(SCALE, PROGRAMS)
    source = Endless(at(family, 2))
    assert in_rounds(SCALE, policy, [source], Process(), 0) == practise(SCALE, policy, source, Process(), 0)
    found = adaptive(SCALE, policy, edge, family, 3, Process(), 0)
    for learn in (in_rounds(SCALE, policy, [source] * 3, Process(), 0), found):
        chain = [s for s in closure([learn]) if isinstance(s, Learn) and isinstance(s.losses[0][1], Practice)]
        assert [s.iterations for s in chain] == [2, 2, 3]
        assert len({s.losses[0][1].drawn_by for s in chain}) == 1  # so that iterations are counted on
        assert [s.policy for s in chain] == [policy, *chain[:2]]
    edges = [s.losses[0][1].source.edge for s in chain]  # type: ignore[union-attr]
    assert [e.scores.policy for e in edges] == [s.policy for s in chain]
    assert edges[0] == half(edge) == Edge(edge.scores, HALF)
    once = practise(SCALE, policy, Band(family, half(edge), "below"), Process(), 0)
    assert adaptive(SCALE, policy, edge, family, 1, Process(), 0) == once


# Broken if the chance of a mixed group were another than by counting: of 3 completions, all right or none has no signal.
def test_the_chance_of_signal_by_hand() -> None:
    p = np.array([0.0, 0.25, 0.5, 1.0])
    with np.errstate(divide="ignore"):
        found = signal(np.log(p), 3)
    assert found.tolist() == pytest.approx([0.0, 1 - 1 / 64 - 27 / 64, 0.75, 0.0], abs=1e-12)


# Broken if a group were thinned out in part, the share were another, or what is kept were changed.
def test_rewards_are_thinned_by_whole_groups() -> None:
    r = four()
    full = Coin(1.0)(r, None)  # type: ignore[arg-type]
    assert torch.equal(Thinned(Coin(1.0), 1.0)(r, None), full)  # type: ignore[arg-type]
    assert not Thinned(Coin(1.0), 0.0)(r, None).any()  # type: ignore[arg-type]
    drawn = torch.stack([Thinned(Coin(1.0), 0.25)(replace(r, path=(0, i, 0)), None)[:, 0] for i in range(400)])  # type: ignore[arg-type]
    assert torch.equal(drawn[:, 0], drawn[:, 1])
    assert not torch.equal(drawn[:, 0], drawn[:, 2])
    assert drawn.mean() == pytest.approx(0.25, abs=0.06)


def outcome(seed: int, arm: str, gain: float, p: float = 0.5) -> list[Fact]:
    cell = Cell((("mixture", arm),), seed, ())
    facts = [cell.fact("before", "pass@1 where RL practised", None, p)]
    for n in (1, 2):
        facts += [cell.fact(phase, "pass@128", n, value) for phase, value in (("before", 0.1), ("after", 0.1 + gain))]
        facts.append(cell.fact("edge", "pass@1", n, 0.5))
    return facts


# Broken if a cell on the border were picked twice or not at all, or one that lacks the number were picked.
def test_cells_are_picked_by_competence() -> None:
    cells = outcomes([f for arm, p in (("a", 0.1), ("b", 0.5), ("c", 0.9)) for f in outcome(0, arm, 0.0, p)])
    nothing = Outcome({"mixture": "d"}, 0, ())
    low, high = (Between(*ends)((*cells, nothing)) for ends in ((0.1, 0.5), (0.5, 1.0)))
    assert [o.labels["mixture"] for o in low] == ["a"]
    assert [o.labels["mixture"] for o in high] == ["b", "c"]


# Broken if the figure gave other seeds than those that gain much, another share, or drew without facts.
def test_every_seed_is_drawn() -> None:
    facts = [f for seed, gain in enumerate((0.0, 0.05, 0.2, 0.8)) for f in outcome(seed, "smooth", gain)]
    number = Gain(Everywhere())
    assert [number(o) for o in outcomes(facts)] == pytest.approx([0.0, 5.0, 20.0, 80.0])
    drawn = Spread({"whole map": number}, "mixture")(facts)
    assert drawn is not None
    rows = [row for rows in drawn.to_dict()["datasets"].values() for row in rows]
    assert {row["value"] for row in rows if "seed" in row} == {0.0, 5.0, 20.0, 80.0}
    assert "2 of 4 [0.07, 0.93]" in {row.get("said") for row in rows}
    assert Spread({"whole map": number}, "mixture")(()) is None
    assert Gain(Everywhere(), "pass@8")(outcomes(facts)[0]) is None


# Broken if a spectrum held another number of problems on either side of its gap, or an arm had no problems.
def test_the_gaps_of_the_study() -> None:
    assert {"smooth": tuple(LADDER), "one gap": (-4, -2, 8, 10), "two gaps": (-4, 2, 8, 10)} == SPECTRA
    assert len(ARMS) == 7


# Broken if the difficulties that RL was given were others, or those around an edge that is not the cell's were taken for its own.
def test_the_difficulties_of_a_source() -> None:
    edge, family = present_edge(SCALE, PROGRAMS, 0), needing(SCALE, PROGRAMS)
    bands = {"below": [1], "at": [2, 3], "beyond": []}
    both = Mixture(((1.0, Endless(at(family, 4))), (2.0, Prefixed(Band(family, edge, "at")))))
    assert levels(both, edge, bands) == {2, 3, 4}
    assert levels(Schedule(((1, Around(family, edge, (-1, 1))), (1, Band(family, edge, "beyond")))), edge, bands) == {1, 3}
    assert levels(Band(family, half(edge), "at"), edge, bands) == set()
