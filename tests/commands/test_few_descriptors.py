"""Servers at the limit of file descriptors: hundreds of strangers, and two members that keep sending."""

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.commands.certificates import certificate
from tests.wire.raw import TOKEN, Raw, upgrade

FILES, STRANGERS = 64, 124
LABKIT = [sys.executable, "-m", "labkit"]


class Small(NamedTuple):
    """A server with few descriptors."""

    child: asyncio.subprocess.Process
    url: str
    log: Path

    def lines(self) -> list[dict[str, object]]:
        """Its log; every line is JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def cpu_s(self) -> float:
        """The processor time that it has used."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def small(tmp: Path, *command: str) -> AsyncIterator[Small]:
    """Start it under `ulimit -n`."""
    log = tmp / "log"
    with log.open("w") as stderr:
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "DEV_TOKEN": TOKEN, "LABKIT_HOME": str(tmp)},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES)),
        )
    try:
        assert child.stdout is not None
        async with asyncio.timeout(20):
            while not (line := (await child.stdout.readline()).decode()).startswith("WebSocket server listening"):
                assert line, log.read_text()
        yield Small(child, line.split()[-1], log)
    finally:
        for raw in Raw.made:
            raw.drop()
        if child.returncode is None:
            child.kill()
        await child.wait()


async def strangers(url: str, **options: object) -> list[Raw]:
    """Connect and send nothing; those that got no place are closed soon."""

    async def one() -> Raw | None:
        with contextlib.suppress(OSError):
            return await Raw.dial(url, **options)
        return None

    return [raw for raw in await asyncio.gather(*(one() for _ in range(STRANGERS))) if raw is not None]


async def entered(url: str) -> Raw:
    """Join as soon as there is a place: the server notices closed connections one by one."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, AssertionError):
                return await Raw.enter(url, TOKEN, "a")
            await asyncio.sleep(0.05)


async def talk(ann: Raw, bob: Raw, times: int) -> None:
    """Ann sends, Bob receives, this many times."""
    for number in range(times):
        ann.chat("a", f"{number}")
        assert (await bob.hear("chat"))["text"] == f"{number}"


def is_quiet(server: Small) -> bool:
    """Check that the log has one line about the limit, and none per stranger."""
    (clamped,) = [line for line in server.lines() if "descriptors" in line]
    assert clamped["level"] == "WARNING" and clamped["asked"] == 10_000 and clamped["descriptors"] == FILES
    assert "connections=10000" in str(clamped["what"]) and "ulimit -n" in str(clamped["what"])
    return len(server.lines()) < 20


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_strangers_take_no_descriptor_from_members(tmp_path: Path, loop: str) -> None:
    audit = str(tmp_path / "room.db")
    async with small(tmp_path, *LABKIT, "serve", "--port", "0", "--loop", loop, "--audit", audit) as server:
        ann, bob = [await Raw.enter(server.url, TOKEN, "a") for _ in range(2)]
        before = server.cpu_s()
        for _ in range(3):
            await strangers(server.url)
            await talk(ann, bob, 20)
        assert server.cpu_s() - before < 2  # the processor's seconds, not the clock's; it was 100 % of them
        assert is_quiet(server)


async def test_connection_beyond_limit_gets_503(tmp_path: Path) -> None:
    async with small(tmp_path, *LABKIT, "serve", "--port", "0", "--set", "auth_timeout_s=60") as server:
        allowed = int(str(server.lines()[0]["connections"]))
        inside = [await Raw.open(server.url) for _ in range(allowed)]
        for _ in range(3):
            raw = await Raw.dial(server.url)
            raw.send(upgrade())
            assert (await raw.http()).status == 503
        inside[0].drop()
        await entered(server.url)


async def test_idle_tls_strangers_take_no_descriptor(tmp_path: Path) -> None:
    """They never reach the handshake that counts them otherwise."""
    files = certificate(tmp_path)
    tls = ["--certfile", str(files.certfile), "--keyfile", str(files.keyfile)]
    async with small(tmp_path, *LABKIT, "serve", "--port", "0", *tls) as server:
        ann, bob = [await Raw.dial(server.url, ssl=files.trusting) for _ in range(2)]
        for raw in (ann, bob):
            raw.send(upgrade())
            assert (await raw.head()).status == 101
            raw.say(type="auth", token=TOKEN)
            await raw.hear("auth_ok")
            raw.say(type="join", roomId="a")
            await raw.hear("joined")
        for _ in range(2):
            await strangers(server.url)
            await talk(ann, bob, 20)
        assert is_quiet(server)


async def test_class_stays_below_descriptor_limit(tmp_path: Path) -> None:
    """Reading its file for the board takes descriptors too."""
    files = ["--file", str(tmp_path / "class.db"), "--hand-out", str(tmp_path / "slips")]
    async with small(tmp_path, *LABKIT, "class", "start", "few", "--port", "0", *files) as server:
        for _ in range(3):
            await strangers(server.url)
            await asyncio.sleep(0.5)
        assert is_quiet(server) and {line["level"] for line in server.lines()} == {"INFO", "WARNING"}


async def test_limit_lowered_later_is_logged_once_a_second(tmp_path: Path) -> None:
    async with small(tmp_path, *LABKIT, "serve", "--port", "0") as server:
        ann, bob = [await Raw.enter(server.url, TOKEN, "a") for _ in range(2)]
        resource.prlimit(server.child.pid, resource.RLIMIT_NOFILE, (8, FILES))
        began, before = asyncio.get_running_loop().time(), server.cpu_s()
        waiting = await strangers(server.url)
        for _ in range(4):
            await talk(ann, bob, 20)
            await asyncio.sleep(0.5)
        seconds = asyncio.get_running_loop().time() - began
        warnings = [line for line in server.lines() if "fault" in line]
        assert 1 <= len(warnings) <= seconds + 1 and server.cpu_s() - before < 1
        resource.prlimit(server.child.pid, resource.RLIMIT_NOFILE, (FILES, FILES))
        for raw in waiting:
            raw.drop()
        await entered(server.url)
