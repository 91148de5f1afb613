"""The instructor's messages on this machine: announcements to all, and notes and hints to this student.

    news = News(home, "physics", "otter")
    news.add([Item("7", "note", "06-outbox", "Count bytes, not frames.", "2026-12-03T09:12:00Z")])
    news.unread()           # for the banners of every notebook
    news.read("7")          # dismissed in one notebook, it disappears in all

One kernel receives the messages and all kernels show them, so they are in a file, `class-news.json`, in the learner's
home.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from labkit.classroom.kept_file import changing
from labkit.platform import plain_file
from labkit.platform.replacing import write

Kind = Literal["announcement", "note", "hint"]
FILE = "class-news.json"
KEPT = 40
FRESH_S = 4 * 3600.0  # older items are no longer news


class Item(msgspec.Struct):
    """One message from the instructor. `at`: ISO time of the server; `exercise`: "" for an announcement."""

    id: str
    kind: Kind
    exercise: str
    text: str
    at: str
    is_read: bool = False

    @property
    def words(self) -> str:
        """The message in one line, as `classroom.status()` lists it."""
        return self.text if self.kind == "announcement" else f"{self.kind} on {self.exercise}: {self.text}"


class _Kept(msgspec.Struct):
    class_id: str = ""
    name: str = ""
    items: list[Item] = []


class Stamp(NamedTuple):
    """Identifies a version of the file, to detect that it has changed."""

    size: int
    changed_ns: int


class News:
    """The messages to one student of one class, in one file."""

    def __init__(self, home: Path, class_id: str, name: str) -> None:
        self.path = home / FILE
        self._whose = class_id, name

    def add(self, items: Iterable[Item]) -> None:
        """Store the messages that are not stored yet. Raises NoHome."""
        given = list(items)
        known = {item.id for item in self.items()}
        if any(item.id not in known for item in given):
            self._change(lambda kept: _merged(kept, given))

    def read(self, item_id: str) -> None:
        """Record that the student has read a message. Raises NoHome."""

        def change(kept: list[Item]) -> None:
            for item in kept:
                item.is_read = item.is_read or item.id == item_id

        self._change(change)

    def items(self) -> list[Item]:
        """Return the messages, oldest first; none if the file is another student's or cannot be read."""
        with suppress(OSError, msgspec.DecodeError, RecursionError):
            kept = msgspec.json.decode(plain_file.read_bytes(self.path), type=_Kept)
            if (kept.class_id, kept.name) == self._whose:
                return kept.items
        return []

    def unread(self) -> list[Item]:
        """Return the messages that no notebook has dismissed and that are no older than FRESH_S."""
        now = datetime.now(UTC)
        return [item for item in self.items() if not item.is_read and _age_s(item, now) < FRESH_S]

    def stamp(self) -> Stamp | None:
        """Return a value that changes when the file does; None without a file."""
        with suppress(OSError):
            seen = self.path.stat()
            return Stamp(seen.st_size, seen.st_mtime_ns)
        return None

    def _change(self, change: Callable[[list[Item]], None]) -> None:
        with changing(self.path, "class-news.lock"):
            items = self.items()
            change(items)
            kept = _Kept(*self._whose, items[-KEPT:])
            write(self.path, msgspec.json.encode(kept).decode())


def _merged(kept: list[Item], given: list[Item]) -> None:
    known = {item.id for item in kept}
    kept.extend(item for item in given if item.id not in known)
    kept.sort(key=lambda item: item.at)


def _age_s(item: Item, now: datetime) -> float:
    with suppress(ValueError, TypeError):
        return (now - datetime.fromisoformat(item.at)).total_seconds()
    return 0.0
