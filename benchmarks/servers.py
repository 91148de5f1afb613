"""The servers that are measured, each a process on core 0. All do the same work: auth, rooms, checks, an audit line.

ours       `labkit serve --audit`: every event stored in SQLite before anyone hears of it; no rate limits
no audit   the same without `--audit`
uvloop     ours with `--loop uvloop`; the others of ours run on asyncio
plain      ours with `--set fast_path=off`
article    Node and `ws` in the article's manner
ideas      Node with our ideas: what is the design's merit, and what the language's
aiohttp    a room server as aiohttp's documentation would have it
ceiling    C that checks nothing and only sends: what this machine's kernel allows
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
    """A server that listens."""

    port: int
    pid: int


@contextmanager
def running(name: str) -> Iterator[Running]:
    """One server, from its start to its end. Raises ClickException when it does not start."""
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
    """Run this process on one core, and before what else wants it, where that is allowed."""
    os.sched_setaffinity(0, {core})
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)


def missing(name: str) -> str | None:
    """Why a server cannot be run here; None when it can."""
    if name in ("article", "ideas"):
        if shutil.which("node") is None:
            return "there is no node here; install Node 20 or newer"
        if not WS.is_dir():
            return "Node's ws is not here; `make setup-e2e` installs it"
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
