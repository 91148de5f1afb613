"""A server that the review starts: restarted if it ends, and stopped with the review."""

import asyncio
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.review import CannotReview, examine
from labkit.review.hosted_server import Hosted
from tests.hangup import heeded
from tests.ports import free_port
from tests.wire.raw import serving

FRAGILE = """\
import os
from labkit.broken import __main__, protocol
def end(hub):
    print("SomeError: a frame without a mask", flush=True)
    os._exit(3)
protocol.end_process = end
__main__.main()
"""


async def test_server_started_by_the_review_is_restarted(tmp_path: Path) -> None:
    """The probes after the crash run too, with the memory and the log of the new process."""
    server, port = tmp_path / "server.py", free_port()
    server.write_text(FRAGILE)
    start, url = (
        shlex.join([sys.executable, str(server), "unmasked_frame_ends_all", "--port", str(port)]),
        f"ws://localhost:{port}",
    )
    only = ["protocol/1", "protocol/2", "protocol/6", "slow/6", "secrets/4"]
    report = await examine(url, start=start, only=only, promised={"outbox_bytes": 65536})
    verdicts = {one.id: one.verdict for one in report}
    assert verdicts == dict.fromkeys(only, "held") | {"protocol/1": "broken", "protocol/6": "broken"}, report
    assert "the server ended with exit code 3: SomeError" in report["protocol/1"].actual
    assert report["protocol/1"].reproduce[-2:] == ("canary.receive()", "END")
    with pytest.raises(CannotReview, match="does a server listen"):
        await examine(url)


async def test_server_that_cannot_start_raises_cannot_review(tmp_path: Path) -> None:
    """The program does not exist, it ends, or another one already listens on the port."""
    command = f"{shlex.quote(sys.executable)} -c 'raise SystemExit(\"bad config\")'"
    async with serving() as server:
        with pytest.raises(CannotReview, match="end it, or omit --start"):
            await examine(server.url, start=command)
    url = f"ws://localhost:{free_port()}"
    for start, told in (("no-such-program", "cannot start"), (command, "exit code 1: bad config"), ("'", "quotation")):
        with pytest.raises(CannotReview, match=told):
            await examine(url, start=start)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_terminated_review_stops_the_server_it_started(number: signal.Signals, tmp_path: Path) -> None:
    """Neither a cancelled job nor a closed terminal leaves a server running."""
    server, port = tmp_path / "server.py", free_port()
    server.write_text(FRAGILE)
    start = shlex.join([sys.executable, str(server), "unmasked_frame_ends_all", "--port", str(port)])
    command = ["review", f"ws://localhost:{port}", "--start", start, "--only", "auth/1", "--only", "auth/4"]
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with heeded():
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", "labkit", *command, **streams)
    assert child.stderr is not None
    while b"auth/1" not in await asyncio.wait_for(child.stderr.readline(), 60):
        pass
    child.send_signal(number)
    _, output = await asyncio.wait_for(child.communicate(), 30)
    assert (child.returncode, b"interrupted: 1 of 2" in output) == (2, True), output
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("localhost", port)


async def test_server_starts_with_its_variables_and_writes_to_the_named_log(tmp_path: Path) -> None:
    """The variables come on top of ours; the log is kept."""
    port = free_port()
    program = "import os; print(os.environ['COLOUR'], 'PATH' in os.environ, flush=True); import socket; "
    program += f"s = socket.create_server(('localhost', {port})); s.accept(); s.accept()"
    command = shlex.join([sys.executable, "-c", program])
    async with Hosted(command, f"ws://localhost:{port}", {"COLOUR": "green"}, tmp_path / "log"):
        pass
    assert (tmp_path / "log").read_text() == "green True\n"
