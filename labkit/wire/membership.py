"""Room membership: joining, with any missed events; leaving; and presence."""

from collections.abc import Callable
from functools import partial
from time import time
from typing import Protocol

from labkit.rules import actions, answers
from labkit.rules.rooms import Membership, Room
from labkit.wire.audit.writer import Entry
from labkit.wire.delayed_joins import DelayedJoins
from labkit.wire.member import Member
from labkit.wire.server_state import ServerState


class RemoteMembers(Protocol):
    """The users on other servers that share the rooms (wire.cluster)."""

    def present(self, room: str) -> dict[str, float]:
        """Return a room's users on other servers, and when each joined."""

    def is_in(self, room: str, user: str) -> bool:
        """Return whether a user is in a room on another server."""

    def announce_entered(self, room: str, user: str, since: float) -> None:
        """Announce that a user's first connection on this server joined a room."""

    def announce_gone(self, room: str, user: str) -> None:
        """Announce that a user's last connection on this server left a room."""


class Memberships:
    """Performs the actions `Enter`, `Exit` and `WatchPresence`, and removes closing connections from their rooms."""

    def __init__(
        self,
        state: ServerState,
        backlog: DelayedJoins,
        refuse: Callable[[Member, actions.Refuse], None],
        remote: RemoteMembers | None = None,
    ) -> None:
        """`remote` holds the users on other servers, or is None for a single server."""
        self._state = state
        self._delayed_joins = backlog
        self._refuse = refuse
        self._remote = remote

    def enter(self, connection: Member, action: actions.Enter) -> None:
        """Make the connection a member of a room once the join is stored."""
        room = self._state.rooms.room(action.room_id)
        identity = connection.session.identity
        assert identity is not None  # the session's table allows joining only in OPEN
        place = Membership(identity.user_id, action.access, time())
        entry = Entry(
            place.since, "join", room=room.room_id, epoch=room.epoch, user=place.user_id, connection=connection.id
        )
        entered = partial(self._entered, connection, place, action)
        self._state.queue.then(entry, entered, partial(self._not_entered, connection, action.room_id))

    def _entered(self, connection: Member, place: Membership, action: actions.Enter) -> None:
        room = self._state.rooms.room(action.room_id)  # an empty room may have been dropped in the meantime
        if connection.closing:
            self._state.rooms.tidy(room)
            return
        events, gap = room.missed(action.since, place, connection.outbox.free_bytes // 2)
        if room.enter(connection, place):
            self._announce_entered(room, place)
        self._state.rooms.tidy(room)
        connection.send(answers.encode(answers.joined(room.room_id, room.epoch, room.seq, gap, place.access)))
        for event in events:
            connection.send(event.body)
        self._delayed_joins.answered(connection, room.room_id)

    def _not_entered(self, connection: Member, room_id: str) -> None:
        connection.session.rooms.pop(room_id, None)
        self._delayed_joins.answered(connection, room_id)
        self._state.rooms.tidy(self._state.rooms.room(room_id))
        self._refuse(connection, actions.Refuse("unavailable", room_id=room_id))

    def exit(self, connection: Member, action: actions.Exit) -> None:
        """End a membership, after all earlier events have been delivered."""
        self._state.queue.then(None, partial(self._exited, connection, action.room_id))

    def _exited(self, connection: Member, room_id: str) -> None:
        self._leave(connection, room_id)
        connection.send(answers.encode(answers.left(room_id)))

    def changed(self, connection: Member, access: dict[str, str]) -> None:
        """Apply a newer credential's rights, and leave the rooms that it no longer covers."""
        for room_id, held in access.items():
            room = self._state.rooms.find(room_id)
            if room is None or connection not in room.members:
                continue
            if held:
                room.change(connection, held)
            else:
                self._exited(connection, room_id)

    def leave_all(self, connection: Member) -> None:
        """Remove a closing connection from all its rooms."""
        for room_id in connection.session.rooms:
            self._leave(connection, room_id)
        connection.session.rooms.clear()
        self._delayed_joins.drop(connection)

    def _leave(self, connection: Member, room_id: str) -> None:
        room = self._state.rooms.find(room_id)  # `find`, not `room`: leaving must not create a room
        place = None if room is None else room.members.get(connection)
        if room is None or place is None:
            return
        user_gone = room.leave(connection)
        self._state.rooms.tidy(room)
        entry = Entry(time(), "leave", room=room.room_id, user=place.user_id, connection=connection.id)
        if user_gone is None:
            self._state.queue.record(entry)
        else:
            self._state.queue.then(entry, partial(self._announce_gone, room, user_gone))

    def watch_presence(self, connection: Member, action: actions.WatchPresence) -> None:
        """Answer `presence`, and send an update whenever it changes."""
        self._state.queue.then(None, partial(self._watch, connection, action.room_id))

    def _watch(self, connection: Member, room_id: str) -> None:
        room = self._state.rooms.find(room_id)
        if room is None or connection not in room.members:
            return
        body = self._presence(room)
        if len(body) > connection.outbox.free_bytes // 2:  # so large that it would close the client as slow
            self._refuse(connection, actions.Refuse("unavailable", room_id=room.room_id))
            return
        room.watchers.add(connection)
        connection.send(body)

    def _presence(self, room: Room[Member]) -> bytes:
        """Return the `presence` answer. Cached while nobody joins or leaves: 5,000 members take 17 ms."""
        if self._remote is None and room.presence_body is not None:
            return room.presence_body
        room.presence_body = answers.encode(answers.presence(room.room_id, self._present(room)))
        return room.presence_body

    def _present(self, room: Room[Member]) -> list[tuple[str, float]]:
        here = room.present()
        if self._remote is None:
            return here
        found = self._remote.present(room.room_id)
        for user, since in here:
            found[user] = min(since, found.get(user, since))
        return list(found.items())

    def _announce_entered(self, room: Room[Member], place: Membership) -> None:
        if self._remote is not None:
            self._remote.announce_entered(room.room_id, place.user_id, place.since)
            if self._remote.is_in(room.room_id, place.user_id):
                return
        self._send_to_watchers(room, answers.entered(room.room_id, place.user_id))

    def _announce_gone(self, room: Room[Member], user_id: str) -> None:
        if room.has_user(user_id):  # the user is back: another join was waiting for the disk
            return
        if self._remote is not None:
            self._remote.announce_gone(room.room_id, user_id)
            if self._remote.is_in(room.room_id, user_id):
                return
        self._send_to_watchers(room, answers.gone(room.room_id, user_id))

    def entered_elsewhere(self, room_id: str, user_id: str) -> None:
        """Send `entered` to a room's watchers, because a user joined it on another server."""
        room = self._state.rooms.find(room_id)
        if room is not None and not room.has_user(user_id):
            self._send_to_watchers(room, answers.entered(room_id, user_id))

    def left_elsewhere(self, room_id: str, user_id: str) -> None:
        """Send `gone` to a room's watchers, because a user is no longer in it on any other server."""
        room = self._state.rooms.find(room_id)
        if room is not None and not room.has_user(user_id):
            self._send_to_watchers(room, answers.gone(room_id, user_id))

    def _send_to_watchers(self, room: Room[Member], change: answers.Answer) -> None:
        body = answers.encode(change)
        for watcher in list(room.watchers):
            watcher.send(body)
