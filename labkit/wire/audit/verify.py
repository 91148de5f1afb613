"""Verify that an audit file is unchanged, by following its hash chain from the first row."""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.schema import GENESIS, Entry, link


class Anchor(NamedTuple):
    """A row's number and hash. Stored outside the file, it reveals whether the file's last rows were removed."""

    n: int
    hash: str

    def __str__(self) -> str:
        return f"{self.n}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """Parse a row number, a colon and 64 hex digits. Raises ValueError."""
        number, _, digits = text.partition(":")
        if not (number.isascii() and number.isdigit() and len(bytes.fromhex(digits)) == len(GENESIS)):
            raise ValueError
        return cls(int(number), digits.lower())


class Verification(NamedTuple):
    """The result of verifying a file. `broken_at` is the first row whose hash does not match the row before it."""

    rows: int
    last: Anchor
    broken_at: int | None = None
    why: str = ""

    @property
    def is_intact(self) -> bool:
        """Whether the whole chain is intact and contains the anchor, if one was given."""
        return not self.why

    def __str__(self) -> str:
        if self.is_intact:
            return f"intact: {self.rows} rows, the last is {self.last}"
        return f"broken at row {self.broken_at}: {self.why}"


def verify(path: Path, anchor: Anchor | None = None) -> Verification:
    """Verify an audit file. Raises AuditError if the file cannot be read at all."""
    with reading(path) as connection:
        return _follow(connection, anchor)


def _follow(connection: sqlite3.Connection, anchor: Anchor | None) -> Verification:
    n, last, kept = 0, GENESIS, anchor
    for row, entry, row_hash in rows(connection):
        if row != n + 1:
            return _broken(n, last, n + 1, _numbering(n + 1, row))
        if link(last, entry) != row_hash:
            return _broken(n, last, row, _why(connection, entry, row_hash))
        n, last = row, row_hash
        if kept is not None and kept.n == n:
            if kept.hash != last.hex():
                return _broken(n, last, n, "its hash is not the one kept: the file was rewritten up to here or earlier")
            kept = None
    if kept is not None and kept.n > 0:
        return _broken(n, last, n + 1, f"the file ends at row {n}, but row {kept.n} existed: its end was cut off")
    return Verification(n, Anchor(n, last.hex()))


def _broken(n: int, last: bytes, at: int, why: str) -> Verification:
    return Verification(n, Anchor(n, last.hex()), at, why)


def _numbering(expected: int, found: int) -> str:
    if found < expected:
        return f"the numbering begins at {found}: rows were inserted at the start"
    return "this row is missing" if found == expected + 1 else f"rows {expected} to {found - 1} are missing"


def _why(connection: sqlite3.Connection, entry: Entry, row_hash: bytes) -> str:
    """Explain a wrong hash. If it matches some other row before it, rows were reordered; otherwise, changed."""
    for n, _, other_hash in rows(connection):
        if isinstance(other_hash, bytes) and link(other_hash, entry) == row_hash:
            return f"rows were reordered: this one was written after what is now row {n}"
    return "it was changed, or earlier rows were added or removed and the rest renumbered"
