"""What is seen in a browser while a study runs: only by who has the link, only what is there, and nothing is touched."""

import hashlib
import io
import json
import os
import re
import shutil
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from markupsafe import Markup
from rich.console import Console

from analysis.claims.judge import judge
from analysis.cli.request import Request
from analysis.design.recipes import Tasks
from analysis.design.study import Setting
from analysis.live import watch
from analysis.live.dashboard import Dashboard, Drawn
from analysis.live.growing import Growing
from analysis.live.serve import FIXED, Page, Server
from analysis.live.snapshot import Shelf, look
from analysis.live.sofar import judge_so_far
from analysis.live.watch import page_of
from analysis.measures.facts import measured, outcomes
from analysis.report.html import tag
from tests.test_report import FIGURES, STUDY, Reader
from tests.tiny import TINY
from train.stages.disk import write_json
from train.stages.seal import SEAL, sealed
from train.stages.stage import closure
from train.stages.store import Store

SETTING = Setting(replace(TINY, group=8), (0, 1), Tasks())
ANYTHING = Page("Title", tag("h1", "Heading"), lambda: ({"one": Markup("<p>first</p>"), "two": Markup()}, False))


@contextmanager
def serving(page: Page) -> Iterator[Server]:
    with Server(page) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(ANYTHING) as running:
        yield running


def ask(server: Server, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request(method, path, headers=headers)
    reply = connection.getresponse()
    return reply, reply.read()


def raw(server: Server, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        reply = b""
        while part := connection.recv(65_536):
            reply += part
        return reply


# Broken if the link did not lead to the page, or the page could load, run or send anything that is not in it.
def test_the_link_leads_to_the_page(server: Server) -> None:
    reply, page = ask(server, f"/{server.token}/")
    assert reply.status == 200
    assert b"<h1>Heading</h1>" in page
    assert b'<div id="one"><p>first</p></div>' in page
    policy = str(reply.getheader("Content-Security-Policy"))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    named = {element: re.search(f"{element}-src ([^;]*);", policy)[1].split() for element in ("script", "style")}  # type: ignore[index]
    for element, hashes in named.items():  # a browser runs only what has a hash that the policy names
        inside = re.findall(b"<%b>(.*?)</%b>" % (element.encode(), element.encode()), page, re.DOTALL)
        assert [f"'sha256-{b64encode(hashlib.sha256(each).digest()).decode()}'" for each in inside] == hashes
    assert "'unsafe-eval'" not in policy
    assert "script-src 'unsafe" not in policy
    assert "http" not in policy
    assert reply.getheader("Referrer-Policy") == "no-referrer"
    assert reply.getheader("Access-Control-Allow-Origin") is None
    head, nothing = ask(server, f"/{server.token}/", "HEAD")
    assert (head.status, nothing, head.getheader("Content-Length")) == (200, b"", str(len(page)))


# Broken if a page that has not changed were sent again every few seconds.
def test_what_has_not_changed_is_not_sent_again(server: Server) -> None:
    reply, content = ask(server, f"/{server.token}/sections")
    assert json.loads(content) == {"sections": {"one": "<p>first</p>", "two": ""}, "more": False}
    again, nothing = ask(server, f"/{server.token}/sections", **{"If-None-Match": str(reply.getheader("ETag"))})
    assert (again.status, nothing) == (304, b"")


# Broken if anything were said to who lacks the token, or a path led to a file. `TOKEN` is put in where it helps the attacker.
@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/sections",
        b"//",
        b"/TOKE",
        b"/TOKEN",
        b"/TOKEN/../../etc/passwd",
        b"/TOKEN/%2e%2e/%2e%2e/etc/passwd",
        b"/TOKEN/..%5c..%5cetc",
        b"/TOKEN//etc/passwd",
        b"/TOKEN/report.html",
        b"/TOKEN/sections/../sections",
        b"/TOKEN/sections?x=1",
        b"/../../../../etc/passwd",
        b"http://127.0.0.1/TOKEN/",
        b"/\xff\xfe/",
        b"/TOKEN/\x00",
    ],
)
def test_there_is_nothing_but_the_two_routes(server: Server, path: bytes) -> None:
    path = path.replace(b"TOKEN", server.token.encode())
    host = f"127.0.0.1:{server.server_port}".encode()
    reply = raw(server, b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
    status, _, body = reply.partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1\.[01] 40[04] ", status), status
    assert body == b""
    assert server.token.encode() not in reply


# Broken if a page of another site could reach us under a name of its own (DNS rebinding), or a request without a name.
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1.evil.example:PORT", "0.0.0.0:PORT", "127.0.0.1:1", None])
def test_a_foreign_host_is_refused(server: Server, host: str | None) -> None:
    line = f"Host: {host.replace('PORT', str(server.server_port))}\r\n" if host else ""
    reply = raw(server, f"GET /{server.token}/ HTTP/1.1\r\n{line}Connection: close\r\n\r\n".encode())
    assert reply.startswith(b"HTTP/1.0 403 ")
    assert reply.endswith(b"\r\n\r\n")


# Broken if anything but reading were answered.
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"])
def test_other_methods_are_refused(server: Server, method: str) -> None:
    reply, body = ask(server, f"/{server.token}/", method)
    assert (reply.status, reply.getheader("Allow"), body) == (405, "GET, HEAD", b"")


# Broken if who says a byte now and then kept a connection, and the thread that listens to it, for ever.
def test_a_request_is_said_in_time_or_not_at_all(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.live.serve.PATIENCE", 0.3)
    began = time.monotonic()
    address = ("127.0.0.1", server.server_port)
    with socket.create_connection(address, timeout=0.05) as connection, suppress(ConnectionError):  # it may be closed while we talk
        while time.monotonic() - began < 5:
            connection.send(b"G")
            try:
                if not connection.recv(1):
                    break
            except TimeoutError:
                continue
    assert 0.25 < time.monotonic() - began < 2


# Broken if other machines could connect, or the token could be guessed or known from another run.
def test_it_listens_on_this_machine_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    with serving(ANYTHING) as other:
        assert other.token != server.token
    assert len(server.token) >= 43  # 256 bits
    assert "Content-Security-Policy" in dict(ask(server, "/")[0].getheaders())
    assert set(FIXED) >= {"X-Frame-Options", "X-Content-Type-Options", "Cache-Control"}


# --- what is on it


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder in which the little study of the report's tests has run."""
    out = tmp_path_factory.mktemp("done")
    store = Store(out / "stages")
    for cell in STUDY.every(SETTING):
        for stage in cell.stages:
            store.get(stage)
    return out


def asked(out: Path) -> Request:
    return Request(STUDY, SETTING, {}, out, 2)


def shown(title: str) -> str:
    """The section of a figure."""
    return f"figure-{[f.title for f in FIGURES].index(title)}"


def partly(done: Path, out: Path) -> Request:
    """Of the first seed all, but for one practice that failed and what stands on it; of the second a base that is being pretrained."""
    request = asked(out)
    first = closure([s for c in request.cells() if c.seed == 0 for s in c.stages])
    broken = next(c["learn"] for c in request.cells() if dict(c.labels)["reward"] == "process")
    source, stages = asked(done).store, out / "stages"
    stages.mkdir(parents=True)
    for stage in [s for s in first if broken not in closure([s])]:
        shutil.copytree(source.path(stage), stages / source.path(stage).name)
    request.store.error(broken).write_text("Traceback\nRuntimeError: out of <memory>")
    running = next(c["base"] for c in request.cells() if c.seed == 1)
    draft = stages / (source.path(running).name + ".draft")
    draft.mkdir()
    shutil.copy(source.path(running) / "stage.json", draft)
    lines = (source.path(running) / "metrics.jsonl").read_text().splitlines(keepends=True)
    (draft / "metrics.jsonl").write_text("".join(lines[:60]) + '{"iteration": 60, "los')
    return request


def settled(dashboard: Dashboard) -> dict[str, Markup]:
    """The sections, when no more can be had."""
    for _ in range(50):
        sections, more = dashboard()
        if not more:
            return dict(sections)
    raise AssertionError("it never ends")


def files(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(f.relative_to(folder)): (f.stat().st_mtime_ns, f.stat().st_size) for f in sorted(folder.rglob("*"))}


# Broken if the page lacked what is there, claimed what is not, or touched the folder that another process fills.
def test_a_partial_folder_is_shown_and_left_alone(done: Path, tmp_path: Path) -> None:
    request = partly(done, tmp_path)
    before = files(tmp_path)
    page = page_of(request)
    assert isinstance(page.sections, Dashboard)
    sections = settled(page.sections)
    read = Reader(page.whole().decode())
    growing = page.sections.growing
    total, there = len(growing.stages), len(growing.now.there)
    assert f"{there} of {total} stages done, 1 running, {total - there - 2} to do, 1 failed" in read.text
    (row,) = (row for row in read.rows if row and row[0].startswith("pretrain seed 1"))
    assert row[1] == "60 of 120"
    assert "RuntimeError: out of <memory>" in read.text
    assert "<memory>" not in sections["failed"]
    assert "1 others stand on it" not in sections["failed"]
    assert "So far: 3 of 8 cells are whole" in sections[shown("Edges")]
    assert all(sections[shown(title)].count("<svg") == 1 for title in ("Edges", "Gains", "Learning curves", "Pretraining"))
    verdicts = {row[0]: row for row in Reader(str(sections["verdicts"])).rows if row}
    assert set(verdicts) == {"3 far away"}  # undefined in this seed, whatever the reward; the others wait for the failed one
    assert verdicts["3 far away"][-1] == "1 of 2, 1 undefined"
    assert "No seed answers yet: 1 a gain; 2 no gain elsewhere." in read.text
    assert len(read.identifiers) == len(set(read.identifiers))
    assert files(tmp_path) == before


# Broken if a measure waited for stages that it does not read, or a run under way were taken for a whole one.
def test_a_measure_is_taken_as_soon_as_it_can_be(done: Path, tmp_path: Path) -> None:
    request = partly(done, tmp_path)
    growing = Growing.of(request)
    assert not growing.read(lambda: False)
    facts = growing.facts()
    failed = [f for f in facts if f.seed == 0 and dict(f.labels) == {"primitive": "present", "region": "at", "reward": "process"}]
    assert {"edge", "before", "pretraining"} <= {f.phase for f in failed}
    assert not {"after", "learning"} & {f.phase for f in failed}
    assert {(f.phase, f.metric) for f in facts if f.seed == 1} == {("pretraining under way", "loss")}
    assert max(f.at or 0 for f in facts if f.seed == 1) == 60  # the line that is being written is left out
    assert len({f.labels for f in facts if f.seed == 1}) == 4  # all cells of the seed stand on it
    assert {c.seed for c in growing.whole()} == {0}


# Broken if a folder that does not exist yet were made, or hid what will run.
def test_before_anything_ran(tmp_path: Path) -> None:
    out = tmp_path / "none"
    sections = settled(Dashboard(Growing.of(asked(out))))
    assert "Nothing has run yet" in sections["progress"]
    assert sections["failed"] == ""
    assert "no cell of 8 is whole" in sections["verdicts"]
    assert not out.exists()


# Broken if a whole folder were judged otherwise than by the report, or a page that shows the old state stayed.
def test_it_grows_to_what_the_report_says(done: Path, tmp_path: Path) -> None:
    request = partly(done, tmp_path)
    dashboard = Dashboard(Growing.of(request))
    settled(dashboard)
    shutil.copytree(done / "stages", tmp_path / "stages", dirs_exist_ok=True)
    dashboard.drawn = {name: Drawn(d.key, d.html, 0.0, d.at) for name, d in dashboard.drawn.items()}  # as if it had rested
    sections = settled(dashboard)
    cells = request.cells()
    facts = tuple(f for c in cells for f in measured(c, STUDY.measures, request.store))
    assert repr(dashboard.growing.facts()) == repr(facts)  # of which some numbers are NaN
    found = judge_so_far(STUDY.claims, cells, dashboard.growing.outcomes())
    assert repr(found.findings) == repr(judge(STUDY.claims, outcomes(facts)))
    assert set(found.ready.values()) == {2}
    assert "2 of 2" in sections["verdicts"]
    assert "So far: 8 of 8 cells are whole" in sections[shown("Edges")]


# Broken if a stage were run because somebody looked, or a folder of another meaning were shown as results.
def test_looking_runs_nothing(done: Path, tmp_path: Path) -> None:
    request = partly(done, tmp_path)
    missing = next(c["learn"] for c in request.cells() if c.seed == 1)
    with pytest.raises(FileNotFoundError, match="has not been made yet"):
        Shelf(tmp_path / "stages").get(missing)
    other = next(f for f in (tmp_path / "stages").glob("Edge-*"))
    (other / "stage.json").write_text("{}")
    write_json(other / SEAL, sealed(other, "another").record())
    assert "meant something else" in settled(Dashboard(Growing.of(request)))["failed"]


# Broken if a section were drawn again though nothing changed, or so often that it takes the cores from the grid.
def test_nothing_is_drawn_twice_and_drawings_rest(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.live.dashboard.REST", 1e6)
    request = partly(done, tmp_path)
    dashboard = Dashboard(Growing.of(request))
    settled(dashboard)
    first = dict(dashboard.drawn)
    dashboard()
    assert dashboard.drawn == first
    with open(next((tmp_path / "stages").glob("*.draft")) / "metrics.jsonl", "a") as file:
        file.write('s": 1.0}\n')
    dashboard()
    assert dashboard.drawn == first  # changed, but has not rested
    last = dashboard.drawn[shown("Pretraining")]
    dashboard.drawn[shown("Pretraining")] = replace(last, at=-1e9)
    settled(dashboard)
    assert dashboard.drawn[shown("Pretraining")].html != last.html
    assert {s.name for s in dashboard.sections} == set(dashboard.drawn)


# Broken if what failed were forgotten while the others run, or remembered when it is tried again.
def test_what_failed_is_told_until_it_is_tried_again(tmp_path: Path) -> None:
    request = asked(tmp_path)
    stages = closure([s for c in request.cells() for s in c.stages])
    bad = request.cells()[0]["base"]
    draft = request.store.path(bad).with_suffix(".draft")
    draft.mkdir(parents=True)
    (draft / "stage.json").write_text("{}")
    request.store.error(bad).write_text("RuntimeError: a <reason>")
    os.utime(draft / "stage.json", (1e9, 1e9))
    assert look(stages, Shelf(tmp_path / "stages")).failed == {bad: "RuntimeError: a <reason>"}
    later = time.time() + 10
    os.utime(draft / "stage.json", (later, later))
    found = look(stages, Shelf(tmp_path / "stages"))
    assert not found.failed
    assert bad in found.begun


# Broken if one file that cannot be read took the page away, or went unsaid on it.
def test_what_cannot_be_read_costs_its_own_part(done: Path, tmp_path: Path) -> None:
    request = partly(done, tmp_path)
    base = next(c["base"] for c in request.cells() if c.seed == 0)
    folder = request.store.path(base)
    (folder / "metrics.jsonl").write_text("[" * 100_000 + "\n")
    write_json(folder / "run.json", {"seconds": "x"})
    write_json(folder / SEAL, sealed(folder, base.meaning).record())
    sections = settled(Dashboard(Growing.of(request)))
    for file in ("metrics.jsonl", "run.json"):
        assert f"{folder / file} cannot be read: " in sections["failed"]
    assert sections[shown("Edges")].count("<svg") == sections[shown("Learning curves")].count("<svg") == 1
    assert ", 1 running, " in sections["progress"]


# Broken if a stage that was stopped looked as if it ran.
def test_a_stage_without_a_sign_of_life_is_not_called_running(done: Path, tmp_path: Path) -> None:
    request = partly(done, tmp_path)
    draft = next((tmp_path / "stages").glob("*.draft"))
    for file in draft.iterdir():
        os.utime(file, (1e9, 1e9))
    progress = settled(Dashboard(Growing.of(request)))["progress"]
    assert ", 0 running, " in progress
    assert "stopped, or at something long" in progress


# Broken if the command did not say where to look.
def test_the_command_says_its_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(server: Server) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Server, "serve_forever", stopped)
    console = Console(file=io.StringIO(), width=100)
    watch.watch(asked(tmp_path), 0, console)
    assert isinstance(console.file, io.StringIO)
    assert re.search(r"http://127\.0\.0\.1:\d+/[\w-]{43}/\n", console.file.getvalue())


# Broken if a port that does not exist, or is taken, were a traceback, or an error that names neither it nor the way out.
def test_a_port_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    console = Console(file=io.StringIO())
    for port in (99_999, -1):
        with pytest.raises(ValueError, match=f"--port takes a number from 1 to 65535, or 0 for any free one; found {port}"):
            watch.watch(asked(tmp_path), port, console)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=rf"port {port} cannot be had .*choose another --port"):
            watch.watch(asked(tmp_path), port, console)
