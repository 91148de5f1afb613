"""Two hundred clients and a server that restarts: all are back, and each heard everything once, in order."""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.wire import crowd
from tests.wire.people import OPERATOR, OPS
from tests.wire.raw import ask, port_of, process, request
from tests.wire.test_kill import check_heard, check_said, check_secrets, gathered, options, stored

CLIENTS = 200
ROOMS = 10


async def restarts(tmp: Path, *signals: int, haste: int = 1) -> crowd.Report:
    """A crowd, and a server that is ended by each signal in turn; after each, another one takes over port and file."""
    async with process(tmp, *options(tmp)) as server:
        url = server.url
        async with gathered(url, clients=CLIENTS, rooms=ROOMS, at_once=1, haste=haste) as people:
            await asyncio.sleep(1)
            codes = [await server.end(signals[0])]
            for number in signals[1:]:
                async with process(tmp, *options(tmp, port_of(url)), OPS_TOKEN=OPS) as again:
                    while await members(url) < CLIENTS:
                        await asyncio.sleep(0.1)
                    codes.append(await again.end(number))
            async with process(tmp, *options(tmp, port_of(url))):
                report = await people.report()
    assert codes == [0 if number == signal.SIGTERM else -number for number in signals]
    return report


async def members(url: str) -> int:
    """How many connections are in a room."""
    answer = await ask(url, request("GET", "/connections", OPERATOR))
    return sum(bool(connection["rooms"]) for connection in answer.json)


async def restart_and_check(tmp: Path, *signals: int, haste: int = 1) -> None:
    """See the tests."""
    report = await restarts(tmp, *signals, haste=haste)
    events = stored(tmp / "room.db")
    assert len(report.heard) == CLIENTS
    assert set(events) == {f"room:{number}" for number in range(ROOMS)}
    gaps = check_heard(report, events)
    check_said(report, events)
    check_secrets(report, tmp)
    assert gaps < CLIENTS * len(signals) / 10, "history_events should have been enough for almost every return"
    assert report.closes.count(1012) == CLIENTS * signals.count(signal.SIGTERM)
    assert report.closes.count(1006) >= CLIENTS * signals.count(signal.SIGKILL)


async def test_two_hundred_clients_are_back_after_sigterm_and_sigkill(tmp_path: Path) -> None:
    """With windows as the rules draw them; nobody hears an event twice, out of order, or not at all without a gap."""
    await restart_and_check(tmp_path, signal.SIGTERM, signal.SIGKILL)


@pytest.mark.matrix
@pytest.mark.parametrize("rounds", [1, 2, 3])
async def test_two_hundred_clients_are_back_after_many_restarts(tmp_path: Path, rounds: int) -> None:
    """The same, up to six times in a row; hastily, as no connection lives long enough for the waits to start over."""
    await restart_and_check(tmp_path, *[signal.SIGTERM, signal.SIGKILL] * rounds, haste=8)
