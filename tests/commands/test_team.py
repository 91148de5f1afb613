"""`labkit team init`: output and exit codes."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.cli import main


def team_init(folder: Path) -> tuple[int, str]:
    """The exit code and the output."""
    done = CliRunner().invoke(main, ["team", "init", str(folder)])
    return done.exit_code, done.output


def test_init_names_each_file_and_what_happened_to_it(tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("Ours.\n")
    code, output = team_init(tmp_path)
    assert code == 0 and output.splitlines()[:2] == ["extended  CLAUDE.md", "written   AGENTS.md"]


def test_init_makes_a_missing_folder(tmp_path: Path) -> None:
    assert team_init(tmp_path / "new/app")[0] == 0
    assert (tmp_path / "new/app/REVIEW.md").is_file()


@pytest.mark.parametrize("blocked", ["CLAUDE.md", "docs", "."])
def test_init_where_it_cannot_write_exits_2(blocked: str, tmp_path: Path) -> None:
    """A folder where a file belongs, a file where a folder belongs, a file instead of DIR."""
    folder = tmp_path / "app"
    if blocked == ".":
        folder.write_text("")
    else:
        folder.mkdir()
        (folder / blocked).mkdir() if blocked == "CLAUDE.md" else (folder / blocked).write_text("")
    code, output = team_init(folder)
    assert code == 2 and "Traceback" not in output and output.strip()
