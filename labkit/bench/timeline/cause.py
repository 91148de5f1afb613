"""From the records of both ends of a connection to the root cause.

The server's close code says what the server noticed; the client's says what got through. The difference locates the
fault: a 4408 that reached the client means that the path to the client works.
"""

from enum import Enum

from labkit.bench.timeline.two_ends import Attempt, ServerSide
from labkit.rules.close_codes import CloseCode, row

LAG_S = 0.4  # longer than a close frame takes to a healthy client


class Cause(Enum):
    """Root causes that the records can distinguish; the value continues the sentence "closed because"."""

    NO_SERVER = "nobody answered at the address"
    SERVER_GONE = "the server was gone: it wrote nothing of this end"
    AUTH_LATE = "the client's auth did not arrive in time"
    NO_PONG = "nothing came back from the client, which could itself be reached"
    LATE = "the network was too slow for the heartbeat: even the close frame was late"
    UNREACHABLE = "nothing reached the client any more"
    SLOW = "the client took less than was said to it"
    BUSY = "more clients came than the accept rate lets in"
    CUT = "TCP ended without a close frame"
    SAID = "one side said so"
    UNKNOWN = "nobody told: the server's records are missing"


def diagnose(attempt: Attempt, server: ServerSide, offset: float = 0.0) -> tuple[Cause, str]:
    """Return the cause and a phrase for it. `offset` is added to the server's times, in seconds."""
    cause = _cause(attempt, server, offset)
    if cause is Cause.SAID:
        code = server.code_and_reason[0] or attempt.code
        return cause, f"of {code}: {row(code).when}"
    return cause, cause.value


def _cause(attempt: Attempt, server: ServerSide, offset: float) -> Cause:
    if not attempt.is_connected:
        return Cause.NO_SERVER
    code, reason = server.code_and_reason
    if code is None and attempt.code == CloseCode.NO_CLOSE_FRAME:
        return Cause.SERVER_GONE if server.is_known else Cause.UNKNOWN
    code = code or attempt.code
    if code == CloseCode.TRY_LATER and "busy" in reason:
        return Cause.BUSY
    if attempt.gave_up and code in (CloseCode.HEARTBEAT_TIMEOUT, CloseCode.TRY_LATER, CloseCode.NO_CLOSE_FRAME):
        return Cause.UNREACHABLE
    if code == CloseCode.HEARTBEAT_TIMEOUT:
        return Cause.LATE if _lag_s(attempt, server, offset) > LAG_S else Cause.NO_PONG
    return _PLAIN.get(code, Cause.SAID)


_PLAIN = {
    int(CloseCode.AUTH_TIMEOUT): Cause.AUTH_LATE,
    int(CloseCode.TRY_LATER): Cause.SLOW,
    int(CloseCode.NO_CLOSE_FRAME): Cause.CUT,
}


def _lag_s(attempt: Attempt, server: ServerSide, offset: float) -> float:
    """Return how long the close frame was in flight; 0 if it did not arrive or is not recorded."""
    if server.close is None or attempt.end is None or not attempt.received_close_of(server):
        return 0.0
    return attempt.end.at - (server.close.at + offset)
