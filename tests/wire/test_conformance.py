"""The Autobahn cases against our connection with an echo for a session, on both paths, and against the library alone.

Left out: compression (12, 13), which no server of ours negotiates, and the measurements of speed (9).
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

from labkit.rules.limits import Limits
from labkit.wire.connection import Connection
from labkit.wire.http.routes import Http
from labkit.wire.hub import Hub
from labkit.wire.server import Server
from tests.wire.raw import drop_all

kosoku = pytest.importorskip("kosoku", reason="it drives the Autobahn cases, and has no wheel for this machine")

LEFT_OUT = ["9.*", "12.*", "13.*"]
MOST = 32 * 2**20
ROOMY = {
    "auth_timeout_s": None,
    "messages_per_s": None,
    "handshakes_per_s": None,
    "max_message_bytes": MOST,
    "max_frame_bytes": MOST,
    "outbox_bytes": 2 * MOST,
}
BINARY_FIN = 0x82
SILENT = logging.getLogger("tests.wire.test_conformance")
SILENT.disabled = True
FINE = {"OK", "NON-STRICT", "INFORMATIONAL"}


class Mouth(Connection):
    """Says every message again, binary ones too."""

    __slots__ = ("_is_binary",)

    def __init__(self, hub: Hub, http: Http) -> None:
        super().__init__(hub, http)
        self._is_binary = False

    def _receive(self, said: bytes | Frame) -> None:
        """Binary is refused by our assembly, so it comes to it as text."""
        if isinstance(said, Frame) and said.opcode is Opcode.BINARY:
            self._is_binary, said.opcode = True, Opcode.TEXT
        super()._receive(said)

    def _receive_text(self, message: bytes) -> None:
        if self._is_binary:
            self._is_binary = False
            self.hub.state.path.send(self, Frame(Opcode.BINARY, message).serialize(mask=False))
        else:
            super()._receive_text(message)


class Echo(Server):
    """Our server, without a session behind it."""

    def _new_hub(self) -> Hub:
        hub = super()._new_hub()
        hub.receive = lambda connection, raw: connection.send(raw)  # type: ignore[method-assign]
        return hub

    def _new_connection(self) -> Connection:
        return Mouth(self.hub, self.http)


@asynccontextmanager
async def ours(fast_path: bool) -> AsyncIterator[str]:
    """The address of an echo on our connection."""
    async with Echo(port=0, limits=Limits().set({**ROOMY, "fast_path": fast_path})) as server:
        yield server.url.replace("localhost", "127.0.0.1")
        drop_all()


@asynccontextmanager
async def the_library() -> AsyncIterator[str]:
    """The address of an echo on the library alone."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    options: dict[str, Any] = {"max_size": MOST, "compression": None, "ping_interval": None, "logger": SILENT}
    async with serve(echo, "127.0.0.1", 0, **options) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def failures(url: str) -> tuple[set[str], int]:
    """The cases that are not fine, and how many there were."""
    try:
        results: list[Any] = await kosoku.run_fuzzingclient(url, exclude_cases=LEFT_OUT, concurrency=4)
    except kosoku.FailureError as failed:
        results = failed.results
    bad = {one.case_id for one in results if not {one.behavior.value, one.behavior_close.value} <= FINE}
    return bad, len(results)


async def test_no_case_fails_that_the_library_alone_does_not_fail() -> None:
    """On the fast path and on the plain one."""
    async with the_library() as url:
        allowed, _ = await failures(url)
    for fast_path in (True, False):
        async with ours(fast_path) as url:
            bad, cases = await failures(url)
        print(f"fast_path={fast_path}: {cases} results, failed {sorted(bad)}; the library alone: {sorted(allowed)}")
        assert bad <= allowed
        await asyncio.sleep(0)
