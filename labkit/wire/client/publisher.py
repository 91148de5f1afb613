"""Publish messages. Each is kept until its event comes back, and resent if necessary.

    publish -> unsent -> link        at most MAX_IN_FLIGHT at once, only to joined rooms
    its event came back              the message is confirmed; the next one may be sent
    the connection ended             all are resent after the next join, with the same requestIds
    rate_limited, unavailable        all messages pause, then the refused one is resent

Messages are sent in the order they were published, but a message that was refused and resent may arrive after later
ones.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from labkit.rules import fields as field_rules
from labkit.rules.answers import encode
from labkit.rules.limits import Limits
from labkit.rules.messages import decode
from labkit.wire.client.state import Refused, Status
from labkit.wire.client.unsent import Event, Unsent, UnsentMessage

TRY_LATER = ("rate_limited", "unavailable")  # errors after which the message may be sent again
PAUSE_S = 2.0  # long enough to refill the whole burst at the default rate
MAX_BYTES = Limits().max_message_bytes
NAMES_KEPT = 8


class Publisher:
    """Publishes one client's messages. `is_in` returns whether the client is a member of a room."""

    def __init__(
        self, status: Status, is_in: Callable[[str], bool], send_raw: Callable[[bytes], None], max_unsent_bytes: int
    ) -> None:
        self.unsent = Unsent(max_unsent_bytes)
        self._status = status
        self._is_in = is_in
        self._send_raw = send_raw
        self._names: deque[str] = deque(maxlen=NAMES_KEPT)  # without sessions, a server assigns a new name each time
        self._pause: asyncio.TimerHandle | None = None

    async def publish(self, room_id: str, kind: str, fields: dict[str, Any]) -> Event:
        """Publish a message; see ClientRoom.publish."""
        publication = _publication(room_id, kind, fields)
        self.unsent.add(publication, fields)
        self._status.note("sent", room=room_id, type=kind, request=publication.request_id)
        try:
            self.send_due()
            return await publication.answer
        finally:
            self.unsent.done(publication)
            self.send_due()

    def send_due(self) -> None:
        """Send all messages that may be sent now."""
        if self._pause is None:
            for publication in self.unsent.due(self._is_in):
                self._send_raw(publication.body)

    def received(self, event: Event) -> None:
        """If an event is our own, confirm its message."""
        publication = self.unsent.find(event.get("requestId"))
        if publication is None or event.get("userId") not in self._names:
            return
        self._status.note("acked", room=publication.room_id, request=publication.request_id, seq=event.get("seq"))
        self.unsent.done(publication)
        if not publication.answer.done():
            publication.answer.set_result(event)
        self.send_due()

    def refused(self, request_id: str, refused: Refused) -> None:
        """Handle an error about a message: resend the message later, or fail it."""
        publication = self.unsent.find(request_id)
        if publication is None:
            return
        if refused.code in TRY_LATER:
            self.unsent.requeue(publication)
            self._rest()
        else:
            self._give_up(publication, refused)

    def known_as(self, name: str) -> None:
        """Remember the user id that the server assigned to the current connection."""
        self._names.append(name)

    def disconnected(self) -> None:
        """Mark all messages as not in flight."""
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None
        for publication in self.unsent:
            self.unsent.requeue(publication)

    def fail(self, error: BaseException, room_id: str | None = None) -> None:
        """Fail all unconfirmed messages, or only those of one room."""
        for publication in self.unsent:
            if room_id in (None, publication.room_id):
                self._give_up(publication, error)

    def _rest(self) -> None:
        if self._pause is None:
            self._pause = asyncio.get_running_loop().call_later(PAUSE_S, self._rested)

    def _rested(self) -> None:
        self._pause = None
        self.send_due()

    def _give_up(self, publication: UnsentMessage, error: BaseException) -> None:
        self.unsent.done(publication)
        if not publication.answer.done():
            publication.answer.set_exception(error)
            publication.answer.exception()  # marks it as retrieved, as its caller may be gone


def _publication(room_id: str, kind: str, fields: dict[str, Any]) -> UnsentMessage:
    """Make a message, and validate it here, because the server would close the connection with 1008."""
    request_id = field_rules.request_id(fields.get("requestId")) or str(uuid.uuid4())
    body = encode({**fields, "type": kind, "roomId": room_id, "requestId": request_id})
    decode(body, MAX_BYTES)
    return UnsentMessage(request_id, room_id, body, asyncio.get_running_loop().create_future())
