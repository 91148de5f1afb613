"""A client's requests, and the futures for their answers.

The server answers requests in order. An error answers the oldest request for the room that it names, or without a room
if it names none. A request keeps its place in the order even after its caller has gone.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from labkit.wire.client.state import ClientState, Disconnected, Status
from labkit.wire.client.unsent import Event

PendingAnswer = asyncio.Future[Event]


class Request(NamedTuple):
    """A pending request. `answered_by` is the expected answer's type; `room_id` is None if it is not about a room."""

    answered_by: str
    room_id: str | None
    answer: PendingAnswer


class Requests:
    """One client's unanswered requests. `send` sends a message on the current connection."""

    def __init__(self, status: Status, send: Callable[[dict[str, Any]], None]) -> None:
        self._status = status
        self._send = send
        self._pending: deque[Request] = deque()

    # Each of these raises Disconnected while there is no connection, or the exception that ended the client

    def pong(self) -> PendingAnswer:
        """Send `ping`."""
        return self._ask("pong", {"type": "ping"})

    def renewal(self, token: str) -> PendingAnswer:
        """Send `refresh`."""
        return self._ask("auth_ok", {"type": "refresh", "token": token})

    def presence(self, room_id: str) -> PendingAnswer:
        """Send `presence`. Only for a joined room; otherwise the server closes the connection (1008)."""
        return self._ask("presence", {"type": "presence", "roomId": room_id})

    def join(self, room_id: str, since: dict[str, Any] | None) -> None:
        """Send `join`, unless one is pending or there is no connection. A reconnect joins again anyway."""
        if self._status.state is ClientState.OPEN and not self.is_pending("joined", room_id):
            self._ask("joined", {"type": "join", "roomId": room_id} | ({"since": since} if since else {}))

    def leave(self, room_id: str) -> PendingAnswer:
        """Send `leave`."""
        return self._ask("left", {"type": "leave", "roomId": room_id})

    def _ask(self, answered_by: str, message: dict[str, Any]) -> PendingAnswer:
        status = self._status
        status.check()
        if status.state is not ClientState.OPEN:
            raise Disconnected(f"not connected at the moment ({status.state.value}); try again when the state is open")
        answer = self.expect(answered_by, message.get("roomId"))
        self._send(message)
        return answer

    # Answers

    def expect(self, answered_by: str, room_id: str | None) -> PendingAnswer:
        """Register a request, and return the future for its answer."""
        answer: PendingAnswer = asyncio.get_running_loop().create_future()
        self._pending.append(Request(answered_by, room_id, answer))
        return answer

    def is_pending(self, answered_by: str, room_id: str) -> bool:
        """Return whether a request for such an answer is pending in this room."""
        return any((one.answered_by, one.room_id) == (answered_by, room_id) for one in self._pending)

    def answered(self, message: Event, room_id: str | None) -> None:
        """Resolve the oldest request that is waiting for such an answer."""
        for request in self._pending:
            if (request.answered_by, request.room_id) == (message.get("type"), room_id):
                self._pending.remove(request)
                if not request.answer.done():
                    request.answer.set_result(message)
                return

    def refused(self, room_id: str | None, error: Exception) -> str | None:
        """Fail the oldest request for a room. Return the type of answer it expected, or None if there is no request."""
        for request in self._pending:
            if request.room_id == room_id:
                self._pending.remove(request)
                _fail(request, error)
                return request.answered_by
        return None

    def fail(self, error: BaseException) -> None:
        """Fail every request."""
        while self._pending:
            _fail(self._pending.popleft(), error)


def _fail(request: Request, error: BaseException) -> None:
    if not request.answer.done():
        request.answer.set_exception(error)
        request.answer.exception()  # marks it as retrieved, as its caller may be gone
