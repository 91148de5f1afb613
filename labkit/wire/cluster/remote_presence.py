"""The presence of users connected to other servers.

Broadcasts may be lost, so each server counts the changes that it announces. Every ALIVE_S it sends that count. A server
that has received fewer changes asks for all members. If a server sends nothing for DEAD_S, its members count as gone.
"""

from collections.abc import Callable, Iterable

from labkit.wire.cluster import bus_messages
from labkit.wire.cluster.bus_messages import Alive, BusMessage, Entered, Gone, Leaving, PresenceReply, PresenceRequest

ALIVE_S = 1.0
DEAD_S = 5.0
MEMBERS_PER_MESSAGE = 500

Change = Callable[[str, str], None]  # room, user


class _Server:
    def __init__(self, now: float) -> None:
        self.n = -1  # the number of the last change received; -1 before the first
        self.last_received_at = now
        self.rooms: dict[str, dict[str, float]] = {}


class RemotePresence:
    """The users on other servers. `entered` and `gone` are called when a user appears or disappears."""

    def __init__(self, me: str, send: Callable[[BusMessage], None], entered: Change, gone: Change) -> None:
        self.changes_sent = 0
        self._me = me
        self._send = send
        self._entered = entered
        self._gone = gone
        self._servers: dict[str, _Server] = {}

    def present(self, room: str) -> dict[str, float]:
        """Return a room's users on other servers, and when each joined."""
        found: dict[str, float] = {}
        for server in self._servers.values():
            for user, since in server.rooms.get(room, {}).items():
                found[user] = min(since, found.get(user, since))
        return found

    def is_in(self, room: str, user: str) -> bool:
        """Return whether a user is in a room on another server."""
        return any(user in server.rooms.get(room, ()) for server in self._servers.values())

    # SendQueue

    def announce_entered(self, room: str, user: str, since: float) -> None:
        """Announce that a user's first connection on this server joined a room."""
        self.changes_sent += 1
        self._send(Entered(server=self._me, n=self.changes_sent, room=room, user=user, since=since))

    def announce_gone(self, room: str, user: str) -> None:
        """Announce that a user's last connection on this server left a room."""
        self.changes_sent += 1
        self._send(Gone(server=self._me, n=self.changes_sent, room=room, user=user))

    def announce_alive(self) -> None:
        """Announce that this server is alive. Call every ALIVE_S."""
        self._send(Alive(server=self._me, n=self.changes_sent))

    def send_members(self, who: Iterable[tuple[str, str, float]]) -> None:
        """Answer a `PresenceRequest`."""
        everybody = list(who)
        for start in range(0, max(1, len(everybody)), MEMBERS_PER_MESSAGE):
            piece = everybody[start : start + MEMBERS_PER_MESSAGE]
            self._send(PresenceReply(server=self._me, n=self.changes_sent, first=start == 0, who=piece))

    # Incoming

    def receive(self, message: BusMessage, now: float) -> None:
        """Handle a message about another server's members. Ignore any other message."""
        if message.server == self._me or isinstance(
            message, bus_messages.LoginAccepted | bus_messages.Closed | PresenceRequest
        ):
            return
        if isinstance(message, Leaving):
            self._forget(message.server)
            return
        server = self._servers.setdefault(message.server, _Server(now))
        server.last_received_at = now
        if isinstance(message, PresenceReply):
            self._replace(server, message)
        elif isinstance(message, Alive):
            if message.n != server.n:
                self._send(PresenceRequest(server=self._me, whom=message.server))
        elif message.n == server.n + 1:
            server.n = message.n
            self._change(server, message)
        # otherwise a message was lost, and the server's next Alive will reveal it

    def forget_silent(self, now: float) -> None:
        """Forget servers that have sent nothing for DEAD_S."""
        for name in [name for name, server in self._servers.items() if now - server.last_received_at > DEAD_S]:
            self._forget(name)

    def _change(self, server: _Server, message: Entered | Gone) -> None:
        before = self.is_in(message.room, message.user)
        if isinstance(message, Entered):
            server.rooms.setdefault(message.room, {})[message.user] = message.since
        else:
            self._remove(server, message.room, message.user)
        self._report_change(message.room, message.user, before)

    def _replace(self, server: _Server, message: PresenceReply) -> None:
        old = {(room, user) for room, users in server.rooms.items() for user in users} if message.first else set()
        new = {(room, user): since for room, user, since in message.who}
        server.n = message.n
        for room, user in old - set(new):
            self._remove(server, room, user)
            self._report_change(room, user, True)
        for (room, user), since in new.items():
            before = self.is_in(room, user)
            server.rooms.setdefault(room, {})[user] = since
            self._report_change(room, user, before)

    def _forget(self, name: str) -> None:
        server = self._servers.pop(name, None)
        for room, users in (server.rooms if server else {}).items():
            for user in users:
                self._report_change(room, user, True)

    def _report_change(self, room: str, user: str, before: bool) -> None:
        after = self.is_in(room, user)
        if after and not before:
            self._entered(room, user)
        elif before and not after:
            self._gone(room, user)

    @staticmethod
    def _remove(server: _Server, room: str, user: str) -> None:
        users = server.rooms.get(room, {})
        users.pop(user, None)
        if not users:
            server.rooms.pop(room, None)
