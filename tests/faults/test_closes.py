"""Each fault against the real server and client: the close codes at both ends, and the later previousClose."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest

from labkit.evidence.lateness import Lateness
from labkit.faults import FAULTS, After, Fault, Proxy
from labkit.rules.close_codes import CloseCode, row
from labkit.wire.client.client import Client
from labkit.wire.server import Server
from tests.faults.expected_closes import EXPECTED, GIVE_UP_S, LIMITS, Expected, When
from tests.wire.raw import TOKEN, Raw, drop_all, until
from tests.wire.scripted import Share, closes

ROOM, TEXT, PER_S = "demo", "\u20ac" * 1000, 25
APART_S = 0.05  # they start one after another, because a crowd of handshakes is another test
ATTEMPTS, LATE_S = 4, 0.12
LONG_ENOUGH_S = 4.5  # a heartbeat, pong and all, and four times what an outbox may be behind


class Seen(NamedTuple):
    """What happened to the first connection: codes at both ends, and previousClose."""

    server: dict[int, int]
    client: list[int]
    previous_close: tuple[int, str] | None


async def talk(url: str) -> None:
    """Publish 3 KB many times per second directly to the server; skip what a busy machine delays."""
    raw = await Raw.enter(url, TOKEN, ROOM)
    reading, loop = asyncio.create_task(raw.ending()), asyncio.get_running_loop()
    due = loop.time()
    try:
        while not reading.done():
            raw.chat(ROOM, TEXT)
            due = max(due, loop.time() - 1 / PER_S) + 1 / PER_S
            await asyncio.sleep(due - loop.time())
    finally:
        reading.cancel()
        raw.drop()


async def read(client: Client) -> None:
    """Join the room and read."""
    async for _ in await client.join(ROOM):
        pass


@asynccontextmanager
async def working(*work) -> AsyncIterator[None]:  # type: ignore[no-untyped-def]
    """Run tasks meanwhile; none may end."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
        assert not [task for task in tasks if task.done()]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def live(expected: Expected, after_s: float) -> Seen:
    """Let the first connection meet the fault, and a second one a healthy network."""
    await asyncio.sleep(after_s)

    def begin() -> None:
        proxy.set(up=expected.up, down=expected.down, only=0)

    limits = LIMITS.set({"messages_per_s": None})
    async with Server(port=0, limits=limits) as server, Proxy(server.url) as proxy:
        if expected.when is When.AUTH:
            begin()
        async with Client(proxy.url, TOKEN, rng=Share(0.01), give_up_s=GIVE_UP_S) as client:
            talking = [talk(server.url)] if expected.when is When.TRAFFIC else []
            async with working(read(client), *talking):
                await until(lambda: client.log.of("joined") != [])
                if expected.when is not When.AUTH:
                    begin()
                if expected.server is None:
                    await asyncio.sleep(LONG_ENOUGH_S)
                else:
                    await until(lambda: len(proxy.connections) == 2 and client.state.value == "open")
                seen = Seen(dict(server.hub.state.counts.closed), closes(client), _cause(client))
        return seen


def _cause(client: Client) -> tuple[int, str] | None:
    previous_close = client.previous_close
    return None if previous_close is None else (previous_close["code"], previous_close["reason"])


def as_seen(expected: Expected) -> Seen:
    """Return what the table expects, with the reason from the table of close codes."""
    server, client = expected.server, expected.client
    previous_close = (
        None if expected.previous_close is None else (expected.previous_close, row(expected.previous_close).reason)
    )
    return Seen({} if server is None else {server: 1}, [] if client is None else [client], previous_close)


async def live_all() -> dict[Expected, Seen | BaseException]:
    """Run all side by side, because they mostly wait; repeat them if the machine stalled meanwhile."""
    seen: dict[Expected, Seen | BaseException] = {}
    for _ in range(ATTEMPTS):
        async with Lateness() as lateness, asyncio.timeout(60):
            lives = (live(expected, APART_S * number) for number, expected in enumerate(EXPECTED))
            seen = dict(zip(EXPECTED, await asyncio.gather(*lives, return_exceptions=True), strict=True))
        drop_all()
        late_s = lateness.since(0)
        if late_s < LATE_S or all(seen[one] == as_seen(one) for one in EXPECTED):
            break
        print(f"the loop was {late_s:.2f} s late: no limit of a second can be tested on such a machine")
    return seen


@pytest.fixture(scope="module")
def seen() -> dict[Expected, Seen | BaseException]:
    """What happened in every row."""
    return asyncio.run(live_all())


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda one: f"{one.name} {one.when.value}")
def test_fault_closes_as_the_table_says(expected: Expected, seen: dict[Expected, Seen | BaseException]) -> None:
    assert seen[expected] == as_seen(expected)


@pytest.mark.matrix
@pytest.mark.parametrize("run", range(10))
def test_fault_closes_do_not_flip(run: int) -> None:
    flips = {str(one): ended for one, ended in asyncio.run(live_all()).items() if ended != as_seen(one)}
    assert flips == {}


def test_every_fault_has_an_expected_close() -> None:
    """A new fault needs a row."""

    def kinds(fault: Fault) -> set[str]:
        inner = kinds(fault.then) if isinstance(fault, After) else set()
        return {type(fault).__name__} | inner

    used = set().union(*(kinds(fault) for expected in EXPECTED for fault in (*expected.up, *expected.down)))
    assert used == set(FAULTS)


def test_expected_closes_name_known_codes() -> None:
    codes = {code for one in EXPECTED for code in (one.server, one.client, one.previous_close) if code is not None}
    assert codes == {1006, 1013, 4401, 4408} <= {int(code) for code in CloseCode}
    assert str(EXPECTED[0]) == "pass, under traffic: None, None: nothing happens"
    assert len({(one.name, one.when) for one in EXPECTED}) == len(EXPECTED)
