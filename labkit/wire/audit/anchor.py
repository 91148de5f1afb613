"""An anchor names a row by its number and hash, and with it everything that was written before."""

import sqlite3
from typing import NamedTuple

from labkit.wire.audit.schema import GENESIS

_AFTER = "SELECT value FROM meta WHERE name = 'after'"


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


START = Anchor(0, GENESIS.hex())


def after(connection: sqlite3.Connection) -> Anchor:
    """Return the anchor on which a file's first row builds. Raises ValueError if the file holds something else."""
    found = connection.execute(_AFTER).fetchone()
    return Anchor.parse(str(found[0])) if found else START


def is_sealed(connection: sqlite3.Connection) -> bool:
    """Return whether this is a sealed file, to which nothing is added."""
    return connection.execute("SELECT 1 FROM meta WHERE name = 'sealed'").fetchone() is not None
