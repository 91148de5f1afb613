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


class _Line:
    __slots__ = ("actions", "travelling")

    def __init__(self) -> None:
        self.travelling = 0
        self.actions: deque[Action] = deque()


class ActionQueue:
    """The lines of all connections that have one. `perform` does an action now."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._lines: dict[Member, _Line] = {}

    def take(self, connection: Member, action: Action) -> None:
        """Perform an action when it is its turn: now, if nothing of this connection is on its way."""
        line = self._lines.get(connection)
        if line is None or (not line.actions and isinstance(action, Publish)):
            self._perform(connection, action)
        else:
            line.actions.append(action)

    def started(self, connection: Member) -> None:
        """Something of this connection is on its way; pair it with one `ended`."""
        self._lines.setdefault(connection, _Line()).travelling += 1

    def wait(self, connection: Member, action: Action) -> None:
        """Put an action whose turn it is back to the head of its line, until `ended`."""
        self.started(connection)
        self._lines[connection].actions.appendleft(action)

    def ended(self, connection: Member) -> None:
        """It was told, or given up: what waited for it goes on."""
        line = self._lines[connection]
        line.travelling -= 1
        while not line.travelling and line.actions:
            action = line.actions.popleft()
            self._perform(connection, action)
            if isinstance(action, Publish):
                self._perform_publications(connection, line)
        if not line.travelling and not line.actions:
            self._lines.pop(connection, None)

    def drop(self, connection: Member) -> list[Action]:
        """The connection is closing, so nothing that waits is acted on any more: what that was."""
        line = self._lines.get(connection)
        if line is None:
            return []
        waiting = list(line.actions)
        line.actions.clear()
        return waiting

    def _perform_publications(self, connection: Member, line: _Line) -> None:
        """Those that stand in a row: they need not wait for each other."""
        while line.actions and isinstance(line.actions[0], Publish):
            self._perform(connection, line.actions.popleft())

    def __contains__(self, connection: object) -> bool:
        """Whether something of a connection is on its way, or waits for that."""
        return connection in self._lines

    def __len__(self) -> int:
        return len(self._lines)
