"""The benchmarked servers, each a process on core 0. All do the same work: auth, rooms, validation and an audit line.

ours       `labkit serve --audit`: every event is stored in SQLite before it is delivered; no rate limits
no audit   the same without `--audit`
uvloop     ours with `--loop uvloop`; our other variants run on asyncio
plain      ours with `--set fast_path=off`
article    Node and `ws`, written in the article's style
ideas      Node with our ideas, to separate the effects of design and language
aiohttp    a room server written as aiohttp's documentation suggests
ceiling    C code that checks nothing and only sends, to show this machine's limit
"""

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

import click

from benchmarks.compiled import program

ROOT = Path(__file__).parent.parent
WS = ROOT / ".e2e/node_modules/ws"
TOKEN = "a-token-for-benchmarks"
SERVER_CORE, GENERATOR_CORE = 0, 1
START_S = 20.0
UNLIMITED = [
    *("--set", "messages_per_s=off", "--set", "handshakes_per_s=off"),
    *("--set", "connections=off", "--set", "connections_per_address=off"),
]
OURS = [sys.executable, "-m", "labkit", "serve", "--quiet", "--host", "127.0.0.1", "--port", "0", *UNLIMITED]
NAMES = ["ours", "no audit", "uvloop", "plain", "article", "ideas", "aiohttp", "ceiling"]


class Running(NamedTuple):
    """A server that is listening."""

    port: int
    pid: int


@contextmanager
def running(name: str) -> Iterator[Running]:
    """Run a server for the duration of the block. Raises ClickException if it does not start."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        says_port_on_stderr = name in ("article", "ideas", "aiohttp")
        process = subprocess.Popen(
            _command(name, folder),
            env=os.environ | {"DEV_TOKEN": TOKEN, "PORT": "0", "PYTHONUNBUFFERED": ""},
            stdout=nowhere if says_port_on_stderr else subprocess.PIPE,
            stderr=subprocess.PIPE if says_port_on_stderr else None,
            text=True,
            cwd=ROOT,
            preexec_fn=lambda: alone_on(SERVER_CORE),
        )
        try:
            said = process.stderr if says_port_on_stderr else process.stdout
            assert said is not None
            yield Running(_port(name, said), process.pid)
        finally:
            process.kill()
            process.wait()


def alone_on(core: int) -> None:
    """Pin this process to one core and, if permitted, raise its priority."""
    os.sched_setaffinity(0, {core})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)


def missing(name: str) -> str | None:
    """Return why a server cannot run here, or None if it can."""
    if name in ("article", "ideas"):
        if shutil.which("node") is None:
            return "Node is not installed; install Node 20 or newer"
        if not WS.is_dir():
            return "the Node package ws is not installed; run `make setup-e2e`"
    return None


def _command(name: str, folder: str) -> list[str]:
    if name in ("article", "ideas"):
        return ["node", str(ROOT / f"benchmarks/peers/{name}.mjs"), str(WS)]
    return {
        "ours": [*OURS, "--audit", f"{folder}/audit.db"],
        "no audit": OURS,
        "uvloop": [*OURS, "--loop", "uvloop", "--audit", f"{folder}/audit.db"],
        "plain": [*OURS, "--audit", f"{folder}/audit.db", "--set", "fast_path=off"],
        "aiohttp": [sys.executable, str(ROOT / "benchmarks/peers/on_aiohttp.py")],
        "ceiling": [program("ceiling")] if name == "ceiling" else [],
    }[name]


def _port(name: str, said: IO[str]) -> int:
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(said.readline()), daemon=True).start()
    try:
        return int(lines.get(timeout=START_S).rstrip().rpartition(":")[2])
    except (queue.Empty, ValueError):
        raise click.ClickException(f"the server {name!r} did not start") from None
