"""Files of a folder stay as they are; the team's files and sections come beside them, once."""

from pathlib import Path

import pytest

from labkit.team.joining import Change, init
from labkit.team.pages import BEGIN, files


def contents(folder: Path) -> dict[str, bytes]:
    """Every file, by its path."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.mark.parametrize(
    "old", [b"", b"Mine.", b"Mine.\n", b"One\r\nTwo\r\n", "Grüße\n".encode(), b"\xff\xfe no text\n"]
)
def test_existing_lines_stay_byte_by_byte(old: bytes, tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_bytes(old)
    assert init(tmp_path)["CLAUDE.md"] is Change.EXTENDED
    new = (tmp_path / "CLAUDE.md").read_bytes()
    assert new.startswith(old) and new.count(BEGIN.encode()) == 1
    assert (b"\r\n" in old) == (b"\r\n" in new)
    assert b"\n<!-- labkit" in new


def test_second_run_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("Ours.\n")
    init(tmp_path)
    before = contents(tmp_path)
    assert set(init(tmp_path).values()) == {Change.KEPT}
    assert contents(tmp_path) == before
    assert set(before) == {"CLAUDE.md", "AGENTS.md", *files()}


@pytest.mark.parametrize("name", files())
def test_existing_file_is_kept(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("ours\n")
    assert init(tmp_path)[name] is Change.KEPT
    assert (tmp_path / name).read_text() == "ours\n"


def test_one_file_under_both_names_gets_one_section(tmp_path: Path) -> None:
    """A link from CLAUDE.md to AGENTS.md is usual, and stays a link."""
    (tmp_path / "AGENTS.md").write_text("Ours.\n")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    init(tmp_path)
    assert (tmp_path / "CLAUDE.md").is_symlink()
    assert (tmp_path / "AGENTS.md").read_text().count(BEGIN) == 1


def test_permissions_stay_and_nothing_unfinished_is_left(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("Ours.\n")
    (tmp_path / "CLAUDE.md").chmod(0o600)
    init(tmp_path)
    assert (tmp_path / "CLAUDE.md").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.rglob("*.part"))
