"""Follow a class live from Python, as the instructor. The page at /board does the same in the browser.

    watcher = Watcher("ws://localhost:8080", code)
    background.spawn(watcher.run())
    watcher.board.students, watcher.present, watcher.take()

The watcher joins the room first and then requests a snapshot. Events may overlap with it, because the board ignores
repeats. After a gap it requests a new snapshot, and keeps reading meanwhile. Failed requests are retried, so bad Wi-Fi
only delays the board.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar
from urllib.error import HTTPError

from labkit.bench.ask import ask, basic, json_of
from labkit.bench.tunnel import route_to
from labkit.classroom.board import Board, well_formed
from labkit.classroom.membership import admitted
from labkit.classroom.posting import packed
from labkit.classroom.register import INSTRUCTOR
from labkit.wire.client.client import Client, Disconnected
from labkit.wire.client.link import PASSING_STATUSES
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.unsent import Event

KEPT = 50_000  # events that `take` has not returned yet
AGAIN_S = 1.0
T = TypeVar("T")


class Watcher:
    """Follows one class with the instructor's code."""

    def __init__(self, url: str, code: str, *, tls: ssl.SSLContext | None = None, **client: Any) -> None:
        self.url = url
        self.board = Board()
        self.present: set[str] = set()
        self.before: dict[str, Any] = {}  # the newest snapshot
        self.which: dict[str, Any] = {}  # what the class reports about itself
        self.questions: dict[str, dict[str, Any]] = {}  # the votes as last requested, by question id
        self.client: Client | None = None
        self._code = code
        self._tls = tls
        self._route = partial(route_to, url)
        self._options = client
        self._received: deque[Event] = deque(maxlen=KEPT)
        self._looking = asyncio.Lock()  # an older snapshot must not replace a newer one
        self._meanwhile: list[Event] = []  # received since the latest request
        self._gap = asyncio.Event()

    async def run(self) -> None:
        """Follow the class until cancelled.

        Raises Stopped, Refused, NotAdmitted (wrong code) or HTTPError (no class there).
        """
        try:
            await self._connected()
        except ExceptionGroup as ended:
            raise ended.exceptions[0] from None

    async def _connected(self) -> None:
        self.client = Client(self.url, self._ticket, tls=self._tls, route=self._route, **self._options)
        async with self.client as client:
            self.which = which = await _until_it_works(lambda: self._ask("/class"))
            room = await client.join(which["room"])
            followed = [room, await client.join(which["newsRoom"])]
            if "votesRoom" in which:  # not in a class of an older labkit
                followed.append(await client.join(which["votesRoom"]))
                await _until_it_works(lambda: self.request("class/votes"))
            await _until_it_works(self.look)
            async with asyncio.TaskGroup() as tasks:
                for one in followed:
                    tasks.create_task(self._follow(one))
                tasks.create_task(self._catch_up(room))

    async def look(self) -> dict[str, Any]:
        """Request a snapshot now. Raises OSError."""
        code = basic(INSTRUCTOR, self._code)
        async with self._looking:
            self._meanwhile.clear()
            self.before = await self._ask("/class/board", code)
            self.board = Board.of(self.before["board"])
            self._received.append({"type": "snapshot", **self.before})
            for event in self._meanwhile:  # the snapshot may be older than these
                self.board.apply(event)
            self._received.extend(self._meanwhile)
            return self.before

    async def request(self, path: str, wish: dict[str, Any] | None = None) -> dict[str, Any]:
        """Request the votes or, with a wish, change them, as the board page does. Raises OSError."""
        code, body = basic(INSTRUCTOR, self._code), None if wish is None else b""
        header = None if wish is None else packed(wish)
        answer = json_of(await asyncio.to_thread(self._answer, f"/{path}", code, body, header))
        self.questions |= {question["id"]: question for question in answer.get("questions", [])}
        return answer

    async def announce(self, text: str) -> None:
        """Send an announcement to the class. Raises the same errors as `ClientRoom.chat`."""
        assert self.client is not None
        await self.client.rooms[self.before["newsRoom"]].chat(text)

    async def drill(self, kind: str = "drill") -> None:
        """Restart the server on purpose, with `drill` or `crash`. Raises OSError."""
        await asyncio.to_thread(self._answer, f"/class/{kind}", basic(INSTRUCTOR, self._code), b"")

    def take(self) -> list[Event]:
        """Return the events received since the last call, for drawing."""
        taken = []
        while self._received:
            taken.append(self._received.popleft())
        return taken

    async def _follow(self, room: ClientRoom) -> None:
        async for event in room:
            if event["type"] == "gap":
                self._gap.set()
            else:
                self._apply(event)

    async def _catch_up(self, room: ClientRoom) -> None:
        """Request presence, and a snapshot after each gap.

        This is separate from `_follow`, which must not stop reading.
        """
        while True:
            await _until_it_works(room.presence)
            await self._gap.wait()
            self._gap.clear()
            await _until_it_works(self.look)

    def _apply(self, event: Event) -> None:
        event = {name: well_formed(value) if isinstance(value, str) else value for name, value in event.items()}
        self.board.apply(event)
        name = event.get("userId")
        if event["type"] == "presence":
            self.present = {member["userId"] for member in event["members"]} - {INSTRUCTOR}
        elif event["type"] == "entered" and name != INSTRUCTOR:
            self.present.add(str(name))
        elif event["type"] == "gone":
            self.present.discard(str(name))
        self._received.append(event)
        if self._looking.locked():
            self._meanwhile.append(event)

    async def _ask(self, path: str, code: str | None = None) -> dict[str, Any]:
        return json_of(await asyncio.to_thread(self._answer, path, code))

    def _answer(
        self, path: str, code: str | None, body: bytes | None = None, header: dict[str, str] | None = None
    ) -> bytes:
        return ask(self.url, path, code, body, self._tls, self._route(), header)

    async def _ticket(self) -> str:
        return await asyncio.to_thread(self._admitted)

    def _admitted(self) -> str:
        return admitted(self.url, INSTRUCTOR, self._code, self._tls, self._route())


async def _until_it_works(request: Callable[[], Awaitable[T]]) -> T:
    """Retry a request as long as it fails because the connection broke.

    Raises a refusal that a retry would not change.
    """
    while True:
        try:
            return await request()
        except (OSError, Disconnected) as error:
            if isinstance(error, HTTPError) and error.code < 500 and error.code not in PASSING_STATUSES:
                raise
            await asyncio.sleep(AGAIN_S)
