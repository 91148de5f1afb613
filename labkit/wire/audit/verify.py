"""Verify that an audit file is unchanged, by following its hash chain from the first row that is still here.

The chain goes on over the seams: sealed files first, then the open file. A row whose text was erased keeps its hash; a
later row of the chain says so, and holds a digest of what is left.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from labkit.wire.audit.anchor import START, Anchor, is_sealed
from labkit.wire.audit.chain import Part, chain, later_parts
from labkit.wire.audit.maintenance_rows import Records, records
from labkit.wire.audit.reading import rows, rows_at
from labkit.wire.audit.schema import AuditError, Entry, digest, link

__all__ = ["Anchor", "Verification", "verify"]


class Verification(NamedTuple):
    """The result of verifying a file. `broken_at` is the first row whose hash does not match the row before it.

    The chain is known from the row after `start` on. `files` counts the open file and the sealed ones, `erased` the
    rows whose text was erased.
    """

    rows: int
    last: Anchor
    broken_at: int | None = None
    why: str = ""
    start: Anchor = START
    files: int = 1
    erased: int = 0
    is_dropped: bool = False

    @property
    def is_intact(self) -> bool:
        """Whether the whole chain is intact and contains the anchor, if one was given."""
        return not self.why

    def __str__(self) -> str:
        if not self.is_intact:
            return f"broken at row {self.broken_at}: {self.why}"
        where = f" in {self.files} files" if self.files > 1 else ""
        erased = f", {self.erased} with erased text" if self.erased else ""
        return f"intact: {self.rows} rows{where}{erased}, the last is {self.last}{self._known_from()}"

    def _known_from(self) -> str:
        if self.start.n == 0:
            return ""
        gone = "were dropped" if self.is_dropped else "are in sealed files that are not here"
        return f"; known from row {self.start.n + 1} on, because rows 1 to {self.start.n} {gone}"


class _Broken(Exception):
    def __init__(self, at: int, why: str) -> None:
        self.at = at
        self.why = why


def verify(path: Path, anchor: Anchor | None = None) -> Verification:
    """Verify an audit file and the sealed files beside it. Raises AuditError if a file cannot be read at all."""
    with ExitStack() as opening:
        parts = chain(opening, path)
        start = parts[0].after
        if anchor is not None and anchor.n < start.n:
            raise AuditError(
                f"row {anchor.n} is not here: the chain is known from row {start.n + 1} on; use a newer anchor"
            )
        family = [part.connection for part in (*parts, *later_parts(opening, path))]
        following = _Following(parts, records(family), anchor)
        try:
            following.follow()
            return following.verdict()
        except _Broken as broken:
            return following.verdict(broken)


class _Following:
    """Follows the chain through all files."""

    def __init__(self, parts: Sequence[Part], found: Records, anchor: Anchor | None) -> None:
        self._parts = parts
        self._records = found
        self._kept = anchor
        self._start = parts[0].after
        self._n, self._last = self._start.n, bytes.fromhex(self._start.hash)
        self._erased = 0
        self._changed: set[int] = set()

    def verdict(self, broken: _Broken | None = None) -> Verification:
        at, why = (broken.at, broken.why) if broken else (None, "")
        last = Anchor(self._n, self._last.hex())
        is_dropped = str(self._start) in self._records.dropped
        rows_here = self._n - self._start.n
        return Verification(rows_here, last, at, why, self._start, len(self._parts), self._erased, is_dropped)

    def follow(self) -> None:
        """Follow every row. Raises _Broken."""
        self._compare_with_kept()
        for part in self._parts:
            self._follow_part(part)
        if self._kept is not None and self._kept.n > self._n:
            raise _Broken(
                self._n + 1, f"the file ends at row {self._n}, but row {self._kept.n} existed: its end was cut off"
            )
        self._check_copies()

    def _follow_part(self, part: Part) -> None:
        if part.after != Anchor(self._n, self._last.hex()):
            raise _Broken(self._n + 1, f"{part.path.name} builds on another row {part.after.n}")
        if part.after.n > 0 and str(part.after) not in self._records.sealed:
            raise _Broken(
                part.after.n + 1, f"{part.path.name} starts here, but no row says that earlier rows were sealed"
            )
        for row, entry, row_hash in rows(part.connection):
            if row != self._n + 1:
                raise _Broken(self._n + 1, _numbering(self._n + 1, row))
            if link(self._last, entry) != row_hash and not self._is_erased(row, entry, row_hash):
                raise _Broken(row, _why(part.connection, entry, row_hash))
            self._n, self._last = row, row_hash
            self._compare_with_kept()

    def _is_erased(self, n: int, entry: Entry, row_hash: object) -> bool:
        erasure = self._records.erased.get(n)
        is_erased = erasure is not None and digest(entry).hex() == erasure.left and isinstance(row_hash, bytes)
        self._erased += is_erased
        return is_erased and len(row_hash) == len(self._last)  # type: ignore[arg-type]

    def _compare_with_kept(self) -> None:
        if self._kept is not None and self._kept.n == self._n and self._kept.hash != self._last.hex():
            raise _Broken(self._n, "its hash differs from the anchor's: the file was changed at this row or before it")

    def _check_copies(self) -> None:
        """Check the copies of sealed rows that the open file keeps for a start of the server."""
        part = self._parts[-1]
        if part.after.n == 0 or is_sealed(part.connection):
            return
        copies = [n for (n,) in part.connection.execute("SELECT n FROM log WHERE n <= ?", (part.after.n,))]
        originals = self._originals(copies)
        for n, entry, row_hash in rows_at(part.connection, copies):
            if n in originals and n not in self._records.erased and originals[n] != (entry, row_hash):
                raise _Broken(n, f"{part.path.name} keeps a changed copy of it")
        why = self._records.why_copies_differ(part.connection, part.after, set(originals))
        if why:
            raise _Broken(part.after.n, why)

    def _originals(self, numbers: list[int]) -> dict[int, tuple[Entry, bytes]]:
        found: dict[int, tuple[Entry, bytes]] = {}
        for part in self._parts[:-1]:
            within = [n for n in numbers if n > part.after.n]
            found |= {n: (entry, row_hash) for n, entry, row_hash in rows_at(part.connection, within)}
        return found


def _numbering(expected: int, found: int) -> str:
    if found < expected:
        return f"the numbering begins at {found}: rows were inserted at the start"
    return "this row is missing" if found == expected + 1 else f"rows {expected} to {found - 1} are missing"


def _why(connection: sqlite3.Connection, entry: Entry, row_hash: bytes) -> str:
    """Explain a wrong hash. If it matches some other row before it, rows were reordered; otherwise, changed."""
    for n, other_hash in _hashes(connection):
        if isinstance(other_hash, bytes) and link(other_hash, entry) == row_hash:
            return f"rows were reordered: this one was written after what is now row {n}"
    return "it was changed, or earlier rows were added or removed and the rest renumbered"


def _hashes(connection: sqlite3.Connection) -> Iterator[tuple[int, bytes]]:
    for n, _, row_hash in rows(connection):
        yield n, row_hash
