"""The table of close codes: what each code means, and what the client does next.

The server, the client and the reviewer all use this table; no other module writes a close code as a number. Each row
says whether the client reconnects, after how long, and with which credential. `labkit explain 1013` prints a row.
"""

import re
from dataclasses import dataclass
from enum import Enum, IntEnum

MAX_REASON_BYTES = 123  # RFC 6455 5.5.1: a control frame's 125 bytes, minus 2 for the code
MAX_RETRY_MS = 999_999_999  # 11 days; nine digits are enough, and they keep parsing bounded


class CloseCode(IntEnum):
    """The close codes that labkit sends or understands."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_CLOSE_FRAME = 1006
    INVALID_UTF8 = 1007
    INVALID_MESSAGE = 1008
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    RESTART = 1012
    TRY_LATER = 1013
    AUTH_TIMEOUT = 4401
    AUTH_FAILED = 4403
    HEARTBEAT_TIMEOUT = 4408
    REPLACED = 4409
    REVOKED = 4410
    SESSION_EXPIRED = 4419
    RATE_LIMITED = 4429


class Then(Enum):
    """Whether the client reconnects after a close."""

    STOP = "stop"
    RECONNECT = "reconnect"


class Wait(Enum):
    """How long the client waits before it reconnects."""

    NOTHING = "no wait"
    WINDOW = "full jitter; the first window is the one the server last sent"
    SLOT = "the slot in the reason (retry=MS), or full jitter if there is none"
    SLOT_AT_LEAST_1S = "the slot in the reason (retry=MS), but at least 1 s; full jitter if there is none"


class Credential(Enum):
    """The credential that the client presents when it reconnects."""

    NONE = "none"
    RESUME = "resume"
    FRESH = "fresh ticket"


@dataclass(frozen=True, slots=True)
class CloseRow:
    """One row of the table. `reason` is the close reason the server sends, without any `retry=MS`."""

    code: int
    name: str
    reason: str
    when: str
    then: Then
    wait: Wait
    credential: Credential

    def __str__(self) -> str:
        lines = [f"{self.code} {self.name}: {self.when}", f"  client: {self.then.value}"]
        if self.then is Then.RECONNECT:
            lines.append(f"  wait: {self.wait.value}")
            lines.append(f"  credential: {self.credential.value}")
        return "\n".join(lines)


def _stop(code: CloseCode, reason: str, when: str) -> CloseRow:
    return CloseRow(code, code.name, reason, when, Then.STOP, Wait.NOTHING, Credential.NONE)


def _retry(
    code: CloseCode, reason: str, when: str, wait: Wait = Wait.WINDOW, credential: Credential = Credential.RESUME
) -> CloseRow:
    return CloseRow(code, code.name, reason, when, Then.RECONNECT, wait, credential)


_C = CloseCode
_ROWS = (
    _stop(_C.NORMAL, "done", "one side has finished"),
    _retry(_C.GOING_AWAY, "going away", "the server or page is going away"),
    _stop(_C.PROTOCOL_ERROR, "protocol error", "the peer broke RFC 6455"),
    _stop(_C.UNSUPPORTED_DATA, "text only", "a binary message; only text is accepted"),
    _retry(_C.NO_CLOSE_FRAME, "", "no close frame: the network, a crash, or an abort; never sent"),
    _stop(_C.INVALID_UTF8, "invalid UTF-8", "a text message that is not UTF-8"),
    _stop(
        _C.INVALID_MESSAGE,
        "invalid message",
        "an invalid message, a chat message before joining, or a message over 8192 bytes",
    ),
    _stop(_C.TOO_BIG, "frame too big", "a frame over 64 KiB, refused from its header"),
    _retry(_C.SERVER_ERROR, "internal error", "a bug in the server"),
    _retry(_C.RESTART, "restart", "the server is restarting and tells each client when to reconnect", Wait.SLOT),
    _retry(_C.TRY_LATER, "slow", "a slow consumer (slow), or too many handshakes (busy)", Wait.SLOT_AT_LEAST_1S),
    _retry(_C.AUTH_TIMEOUT, "auth required", "no valid auth in time", credential=Credential.FRESH),
    _stop(_C.AUTH_FAILED, "auth failed", "a rejected credential, or any other message before auth"),
    _retry(_C.HEARTBEAT_TIMEOUT, "no pong", "a ping was not answered in time"),
    _stop(_C.REPLACED, "replaced", "a newer connection of the same session took over"),
    _stop(_C.REVOKED, "session revoked", "the session was revoked"),
    _retry(_C.SESSION_EXPIRED, "session expired", "the session expired", credential=Credential.FRESH),
    _retry(_C.RATE_LIMITED, "rate limited", "the rate limit was exceeded for too long", Wait.SLOT),
)
TABLE: dict[int, CloseRow] = {row.code: row for row in _ROWS}


def row(code: int) -> CloseRow:
    """Return the row for a code, even if the code is not in the table.

    An unknown 44xx code is the client's fault, so the client stops. An unknown 45xx code is the server's fault, so the
    client retries. Any other unknown code is treated as 1006.
    """
    known = TABLE.get(code)
    if known is not None:
        return known
    if 4400 <= code <= 4499:
        return CloseRow(code, "UNKNOWN_44XX", "", "unknown; a client error", Then.STOP, Wait.NOTHING, Credential.NONE)
    name = "UNKNOWN_45XX" if 4500 <= code <= 4599 else "UNKNOWN"
    when = "unknown; a server error" if 4500 <= code <= 4599 else "unknown; treated as 1006"
    return CloseRow(code, name, "", when, Then.RECONNECT, Wait.WINDOW, Credential.RESUME)


def reason_with_retry(reason: str, retry_ms: int) -> str:
    """Append a retry slot to a close reason: `busy retry=8200`. Raises ValueError if the slot is negative."""
    if retry_ms < 0:
        raise ValueError(f"retry_ms must be 0 or more, got {retry_ms}")
    return f"{reason} retry={min(retry_ms, MAX_RETRY_MS)}"


_RETRY = re.compile(r"(?:^|\s)retry=([0-9]{1,9})(?:\s|\Z)")


def retry_ms(reason: str) -> int | None:
    """Return the retry slot in a close reason, in milliseconds, or None if there is none."""
    found = _RETRY.search(reason)
    return int(found[1]) if found else None
