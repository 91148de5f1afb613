"""Ports, loopback and proxies that get in the way."""

import errno
import os
import socket
from contextlib import closing
from typing import Any

import pytest

from labkit.doctor.checks import loopback
from labkit.doctor.diagnosis import Subject
from labkit.platform import proxies

SUBJECT = Subject()


def refusing(patch: pytest.MonkeyPatch, host: str, code: int) -> None:
    """A machine on which nothing can listen on an address."""
    usual = loopback._listening

    def listening(asked: str, number: int = 0) -> socket.socket:
        if asked == host:
            raise OSError(code, os.strerror(code))
        return usual(asked, number)

    patch.setattr(loopback, "_listening", listening)


def test_port_taken_names_its_program(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(loopback._listening("127.0.0.1")) as server:
        number = server.getsockname()[1]
        monkeypatch.setattr(loopback, "PORT", number)
        found = loopback.port(SUBJECT)
    assert found.status == "warning"
    assert found.text.startswith(f"port {number} is in use by ") and f"(process {os.getpid()})" in found.text
    assert found.todo == "stop that program, or choose another with --port 8090"


def test_port_taken_by_a_hidden_program_is_still_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: str) -> Any:
        raise PermissionError

    monkeypatch.setattr("psutil.net_connections", forbidden)
    with closing(loopback._listening("127.0.0.1")) as server:
        monkeypatch.setattr(loopback, "PORT", server.getsockname()[1])
        assert loopback.port(SUBJECT).text.endswith("in use by another program")
    assert loopback.port(SUBJECT).status == "ok"


def test_port_reserved_by_the_system_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "_answers", lambda number: False)
    refusing(monkeypatch, "127.0.0.1", errno.EACCES)
    assert loopback.port(SUBJECT).text.startswith("port 8080 cannot be used (Permission denied")


def test_listening_forbidden_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loopback.listen(SUBJECT).status == "ok"
    refusing(monkeypatch, "127.0.0.1", errno.EACCES)
    found = loopback.listen(SUBJECT)
    assert (found.status, found.text) == ("problem", "a program cannot listen on 127.0.0.1 (Permission denied)")
    assert "firewall or antivirus" in found.todo


def test_ipv6_missing_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, "::1", errno.EADDRNOTAVAIL)
    found = loopback.ipv6(SUBJECT)
    assert (found.status, found.todo) == ("ok", "")
    assert found.text == "no IPv6 on this machine (::1); labkit uses 127.0.0.1 instead, so there is nothing to do"


def test_ipv6_missing_from_the_system_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel has no IPv6, even the socket cannot be made."""

    class NoIPv6(socket.socket):
        def __init__(self, family: int = socket.AF_INET, *arguments: Any) -> None:
            if family == socket.AF_INET6:
                raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
            super().__init__(family, *arguments)

    monkeypatch.setattr(socket, "socket", NoIPv6)
    assert loopback.ipv6(SUBJECT).text.startswith("no IPv6 on this machine")


def test_loopback_works_here() -> None:
    assert loopback.loopback(SUBJECT).status == "ok"


def test_loopback_that_swallows_bytes_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(loopback, "_echo", lambda server: server.accept()[0].recv(1))
    found = loopback.loopback(SUBJECT)
    assert found.status == "problem" and found.text.startswith("a connection to 127.0.0.1 ")


def test_loopback_that_changes_bytes_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "_exchange", lambda address: b"<html>blocked</html>")
    assert loopback.loopback(SUBJECT).text == "a connection to 127.0.0.1 returns different bytes from those sent"


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(proxies, "_found", {})
    return monkeypatch


def test_proxy_for_loopback_is_a_warning_without_its_password(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("HTTP_PROXY", "http://ana:secret@proxy.example:3128")
    found = loopback.proxy(SUBJECT)
    assert (found.status, str(found)) == (
        "warning",
        "labkit connects to localhost and 127.0.0.1 directly, but other programs would use the proxy "
        "proxy.example:3128: "
        "set NO_PROXY=localhost,127.0.0.1,::1",
    )


def test_proxy_way_out_is_a_way_out(no_proxies: pytest.MonkeyPatch) -> None:
    assert loopback.proxy(SUBJECT).text == "no proxy"
    no_proxies.setenv("ALL_PROXY", "socks5://proxy.example")
    no_proxies.setenv("NO_PROXY", "localhost")
    assert "connects to 127.0.0.1 directly" in loopback.proxy(SUBJECT).text
    no_proxies.setenv("NO_PROXY", loopback.proxy(SUBJECT).todo.removeprefix("set NO_PROXY="))
    assert str(loopback.proxy(SUBJECT)) == "the proxy proxy.example is not used for this machine"
