"""The report as a page to explore: its sentences, places and links, what it offers to take along, and its traces."""

import csv
import gzip
import io
import json
import re
from base64 import b64decode
from collections import Counter
from dataclasses import replace
from html import unescape
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest

from analysis.claims.claims import More, Share
from analysis.claims.judge import Finding, seed_values
from analysis.design.registration import Registration, register
from analysis.design.results import Results, collect, write_results
from analysis.design.study import Card
from analysis.measures.facts import Cell
from analysis.report.explore.anchors import anchors
from analysis.report.explore.browse import KINDS, browse, kept, kind_of
from analysis.report.explore.cells import places_of
from analysis.report.explore.opening import opening
from analysis.report.html import CSS
from analysis.report.overview import write_overview
from analysis.report.page import report, write_report
from analysis.studies import STUDIES
from synthtasks.surfaces import Compact
from tests.test_report import STUDY, Reader, results_of, unscripted
from train.sample import Sample, read_samples
from train.stages.store import Store

OUTSIDE = re.compile(r'href="(?!#|data:)([^"]*)"')


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs, with the little study in it."""
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def results(out: Path) -> Results:
    return results_of(Store(out / "stages"), (0, 1))


@pytest.fixture(scope="module")
def registration(results: Results, out: Path) -> Registration:
    return register(out / "little", STUDY, results.cells, 0)


@pytest.fixture(scope="module")
def page(results: Results, registration: Registration, out: Path) -> str:
    write_results(results, out / "little")
    return write_report(results, registration, out / "little").read_text(encoding="utf-8")


# Broken if a link of the page, or of the overview, led nowhere: to a place that is not there, or to no file.
def test_every_link_has_its_target(page: str, out: Path) -> None:
    overview = write_overview(out).read_text(encoding="utf-8")
    for where, text in ((out / "little", unscripted(page)), (out, unscripted(overview))):
        places = Reader(text).identifiers
        assert len(places) == len(set(places))
        assert {unquote(unescape(at)) for at in re.findall(r'href="#([^"]*)"', text)} <= set(places)
        assert all((where / unescape(link).partition("#")[0]).exists() for link in OUTSIDE.findall(text))
    assert "../stages/Learn-" in page
    for place in re.findall(r'href="little/report.html#([^"]+)"', overview):
        assert f'id="{place}"' in page


# Broken if a place were named by a counter: a link to it would lead elsewhere once a claim or a cell came before it.
def test_places_keep_their_names(results: Results, registration: Registration, page: str) -> None:
    kinds = ("claim-", "numbers-", "cell-", "trace-")
    facts = tuple(f for f in results.facts if (f.labels, f.seed) != (results.cells[0].labels, results.cells[0].seed))
    study = replace(STUDY, claims=STUDY.claims[1:])
    less = replace(results, study=study, findings=results.findings[1:], cells=results.cells[1:], facts=facts)
    some, every = ({at for at in Reader(str(text)).identifiers if at.startswith(kinds)} for text in (report(less, registration), page))
    assert some < every
    assert {"claim-2-no-gain-elsewhere", "numbers-2-no-gain-elsewhere", "cell-present-at-process-seed-0"} <= some
    assert len(set(anchors("a", ["x < 1", "x > 1", "y"]))) == 3
    assert anchors("a", ["x > 1", "y", "x < 1"])[0] == anchors("a", ["x < 1", "x > 1"])[1]


# Broken if a file that is taken along lost a row, a digit or an order that the file beside the page has.
def test_what_is_taken_along_is_what_is_on_disk(page: str, out: Path) -> None:
    held = {unescape(name): b64decode(data) for data, name in re.findall(r'href="data:[^,]*,([^"]*)" download="([^"]*)"', page)}
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(held["little-facts.csv.gz"]).decode())))
    facts = [json.loads(line) for line in (out / "little" / "facts.jsonl").read_text().splitlines()]
    assert len(rows) == len(facts) > 100
    for row, fact in zip(rows, facts, strict=True):
        labels = {axis: row.pop(axis) for axis in fact["labels"]}
        read = {key: (float(value) if value else None) if key in ("at", "value") else value for key, value in row.items()}
        assert labels == fact["labels"]
        assert {**read, "seed": int(row["seed"]), "n": int(row["n"])} == {k: v for k, v in fact.items() if k != "labels"}
    assert json.loads(held["little-findings.json"]) == json.loads((out / "little" / "findings.json").read_text())
    assert held["little-cells.jsonl"] == (out / "little" / "cells.jsonl").read_bytes()


# Broken if the terms behind a claim did not add up to its difference, or a value led to another cell than it was read from.
def test_the_numbers_behind_a_claim_add_up(page: str, results: Results) -> None:
    claim, where = STUDY.claims[0], places_of(results.cells)
    (part,) = re.findall(r'<details id="numbers-1-a-gain">.*?</details>', page, re.DOTALL)
    rows = [row for row in Reader(part).rows if row]
    values = seed_values(claim.contrast, results.outcomes)
    for row, (seed, value) in zip(rows, values.items(), strict=True):
        assert value is not None
        assert row[0] == str(seed)
        terms = [float(cell.split()[0]) for cell in row[1:-1]]
        assert sum(weight * term for (weight, _), term in zip(claim.contrast, terms, strict=True)) * 100 == pytest.approx(value, abs=0.02)
        mine = {where[c.labels, c.seed] for c in results.cells if c.seed == seed and claim.speaks_of(dict(c.labels))}
        assert set(re.findall(rf'href="#(cell-[^"]*-seed-{seed})"', part)) == mine


def made(name: str, verdict: str, difference: float | None, **rest: object) -> Finding:
    found = Finding(name, "", "shown", difference, -1.25, 3.5, 0.95, More(1), 0.5, "pass@1, points of 100", 5, 0, (1.0,))
    return replace(found, verdict=verdict, **rest)  # type: ignore[arg-type]


# Broken if a sentence gave another verdict, number or interval than the finding has, counted wrongly, or passed a check over.
def test_the_three_sentences_hold_the_findings(results: Results) -> None:
    share = made("4 pass@1", "refuted", 20.0, test=Share(5, 50), values=(9.0, 1.0, 2.0, 3.0, 4.0), low=1.4, high=71.6)
    found = (
        made("1 a gain", "shown", 12.34),
        made("2 no gain elsewhere", "undetermined", -2.5),
        made("3 far away", "refuted", None),
        share,
    )
    study = replace(STUDY, card=Card(checks=("3 far away", "1 a gain")))
    said = opening(replace(results, study=study, findings=found), lambda f: f"<{f.difference}>")
    shown, others, rests = (text.striptags() for text in (said.shown, said.others, said.rests))
    assert shown == "Shown (1 of 4 tested claims): RL raises it (<12.34> [−1.2, +3.5])."
    assert others == (
        "Refuted (2): it stays <where> it was (not defined in any seed); claim 1 on pass@1 (<20.0> [1 %, 72 %]); "
        "undetermined (1), which these runs do not decide: RL raises it, and nothing else (<-2.5> [−1.2, +3.5])."
    )
    assert rests.startswith("This rests on 2 pretraining seeds at the smoke scale, which proves nothing but that everything is connected (")
    assert rests.endswith("; checked by placebo or positive control: “far away” refuted (not defined), “a gain” shown (<12.34>).")
    none = opening(replace(results, findings=tuple(replace(f, verdict="shown", difference=9.0) for f in found)))
    assert none.others.striptags() == "None was refuted and none is undetermined."


# Broken if the sentences of some study grew longer than a reader takes in at once, or a study checked itself by no claim.
def test_sentences_of_every_study_are_short(results: Results) -> None:
    for study in STUDIES.values():
        assert study.card.checks
        assert set(study.card.checks) <= {claim.name for claim in study.claims if claim.tested}, study.name
        for verdict in ("shown", "refuted", "undetermined"):
            found = tuple(made(c.name, verdict, -12.3) for c in study.claims if c.tested)
            said = opening(replace(results, study=study, findings=found))
            assert all(len(text.striptags()) < 560 for text in (said.shown, said.others, said.rests)), study.name


# Broken if the counts of a problem were not those of its completions, a kind had no example, or its marks were another's.
def test_traces_are_counted_by_kind(results: Results) -> None:
    found = kept(results)
    assert found.problems == len(found.entries) == 3 * len(results.cells)
    by_place = {(c.labels, c.seed): c for c in results.cells}
    entry = found.entries[0]
    cell = by_place[tuple(entry.labels.items()), entry.seed]
    assert [side.name for side in entry.sides] == ["sampled_before", "sampled_after"]
    for side in entry.sides:
        stage = cell.stage(side.name, Sample)
        samples, problems = read_samples(stage, results.store), stage.met(results.store)
        place = int(entry.at.rpartition("-")[2])
        mine = [words for at, words in zip(samples.problem, samples.words, strict=True) if at == place]
        kinds = Counter(kind_of(problems[place], Compact().read(tuple(words.split()))) for words in mine)
        assert side.kinds == kinds
        assert {example.kind for example in side.examples} == set(kinds)
        right = sum(bool(samples.process[i]) for i in range(len(samples.words)) if samples.problem[i] == place)
        assert side.kinds.get("right", 0) == right
        assert all(all(entry.marks[m][1] for m in e.marks) == (e.kind == "right") for e in side.examples)
    assert list(entry.sides[0].kinds) == [kind for kind in KINDS if kind in entry.sides[0].kinds]


# Broken if a page that is full said that it held all, or held other problems the next time.
def test_a_full_page_says_what_it_leaves_out(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    few = kept(results, 6_000)
    assert 0 < len(few.entries) < few.problems
    assert sum(map(len, few.lines)) <= 6_000
    assert len({entry.cell for entry in few.entries}) == len(few.entries)  # one of each cell, before a second of any
    assert kept(results, 6_000).lines == few.lines
    monkeypatch.setattr("analysis.report.explore.browse.kept", lambda _: few)
    assert f"Here are {len(few.entries)} of {few.problems} problems of " in "".join(map(str, browse(results)))


EVIL = """</script><i>'&lt;"->"""


# Broken if what somebody wrote into a label became markup or script, anywhere on the page or in what it holds.
def test_hostile_labels_stay_words(results: Results, registration: Registration) -> None:
    def evil(cell: Cell) -> Cell:
        return replace(cell, labels=tuple((axis, EVIL if value == "process" else value) for axis, value in cell.labels))

    cells = tuple(map(evil, results.cells))
    axes = {**STUDY.axes, "reward": ("outcome", EVIL)}
    told = collect(replace(STUDY, axes=axes), results.setting, cells, results.store)
    page = str(report(told, registration))
    assert "<i>" not in unscripted(page)
    assert page.count("<script") == page.count("</script>") == str(report(results, registration)).count("<script")
    (data,) = re.findall(r'id="traces-data">(.*?)</script>', page, re.DOTALL)
    assert any(entry["labels"]["reward"] == EVIL for entry in json.loads(data)["entries"])
    read = Reader(page)
    assert len(read.identifiers) == len(set(read.identifiers))
    assert EVIL in read.text


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    whole = digits if len(digits) == 6 else "".join(2 * d for d in digits)
    parts = [int(whole[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


# Broken if some text stood out too little from what lies behind it, in light or dark.
def test_contrast_is_enough() -> None:
    schemes = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)]
    assert [len(scheme) for scheme in schemes] == [9, 9]
    for scheme in schemes:
        for ink in ("ink", "soft", "good", "bad", "open"):
            for paper in ("paper", "tint", "mark"):
                bright, dark = sorted((luminance(scheme[ink]), luminance(scheme[paper])), reverse=True)
                assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, paper, scheme[ink], scheme[paper])


# Broken if a reader who goes from heading to heading, or from cell to cell of a table, missed a level or a name.
def test_headings_and_tables_are_in_order(page: str) -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])", unscripted(page))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert not re.findall(r"<th(?![^>]*scope=)(?!ead)[^>]*>", unscripted(page))
