"""The lab's server in a thread of this process, so that a notebook can look inside (`lab.inside.hub.state.rooms`).

A busy cell slows it down, because both share one interpreter lock. Use the process unless you need to look inside.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from labkit.wire.server import Server

STOP_S = 15.0
LOG_LINES = 200


class ServerThread:
    """One server in a thread. It starts and stops like a ServerProcess; `kill` only imitates the end of a process."""

    def __init__(self, make: Callable[[int], Server]) -> None:
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self.url = ""
        self.inside: Server | None = None
        self._make = make
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._log_handler = _Lines(self.log)

    def start(self, port: int = 0) -> str:
        """Start the server and return its address."""
        logging.getLogger("labkit.wire").addHandler(self._log_handler)  # otherwise warnings go to the running cell
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
        if self.inside is not None:
            self._end(self.inside.__aexit__(None, None, None))
        return 0

    def kill(self) -> int:
        """End the server's thread without draining it, losing whatever it held only in memory."""
        if self.inside is not None:
            self._end(self.inside.crash())
        return 0

    def _end(self, ending: Coroutine[Any, Any, None]) -> None:
        self.inside = None
        if self._loop is not None and self._thread is not None:
            asyncio.run_coroutine_threadsafe(ending, self._loop).result(STOP_S)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_S)
            self._loop.close()
        logging.getLogger("labkit.wire").removeHandler(self._log_handler)


class _Lines(logging.Handler):
    """Keeps the last lines of a log."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self._lines.append(self.format(record))
