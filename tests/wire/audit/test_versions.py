"""Files of an older and of a newer version: what each program does with them, and how it says so."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.commands.serve import serve
from labkit.rules.limits import Limits
from labkit.wire.audit.erasing import erase
from labkit.wire.audit.recovery import recover
from labkit.wire.audit.schema import GENESIS, AuditError, Entry, link
from labkit.wire.audit.sealing import seal
from labkit.wire.audit.verify import verify
from labkit.wire.audit.writer import Audit
from tests.wire.audit.files import event, opened, tamper, written

# As labkit 0.1.0 made and filled its files. Do not change: such files exist.
SCHEMA_0_1 = """
CREATE TABLE meta (name PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('format', 'labkit audit'), ('schema', 1), ('indexed', 0);
CREATE TABLE log (
    n INTEGER PRIMARY KEY, at NOT NULL, kind NOT NULL, room, epoch, seq, id, user, connection, expires_at, body,
    hash NOT NULL
);
CREATE TABLE room_index (room, kind, n, PRIMARY KEY (room, kind, n)) WITHOUT ROWID;
CREATE INDEX log_close ON log (n) WHERE kind = 'close';
CREATE INDEX log_revoke ON log (user) WHERE kind = 'revoke';
CREATE INDEX log_expires ON log (kind, expires_at) WHERE expires_at IS NOT NULL;
CREATE TRIGGER log_keeps_rows BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER log_keeps_all BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
"""
INSERT_0_1 = "INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
NEWEST_0_1 = "SELECT n, hash FROM log ORDER BY n DESC LIMIT 1"


def append_as_0_1(path: Path, entries: list[Entry]) -> None:
    """Write rows as labkit 0.1.0 does: after the newest row that it finds."""
    with closing(sqlite3.connect(path)) as connection:
        n, last = connection.execute(NEWEST_0_1).fetchone() or (0, GENESIS)
        for entry in entries:
            n, last = n + 1, link(last, entry)
            connection.execute(INSERT_0_1, (n, *entry, last))
        connection.commit()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that labkit 0.1.0 made, with ten events."""
    path = tmp_path / "room.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA_0_1)
    append_as_0_1(path, [event(seq) for seq in range(1, 11)])
    return path


def test_older_file_is_continued_sealed_and_erased(old: Path) -> None:
    """Nothing is converted: its chain is what it was, and its texts can be erased as well."""
    anchor = verify(old).last
    written(old, [event(11)])
    assert seal(old) is not None and erase(old, "ada").rows == 11
    assert verify(old, anchor).is_intact


def test_older_program_continues_a_file_that_was_sealed_and_erased(old: Path) -> None:
    """A rollback past a seal: 0.1.0 appends to the chain, and the newer program takes over again."""
    seal(old)
    erase(old, "ada")
    append_as_0_1(old, [event(11), event(12)])
    assert verify(old).is_intact and verify(old).rows == 14
    with opened(old):
        (room,) = recover(old, Limits(), 2000.0).rooms
    assert (room.epoch, room.seq) == ("e1", 12)


def test_columns_and_schema_number_are_those_of_0_1(tmp_path: Path) -> None:
    """New tables and kinds only, so an older program reads, restores and continues every file."""
    path = written(tmp_path / "new.db", [event(1)])
    seal(path)
    with closing(sqlite3.connect(path)) as new, closing(sqlite3.connect(":memory:")) as old:
        old.executescript(SCHEMA_0_1)
        columns = "SELECT name FROM pragma_table_info('log')"
        assert new.execute(columns).fetchall() == old.execute(columns).fetchall()
        assert new.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() == (1,)


def test_newer_file_is_refused_by_a_server_and_every_command(old: Path) -> None:
    """The line names both versions and the way out; the file stays as it is. The server exits with 2."""
    tamper(old, "UPDATE meta SET value = 2 WHERE name = 'schema'")
    before = old.read_bytes()
    for use in (Audit, verify, seal, lambda path: erase(path, "ada")):
        with pytest.raises(
            AuditError, match="has schema 2, but this labkit reads 1; use the labkit version that wrote"
        ):
            use(old)
    started = CliRunner().invoke(serve, ["--port", "0", "--audit", str(old)])
    assert started.exit_code == 2 and "has schema 2, but this labkit reads 1" in started.output
    assert old.read_bytes() == before
