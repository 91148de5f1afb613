"""The two versions of the server: one process at a time, on one port and one audit file.

Both are `labkit serve`; version 2 has the fault's settings. Clients connect through a proxy, so their address stays.
"""

import asyncio
import secrets
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from labkit.bench.deploy.plan import Fault
from labkit.bench.launch.server_process import ServerProcess
from labkit.faults import Proxy

# Long enough that a client which was away receives everything, and no `gap: true` excuses a loss.
BOTH = ("messages_per_s=off", "history_events=20000", "outbox_bytes=16777216")


class Versions:
    """The server that clients use. Use `async with`; it starts with version 1 and ends with a drain."""

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_urlsafe(16)
        self.audit = folder / "room.db"
        self.live = 1
        self._port = 0
        self._server: ServerProcess | None = None
        self._open = AsyncExitStack()

    @property
    def url(self) -> str:
        """The address for clients."""
        return self._proxy.url

    @property
    def server_url(self) -> str:
        """The server's own address, for its metrics."""
        return f"ws://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        """Start version 1. Raises ServerDied."""
        async with AsyncExitStack() as opening:
            opening.push_async_callback(self._drain)
            await self._start(())
            self._proxy = await opening.enter_async_context(Proxy(self.server_url))
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    async def deploy(self, fault: Fault) -> None:
        """Drain version 1, and start version 2 on the same audit file. Raises ServerDied."""
        await self._drain()
        await self._start(fault.settings)
        self.live = 2

    async def roll_back(self) -> None:
        """Drain version 2, and start version 1 again. Raises ServerDied."""
        await self._drain()
        await self._start(())
        self.live = 1

    async def _start(self, settings: tuple[str, ...]) -> None:
        options = ["--quiet", "--audit", str(self.audit)]
        options += [part for setting in (*BOTH, *settings) for part in ("--set", setting)]
        self._server = ServerProcess({"DEV_TOKEN": self.token}, options)
        url = await asyncio.to_thread(self._server.start, self._port)
        self._port = int(url.rpartition(":")[2])

    async def _drain(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.terminate)
