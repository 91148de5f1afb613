"""A flood reports the round trip under it, and how each attacker was closed."""

import asyncio
import json
from pathlib import Path

import labkit
from labkit.bench.flood import flooded
from labkit.bench.launch.own_server import OwnServer
from labkit.samples import Store

NONSENSE = "[" + "{}," * 100_000 + "{}]"


async def trusting(connection):  # type: ignore[no-untyped-def]
    async for raw in connection:
        is_ping = '"ping"' in raw
        await connection.send('{"type": "pong"}' if is_ping else '{"type": "error"}')


def test_flood_counts_the_close_codes_of_each_server(tmp_path: Path) -> None:
    store = Store()
    mine = OwnServer(tmp_path / "mine.py")
    with labkit.Lab(name="flooded") as lab:
        urls = {"mine": mine.start_handler(trusting), "kit": lab.url}
        auth = json.dumps({"type": "auth", "token": lab.token})
        floods = {name: asyncio.run(flooded(name, url, auth, NONSENSE, store)) for name, url in urls.items()}
    mine.terminate()
    assert {name: set(flood.codes) for name, flood in floods.items()} == {"mine": {1000}, "kit": {1009}}
    assert all(flood.is_member_connected and 0 < flood.median_ms < 10_000 for flood in floods.values())
    assert store.names() == ["round trip ms: mine", "round trip ms: kit"]


def test_flood_notices_a_member_that_was_closed(tmp_path: Path) -> None:
    mine = OwnServer(tmp_path / "mine.py")
    flood = asyncio.run(flooded("mine", mine.start_handler(closing), "hello", "x", Store()))
    mine.terminate()
    assert (flood.is_member_connected, flood.median_ms) == (False, float("inf"))


async def closing(connection):  # type: ignore[no-untyped-def]
    await connection.close(1011)
