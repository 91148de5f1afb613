"""Publish a message in a room: give it a seq, store it, and broadcast its event to the room's members.

`wire.fast.path` writes the event to each member. A member whose outbox overflows is closed with 1013; the others never
wait for it.
"""

from collections.abc import Callable
from functools import partial
from time import monotonic, time

from labkit.rules import actions, answers
from labkit.rules.messages import Publication
from labkit.rules.rooms import Event, Room
from labkit.wire.audit.writer import Entry
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState


class Publishing:
    """Performs the action `Publish`, on a single server."""

    def __init__(self, state: ServerState, refuse: Callable[[Member, actions.Refuse], None]) -> None:
        self._state = state
        self._refuse = refuse

    def publish(self, connection: Member, action: actions.Publish) -> None:
        """Turn a message into an event. If it repeats an earlier request, send that request's event again."""
        message, now, clock = action.message, time(), monotonic()
        room = self._state.rooms.room(message.room_id)
        identity = connection.session.identity
        assert identity is not None  # the session's table allows publishing only in OPEN
        given_id = message.request_id
        before = None if given_id is None else room.find_repeated(identity.user_id, given_id, clock)
        if before is not None:
            self._state.counts.duplicates += 1
            self._state.queue.then(None, partial(self._send_duplicate, connection, room, before))
            return
        if self._state.queue.is_full:
            self._refuse(connection, actions.Refuse("unavailable", given_id, room.room_id))
            return
        answer, event, entry = self._make_event(room, message, identity.user_id, now)
        room.accept(event, clock, remember=given_id is not None)
        not_stored = partial(self._not_stored, connection, room, event)
        self._state.queue.then(entry, partial(self._deliver, room, event, answer), not_stored)

    def publish_as(self, user: str, message: Publication) -> None:
        """Publish a message of the server's own under a user's name. It is dropped if it cannot be stored."""
        room = self._state.rooms.room(message.room_id)
        answer, event, entry = self._make_event(room, message, user, time())
        room.accept(event, monotonic(), remember=False)
        self._state.queue.then(entry, partial(self._deliver, room, event, answer), partial(room.forget, event))

    def _send_duplicate(self, connection: Member, room: Room[Member], first: Event) -> None:
        """Send the first request's event again, unless it could not be stored in the meantime."""
        if first.seq <= room.seq:
            connection.send(answers.duplicate(first.body))
        else:
            self._refuse(connection, actions.Refuse("unavailable", first.request_id, room.room_id))

    def _make_event(
        self, room: Room[Member], message: Publication, user: str, now: float
    ) -> tuple[answers.Answer, Event, Entry]:
        event_id = self._state.new_id()
        # If the sender chose no requestId, use the event's id. After a restart, the equal ids show that no client can
        # repeat this request (wire.audit.recovery).
        request_id = event_id if message.request_id is None else message.request_id
        seq = room.next_seq()
        answer = answers.event(message, event_id=event_id, request_id=request_id, user_id=user, now=now, seq=seq)
        body = answers.encode(answer)
        entry = Entry(
            now, "event", room=room.room_id, epoch=room.epoch, seq=seq, id=event_id, user=user, body=body.decode()
        )
        sent = body if self._state.encode_event is None else self._state.encode_event(answer)
        return answer, Event(seq, user, request_id, sent), entry

    def _deliver(self, room: Room[Member], event: Event, answer: answers.Answer) -> None:
        members = room.deliver(event)
        self._state.counts.events += 1
        self._state.counts.delivered += len(members)
        self._state.path.broadcast(members, answer, event.body)

    def _not_stored(self, connection: Member, room: Room[Member], event: Event) -> None:
        room.forget(event)
        self._refuse(connection, actions.Refuse("unavailable", event.request_id, room.room_id))
