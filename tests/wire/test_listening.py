"""Where a server listens, and what it does when half of it is taken."""

import asyncio
import errno
import socket
from collections.abc import Iterator

import pytest

from labkit.rules.limits import Limits
from labkit.wire.listening import EVERYWHERE, LOCALHOST, LOOPBACKS, PORTS_TRIED, Listening
from labkit.wire.server import Server

pytestmark = pytest.mark.skipif(len(LOOPBACKS) < 2, reason="this machine has one loopback address")


class Halves(Listening):
    """One address fails, as often as it is told to: the second, unless `half` says otherwise."""

    def __init__(self, errors: Iterator[OSError | None]) -> None:
        super().__init__(asyncio.Protocol, Limits(), None)
        self.errors = errors
        self.half = LOOPBACKS[1]
        self.ports: list[int] = []

    async def _listen_at(self, host: str, port: int) -> int:
        if host == self.half:
            self.ports.append(port)
            error = next(self.errors)
            if error is not None:
                raise error
        return await super()._listen_at(host, port)


def taken() -> OSError:
    """Return the error that the kernel gives for a port in use."""
    return OSError(errno.EADDRINUSE, "in use")


async def test_a_port_that_is_free_on_both_is_looked_for() -> None:
    """The kernel picks one that is free on the first address; it is let go when the second is taken."""
    halves = Halves(iter([taken(), taken(), None]))
    port = await halves.start(LOCALHOST, 0)
    assert halves.ports[-1] == port and len(halves.ports) == 3
    assert len(halves._listeners) == 2
    halves.stop()


async def test_it_gives_up_and_leaves_nothing_open() -> None:
    """After some tries for port 0; at once for a port that was asked for."""
    halves = Halves(iter(taken, None))
    with pytest.raises(OSError, match="in use"):
        await halves.start(LOCALHOST, 0)
    assert len(halves.ports) == PORTS_TRIED + 1 and halves._listeners == []
    halves.ports.clear()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(OSError, match="in use"):
        await halves.start(LOCALHOST, port)
    assert len(halves.ports) == 1 and halves._listeners == []


async def test_everywhere_is_both_kinds_of_address() -> None:
    """Clients that have IPv6 only reach it, too."""
    async with Server(EVERYWHERE, 0) as server:
        assert server.is_on_ipv6 and server.url == f"ws://0.0.0.0:{server.port}"
        for address in LOOPBACKS:
            _, writer = await asyncio.open_connection(address, server.port)
            writer.close()
    async with Server("127.0.0.1", 0) as server:
        assert not server.is_on_ipv6


async def test_everywhere_without_ipv6_is_every_ipv4_address() -> None:
    halves = Halves(iter([OSError(errno.EAFNOSUPPORT, "none")]))
    halves.half = "::"
    assert await halves.start(EVERYWHERE, 0) > 0
    assert halves.families == {socket.AF_INET}
    halves.stop()


@pytest.mark.parametrize("number", [None, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
async def test_missing_second_address_listens_on_the_first(number: int | None) -> None:
    """No IPv6: no fault."""
    missing = OSError("none") if number is None else OSError(number, "none")
    halves = Halves(iter([missing]))
    assert await halves.start(LOCALHOST, 0) > 0
    assert len(halves._listeners) == 1
    halves.stop()


async def test_without_the_first_address_it_listens_on_the_second() -> None:
    """IPv6 only: no fault either. With neither of them there is one."""
    halves = Halves(iter([OSError(errno.EADDRNOTAVAIL, "none")] * 2))
    halves.half = LOOPBACKS[0]
    assert await halves.start(LOCALHOST, 0) > 0
    assert len(halves._listeners) == 1
    halves.stop()
    with pytest.raises(OSError, match="none"):
        await halves._listen([LOOPBACKS[0]], 0)
