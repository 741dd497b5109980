"""Serving the dashboard of a study until it is interrupted."""

from rich.console import Console

from analysis.live.dashboard import Dashboard
from analysis.live.growing import Growing, Request
from analysis.live.serve import Page, Server
from analysis.report.html import tag
from analysis.report.provenance import chosen

PORTS = 65_535  # is the last


def page_of(request: Request) -> Page:
    """The page of a request."""
    study, setting = request.study, request.setting
    parts = [f"Study “{study.name}” under way", f"seed{'s' if len(setting.seeds) > 1 else ''} {', '.join(map(str, setting.seeds))}"]
    said = "; ".join([*parts, *(f"{option}: {value}" for option, value in chosen(setting).items())]) + ". In "
    heading = tag("h1", study.question) + tag("p", said, tag("code", request.out), kind="soft")
    return Page(f"Under way: {study.name}", heading, Dashboard(Growing.of(request)))


def watch(request: Request, port: int, console: Console) -> None:
    """Serve the page until Ctrl-C.

    Raises:
        ValueError: if there is no such port.
        OSError: if it cannot be had.
    """
    if not 0 <= port <= PORTS:
        raise ValueError(f"--port takes a number from 1 to {PORTS}, or 0 for any free one; found {port}")
    try:
        ready = Server(page_of(request), port)
    except OSError as reason:
        raise OSError(f"port {port} cannot be had ({reason.strerror}): choose another --port, or none for any free one") from reason
    with ready as server:
        console.print(f"watching {request.out}, and changing nothing there. Open in a browser of this machine, until Ctrl-C here:")
        console.print(server.link, highlight=False, soft_wrap=True)
        console.file.flush()  # a program may read the link from a file
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            console.print("\nno longer watching; what runs goes on")
