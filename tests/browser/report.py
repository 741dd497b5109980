"""The report in a real browser: every control is worked, and what must change changes. Pictures in four forms, where a folder is given."""

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from tests.browser.charts import charts
from tests.browser.devtools import Browser

READY = "document.documentElement?.dataset.ready === 'yes'"
WIDE, PHONE, SCREENFUL = (1200, 900), (420, 900), 900
TALLEST = 8_000  # pixels of a picture of the whole page
A4 = (794, 1123)  # pixels, at 96 to the inch


def check_report(browser: Browser, file: Path) -> None:
    """Work every control of a report."""
    address = f"file://{quote(str(file.resolve()))}"
    browser.size(*WIDE)
    browser.media()
    browser.go(address, READY)
    answers_first(browser)
    links(browser)
    folds(browser)
    cells(browser)
    facts(browser, file.with_name("facts.jsonl"))
    downloads(browser, file)
    traces(browser, address)
    charts(browser)
    narrow(browser)
    prints(browser)
    assert not browser.complaints, "\n".join(browser.complaints)


def answers_first(browser: Browser) -> None:
    """The question, the three sentences and the top of the picture are seen without scrolling."""
    bottoms = browser.run("[...document.querySelectorAll('h1, .lead')].map((e) => e.getBoundingClientRect().bottom)")
    assert isinstance(bottoms, list)
    assert len(bottoms) == 4
    assert max(bottoms) < SCREENFUL * 0.6, bottoms
    assert browser.run("document.querySelector('#answer figure')?.getBoundingClientRect().top ?? 0") < SCREENFUL * 0.7  # type: ignore[operator]


FOLLOW = """(async () => {
  location.hash = NAME;
  await new Promise((done) => setTimeout(done));
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const box = place?.getBoundingClientRect(), shut = place?.closest("details:not([open])");
  return Boolean(place) && !place.hidden && (!shut || shut === place) && box.height > 0 && box.bottom >= 0 && box.top <= innerHeight;
})()"""  # true if the place is seen


def links(browser: Browser) -> None:
    """Every link of the contents, and to a place, leads there, and shows it."""
    names = browser.run("[...new Set([...document.querySelectorAll('a[href^=\"#\"]')].map((link) => link.hash))]")
    assert isinstance(names, list)
    assert len(names) > 30
    browser.run("document.documentElement.style.scrollBehavior = 'auto'")
    for name in names:
        assert browser.run(FOLLOW.replace("NAME", json.dumps(name))), f"the link to {name} leads nowhere that is seen"
    print(f"{len(names)} links lead to their places")


def folds(browser: Browser) -> None:
    """A folded part opens by its title and shuts again; one button opens all."""
    count = browser.run("document.querySelectorAll('details').length")
    for now, expected in (("open", count), ("shut", 0)):
        titles = f"[...document.querySelectorAll('details')].filter((part) => part.open !== {json.dumps(now == 'open')})"
        browser.run(f"{titles}.forEach((part) => part.querySelector('summary').click())")
        assert browser.run("document.querySelectorAll('details[open]').length") == expected
    for button in range(int(str(browser.run("document.querySelectorAll('[data-control=unfold]').length")))):
        of = f"document.querySelectorAll('[data-control=unfold]')[{button}]"
        browser.run(f"{of}.click()")
        assert browser.run(f"[...{of}.parentElement.querySelectorAll(':scope > details')].every((part) => part.open)")
        browser.run(f"{of}.click()")
        assert browser.run(f"[...{of}.parentElement.querySelectorAll(':scope > details')].every((part) => !part.open)")


ROWS = "[...document.querySelectorAll('#all-cells tbody > tr')]"
CELLS = "document.querySelector('form[data-for=all-cells]')"


def cells(browser: Browser) -> None:
    """Each select box leaves the rows with its value, words those that hold them; each heading sorts both ways; a button resets."""
    whole = browser.run(f"{ROWS}.length")
    axes = browser.run(
        f"[...{CELLS}.querySelectorAll('select')].map((box) => [box.dataset.axis, [...box.options].map((o) => o.value).filter(Boolean)])"
    )
    assert isinstance(axes, list)
    for axis, values in axes:
        left = 0
        for value in values:
            choose(browser, f"{CELLS}.querySelector('[data-axis=\"{axis}\"]')", value)
            found = browser.run(
                f"{ROWS}.filter((row) => !row.hidden).map((row) => row.querySelector('[data-head={json.dumps(axis)}]').textContent)"
            )
            assert isinstance(found, list)
            assert set(found) == {value}, (axis, value, found)
            left += len(found)
            assert str(browser.run(f"{CELLS}.querySelector('output').value")).startswith(f"{len(found):,} of ")
        assert left == whole, axis
        browser.run(f"{CELLS}.querySelector('[data-reset]').click()")
        assert browser.run(f"{ROWS}.filter((row) => !row.hidden).length") == whole
    write(browser, f"{CELLS}.querySelector('[data-words]')", "no such word")
    assert browser.run(f"{ROWS}.filter((row) => !row.hidden).length") == 0
    browser.run(f"{CELLS}.querySelector('[data-reset]').click()")
    heads = int(str(browser.run("document.querySelectorAll('#all-cells th button').length")))
    for column in range(heads):
        for way in (1, -1):
            browser.run(f"document.querySelectorAll('#all-cells th button')[{column}].click()")
            sorted_ = browser.run(
                f"{ROWS}.map((row) => row.cells[{column}].textContent.replaceAll(',', '')).every((text, i, all) => i === 0 || "
                f"{way} * new Intl.Collator('en', {{numeric: true}}).compare(all[i - 1], text) <= 0)"
            )
            assert sorted_, f"column {column} is not sorted"
    print(f"{len(axes)} select boxes and {heads} headings choose and sort {whole} cells")


def facts(browser: Browser, file: Path) -> None:
    """The button of a cell shows its facts, and no other's; words choose among them; the command to ask it follows."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    last = "document.querySelector('#all-cells tbody > tr:last-child')"
    browser.run(f"{last}.querySelector('[data-control=facts]').click()")
    browser.wait("document.querySelector('#facts-of-a-cell tbody')")
    heads, row = (
        browser.run("[...document.querySelectorAll('#all-cells thead th')].map((h) => h.textContent)"),
        browser.run(f"[...{last}.cells].map((cell) => cell.textContent)"),
    )
    assert isinstance(heads, list)
    assert isinstance(row, list)
    named = dict(zip(heads, row, strict=True))
    mine = [f for f in lines if str(f["seed"]) == named["seed"] and all(named[axis] == value for axis, value in f["labels"].items())]
    shown = browser.run(
        "[...document.querySelectorAll('#facts-of-a-cell tbody tr')].map((row) => [...row.cells].map((c) => c.textContent))"
    )
    assert isinstance(shown, list)
    assert len(shown) == min(len(mine), 400)
    for found, fact in zip(shown, mine, strict=False):
        assert [found[0], found[1]] == [fact["phase"], fact["metric"]]
        assert (float(found[3]) if found[3] else None) == fact["value"]
    write(browser, "document.querySelector('#facts-of-a-cell input')", "no such metric")
    assert browser.run("document.querySelectorAll('#facts-of-a-cell tbody tr').length") == 0
    asked = str(browser.run("document.querySelector('[data-ask]')?.textContent ?? ''"))
    if not asked:
        return
    assert f"--seed {named['seed']} " in asked
    assert all(f"{axis}={value}" in asked for axis, value in mine[0]["labels"].items()), asked


def downloads(browser: Browser, file: Path) -> None:
    """Each file that is offered is saved, and holds what the one beside the page holds."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        study = file.parent.name
        saved = browser.download("document.querySelector('[data-control=download]').click()", folder, f"{study}-facts.csv")
        rows = list(csv.DictReader(io.StringIO(saved.decode())))
        lines = [json.loads(line) for line in file.with_name("facts.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [row["metric"] for row in rows] == [fact["metric"] for fact in lines]
        assert [float(row["value"]) if row["value"] else None for row in rows] == [fact["value"] for fact in lines]
        links = browser.run("[...document.querySelectorAll('a[download]')].map((link) => link.download)")
        assert isinstance(links, list)
        for link in links:
            content = browser.download(f"document.querySelector('a[download=\"{link}\"]').click()", folder, link)
            beside = file.with_name(link.removeprefix(f"{study}-"))
            assert content
            assert not beside.exists() or beside.suffix == ".json" or content == beside.read_bytes()
        print(f"saved {', '.join(sorted(f.name for f in folder.iterdir()))}")


FORM = "document.querySelector('form[data-for=traces-shown]')"
LEFT = f"{FORM}.querySelector('output').value"


def traces(browser: Browser, address: str) -> None:
    """Each select box leaves problems of its value; buttons go on and back, and show another kind; a link shows its problem again."""
    if not browser.run(f"Boolean({FORM})"):
        return
    data = browser.run("JSON.parse(document.getElementById('traces-data').textContent)")
    assert isinstance(data, dict)
    entries = data["entries"]
    whole = str(browser.run(LEFT))
    assert whole == f"{len(entries):,} of {len(entries):,} problems", whole
    boxes = browser.run(
        f"[...{FORM}.querySelectorAll('select')].map((box) => [box.dataset.axis ?? '', [...box.options].map((o) => o.value)])"
    )
    assert isinstance(boxes, list)
    for number, (axis, values) in enumerate(boxes):
        for value in values:
            choose(browser, f"{FORM}.querySelectorAll('select')[{number}]", value)
            if axis and value:
                mine = [e for e in entries if {**e["labels"], "seed": str(e["seed"]), "steps": str(e["steps"])}[axis] == value]
                assert str(browser.run(LEFT)).startswith(f"{len(mine):,} of "), (axis, value)
            assert browser.run("document.getElementById('traces-shown').textContent.length") > 20  # type: ignore[operator]
        browser.run(f"{FORM}.querySelector('[data-reset]').click()")
        browser.wait(f"{LEFT} === {json.dumps(whole)}")
    at = "document.querySelector('#traces-shown > div').id"
    first = browser.run(at)
    for step, expected in ((1, entries[1]["at"]), (0, first)) if len(entries) > 1 else ():
        browser.run(f"document.querySelectorAll('[data-control=step]')[{step}].click()")
        assert browser.run(at) == expected
    kinds = int(str(browser.run("document.querySelectorAll('[data-control=kind]').length")))
    for kind in range(kinds):
        browser.run(f"document.querySelectorAll('[data-control=kind]')[{kind}].click()")
        assert browser.run(f"document.querySelectorAll('[data-control=kind]')[{kind}].getAttribute('aria-pressed')") == "true"
    browser.go(f"{address}#{entries[-1]['at']}", READY)
    assert browser.run(at) == entries[-1]["at"], "a link to a problem shows another"
    print(f"{len(boxes)} select boxes choose among {len(entries)} problems; {kinds} kinds of the first are shown")


def narrow(browser: Browser) -> None:
    """On a phone the page does not scroll sideways."""
    browser.size(*PHONE)
    wide = browser.run("[document.documentElement.scrollWidth, document.body.scrollWidth]")
    assert wide == [PHONE[0]] * 2, f"the page is {wide} pixels wide on a phone of {PHONE[0]}"
    browser.size(*WIDE)


def prints(browser: Browser) -> None:
    """In print what is folded is open, and folded again afterwards; nothing is wider than the paper."""
    browser.run("document.querySelectorAll('details').forEach((part) => { part.open = false })")
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("document.querySelectorAll('details:not([open])').length") == 0
    browser.media(medium="print")
    browser.size(*A4)
    assert browser.run("document.documentElement.scrollWidth") <= A4[0], "something is wider than a page of paper"  # type: ignore[operator]
    browser.media()
    browser.size(*WIDE)
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("document.querySelectorAll('details[open]').length") == 0


def pictures(browser: Browser, address: str, name: str, folder: Path, ready: str = READY) -> None:
    """Pictures of a page in light, dark, on a phone and in print."""
    for form, scheme, medium, (width, height) in (
        ("light", "light", "", WIDE),
        ("dark", "dark", "", WIDE),
        ("phone", "light", "", PHONE),
        ("print", "light", "print", A4),
    ):
        browser.media(scheme, medium)
        browser.size(width, height)
        browser.go("about:blank")
        browser.go(address, ready)
        if medium:
            browser.run("document.querySelectorAll('details').forEach((part) => { part.open = true })")
        browser.size(width, min(TALLEST, int(str(browser.run("document.documentElement.scrollHeight")))))
        browser.picture(file := folder / f"{name}-{form}.png")
        assert file.stat().st_size > 20_000, f"{file} is empty"
        print(file)
    browser.printed(folder / f"{name}.pdf")
    browser.media()


def choose(browser: Browser, box: str, value: str) -> None:
    """Choose a value of a select box, as a reader does."""
    browser.run(
        f"(() => {{ const box = {box}; box.value = {json.dumps(value)}; box.dispatchEvent(new Event('input', {{ bubbles: true }})) }})()"
    )


def write(browser: Browser, field: str, words: str) -> None:
    """Write words into a field."""
    choose(browser, field, words)
