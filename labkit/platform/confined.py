"""A process that runs somebody else's code: with limits, without our terminal, and ended with all that it started.

process = start(command, cpu_s=60, memory=2 * 1024**3, files=256)      # its three streams are pipes
end(process, leader)
"""

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from labkit.platform.children import OWN_GROUP

END_S = 10
KEEPER = str(Path(__file__).with_name("keeper.py"))

if sys.platform == "win32":

    def _kill_group(leader: int) -> None:
        """Windows has jobs instead, see `keeper`."""

    def _wake(process: psutil.Popen) -> None:
        """No program can stop another one here."""

else:
    import os

    def _kill_group(leader: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)

    def _wake(process: psutil.Popen) -> None:
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGCONT)


def start(command: list[str], *, cpu_s: int, memory: int, files: int) -> psutil.Popen:
    """Start a command under a keeper. Raises OSError when this machine can start no process."""
    limits = map(str, (cpu_s, memory, files))
    keeper = [sys.executable, "-E", "-P", "-S", KEEPER, *limits, *command]
    pipe = subprocess.PIPE
    return psutil.Popen(keeper, stdin=pipe, stdout=pipe, stderr=pipe, **OWN_GROUP)


def end(process: psutil.Popen, leader: psutil.Process | None = None) -> None:
    """Kill what `start` has started. `leader`: the process of the command itself, if it is known."""
    for one in _family(process, leader):
        with contextlib.suppress(psutil.Error):
            one.kill()
    if leader is not None:
        _kill_group(leader.pid)
    _wake(process)  # it ends by itself, after the orphans
    with contextlib.suppress(psutil.TimeoutExpired, subprocess.TimeoutExpired):
        process.wait(END_S)
    with contextlib.suppress(psutil.Error):
        process.kill()
    process.wait()


def _family(*roots: psutil.Process | None) -> set[psutil.Process]:
    """Return what these have started and still know of, and all of them except the keeper."""
    found = {root for root in roots[1:] if root is not None}
    for root in roots:
        with contextlib.suppress(psutil.Error):
            found |= set(root.children(recursive=True) if root is not None else ())
    return found
