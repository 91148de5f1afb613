"""A file takes another one's place, also where the system refuses that for a moment."""

from pathlib import Path

import pytest

from labkit.platform import replacing


class Held(PermissionError):
    """As Windows reports that another program has the file open."""

    winerror = 32


def refusing(monkeypatch: pytest.MonkeyPatch, times: int, error: type[OSError]) -> list[int]:
    """Let `os.replace` fail so many times; return a list that grows with each call."""
    calls: list[int] = []
    really = replacing.os.replace

    def replace(new: Path, path: Path) -> None:
        calls.append(1)
        if len(calls) <= times:
            raise error
        really(new, path)

    monkeypatch.setattr(replacing.os, "replace", replace)
    return calls


def test_written_file_has_the_same_line_ends_on_every_system(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    replacing.write(path, "ä\nb\n")
    replacing.write(path, "ä\nc\n")
    assert path.read_bytes() == "ä\nc\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_is_open_for_a_moment_is_replaced_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refusing(monkeypatch, 3, Held)
    replacing.write(tmp_path / "a", "b")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "b"
    assert len(calls) == 4


def test_file_that_stays_open_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacing, "PATIENCE_S", 0.1)
    refusing(monkeypatch, 10**6, Held)
    with pytest.raises(Held):
        replacing.write(tmp_path / "a", "b")


def test_folder_that_may_not_be_written_is_an_error_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = refusing(monkeypatch, 10**6, PermissionError)
    with pytest.raises(PermissionError):
        replacing.write(tmp_path / "a", "b")
    assert len(calls) == 1
