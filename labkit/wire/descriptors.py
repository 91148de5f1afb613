"""Lower the limit on connections to what the process's file descriptors allow."""

import logging
from dataclasses import replace

from labkit.platform import open_files
from labkit.rules.limits import OFF, Limits
from labkit.wire.admission import MAX_REFUSED_SOCKETS

_LOGGER = logging.getLogger(__name__)
RESERVE = 24  # for files and sockets opened later: audit files, the broker, pages, name look-ups


def within_descriptors(limits: Limits) -> tuple[Limits, int | None]:
    """Return the limits, with `connections` lowered where necessary, and the maximum of open sockets (None: no bound).

    Up to a quarter of those sockets are reserved for clients that are refused with HTTP 503.
    """
    most_files = open_files.most()
    if most_files is None:
        return limits, None
    sockets = max(2, most_files - open_files.now() - RESERVE)
    room = sockets - min(MAX_REFUSED_SOCKETS, max(1, sockets // 4))
    asked = limits.connections
    if asked is not None and asked <= room:
        return limits, sockets
    _report(OFF if asked is None else asked, room, most_files)
    return replace(limits, connections=room), sockets


def _report(asked: int | str, room: int, most_files: int) -> None:
    what = (
        f"connections={asked} is more than {most_files} file descriptors allow: from {room} on, clients get HTTP 503; "
        f"raise the descriptor limit (ulimit -n, LimitNOFILE= in a systemd unit), or set connections={room}"
    )
    level = logging.WARNING if _LOGGER.hasHandlers() else logging.INFO  # no warning in a notebook cell
    _LOGGER.log(level, what, extra={"asked": asked, "connections": room, "descriptors": most_files})
