"""The students admitted to a class: their names and the hashes of their codes, in the class file with the audit log.

    register = open_register(path, "physics")  # opens or creates a class file; `Register` only opens one
    register.enrol(["ana", "ben"])             # {"ana": "k3mw-9xqa-t7hd", ...}: the only time the codes are shown
    register.grants("ana", code, address, now) # what POST /ticket calls; None for a wrong code

Without a roster the class is open: a new name belongs to the first device that claims it, and that device's secret is
its code.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from labkit.classroom import codes
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
MOST_NAMES = 1_000  # in a class; limits a stranger who claims names
CLAIMS = (100, 0.5)  # new names per address: burst, then rate per second; a whole class may share one address
ADDRESSES_KEPT = 10_000
LEAST_SECRET = 16  # characters in a device's own secret
BUSY_S = 2.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS class (name PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seats (key PRIMARY KEY, name NOT NULL, code NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS renewals (number INTEGER PRIMARY KEY AUTOINCREMENT, name NOT NULL, after NOT NULL);
"""
# Codes that were renewed or withdrawn stay in `renewals` until the server has revoked their sessions, which writes a
# `revoke` row. Row numbers decide which came first, because the clock may be changed in between.
_FROM_TIMES = """
BEGIN IMMEDIATE;
INSERT INTO renewals (name, after) SELECT name, CASE
    WHEN at > ifnull((SELECT max(at) FROM log WHERE kind = 'revoke' AND user = renewed.name), 0)
    THEN (SELECT ifnull(max(n), 0) FROM log) ELSE 0 END FROM renewed;
DROP TABLE renewed;
COMMIT;
"""
_TABLES = "SELECT name FROM sqlite_master WHERE name IN ('renewals', 'renewed')"
_NOTE = "INSERT INTO renewals (name, after) SELECT ?, ifnull(max(n), 0) FROM log"
_UNDER_WAY = """
SELECT name, max(number) FROM renewals GROUP BY name
HAVING max(after) >= ifnull((SELECT max(n) FROM log WHERE kind = 'revoke' AND user = renewals.name), 0)
"""
_NOBODY = codes.hashed("a code that nobody has")  # compared for unknown names, so that timing reveals no name


class OtherClass(ValueError):
    """The file belongs to another class, or to none."""


def room_of(class_id: str) -> str:
    """Return the room to which students send their progress; only the instructor can read it."""
    return f"class:{class_id}"


def news_of(class_id: str) -> str:
    """Return the room for the instructor's announcements, which students can read."""
    return f"class:{class_id}:news"


def answers_of(class_id: str) -> str:
    """Return the room to which students submit answers that passed; only the instructor can read it."""
    return f"class:{class_id}:answers"


def votes_of(class_id: str) -> str:
    """Return the room in which the server publishes the votes so far, without names; everyone can read it."""
    return f"class:{class_id}:votes"


def own_room_of(class_id: str, name: str) -> str:
    """Return the room that notifies one student's machine of a note; only that student can read it."""
    return f"class:{class_id}:to:{hashlib.sha256(key(name).encode()).hexdigest()[:12]}"


def help_of(class_id: str) -> str:
    """Return the room to which students send cases; only the instructor can read it."""
    return f"class:{class_id}:help"


def class_in(path: Path) -> str | None:
    """Return the id of the class in a file, or None for any other audit file. Raises AuditError."""
    with reading(path) as file:
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'class'").fetchone():
            return None
        (found,) = file.execute("SELECT value FROM class WHERE name = 'id'").fetchone() or (None,)
        return found


def open_register(path: Path, class_id: str) -> "Register":
    """Open the register in a class file, creating the file if necessary. Raises AuditError, OtherClass.

    Checks everything before the first write, so that a file that is not a class file stays unchanged.
    """
    if path.suffix in BESIDE:
        raise OtherClass(
            f"{path}: {path.suffix} is used for other files of the class; give the class file another suffix"
        )
    check_file(path)
    if not path.exists() or path.stat().st_size == 0:
        Audit(path).close()  # creates the file
    with reading(path) as file:
        is_new = newest(file)[0] == 0
    if not is_new or class_in(path) is not None:
        Register(path, class_id)
    with explaining(path), closing(_connected(path)) as made:
        made.executescript(_SCHEMA)
        _migrate_renewals(made)
        made.execute("INSERT OR IGNORE INTO class VALUES ('id', ?), ('open', '1')", (class_id,))
    return Register(path, class_id)


class Register:
    """Stores the students admitted to one class, and the hashes of their codes."""

    def __init__(self, path: Path, class_id: str) -> None:
        """Open a class file without writing to it. Raises OtherClass, AuditError."""
        self.class_id = class_id
        self.path = path
        self._brakes = GuessLimiter()
        self._claims: dict[str, TokenBucket] = {}  # by address
        self._codes = codes.Checked()
        found = class_in(path)
        if found is None:
            raise OtherClass(f"{path} is an audit file but not a class file; give another with --file")
        if found != class_id:
            raise OtherClass(f"{path} is the file of class {found!r}, not {class_id!r}; give another with --file")

    # Seats

    @property
    def is_open(self) -> bool:
        """Whether students can claim new names."""
        return self._value("open") == "1"

    @property
    def address(self) -> tuple[str, str | None] | None:
        """The last address of the class, and the fingerprint of its certificate."""
        url = self._value("url")
        return None if url is None else (url, self._value("fingerprint") or None)

    def note_address(self, url: str, fingerprint: str | None) -> None:
        """Store the address of the class for slips that are made later."""
        with self._open() as file:
            values = ("url", url, "fingerprint", fingerprint or "")
            file.execute("INSERT OR REPLACE INTO class VALUES (?, ?), (?, ?)", values)

    @property
    def grades(self) -> bool:
        """Whether the class verifies passes, and asks its students for the answers."""
        return self._value("grades") == "1"

    def begin_to_grade(self) -> None:
        """Verify passes from now on: only verified ones count in a grade book."""
        with self._open() as file:
            file.execute("INSERT OR REPLACE INTO class VALUES ('grades', '1')")

    @property
    def votes_by_name(self) -> bool:
        """Whether the instructor may see who voted what."""
        return self._value("votes") == "by name"

    def vote_by_name(self) -> None:
        """Store each vote from now on with its student's name."""
        with self._open() as file:
            file.execute("INSERT OR REPLACE INTO class VALUES ('votes', 'by name')")

    def close_to_new_names(self) -> None:
        """Stop accepting new names: only enrolled and already claimed names are admitted."""
        with self._open() as file:
            file.execute("UPDATE class SET value = '0' WHERE name = 'open'")

    def names(self) -> list[str]:
        """Return the students' names in alphabetical order."""
        with self._open() as file:
            found = [name for (name,) in file.execute("SELECT name FROM seats WHERE key != ?", (INSTRUCTOR,))]
        return sorted(found, key=key)

    def without_code(self, names: Iterable[str]) -> list[str]:
        """Return the names that have no code yet."""
        with self._open() as file:
            return [name for name in names if self._seat(file, name) is None]

    def enrol(self, names: Iterable[str], renew: bool = False) -> dict[str, str]:
        """Issue codes to names that have none, or to all of these names if `renew` is set. Raises BadRoster."""
        wanted = [checked_name(name) for name in names]
        if INSTRUCTOR in map(key, wanted):
            raise BadRoster(f"{INSTRUCTOR!r} is reserved for the instructor; give the student another name")
        return self._new_codes(wanted, renew)

    def enrol_instructor(self, renew: bool = False) -> str | None:
        """Issue a code to the instructor, as `enrol` does; None if one exists and `renew` is not set."""
        return self._new_codes([INSTRUCTOR], renew).get(INSTRUCTOR)

    def _new_codes(self, names: Iterable[str], renew: bool) -> dict[str, str]:
        given = {}
        with self._open() as file:
            for name in names:
                seat = self._seat(file, name)
                if seat is not None and not renew:
                    continue
                if seat is not None:
                    name = seat[0]  # the original spelling, which the records use
                    _note_renewal(file, name)
                given[name] = codes.new_code()
                self._put(file, name, given[name])
        return given

    def remove(self, names: Iterable[str]) -> list[str]:
        """Remove names and return those that were enrolled, in their original spelling. Records stay in the log."""
        removed = []
        with self._open() as file:
            for name in names:
                seat = self._seat(file, name)
                if seat is not None and key(name) != INSTRUCTOR:
                    file.execute("DELETE FROM seats WHERE key = ?", (key(name),))
                    _note_renewal(file, seat[0])
                    removed.append(seat[0])
        return removed

    def removed(self) -> set[str]:
        """Return the names that were removed; their records are in the log but not on the board."""
        with self._open() as file:
            return _removed_names(file)

    def renewed(self) -> dict[str, int]:
        """Return each name whose sessions must be revoked because its code changed, with the number of the renewal."""
        with self._open() as file:
            return _pending_renewals(file)

    # What the server asks

    def grants(self, name: str, code: str, address: str, now: float) -> Grants | None:
        """Return the grants of a name with this code, or None if the code is wrong. Raises TooManyGuesses."""
        with self._open() as file:
            stored = self._seat(file, name)
            if stored is not None and stored[0] == name and self._codes.knows(code, stored[1]):
                return self._may(name)  # before the rate limit: guessing must not lock out the owner
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
        room, news, votes = room_of(self.class_id), news_of(self.class_id), votes_of(self.class_id)
        handed_in = [help_of(self.class_id), *([answers_of(self.class_id)] if self.grades else [])]
        if name == INSTRUCTOR:
            return Grants.of([(room, "rw"), (news, "rw"), (votes, "r"), *((one, "r") for one in handed_in)])
        own = own_room_of(self.class_id, name)
        return Grants.of([(room, "w"), (news, "r"), (votes, "r"), (own, "r"), *((one, "w") for one in handed_in)])

    def _brake_claims(self, address: str, now: float) -> None:
        """Limit new names per address, so that a single stranger cannot fill the class. Raises TooManyGuesses."""
        if len(self._claims) > ADDRESSES_KEPT:
            del self._claims[next(iter(self._claims))]  # only the oldest, or many addresses would reset every limit
        burst, rate = CLAIMS
        if not self._claims.setdefault(address, TokenBucket(rate, burst, now)).take(now):
            raise TooManyGuesses

    def _is_claimable(self, file: sqlite3.Connection, name: str, secret: str) -> bool:
        """Return whether this new name can be claimed with this secret."""
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
        """Open the file for one call, because `labkit class code` may write at the same time. Autocommits."""
        with explaining(self.path), closing(_connected(self.path)) as file:
            yield file


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)


def _migrate_renewals(file: sqlite3.Connection) -> None:
    """Migrate renewals written by an older labkit, which stored times instead of row numbers."""
    if ("renewed",) in file.execute(_TABLES).fetchall():
        file.executescript(_FROM_TIMES)


def _note_renewal(file: sqlite3.Connection, name: str) -> None:
    """Record that a name's current code is no longer valid."""
    file.execute(_NOTE, (name,))


def _pending_renewals(file: sqlite3.Connection) -> dict[str, int]:
    """Return each name that has no `revoke` row after its newest renewal, with the number of that renewal."""
    return dict(file.execute(_UNDER_WAY).fetchall())


def _removed_names(file: sqlite3.Connection) -> set[str]:
    """Return names that are no longer enrolled. Can also read files of an older labkit."""
    found = set[str]()
    for (table,) in file.execute(_TABLES).fetchall():
        found |= {name for (name,) in file.execute(f"SELECT name FROM {table} EXCEPT SELECT name FROM seats")}
    return found
