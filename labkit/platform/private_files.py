"""Files that only their owner may read: keys, codes, audits.

On POSIX their mode says so. On Windows a file inherits the access list of its folder, and the folders of a user's
profile are closed to other users; `os.stat` there knows nothing about it.
"""

import os
import stat
from pathlib import Path

MODE = 0o600
HAS_MODES = os.name == "posix"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_BINARY = getattr(os, "O_BINARY", 0)  # Windows: no line end is rewritten
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)  # Windows: only an administrator can make a link


def open_private(path: Path, flags: int, *, follow: bool = True) -> int:
    """Open a file as `os.open` does; one that is created is the owner's alone. Raises OSError."""
    return os.open(path, flags | _BINARY | (0 if follow else _NO_LINKS), MODE)


def make_private(descriptor: int) -> None:
    """Take an existing file away from all but its owner. Raises OSError."""
    if HAS_MODES:
        os.fchmod(descriptor, MODE)


def is_others(descriptor: int) -> bool:
    """Return whether an open file belongs to another user."""
    return HAS_MODES and os.fstat(descriptor).st_uid != os.geteuid()


def is_open_to_others(path: Path) -> bool:
    """Return whether the mode of a file lets others than its owner use it. Raises OSError."""
    return HAS_MODES and bool(path.stat().st_mode & _OTHERS)


def is_root() -> bool:
    """Return whether this process runs as root, which containers do."""
    return HAS_MODES and os.geteuid() == 0
