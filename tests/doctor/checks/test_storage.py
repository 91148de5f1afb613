"""Folders that cannot be written, and full disks."""

import errno
import os
import pwd
import shutil
import subprocess
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from labkit.doctor.checks import storage
from labkit.doctor.diagnosis import Subject
from tests.doctor.machines import DOCTOR, examined

SUBJECT = Subject()
Usage = namedtuple("Usage", "total used free")
FULL = 'mount -t tmpfs -o size=256k none "$0" && head -c 1m /dev/zero > "$0/rest" 2>/dev/null; exec "$@"'
IN_A_NAMESPACE = ("unshare", "--map-root-user", "--mount", "sh", "-c")


def read_only(tmp_path: Path) -> Path:
    """A folder in which nobody can create a file, not even root."""
    if os.geteuid() == 0:
        return Path("/sys")
    tmp_path.chmod(0o500)
    return tmp_path


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home folder."""

    def unknown(_: int) -> Any:
        raise KeyError

    monkeypatch.chdir("/")
    for name in ("HOME", "LABKIT_HOME", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.mark.usefixtures("nobody")
def test_home_missing_is_a_problem() -> None:
    found = storage.home(SUBJECT)
    assert (found.status, str(found)) == (
        "problem",
        "this user has no home folder, so results cannot be stored: set LABKIT_HOME to a folder that you can write to",
    )
    assert storage.disk(SUBJECT).status != "problem"


def test_home_read_only_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = read_only(tmp_path)
    monkeypatch.setenv("LABKIT_HOME", str(place / "records"))
    found = storage.home(SUBJECT)
    assert (found.status, found.todo) == ("problem", "set LABKIT_HOME to a folder that you can write to")
    assert found.text.startswith(f"results cannot be stored in {place / 'records'} (")


def test_home_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "not" / "yet"))
    monkeypatch.chdir(tmp_path)
    assert [check(SUBJECT).status for check in (storage.home, storage.folder, storage.disk)] == ["ok"] * 3
    assert list(tmp_path.iterdir()) == []


def test_home_that_is_a_file_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path / "file"))
    assert storage.home(SUBJECT).status == "problem"


def test_folder_read_only_is_a_problem(tmp_path: Path) -> None:
    place = read_only(tmp_path)
    home = {"LABKIT_HOME": str(tmp_path)} if place != tmp_path else {}
    found = examined("--offline", folder=place, environment=home)
    assert found.sentence("folder") == (
        f"problem files cannot be saved in {place} (Permission denied): change to a folder of your own"
    )
    assert found.problems == ["folder"] and (found.code, found.errors) == (1, "")


def test_folder_removed_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert str(storage.folder(SUBJECT)) == "the current folder no longer exists: change to another one"


def test_disk_full_is_one_problem(tmp_path: Path) -> None:
    """A real one: a small file system of its own, which this needs the right to mount."""
    command = [*IN_A_NAMESPACE, 'mount -t tmpfs none "$0"', str(tmp_path)]
    can_mount = shutil.which("unshare") and subprocess.run(command, capture_output=True, check=False).returncode == 0
    if not can_mount:
        assert not os.environ.get("CI"), "this runner cannot mount a file system"
        pytest.skip("needs the right to mount a file system")
    found = examined(
        "--offline", environment={"LABKIT_HOME": str(tmp_path)}, command=(*IN_A_NAMESPACE, FULL, str(tmp_path), *DOCTOR)
    )
    assert found.sentence("disk") == (
        f"problem no space in {tmp_path} (0 MB free): free some space there, or use another disk"
    )
    assert found.problems == ["disk"] and found.code == 1


def test_disk_quota_used_up_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk has space, but not for this user."""

    def refused(_: Path, content: bytes) -> None:
        if content:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(storage, "_write", refused)
    found = storage.disk(SUBJECT)
    assert found.status == "problem" and "quota is used up" in found.todo
    assert storage.home(SUBJECT).status == "ok"


def test_disk_nearly_full_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 0, 40_000_000))
    found = storage.disk(SUBJECT)
    assert (found.status, found.text) == ("warning", f"only 40 MB free in {tmp_path}")
