"""How many files and sockets this process may have open, and has.

Windows sets no such limit for sockets. macOS starts with 256, calls the highest limit infinite, and refuses it.
"""

import contextlib
import os

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

OPEN_UNKNOWN = 32  # the assumed number of open files where the system does not list them
_IN_PLACE_OF_INFINITY = (1 << 20, 245_760, 122_880, 61_440, 10_240)  # macOS takes one of these, by its memory and age


def most() -> int | None:
    """Return how many this process may have open now; None without a limit."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def highest() -> int | None:
    """Return what the limit may be raised to; None where the system does not say."""
    if resource is None:
        return None
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if hard == resource.RLIM_INFINITY else hard


def now() -> int:
    """Return how many are open."""
    try:
        return len(os.listdir("/dev/fd"))
    except OSError:
        return OPEN_UNKNOWN


def raise_limit(wanted: int | None = None) -> int | None:
    """Allow that many, or as many as the system lets this process have, and return the number; None without a limit."""
    if resource is None:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for allowed in _IN_PLACE_OF_INFINITY if hard == resource.RLIM_INFINITY else (hard,):
        limit = allowed if wanted is None else min(wanted, allowed)
        if soft != resource.RLIM_INFINITY and limit > soft:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
                break
    return most()
