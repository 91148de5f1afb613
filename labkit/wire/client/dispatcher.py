"""Handle each message from the server, with one method per type.

Answers go to their requests, and events to their rooms. Our own events also confirm our published messages. Missing or
unexpected fields are ignored, because the server may be a newer version or another implementation.
"""

import asyncio
from collections.abc import Callable

from labkit.rules.backoff import Backoff
from labkit.wire.client.publisher import TRY_LATER, Publisher
from labkit.wire.client.requests import Requests
from labkit.wire.client.room import ClientRoom
from labkit.wire.client.state import ClientState, Refused, Status
from labkit.wire.client.unsent import Event

REJOIN_AFTER_S = 2.0
STILL_IN = "duplicate_join"  # the server has not received our leave yet


class Dispatcher:
    """Passes each message from the server to the part of the client that handles it."""

    def __init__(
        self,
        status: Status,
        rooms: dict[str, ClientRoom],
        requests: Requests,
        publisher: Publisher,
        backoff: Backoff,
        *,
        opened: Callable[[Event], None],
        renewed: Callable[[Event], None],
        drop: Callable[[ClientRoom, BaseException], None],
        on_message: Callable[[Event], None] | None = None,
    ) -> None:
        """`opened` receives a new connection's auth_ok, `renewed` a renewal's. `drop` removes a room."""
        self._status = status
        self._rooms = rooms
        self._requests = requests
        self._publisher = publisher
        self._backoff = backoff
        self._opened = opened
        self._renewed = renewed
        self._drop = drop
        self._on_message = on_message
        self._by_type: dict[str, Callable[[Event], None]] = {
            "auth_ok": self._auth_ok,
            "joined": self._joined,
            "left": self._left,
            "presence": self._presence,
            "pong": self._answer,
            "error": self._error,
            "reconnect": self._set_window,
        }

    def dispatch(self, message: Event) -> None:
        """Handle one message from the server."""
        if self._on_message is not None:
            self._on_message(message)
        self._by_type.get(str(message.get("type")), self._event)(message)

    # Answers

    def _answer(self, message: Event) -> None:
        self._requests.answered(message, _room_id(message))

    def _auth_ok(self, message: Event) -> None:
        self._publisher.known_as(str(message.get("userId")))
        self._set_window(message.get("reconnect"))
        if self._status.state is ClientState.AUTHENTICATING:
            self._opened(message)
        else:
            self._renewed(message)
            self._answer(message)

    def _set_window(self, told: object) -> None:
        window = told.get("windowMs") if isinstance(told, dict) else None
        if isinstance(window, int | float):
            self._backoff.told(window)

    def _joined(self, message: Event) -> None:
        self._answer(message)
        room_id = str(_room_id(message))
        room = self._rooms.get(room_id)
        if room is None:  # the caller has given up in the meantime
            if "epoch" in message:
                self._requests.leave(room_id)
            return
        room.enter(message)
        self._status.note("joined", room=room_id, seq=room.seq, gap=message.get("gap"))
        if room.wants_presence:
            self._requests.presence(room_id)
        self._publisher.send_due()

    def _presence(self, message: Event) -> None:
        self._answer(message)
        self._event(message)

    def _left(self, message: Event) -> None:
        self._answer(message)
        room = self._rooms.get(str(_room_id(message)))
        if room is not None and room.is_joined:  # not requested: a newer credential does not cover it
            self._drop(room, Refused("room_denied", "your grants have changed"))

    # Events

    def _event(self, message: Event) -> None:
        self._publisher.received(message)
        room = self._rooms.get(str(_room_id(message)))
        if room is not None and room.is_joined:
            room.receive(message)

    # Refusals

    def _error(self, message: Event) -> None:
        refused = Refused(str(message.get("code")), str(message.get("message")))
        room_id, request_id = _room_id(message), message.get("requestId")
        self._status.note("refused", code=refused.code, room=room_id)
        if isinstance(request_id, str):
            self._publisher.refused(request_id, refused)
        elif self._requests.refused(room_id, refused) == "joined":
            self._not_joined(str(room_id), refused)

    def _not_joined(self, room_id: str, refused: Refused) -> None:
        room = self._rooms.get(room_id)
        if room is None or room.is_joined:
            return
        if refused.code in (*TRY_LATER, STILL_IN):
            loop = asyncio.get_running_loop()
            loop.call_later(REJOIN_AFTER_S, self._rejoin, room_id, refused.code == STILL_IN)
        else:
            self._drop(room, refused)

    def _rejoin(self, room_id: str, leave_first: bool) -> None:
        room = self._rooms.get(room_id)
        is_asked = self._requests.is_pending("joined", room_id)
        if room is None or room.is_joined or is_asked or self._status.state is not ClientState.OPEN:
            return  # a reconnect has already done it
        if leave_first:
            self._requests.leave(room_id)
        self._requests.join(room_id, room.since)


def _room_id(message: Event) -> str | None:
    room_id = message.get("roomId")
    return room_id if isinstance(room_id, str) else None
