"""Find the root cause of a connection's end from the records of both ends.

The close code in the server's records shows what the server noticed; the client's shows what got through. The
difference locates the fault: a 4408 that reached the client means that the path to the client works.
"""

from enum import Enum

from labkit.bench.timeline.two_ends import Attempt, ServerSide
from labkit.rules.close_codes import CloseCode, row

LAG_S = 0.4  # longer than a close frame takes to a healthy client


class Cause(Enum):
    """Root causes that the records can distinguish. Each value completes the sentence "closed because ..."."""

    NO_SERVER = "nobody answered at the address"
    SERVER_GONE = "the server was gone: it recorded no close"
    AUTH_LATE = "the client's auth did not arrive in time"
    NO_PONG = "the client could be reached, but sent nothing back"
    LATE = "the network was too slow for the heartbeat: even the close frame was late"
    UNREACHABLE = "nothing reached the client any more"
    SLOW = "the client read more slowly than the room published"
    BUSY = "more clients connected than the accept rate allows"
    CUT = "TCP ended without a close frame"
    DELIBERATE = "one side closed it deliberately"
    UNKNOWN = "the server's records are missing, so the cause is unknown"


def diagnose(attempt: Attempt, server: ServerSide, offset: float = 0.0) -> tuple[Cause, str]:
    """Return the cause, and a phrase that states it. `offset`: seconds to add to the server's times."""
    cause = _cause(attempt, server, offset)
    if cause is Cause.DELIBERATE:
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
    return _PLAIN.get(code, Cause.DELIBERATE)


_PLAIN = {
    int(CloseCode.AUTH_TIMEOUT): Cause.AUTH_LATE,
    int(CloseCode.TRY_LATER): Cause.SLOW,
    int(CloseCode.NO_CLOSE_FRAME): Cause.CUT,
}


def _lag_s(attempt: Attempt, server: ServerSide, offset: float) -> float:
    """Return how long the close frame was in flight, or 0 if it did not arrive or is not recorded."""
    if server.close is None or attempt.end is None or not attempt.received_close_of(server):
        return 0.0
    return attempt.end.at - (server.close.at + offset)
