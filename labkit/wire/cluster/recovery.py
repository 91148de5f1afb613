"""Recover a server that shares its rooms: its state from the audit file, and where to continue in the log.

An audit file holds every event in the log up to some place, so a server that has one need not read the log from the
start. Times come from the log, so that all servers remember requests equally long.
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
    """The recovered state, and the newest stored event's place in the log (0 if there is none)."""

    past: RecoveredState
    place: int = 0


def recover_shared(audit: Path | None, limits: Limits, epoch: str) -> SharedRecovery:
    """Recover the state, leaving out rooms that belong to other logs. Raises AuditError."""
    if audit is None:
        return SharedRecovery(RecoveredState([], [], {}, [], []))
    with reading(audit) as connection:
        newest = connection.execute(_NEWEST).fetchone()
    at, newest_epoch, place = newest or (time(), None, None)
    past = recover(audit, limits, min(time(), at), most_rooms=sys.maxsize, newest_at=at)
    past = past._replace(rooms=[room for room in past.rooms if room.epoch == epoch])
    is_ours = newest_epoch == epoch and place is not None and place.isdecimal()
    return SharedRecovery(past, int(place or 0) if is_ours else 0)
