"""Keep which class this working copy is in: `join` writes `class.json` beside its progress, readable by its owner only.

Taught in notebook 02 (auth).
"""

import errno
import json
import os
import ssl
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from urllib.error import HTTPError

from labkit.bench.ask import ticket
from labkit.classroom.register import news_of, room_of
from labkit.classroom.tls import NoCertificate, pinned
from labkit.course.progress import NoHome, home, using_home

WRONG_CODE = (401, 403)


class NotAdmitted(Exception):
    """The class does not let us in; the text says what to do."""


def admitted(url: str, name: str, code: str, tls: ssl.SSLContext | None = None) -> str:
    """A fresh ticket for a name and a code. Raises NotAdmitted when they do not fit, else OSError."""
    try:
        return ticket(url, name, code, tls)
    except HTTPError as error:
        if error.code not in WRONG_CODE:
            raise
        raise NotAdmitted(
            f"the class does not take this code for {name!r}: check both; without a code, choose a name not yet taken"
        ) from None


@dataclass(frozen=True)
class Membership:
    """One student of one class. `fingerprint`: of the class's own certificate, where it has one.

    `since`: the newest record when it began, none of which is told; `since_file`: of which progress file.
    """

    url: str
    name: str
    code: str
    class_id: str
    fingerprint: str | None = None
    since: int = 0
    since_file: str = ""

    @property
    def room(self) -> str:
        """Where records go."""
        return room_of(self.class_id)

    @property
    def news_room(self) -> str:
        """Where announcements come from."""
        return news_of(self.class_id)

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """What talking to this class needs. Raises NoCertificate, OSError."""
        return pinned(self.url, self.fingerprint) if self.fingerprint else None

    def ticket(self) -> str:
        """A fresh ticket. Raises NotAdmitted, or OSError for a class that cannot be reached just now."""
        try:
            return admitted(self.url, self.name, self.code, self.tls)
        except NoCertificate as error:
            raise NotAdmitted(str(error)) from None

    def keep(self) -> None:
        """Put this working copy into the class. Raises NoHome."""
        with using_home(_path()):
            self._write(_path())

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        new.replace(path)

    def __repr__(self) -> str:
        return f"<{self.name} of class {self.class_id} at {self.url}>"


def membership() -> Membership | None:
    """Return the class that this working copy is in; None when it is in none, or nobody can tell."""
    try:
        return read()
    except NoHome:
        return None


def read() -> Membership | None:
    """The same. Raises NoHome when nobody can tell."""
    path = _path()
    try:
        with using_home(path), suppress(FileNotFoundError):
            return Membership(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError):
        pass
    return None


def check_place() -> None:
    """Whether a class could be kept here. Raises NoHome."""
    path = _path()
    with using_home(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def forget() -> None:
    """Take this working copy out of its class. Its progress stays. Raises NoHome when the class stays, too."""
    if membership() is not None:
        with using_home(_path()):
            _path().unlink(missing_ok=True)


def _path() -> Path:
    return home() / "class.json"
