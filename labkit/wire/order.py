"""When the actions of the session table are performed, and by which part.

LocalOrder                      at once: the order of a server that is alone
wire.sharing.order.LogOrder     in the order of a log that several servers read
"""

from collections.abc import Callable
from time import monotonic, time
from typing import Protocol

from labkit.rules import actions
from labkit.rules.answers import Answer
from labkit.wire.backlog import Backlog
from labkit.wire.entrance import Entrance
from labkit.wire.held_input import HeldInput
from labkit.wire.member import Member
from labkit.wire.membership import Memberships
from labkit.wire.publishing import Publishing
from labkit.wire.replies import Replies
from labkit.wire.server_state import ServerState

Performers = dict[type[actions.Action], Callable[..., None]]  # which method performs an action


class Order(Protocol):
    """How the hub has actions performed."""

    performers: Performers

    def perform(self, member: Member, action: actions.Action) -> None:
        """Perform an action, now or when its turn comes."""

    def keeps(self, member: Member, raw: bytes) -> bool:
        """Keep a message of a client that must wait; False when the client need not."""

    def is_clear(self, member: Member) -> bool:
        """Whether nothing of this client waits for its turn."""

    def closing(self, member: Member, close: Answer) -> None:
        """A connection is ending, as `close` says: take it out of its rooms."""

    def revoke(self, user_id: str) -> int:
        """End every session of a user; how many connections of this server that closed."""

    def clock(self) -> float:
        """Seconds on the clock that says for how long a request is recognised; nobody sets it."""

    @property
    def broker_is_up(self) -> bool | None:
        """Whether rooms are shared at the moment; None for a server that shares none."""


class LocalOrder:
    """Performs each action at once."""

    broker_is_up = None

    def __init__(self, state: ServerState, held: HeldInput) -> None:
        replies = Replies(state)
        self._held = held
        self._backlog = Backlog(state, held, self.perform)
        self._memberships = Memberships(state, self._backlog, replies.refuse)
        self._entrance = entrance = Entrance(state, self._memberships.changed, self.perform)
        publishing = Publishing(state, replies.refuse)
        self.performers: Performers = {
            actions.Authenticate: entrance.authenticate,
            actions.Renew: entrance.renew,
            actions.Enter: self._enter,
            actions.Exit: self._memberships.exit,
            actions.WatchPresence: self._memberships.watch_presence,
            actions.Publish: publishing.publish,
            actions.Pong: replies.pong,
            actions.Refuse: replies.refuse,
            actions.Close: replies.close,
        }

    def perform(self, member: Member, action: actions.Action) -> None:
        """Perform an action now."""
        self.performers[type(action)](member, action)

    def _enter(self, member: Member, action: actions.Enter) -> None:
        if not self._backlog.holds(member, action):
            self._memberships.enter(member, action)

    def keeps(self, member: Member, raw: bytes) -> bool:
        """Keep a message of a client whose join waits."""
        return self._held.keep(member, raw)

    def is_clear(self, _: Member) -> bool:
        """Nothing waits for its turn here."""
        return True

    def closing(self, member: Member, _: Answer) -> None:
        """A connection is ending."""
        self._memberships.leave_all(member)

    def revoke(self, user_id: str) -> int:
        """End every session of a user."""
        return self._entrance.end_sessions(user_id, time())

    def clock(self) -> float:
        """Steady seconds."""
        return monotonic()
