"""The server under review, where the review starts it: `--start "node server.mjs"`. One that ends is started again.

Without this, the first probe that ends a weak server is the last one that sees anything.
"""

import asyncio
import shlex
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from labkit.review.finding import CannotTell
from labkit.review.process import Process, start

START_S = 30.0  # a build step may come first
STEP_S = 0.05
DEFAULT_PORTS = {"wss": 443}


class Hosted:
    """A server in a process of its own. `async with`."""

    def __init__(self, command: str, url: str) -> None:
        where = urlsplit(url)
        self._command = command
        self._where = where.hostname or "localhost", where.port or DEFAULT_PORTS.get(where.scheme, 80)
        self._folder = TemporaryDirectory(prefix="review-")
        self.log = Path(self._folder.name) / "log"  # all that it printed, in each of its lives
        self.process: Process | None = None

    async def __aenter__(self) -> Self:
        try:
            if await self._listens():
                host, port = self._where
                raise CannotTell(f"something listens at {host}:{port} already; end it, or leave out --start")
            await self._start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def restart(self) -> None:
        """End what is left of it, and start it again. Raises CannotTell."""
        if self.process is not None:
            await self.process.end()
        await self._start()

    async def how_it_ended(self, patience_s: float = 1.0) -> str:
        """Its exit code and last words; nothing where it lives on."""
        if self.process is None or not await self.process.ended(patience_s):
            return ""
        return f"the server ended with exit code {self.process.exit_code}: {self.process.last_words}"

    async def _start(self) -> None:
        try:
            words = shlex.split(self._command)
        except ValueError as error:
            raise CannotTell(f"cannot start {self._command!r}: {error}") from None
        if not words:
            raise CannotTell("cannot start the server: --start names no command")
        self.process = None
        self.process = await start(words, {}, self.log.open("a+b"))
        for _ in range(int(START_S / STEP_S)):
            if await self.process.ended(STEP_S):
                raise CannotTell(await self.how_it_ended())
            if await self._listens():
                return
        raise CannotTell(f"{self._command!r} did not listen at {self._where[0]}:{self._where[1]} in {START_S:g} s")

    async def _end(self) -> None:
        if self.process is not None:
            await self.process.end()
        self._folder.cleanup()

    async def _listens(self) -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection(*self._where)
            writer.transport.abort()
            return True
        return False
