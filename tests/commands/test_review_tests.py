"""`labkit review --tests DIR`: exit codes, messages and the files."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from labkit.broken import broken
from labkit.cli import main
from labkit.wire.server import Server
from tests.wire.raw import TOKEN

WITH = ("--only", "rooms/2", "--token", TOKEN)


async def review(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it."""
    command = [sys.executable, "-m", "labkit", "review", url, *WITH, *arguments]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


async def test_tests_are_written_named_in_the_task_and_run_by_the_printed_command(tmp_path: Path) -> None:
    folder, task = tmp_path / "tests", tmp_path / "task.md"
    async with broken("chat_without_join")(port=0, token=TOKEN) as faulty:
        done = await review(faulty.url, "--tests", str(folder), "--task", str(task))
        command = done.stderr.splitlines()[-1].strip()
        environment = {**os.environ, "URL": faulty.url, "TOKEN": TOKEN, "PYTEST_ADDOPTS": "-p no:nbval"}
        run = [sys.executable, *command.split()[1:]]
        red = await asyncio.to_thread(subprocess.run, run, env=environment, capture_output=True, check=False)
        again = await review(faulty.url, "--tests", str(folder))
    async with Server(port=0, token=TOKEN) as ours:
        environment["URL"] = ours.url
        green = await asyncio.to_thread(subprocess.run, run, env=environment, capture_output=True, check=False)
    assert done.returncode == 1, done.stderr
    assert sorted(path.name for path in folder.glob("*.py")) == ["review_client.py", "test_rooms_2.py"]
    assert command == f"python -m pytest {folder}"
    assert (red.returncode, green.returncode) == (1, 0), green.stdout
    assert f"python -m pytest {folder}/test_rooms_2.py" in task.read_text()
    assert "Run the written test" in task.read_text()
    assert f"kept    {folder}/test_rooms_2.py" in again.stderr
    assert TOKEN not in done.stderr + "".join(path.read_text() for path in folder.glob("*.py"))


async def test_server_without_a_fault_gets_no_test(tmp_path: Path) -> None:
    async with Server(port=0, token=TOKEN) as ours:
        done = await review(ours.url, "--tests", str(tmp_path / "tests"))
    assert done.returncode == 0
    assert "no test to write" in done.stderr
    assert not (tmp_path / "tests").exists()


def test_folder_that_cannot_take_the_tests_exits_2_before_the_review(tmp_path: Path) -> None:
    (tmp_path / "review_client.mjs").write_text("// mine\n")
    for arguments, said in (
        (["ws://127.0.0.1:9", "--tests", str(tmp_path)], "is not ours"),
        (["ws://127.0.0.1:9", "--tests", str(tmp_path / "review_client.mjs")], "is a file"),
        (["--client", "true", "--tests", str(tmp_path / "new")], "--tests applies to the review of a server"),
        (["ws://127.0.0.1:9", "--tests-for", "java"], "java"),
    ):
        done = CliRunner().invoke(main, ["review", *arguments])
        assert done.exit_code == 2, arguments
        assert said in done.output
        assert "Traceback" not in done.output
