"""JupyterLab as `labkit lab` starts it, with nobody at its terminal."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.hangup import heeded
from tests.pipes import full_pipe

START_S = 60


def test_closed_terminal_stops_it_with_unread_log(tmp_path: Path) -> None:
    """It responds with its log in a full pipe; SIGHUP stops it and its kernels, like SIGTERM."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--no-browser", f"--port={port}", f"--ServerApp.root_dir={tmp_path}", "--allow-root", "--ip=127.0.0.1"]
    with full_pipe() as (_, writing), heeded():
        child = subprocess.Popen(
            [sys.executable, "-m", "labkit.commands.quick_jupyter", *options],
            stdin=subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
            env={**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path / "run"), "JUPYTER_CONFIG_DIR": str(tmp_path)},
        )
        try:
            assert answers(f"http://127.0.0.1:{port}/api")
            child.send_signal(signal.SIGHUP)
            assert child.wait(START_S) == 0
        finally:
            child.kill()
            child.wait()


def answers(url: str) -> bool:
    """Whether it responds in time."""
    ends = time.monotonic() + START_S
    while time.monotonic() < ends:
        try:
            with urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            time.sleep(0.1)
    return False
