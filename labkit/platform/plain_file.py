"""Read files that must be plain ones: a named pipe would block for ever, and a device may have no end."""

import errno
import os
import stat
from pathlib import Path

_GIVEN = ("/dev/fd/", "/proc/self/fd/", "/dev/stdin")  # a shell opens these for `<(COMMAND)` and `|`
_NAMES = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def check(path: Path, *, may_be_given: bool = False) -> None:
    """Raise OSError for a path that is there and no plain file. `may_be_given`: a shell may have opened it."""
    if may_be_given and str(path).startswith(_GIVEN):
        return
    try:
        kind = stat.S_IFMT(os.stat(path).st_mode)
    except FileNotFoundError:
        return
    if kind in _NAMES:
        raise OSError(errno.EINVAL, f"it is {_NAMES[kind]}, not a file", str(path))


def read_bytes(path: Path, *, may_be_given: bool = False) -> bytes:
    """Return what is in a plain file. Raises OSError."""
    check(path, may_be_given=may_be_given)
    return path.read_bytes()
