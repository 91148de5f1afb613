"""The instructor's side as a program: a class followed live. The page at /board does the same in the browser.

    watcher = Watcher("ws://localhost:8080", code)
    background.spawn(watcher.run())
    watcher.board.students, watcher.present, watcher.take()

First it joins, then it asks for all that was before, then it hears on: what comes twice counts once, so the two need
no seam. After a gap it asks again. Taught in notebook 03 (rooms) and 07 (storms).
"""

import asyncio
import json
import ssl
from collections import deque
from typing import Any

from labkit.bench.ask import ask, basic
from labkit.classroom.board import Board
from labkit.classroom.membership import admitted
from labkit.classroom.register import INSTRUCTOR
from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.unsent import Event

KEPT = 50_000  # events that nobody took


class Watcher:
    """Follows one class with the instructor's code."""

    def __init__(self, url: str, code: str, *, tls: ssl.SSLContext | None = None, **client: Any) -> None:
        self.url = url
        self.board = Board()
        self.present: set[str] = set()
        self.before: dict[str, Any] = {}  # the newest snapshot
        self.client: Client | None = None
        self._code = code
        self._tls = tls
        self._options = client
        self._came: deque[Event] = deque(maxlen=KEPT)

    async def run(self) -> None:
        """Until it is cancelled. Raises Stopped, Refused, NotAdmitted for a wrong code."""
        self.client = Client(self.url, self._ticket, tls=self._tls, **self._options)
        async with self.client as client:
            which = json.loads(await asyncio.to_thread(ask, self.url, "/class", tls=self._tls))
            room = await client.join(which["room"])
            news = await client.join(which["newsRoom"])
            await self.look()
            await room.presence()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow(room))
                tasks.create_task(self._follow(news))

    async def look(self) -> dict[str, Any]:
        """Ask for everything, now. Raises OSError."""
        answer = await asyncio.to_thread(ask, self.url, "/class/board", basic(INSTRUCTOR, self._code), tls=self._tls)
        self.before = json.loads(answer)
        self.board = Board.of(self.before["board"])
        self._came.append({"type": "snapshot", **self.before})
        return self.before

    async def announce(self, text: str) -> None:
        """Tell the class. Raises what `ClientRoom.chat` raises."""
        assert self.client is not None
        await self.client.rooms[self.before["newsRoom"]].chat(text)

    async def drill(self, kind: str = "drill") -> None:
        """Restart the server on purpose: `drill` or `crash`. Raises OSError."""
        await asyncio.to_thread(ask, self.url, f"/class/{kind}", basic(INSTRUCTOR, self._code), b"", self._tls)

    def take(self) -> list[Event]:
        """What has come since the last time, for whoever draws it."""
        taken = []
        while self._came:
            taken.append(self._came.popleft())
        return taken

    async def _follow(self, room: ClientRoom) -> None:
        async for event in room:
            if event["type"] == "gap":
                await self._look_until_it_works()
            else:
                self._hear(event)

    def _hear(self, event: Event) -> None:
        self.board.hear(event)
        name = event.get("userId")
        if event["type"] == "presence":
            self.present = {member["userId"] for member in event["members"]} - {INSTRUCTOR}
        elif event["type"] == "entered" and name != INSTRUCTOR:
            self.present.add(str(name))
        elif event["type"] == "gone":
            self.present.discard(str(name))
        self._came.append(event)

    async def _look_until_it_works(self) -> None:
        while True:
            try:
                await self.look()
                return
            except OSError:
                await asyncio.sleep(1)

    async def _ticket(self) -> str:
        return await asyncio.to_thread(admitted, self.url, INSTRUCTOR, self._code, self._tls)
