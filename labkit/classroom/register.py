"""Who may come into a class, kept in the class's one file beside the audit log: names, roles and hashes of codes.

    register = open_register(path, "physics")  # a class's file, or a new one; `Register` alone takes only a class's
    register.enrol(["ana", "ben"])             # -> {"ana": "k3mw-9xqa-t7hd", ...}: the only time that a code is seen
    register.grants("ana", code, address, now) # what POST /ticket asks; None for a wrong code

Without a roster the class is open: whoever says a new name first has it, and the secret of that device is its code.
Taught in notebook 02 (auth).
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from labkit.classroom import codes, renewals
from labkit.classroom.roster import BadRoster, checked_name, key
from labkit.rules.admission import TokenBucket
from labkit.rules.grants import Grants
from labkit.wire.audit.opening import check_file
from labkit.wire.audit.reading import newest, reading
from labkit.wire.audit.schema import explaining
from labkit.wire.audit.writer import Audit
from labkit.wire.http.users import GuessLimiter, TooManyGuesses

INSTRUCTOR = "instructor"
BESIDE = (".crt", ".pem", ".key")
MOST_NAMES = 1_000  # in a class; a stranger who claims names comes no further
CLAIMS = (100, 0.5)  # new names from an address: so many at once, then so many a second; a class may share one
ADDRESSES_KEPT = 10_000
LEAST_SECRET = 16  # characters of a device's own secret
BUSY_S = 2.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS class (name PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seats (key PRIMARY KEY, name NOT NULL, code NOT NULL) WITHOUT ROWID;
"""
_NOBODY = codes.hashed("nobody has this code")  # compared with, so that the time of an answer tells no name


class OtherClass(ValueError):
    """The file is another class's."""


def room_of(class_id: str) -> str:
    """Where students say how they get on; nobody but the instructor hears it."""
    return f"class:{class_id}"


def news_of(class_id: str) -> str:
    """Where the instructor announces, and students read."""
    return f"class:{class_id}:news"


def class_in(path: Path) -> str | None:
    """Whose file this is; None for an audit file that is no class's. Raises AuditError."""
    with reading(path) as file:
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'class'").fetchone():
            return None
        (found,) = file.execute("SELECT value FROM class WHERE name = 'id'").fetchone() or (None,)
        return found


def open_register(path: Path, class_id: str) -> "Register":
    """The register in a class's file, which is made when there is none. Raises AuditError, OtherClass.

    What is not ours is left as it was: each look comes before the first write.
    """
    if path.suffix in BESIDE:
        raise OtherClass(f"{path}: files with {path.suffix} lie beside a class's file; give it another ending")
    check_file(path)
    if not path.exists() or path.stat().st_size == 0:
        Audit(path).close()  # makes the file
    with reading(path) as file:
        is_new = newest(file)[0] == 0
    if not is_new or class_in(path) is not None:
        Register(path, class_id)
    with explaining(path), closing(_connected(path)) as made:
        made.executescript(_SCHEMA)
        renewals.make(made)
        made.execute("INSERT OR IGNORE INTO class VALUES ('id', ?), ('open', '1')", (class_id,))
    return Register(path, class_id)


class Register:
    """The seats of one class."""

    def __init__(self, path: Path, class_id: str) -> None:
        """`path`: a class's file; nothing is written. Raises OtherClass, AuditError."""
        self.class_id = class_id
        self.path = path
        self._brakes = GuessLimiter()
        self._claims: dict[str, TokenBucket] = {}  # by address
        self._codes = codes.Checked()
        found = class_in(path)
        if found is None:
            raise OtherClass(f"{path} is an audit file, but not of a class; name another")
        if found != class_id:
            raise OtherClass(f"{path} is the file of the class {found!r}")

    # Seats

    @property
    def is_open(self) -> bool:
        """Whether a new name may be claimed."""
        return self._value("open") == "1"

    @property
    def address(self) -> tuple[str, str | None] | None:
        """Where the class was served last, and its certificate's fingerprint."""
        url = self._value("url")
        return None if url is None else (url, self._value("fingerprint") or None)

    def note_address(self, url: str, fingerprint: str | None) -> None:
        """For slips that are made later."""
        with self._open() as file:
            told = ("url", url, "fingerprint", fingerprint or "")
            file.execute("INSERT OR REPLACE INTO class VALUES (?, ?), (?, ?)", told)

    def close_to_new_names(self) -> None:
        """From now on only those come in who were given a code, and who claimed their name before."""
        with self._open() as file:
            file.execute("UPDATE class SET value = '0' WHERE name = 'open'")

    def names(self) -> list[str]:
        """The students, in the order of the alphabet."""
        with self._open() as file:
            found = [name for (name,) in file.execute("SELECT name FROM seats WHERE key != ?", (INSTRUCTOR,))]
        return sorted(found, key=key)

    def without_code(self, names: Iterable[str]) -> list[str]:
        """Those of the names who have no code yet."""
        with self._open() as file:
            return [name for name in names if self._seat(file, name) is None]

    def enrol(self, names: Iterable[str], renew: bool = False) -> dict[str, str]:
        """New codes for those who have none; with `renew` for all of them. Raises BadRoster."""
        wanted = [checked_name(name) for name in names]
        if INSTRUCTOR in map(key, wanted):
            raise BadRoster(f"{INSTRUCTOR!r} is the instructor's own name; give the student another one")
        return self._new_codes(wanted, renew)

    def enrol_instructor(self, renew: bool = False) -> str | None:
        """The instructor's code when it is new, as `enrol`."""
        return self._new_codes([INSTRUCTOR], renew).get(INSTRUCTOR)

    def _new_codes(self, names: Iterable[str], renew: bool) -> dict[str, str]:
        given = {}
        with self._open() as file:
            for name in names:
                seat = self._seat(file, name)
                if seat is not None and not renew:
                    continue
                if seat is not None:
                    name = seat[0]  # as it was first spelled: the records are under that name
                    renewals.note(file, name)
                given[name] = codes.new_code()
                self._put(file, name, given[name])
        return given

    def remove(self, names: Iterable[str]) -> list[str]:
        """Who had a seat and has none any more, as they were spelled. What they said stays in the log."""
        removed = []
        with self._open() as file:
            for name in names:
                seat = self._seat(file, name)
                if seat is not None and key(name) != INSTRUCTOR:
                    file.execute("DELETE FROM seats WHERE key = ?", (key(name),))
                    renewals.note(file, seat[0])
                    removed.append(seat[0])
        return removed

    def removed(self) -> set[str]:
        """Who has no seat any more: what they said is in the log, and on no board."""
        with self._open() as file:
            return renewals.removed(file)

    def renewed(self) -> dict[str, int]:
        """Whose code was renewed or taken back, and the number of that, while what the old one opened may be open."""
        with self._open() as file:
            return renewals.under_way(file)

    # What the server asks

    def grants(self, name: str, code: str, address: str, now: float) -> Grants | None:
        """What a name and a code may do here; None when they do not fit. Raises TooManyGuesses."""
        with self._open() as file:
            stored = self._seat(file, name)
            if stored is not None and stored[0] == name and self._codes.knows(code, stored[1]):
                return self._may(name)  # before the brake: who guesses must not lock out whoever it belongs to
            self._brakes.check(key(name), address, now)
            if self._codes.matches(code, stored[1] if stored else _NOBODY) and stored is not None and stored[0] == name:
                return self._may(name)
            if stored is None and self._is_claimable(file, name, code):
                self._brake_claims(address, now)
                self._put(file, name, code)
                return self._may(name)
        self._brakes.wrong(key(name), address, now)
        return None

    def _may(self, name: str) -> Grants:
        room, news = room_of(self.class_id), news_of(self.class_id)
        if name == INSTRUCTOR:
            return Grants.of([(room, "rw"), (news, "rw")])
        return Grants.of([(room, "w"), (news, "r")])

    def _brake_claims(self, address: str, now: float) -> None:
        """One stranger must not fill the class. Raises TooManyGuesses."""
        if len(self._claims) > ADDRESSES_KEPT:
            del self._claims[next(iter(self._claims))]  # the oldest, and not all: or many addresses undo one's brake
        burst, rate = CLAIMS
        if not self._claims.setdefault(address, TokenBucket(rate, burst, now)).take(now):
            raise TooManyGuesses

    def _is_claimable(self, file: sqlite3.Connection, name: str, secret: str) -> bool:
        """The first to say a new name has it."""
        try:
            is_fit = self.is_open and checked_name(name) == name and key(name) != INSTRUCTOR
        except BadRoster:
            return False
        (taken,) = file.execute("SELECT count(*) FROM seats").fetchone()
        return is_fit and len(secret) >= LEAST_SECRET and int(taken) < MOST_NAMES

    # The file

    def _put(self, file: sqlite3.Connection, name: str, code: str) -> None:
        file.execute("INSERT OR REPLACE INTO seats VALUES (?, ?, ?)", (key(name), name, codes.hashed(code)))

    def _seat(self, file: sqlite3.Connection, name: str) -> tuple[str, bytes] | None:
        found: tuple[str, bytes] | None = file.execute(
            "SELECT name, code FROM seats WHERE key = ?", (key(name),)
        ).fetchone()
        return found

    def _value(self, name: str) -> str | None:
        with self._open() as file:
            found = file.execute("SELECT value FROM class WHERE name = ?", (name,)).fetchone()
        return None if found is None else str(found[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Each time anew: `labkit class code` may write beside a running server. Every statement commits itself."""
        with explaining(self.path), closing(_connected(self.path)) as file:
            yield file


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
