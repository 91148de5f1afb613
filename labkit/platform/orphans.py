"""Kill the programs that this process has started, if this process is killed itself and cannot do it.

    orphans.watch(child.pid)      # the child was started with `OWN_GROUP`
    orphans.ended(child.pid)      # once it has been waited for: its id may be given to another program

A keeper, one for all of them, reads the ids from its stdin. That closes however this process ends, and then the keeper
kills the programs that have not ended, with all that they have started.
"""

import atexit
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

WAIT_S = 10.0
_watched: set[int] = set()
_keeper: "subprocess.Popen[str] | None" = None
_lock = Lock()


def watch(pid: int) -> None:
    """Let the keeper kill this program and its children if this process ends without having called `ended`."""
    with _lock:
        _watched.add(pid)
        _tell(f"+{pid}")


def ended(pid: int) -> None:
    """Forget a program. An unknown one is ignored."""
    with _lock:
        if pid in _watched:
            _watched.discard(pid)
            _tell(f"-{pid}")


def _tell(line: str) -> None:
    """Send the keeper a line; a new keeper, if there is none, gets every id."""
    global _keeper
    try:
        if _keeper is not None and _keeper.poll() is None:
            _write(_keeper, line)
            return
    except OSError:  # somebody has killed it
        pass
    if _watched:
        first = _keeper is None
        _keeper = _started()
        with suppress(OSError):
            _write(_keeper, "\n".join(f"+{pid}" for pid in sorted(_watched)))
        if first:
            atexit.register(_let_go)


def _started() -> "subprocess.Popen[str]":
    from labkit.platform.children import OWN_GROUP  # the keeper itself needs no installed library

    command = [sys.executable, "-I", "-S", str(Path(__file__))]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, stdin=subprocess.PIPE, text=True, encoding="utf-8", **quiet, **OWN_GROUP)


def _write(keeper: "subprocess.Popen[str]", line: str) -> None:
    assert keeper.stdin is not None
    keeper.stdin.write(f"{line}\n")
    keeper.stdin.flush()


def _let_go() -> None:
    if _keeper is not None and _keeper.stdin is not None:
        with suppress(OSError):
            _keeper.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            _keeper.wait(WAIT_S)


def _kill(pid: int) -> None:
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _main() -> None:
    """Read ids until stdin ends, then kill what is left."""
    left = set[int]()
    for line in sys.stdin:
        (left.add if line[0] == "+" else left.discard)(int(line[1:]))
    for pid in left:
        _kill(pid)


if __name__ == "__main__":
    _main()
