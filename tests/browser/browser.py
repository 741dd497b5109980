"""The dashboard in a real browser: what is shown is what was drawn, it fills as stages end, and it breaks none of its own rules.

    python -m tests.browser.browser [folder for screenshots]

Runs chromium headless (`CHROME`, or the first of its usual names on PATH); where there is none it says so, and exits with 77.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from markupsafe import Markup

from analysis.cli.request import Request
from analysis.design.recipes import Tasks
from analysis.design.study import Setting
from analysis.live.serve import Server
from analysis.live.watch import page_of
from tests.test_report import STUDY
from tests.tiny import TINY
from train.stages.stage import closure
from train.stages.store import Store

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SKIPPED = 77
SIZES = {"wide": "1200,3600", "narrow": "420,5200"}
SCHEMES = {"light": "1", "dark": "0"}
SECONDS = 20  # of the browser's clock


def chrome() -> str | None:
    """The browser, if there is one."""
    given = os.environ.get("CHROME")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


def browse(browser: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the browser without a window, for some seconds of its own clock."""
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # which refuses to be root otherwise
    with TemporaryDirectory() as profile:
        always = ("--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}", *root)
        patience = f"--virtual-time-budget={1_000 * SECONDS}"
        return subprocess.run([browser, *always, patience, *arguments], capture_output=True, text=True, timeout=180)


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


def check(browser: str, out: Path, pictures: Path | None) -> None:
    """Look at a folder that fills while it is looked at; then take its picture."""
    asked = Request(STUDY, Setting(replace(TINY, group=8), (0, 1), Tasks()), {}, out / "shown", 2)
    source = Store(out / "made")
    stages = closure([s for c in asked.cells() for s in c.stages])
    for stage in stages:
        source.get(stage)

    def show(chosen: int) -> None:
        for stage in stages[:chosen]:
            shutil.copytree(source.path(stage), asked.store.path(stage), dirs_exist_ok=True)

    show(len(stages) // 2)
    page = page_of(asked)
    filling = Filling(page.sections, lambda: show(len(stages)))
    with Server(replace(page, sections=filling)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        seen = browse(browser, "--enable-logging=stderr", "--dump-dom", server.link)
        refreshes = re.search(r'data-refreshes="(\d+)"', seen.stdout)
        assert refreshes, f"the page never refreshed itself:\n{seen.stderr[-2_000:]}"
        assert int(refreshes[1]) >= 3, seen.stdout[:200]
        assert f"{len(stages)} of {len(stages)} stages done" in seen.stdout, "stages that ended meanwhile are not shown"
        for name in ("progress", "failed", "verdicts", *(f"figure-{i}" for i in range(len(STUDY.figures))), "stages"):
            assert f'id="{name}"' in seen.stdout, f"there is no section {name}"
        assert seen.stdout.count("<svg") >= len(STUDY.figures) + 1, "a figure is missing"  # but for origins, where nothing was newly solved
        complaints = [line for line in seen.stderr.splitlines() if "CONSOLE" in line]
        assert not complaints, "\n".join(complaints)
        print(f"refreshed {refreshes[1]} times; every section and figure is there; the browser has no complaint")
        for scheme, number in SCHEMES.items() if pictures else ():
            for size, window in SIZES.items():
                file = pictures / f"{size}-{scheme}.png"
                look = (f"--window-size={window}", f"--blink-settings=preferredColorScheme={number}", f"--screenshot={file}")
                browse(browser, *look, server.link)
                assert file.stat().st_size > 20_000, f"{file} is empty"
                print(file)
        server.shutdown()


def main() -> int:
    """Check, where there is a browser."""
    browser = chrome()
    if browser is None:
        print(f"SKIPPED: no browser; install chromium, or name one: CHROME=/path/to/it (looked for {', '.join(NAMES)})")
        return SKIPPED
    pictures = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    if pictures:
        pictures.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        check(browser, Path(folder), pictures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
