"""Lower the connection limit to match the number of available file descriptors."""

import logging
from dataclasses import replace

from labkit.platform import open_files
from labkit.rules.limits import OFF, Limits
from labkit.wire.admission import MAX_REFUSED_SOCKETS

_LOGGER = logging.getLogger(__name__)
RESERVE = 24  # for files and sockets opened later: audit files, the broker, web pages, name lookups


def within_descriptors(limits: Limits) -> tuple[Limits, int | None]:
    """Return the limits, with `connections` lowered if necessary, and the maximum number of open sockets.

    The maximum is None if there is no limit. Up to a quarter of the sockets are reserved for clients that are refused
    with HTTP 503.
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
        f"connections={asked} is more than {most_files} file descriptors allow: above {room}, clients get HTTP 503; "
        f"raise the descriptor limit (ulimit -n, LimitNOFILE= in a systemd unit), or set connections={room}"
    )
    level = logging.WARNING if _LOGGER.hasHandlers() else logging.INFO  # keeps the warning out of notebook cells
    _LOGGER.log(level, what, extra={"asked": asked, "connections": room, "descriptors": most_files})
