"""Files for their owner's eyes; without modes, as on Windows, the folder decides."""

import os
from pathlib import Path

import pytest

from labkit.platform import private_files
from labkit.wire.keyfile import KeyFileError, load_or_create


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    os.close(private_files.open_private(path, os.O_WRONLY | os.O_CREAT))
    assert path.stat().st_mode & 0o777 == 0o600 and not private_files.is_open_to_others(path)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        private_files.open_private(tmp_path / "link", os.O_WRONLY | os.O_CREAT, follow=False)


def test_an_open_file_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0o644)
    assert private_files.is_open_to_others(path)
    with path.open("a") as file:
        private_files.make_private(file.fileno())
        assert not private_files.is_others(file.fileno())
    assert not private_files.is_open_to_others(path)


def test_where_there_are_no_modes_a_key_file_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows reports every file as 0o666, which says nothing about who may read it."""
    path = tmp_path / "room.key"
    key = load_or_create(path)
    path.chmod(0o666)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_or_create(path)
    monkeypatch.setattr(private_files, "HAS_MODES", False)
    assert load_or_create(path) == key
