"""Put a finished file in the place of another one: a reader sees the old text or the new one, never a part."""

import os
from pathlib import Path
from shutil import copymode
from time import monotonic, sleep

PATIENCE_S = 1.0
AGAIN_S = 0.02
_HELD = (5, 32)  # Windows: ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION


def replace(new: Path, path: Path) -> None:
    """Replace `path` by `new`. Raises OSError.

    Windows refuses while any program has the old file open, as a virus scanner and another kernel have for a moment.
    """
    ends = monotonic() + PATIENCE_S
    while True:
        try:
            os.replace(new, path)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _HELD or monotonic() > ends:
                raise
        sleep(AGAIN_S)


def write(path: Path, whole: str) -> None:
    """Write a text file atomically, with the same line ends on every system. Raises OSError."""
    write_bytes(path, whole.encode())


def write_bytes(path: Path, whole: bytes) -> None:
    """Write a file atomically; it keeps its permissions. Raises OSError."""
    new = path.with_name(f".{path.name}.part")
    new.write_bytes(whole)
    if path.exists():
        copymode(path, new)
    replace(new, path)
