"""Which hosts are this machine, and what shows that a request came through a proxy: by table."""

import pytest

from labkit.rules.loopback import came_through, host_of, is_loopback

OF_A_BROWSER = [
    "Host", "Connection", "Pragma", "Cache-Control", "User-Agent", "Upgrade", "Origin", "Sec-WebSocket-Version",
    "Accept-Encoding", "Accept-Language", "Cookie", "Authorization", "Sec-WebSocket-Key", "Sec-WebSocket-Extensions",
    "Sec-Fetch-Mode", "DNT", "Content-Length",
]  # fmt: skip


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("localhost", True), ("a.localhost", True), ("127.0.0.1", True), ("127.1", True), ("0177.0.0.1", True),
     ("0x7f000001", True), ("2130706433", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::1%lo", True),
     ("", False), ("notlocalhost", False), ("localhost.example", False), ("127.0.0.1.example", False),
     ("0.0.0.0", False), ("::", False), ("1.127", False), ("127.0.0.1.1", False), ("127.08", False),
     ("127.0.0.999", False), ("4294967296", False), ("::ffff:10.0.0.1", False)],
)  # fmt: skip
def test_a_host_is_loopback_or_not(host: str, is_ours: bool) -> None:
    """Names below localhost belong to this machine, and an address has many notations."""
    assert is_loopback(host) is is_ours


def test_a_browser_on_this_machine_came_through_nothing() -> None:
    """None of the headers that a browser or a plain program sends looks like a proxy's."""
    assert came_through("localhost:8080", OF_A_BROWSER) is None


def test_a_request_without_a_whole_host_is_not_from_here() -> None:
    """No Host header, an empty one, two of them, an address without its brackets."""
    for host in (None, "", "localhost,localhost", "::1", "localhost:", "a@localhost", "a@b.localhost", "a/b.localhost"):
        shown = came_through(host)
        assert (shown is None) == (host == "localhost:"), host
    assert host_of("[::1]:8080") == "::1" and host_of("[]") is None


def test_a_long_host_is_shown_in_part() -> None:
    """A stranger writes it, and it stands in the log."""
    assert len(came_through("x" * 10_000) or "") < 200


@pytest.mark.parametrize(
    "header",
    ["Do-Connecting-IP", "EO-Client-IP", "Appengine-User-IP", "Source-IP", "Rlnclientipaddr", "Original-Host",
     "SSL_CLIENT_VERIFY", "HTTP_X_FORWARDED_FOR", "OIDC_CLAIM_sub", "Traceparent", "B3", "Uber-Trace-Id", "Request-Id",
     "Rndr-Id", "Scheme", "HTTPS"],
)  # fmt: skip
def test_a_header_of_any_proxy_shows_it(header: str) -> None:
    """Those that name a client's address under a name of their own, and those with underscores."""
    assert header in (came_through("localhost", [header]) or "")
