"""A user's caches lie where the system has them, and somewhere even without a home."""

import tempfile
from pathlib import Path

import pytest

from labkit.platform.caches import cache_folder


def test_cache_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("wheels") == tmp_path / "labkit" / "wheels"


def test_cache_folder_without_a_home_is_temporary(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    assert cache_folder("wheels") == Path(tempfile.gettempdir()) / "labkit-wheels"
