"""The verbs where the system is less than Linux; see as_on_macos.py."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

import labkit
from labkit.wire.audit.verify import verify
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
VERB = [sys.executable, "-m", "tests.platform.as_on_macos"]
pytestmark = pytest.mark.timeout(300)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*VERB, *arguments], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_server_with_clients_a_load_and_a_drain(tmp_path: Path) -> None:
    command = [*VERB, "serve", "--port", "0", "--with-parent", "--quiet", "--audit", str(tmp_path / "room.db")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        url = server.stdout.readline().split()[-1]

        async def visit() -> list[str]:
            async with labkit.connect(url, "dev-token") as ana, labkit.connect(url, "dev-token") as ben:
                rooms = [await ana.join("room:demo"), await ben.join("room:demo")]
                for number in range(20):
                    await rooms[0].chat(str(number))
                return [(await anext(rooms[1]))["text"] for _ in range(20)]

        assert asyncio.run(visit()) == [str(number) for number in range(20)]
        loaded = run("load", "--url", url, "--token", "dev-token", "--seconds", "1", "--json")
        assert loaded.returncode == 0, loaded.stdout + loaded.stderr
        server.stdin.close()
        assert server.wait(30) == 0
    assert verify(tmp_path / "room.db").is_intact


def test_storm_raises_the_limit_to_what_the_system_takes() -> None:
    """Three hundred sockets in one process: more than the 256 of the start, and infinity is refused."""
    done = run("storm", "--real", "--clients", "300", "--policy", "ours", "--seconds", "60", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["lost"] == 0


def test_review_of_our_own_server() -> None:
    port = free_port()
    start = f"{sys.executable} -m tests.platform.as_on_macos serve --port {port}"
    done = run("review", f"ws://localhost:{port}", "--start", start, "--only", "auth", "--only", "rooms")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_shared_port_is_one_sentence() -> None:
    done = run("serve", "--port", "0", "--reuse-port")
    assert done.returncode == 2 and "does not share a port" in done.stderr and "Traceback" not in done.stderr


def test_torture_of_several_servers_is_one_sentence() -> None:
    done = run("torture", "--servers", "2", "--seconds", "10")
    assert done.returncode == 2 and "needs Linux" in done.stderr and "Traceback" not in done.stderr
