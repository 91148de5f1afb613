"""What the chain itself says about changes by an operator: which rows were sealed, erased and dropped."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from labkit.wire.audit.anchor import Anchor
from labkit.wire.audit.keeping import digest_of_rows
from labkit.wire.audit.reading import rows_at
from labkit.wire.audit.schema import MAINTENANCE, digest

_RECORDS = f"SELECT n, kind, body FROM log WHERE kind IN {MAINTENANCE} ORDER BY n"


class Erasure(NamedTuple):
    """The digests of a row before and after its text was erased, and the number of the row that says so."""

    before: str
    left: str
    by: int


class _Sealing(NamedTuple):
    n: int
    kept: str


@dataclass
class Records:
    """Sealings and drops by anchor, and erasures by row number."""

    sealed: dict[str, _Sealing] = field(default_factory=dict)
    erased: dict[int, Erasure] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def add(self, n: int, kind: str, body: dict[str, Any]) -> None:
        """Add what one row says. Raises KeyError, TypeError or ValueError if it says nothing."""
        if kind == "seal":
            self.sealed[str(body["through"])] = _Sealing(n, str(body["kept"]))
        elif kind == "drop":
            self.dropped.add(str(body["through"]))
        else:
            for row, (before, left) in body["rows"].items():
                self.erased.setdefault(int(row), Erasure(str(before), str(left), n))

    def why_copies_differ(self, connection: sqlite3.Connection, after: Anchor, known: set[int]) -> str:
        """Say why the copies of sealed rows in an open file are not those that its `seal` row names, or return ''.

        A copy beyond those is left over from an interrupted seal, if it is `known` from a sealed file.
        """
        sealing = self.sealed[str(after)]
        kept = [n for (n,) in connection.execute("SELECT n FROM carried ORDER BY n")]
        extra = {n for (n,) in connection.execute("SELECT n FROM log WHERE n <= ?", (after.n,))} - set(kept) - known
        if extra:
            return f"row {min(extra)} was added to the copies of sealed rows"
        found = [(n, self._as_sealed(n, digest(entry), sealing.n)) for n, entry, _ in rows_at(connection, kept)]
        return "" if digest_of_rows(found) == sealing.kept else "copies of sealed rows were changed or removed"

    def _as_sealed(self, n: int, now: bytes, sealed_by: int) -> bytes:
        """Return the digest that a copy had when it was sealed."""
        erasure = self.erased.get(n)
        was_erased_since = erasure is not None and erasure.by > sealed_by and erasure.left == now.hex()
        return bytes.fromhex(erasure.before) if erasure is not None and was_erased_since else now


def records(connections: Sequence[sqlite3.Connection]) -> Records:
    """Read the records of a chain's files. A damaged record counts as none: its row breaks the chain anyway."""
    found = Records()
    for connection in connections:
        for n, kind, body in connection.execute(_RECORDS).fetchall():
            try:
                found.add(n, kind, json.loads(body))
            except (KeyError, TypeError, ValueError, AttributeError):
                continue
    return found
