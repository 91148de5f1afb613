"""Find the records of one connection in the client's log and in the server's audit file."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labkit.rules.close_codes import CloseCode
from labkit.wire.audit.schema import Entry
from labkit.wire.client.reconnect_loop import SILENCE
from labkit.wire.client.state import Record

END_APART_S = 5.0  # the most between the two recorded ends of a connection without an id


@dataclass
class Attempt:
    """One connection as the client recorded it, from one `connecting` to the next."""

    records: list[Record] = field(default_factory=list)
    previous_close: dict[str, Any] | None = None  # from the next auth_ok

    def first(self, kind: str) -> Record | None:
        """Return the connection's first record of a kind."""
        return next((record for record in self.records if record.kind == kind), None)

    @property
    def connection(self) -> str | None:
        """The ID that the server assigned to the connection, or None if there was no auth_ok."""
        opened = self.first("auth_ok")
        return None if opened is None else opened.detail["connection"]

    @property
    def end(self) -> Record | None:
        """The client's record of how the connection ended."""
        return self.first("closed")

    @property
    def code(self) -> int:
        """The close code that the client saw."""
        return CloseCode.NO_CLOSE_FRAME if self.end is None else int(self.end.detail["code"])

    @property
    def gave_up(self) -> bool:
        """Whether the client ended the connection because nothing arrived."""
        return self.end is not None and self.end.detail.get("why") == SILENCE

    @property
    def is_connected(self) -> bool:
        """Whether the WebSocket handshake succeeded."""
        return self.first("authenticating") is not None

    def received_close_of(self, server: "ServerSide") -> bool:
        """Whether the server's close frame arrived."""
        return self.code != CloseCode.NO_CLOSE_FRAME and self.code == server.code_and_reason[0]


@dataclass(frozen=True)
class ServerSide:
    """The server's audit rows of the same connection; `is_known` is False without an audit file."""

    rows: list[Entry]
    is_known: bool = True

    @property
    def close(self) -> Entry | None:
        """The audit row that records how the connection ended."""
        return next((entry for entry in self.rows if entry.kind == "close"), None)

    @property
    def code_and_reason(self) -> tuple[int | None, str]:
        """The close code and reason that the server recorded."""
        if self.close is None or self.close.body is None:
            return None, ""
        body = json.loads(self.close.body)
        return int(body["code"]), str(body["reason"])


def attempts(log: Iterable[Record]) -> list[Attempt]:
    """Split a client's log into one part per connection."""
    found: list[Attempt] = []
    for record in log:
        if record.kind == "connecting":
            found.append(Attempt())
        if found:
            found[-1].records.append(record)
        if record.kind == "auth_ok" and len(found) > 1 and record.detail.get("previous_close"):
            _last_named(found[:-1]).previous_close = record.detail["previous_close"]
    return found


def _last_named(earlier: list[Attempt]) -> Attempt:
    """Return the last connection with an ID, which is the one that previousClose describes."""
    return next((attempt for attempt in reversed(earlier) if attempt.connection is not None), Attempt())


def server_side(attempt: Attempt, audit: list[Entry]) -> ServerSide:
    """Return the audit rows of a connection.

    Without an audit file, build one row from the next auth_ok's previousClose.
    """
    if attempt.connection is not None:
        rows = [entry for entry in audit if entry.connection == attempt.connection and entry.kind != "event"]
    else:
        rows = _nameless(attempt, audit)
    if audit:
        return ServerSide(rows)
    close = attempt.previous_close
    if close is None:
        return ServerSide([], is_known=False)
    at = datetime.fromisoformat(close["at"]).timestamp()
    body = json.dumps({"code": close["code"], "reason": close["reason"]})
    return ServerSide([Entry(at, "close", connection=attempt.connection, body=body)])


def _nameless(attempt: Attempt, audit: list[Entry]) -> list[Entry]:
    """Return the close row, among those without a user, that is nearest in time.

    Without auth_ok, the client knows no ID.
    """
    if attempt.end is None:
        return []
    end = attempt.end.at
    near = [
        entry for entry in audit if entry.kind == "close" and entry.user is None and abs(entry.at - end) < END_APART_S
    ]
    return sorted(near, key=lambda entry: abs(entry.at - end))[:1]


def clock_offset(attempt: Attempt, server: ServerSide) -> float:
    """Return the seconds to add to the server's times to place its join between the client's auth_ok and `joined`."""
    joined_there = next((entry.at for entry in server.rows if entry.kind == "join"), None)
    opened, joined = attempt.first("auth_ok"), attempt.first("joined")
    if joined_there is None or opened is None or joined is None:
        return 0.0
    is_possible = opened.at <= joined_there <= joined.at
    return 0.0 if is_possible else (opened.at + joined.at) / 2 - joined_there
