"""A client's states, its journal, and its exceptions."""

from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from time import time
from typing import Any, NamedTuple

from labkit.rules.close_codes import row


class ClientState(Enum):
    """The state of a client."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    OPEN = "open"
    WAITING = "waiting"
    STOPPED = "stopped"


_S = ClientState
NEXT: dict[ClientState, set[ClientState]] = {
    _S.CONNECTING: {_S.AUTHENTICATING, _S.WAITING, _S.STOPPED},
    _S.AUTHENTICATING: {_S.OPEN, _S.WAITING, _S.STOPPED},
    _S.OPEN: {_S.WAITING, _S.STOPPED},
    _S.WAITING: {_S.CONNECTING, _S.STOPPED},
    _S.STOPPED: set(),
}


class Record(NamedTuple):
    """One record in the journal. `at` is in seconds since 1970; `detail` never contains a secret."""

    at: float
    kind: str
    detail: dict[str, Any]


class Journal:
    """The most recent events in one client's life, for timelines."""

    def __init__(self, records: int = 10_000) -> None:
        self._records: deque[Record] = deque(maxlen=records)

    def add(self, at: float, kind: str, **detail: Any) -> None:
        """Add a record."""
        self._records.append(Record(at, kind, detail))

    def of(self, kind: str) -> list[Record]:
        """Return all records of one kind, oldest first."""
        return [record for record in self._records if record.kind == kind]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


class Status:
    """One client's state and journal. `on_state` is called after each change of state."""

    def __init__(self, on_state: Callable[[ClientState], None] | None = None) -> None:
        self.state = ClientState.WAITING
        self.log = Journal()
        self.is_started = False
        self.ended_by: BaseException | None = None
        self._on_state = on_state

    def note(self, kind: str, **detail: Any) -> None:
        """Add a record to the journal."""
        self.log.add(time(), kind, **detail)

    def move(self, state: ClientState, **detail: Any) -> None:
        """Change the state. NEXT lists the allowed changes."""
        assert state in NEXT[self.state], f"{self.state} to {state}"
        self.state = state
        self.note(state.value, **detail)
        if self._on_state is not None:
            self._on_state(state)

    def check(self) -> None:
        """Raise the exception that ended this client, or RuntimeError if the client has not started."""
        if not self.is_started:
            raise RuntimeError("not connected: use `async with labkit.connect(...) as client`")
        if self.ended_by is not None:
            raise self.ended_by.with_traceback(None)


class Stopped(Exception):
    """The server closed with a code after which a client must not reconnect. The message explains the code."""

    def __init__(self, code: int, reason: str) -> None:
        known = row(code)
        super().__init__(f"stopped by close code {code} {known.name} ({reason or 'no reason'}): {known.when}")
        self.code = code
        self.reason = reason


class Refused(Exception):
    """The server refused one request; the connection stays open. `code` is listed in docs/protocol.md, Errors."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class BufferFull(Exception):
    """Too many bytes are waiting to be sent. `fields` holds the message that was not accepted."""

    def __init__(self, limit: int, fields: dict[str, Any]) -> None:
        super().__init__(f"more than {limit} bytes are unsent; wait for earlier messages, then send this one again")
        self.fields = fields


class ClientClosed(Exception):
    """The client was closed, or left the room, before the answer came."""


class Disconnected(ClientClosed):
    """There is no connection, or it ended before the answer came. The client reconnects; try again then."""


class NotARoomServer(ValueError):
    """Something answers at the address, but it is not a room server. Retrying would not help."""
