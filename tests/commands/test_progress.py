"""`labkit progress`: a real job in a room, its output and its ending unchanged."""

import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from labkit.wire.client.client import Client
from tests.commands.test_say_listen import PATIENCE_S, has_member, start
from tests.wire.raw import TOKEN, port_of, process, serving, until

BARS = """import sys
for n in (10, 50, 90):
    print(f"\\rload: {n:3}%|#", end="", file=sys.stderr, flush=True)
    input()
"""
NOWHERE = "ws://127.0.0.1:1"


async def job(url: str, *command: str, wait: str = "10", token: str = TOKEN) -> asyncio.subprocess.Process:
    """Start a command in `labkit progress`."""
    own = ("--url", url, "--wait", wait, "--token", token)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "labkit", "progress", *own, "a", "j", "--", *command),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        start_new_session=True,
    )


async def seen(url: str, has_joined: Any, *command: str) -> tuple[int | None, bytes, list[tuple[str, float]]]:
    """Run a command; its exit code, its output, and the steps that a member received."""
    listener = await start("listen", "a", "--json", "--url", url)
    async with asyncio.timeout(PATIENCE_S):
        await until(has_joined)
        child = await job(url, *command)
        out, _ = await child.communicate()
        steps: list[tuple[str, float]] = []
        assert listener.stdout is not None
        while not steps or steps[-1][0] not in ("done", "failed"):
            event = json.loads(await listener.stdout.readline())
            steps.append((event["phase"], event["percent"]))
    listener.kill()
    await listener.communicate()
    return child.returncode, out, steps


async def test_pytest_passes_and_is_done(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("def test_one(): pass\n")
    async with serving() as server:
        command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path))
        code, out, steps = await seen(server.url, lambda: has_member(server), *command)
    assert code == 0 and b"1 passed" in out and steps[-1] == ("done", 100)


async def test_failing_script_keeps_its_exit_code_and_percent() -> None:
    async with serving() as server:
        script = "echo \"make[1]: Entering directory 'docs'\"; echo '[ 42%] Linking'; exit 7"
        code, out, steps = await seen(server.url, lambda: has_member(server), "sh", "-c", script)
    assert (code, steps[-1]) == (7, ("failed", 42)) and out.endswith(b"[ 42%] Linking\n")


@pytest.mark.parametrize("ending", ["exit 3", "kill -9 $$", "kill -15 $$"])
async def test_without_a_server_the_command_runs_and_stderr_says_so(ending: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        child = await job(NOWHERE, "sh", "-c", f"printf out; printf err >&2; {ending}", wait="0.1")
        out, err = await child.communicate()
    assert child.returncode == {"exit 3": 3, "kill -9 $$": 137, "kill -15 $$": 143}[ending]
    assert out == b"out" and err.startswith(b"err") and b"did not reach the room" in err


async def test_refused_token_changes_no_exit_code() -> None:
    async with serving() as server, asyncio.timeout(PATIENCE_S):
        child = await job(server.url, "sh", "-c", "sleep 1; echo out; exit 3", token="not-the-token")
        out, err = await child.communicate()
    assert (child.returncode, out) == (3, b"out\n") and b"4403" in err and err.count(b"\n") == 1


async def test_command_that_cannot_start_exits_2() -> None:
    child = await job(NOWHERE, "no-such-command")
    _, err = await child.communicate()
    assert child.returncode == 2 and b"'no-such-command' was not started" in err and b"Traceback" not in err


async def test_restart_in_the_middle_hides_nothing_final(tmp_path: Path) -> None:
    """A member and a job with tqdm's carriage returns, across a server's end and another one on its port."""
    audit = ("--audit", str(tmp_path / "room.db"))
    async with asyncio.timeout(PATIENCE_S), AsyncExitStack() as stack:
        async with process(tmp_path, *audit) as server:
            member = await stack.enter_async_context(Client(server.url, TOKEN))
            room = await member.join("a")
            child = await job(server.url, sys.executable, "-c", BARS, wait="60")
            steps = [await anext(room)]
            await server.end(signal.SIGTERM)
        assert child.stdin is not None
        child.stdin.write(b"\n\n\n")
        async with process(tmp_path, *audit, "--port", str(port_of(server.url))):
            while steps[-1]["phase"] != "done":
                steps.append(await anext(room))
            _, err = await child.communicate()
    assert child.returncode == 0 and err.count(b"\r") == 3 and b"did not reach" not in err
    assert [event["seq"] for event in steps] == list(range(1, len(steps) + 1)) and steps[-1]["percent"] == 100
