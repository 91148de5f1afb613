"""File locks between processes. A lock ends with its process, even if the process crashes.

Locking can fail in two ways. If another process holds the lock, the result is False. If the file system does not
support locks, as on some network disks and in some containers, it raises OSError.
"""

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HELD = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})

if sys.platform == "win32":
    import msvcrt

    _AT = 0x7FFF_FFFE  # Windows locks block readers, so lock a byte beyond any end; C takes no more
    _LOOK_S = 0.05

    def _take(descriptor: int) -> None:
        _lock(descriptor, msvcrt.LK_NBLCK)

    def _wait(descriptor: int) -> None:
        """Wait as long as it takes: C's own waiting lock gives up after ten seconds."""
        while not try_lock(descriptor):
            time.sleep(_LOOK_S)

    def _give_back(descriptor: int) -> None:
        _lock(descriptor, msvcrt.LK_UNLCK)

    def _lock(descriptor: int, how: int) -> None:
        """Lock or unlock at `_AT`, and leave the file's position where it was."""
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            os.lseek(descriptor, _AT, os.SEEK_SET)
            msvcrt.locking(descriptor, how, 1)
        finally:
            os.lseek(descriptor, place, os.SEEK_SET)

    def check_ranges(descriptor: int) -> None:
        """Do nothing: Windows has only one kind of lock, and `try_lock` has already tried it."""

else:
    import fcntl

    def _take(descriptor: int) -> None:
        """Use `flock`, which also prevents a second lock in the same process. If it is missing, try `lockf`."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in HELD:
                raise
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _wait(descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            fcntl.lockf(descriptor, fcntl.LOCK_EX)

    def _give_back(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    def check_ranges(descriptor: int) -> None:
        """Try the kind of lock that SQLite uses. Raises OSError if it is not supported.

        SQLite itself would misreport that as a held lock. Use this only on a file that this process has locked. If
        the lock turns out to be held, locks do work.
        """
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in HELD:
                raise


def try_lock(descriptor: int) -> bool:
    """Lock a file that is open for writing until the descriptor is closed.

    Return False if another process holds the lock. Raises OSError if the file system does not support locks.
    """
    try:
        _take(descriptor)
    except OSError as error:
        if error.errno in HELD:
            return False
        raise
    return True


@contextmanager
def locked(descriptor: int) -> Iterator[None]:
    """Wait for the lock on a file that is open for writing. If locks are not supported, continue without one."""
    with suppress(OSError):
        _wait(descriptor)
    try:
        yield
    finally:
        with suppress(OSError):
            _give_back(descriptor)
