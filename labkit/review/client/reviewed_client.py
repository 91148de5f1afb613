"""One client under review, and the port that it connects to."""

import asyncio
import socket
from functools import partial
from random import Random
from time import monotonic
from typing import Any

from labkit.evidence import CannotTell
from labkit.platform.accepting import Accepting
from labkit.review.client.connection import ClientConnection
from labkit.review.client.starting import Start, Started
from labkit.review.endpoint import Message, ReceiveTimeout
from labkit.review.transcript import Transcript

ROOM = "review:client"
WINDOW_MS = 100  # short, so that a client that respects it is quick to review
NO_PINGS = 0


class ReviewedClient:
    """A client process and its connections, in the order in which it opened them."""

    def __init__(self, name: str, transcript: Transcript, rng: Random, patience_s: float, return_s: float) -> None:
        self.name = name
        self.token = f"token-{rng.getrandbits(80):020x}"
        self.connections: list[ClientConnection] = []
        self.resumes: list[str] = []  # the resume credentials that we sent
        self.tickets: list[str] = []  # the tickets that it fetched
        self.return_s = return_s
        self._patience_s = patience_s
        self._rng = rng
        self._transcript = transcript
        self._taken = 0
        self._opening: set[asyncio.Task[Any]] = set()
        self._changed = asyncio.Event()
        self._seq = 0
        transcript.secrets[self.token] = "$LABKIT_TOKEN"

    async def start(self, start: Start) -> None:
        """Listen, and start the client."""
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
        connection = partial(ClientConnection, self._transcript, self._opened, self._new_ticket)
        opening = loop.create_task(loop.connect_accepted_socket(connection, sock))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def end(self) -> None:
        """Kill the client, and stop listening."""
        if hasattr(self, "started"):
            await self.started.end()
        self._accepting.stop()
        for connection in self.connections:
            connection.transport.abort()

    # Its connections

    async def next_connection(self) -> ClientConnection:
        """Wait for the client's next connection.

        Raises ReceiveTimeout, or CannotTell if the client has never connected.
        """
        first = not self.connections
        ends = monotonic() + (self._patience_s if first else self.return_s)
        while self._taken == len(self.connections):
            if self.has_ended or monotonic() > ends:
                raise self._missing(first)
            self._changed.clear()
            try:
                async with asyncio.timeout(0.05):  # the end of the process wakes nobody, so poll for it
                    await self._changed.wait()
            except TimeoutError:
                continue
        self._taken += 1
        return self.connections[self._taken - 1]

    @property
    def has_ended(self) -> bool:
        """Whether the client has ended."""
        return self.started.has_ended

    @property
    def has_reconnected(self) -> bool:
        """Whether the client has opened connections that the probe has not looked at yet."""
        return self._taken < len(self.connections)

    def write_line(self, text: str) -> None:
        """Write a line to the client's standard input; the client must send the line to the room."""
        self._transcript.note(self.name, f"stdin: {text}", text)
        self.started.write_line(text)

    async def write_line_after_reading(self, connection: ClientConnection, text: str) -> None:
        """Write a line once the client has read everything that we sent on this connection."""
        await connection.until_read()
        self.write_line(text)

    def _missing(self, first: bool) -> Exception:
        ended = "it ended; " if self.has_ended else ""  # asked first: only an ended program has printed everything
        ended += f"its last line of output: {self._transcript.hide(self.started.last_line)!r}"
        if first:
            return CannotTell(f"the client did not connect to LABKIT_URL within {self._patience_s:g} s; {ended}")
        return ReceiveTimeout(
            "the client ended instead" if self.has_ended else f"it did not reconnect within {self.return_s:g} s"
        )

    # What the scripted server does

    async def wait_for_auth(self) -> ClientConnection:
        """Wait for the client's next connection, and for auth on it."""
        connection = await self.next_connection()
        await connection.receive("auth")
        return connection

    def send_auth_ok(self, connection: ClientConnection, **more: Any) -> None:
        """Send auth_ok; `more` adds or replaces fields."""
        resume = f"resume-{self._rng.getrandbits(80):020x}"
        self.resumes.append(resume)
        self._transcript.secrets[resume] = f"$RESUME{len(self.resumes)}"
        ok: dict[str, Any] = {
            "type": "auth_ok",
            "connectionId": f"{self.name}-{len(self.connections)}",
            "userId": f"user-{self.name}",
            "resume": resume,
            "expiresAt": "2100-01-01T00:00:00.000Z",
            "pingMs": NO_PINGS,
            "reconnect": {"windowMs": WINDOW_MS},
        }
        connection.send(**(ok | more))

    def send_joined(self, connection: ClientConnection, **more: Any) -> None:
        """Send joined; `more` adds or replaces fields."""
        connection.send(**({"type": "joined", "roomId": ROOM, "epoch": "one", "seq": self._seq, "gap": False} | more))

    def publish(self, connection: ClientConnection, text: str, request_id: object, **more: Any) -> None:
        """Send a chat event. With the `request_id` of a chat from the client, the event confirms that chat."""
        self._seq += 1
        event = {"type": "chat", "id": f"event-{self._seq}", "requestId": request_id, "roomId": ROOM, "text": text}
        event |= {"userId": f"user-{self.name}", "sentAt": "2100-01-01T00:00:00.000Z", "seq": self._seq}
        connection.send(**(event | more))

    async def enter(self, **auth_ok: Any) -> ClientConnection:
        """Wait for the client's next connection, and admit it to the room."""
        connection = await self.wait_for_auth()
        self.send_auth_ok(connection, **auth_ok)
        await self.wait_for_join(connection)
        self.send_joined(connection)
        return connection

    async def wait_for_join(self, connection: ClientConnection) -> Message:
        """Wait until the client joins our room, and skip other messages."""
        while (join := await connection.receive("join")).get("roomId") != ROOM:
            pass
        return join

    # Callbacks of its connections

    def _opened(self, connection: ClientConnection) -> None:
        self.connections.append(connection)
        connection.name = self.name if len(self.connections) == 1 else f"{self.name}#{len(self.connections)}"
        connection.patience_s = self._patience_s
        self._changed.set()

    def _new_ticket(self) -> str:
        ticket = f"ticket-{self._rng.getrandbits(80):020x}"
        self.tickets.append(ticket)
        self._transcript.secrets[ticket] = f"$TICKET{len(self.tickets)}"
        return ticket
