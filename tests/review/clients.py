"""Review broken clients, each a task beside its scripted server; `calm` runs it as a process.

The result is a JSON object: for each fault, the broken and the unknown probes, each with its evidence. `ours` is our
own client.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from labkit.broken_clients import broken_client
from labkit.broken_clients.talking import client_of, talk
from labkit.review import Report
from labkit.review.client.client_review import examine_client
from labkit.review.client.starting import Environment
from labkit.wire.client.client import Client
from tests.review.matrix import OURS, Found, doubts

AT_ONCE = 20
GIVE_UP_S = 1.0  # the protocol says 10
PATIENCE = {"patience_s": 5.0, "return_s": 20.0}


class TaskClient:
    """A client that runs on this event loop."""

    def __init__(self, kind: type[Client], environment: Environment) -> None:
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        client = client_of(kind, environment, GIVE_UP_S)
        self._task = asyncio.create_task(talk(client, environment["LABKIT_ROOM"], self._typed()))

    @property
    def has_ended(self) -> bool:
        """Whether the client has ended."""
        return self._task.done()

    @property
    def last_line(self) -> str:
        """How it ended."""
        return repr(self._task.exception()) if self._task.done() else ""

    def write_line(self, text: str) -> None:
        """Give it a line that would arrive on standard input."""
        self._lines.put_nowait(text)

    async def end(self) -> None:
        """Cancel it."""
        self._task.cancel()
        with suppress(BaseException):
            await self._task

    async def _typed(self) -> AsyncIterator[str]:
        while True:
            yield await self._lines.get()


async def reviewed(fault: str) -> Report:
    """Review the client with a fault, or ours."""
    kind = Client if fault == OURS else broken_client(fault)

    async def start(environment: Environment) -> TaskClient:
        return TaskClient(kind, environment)

    return await examine_client(fault, start=start, at_once=AT_ONCE, **PATIENCE)


async def main(faults: list[str], _tmp: Path) -> Found:
    """Review all these faults."""
    reports = await asyncio.gather(*(reviewed(fault) for fault in faults))
    return {fault: doubts(report) for fault, report in zip(faults, reports, strict=True)}
