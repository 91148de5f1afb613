"""Locks on files: held by another is one thing, no locks at all is another, and each is told apart by its errno."""

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from labkit.classroom.sending import _is_ours
from labkit.course.progress import Progress
from labkit.platform.locks import locked, try_lock
from labkit.wire.audit.opening import AuditLock, holder
from labkit.wire.audit.writer import Audit, AuditError
from tests.package import modules

ABSENT = [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL]
HOLD = """
import errno, fcntl, sys
from pathlib import Path
def absent(*_):
    raise OSError(errno.ENOLCK, "No locks available")
if sys.argv[2] == "lockf":
    fcntl.flock = absent
from labkit.wire.audit.opening import AuditLock
lock = AuditLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.fixture(params=ABSENT, ids=errno.errorcode.__getitem__)
def no_flock(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A home directory on a network disk."""
    monkeypatch.setattr(fcntl, "flock", failing(request.param))
    return int(request.param)


@pytest.fixture
def no_locks(no_flock: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """The same, without any lock daemon."""
    monkeypatch.setattr(fcntl, "lockf", failing(no_flock))
    return no_flock


@pytest.mark.parametrize("code", [errno.EWOULDBLOCK, errno.EACCES])
def test_lock_held_is_recognized_by_its_errno(tmp_path: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems say it in two ways."""
    monkeypatch.setattr(fcntl, "flock", failing(code))
    with (tmp_path / "lock").open("w") as file:
        assert not try_lock(file.fileno())
    with pytest.raises(AuditError, match="in use by another server"):
        AuditLock(tmp_path / "room.db")


def test_an_audit_opens_where_flock_is_missing(tmp_path: Path, no_flock: int) -> None:
    """With the other kind of lock."""
    Audit(tmp_path / "room.db").close()


@pytest.mark.parametrize("kind", ["flock", "lockf"])
def test_either_kind_of_lock_keeps_a_second_server_out(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process that met the same file system."""
    if kind == "lockf":
        monkeypatch.setattr(fcntl, "flock", failing(errno.ENOLCK))
    path = tmp_path / "room.db"
    command = [sys.executable, "-c", HOLD, str(path), kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdin is not None and other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(AuditError, match=rf"in use by another server \(process {other.pid}\)"):
            AuditLock(path)
        assert holder(path) == other.pid
        other.stdin.close()
        other.wait(20)
    assert holder(path) is None
    AuditLock(path).release()


def test_file_system_without_locks_gives_an_audit_error(tmp_path: Path, no_locks: int) -> None:
    """Two writers would break the hash chain, and the fault is not another server."""
    with pytest.raises(AuditError, match="cannot be locked, so two servers could write to it") as told:
        Audit(tmp_path / "room.db")
    assert os.strerror(no_locks) in str(told.value) and "in use" not in str(told.value)


def test_sqlite_without_its_locks_is_no_other_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite locks ranges of the file, and calls a kind of lock that is missing one that is held."""
    monkeypatch.setattr(fcntl, "lockf", failing(errno.ENOLCK))
    with pytest.raises(AuditError, match="No locks available; that file system does not support locks"):
        Audit(tmp_path / "room.db")


def test_without_locks_progress_is_recorded(tmp_path: Path, no_locks: int) -> None:
    """And sent: a learner's work does not wait for a file system."""
    progress = Progress(tmp_path / "progress.jsonl")
    progress.add("02-auth", "help")
    progress.add("02-auth", "pass")
    assert [record["n"] for record in progress.records()] == [1, 2]
    with (tmp_path / "class.lock").open("a") as lock:
        assert _is_ours(lock.fileno())


def test_locked_waits_for_the_holder(tmp_path: Path) -> None:
    """Two that write at once take turns."""
    path = tmp_path / "file"
    add = "import sys\nfrom pathlib import Path\nfrom labkit.platform.locks import locked\n" \
          "for _ in range(50):\n    with open(sys.argv[1], 'r+') as f, locked(f.fileno()):\n" \
          "        n = int(f.read()); f.seek(0); f.write(str(n + 1)); f.flush()\n"  # fmt: skip
    path.write_text("100")
    children = [subprocess.Popen([sys.executable, "-c", add, str(path)]) for _ in range(3)]
    with path.open("r+") as file, locked(file.fileno()):
        assert file.read().isdigit()
    assert [child.wait(30) for child in children] == [0, 0, 0] and path.read_text() == "250"


def test_the_package_locks_in_one_place() -> None:
    """Elsewhere a lock that fails would soon be taken for a lock that is held again."""
    package = Path(__file__).parents[2] / "labkit"
    calls = ("flock(", "lockf(", "import fcntl", "import msvcrt", "LOCK_NB")
    found = {
        str(path.relative_to(package))
        for path in modules()
        if any(call in path.read_text(encoding="utf-8") for call in calls)
    }
    others = {
        "platform/addresses.py",
        "platform/sockets.py",
        "platform/pipes.py",
    }  # they ask with `ioctl`, or for a handle
    assert found == {"platform/locks.py"} | others
