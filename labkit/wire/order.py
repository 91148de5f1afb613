"""The order in which a server performs actions, and the method that performs each one.

LocalOrder                      at once, on a single server
wire.cluster.order.LogOrder     in the order of a log that several servers read
"""

from collections.abc import Callable
from time import monotonic, time
from typing import Protocol

from labkit.rules import actions
from labkit.rules.answers import Answer
from labkit.wire.authentication import Authentication
from labkit.wire.delayed_joins import DelayedJoins
from labkit.wire.held_input import HeldInput
from labkit.wire.member import Member
from labkit.wire.membership import Memberships
from labkit.wire.publishing import Publishing
from labkit.wire.replies import Replies
from labkit.wire.server_state import ServerState

Performers = dict[type[actions.Action], Callable[..., None]]  # the method for each type of action


class Order(Protocol):
    """Performs actions for the hub."""

    performers: Performers

    def perform(self, member: Member, action: actions.Action) -> None:
        """Perform an action, now or when its turn comes."""

    def keeps(self, member: Member, raw: bytes) -> bool:
        """Hold a message if its client must wait. Return whether it was held."""

    def is_clear(self, member: Member) -> bool:
        """Return whether this client has no waiting actions."""

    def closing(self, member: Member, close: Answer) -> None:
        """Remove a closing connection from its rooms. `close` describes how it ended."""

    def revoke(self, user_id: str) -> int:
        """End all of a user's sessions. Return the number of connections closed on this server."""

    def clock(self) -> float:
        """Return the time in seconds, by the clock that limits how long requests are remembered. It never goes back."""

    @property
    def broker_is_up(self) -> bool | None:
        """Whether the broker is available right now, or None for a single server."""


class LocalOrder:
    """Performs each action immediately, on a single server."""

    broker_is_up = None

    def __init__(self, state: ServerState, held: HeldInput) -> None:
        replies = Replies(state)
        self._held = held
        self._delayed_joins = DelayedJoins(state, held, self.perform)
        self._memberships = Memberships(state, self._delayed_joins, replies.refuse)
        self._authentication = authentication = Authentication(state, self._memberships.changed, self.perform)
        self.publishing = publishing = Publishing(state, replies.refuse)
        self.performers: Performers = {
            actions.Authenticate: authentication.authenticate,
            actions.Renew: authentication.renew,
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
        if not self._delayed_joins.holds(member, action):
            self._memberships.enter(member, action)

    def keeps(self, member: Member, raw: bytes) -> bool:
        """Hold a message if its client is waiting for a join. Return whether it was held."""
        return self._held.keep(member, raw)

    def is_clear(self, _: Member) -> bool:
        """Return True, because no action ever waits here."""
        return True

    def closing(self, member: Member, _: Answer) -> None:
        """Remove a closing connection from its rooms."""
        self._memberships.leave_all(member)

    def revoke(self, user_id: str) -> int:
        """End all of a user's sessions. Return the number of connections closed."""
        return self._authentication.end_sessions(user_id, time())

    def clock(self) -> float:
        """Return the monotonic time, in seconds."""
        return monotonic()
