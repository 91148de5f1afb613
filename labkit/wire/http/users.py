"""The users who may fetch a ticket: a CSV file `name,code,rooms`, and a rate limit on wrong codes.

    name,code,rooms
    ada,correct-horse,room:* news=r
    grace,battery-staple,"[[""class:1"", ""w""]]"

`rooms` is a list of patterns, each `PATTERN` (read and write) or `PATTERN=r|w|rw`, or the JSON that a grant is on the
wire. A code never appears in an error; errors name the line.
"""

import csv
import json
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple, Protocol

from labkit.platform.os_errors import why
from labkit.rules.admission import TokenBucket
from labkit.rules.answers import encode
from labkit.rules.credentials import same_secret
from labkit.rules.grants import BadGrant, Grants
from labkit.text import files as text_files

FIELDS = ["name", "code", "rooms"]
LONGEST_NAME = 100
MIN_CODE = 8
# A user's grants are in each of its credentials, and an `auth` with one and a `previous` must fit into one message.
LONGEST_ROOMS_BYTES = 5_000
ROOMS_ARE = "rooms are room ids, or the start of one followed by *, each alone or with =r, =w or =rw; or JSON"
# Wrong codes: burst, and rate per second. Addresses get more, because a whole class may share one.
A_NAME = (5, 0.2)
AN_ADDRESS = (30, 1.0)
RETRY_AFTER_S = 5
MAX_BUCKETS = 10_000


class BadUsers(ValueError):
    """A users file that cannot be used; the text names the file, the line and what to do."""


class TooManyGuesses(Exception):
    """Too many wrong codes for a name or from an address: for RETRY_AFTER_S even the right code is refused."""


class User(NamedTuple):
    """One line of the file."""

    code: str
    grants: Grants


class Directory(Protocol):
    """Looks up the grants of a user: `Users`, or the register of a class (classroom.register)."""

    def grants(self, name: str, code: str, address: str, now: float) -> Grants | None:
        """What a user may do; None when name or code is wrong. Raises TooManyGuesses."""


class GuessLimiter:
    """Limits wrong codes per name and per address. `now` is seconds on any monotonic clock."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()  # least recently used first

    def check(self, name: str, address: str, now: float) -> None:
        """Check the limits before comparing a code. Raises TooManyGuesses. Stores nothing, so it uses no memory."""
        held = (self._buckets.get(key) for key in (f"address {address}", f"name {name}"))
        if not all(brake is None or brake.has_one(now) for brake in held):
            raise TooManyGuesses

    def wrong(self, name: str, address: str, now: float) -> None:
        """Count a wrong code."""
        self._take(f"address {address}", AN_ADDRESS, now)
        if len(name) <= LONGEST_NAME:  # nobody has a longer one
            self._take(f"name {name}", A_NAME, now)

    def _take(self, key: str, brake: tuple[int, float], now: float) -> None:
        burst, rate = brake
        self._buckets.setdefault(key, TokenBucket(rate, burst, now)).take(now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)


class Users:
    """The users of one server, read once."""

    def __init__(self, users: dict[str, User]) -> None:
        self._users = users
        self._limiter = GuessLimiter()

    def grants(self, name: str, code: str, address: str, now: float) -> Grants | None:
        """What a user may do; None when name or code is wrong. Raises TooManyGuesses."""
        self._limiter.check(name, address, now)
        user = self._users.get(name)
        right = same_secret(code, user.code if user else "")  # always compared, so that the time reveals no name
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
            raise BadUsers(f"{path} line {number}: the name is there twice; each user needs one line")
        users[name] = user
    if not users:
        raise BadUsers(f"{path} names no user; each line is name,code,rooms")
    return Users(users)


def _read_row(path: Path, number: int, row: list[str]) -> tuple[str, User]:
    if len(row) != len(FIELDS):
        raise BadUsers(f"{path} line {number}: {len(row)} fields, not 3: name,code,rooms")
    name, code, rooms = (cell.strip() for cell in row)
    if not name or ":" in name or len(name) > LONGEST_NAME:
        raise BadUsers(f"{path} line {number}: a name has 1 to {LONGEST_NAME} characters and no colon")
    if len(code) < MIN_CODE:
        raise BadUsers(f"{path} line {number}: the code is shorter than {MIN_CODE} characters")
    try:
        grants = _read_grants(rooms)
    except (BadGrant, ValueError, TypeError):  # its text would quote the field, perhaps a code
        raise BadUsers(f"{path} line {number}: {ROOMS_ARE}") from None
    if len(encode({"rooms": grants.rooms})) > LONGEST_ROOMS_BYTES:
        raise BadUsers(
            f"{path} line {number}: {len(grants.rooms)} rooms are too long for a ticket; use patterns with *"
        )
    return name, User(code, grants)


def _read_grants(rooms: str) -> Grants:
    if rooms.startswith("["):
        return Grants.of(json.loads(rooms))
    pairs = (word.partition("=") for word in rooms.replace(";", " ").split())
    return Grants.of((pattern, access or "rw") for pattern, _, access in pairs)
