"""Which pages may connect: by table."""

import pytest

from labkit.rules.origin import is_allowed

ALLOW = frozenset({"https://lab.example", "http://a.example:8080"})


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        (None, True),
        ("null", False),
        ("http://localhost", True),
        ("http://lab.localhost:8888", True),
        ("http://127.0.0.2:8888", True),
        ("http://[::ffff:127.0.0.1]:8888", True),
        ("http://10.0.0.1", False),
        ("http://localhost:8888", True),
        ("https://localhost:8888", True),
        ("http://LOCALHOST:8888", True),
        ("http://127.0.0.1:5000", True),
        ("http://[::1]:5000", True),
        ("https://lab.example", True),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example/localhost", False),
        ("http://evil.example:80#localhost", False),
        ("http://localhost@evil.example", False),
        ("http://evil-localhost", False),
        ("http://127.0.0.1.evil.example", False),
        ("http://[::1", False),
        ("http://evil.example\\@a.localhost", False),
        ("//localhost", False),
        ("localhost", False),
        ("", False),
        (" ", False),
        ("NULL", False),
        ("https://lab.example/", False),
        ("http://lab.example", False),
    ],
)
def test_on_loopback(origin: str | None, passes: bool) -> None:
    """Any page of this machine, a program, and the allow-list; nothing else."""
    assert is_allowed(origin, "localhost:8080", on_loopback=True, allow=ALLOW) is passes


@pytest.mark.parametrize(
    ("origin", "host", "passes"),
    [
        (None, "chat.example", True),
        ("https://chat.example", "chat.example", True),
        ("https://chat.example", "CHAT.example", True),
        ("https://Chat.Example", "chat.example", True),
        ("https://chat.example:8443", "chat.example:8443", True),
        ("https://lab.example", "chat.example", True),
        ("http://a.example:8080", "chat.example", True),
        ("https://chat.example:8443", "chat.example", False),
        ("https://chat.example", "chat.example:8443", False),
        ("https://x.chat.example", "chat.example", False),
        ("https://chat.example.evil.example", "chat.example", False),
        ("https://x@chat.example", "chat.example", False),
        ("http://localhost", "chat.example", False),
        ("null", "chat.example", False),
        ("null", "null", False),
        ("null", None, False),
        ("https://chat.example", None, False),
        ("", "", False),
        ("", None, False),
        ("https://", "", False),
        ("http://[", "[", False),
        ("http://a.example", "chat.example", False),
    ],
)
def test_off_loopback(origin: str | None, host: str | None, passes: bool) -> None:
    """A program, the page of this very host, and the allow-list; no localhost, and no page without an origin."""
    assert is_allowed(origin, host, on_loopback=False, allow=ALLOW) is passes


def test_a_rebound_name_does_not_pass_on_loopback() -> None:
    """A foreign page whose name leads to 127.0.0.1 still says its own Origin, and Host does not vouch for it there."""
    assert not is_allowed("http://evil.example:8080", "evil.example:8080", on_loopback=True, allow=ALLOW)


@pytest.mark.parametrize("on_loopback", [True, False])
def test_a_page_from_a_file_passes_when_null_is_allowed(on_loopback: bool) -> None:
    """`--allow-origin null` says so, wherever the server listens."""
    assert is_allowed("null", "localhost:8080", on_loopback=on_loopback, allow={"null"})
