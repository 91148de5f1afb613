"""Lower the connection limit to match the number of available file descriptors."""

import logging
import os
from dataclasses import replace

from labkit.rules.limits import OFF, Limits
from labkit.wire.admission import MAX_REFUSED_SOCKETS

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

_LOGGER = logging.getLogger(__name__)
RESERVE = 24  # for files and sockets opened later: audit files, the broker, web pages, name lookups
OPEN_UNKNOWN = 32  # the assumed number of open files if the system does not list them


def within_descriptors(limits: Limits) -> tuple[Limits, int | None]:
    """Return the limits, with `connections` lowered if necessary, and the maximum number of open sockets.

    The maximum is None if there is no limit. Up to a quarter of the sockets are reserved for clients that are refused
    with HTTP 503.
    """
    most_files = _most_files()
    if most_files is None:
        return limits, None
    sockets = max(2, most_files - _open_files() - RESERVE)
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


def _most_files() -> int | None:
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _open_files() -> int:
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return OPEN_UNKNOWN
