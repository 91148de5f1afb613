"""What a client does about each message of the server: one method a message.

Answers go to whoever waits for them, events to their rooms, and our own events end the wait of those who said them.
Taught in notebook 03 (rooms).
"""

import asyncio
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

from labkit.wire.client_state import ClientClosed, ClientState, Refused
from labkit.wire.unsent import Event, Publication

if TYPE_CHECKING:
    from labkit.wire.client import Client

AGAIN = ("rate_limited", "unavailable")  # the server says: send it again later
AGAIN_AFTER_S = 0.2  # doubled at each try
AGAIN_AT_MOST_S = 5.0

Question = tuple[str, str | None]  # the type of the answer, and its room


class Hearing:
    """Understands the server's messages for one client."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._users: set[str] = set()  # who we have been: a server without sessions names us anew each time
        self._waiting: defaultdict[Question, deque[asyncio.Future[Event]]] = defaultdict(deque)
        self._hears = {
            "auth_ok": self._auth_ok,
            "joined": self._joined,
            "left": self._answer,
            "presence": self._answer,
            "pong": self._pong,
            "error": self._error,
            "reconnect": self._reconnect,
        }

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message."""
        self._hears.get(str(message.get("type")), self._event)(message)

    async def wait_for(self, question: Question, message: dict[str, Any]) -> Event:
        """Say something, and wait for its answer. Raises ClientClosed when the connection ends before."""
        client = self._client
        if client.state is not ClientState.OPEN or client.link is None:
            raise ClientClosed(f"not connected at the moment ({client.state.value}); try again when it is open")
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        self._waiting[question].append(answer)
        client.link.say(message)
        return await answer

    def disconnected(self) -> None:
        """The connection ended: questions asked on it stay unanswered."""
        self.fail(ClientClosed("the connection ended before the answer came; ask again when it is open"))

    def fail(self, error: BaseException) -> None:
        """No answer will come to anybody."""
        for futures in self._waiting.values():
            for future in futures:
                if not future.done():
                    future.set_exception(error)
                    future.exception()
        self._waiting.clear()

    # Answers

    def _answer(self, message: Event) -> None:
        futures = self._waiting.get((message["type"], message.get("roomId")))
        future = futures.popleft() if futures else None
        if future is not None and not future.done():
            future.set_result(message)

    def _pong(self, message: Event) -> None:
        self._answer(message)

    def _auth_ok(self, message: Event) -> None:
        self._users.add(str(message.get("userId")))
        self._tell_window(message.get("reconnect"))
        if self._client.state is ClientState.AUTHENTICATING:
            self._client.opened(message)
        else:
            self._client.renewed(message)
            self._answer(message)

    def _reconnect(self, message: Event) -> None:
        self._tell_window(message)

    def _tell_window(self, told: object) -> None:
        window = told.get("windowMs") if isinstance(told, dict) else None
        if isinstance(window, int | float):
            self._client.backoff.told(window)

    def _joined(self, message: Event) -> None:
        room = self._client.rooms.get(message["roomId"])
        if room is None:
            return
        room.rejoined(message)
        self._client.note("joined", room=room.room_id, seq=room.seq, gap=message.get("gap"))
        for publication in self._client.unsent.of_room(room.room_id):
            self._say_again(publication)

    # Events

    def _event(self, message: Event) -> None:
        self._acknowledge(message)
        room = self._client.rooms.get(str(message.get("roomId")))
        if room is not None and room.is_joined:
            room.receive(message)

    def _acknowledge(self, message: Event) -> None:
        """Our own event came back: stored, and told to everybody."""
        publication = self._client.unsent.find(message.get("requestId"))
        if publication is None or message.get("userId") not in self._users:
            return
        self._client.unsent.done(publication)
        self._client.note("acked", room=publication.room_id, request=publication.request_id, seq=message.get("seq"))
        if not publication.answer.done():
            publication.answer.set_result(message)

    # Refusals

    def _error(self, message: Event) -> None:
        code, text = str(message.get("code")), str(message.get("message"))
        self._client.note("refused", code=code, room=message.get("roomId"))
        publication = self._client.unsent.find(message.get("requestId"))
        if publication is not None:
            self._refused(publication, code, text)
        elif message.get("roomId") is not None:
            self._not_joined(str(message["roomId"]), code, text)

    def _refused(self, publication: Publication, code: str, text: str) -> None:
        if code in AGAIN:
            self._later(publication.tries, self._say_again, publication)
            publication.tries += 1
            return
        self._client.unsent.done(publication)
        if not publication.answer.done():
            publication.answer.set_exception(Refused(code, text))

    def _not_joined(self, room_id: str, code: str, text: str) -> None:
        futures = self._waiting.get(("presence", room_id))
        room = self._client.rooms.get(room_id)
        if futures:
            futures.popleft().set_exception(Refused(code, text))
        elif room is not None and not room.is_joined and code in AGAIN:
            self._later(0, self._client.say_join, room)
        elif room is not None and not room.is_joined:
            del self._client.rooms[room_id]
            room.end(Refused(code, text))

    def _later(self, tries: int, do: Any, what: Any) -> None:
        delay = min(AGAIN_AT_MOST_S, AGAIN_AFTER_S * 2.0 ** min(tries, 10))
        asyncio.get_running_loop().call_later(delay, do, what)

    def _say_again(self, publication: Publication) -> None:
        client = self._client
        room = client.rooms.get(publication.room_id)
        still_waits = client.unsent.find(publication.request_id) is publication
        if still_waits and room is not None and room.is_joined and client.link is not None:
            client.link.say_raw(publication.body)
