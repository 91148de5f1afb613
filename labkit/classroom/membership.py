"""The class that this working copy has joined: `class.json`, next to its progress, readable only by its owner."""

import json
import os
import ssl
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from urllib.error import HTTPError

from labkit.bench.ask import ticket
from labkit.bench.tunnel import route_to
from labkit.classroom.register import answers_of, help_of, news_of, own_room_of, room_of, votes_of
from labkit.classroom.tls import NoCertificate, pinned
from labkit.course.progress import NoHome, home, using_home
from labkit.platform import plain_file
from labkit.platform.proxies import ForwardProxy
from labkit.platform.replacing import replace

WRONG_CODE = (401, 403)


class NotAdmitted(Exception):
    """The class did not admit us; the message says what to do."""


def admitted(
    url: str, name: str, code: str, tls: ssl.SSLContext | None = None, proxy: ForwardProxy | None = None
) -> str:
    """Fetch a ticket with a name and a code. Raises NotAdmitted if they are rejected, OSError for any other failure."""
    try:
        return ticket(url, name, code, tls, proxy)
    except HTTPError as error:
        if error.code not in WRONG_CODE:
            raise
        raise NotAdmitted(
            f"the class rejected the code for {name!r}; check both; without a code, choose a name that nobody has taken"
        ) from None


@dataclass(frozen=True)
class Membership:
    """One student's membership in a class.

    `fingerprint`: the fingerprint of the class's own certificate, if it has one.

    `since`: the newest record at the time of joining; only later ones are sent. `since_file`: the file it is in.
    `graded`: the student agreed to submit the source of each answer that passes.
    """

    url: str
    name: str
    code: str
    class_id: str
    fingerprint: str | None = None
    since: int = 0
    since_file: str = ""
    graded: bool = False

    @property
    def room(self) -> str:
        """The room that records are sent to."""
        return room_of(self.class_id)

    @property
    def news_room(self) -> str:
        """The room of the instructor's announcements."""
        return news_of(self.class_id)

    @property
    def answers_room(self) -> str:
        """The room that answers are submitted to."""
        return answers_of(self.class_id)

    @property
    def votes_room(self) -> str:
        """The room in which the class publishes the state of its votes."""
        return votes_of(self.class_id)

    @property
    def own_room(self) -> str:
        """The room in which the class announces a note for this student."""
        return own_room_of(self.class_id, self.name)

    @property
    def help_room(self) -> str:
        """The room that cases are sent to, with the student's consent."""
        return help_of(self.class_id)

    @cached_property
    def tls(self) -> ssl.SSLContext | None:
        """The TLS context for this class, or None without a fingerprint. Raises NoCertificate, OSError."""
        return pinned(self.url, self.fingerprint, self.route()) if self.fingerprint else None

    def route(self) -> ForwardProxy | None:
        """Return the proxy for connections to the class; None without one. Raises OSError."""
        return route_to(self.url)

    def ticket(self) -> str:
        """Fetch a ticket. Raises NotAdmitted, or OSError if the class cannot be reached."""
        try:
            return admitted(self.url, self.name, self.code, self.tls, self.route())
        except NoCertificate as error:
            raise NotAdmitted(str(error)) from None

    def keep(self) -> None:
        """Save this membership in the working copy. Raises NoHome."""
        with using_home(_path()):
            self._write(_path())

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        replace(new, path)

    def __repr__(self) -> str:
        return f"<{self.name} of class {self.class_id} at {self.url}>"


def membership() -> Membership | None:
    """Return this working copy's membership, or None if there is none or it cannot be read."""
    try:
        return read()
    except NoHome:
        return None


def read() -> Membership | None:
    """Return this working copy's membership, or None. Raises NoHome if it cannot be read."""
    path = _path()
    try:
        with using_home(path), suppress(FileNotFoundError):
            return Membership(**json.loads(plain_file.read_bytes(path)))
    except (ValueError, TypeError, RecursionError):
        pass
    return None


def check_place() -> None:
    """Check that a membership can be saved here. Raises NoHome."""
    path = _path()
    with using_home(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=path.parent).close()  # `os.access` ignores a folder's access control list on Windows


def forget() -> None:
    """Delete this working copy's membership, but not its progress. Raises NoHome if it cannot be deleted."""
    if membership() is not None:
        with using_home(_path()):
            _path().unlink(missing_ok=True)


def _path() -> Path:
    return home() / "class.json"
