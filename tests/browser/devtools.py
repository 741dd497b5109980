"""A page in headless Chromium, driven by the DevTools protocol over a pair of pipes: no driver program, and no package, is needed."""

import base64
import fcntl
import json
import os
import select
import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

END = b"\0"  # of a message
PATIENCE = 60.0  # seconds for an answer of the browser


@dataclass
class Browser:
    """A running browser, as a context: it ends with its block, and so does its profile."""

    path: str
    arguments: Sequence[str] = ()
    complaints: list[str] = field(default_factory=list)  # errors and warnings of the page's console, and exceptions

    def __enter__(self) -> "Browser":
        self.profile = TemporaryDirectory(ignore_cleanup_errors=True)
        self.number, self.rest = 0, b""
        self.events: deque[Mapping[str, object]] = deque()
        theirs, self.to = os.pipe()
        self.back, answers = os.pipe()
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()  # which refuses to be root otherwise
        always = ("--headless", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={self.profile.name}")
        always += ("--remote-debugging-pipe", "--disable-ipc-flooding-protection")  # which would keep us from following many links at once
        high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs, answers)]  # out of the way of 3 and 4
        actions = [(os.POSIX_SPAWN_DUP2, end, place) for end, place in zip(high, (3, 4), strict=True)]
        silent = [(os.POSIX_SPAWN_OPEN, place, os.devnull, os.O_WRONLY, 0) for place in (1, 2)]
        command = [self.path, *always, *root, *self.arguments, "about:blank"]
        self.process = os.posix_spawnp(self.path, command, os.environ, file_actions=[*actions, *silent])
        for end in (theirs, answers, *high):
            os.close(end)
        self.session = ""
        targets = self.ask("Target.getTargets")["targetInfos"]
        assert isinstance(targets, list)
        target = next(t["targetId"] for t in targets if t["type"] == "page")
        self.session = str(self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.kill(self.process, signal.SIGTERM)
        os.waitpid(self.process, 0)
        os.close(self.to)
        os.close(self.back)
        self.profile.cleanup()

    def ask(self, method: str, **parameters: object) -> Mapping[str, object]:
        """The answer to a command.

        Raises:
            RuntimeError: if the browser refuses it.
            TimeoutError: if it does not answer.
        """
        self.number += 1
        message: dict[str, object] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + END)
        until = time.monotonic() + PATIENCE
        while True:
            found = self._next(until)
            if found.get("id") == self.number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                result = found["result"]
                assert isinstance(result, dict)
                return result

    def _next(self, until: float) -> Mapping[str, object]:
        """The next message; complaints of the page are kept."""
        while END not in self.rest:
            if not select.select([self.back], [], [], max(0.0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            if not (read := os.read(self.back, 1 << 20)):
                raise RuntimeError("the browser has ended")
            self.rest += read
        whole, _, self.rest = self.rest.partition(END)
        found: dict[str, object] = json.loads(whole)
        self._note(found)
        return found

    def _note(self, event: Mapping[str, object]) -> None:
        about = event.get("params")
        if not isinstance(about, dict):
            return
        if event["method"] == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(about["exceptionDetails"])[:500])
        elif event["method"] == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(about["args"])[:500])
        elif event["method"] == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{about['entry']['text']} {about['entry'].get('url', '')}"[:500])
        self.events.append(event)

    def go(self, address: str, ready: str = "document.readyState === 'complete'") -> None:
        """Open a page, and wait until it is ready."""
        self.ask("Page.navigate", url=address)
        self.wait(f"location.href.startsWith({json.dumps(address.partition('#')[0])}) && {ready}")

    def run(self, script: str) -> object:
        """The value of an expression in the page; a promise is awaited.

        Raises:
            AssertionError: if it throws.
        """
        found = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in found, f"{script}: {found['exceptionDetails']}"
        result = found["result"]
        assert isinstance(result, dict)
        return result.get("value")

    def wait(self, script: str, seconds: float = PATIENCE) -> None:
        """Wait until an expression is true.

        Raises:
            TimeoutError: if it does not become so.
        """
        until = time.monotonic() + seconds
        while not self.run(f"Boolean({script})"):
            if time.monotonic() > until:
                raise TimeoutError(f"this did not become true: {script}")
            time.sleep(0.05)

    def media(self, scheme: str = "light", medium: str = "") -> None:
        """Show the page in a colour scheme, and as on `screen` or in `print`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.ask("Emulation.setEmulatedMedia", media=medium, features=features)

    def size(self, width: int, height: int) -> None:
        """Set the size of the window, in pixels."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def picture(self, file: Path) -> None:
        """Write a picture of what is in the window."""
        file.write_bytes(base64.b64decode(str(self.ask("Page.captureScreenshot", format="png")["data"])))

    def printed(self, file: Path) -> None:
        """Write the page as a PDF of A4."""
        paper = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True, "preferCSSPageSize": False}
        file.write_bytes(base64.b64decode(str(self.ask("Page.printToPDF", **paper)["data"])))

    def download(self, click: str, folder: Path, name: str) -> bytes:
        """The content of a file that the page offers when the expression `click` is run."""
        self.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        self.run(click)
        until = time.monotonic() + PATIENCE
        while not (folder / name).exists():
            self.run("0")
            if time.monotonic() > until:
                raise TimeoutError(f"{name} was not saved; there are {[f.name for f in folder.iterdir()]}")
            time.sleep(0.05)
        return (folder / name).read_bytes()
