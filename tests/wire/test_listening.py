"""Where a server listens, and what it does when half of it is taken."""

import asyncio
import errno
import socket
from collections.abc import Iterator

import pytest

from labkit.rules.limits import Limits
from labkit.wire.listening import LOCALHOST, LOOPBACKS, PORTS_TRIED, Listening

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
    """What the kernel says."""
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
