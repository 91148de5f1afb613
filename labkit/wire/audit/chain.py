"""The files of one chain, open: the sealed files that lead to an audit file, oldest first, and the file itself.

The file is opened first, in a transaction. It says on which sealed file it builds, so that no row is read twice or
missed while a server, or a seal, is at work beside the reader.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from labkit.wire.audit.anchor import Anchor, after
from labkit.wire.audit.reading import reading
from labkit.wire.audit.schema import AuditError, explaining
from labkit.wire.audit.sealed_files import audit_of, sealed_files, settle


class Part(NamedTuple):
    """One file of the chain, open."""

    path: Path
    connection: sqlite3.Connection
    after: Anchor


def chain(opening: ExitStack, path: Path) -> Sequence[Part]:
    """Open a file and the sealed files before it, oldest first. Raises AuditError."""
    part = _opened(opening, path)
    return [*_sealed_parts(opening, part), part]


def later_parts(opening: ExitStack, path: Path) -> Sequence[Part]:
    """Open the files after a sealed file, because they say what was erased from it."""
    audit = audit_of(path)
    if audit is None or not audit.exists():
        return []
    later = [file.path for file in sealed_files(audit) if file.path != path]
    return [_opened(opening, other) for other in (*later, audit)]


def _opened(opening: ExitStack, path: Path) -> Part:
    with explaining(path):
        settle(path)
    connection = opening.enter_context(reading(path))
    connection.execute("BEGIN")  # one view of the file, even if it is sealed meanwhile
    try:
        return Part(path, connection, after(connection))
    except ValueError:
        raise AuditError(f"audit file {path} does not say on which row it builds, so it is damaged") from None


def _sealed_parts(opening: ExitStack, part: Part) -> Sequence[Part]:
    """Open the sealed files that lead to a file, oldest first. One beyond its start is an interrupted seal."""
    found: list[Part] = []
    start = part.after
    for file in reversed(sealed_files(part.path)):
        if start.n > 0 and file.last == start.n:
            found.insert(0, _opened(opening, file.path))
            start = found[0].after
    return found
