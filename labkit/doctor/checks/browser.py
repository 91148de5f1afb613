"""Check that a WebSocket works in the learner's browser, with a small page that tries it and reports back.

Unlike the other checks, it needs a browser, and often a person, so it runs only on request.
"""

import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from labkit.doctor.diagnosis import Diagnosis, ok, problem, warning

WEB = Path(__file__).parents[2] / "web"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
FILES = ("doctor.html", "doctor.js", "place.js", "style.css", "icon.svg")
REPORTS = ("works", "fails")
PATIENCE_S = 30.0


def browser(note: Callable[[str], object], patience_s: float = PATIENCE_S) -> Diagnosis:
    """Open the page in the default browser, and wait for its report.

    `note` gets the address, to open it in another browser.
    """
    reports: SimpleQueue[str] = SimpleQueue()
    with _page(reports) as address:
        note(f"open {address} in the browser that you use for the course; waiting {patience_s:g} s for it")
        has_browser = _open(address)
        try:
            report = reports.get(timeout=patience_s)
        except Empty:
            return _no_report(has_browser, patience_s)
    if report == "works":
        return ok("WebSockets work in the browser")
    return problem(
        "the browser loads pages from this machine, but cannot open a WebSocket",
        "turn off the browser's proxy and its extensions for 127.0.0.1, or use another browser",
    )


def _no_report(has_browser: bool, patience_s: float) -> Diagnosis:
    if not has_browser:
        return warning("no browser found, and none opened the page", "open the address in a browser on this machine")
    return problem(
        f"the browser did not report back within {patience_s:g} s",
        "if the page did not load, turn off the browser's proxy for 127.0.0.1, or use another browser",
    )


def _open(address: str) -> bool:
    """Open a page in the default browser. Return False if there is none."""
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    Thread(target=webbrowser.open, args=(address,), daemon=True).start()  # some browsers return only when they close
    return True


@contextmanager
def _page(reports: "SimpleQueue[str]") -> Iterator[str]:
    """Serve the page and the WebSocket that it tries, and yield the page's address."""
    from websockets.sync.server import serve

    def respond(_: Any, request: Any) -> Any:
        return None if "Upgrade" in request.headers else _response(request.path.strip("/"), reports)

    with serve(_echo, "127.0.0.1", 0, process_request=respond) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.socket.getsockname()[1]}/"


def _echo(connection: Any) -> None:
    for message in connection:
        connection.send(message)


def _response(path: str, reports: "SimpleQueue[str]") -> Any:
    """Return one of the page's files; note a report."""
    from websockets.datastructures import Headers
    from websockets.http11 import Response

    name = path or FILES[0]
    if name in REPORTS:
        reports.put(name)
    is_file = name in FILES
    body = (WEB / name).read_bytes() if is_file else b""
    headers = Headers({"Content-Type": TYPES.get(Path(name).suffix, "text/plain"), "Content-Length": str(len(body))})
    headers["Connection"] = "close"
    status = HTTPStatus.OK if is_file or name in REPORTS else HTTPStatus.NOT_FOUND
    return Response(status.value, status.phrase, headers, body)
