"""Report, overview and dashboard in a real browser: every control is worked, what must change changes, and nothing complains.

    python -m tests.browser.browser [folder for pictures]

Runs chromium headless (`CHROME`, or the first of its usual names on PATH); where there is none it says so, and exits with 77.
"""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from markupsafe import Markup

from analysis.cli.request import Request
from analysis.design.recipes import Tasks
from analysis.design.registration import register
from analysis.design.results import collect, write_results
from analysis.design.study import Setting
from analysis.live.serve import Server
from analysis.live.watch import page_of
from analysis.report.overview import write_overview
from analysis.report.page import write_report
from tests.browser.charts import charts
from tests.browser.devtools import Browser
from tests.browser.report import check_report, pictures
from tests.test_report import STUDY
from tests.tiny import TINY
from train.stages.stage import closure

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SKIPPED = 77


def chrome() -> str | None:
    """The browser, if there is one."""
    given = os.environ.get("CHROME")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Filling:
    """Sections that are asked for; after a few times the rest of the stages appears, as if they had just ended."""

    sections: Callable[[], tuple[Mapping[str, Markup], bool]]
    fill: Callable[[], None]
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> tuple[Mapping[str, Markup], bool]:
        with self.lock:
            self.asked += 1
            if self.asked == 3:
                self.fill()
        return self.sections()


def check_live(browser: Browser, made: Request, out: Path, folder: Path | None) -> None:
    """Look at a folder that fills while it is looked at; then take its picture."""
    asked = replace(made, out=out)
    stages = closure([s for c in asked.cells() for s in c.stages])

    def show(chosen: int) -> None:
        for stage in stages[:chosen]:
            shutil.copytree(made.store.path(stage), asked.store.path(stage), dirs_exist_ok=True)

    show(len(stages) // 2)
    page = page_of(asked)
    filling = Filling(page.sections, lambda: show(len(stages)))
    with Server(replace(page, sections=filling)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.go(server.link, "Number(document.documentElement?.dataset.refreshes) >= 3")
        browser.wait(f"document.body.textContent.includes('{len(stages)} of {len(stages)} stages done')")
        sections = ("verdicts", *(f"figure-{i}" for i in range(len(STUDY.figures))), "stages")
        for name in ("progress", "failed", *sections):
            assert browser.run(f"Boolean(document.getElementById('{name}'))"), f"there is no section {name}"
        browser.wait(f"{list(sections)}.every((name) => document.getElementById(name).textContent.length > 20)")
        browser.run("document.querySelectorAll('summary, [data-control]').forEach((one) => one.click())")
        charts(browser)
        assert not browser.complaints, "\n".join(browser.complaints)
        print("the dashboard fills by itself; every section is there; the browser has no complaint")
        if folder:
            pictures(browser, server.link, "live", folder, "Number(document.documentElement?.dataset.refreshes) >= 2")
        server.shutdown()


def reported(made: Request) -> Path:
    """The report of a request, whose stages are run; with the files beside it, and the overview of its folder."""
    results = collect(made.study, made.setting, made.cells(), made.store)
    folder = made.out / made.study.name
    registration = register(folder, made.study, results.cells, 0)
    write_results(results, folder)
    report = write_report(results, registration, folder)
    write_overview(made.out)
    return report


def check(path: str, out: Path, folder: Path | None) -> None:
    """Work every control of the report, the overview and the dashboard of a small study."""
    made = Request(STUDY, Setting(replace(TINY, group=8), (0, 1), Tasks()), {}, out / "made", 2)
    for stage in closure([s for c in made.cells() for s in c.stages]):
        made.store.get(stage)
    report = reported(made)
    with Browser(path) as browser:
        check_report(browser, report)
        overview = f"file://{made.out.resolve()}/index.html"
        browser.go(overview, "document.readyState === 'complete'")
        browser.run("document.querySelector('h2 a').click()")
        browser.wait("document.documentElement?.dataset.ready === 'yes'")
        assert not browser.complaints, "\n".join(browser.complaints)
        print("the overview leads to the report")
        if folder:
            pictures(browser, f"file://{report.resolve()}", "report", folder)
            pictures(browser, overview, "overview", folder, "document.readyState === 'complete'")
    with Browser(path) as browser:
        check_live(browser, made, out / "shown", folder)


def main() -> int:
    """Check, where there is a browser."""
    path = chrome()
    if path is None:
        print(f"SKIPPED: no browser; install chromium, or name one: CHROME=/path/to/it (looked for {', '.join(NAMES)})")
        return SKIPPED
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as out:
        check(path, Path(out), folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
