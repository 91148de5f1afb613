"""Where a client is in its life, how each step is recorded, and how it ends: the vocabulary of `wire.client.client`.

Taught in notebooks 01 (hello) and 07 (storms).
"""

from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from time import time
from typing import Any, NamedTuple

from labkit.rules.close_codes import row


class ClientState(Enum):
    """Where a client is in its life."""

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
    """One thing that happened. `at` is seconds since 1970; `detail` never holds a secret."""

    at: float
    kind: str
    detail: dict[str, Any]


class Journal:
    """What happened to one client, the newest so many records: the raw material of timelines."""

    def __init__(self, records: int = 10_000) -> None:
        self._records: deque[Record] = deque(maxlen=records)

    def add(self, at: float, kind: str, **detail: Any) -> None:
        """Write one record."""
        self._records.append(Record(at, kind, detail))

    def of(self, kind: str) -> list[Record]:
        """The records of one kind, oldest first."""
        return [record for record in self._records if record.kind == kind]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


class Status:
    """The state of one client and its journal. `on_state` is called after each change of state."""

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
        """Change the state, as NEXT allows."""
        assert state in NEXT[self.state], f"{self.state} to {state}"
        self.state = state
        self.note(state.value, **detail)
        if self._on_state is not None:
            self._on_state(state)

    def check(self) -> None:
        """Raise what ended this client, or RuntimeError when it has not been started."""
        if not self.is_started:
            raise RuntimeError("not connected: use `async with labkit.connect(...) as client`")
        if self.ended_by is not None:
            raise self.ended_by.with_traceback(None)


class Stopped(Exception):
    """The server closed with a code that says: do not come back. The text says what it means and what to do."""

    def __init__(self, code: int, reason: str) -> None:
        known = row(code)
        super().__init__(f"stopped by close code {code} {known.name} ({reason or 'no reason'}): {known.when}")
        self.code = code
        self.reason = reason


class Refused(Exception):
    """The server refused one request; the connection stays. `code` is one of docs/protocol.md, section Errors."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class BufferFull(Exception):
    """Too much is unsent already; the text of the message is still yours, in `fields`."""

    def __init__(self, limit: int, fields: dict[str, Any]) -> None:
        super().__init__(f"over {limit} bytes wait to be sent; wait for earlier messages, then send this one again")
        self.fields = fields


class ClientClosed(Exception):
    """The client was closed, or the room left, before this was answered."""


class Disconnected(ClientClosed):
    """The connection ended before this was answered, or there was none; the client comes back, ask again then."""


class NotARoomServer(ValueError):
    """The address answers, but not as a room server, and trying again would not help."""
