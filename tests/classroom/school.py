"""A class in this process: a server on a free port, codes for its students, and senders for their machines."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.bench.ask import ask, basic
from labkit.classroom.catalogue import Catalogue
from labkit.classroom.membership import Membership
from labkit.classroom.register import INSTRUCTOR, Register, open_register
from labkit.classroom.sending import Sender
from labkit.classroom.serving import ClassServer
from labkit.course.progress import Progress
from labkit.rules.limits import Limits
from labkit.wire.server import Server

CLASS = "physics"
PATIENCE_S = 20.0


@dataclass
class School:
    """One running class."""

    url: str
    path: Path
    register: Register
    server: ClassServer
    codes: dict[str, str]

    def member(self, name: str) -> Membership:
        """The membership that a student's machine saves."""
        return Membership(self.url, name, self.codes[name], CLASS)

    async def ticket(self, name: str) -> str:
        """Fetch a ticket."""
        return await asyncio.to_thread(self.member(name).ticket)

    async def get(self, path: str, name: str = INSTRUCTOR, body: bytes | None = None) -> Any:
        """The server's response to a request with a code. Raises HTTPError."""
        return json.loads(await asyncio.to_thread(ask, self.url, path, basic(name, self.codes[name]), body))

    async def students(self) -> dict[str, Any]:
        """The rows of the board."""
        return dict((await self.get("/class/board"))["board"]["students"])


@asynccontextmanager
async def teaching(
    folder: Path,
    *names: str,
    port: int = 0,
    catalogue: Catalogue | None = None,
    grades: bool = False,
    votes_by_name: bool = False,
    **limits: Any,
) -> AsyncIterator[School]:
    """A class whose students have codes; without names, it is open."""
    path = folder / f"{CLASS}.class.db"
    register = open_register(path, CLASS)
    if grades:
        register.begin_to_grade()
    if votes_by_name:
        register.vote_by_name()
    if names:
        register.close_to_new_names()
    codes = register.enrol(names, renew=True) | {INSTRUCTOR: register.enrol_instructor(renew=True) or ""}
    stop, listening = asyncio.Event(), asyncio.get_running_loop().create_future()
    server = ClassServer(
        register, catalogue or Catalogue(), "127.0.0.1", port, limits=Limits(close_deadline_s=0.3).set(limits)
    )

    def tell(serving: Server) -> None:
        listening.set_result(serving.url)

    running = asyncio.create_task(server.run(stop, tell))
    await asyncio.wait([listening, running], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    try:
        yield School(listening.result(), path, register, server, codes)
    finally:
        stop.set()
        await running


@asynccontextmanager
async def at_work(member: Membership, folder: Path, **client: Any) -> AsyncIterator[Sender]:
    """A student's machine that reports its progress to the class."""
    sender = Sender(member, Progress(folder / member.name / "progress.jsonl"), **client)
    running = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def all_sent(*senders: Sender) -> None:
    """Wait until the class has confirmed everything."""
    async with asyncio.timeout(PATIENCE_S):
        while any(sender.waiting for sender in senders):
            await asyncio.sleep(0.02)


def exercise(
    name: str, n: int, exercise: str = "01", status: str = "started", *, at: int | str = 1000, **more: Any
) -> dict[str, Any]:
    """An event of the class room, as the server sends it."""
    fields = {"type": "exercise", "userId": name, "requestId": f"device-{n}", "n": n, "exercise": exercise}
    return {**fields, "status": status, "at": at, "sentAt": "1970-01-01T00:00:05Z", "seq": 1, **more}


def statuses(rows: dict[str, Any], names: Iterable[str]) -> dict[str, dict[str, str]]:
    """The board's statuses as {name: {exercise: status}}."""
    return {name: {key: cell["status"] for key, cell in rows[name]["cells"].items()} for name in names}
