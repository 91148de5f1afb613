"""A server that the review starts itself (`--start "node server.mjs"`), and restarts whenever it ends.

Without a restart, the first probe to crash a weak server would be the last one with a result.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self
from urllib.parse import urlsplit

from labkit.evidence import CannotTell
from labkit.platform import shell
from labkit.review.finding import CannotReview
from labkit.review.process import Process, start

START_S = 30.0  # a build step may come first
STEP_S = 0.05
UNHANDLED = "Unhandled 'error' event"  # Node: nobody listens to the error events of a socket
# Python puts the module before the name, and frames what an exception group holds.
_ERROR = re.compile(r"^(?:[ |]*\| )?(?:Uncaught )?(?:\w+\.)*([A-Z]\w*(?:Error|Exception))\b", re.MULTILINE)
_PLACE = re.compile(r"\(?(?:file://)?([^\s()]+?\.[cm]?[jt]s):(\d+)")
DEFAULT_PORTS = {"wss": 443}


def cause_of(tail: str, exit_code: int | None) -> str:
    """Return in words why a server ended, given the end of its output."""
    if UNHANDLED in tail:
        return "an unhandled error event ends the process"
    errors = _ERROR.findall(tail)
    places = _PLACE.finditer(tail[tail.rfind(errors[-1]) :]) if errors else ()
    where = next((place for place in places if "node_modules" not in place[1]), None)  # its author's own line
    at = f" at {Path(where[1]).name}:{where[2]}" if where else ""
    return f"an uncaught {errors[-1]}{at} ends the process" if errors else f"the process ends with {exit_code}"


class Hosted:
    """A server in its own process. Use with `async with`.

    `environment`: variables added to ours. `log`: the file that its output is appended to; by default one of its own.
    `folder`: where the command runs; by default here.
    """

    def __init__(
        self,
        command: str,
        url: str,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        folder: Path | None = None,
    ) -> None:
        where = urlsplit(url)
        self.command = command
        self._environment = environment or {}
        self._in = folder
        self._where = where.hostname or "localhost", where.port or DEFAULT_PORTS.get(where.scheme, 80)
        self._folder = TemporaryDirectory(prefix="review-", ignore_cleanup_errors=True)
        self.log = log or Path(self._folder.name) / "log"  # its output, across restarts
        self.process: Process | None = None

    async def __aenter__(self) -> Self:
        try:
            if await self._listens():
                host, port = self._where
                raise CannotTell(f"another program already listens at {host}:{port}; end it, or omit --start")
            await self._start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def restart(self) -> None:
        """Kill the server and start it again. Raises CannotTell if that fails."""
        if self.process is not None:
            await self.process.end()
        await self._start()

    async def how_it_ended(self, timeout_s: float = 1.0) -> str:
        """Return the server's exit code and last line of output, or "" if it is still running."""
        process = self.process  # another probe may restart the server while this one waits
        if process is None or not await process.until_ended(timeout_s):
            return ""
        return f"the server ended with exit code {process.exit_code}: {process.last_line}"

    def why_it_ended(self) -> str:
        """Return the fault that ended the server, without what differs from time to time; "" if it is still running."""
        if self.process is None or not self.process.has_ended:
            return ""
        return cause_of(self.process.tail, self.process.exit_code)

    async def _start(self) -> None:
        try:
            command = shell.split(self.command)
        except ValueError as error:
            raise CannotTell(f"cannot start {self.command!r}: {error}") from None
        if not command:
            raise CannotTell("cannot start the server: --start names no command")
        self.process = None
        self.process = await start(command, self._environment, self.log.open("a+b"), self._in)
        for _ in range(int(START_S / STEP_S)):
            if await self.process.until_ended(STEP_S):
                raise CannotTell(await self.how_it_ended())
            if await self._listens():
                return
        raise CannotTell(f"{self.command!r} did not open {self._where[0]}:{self._where[1]} within {START_S:g} s")

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


@asynccontextmanager
async def hosting(
    start: str | None, url: str, environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> AsyncIterator[Hosted | None]:
    """Run the server that this command starts, or none without one. Raises CannotReview if it does not start."""
    if start is None:
        yield None
        return
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(Hosted(start, url, environment, folder=folder))
        except CannotTell as error:
            raise CannotReview(str(error)) from None
        yield server
