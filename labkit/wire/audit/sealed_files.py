"""The sealed files beside an audit file: ROOM.db.1-5000.sealed holds rows 1 to 5000 of ROOM.db."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

_NAME = re.compile(r"(?P<file>.+)\.(?P<first>[0-9]{1,18})-(?P<last>[0-9]{1,18})\.sealed")


class Sealed(NamedTuple):
    """One sealed file, and the numbers of its first and last row."""

    path: Path
    first: int
    last: int


def sealed_path(audit: Path, first: int, last: int) -> Path:
    """Return where these rows of an audit file are sealed."""
    return audit.with_name(f"{audit.name}.{first}-{last}.sealed")


def audit_of(sealed: Path) -> Path | None:
    """Return the audit file to which a sealed file belongs, or None for any other file."""
    name = _NAME.fullmatch(sealed.name)
    return sealed.with_name(name["file"]) if name is not None else None


def sealed_files(audit: Path) -> list[Sealed]:
    """Return the sealed files of an audit file, oldest first."""
    names = [_NAME.fullmatch(path.name) for path in audit.parent.iterdir()] if audit.parent.is_dir() else []
    ours = [name for name in names if name is not None and name["file"] == audit.name]
    files = [Sealed(audit.with_name(name[0]), int(name["first"]), int(name["last"])) for name in ours]
    return sorted(files, key=lambda file: (file.last, file.first))


def settle(path: Path) -> None:
    """Undo a change that was interrupted, which a reader could not. Raises sqlite3.Error."""
    if path.with_name(f"{path.name}-journal").exists():
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT 1 FROM log LIMIT 1").fetchone()
