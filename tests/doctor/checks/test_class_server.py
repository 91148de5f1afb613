"""The way to the class: clocks that differ, and networks that do not lead there."""

import errno
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import URLError

import pytest

from labkit.doctor.checks import class_server as checks
from labkit.doctor.diagnosis import Diagnosis, Subject
from labkit.platform.proxies import ForwardProxy

DAY_S = 86_400
FAR = "ws://10.9.9.9:8080"


@contextmanager
def serving(
    body: bytes = b'{"class": "physics"}', off_s: float = 0, status: int = 200, date: str | None = None
) -> Iterator[str]:
    """A server whose clock is off."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(status)
            self.send_header("Date", formatdate(time.time() + off_s, usegmt=True) if date is None else date)
            self.end_headers()
            self.wfile.write(body)

        def do_CONNECT(self) -> None:
            """As a proxy does, with this same server behind it."""
            self.send_response_only(200)
            self.end_headers()
            self.close_connection = False

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("off_s", "text"),
    [
        (DAY_S, "1 day behind"),
        (-DAY_S, "1 day ahead of"),
        (-1000 * DAY_S, "1000 days ahead of"),
        (3 * 3600, "3 hours behind"),
        (600, "10 minutes behind"),
    ],
)
def test_clock_off_is_a_problem(off_s: float, text: str) -> None:
    with serving(off_s=off_s) as url:
        found = checks.clock(Subject(url))
    assert (found.status, str(found)) == (
        "problem",
        f"this machine's clock is {text} the class server's, so certificates may seem invalid: "
        "set the date, the time and the time zone, or let the system set them",
    )


@pytest.mark.parametrize("off_s", [0, 120, -120])
def test_clock_nearly_right_is_fine(off_s: float) -> None:
    with serving(off_s=off_s) as url:
        assert checks.clock(Subject(url)).text == "the clock agrees with the class server's"


def test_clock_is_compared_with_any_server() -> None:
    """Also with one that runs no class; but one that sends no time, or nonsense, says nothing."""
    with serving(status=404, off_s=DAY_S) as url:
        assert checks.clock(Subject(url)).status == "problem"
    with serving(date="yesterday") as url:
        assert checks.clock(Subject(url)).text == "clock not compared: the class server sent no time"
    assert checks.clock(Subject()).text == "clock not compared: no class joined"


def test_class_that_answers_is_named() -> None:
    with serving() as url:
        assert str(checks.class_server(Subject(url))) == "class physics answers"
    assert str(checks.class_server(Subject())) == "no class joined"


@pytest.mark.parametrize("body", [b"<html>log in</html>", b"[]", b"{}", b"\xff"])
def test_login_page_is_a_problem(body: bytes) -> None:
    with serving(body) as url:
        found = checks.class_server(Subject(url))
    assert found.status == "problem" and found.text == f"something other than a class answers at {url}"
    assert "login page" in found.todo


def test_server_without_a_class_is_a_problem() -> None:
    with serving(status=404) as url:
        assert checks.class_server(Subject(url)).text == f"the server at {url} runs no class (HTTP 404)"


def test_class_not_started_is_a_problem() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nothing listens
        number = taken.getsockname()[1]
        found = checks.class_server(Subject(f"ws://127.0.0.1:{number}"))
    assert (found.status, found.text) == ("problem", f"127.0.0.1 answers, but nothing listens on port {number}")
    assert "the class has started" in found.todo


def test_name_unknown_is_a_problem() -> None:
    found = checks.class_server(Subject("wss://class.invalid"))
    assert (found.status, found.text) == ("problem", "the name class.invalid cannot be resolved")


def after(patch: pytest.MonkeyPatch, error: OSError, has_gateway: bool = False) -> Diagnosis:
    """What is found when asking fails with an error."""
    patch.setattr(checks, "_asked", lambda url, proxies: checks.Answer(error=URLError(error)))
    patch.setattr(checks, "_any_gateway_answers", lambda: has_gateway)
    return checks.class_server(Subject(FAR))


def of(code: int) -> OSError:
    return OSError(code, os.strerror(code))


@pytest.mark.parametrize("error", [TimeoutError("timed out"), of(errno.EHOSTUNREACH), of(errno.ETIMEDOUT)])
@pytest.mark.parametrize(
    ("has_gateway", "rest"), [(True, "the network itself works"), (False, "neither does the network's gateway")]
)
def test_isolating_wifi_is_suspected(
    monkeypatch: pytest.MonkeyPatch, error: OSError, has_gateway: bool, rest: str
) -> None:
    found = after(monkeypatch, error, has_gateway)
    assert found.status == "problem"
    assert found.text == (
        f"no answer from 10.9.9.9, port 8080, and {rest}; this Wi-Fi or a firewall may isolate its clients"
    )
    assert "hotspot" in found.todo and "USB tether" in found.todo


def test_network_missing_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    found = after(monkeypatch, of(errno.ENETUNREACH))
    assert found.text == "this machine has no network route to 10.9.9.9"


def test_other_errors_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = after(monkeypatch, ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
    assert found.text == "10.9.9.9 does not answer like a class ([Errno 104] Connection reset by peer)"


def test_class_behind_a_proxy_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that only the proxy knows."""
    with serving() as proxy:
        monkeypatch.setenv("http_proxy", proxy.replace("ws", "http"))
        monkeypatch.setenv("no_proxy", "")
        assert str(checks.class_server(Subject("ws://class.invalid"))) == "class physics answers"


def test_proxy_that_leads_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://ana:s3cret@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    found = checks.class_server(Subject("ws://class.invalid"))
    assert found.status == "problem" and found.text.startswith(
        "no class answers at ws://class.invalid, neither directly nor through the proxy 127.0.0.1:9 ("
    )
    assert "s3cret" not in str(found)


def test_proxy_of_another_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    assert str(checks.class_server(Subject("ws://class.invalid"))) == (
        "the proxy 127.0.0.1:9 is given with socks5://, which labkit cannot use: "
        "if it also takes HTTP CONNECT, set HTTPS_PROXY=http://127.0.0.1:9"
    )


def test_class_not_started_is_told_though_there_is_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "proxy_for", lambda url: ForwardProxy("127.0.0.1", 9, None))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = checks.class_server(Subject(f"ws://127.0.0.1:{taken.getsockname()[1]}"))
    assert "nothing listens on port" in found.text


def test_class_is_asked_once() -> None:
    """Both checks use one answer."""
    asked: list[str] = []
    subject = Subject(FAR)
    assert [subject.once(asked.append, FAR) for _ in range(2)] == [None, None]
    assert asked == [FAR]


def test_gateway_that_refuses_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "gateways", lambda: ["127.0.0.1"])
    monkeypatch.setattr(checks, "GATEWAY_PORTS", (1,))
    assert checks._any_gateway_answers()
    monkeypatch.setattr(checks, "gateways", list)
    assert not checks._any_gateway_answers()
