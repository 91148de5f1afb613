"""`labkit serve` as a process beside this one: a blocked or busy cell does not stop its heartbeats.

It ends with its parent, however the parent ends: its stdin is our end of a pipe. It has a session of its own, so that
interrupting a notebook cell, which signals the kernel's whole process group, leaves it running.
"""

import contextlib
import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, Queue
from typing import IO

from labkit.bench.launch.python import python

READY = "WebSocket server listening on "
START_S = 20.0
STOP_S = 10.0
LOG_LINES = 32


class ServerDied(RuntimeError):
    """The server ended before it was ready; the text holds the last lines of its log."""


class ServerProcess:
    """One server process. `start` returns when it listens."""

    def __init__(self, environment: Mapping[str, str], options: Sequence[str] = ()) -> None:
        """`options` as for `labkit serve`; secrets belong in `environment`, where no process list shows them."""
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self.url = ""
        self.options = list(options)
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[str] | None = None

    def start(self, port: int = 0) -> str:
        """Start it and return its address. Raises ServerDied."""
        process = self._process = subprocess.Popen(
            self.command(port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=self._environment,
            start_new_session=True,
        )
        said: Queue[str] = Queue()
        assert process.stdout is not None and process.stderr is not None
        threading.Thread(target=self._listen, args=(process.stdout, said), daemon=True).start()
        follower = threading.Thread(target=_follow, args=(process.stderr, self.log.append), daemon=True)
        follower.start()
        self.url = self._wait_until_ready(said, follower)
        return self.url

    def command(self, port: int) -> list[str]:
        """What is run."""
        return python("labkit", "serve", "--with-parent", "--port", str(port), *self.options)

    def hear(self, line: str) -> None:
        """What it prints once it is ready; `labkit serve` prints nothing."""

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def terminate(self) -> int:
        """SIGTERM, wait for the drain, and return the exit code; SIGKILL when it does not end."""
        return self._end(kill=False)

    def kill(self) -> int:
        """SIGKILL: it says no word to anybody."""
        return self._end(kill=True)

    def _end(self, kill: bool) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.kill() if kill else process.terminate()
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        if process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
        return code

    def _listen(self, out: IO[str], said: "Queue[str]") -> None:
        said.put(out.readline().rstrip("\n"))
        _follow(out, self.hear)

    def _wait_until_ready(self, said: "Queue[str]", follower: threading.Thread) -> str:
        try:
            line = said.get(timeout=START_S)
        except Empty:
            line = ""
        if line.startswith(READY):
            return line.removeprefix(READY)
        self.kill()
        follower.join(1)
        raise ServerDied("the server did not start:\n" + "\n".join(self.log or ["(it said nothing)"]))


def _follow(stream: IO[str], keep: Callable[[str], object]) -> None:
    with stream:
        for line in stream:
            keep(line.rstrip("\n"))
