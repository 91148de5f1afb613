"""Audit files for tests: writing some, and getting at them behind labkit's back."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

from labkit.wire.audit.reading import reading, rows
from labkit.wire.audit.writer import Audit, Entry

PATIENCE_S = 20


def event(seq: int, *, at: float = 1000.0, room: str = "demo", epoch: str = "e1", request_id: str = "") -> Entry:
    """The row of an event whose sender chose the requestId, unless it is the event's own id."""
    name = f"id-{room}-{epoch}-{seq}"
    body = f'{{"id":"{name}","requestId":"{request_id or f"asked-{seq}"}","seq":{seq}}}'
    return Entry(at, "event", room=room, epoch=epoch, seq=seq, id=name, user="ada", body=body)


def store(audit: Audit, entries: Sequence[Entry]) -> BaseException | None:
    """Submit, and wait for what became of it."""
    answers: list[BaseException | None] = []
    answered = Event()

    def done(error: BaseException | None) -> None:
        answers.append(error)
        answered.set()

    audit.submit(entries, done)
    assert answered.wait(PATIENCE_S), "done was never called"
    return answers[0]


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Audit]:
    """An audit that is closed in the end."""
    audit = Audit(path)
    try:
        yield audit
    finally:
        audit.close()


def written(path: Path, entries: Sequence[Entry]) -> Path:
    """A closed file with these rows added to it."""
    with opened(path) as audit:
        assert store(audit, entries) is None
    return path


def ids(path: Path) -> list[str | None]:
    """The ids of all rows, in order."""
    with reading(path) as connection:
        return [entry.id for _, entry, _ in rows(connection)]


def tamper(path: Path, *statements: str) -> None:
    """Change a file as somebody would who knows SQLite: drop the triggers first."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER IF EXISTS log_keeps_rows")
        connection.execute("DROP TRIGGER IF EXISTS log_keeps_all")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
