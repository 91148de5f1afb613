"""What `labkit serve` prints at startup: its pages, and how to sign in."""

import signal
import subprocess
from pathlib import Path

from tests.wire.people import FILE, OPS
from tests.wire.raw import port_of, process


async def printed(tmp_path: Path, *options: str, **environment: str) -> tuple[str, int]:
    """What a server prints after its first line, and its port."""
    async with process(tmp_path, "--port", "0", *options, **environment) as server:
        assert await server.end(signal.SIGTERM) == 0
        assert server.child.stdout is not None
        return (await server.child.stdout.read()).decode(), port_of(server.url)


async def test_page_and_token_are_printed(tmp_path: Path) -> None:
    text, port = await printed(tmp_path)
    assert f"http://localhost:{port}/ " in text and "token: dev-token" in text
    assert f"http://localhost:{port}/watch " in text and "to enable it, set OPS_TOKEN" in text


async def test_secret_is_named_and_not_printed(tmp_path: Path) -> None:
    text, _ = await printed(tmp_path, "--token", "my-own-token", OPS_TOKEN=OPS)
    assert "the value of --token or DEV_TOKEN" in text and "the value of OPS_TOKEN" in text
    assert "my-own-token" not in text and OPS not in text


async def test_sign_in_methods_are_those_that_work(tmp_path: Path) -> None:
    """The dev token is useless on a server that others can reach."""
    users = tmp_path / "users.csv"
    users.write_text(FILE)
    text, port = await printed(tmp_path, "--host", "0.0.0.0", "--users", str(users))
    assert f"http://localhost:{port}/ " in text and "name and code: see" in text and "token: dev-token" not in text
    text, _ = await printed(tmp_path, "--host", "0.0.0.0")
    assert "nobody can sign in" in text and "--users FILE" in text


async def test_key_that_git_would_commit_is_named(tmp_path: Path) -> None:
    """In any repository, and only until git ignores it."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    text, _ = await printed(tmp_path, "--audit", str(tmp_path / "room.db"))
    assert f"git does not ignore {tmp_path / 'room.key'}; so that it is never committed, add room.key to" in text
    (tmp_path / ".gitignore").write_text("room.key\n")
    text, _ = await printed(tmp_path, "--audit", str(tmp_path / "room.db"))
    assert "git does not ignore" not in text


async def test_key_outside_any_repository_is_not_mentioned(tmp_path: Path) -> None:
    text, _ = await printed(tmp_path, "--audit", str(tmp_path / "room.db"))
    assert "git" not in text
