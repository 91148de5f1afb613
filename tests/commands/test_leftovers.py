"""A failed start leaves nothing behind, and `labkit serve --audit` leaves no secret that git could commit."""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labkit.cli import main
from labkit.commands.failing import CannotRun
from labkit.commands.leftovers import nothing_left
from labkit.wire.audit.writer import Audit
from tests.wire.raw import process

ROOT = Path(__file__).parents[2]


@pytest.fixture
def taken() -> Iterator[str]:
    """A port that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def fail_having_made(path: Path) -> None:
    path.touch()
    raise CannotRun("x")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize("roster", ["name\n\n", "name\nana\nana\n", None])
def test_class_start_failed_leaves_nothing(tmp_path: Path, taken: str, roster: str | None) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    options = ["--port", taken, "--tls"]
    if roster is not None:
        (tmp_path / "roster.csv").write_text(roster)
        options += ["--roster", str(tmp_path / "roster.csv")]
    done = run("class", "start", "physics", "--file", folder / "p.db", "--hand-out", folder / "slips", *options)
    assert done.exit_code == 2 and list(folder.iterdir()) == []


def test_serve_failed_leaves_nothing(tmp_path: Path, taken: str) -> None:
    assert run("serve", "--port", taken, "--audit", tmp_path / "room.db").exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_files_from_before_stay(tmp_path: Path, taken: str) -> None:
    path = tmp_path / "room.db"
    running = Audit(path)  # as if it had come between our look and our start
    with pytest.raises(CannotRun), nothing_left([tmp_path / "new"], path):
        fail_having_made(tmp_path / "new")
    assert (tmp_path / "new").exists()
    running.close()
    before = sorted(tmp_path.iterdir())
    assert run("serve", "--port", taken, "--audit", path).exit_code == 2
    assert set(before) <= set(tmp_path.iterdir())


async def test_server_started_keeps_its_files(tmp_path: Path) -> None:
    async with process(tmp_path, "--port", "0", "--audit", str(tmp_path / "room.db")) as server:
        await server.end(signal.SIGTERM)
    assert {"room.db", "room.key"} <= {one.name for one in tmp_path.iterdir()}


async def test_audit_in_checkout_is_ignored_by_git(tmp_path: Path) -> None:
    repository = tmp_path / "checkout"
    repository.mkdir()
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    shutil.copy(ROOT / ".gitignore", repository)
    status = ["git", "-C", str(repository), "status", "--porcelain", "--untracked-files=all"]
    async with process(tmp_path, "--port", "0", "--audit", str(repository / "room.db")) as server:
        during = subprocess.run(status, capture_output=True, text=True, check=True).stdout
        await server.end(signal.SIGKILL)
    after = subprocess.run(status, capture_output=True, text=True, check=True).stdout
    assert (repository / "room.key").exists()
    assert during == after == "?? .gitignore\n"
