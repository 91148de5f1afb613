"""Opening to write: one server a file, only in a file of ours, readable by its owner alone."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.wire.audit.opening import AuditLock
from labkit.wire.audit.writer import Audit, AuditError
from tests.wire.audit.files import event, ids, opened, tamper, written

HOLD = """
import sys, time
from pathlib import Path
from labkit.wire.audit.writer import Audit
audit = Audit(Path(sys.argv[1]))
print("open", flush=True)
time.sleep(60)
"""


def test_a_second_server_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    """The line names the process; after `kill -9` of it the file is free, without any cleaning up."""
    path = tmp_path / "room.db"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"open\n"
        with pytest.raises(AuditError, match=rf"is in use by another server \(process {holder.pid}\)"):
            Audit(path)
        holder.send_signal(signal.SIGKILL)
    with opened(path):
        pass


def test_a_second_audit_in_the_same_process_is_refused(tmp_path: Path) -> None:
    """Two servers in one program are two servers."""
    path = tmp_path / "room.db"
    with opened(path), pytest.raises(AuditError, match="in use"):
        Audit(path)
    written(path, [event(1)])


def test_a_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    """A process that a server started may outlive it."""
    path = tmp_path / "room.db"
    with opened(path):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
    try:
        written(path, [event(1)])
    finally:
        child.kill()
        child.wait()


def test_every_file_is_for_its_owner_only(tmp_path: Path) -> None:
    """The file and all that SQLite and we put beside it, whatever the umask is; a file made beforehand as well."""
    path = tmp_path / "room.db"
    path.touch(mode=0o644)
    before = os.umask(0)
    try:
        with opened(path):
            written(tmp_path / "other.db", [event(1)])
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert {"room.db", "room.db-wal", "room.db-shm", "room.db.lock", "other.db"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_foreign_database_is_refused_and_unchanged(tmp_path: Path) -> None:
    """Not a byte of it changes, and nothing appears beside it."""
    path = tmp_path / "browser.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (name, value)")
    connection.execute("CREATE TABLE log (n)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(AuditError, match="not a labkit audit file"):
        Audit(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_later_schema_is_refused(tmp_path: Path) -> None:
    """The line says which version the file has and which one this program reads."""
    path = written(tmp_path / "room.db", [])
    tamper(path, "UPDATE meta SET value = 2 WHERE name = 'schema'")
    with pytest.raises(AuditError, match="has schema 2, but this labkit reads 1"):
        Audit(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder instead of a file, and a folder that does not exist."""
    with pytest.raises(AuditError, match="is a folder"):
        Audit(tmp_path)
    with pytest.raises(AuditError, match=r"the folder .*nowhere does not exist; create it first"):
        Audit(tmp_path / "nowhere" / "room.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_newest_row_is_refused(tmp_path: Path) -> None:
    """Nothing could be chained to it."""
    path = written(tmp_path / "room.db", [event(1)])
    tamper(path, "UPDATE log SET hash = 'none'")
    with pytest.raises(AuditError, match="is damaged"):
        Audit(path)


def test_a_locked_database_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has it open in a tool, in the middle of a change."""
    monkeypatch.setattr("labkit.wire.audit.opening.BUSY_S", 0.05)
    path = tmp_path / "room.db"
    path.touch()
    tool = sqlite3.connect(path, isolation_level=None)
    tool.execute("BEGIN EXCLUSIVE")
    with pytest.raises(AuditError, match="is locked by another program"):
        Audit(path)
    tool.close()
    written(path, [event(1)])


def test_a_refusal_lets_go_of_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a failed start the next one is not told that the file is in use."""
    path = written(tmp_path / "room.db", [event(1)])

    def broken(_: object) -> None:
        raise sqlite3.OperationalError("no")

    with monkeypatch.context() as patch:
        patch.setattr(Audit, "_index_rooms", broken)
        with pytest.raises(AuditError, match="cannot be used: no"):
            Audit(path)
    assert ids(written(path, [event(2)])) == ["id-demo-e1-1", "id-demo-e1-2"]


def test_lock_file_with_odd_content_names_no_holder(tmp_path: Path) -> None:
    """Its text is for people only; the lock itself is what counts."""
    path = tmp_path / "room.db"
    lock = AuditLock(path)
    (tmp_path / "room.db.lock").write_bytes(b"\xff\xfe" * 20)
    with pytest.raises(AuditError, match="in use"):
        AuditLock(path)
    lock.release()
    AuditLock(path).release()
