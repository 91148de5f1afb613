"""The users who may fetch a ticket, from a CSV file, and a rate limit on wrong codes.

    name,code,rooms
    ada,correct-horse,room:* news=r
    grace,battery-staple,"[[""class:1"", ""w""]]"

`rooms` is a list of patterns, each `PATTERN` (read and write) or `PATTERN=r|w|rw`, or else the grants as JSON. A code
never appears in an error; errors give the line number.
"""

import csv
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple, Protocol

from labkit.platform.os_errors import why
from labkit.rules.admission import TokenBucket
from labkit.rules.credentials import same_secret
from labkit.rules.grants import BadGrant, Grants
from labkit.text import files as text_files

FIELDS = ["name", "code", "rooms"]
LONGEST_NAME = 100
MIN_CODE = 8
ROOMS_ARE = "rooms must be room ids or prefixes followed by *, each alone or with =r, =w or =rw; or JSON"
# Allowed wrong codes: burst, and rate per second. An address gets more, because a whole class may share it.
A_NAME = (5, 0.2)
AN_ADDRESS = (30, 1.0)
RETRY_AFTER_S = 5
MAX_BUCKETS = 10_000


class BadUsers(ValueError):
    """The users file cannot be used. The message gives the file, the line and what to do."""


class TooManyGuesses(Exception):
    """Too many wrong codes for a name or from an address. For RETRY_AFTER_S, even the right code is refused."""


class User(NamedTuple):
    """One line of the users file."""

    code: str
    grants: Grants


class Directory(Protocol):
    """Looks up a user's grants. Implemented by `Users` and by a class's register (classroom.register)."""

    def grants(self, name: str, code: str, address: str, now: float) -> Grants | None:
        """Return what a user may do, or None if the name or code is wrong. Raises TooManyGuesses."""


class GuessLimiter:
    """Limits wrong codes per name and per address. `now` is in seconds on any monotonic clock."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()  # least recently used first

    def check(self, name: str, address: str, now: float) -> None:
        """Check the limits before a code is compared. Raises TooManyGuesses. Stores nothing, so it uses no memory."""
        held = (self._buckets.get(key) for key in (f"address {address}", f"name {name}"))
        if not all(brake is None or brake.has_one(now) for brake in held):
            raise TooManyGuesses

    def wrong(self, name: str, address: str, now: float) -> None:
        """Count a wrong code."""
        self._take(f"address {address}", AN_ADDRESS, now)
        if len(name) <= LONGEST_NAME:  # no user has a longer name
            self._take(f"name {name}", A_NAME, now)

    def _take(self, key: str, brake: tuple[int, float], now: float) -> None:
        burst, rate = brake
        self._buckets.setdefault(key, TokenBucket(rate, burst, now)).take(now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)


class Users:
    """One server's users, read once from the file."""

    def __init__(self, users: dict[str, User]) -> None:
        self._users = users
        self._limiter = GuessLimiter()

    def grants(self, name: str, code: str, address: str, now: float) -> Grants | None:
        """Return what a user may do, or None if the name or code is wrong. Raises TooManyGuesses."""
        self._limiter.check(name, address, now)
        user = self._users.get(name)
        right = same_secret(code, user.code if user else "")  # always compare, so that the timing reveals no name
        if user and right:
            return user.grants
        self._limiter.wrong(name, address, now)
        return None


def read_users(path: Path) -> Users:
    """Read a users file. Raises BadUsers."""
    try:
        rows = text_files.rows(path)
    except (OSError, ValueError, csv.Error) as error:
        fault = why(error) if isinstance(error, OSError) else str(error)
        raise BadUsers(f"cannot read the users file {path}: {fault}") from None
    users: dict[str, User] = {}
    for number, row in enumerate(rows, start=1):
        if not row or (number == 1 and [cell.strip() for cell in row] == FIELDS):
            continue
        name, user = _read_row(path, number, row)
        if name in users:
            raise BadUsers(f"{path} line {number}: this name appears twice; each user needs exactly one line")
        users[name] = user
    if not users:
        raise BadUsers(f"{path} lists no users; each line must be name,code,rooms")
    return Users(users)


def _read_row(path: Path, number: int, row: list[str]) -> tuple[str, User]:
    if len(row) != len(FIELDS):
        raise BadUsers(f"{path} line {number}: found {len(row)} fields instead of 3: name,code,rooms")
    name, code, rooms = (cell.strip() for cell in row)
    if not name or ":" in name or len(name) > LONGEST_NAME:
        raise BadUsers(f"{path} line {number}: a name must have 1 to {LONGEST_NAME} characters and no colon")
    if len(code) < MIN_CODE:
        raise BadUsers(f"{path} line {number}: the code is shorter than {MIN_CODE} characters")
    try:
        grants = Grants.from_text(rooms)
    except BadGrant:  # its message would quote the field, which may be a code
        raise BadUsers(f"{path} line {number}: {ROOMS_ARE}") from None
    if not grants.fits:
        raise BadUsers(f"{path} line {number}: {len(grants.rooms)} rooms do not fit into a ticket; use patterns with *")
    return name, User(code, grants)
