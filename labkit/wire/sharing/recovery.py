"""What a server that shares its rooms takes over from its own audit file, and where in the log it goes on reading.

An audit file that holds every event of the log up to a place stands for the log up to there: that is why a server with
one needs no log that goes back to the beginning. Times are the log's own, so that every server remembers as long.
"""

import sys
from pathlib import Path
from time import time
from typing import NamedTuple

from labkit.rules.limits import Limits
from labkit.wire.audit.reading import reading
from labkit.wire.audit.recovery import RecoveredState, recover

_NEWEST = "SELECT at, epoch, connection FROM log WHERE kind = 'event' ORDER BY n DESC LIMIT 1"


class SharedRecovery(NamedTuple):
    """`place`: of the newest event that is stored, 0 before the first."""

    past: RecoveredState
    place: int = 0


def recover_shared(audit: Path | None, limits: Limits, epoch: str) -> SharedRecovery:
    """The past, without the rooms of any other log. Raises AuditError."""
    if audit is None:
        return SharedRecovery(RecoveredState([], [], {}, [], []))
    with reading(audit) as connection:
        newest = connection.execute(_NEWEST).fetchone()
    at, newest_epoch, place = newest or (time(), None, None)
    past = recover(audit, limits, min(time(), at), most_rooms=sys.maxsize, newest_at=at)
    past = past._replace(rooms=[room for room in past.rooms if room.epoch == epoch])
    is_ours = newest_epoch == epoch and place is not None and place.isdecimal()
    return SharedRecovery(past, int(place or 0) if is_ours else 0)
