"""Charts of a page in a real browser: each comes to life, and each of its controls changes what is seen, and back."""

import json

from tests.browser.devtools import Browser

SEEN = r"""(() => {
  const whole = PLOT.querySelector(".picture svg")?.outerHTML ?? "";
  return whole.replace(/\b(id="|url\(#|href="#)[\w-]+/g, "").replace(/ (stroke|fill)-opacity="0"/g, "");
})()"""  # the picture, without names that are counted
POINTS = """(() => {
  const inside = (box) => box.width && box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight;
  return [...PLOT.querySelectorAll("WHICH")].map((one) => one.getBoundingClientRect()).filter(inside)
    .slice(0, 40).map((box) => [box.left + box.width / 2, box.top + box.height / 2]);
})()"""  # the middles of some parts
MARKS = ".picture .mark-symbol.role-mark path, .picture .mark-rect.role-mark path"
LEGEND = ".picture .role-legend-symbol path"
TOLD = "document.querySelector('#vg-tooltip-element')?.classList.contains('visible') ?? false"


def charts(browser: Browser) -> None:
    """Work every chart: seeds, legend, hover, zoom and reset."""
    count = int(str(browser.run("document.querySelectorAll('.plot').length")))
    done = dict.fromkeys(("select boxes", "legends", "values under the pointer", "zooms", "resets"), 0)
    for i in range(count):
        plot = f"document.querySelectorAll('.plot')[{i}]"
        browser.run(f"{plot}.scrollIntoView({{ block: 'center' }})")
        browser.wait(f"'live' in {plot}.dataset || 'failed' in {plot}.dataset")
        assert browser.run(f"{plot}.dataset.failed ?? ''") == "", f"figure {i} failed"
        for what, worked in (("select boxes", seeds), ("legends", legend), ("zooms", zoom)):
            before = seen(browser, plot)
            if worked(browser, plot, before):
                done[what] += 1
                reset(browser, plot, before)
                done["resets"] += 1
        done["values under the pointer"] += hover(browser, plot)
    assert count
    assert all(done.values()), done
    print(f"{count} figures are live: " + ", ".join(f"{n} {what}" for what, n in done.items()) + " work")


def seen(browser: Browser, plot: str) -> str:
    """The picture of a chart, as far as it is to be seen."""
    return str(browser.run(SEEN.replace("PLOT", plot)))


def points(browser: Browser, plot: str, which: str) -> list[tuple[float, float]]:
    """The middles of parts of a chart that are in the window."""
    found = browser.run(POINTS.replace("PLOT", plot).replace("WHICH", which))
    assert isinstance(found, list)
    return [(float(x), float(y)) for x, y in found]


def mouse(browser: Browser, kind: str, x: float, y: float, **more: object) -> None:
    """Move the pointer, press or release it, or turn its wheel, at a point of the window."""
    browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)


def seeds(browser: Browser, plot: str, before: str) -> bool:
    """True if the chart has a select box. Each of them must change what is seen, by one of its choices."""
    boxes = int(str(browser.run(f"{plot}.querySelectorAll('.knobs select').length")))
    for box in range(boxes):
        one = f"{plot}.querySelectorAll('.knobs select')[{box}]"
        pictures = set()
        for option in range(int(str(browser.run(f"{one}.options.length")))):
            events = "['input', 'change'].forEach((kind) => box.dispatchEvent(new Event(kind, { bubbles: true })))"
            browser.run(f"(() => {{ const box = {one}; box.selectedIndex = {option}; {events} }})()")
            browser.run("new Promise((done) => setTimeout(done, 100))")
            pictures.add(seen(browser, plot))
        assert len(pictures) > 1, f"a select box of {plot} changes nothing"
    return boxes > 0


def legend(browser: Browser, plot: str, before: str) -> bool:
    """True if a click in the legend changes what is seen."""
    for x, y in points(browser, plot, LEGEND)[:1]:
        for kind in ("mousePressed", "mouseReleased"):
            mouse(browser, kind, x, y, button="left", clickCount=1)
        browser.run("new Promise((done) => setTimeout(done, 150))")
    return seen(browser, plot) != before


def zoom(browser: Browser, plot: str, before: str) -> bool:
    """True if the wheel, with shift, changes what is seen."""
    for x, y in points(browser, plot, MARKS)[:1]:
        mouse(browser, "mouseMoved", x, y)
        mouse(browser, "mouseWheel", x, y, deltaX=0, deltaY=-240, modifiers=8)
        browser.run("new Promise((done) => setTimeout(done, 250))")
    return seen(browser, plot) != before


def reset(browser: Browser, plot: str, before: str) -> None:
    """The button brings the picture back."""
    browser.run(f"{plot}.querySelector('.knobs button').click()")
    same = f"{SEEN.replace('PLOT', plot)} === {json.dumps(before)}"
    browser.wait(same)


def hover(browser: Browser, plot: str) -> bool:
    """True if the pointer on a mark is told a value."""
    for x, y in points(browser, plot, MARKS):
        mouse(browser, "mouseMoved", x + 30, y + 30)
        mouse(browser, "mouseMoved", x, y)
        browser.run("new Promise((done) => setTimeout(done, 60))")
        if browser.run(TOLD):
            return True
    return False
