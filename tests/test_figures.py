"""Figures: laws that hold for charts of any study."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from altair.typing import ChartType

from analysis.claims.claims import More, Share
from analysis.claims.judge import Finding
from analysis.design.scale import SMOKE
from analysis.design.study import Setting, Study
from analysis.figures import draw
from analysis.figures.curves import Curves, PassCurves
from analysis.figures.draw import DARK, FAINT, INK, LOSS_TO_GAIN, PALETTE, PAPER, REGION_COLOURS, VERDICT_COLOURS, WHITE
from analysis.figures.maps import EdgeMap, GainMap
from analysis.figures.ramp import contrast, ink_on, luminance, ramp, rgb
from analysis.figures.ranked import Ranked
from analysis.figures.scatter import Axis, Scatter
from analysis.figures.spread import Spread
from analysis.figures.svg import script, specification, still
from analysis.measures.facts import Fact, Outcome, applies
from analysis.report.forest import forest
from analysis.report.html import document, figure
from analysis.studies import STUDIES

ARMS = [{"arm": arm, "kind": kind} for arm in ("a", "b", "coin") for kind in ("x", "y")]
CARDS = {"light": ("#ffffff", "#f3f4f6"), "dark": ("#16181b", "#212429")}  # paper and tint of page.css


def made(phases: Sequence[str], metrics: Sequence[str], places: Sequence[float | None]) -> list[Fact]:
    """Facts whose values are all different."""
    every = product(ARMS, range(3), phases, metrics, places)
    facts = [Fact(tuple(arm.items()), s, phase, at, metric, 0.0, 7) for arm, s, phase, metric, at in every]
    return [replace(fact, value=(i + 1) / (len(facts) + 1)) for i, fact in enumerate(facts)]


ALONG, ALONE = made(("before", "after", "learning"), ("m", "reward"), (1.0, 2.0, 5.0)), made(("before", "after"), ("m", "w"), (None,))
EDGED = made(("before", "edge", "floor"), ("pass@1", "pass@128", "plan", "region at"), (1.0, 2.0, 3.0))
SAMPLED = made(("before", "after", "floor"), ("at the edge",), (1.0, 100.0, 1_000_000.0))


def number(outcome: Outcome) -> float | None:
    return outcome.value("after", "m")


FIGURES = {
    "curves": (Curves({"m": "an m", "reward": "a reward"}, "kind", "arm", ("before", "after")), ALONG),
    "pass@k": (PassCurves("kind", ""), SAMPLED),
    "edges": (EdgeMap({"a": {"arm": "a", "kind": "x"}}), EDGED),
    "gains": (GainMap("m"), ALONG),
    "scatter": (Scatter((Axis("before", "w", "a w"),), (Axis("after", "m", "an m"),), "all", "arm", "kind"), ALONE),
    "spread": (Spread({"m": number}, "arm"), [f for f in ALONE if ("kind", "x") in f.labels]),
    "ranked": (Ranked({"m": number}, "arm", "a", ("b",)), [f for f in ALONE if ("kind", "x") in f.labels]),
}


def chart_of(name: str) -> ChartType:
    draws, facts = FIGURES[name]
    chart = draws(facts)
    assert chart is not None
    return chart


def values_in(part: object) -> Iterator[float]:
    """Every number in the rows of a chart."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from values_in(each)
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield float(part)


# Broken if equal facts gave another picture, or a picture were drawn otherwise after another one.
@pytest.mark.parametrize("name", FIGURES)
def test_equal_facts_are_equal_bytes(name: str) -> None:
    one, two = (figure(chart_of(name), "A caption.") for _ in range(2))
    assert one == two
    assert one.count("<svg") == one.count("</svg>") == 1


# Broken if a value were dropped, or seeds were shown by their mean alone.
@pytest.mark.parametrize("name", ["curves", "pass@k", "edges", "scatter"])
def test_every_value_is_in_the_chart(name: str) -> None:
    _, facts = FIGURES[name]
    there = np.array(sorted(values_in(specification(chart_of(name))["datasets"])))
    drawn = [f for f in facts if name != "curves" or f.phase in ("before", "after")]
    drawn = [
        f
        for f in drawn
        if name != "edges" or (("arm", "a") in f.labels and ("kind", "x") in f.labels and f.metric in ("pass@1", "pass@128", "plan"))
    ]
    drawn = [f for f in drawn if name != "edges" or f.phase in ("before", "floor")]
    drawn = [f for f in drawn if name != "scatter" or (f.phase, f.metric) in (("before", "w"), ("after", "m"))]
    if name == "pass@k":  # lines of a panel start from one base
        drawn = [f for f in drawn if f.phase == "after" or ("arm", "a") in f.labels]
    for fact in drawn:
        assert np.abs(there - fact.value).min() < 1e-4 * fact.value, fact


# Broken if the map, the dots or the ranks had other numbers than differences of facts, seed by seed.
@pytest.mark.parametrize("name", ["gains", "spread", "ranked"])
def test_every_difference_is_in_the_chart(name: str) -> None:
    _, facts = FIGURES[name]
    there = np.array(sorted(values_in(specification(chart_of(name))["datasets"])))
    found = {(f.labels, f.seed, f.phase, f.metric, f.at): f.value for f in facts}
    if name == "gains":
        wanted = [100 * (v - found[(*key[:2], "before", *key[3:])]) for key, v in found.items() if key[2:4] == ("after", "m")]
    elif name == "spread":
        wanted = [v for key, v in found.items() if key[2:4] == ("after", "m")]
    else:
        base = {key[1]: v for key, v in found.items() if key[2:4] == ("after", "m") and ("arm", "a") in key[0]}
        wanted = [v - base[key[1]] for key, v in found.items() if key[2:4] == ("after", "m")]
    for value in wanted:
        assert np.abs(there - value).min() <= 1e-4 * abs(value) + 1e-9


# Broken if a study drew something of nothing.
@pytest.mark.parametrize("study", STUDIES.values(), ids=lambda study: study.name)
def test_nothing_is_drawn_of_nothing(study: Study) -> None:
    assert [f.draw(()) for f in study.figures] == [None] * len(study.figures)


def finding(name: str, low: float, high: float, test: More | Share, values: tuple[float, ...] = (30.0, 60.0)) -> Finding:
    return Finding(name, "It is so.", "undetermined", sum(values) / 2, low, high, 0.95, test, 0.2, "points of 100", 2, 0, values)


# Broken if the axis showed what cannot be, an interval were cut unmarked, or the true one were lost.
def test_what_is_impossible_is_cut_and_kept() -> None:
    chart = forest(
        [finding("1 wide", -160.0, 250.0, More(10)), finding("2 share", 20.0, 80.0, Share(50)), finding("3 whole", 10.0, 80.0, More(10))]
    )
    assert chart is not None
    drawn = specification(chart)
    rows = {row["row"]: row for rows in drawn["datasets"].values() for row in rows if "cut_low" in row}  # type: ignore[attr-defined]
    assert [rows["1 wide"][key] for key in ("low", "high", "from", "to", "cut_low", "cut_high")] == [
        -160.0,
        250.0,
        -100.0,
        100.0,
        True,
        True,
    ]
    assert rows["1 wide"]["interval"] == "−160.0 to +250.0 (95%)"
    assert [rows[row][key] for row in ("2 share", "3 whole") for key in ("from", "to", "cut_low", "cut_high")] == [
        20,
        80,
        False,
        False,
        10,
        80,
        False,
        False,
    ]
    (domain,) = {tuple(found) for found in re.findall(r'"domain": \[(-?[\d.]+), (-?[\d.]+)\]', json.dumps(drawn))}
    assert all(abs(float(end)) <= 106 for end in domain)
    assert forest([]) is None


# Broken if what was measured beyond 100 (a difference of differences) were cut, too.
def test_what_was_measured_is_shown() -> None:
    chart = forest([finding("1 far", 90.0, 400.0, More(10), (130.0, 150.0))])
    assert chart is not None
    (row,) = (row for rows in specification(chart)["datasets"].values() for row in rows if "cut_low" in row)  # type: ignore[attr-defined]
    assert (row["value"], row["to"], row["high"], row["cut_high"]) == (140.0, 150.0, 400.0, True)


# Broken if text or a mark could not be seen, on paper or on a card, in light or in dark.
def test_colours_can_be_seen() -> None:
    for plain, dark in DARK.items():
        least = 4.5 if plain in (INK, FAINT, *VERDICT_COLOURS.values()) else 3.0
        for paper in CARDS["light"] if plain != PAPER else ():
            assert contrast(rgb(plain), rgb(paper)) >= least, (plain, paper)
        for paper in CARDS["dark"] if plain != PAPER else ():
            assert contrast(rgb(dark), rgb(paper)) >= least, (plain, dark, paper)
    for share in np.linspace(-1, 1, 201):
        assert contrast(rgb(ink_on(ramp(float(share)))), ramp(float(share))) >= 4.5
    assert luminance(ramp(0.0)) > 0.99
    assert LOSS_TO_GAIN[len(LOSS_TO_GAIN) // 2] == WHITE


TO_LINEAR = np.vectorize(lambda part: part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
SEEN = {  # by linear colours, Machado, Oliveira and Fernandes (2009), severity 1
    "by most": np.eye(3),
    "without red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "without green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
}
LMS = np.array(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]]
)
LAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099], [0.0259040371, 0.7827717662, -0.8086757660]]
)


# Broken if two conditions looked alike to a colour-blind reader.
@pytest.mark.parametrize("colours", [PALETTE, tuple(DARK[each] for each in PALETTE)], ids=["light", "dark"])
def test_conditions_are_told_apart_by_the_colour_blind(colours: tuple[str, ...]) -> None:
    linear = TO_LINEAR(np.array([rgb(each) for each in colours]))  # [N, 3]
    for seen in SEEN.values():
        oklab = np.cbrt((linear @ seen.T).clip(0) @ LMS.T) @ LAB.T  # [N, 3]
        assert min(float(np.linalg.norm(a - b)) for a, b in combinations(oklab, 2)) > 0.08


def imagined(study: Study) -> list[Fact]:
    """Facts such as the study will find, of one seed, at the first places of each axis."""
    cells = study.cells(Setting(SMOKE, (0,), study.options), 0)
    measuring = [(measure, cell) for cell in cells for measure in study.measures if applies(measure, cell)]
    found = [fact for measure, cell in measuring if (imagine := getattr(measure, "imagined", None)) for fact in imagine(cell)]
    return [replace(fact, value=0.2 + 0.1 * (i % 7)) for i, fact in enumerate(found) if fact.at is None or fact.at <= 4]


def meanings(part: object) -> Iterator[tuple[str, str]]:
    """Each colour of a scale with the label that it stands for."""
    if isinstance(part, dict):
        scale = part.get("scale")
        if isinstance(scale, dict) and all(isinstance(each, str) for key in ("domain", "range") for each in scale.get(key, [0])):
            yield from ((tint, what) for what, tint in zip(scale["domain"], scale["range"], strict=True) if what and tint.startswith("var"))
        part = [value for key, value in part.items() if key != "datasets"]
    if isinstance(part, list):
        for each in part:
            yield from meanings(each)


def condition(label: str) -> str:
    """The part of a label that its colour stands for; dashes say the rest."""
    return label.removeprefix("after, ").removeprefix("guess floor of ").split(" · ")[0]


# Broken if a colour stood for two things on one page, or a condition had the colour of a region, a verdict or another page-wide meaning.
def test_a_colour_means_one_thing_on_a_page() -> None:
    reserved = {**{c: r for r, c in REGION_COLOURS.items()}, **{VERDICT_COLOURS[v]: v for v in ("shown", "refuted", "undetermined")}}
    assert not set(PALETTE) & {*reserved, *LOSS_TO_GAIN, *draw.ORIGIN_COLOURS, INK, FAINT}
    drawn = 0
    for study in STUDIES.values():
        facts = imagined(study)
        charts = [chart for f in study.figures if (chart := f.draw(facts)) is not None]
        drawn += len(charts)
        found: dict[str, set[str]] = {}
        for tint, label in (pair for chart in charts for pair in meanings(specification(chart))):
            found.setdefault(tint, set()).add(condition(label))
        plain = {tint for tint in found if tint[7:-1] in {c[1:] for c in PALETTE}}
        most = 1 if len(set().union(*found.values(), set())) <= len(PALETTE) else 4  # of more conditions, dashes tell which
        assert all(len(found[tint]) <= most for tint in plain), (study.name, found)
    assert drawn > len(STUDIES)


# Broken if the page loaded the script of charts where there is none, more than once, or one that evaluates text.
def test_the_script_is_there_once_where_it_is_needed() -> None:
    chart = figure(chart_of("spread"), "A caption.", "here")
    assert chart.startswith('<figure id="here">')
    page = document("A page", chart, figure(chart_of("ranked"), "Another."))
    assert page.count("<script>") == 1
    assert script() in page
    assert "<script" not in document("A page", "text", figure("<svg></svg>", "No chart."))
    assert "ast: true" in script()


# Broken if a label could end the element of the data, or become markup.
def test_labels_cannot_leave_the_chart() -> None:
    evil = "</script><b>&"
    facts = [replace(f, labels=(("arm", f"{evil}{dict(f.labels)['arm']}"),)) for f in ALONE if ("kind", "x") in f.labels]
    chart = Spread({"m": number}, "arm")(facts)
    assert chart is not None
    made = figure(chart, evil)
    assert "<b>" not in made
    assert made.count("</script>") == made.count("<script") == 1
    text = re.search(r'<script type="application/json">(.*?)</script>', made, re.DOTALL)
    assert text
    assert f"{evil}a" in json.dumps(json.loads(text[1]))


# Broken if a picture held what only the pointer sees, or its identifiers could meet another's.
def test_pictures_are_small_and_their_own() -> None:
    drawn: Mapping[str, object] = specification(chart_of("curves"))
    svg = still(drawn, "mine")
    assert 'opacity="0"' not in svg
    assert set(re.findall(r"url\(#([^)]*)\)", svg)) <= set(re.findall(r'\bid="([^"]*)"', svg))
    assert all(each.startswith("mine-") for each in re.findall(r'\bid="([^"]*)"', svg))
