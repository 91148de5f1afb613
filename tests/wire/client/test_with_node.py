"""Our client and a room server in Node that knows only the core of the protocol, as the article's does."""

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from labkit.wire.client.client import Client, Stopped
from labkit.wire.client.state import ClientState
from tests.e2e.need import node_module, node_path
from tests.wire.client.test_client import take
from tests.wire.raw import port_of, until
from tests.wire.scripted import Share, closes

PEER = Path(__file__).with_name("peer.mjs")
TOKEN = "a-token-for-node"


@asynccontextmanager
async def node_server(port: int = 0) -> AsyncIterator[tuple[Process, str]]:
    """It runs; its process and its address."""
    command = [node_path(), str(PEER), str(node_module("ws"))]
    environment = {**os.environ, "DEV_TOKEN": TOKEN, "PORT": str(port)}
    child = await asyncio.create_subprocess_exec(*command, env=environment, stdin=DEVNULL, stdout=PIPE)
    try:
        assert child.stdout is not None
        async with asyncio.timeout(20):
            yield child, f"ws://127.0.0.1:{int(await child.stdout.readline())}"
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def test_it_talks_in_a_room_of_a_server_in_node() -> None:
    """Two members hear each other, and pings are answered."""
    async with node_server() as (_, url), Client(url, TOKEN) as ana, Client(url, TOKEN) as ben:
        ours, theirs = await ana.join("demo"), await ben.join("demo")
        event = await ours.chat("h\u00e4llo")
        assert await take(theirs, 1) == await take(ours, 1) == [event]
        assert event["userId"] == ana.user_id
        assert await ana.ping() > 0
        await ours.leave()
        await ana.ping()
        assert ana.state is ClientState.OPEN


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_it_comes_back_when_the_server_is_stopped_and_started(number: int) -> None:
    """Such a server says no word when it ends; what was said meanwhile is sent afterwards, what was missed is a gap."""
    async with node_server() as (child, url), Client(url, TOKEN, rng=Share(0.05)) as client:
        room = await client.join("demo")
        child.send_signal(number)
        await child.wait()
        chat = asyncio.create_task(room.chat("while nobody was there"))
        await until(lambda: len(closes(client)) > 1)
        async with node_server(port_of(url)):
            event = await chat
            gap, heard = await take(room, 2)
            assert (gap["type"], heard) == ("gap", event)
            assert set(closes(client)) == {1006}
            await client.close()


async def test_a_wrong_token_stops_it() -> None:
    """4403 is terminal, whoever sends it."""
    async with node_server() as (_, url):
        with pytest.raises(Stopped, match="4403"):
            await Client(url, "a-wrong-token").__aenter__()
