"""`labkit review`: exit codes, what it prints, and what it writes."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from labkit.cli import main
from labkit.review.probes import PROBES
from tests.wire.raw import Process, on_a_loop, process


async def review(server: Process, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run it beside a server."""
    command = [sys.executable, "-m", "labkit", "review", server.url, *arguments]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)


@on_a_loop
async def test_exit_0_when_all_held_and_reports_are_written(tmp_path: Path) -> None:
    """A progress line a probe, a summary, and three files."""
    files = [str(tmp_path / name) for name in ("r.json", "r.xml", "r.html")]
    async with process(tmp_path) as server:
        command = ["--only", "auth/1", "--only", "heartbeat/6", "--json", files[0], "--junit", files[1]]
        done = await review(server, *command, "--html", files[2])
    assert done.returncode == 0, done.stderr
    assert "2 held, 0 broken, 0 unknown" in done.stdout
    assert "2/2" in done.stderr
    assert json.loads(Path(files[0]).read_text())["summary"]["held"] == 2
    assert all(Path(file).stat().st_size for file in files)


@on_a_loop
async def test_exit_1_when_something_is_broken(tmp_path: Path) -> None:
    """A server whose auth timeout is longer than promised; the report says how to mend it."""
    async with process(tmp_path, "--set", "auth_timeout_s=60") as server:
        done = await review(server, "--only", "auth/4", "--set", "auth_timeout_s=0.2")
    assert done.returncode == 1
    assert done.stdout.startswith("broken  P1 auth/4")
    assert "fix:" in done.stdout
    assert "missing test:" in done.stdout


def test_exit_2_when_it_cannot_run(tmp_path: Path) -> None:
    """No server, no such probe, no such limit, no such dialect, no URL: a line each, and no traceback."""
    for arguments in (
        ["ws://127.0.0.1:9"],
        ["ws://127.0.0.1:9", "--only", "nothing"],
        ["ws://127.0.0.1:9", "--set", "nothing=1"],
        ["ws://127.0.0.1:9", "--set", "auth_timeout_s=soon"],
        ["ws://127.0.0.1:9", "--dialect", str(tmp_path / "missing.toml")],
        [],
    ):
        done = CliRunner().invoke(main, ["review", *arguments])
        assert done.exit_code == 2, arguments
        assert "Traceback" not in done.output


def test_list_names_every_probe_and_core_is_a_part() -> None:
    """A line a probe, without a server."""
    full = CliRunner().invoke(main, ["review", "--list"]).output.splitlines()
    core = CliRunner().invoke(main, ["review", "--list", "--profile", "core"]).output.splitlines()
    assert [line.split()[0] for line in full] == [probe.id for probe in PROBES]
    assert set(core) < set(full)
