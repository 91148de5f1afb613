"""Who is in our rooms by way of other servers. Told by word, so it may be late or lost: counted, and asked for again.

Every server says every ALIVE_S that it lives and how many changes it has told. Who has heard fewer asks for everything;
who is silent for DEAD_S has taken its members with it. Pure but for the words it is given to send.
"""

from collections.abc import Callable, Iterable

from labkit.wire.sharing import bus_messages
from labkit.wire.sharing.bus_messages import Alive, Asks, Entered, Gone, Leaving, Present, Word

ALIVE_S = 1.0
DEAD_S = 5.0
WHO_A_WORD = 500

Change = Callable[[str, str], None]  # room, user


class _Server:
    def __init__(self, now: float) -> None:
        self.n = -1  # changes heard; none yet
        self.heard_at = now
        self.rooms: dict[str, dict[str, float]] = {}


class RemotePresence:
    """The members of other servers' connections. `entered` and `gone` are called when a user appears or is gone."""

    def __init__(self, me: str, send: Callable[[Word], None], entered: Change, gone: Change) -> None:
        self.told = 0  # changes that we have told
        self._me = me
        self._send = send
        self._entered = entered
        self._gone = gone
        self._servers: dict[str, _Server] = {}

    def present(self, room: str) -> dict[str, float]:
        """Users in a room by way of other servers, and since when."""
        found: dict[str, float] = {}
        for server in self._servers.values():
            for user, since in server.rooms.get(room, {}).items():
                found[user] = min(since, found.get(user, since))
        return found

    def is_in(self, room: str, user: str) -> bool:
        """Whether a user is in a room by way of another server."""
        return any(user in server.rooms.get(room, ()) for server in self._servers.values())

    # What we tell

    def tell_entered(self, room: str, user: str, since: float) -> None:
        """A user's first connection here."""
        self.told += 1
        self._send(Entered(server=self._me, n=self.told, room=room, user=user, since=since))

    def tell_gone(self, room: str, user: str) -> None:
        """A user's last connection here."""
        self.told += 1
        self._send(Gone(server=self._me, n=self.told, room=room, user=user))

    def tell_alive(self) -> None:
        """Every ALIVE_S."""
        self._send(Alive(server=self._me, n=self.told))

    def tell_everybody(self, who: Iterable[tuple[str, str, float]]) -> None:
        """The answer to `Asks`."""
        everybody = list(who)
        for start in range(0, max(1, len(everybody)), WHO_A_WORD):
            piece = everybody[start : start + WHO_A_WORD]
            self._send(Present(server=self._me, n=self.told, first=start == 0, who=piece))

    # What we hear

    def hear(self, word: Word, now: float) -> None:
        """A word about members; our own are passed over, as are those about other things."""
        if word.server == self._me or isinstance(word, bus_messages.LoginAccepted | bus_messages.Closed | Asks):
            return
        if isinstance(word, Leaving):
            self._forget(word.server)
            return
        server = self._servers.setdefault(word.server, _Server(now))
        server.heard_at = now
        if isinstance(word, Present):
            self._replace(server, word)
        elif isinstance(word, Alive):
            if word.n != server.n:
                self._send(Asks(server=self._me, whom=word.server))
        elif word.n == server.n + 1:
            server.n = word.n
            self._change(server, word)
        # else a word was lost: its next Alive shows that

    def bury(self, now: float) -> None:
        """Forget servers that have been silent for too long."""
        for name in [name for name, server in self._servers.items() if now - server.heard_at > DEAD_S]:
            self._forget(name)

    def _change(self, server: _Server, word: Entered | Gone) -> None:
        before = self.is_in(word.room, word.user)
        if isinstance(word, Entered):
            server.rooms.setdefault(word.room, {})[word.user] = word.since
        else:
            self._remove(server, word.room, word.user)
        self._tell_change(word.room, word.user, before)

    def _replace(self, server: _Server, word: Present) -> None:
        old = {(room, user) for room, users in server.rooms.items() for user in users} if word.first else set()
        new = {(room, user): since for room, user, since in word.who}
        server.n = word.n
        for room, user in old - set(new):
            self._remove(server, room, user)
            self._tell_change(room, user, True)
        for (room, user), since in new.items():
            before = self.is_in(room, user)
            server.rooms.setdefault(room, {})[user] = since
            self._tell_change(room, user, before)

    def _forget(self, name: str) -> None:
        server = self._servers.pop(name, None)
        for room, users in (server.rooms if server else {}).items():
            for user in users:
                self._tell_change(room, user, True)

    def _tell_change(self, room: str, user: str, before: bool) -> None:
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
