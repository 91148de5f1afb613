"""Keep each connection's answers in order while its published messages make a round trip through the log.

    publish, publish, ping                           the pong waits until both events are delivered or given up
    join with a `since` that we have not read yet    waits until we have, to avoid duplicates and a false gap

While an action waits, all later actions of the same connection wait behind it.
"""

from collections import deque
from collections.abc import Callable

from labkit.rules.actions import Action, Publish
from labkit.wire.member import Member

Perform = Callable[[Member, Action], None]


class _Queue:
    __slots__ = ("actions", "in_flight")

    def __init__(self) -> None:
        self.in_flight = 0
        self.actions: deque[Action] = deque()


class ActionQueue:
    """The action queues of all connections. `perform` performs an action immediately."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._queues: dict[Member, _Queue] = {}

    def take(self, connection: Member, action: Action) -> None:
        """Perform an action now if this connection has nothing in flight; otherwise, queue it."""
        queue = self._queues.get(connection)
        if queue is None or (not queue.actions and isinstance(action, Publish)):
            self._perform(connection, action)
        else:
            queue.actions.append(action)

    def started(self, connection: Member) -> None:
        """Record the start of a round trip through the log. Call `ended` once for each."""
        self._queues.setdefault(connection, _Queue()).in_flight += 1

    def wait(self, connection: Member, action: Action) -> None:
        """Put an action back at the head of its queue, to wait for `ended`."""
        self.started(connection)
        self._queues[connection].actions.appendleft(action)

    def ended(self, connection: Member) -> None:
        """Record the end of a round trip, and perform the actions that were waiting for it."""
        queue = self._queues[connection]
        queue.in_flight -= 1
        while not queue.in_flight and queue.actions:
            action = queue.actions.popleft()
            self._perform(connection, action)
            if isinstance(action, Publish):
                self._perform_publications(connection, queue)
        if not queue.in_flight and not queue.actions:
            self._queues.pop(connection, None)

    def drop(self, connection: Member) -> list[Action]:
        """Drop a closing connection's waiting actions, and return them."""
        queue = self._queues.get(connection)
        if queue is None:
            return []
        waiting = list(queue.actions)
        queue.actions.clear()
        return waiting

    def _perform_publications(self, connection: Member, queue: _Queue) -> None:
        """Perform all publish actions at the head of the queue. They need not wait for each other."""
        while queue.actions and isinstance(queue.actions[0], Publish):
            self._perform(connection, queue.actions.popleft())

    def __contains__(self, connection: object) -> bool:
        """Return whether a connection has anything in flight or waiting."""
        return connection in self._queues

    def __len__(self) -> int:
        return len(self._queues)
