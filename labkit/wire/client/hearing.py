"""What a client does about each message of the server: one method a message.

Answers go to whoever asked, events to their rooms, and our own events end the wait of those who said them. A field
that is missing or strange is passed over: the server may be newer than we are, or not ours.
Taught in notebook 03 (rooms).
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.wire.client.saying import AGAIN
from labkit.wire.client.state import ClientState, Refused
from labkit.wire.client.unsent import Event

if TYPE_CHECKING:
    from labkit.wire.client.client import Client

AGAIN_AFTER_S = 2.0
STILL_IN = "duplicate_join"  # the server did not hear us leave


class Hearing:
    """Understands the server's messages for one client."""

    def __init__(self, client: "Client", on_heard: Callable[[Event], None] | None = None) -> None:
        self._client = client
        self._on_heard = on_heard
        self._hears: dict[str, Callable[[Event], None]] = {
            "auth_ok": self._auth_ok,
            "joined": self._joined,
            "left": self._left,
            "presence": self._presence,
            "pong": self._answer,
            "error": self._error,
            "reconnect": self._tell_window,
        }

    def hear(self, message: Event) -> None:
        """Take one message."""
        if self._on_heard is not None:
            self._on_heard(message)
        self._hears.get(str(message.get("type")), self._event)(message)

    # Answers

    def _answer(self, message: Event) -> None:
        self._client.asking.questions.answered(message, _room_id(message))

    def _auth_ok(self, message: Event) -> None:
        self._client.saying.known_as(str(message.get("userId")))
        self._tell_window(message.get("reconnect"))
        if self._client.state is ClientState.AUTHENTICATING:
            self._client.opened(message)
        else:
            self._client.renewed(message)
            self._answer(message)

    def _tell_window(self, told: object) -> None:
        window = told.get("windowMs") if isinstance(told, dict) else None
        if isinstance(window, int | float):
            self._client.backoff.told(window)

    def _joined(self, message: Event) -> None:
        self._answer(message)
        client, room_id = self._client, str(_room_id(message))
        room = client.rooms.get(room_id)
        if room is None:  # whoever asked for it has given up meanwhile
            if "epoch" in message:
                client.asking.leave(room_id)
            return
        room.enter(message)
        client.note("joined", room=room_id, seq=room.seq, gap=message.get("gap"))
        if room.wants_presence:
            client.asking.presence(room)
        client.saying.send_due()

    def _presence(self, message: Event) -> None:
        self._answer(message)
        self._event(message)

    def _left(self, message: Event) -> None:
        self._answer(message)
        room = self._client.rooms.get(str(_room_id(message)))
        if room is not None and room.is_joined:  # nobody asked: a newer credential does not cover it
            self._client.drop(room, Refused("room_denied", "what you may do has changed"))

    # Events

    def _event(self, message: Event) -> None:
        self._client.saying.heard(message)
        room = self._client.rooms.get(str(_room_id(message)))
        if room is not None and room.is_joined:
            room.receive(message)

    # Refusals

    def _error(self, message: Event) -> None:
        refused = Refused(str(message.get("code")), str(message.get("message")))
        room_id, request_id = _room_id(message), message.get("requestId")
        self._client.note("refused", code=refused.code, room=room_id)
        if isinstance(request_id, str):
            self._client.saying.refused(request_id, refused)
        elif self._client.asking.questions.refused(room_id, refused) == "joined":
            self._not_joined(str(room_id), refused)

    def _not_joined(self, room_id: str, refused: Refused) -> None:
        room = self._client.rooms.get(room_id)
        if room is None or room.is_joined:
            return
        if refused.code in (*AGAIN, STILL_IN):
            loop = asyncio.get_running_loop()
            loop.call_later(AGAIN_AFTER_S, self._join_again, room_id, refused.code == STILL_IN)
        else:
            self._client.drop(room, refused)

    def _join_again(self, room_id: str, leave_first: bool) -> None:
        client = self._client
        room = client.rooms.get(room_id)
        is_asked = client.asking.questions.is_asked("joined", room_id)
        if room is None or room.is_joined or is_asked or client.state is not ClientState.OPEN:
            return  # a reconnect was quicker
        if leave_first:
            client.asking.leave(room_id)
        client.asking.join(room)


def _room_id(message: Event) -> str | None:
    room_id = message.get("roomId")
    return room_id if isinstance(room_id, str) else None
