"""What a client asks the server, each question with the answer it waits for. Taught in notebook 03 (rooms)."""

import asyncio
from typing import TYPE_CHECKING, Any

from labkit.wire.client.questions import Questions
from labkit.wire.client.state import ClientState, Disconnected
from labkit.wire.client.unsent import Event

if TYPE_CHECKING:
    from labkit.wire.client.client import Client
    from labkit.wire.client.room import ClientRoom

Answer = asyncio.Future[Event]


class Asking:
    """The questions of one client. Each raises Disconnected when there is no connection just now."""

    def __init__(self, client: "Client") -> None:
        self.questions = Questions()
        self._client = client

    def pong(self) -> Answer:
        """Are you there?"""
        return self._ask("pong", {"type": "ping"})

    def renewal(self, token: str) -> Answer:
        """May this session go on for longer?"""
        return self._ask("auth_ok", {"type": "refresh", "token": token})

    def presence(self, room: "ClientRoom") -> Answer:
        """Who is in the room?"""
        if not room.is_joined:  # the server would close the connection (1008)
            raise Disconnected("not in the room at the moment; ask again when the connection is back")
        return self._ask("presence", {"type": "presence", "roomId": room.room_id})

    def join(self, room: "ClientRoom") -> None:
        """May we come in? With what was heard of the room. Only when connected, and only once at a time."""
        if self._client.state is ClientState.OPEN and not self.questions.is_asked("joined", room.room_id):
            since = {"since": room.since} if room.since else {}
            self._ask("joined", {"type": "join", "roomId": room.room_id} | since)

    def leave(self, room_id: str) -> Answer:
        """May we go?"""
        return self._ask("left", {"type": "leave", "roomId": room_id})

    def _ask(self, answered_by: str, message: dict[str, Any]) -> Answer:
        client = self._client
        client.check()
        if client.state is not ClientState.OPEN or client.link is None:
            raise Disconnected(f"not connected at the moment ({client.state.value}); ask again when the state is open")
        answer = self.questions.ask(answered_by, message.get("roomId"))
        client.link.say(message)
        return answer
