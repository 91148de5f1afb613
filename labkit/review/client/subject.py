"""One client under review, with a port of its own to call at: started, visited by it, and ended."""

import asyncio
import socket
from functools import partial
from random import Random
from time import monotonic
from typing import Any

from labkit.platform.accepting import Accepting
from labkit.review.client.starting import Start, Started
from labkit.review.client.visit import Visit
from labkit.review.finding import CannotTell
from labkit.review.peer import Said, Silent
from labkit.review.transcript import Transcript

ROOM = "review:client"
WINDOW_MS = 100  # told to be short, so that a client which listens is quick to review
NO_PINGS = 0


class Subject:
    """A client, started once. Its visits come in the order in which it connected."""

    def __init__(self, name: str, transcript: Transcript, rng: Random, patience_s: float, return_s: float) -> None:
        self.name = name
        self.token = f"token-{rng.getrandbits(80):020x}"
        self.visits: list[Visit] = []
        self.resumes: list[str] = []  # the credentials that our auth_oks gave
        self.tickets: list[str] = []  # those that it fetched
        self.return_s = return_s
        self._patience_s = patience_s
        self._rng = rng
        self._transcript = transcript
        self._taken = 0
        self._opening: set[asyncio.Task[Any]] = set()
        self._news = asyncio.Event()
        self._seq = 0
        transcript.secrets[self.token] = "$LABKIT_TOKEN"

    async def start(self, start: Start) -> None:
        """Listen, and start it."""
        listener = socket.create_server(("127.0.0.1", 0))
        self._accepting = Accepting(listener, self._accepted)
        self._accepting.start()
        where = f"127.0.0.1:{listener.getsockname()[1]}"
        self.started: Started = await start(
            {
                "LABKIT_URL": f"ws://{where}",
                "LABKIT_TOKEN": self.token,
                "LABKIT_ROOM": ROOM,
                "LABKIT_TICKET_URL": f"http://{where}/ticket",
            }
        )

    def _accepted(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        visit = partial(Visit, self._transcript, self._came, self._new_ticket)
        opening = loop.create_task(loop.connect_accepted_socket(visit, sock))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def end(self) -> None:
        """End it, and stop listening."""
        if hasattr(self, "started"):
            await self.started.end()
        self._accepting.stop()
        for visit in self.visits:
            visit.transport.abort()

    # Its visits

    async def visit(self) -> Visit:
        """Its next connection. Raises Silent when it does not come, CannotTell when it never did."""
        first = not self.visits
        ends = monotonic() + (self._patience_s if first else self.return_s)
        while self._taken == len(self.visits):
            if self.has_ended or monotonic() > ends:
                raise self._missing(first)
            self._news.clear()
            try:
                async with asyncio.timeout(0.05):  # the end of a process makes no noise
                    await self._news.wait()
            except TimeoutError:
                continue
        self._taken += 1
        return self.visits[self._taken - 1]

    @property
    def has_ended(self) -> bool:
        """Whether it is over."""
        return self.started.has_ended

    @property
    def has_called_again(self) -> bool:
        """Whether there are connections that nobody has looked at."""
        return self._taken < len(self.visits)

    def line(self, text: str) -> None:
        """A line on its standard input, which it is to say in the room."""
        self._transcript.note(self.name, f"stdin: {text}", text)
        self.started.line(text)

    async def told(self, visit: Visit, text: str) -> None:
        """The same, when it has read all that was said to it on this connection."""
        await visit.read()
        self.line(text)

    def _missing(self, first: bool) -> Exception:
        words = self._transcript.hide(self.started.last_words)
        ended = f"it ended; its last words: {words!r}" if self.has_ended else f"its last words: {words!r}"
        if first:
            return CannotTell(f"the client did not connect to LABKIT_URL within {self._patience_s:g} s; {ended}")
        return Silent("it ended instead" if self.has_ended else f"it did not come back within {self.return_s:g} s")

    # What a server does for it

    async def authed(self) -> Visit:
        """Its next connection, with auth said."""
        visit = await self.visit()
        await visit.hear("auth")
        return visit

    def admit(self, visit: Visit, **more: Any) -> None:
        """Answer its auth."""
        resume = f"resume-{self._rng.getrandbits(80):020x}"
        self.resumes.append(resume)
        self._transcript.secrets[resume] = f"$RESUME{len(self.resumes)}"
        ok: dict[str, Any] = {
            "type": "auth_ok",
            "connectionId": f"{self.name}-{len(self.visits)}",
            "userId": f"user-{self.name}",
            "resume": resume,
            "expiresAt": "2100-01-01T00:00:00.000Z",
            "pingMs": NO_PINGS,
            "reconnect": {"windowMs": WINDOW_MS},
        }
        visit.say(**(ok | more))

    def let_in(self, visit: Visit, **more: Any) -> None:
        """Answer its join."""
        visit.say(**({"type": "joined", "roomId": ROOM, "epoch": "one", "seq": self._seq, "gap": False} | more))

    def publish(self, visit: Visit, text: str, request_id: object, **more: Any) -> None:
        """An event in the room; its own when `request_id` is that of its chat."""
        self._seq += 1
        event = {"type": "chat", "id": f"event-{self._seq}", "requestId": request_id, "roomId": ROOM, "text": text}
        event |= {"userId": f"user-{self.name}", "sentAt": "2100-01-01T00:00:00.000Z", "seq": self._seq}
        visit.say(**(event | more))

    async def enter(self, **auth_ok: Any) -> Visit:
        """Its next connection, let in to the room."""
        visit = await self.authed()
        self.admit(visit, **auth_ok)
        await self.asks_in(visit)
        self.let_in(visit)
        return visit

    async def asks_in(self, visit: Visit) -> Said:
        """Its join of our room, after whatever else it says."""
        while (join := await visit.hear("join")).get("roomId") != ROOM:
            pass
        return join

    # What a visit tells us

    def _came(self, visit: Visit) -> None:
        self.visits.append(visit)
        visit.name = self.name if len(self.visits) == 1 else f"{self.name}#{len(self.visits)}"
        visit.patience_s = self._patience_s
        self._news.set()

    def _new_ticket(self) -> str:
        ticket = f"ticket-{self._rng.getrandbits(80):020x}"
        self.tickets.append(ticket)
        self._transcript.secrets[ticket] = f"$TICKET{len(self.tickets)}"
        return ticket
