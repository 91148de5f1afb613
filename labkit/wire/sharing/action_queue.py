"""One connection's answers keep the order of its messages, though its publications travel through the log and back.

    publish, publish, ping      the pong waits until both events are told, or given up
    join with a `since` that we have not read yet    waits until we have, so that nothing is given twice or as a gap

What waits are actions; while they do, everything the connection asks for later waits behind them.
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
    """The lines of all connections that have one. `perform` does an action now."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._queues: dict[Member, _Queue] = {}

    def take(self, connection: Member, action: Action) -> None:
        """Perform an action when it is its turn: now, if nothing of this connection is on its way."""
        queue = self._queues.get(connection)
        if queue is None or (not queue.actions and isinstance(action, Publish)):
            self._perform(connection, action)
        else:
            queue.actions.append(action)

    def started(self, connection: Member) -> None:
        """Something of this connection is on its way; pair it with one `ended`."""
        self._queues.setdefault(connection, _Queue()).in_flight += 1

    def wait(self, connection: Member, action: Action) -> None:
        """Put an action whose turn it is back to the head of its queue, until `ended`."""
        self.started(connection)
        self._queues[connection].actions.appendleft(action)

    def ended(self, connection: Member) -> None:
        """It was told, or given up: what waited for it goes on."""
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
        """The connection is closing, so nothing that waits is acted on any more: what that was."""
        queue = self._queues.get(connection)
        if queue is None:
            return []
        waiting = list(queue.actions)
        queue.actions.clear()
        return waiting

    def _perform_publications(self, connection: Member, queue: _Queue) -> None:
        """Those that stand in a row: they need not wait for each other."""
        while queue.actions and isinstance(queue.actions[0], Publish):
            self._perform(connection, queue.actions.popleft())

    def __contains__(self, connection: object) -> bool:
        """Whether something of a connection is on its way, or waits for that."""
        return connection in self._queues

    def __len__(self) -> int:
        return len(self._queues)
