"""`labkit say` and `labkit listen`: two processes in one room, through pipes."""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from labkit.wire.server import Server
from tests.wire.raw import TOKEN, port_of, process, serving, until

PATIENCE_S = 60


async def labkit(*arguments: str, lines: str = "", url: str) -> tuple[int, str, str]:
    """Run a verb; its exit code, output and errors."""
    child = await start(*arguments, "--url", url)
    async with asyncio.timeout(PATIENCE_S):
        out, err = await child.communicate(lines.encode())
    return child.returncode or 0, out.decode(), err.decode()


async def start(*arguments: str) -> asyncio.subprocess.Process:
    """Start a verb with pipes."""
    command: Sequence[str] = (sys.executable, "-m", "labkit", *arguments, "--token", TOKEN)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)


def has_member(server: Server) -> bool:
    """Whether somebody is in the room."""
    room = server.hub.state.rooms.find("a")
    return room is not None and bool(room.present())


async def test_listener_receives_what_was_said_after_a_lost_connection() -> None:
    """Both verbs keep to the client's reconnect; here the listener's connection is cut."""
    async with serving() as server:
        listener = await start("listen", "a", "--events", "2", "--url", server.url)
        async with asyncio.timeout(PATIENCE_S):
            await until(lambda: has_member(server))
            await labkit("say", "a", lines="one", url=server.url)
            for connection in list(server.hub.state.connections.values()):
                connection.transport.abort()
            await labkit("say", "a", lines="two", url=server.url)
            out, _ = await listener.communicate()
    assert [line.partition(": ")[2] for line in out.decode().splitlines()] == ["one", "two"]


async def test_said_lines_arrive_in_order_and_nothing_else(tmp_path: Path) -> None:
    """Empty lines are skipped; a text cannot send escape codes to the reader's terminal."""
    async with serving(audit=tmp_path / "room.db") as server:
        listener = await start("listen", "a", "--events", "3", "--url", server.url)
        async with asyncio.timeout(PATIENCE_S):
            await until(lambda: has_member(server))
            done = await labkit("say", "a", lines="one\n\ntw\x1bo\nthree", url=server.url)
            out, err = await listener.communicate()
    assert done == (0, "", "") and err == b"" and listener.returncode == 0
    texts = [line.partition(": ")[2] for line in out.decode().splitlines()]
    assert [texts[0], texts[2]] == ["one", "three"] and b"\x1b" not in out


async def test_line_refused_is_named_and_the_next_is_sent() -> None:
    async with serving() as server:
        code, _, errors = await labkit("say", "a", lines=f"good\n{1001 * 'x'}\nalso good\n", url=server.url)
        assert code == 1 and errors.startswith("line 2 was not sent: ") and errors.count("\n") == 1


@pytest.mark.parametrize("verb", ["say", "listen"])
async def test_room_invalid_exits_2_with_one_sentence(verb: str) -> None:
    async with serving() as server:
        code, _, errors = await labkit(verb, "no room", url=server.url)
        assert code == 2 and "is not a room id" in errors and "Traceback" not in errors


async def test_json_events_are_whole() -> None:
    async with serving() as server:
        listener = await start("listen", "a", "--json", "--events", "1", "--url", server.url)
        async with asyncio.timeout(PATIENCE_S):
            await until(lambda: has_member(server))
            await labkit("say", "a", lines="hi\n", url=server.url)
            out, _ = await listener.communicate()
    assert json.loads(out)["text"] == "hi" and json.loads(out)["seq"] == 1


async def first_line(listener: asyncio.subprocess.Process, url: str) -> bytes:
    """Say something until the listener, which may not have joined yet, prints it."""
    assert listener.stdout is not None
    line = asyncio.create_task(listener.stdout.readline())
    while not line.done():
        await labkit("say", "a", lines="before", url=url)
    return await line


async def test_listener_survives_a_restart_of_the_server(tmp_path: Path) -> None:
    """The next server has the port and the audit file of the one before."""
    audit = ("--audit", str(tmp_path / "room.db"))
    async with asyncio.timeout(PATIENCE_S):
        async with process(tmp_path, *audit) as server:
            listener = await start("listen", "a", "--url", server.url)
            assert b"before" in await first_line(listener, server.url)
            await server.end(signal.SIGTERM)
        async with process(tmp_path, *audit, "--port", str(port_of(server.url))):
            await labkit("say", "a", lines="after", url=server.url)
            assert listener.stdout is not None
            while b"after" not in (line := await listener.stdout.readline()):
                assert line, "the listener ended"
            listener.kill()
            await listener.communicate()


async def test_listener_ends_quietly_when_its_reader_has_gone() -> None:
    """As in `labkit listen a | head -1`."""
    async with serving() as server, asyncio.timeout(PATIENCE_S):
        shell = f"{sys.executable} -m labkit listen a --url {server.url} --token {TOKEN} | head -1"
        pipe = asyncio.subprocess.PIPE
        pipeline = await asyncio.create_subprocess_shell(shell, stdout=pipe, stderr=pipe)
        ended = asyncio.create_task(pipeline.communicate())
        while not ended.done():
            await labkit("say", "a", lines="one", url=server.url)
        out, err = await ended
    assert out.count(b"\n") == 1 and err == b""
