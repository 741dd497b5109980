"""A page on this machine's own address, for readers who have its link: read-only, and rendered from memory.

There is no path to a file: a request either names one of two routes, whole and with the token, or there is nothing. The Host
header must be ours, so that a foreign page cannot reach us under a name of its own (DNS rebinding), and what is served may load
nothing, run nothing and be framed by nothing but what is in it.
"""

import hashlib
import hmac
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from pathlib import Path
from socket import SocketIO, socket

from markupsafe import Markup

from analysis.figures.svg import script
from analysis.report.html import CSS, document, tag

ADDRESS = "127.0.0.1"
PATIENCE = 10.0  # seconds within which a request must be complete

STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Page:
    """A heading that stays, and a function that gives the sections by name, and true if more of them could be drawn at once."""

    title: str
    heading: Markup
    sections: Callable[[], tuple[Mapping[str, Markup], bool]]

    def whole(self) -> bytes:
        """The page as it is first loaded."""
        sections, _ = self.sections()
        parts = [Markup('<div id="{}">{}</div>').format(name, html) for name, html in sections.items()]
        stale = Markup('<p id="stale" role="status"></p>')
        return document(self.title, self.heading, stale, tag("main", *parts), style=STYLE, scripts=(script(), SCRIPT)).encode()

    def changing(self) -> bytes:
        """The sections, for which the page asks again and again."""
        sections, more = self.sections()
        return json.dumps({"sections": sections, "more": more}).encode()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def policy() -> str:
    """The content security policy: our own scripts alone may run, and evaluate no text."""
    return (  # figures are full of style attributes, which can load nothing, by the first rule
        f"default-src 'none'; script-src {_hash(script())} {_hash(SCRIPT)}; "
        f"style-src {_hash(CSS + STYLE)}; style-src-attr 'unsafe-inline'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


FIXED = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the link holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server(ThreadingHTTPServer):
    """Serves a page on a port of this machine's own address; any free one for 0."""

    daemon_threads = True

    def __init__(self, page: Page, port: int = 0):
        super().__init__((ADDRESS, port), Handler)
        self.token = secrets.token_urlsafe(32)
        self.routes = {
            f"/{self.token}/".encode(): ("text/html; charset=utf-8", page.whole),
            f"/{self.token}/sections".encode(): ("application/json", page.changing),
        }
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}

    @property
    def link(self) -> str:
        """The address to open in a browser."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"


class Hasty(SocketIO):
    """Reads from a connection until a moment of `time.monotonic()`."""

    def __init__(self, connection: socket, until: float):
        super().__init__(connection, "r")
        self._connection, self._until = connection, until

    def readinto(self, buffer: object) -> int | None:
        """Read the bytes that are there, or come in time.

        Raises:
            TimeoutError: if nothing does.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        return super().readinto(buffer)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD on the server's routes; everything else is refused, and a refusal tells nothing about the routes."""

    server: Server
    server_version = "synthtasks"
    sys_version = ""

    def setup(self) -> None:
        """Read from the connection for `PATIENCE` seconds in all, however few bytes come at a time."""
        super().setup()
        self.rfile = BufferedReader(Hasty(self.connection, time.monotonic() + PATIENCE))

    def do_GET(self) -> None:
        """The page or its changing part; to HEAD without the body."""
        if self.headers.get_all("Host", []) not in [[host] for host in self.server.hosts]:
            return self.send_error(HTTPStatus.FORBIDDEN)
        path = self.path.encode("utf-8", "surrogateescape")
        found = [served for route, served in self.server.routes.items() if hmac.compare_digest(route, path)]
        if not found:
            return self.send_error(HTTPStatus.NOT_FOUND)
        kind, make = found[0]
        content = make()
        version = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        same = self.headers.get("If-None-Match") == version
        status, content = (HTTPStatus.NOT_MODIFIED, b"") if same else (HTTPStatus.OK, content)
        return self._send(status, {"Content-Type": kind, "ETag": version}, content)

    do_HEAD = do_GET  # noqa: N815

    def _send(self, status: HTTPStatus, headers: Mapping[str, str], content: bytes = b"") -> None:
        self.connection.settimeout(PATIENCE)  # of all that is sent at once
        self.send_response(status)
        for name, value in {"Content-Security-Policy": policy(), **FIXED, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """A refusal: its status, and nothing else."""
        status = HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code)
        allow = {"Allow": "GET, HEAD"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        self._send(status, {"Connection": "close", **allow})

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a log line would show the token."""
