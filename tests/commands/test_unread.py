"""A log that nobody reads: every verb with an event loop keeps running, drains at SIGTERM, and ends."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.pipes import full_pipe
from tests.wire.raw import TOKEN, Raw, ask, pair, request, serving

VISITORS = 310
LABKIT = [sys.executable, "-m", "labkit"]


@asynccontextmanager
async def unread(
    command: Sequence[str], home: Path, writing: int
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A server whose stderr is a pipe that nobody reads, and its port."""
    child = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=writing,
        env={**os.environ, "DEV_TOKEN": TOKEN, "LABKIT_HOME": str(home)},
    )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(20):
            while not (line := (await child.stdout.readline()).decode()).startswith("WebSocket server listening"):
                assert line
        yield child, line.split()[-1]
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def drained(child: asyncio.subprocess.Process, url: str, number: int = signal.SIGTERM) -> int:
    """The exit code after a signal, once a member received its slot."""
    member = await Raw.open(url)
    child.send_signal(number)
    assert (await member.ending())[0] == 1012
    async with asyncio.timeout(20):
        return await child.wait()


async def visit(url: str) -> None:
    """Connect and leave; the server logs it."""
    raw = await Raw.open(url)
    raw.say(type="chat")
    await raw.ending()


async def test_log_unread_does_not_block_server(tmp_path: Path) -> None:
    """Hundreds of visits, two members chat, SIGTERM drains, and what was logged is JSON."""
    reading, writing = os.pipe()
    async with unread([*LABKIT, "serve", "--port", "0"], tmp_path, writing) as (child, url):
        for _ in range(0, VISITORS, 10):
            await asyncio.gather(*(visit(url) for _ in range(10)))
        await pair(url)
        assert await drained(child, url) == 0
    os.close(writing)
    with open(reading, "rb") as log:
        lines = log.read().split(b"\n")
    assert len(lines) > 200 and all(json.loads(line) for line in lines[:-1])  # the end came in the middle of a line


@pytest.mark.parametrize(
    "command",
    [
        [*LABKIT, "serve", "--port", "0"],
        [*LABKIT, "serve", "--port", "0", "--loop", "uvloop"],
        [*LABKIT, "class", "start", "open", "--port", "0", "--lan", "--hand-out", "slips", "--file", "class.db"],
    ],
    ids=["serve", "uvloop", "class"],
)
async def test_pipe_full_at_start_does_not_delay_server(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with full_pipe() as (_, writing):
        async with unread(command, tmp_path, writing) as (child, url):
            assert (await ask(url, request("GET", "/healthz", {"Host": "localhost"}))).status == 200
            assert await drained(child, url) == 0


async def test_cluster_unread_can_be_stopped(tmp_path: Path) -> None:
    with full_pipe() as (_, writing):
        async with unread([*LABKIT, "cluster", "--servers", "2", "--port", "0"], tmp_path, writing) as (child, url):
            os.kill(min(servers_of(child.pid)), signal.SIGKILL)
            await asyncio.sleep(1)  # it looks twice a second
            assert await drained(child, url) == 0


def servers_of(pid: int) -> list[int]:
    """The process ids of a cluster's servers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in children if b"serve" in Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")]


async def ended(*arguments: str) -> tuple[int, str]:
    """The exit code and stdout of a verb whose stderr nobody reads."""
    with full_pipe() as (_, writing):
        child = await asyncio.create_subprocess_exec(
            *LABKIT, *arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=writing
        )
        try:
            async with asyncio.timeout(40):
                stdout, _ = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
    return child.returncode or 0, stdout.decode()


async def test_load_unread_still_measures() -> None:
    async with serving(limits={"messages_per_s": 5, "message_burst": 5}) as server:
        code, stdout = await ended(
            "load", "--url", server.url, "--token", TOKEN, "--members", "2", "--seconds", "2", "--json"
        )
    assert code == 1 and json.loads(stdout)["sent"] > 0


async def test_review_unread_still_finishes() -> None:
    async with serving() as server:
        code, stdout = await ended("review", server.url, "--token", TOKEN, "--only", "auth/1", "--json", "-")
    assert code in (0, 1) and json.loads(stdout)["target"] == server.url


async def test_error_unread_still_ends_verb() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert (await ended("serve", "--host", "127.0.0.1", "--port", port))[0] == 2


@pytest.mark.parametrize(
    "command",
    [
        ["serve"],
        ["serve", "--loop", "uvloop"],
        ["class", "start", "closed", "--hand-out", "slips", "--file", "class.db"],
    ],
    ids=["serve", "uvloop", "class"],
)
async def test_a_server_without_standard_streams_drains(command: list[str], tmp_path: Path) -> None:
    """As some supervisors start it: all three are closed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    child = await asyncio.create_subprocess_exec(
        *LABKIT,
        *command,
        "--port",
        str(port),
        cwd=tmp_path,
        env={**os.environ, "DEV_TOKEN": TOKEN, "LABKIT_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)},
        preexec_fn=lambda: os.closerange(0, 3),
    )
    url = f"ws://localhost:{port}"
    try:
        async with asyncio.timeout(20):
            while child.returncode is None:
                with contextlib.suppress(OSError):
                    assert (await ask(url, request("GET", "/healthz", {"Host": "localhost"}))).status == 200
                    break
                await asyncio.sleep(0.05)
        assert await drained(child, url) == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
