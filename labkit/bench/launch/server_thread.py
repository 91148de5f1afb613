"""The lab's server in a thread of this process, so that a notebook can look inside (`lab.inside.hub.state.rooms`).

A busy cell slows it down, because both share one interpreter lock. Use the process unless you need to look inside.
"""

import asyncio
import threading
from collections.abc import Callable

from labkit.wire.server import Server

STOP_S = 15.0


class ServerThread:
    """One server in a thread. It starts and stops like a ServerProcess, but cannot be killed."""

    def __init__(self, make: Callable[[int], Server]) -> None:
        self.log: list[str] = ["(in a thread: the server logs into this process's own log)"]
        self.url = ""
        self.inside: Server | None = None
        self._make = make
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self, port: int = 0) -> str:
        """Start the server and return its address."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="labkit server", daemon=True)
        self._thread.start()
        self.inside = asyncio.run_coroutine_threadsafe(self._open(port), self._loop).result(STOP_S)
        self.url = self.inside.url
        return self.url

    async def _open(self, port: int) -> Server:
        return await self._make(port).__aenter__()

    @property
    def pid(self) -> int | None:
        """The thread's native ID while the server is running."""
        return self._thread.native_id if self._thread is not None and self.inside is not None else None

    def terminate(self) -> int:
        """Drain the server and end its thread."""
        if self.inside is not None and self._loop is not None and self._thread is not None:
            leaving = self.inside.__aexit__(None, None, None)
            self.inside = None
            asyncio.run_coroutine_threadsafe(leaving, self._loop).result(STOP_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)
            self._loop.close()
        return 0

    def kill(self) -> int:
        """Raise RuntimeError: a thread cannot be killed."""
        raise RuntimeError("a server in a thread cannot be killed; start the lab without in_thread=True")
