"""This machine's addresses: of the route, else of the interfaces where there is just one."""

import socket

import pytest

from labkit.platform import addresses as asked


@pytest.mark.parametrize(
    ("route", "own", "address"),
    [("10.1.1.5", ["10.1.1.5", "172.17.0.1"], "10.1.1.5"), (None, ["10.1.1.5"], "10.1.1.5"),
     (None, ["10.1.1.5", "172.17.0.1"], None), (None, [], None)],
)  # fmt: skip
def test_the_address_is_the_routes_or_the_only_one(
    route: str | None, own: list[str], address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several without a route: nobody can tell which one others reach."""
    monkeypatch.setattr(asked, "_route_address", lambda: route)
    monkeypatch.setattr(asked, "_of_interfaces", lambda: [*own, "127.0.0.1", "169.254.7.7"])
    assert asked.lan_address() == address


def test_the_interfaces_are_asked() -> None:
    """Loopback is among them, and is left out; a route's address is one of them."""
    assert "127.0.0.1" in asked._of_interfaces() and "127.0.0.1" not in asked.addresses()
    assert asked._route_address() in (None, *asked.addresses())
    for one in asked.addresses():
        socket.inet_aton(one)
