"""The records of one connection at its two ends, found in the client's log and in the server's audit file."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labkit.rules.close_codes import CloseCode
from labkit.wire.audit.schema import Entry
from labkit.wire.client.reconnect_loop import SILENCE
from labkit.wire.client.state import Record

END_APART_S = 5.0  # between the two ends of a connection that never got a name


@dataclass
class Attempt:
    """One connection as the client lived it: its records, from `connecting` to the next."""

    records: list[Record] = field(default_factory=list)
    told_later: dict[str, Any] | None = None  # previousClose, from the next auth_ok

    def first(self, kind: str) -> Record | None:
        """Its first record of a kind."""
        return next((record for record in self.records if record.kind == kind), None)

    @property
    def connection(self) -> str | None:
        """The id that the server gave it; None when it never got in."""
        opened = self.first("auth_ok")
        return None if opened is None else opened.detail["connection"]

    @property
    def end(self) -> Record | None:
        """How it ended for the client."""
        return self.first("closed")

    @property
    def code(self) -> int:
        """The close code that the client saw."""
        return CloseCode.NO_CLOSE_FRAME if self.end is None else int(self.end.detail["code"])

    @property
    def gave_up(self) -> bool:
        """Whether the client ended it, because nothing came."""
        return self.end is not None and self.end.detail.get("why") == SILENCE

    @property
    def is_connected(self) -> bool:
        """Whether there was a WebSocket at all."""
        return self.first("authenticating") is not None

    def heard(self, server: "ServerSide") -> bool:
        """Whether the server's close frame arrived."""
        return self.code != CloseCode.NO_CLOSE_FRAME and self.code == server.code_and_reason[0]


@dataclass(frozen=True)
class ServerSide:
    """The server's rows of the same connection; `is_known` is False when there is no audit file to look into."""

    rows: list[Entry]
    is_known: bool = True

    @property
    def close(self) -> Entry | None:
        """The row of its end."""
        return next((entry for entry in self.rows if entry.kind == "close"), None)

    @property
    def code_and_reason(self) -> tuple[int | None, str]:
        """Why the server ended it, or saw it end."""
        if self.close is None or self.close.body is None:
            return None, ""
        said = json.loads(self.close.body)
        return int(said["code"]), str(said["reason"])


def attempts(log: Iterable[Record]) -> list[Attempt]:
    """A client's connections, one after another."""
    found: list[Attempt] = []
    for record in log:
        if record.kind == "connecting":
            found.append(Attempt())
        if found:
            found[-1].records.append(record)
        if record.kind == "auth_ok" and len(found) > 1 and record.detail.get("previous_close"):
            _last_named(found[:-1]).told_later = record.detail["previous_close"]
    return found


def _last_named(earlier: list[Attempt]) -> Attempt:
    """previousClose speaks of the last connection that had got an id."""
    return next((attempt for attempt in reversed(earlier) if attempt.connection is not None), Attempt())


def server_side(attempt: Attempt, audit: list[Entry]) -> ServerSide:
    """The rows of that connection. Without any audit, what the server told in the next auth_ok."""
    if attempt.connection is not None:
        rows = [entry for entry in audit if entry.connection == attempt.connection and entry.kind != "event"]
    else:
        rows = _nameless(attempt, audit)
    if audit:
        return ServerSide(rows)
    told = attempt.told_later
    if told is None:
        return ServerSide([], is_known=False)
    at = datetime.fromisoformat(told["at"]).timestamp()
    body = json.dumps({"code": told["code"], "reason": told["reason"]})
    return ServerSide([Entry(at, "close", connection=attempt.connection, body=body)])


def _nameless(attempt: Attempt, audit: list[Entry]) -> list[Entry]:
    """Nobody has told us the id of a connection that was not let in: the close, without a user, that is nearest."""
    if attempt.end is None:
        return []
    end = attempt.end.at
    near = [
        entry for entry in audit if entry.kind == "close" and entry.user is None and abs(entry.at - end) < END_APART_S
    ]
    return sorted(near, key=lambda entry: abs(entry.at - end))[:1]


def clock_offset(attempt: Attempt, server: ServerSide) -> float:
    """What to add to the server's times: it must have let the client join after auth_ok, and before `joined` came."""
    joined_there = next((entry.at for entry in server.rows if entry.kind == "join"), None)
    opened, joined = attempt.first("auth_ok"), attempt.first("joined")
    if joined_there is None or opened is None or joined is None:
        return 0.0
    is_possible = opened.at <= joined_there <= joined.at
    return 0.0 if is_possible else (opened.at + joined.at) / 2 - joined_there
