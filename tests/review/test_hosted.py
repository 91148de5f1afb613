"""A server that the review starts: again when it is gone, and ended with the review."""

import asyncio
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.review import CannotReview, examine
from tests.hangup import heeded
from tests.wire.raw import on_a_loop, serving

FRAGILE = """\
import os
from labkit.broken import __main__, unmasked_frame_ends_all
def end(hub):
    print("SomeError: a frame without a mask", flush=True)
    os._exit(3)
unmasked_frame_ends_all.end_everybody = end
__main__.main()
"""


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@on_a_loop
async def test_a_server_that_the_review_starts_is_started_again(tmp_path: Path) -> None:
    """So what comes behind the probe that ended it is looked at too, its memory and its log as well."""
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
    assert report["protocol/1"].reproduce[-2:] == ("beside.hear()", "END")
    with pytest.raises(CannotReview, match="does a server listen"):
        await examine(url)


@on_a_loop
async def test_a_server_that_cannot_be_started_is_no_review(tmp_path: Path) -> None:
    """It is not there, it ends, or another listens there already."""
    words = f"{shlex.quote(sys.executable)} -c 'raise SystemExit(\"no idea\")'"
    async with serving() as server:
        with pytest.raises(CannotReview, match="end it, or leave out --start"):
            await examine(server.url, start=words)
    url = f"ws://localhost:{free_port()}"
    for start, told in (("no-such-program", "cannot start"), (words, "exit code 1: no idea"), ("'", "quotation")):
        with pytest.raises(CannotReview, match=told):
            await examine(url, start=start)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@on_a_loop
async def test_a_review_that_is_terminated_ends_the_server_that_it_started(
    number: signal.Signals, tmp_path: Path
) -> None:
    """A job that is cancelled leaves no server behind, nor does a terminal that is closed."""
    server, port = tmp_path / "server.py", free_port()
    server.write_text(FRAGILE)
    start = shlex.join([sys.executable, str(server), "unmasked_frame_ends_all", "--port", str(port)])
    words = ["review", f"ws://localhost:{port}", "--start", start, "--only", "auth/1", "--only", "auth/4"]
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with heeded():
        child = await asyncio.create_subprocess_exec(sys.executable, "-m", "labkit", *words, **streams)
    assert child.stderr is not None
    assert b"auth/1" in await asyncio.wait_for(child.stderr.readline(), 60)
    child.send_signal(number)
    _, said = await asyncio.wait_for(child.communicate(), 30)
    assert (child.returncode, b"interrupted after 1 of 2" in said) == (2, True), said
    with pytest.raises(OSError, match="onnect"):
        await asyncio.open_connection("localhost", port)
