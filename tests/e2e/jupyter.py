"""JupyterLab as `make lab` starts it, and the processes that it leaves."""

import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.e2e.need import ROOT
from tests.ports import free_port


@contextmanager
def jupyter_lab(home: Path, folder: Path, python: str = sys.executable, where: Path = ROOT) -> Iterator[str]:
    """JupyterLab on a folder, as `make lab` starts it; yields its address with the token in it.

    `python` is the interpreter of the environment, and `where` the folder that it is started in.
    """
    token, port = secrets.token_hex(16), free_port()
    dirs = (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "IPYTHONDIR",
        "JUPYTERLAB_SETTINGS_DIR",
        "JUPYTERLAB_WORKSPACES_DIR",
    )
    environment = {**os.environ, **{name: str(home / name.lower()) for name in dirs}}
    environment["LABKIT_HOME"] = str(home / "learner")  # a class joined in one file's tests must not reach the next
    options = ["--no-browser", "--allow-root", "--ip", "127.0.0.1", "--port", str(port), f"--ServerApp.token={token}"]
    command = [
        python,
        "-m",
        "labkit",
        "lab",
        str(folder),
        "--",
        *options,
        "--LabApp.expose_app_in_browser=True",
    ]
    with (home / "jupyter.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=where, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={token}", process, home / "jupyter.log")
            yield f"http://127.0.0.1:{port}/lab/tree/{{path}}?token={token}&reset"
        finally:
            process.terminate()
            process.wait(timeout=90)  # its kernels end first
    assert left(f"JUPYTER_CONFIG_DIR={home}") == [], "outlived JupyterLab"


def left(*marks: str, seconds: float = 15) -> list[str]:
    """The processes with these words in their environment that do not end: kernels, and servers of labs."""
    deadline = time.monotonic() + seconds
    while True:
        found = [command for words, command in _processes() if all(mark.encode() in words for mark in marks)]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def _processes() -> Iterator[tuple[bytes, str]]:
    """The environment and the command line of every process that we may look at."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (folder / "environ").read_bytes(), (folder / "cmdline").read_text().replace("\0", " ")


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    """Until an address answers 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"JupyterLab ended:\n{log.read_text()[-3000:]}"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not answer in {seconds} s:\n{log.read_text()[-3000:]}")
