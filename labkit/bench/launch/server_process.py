"""Server processes that end with this one, so that a blocked or busy notebook cell does not stop their heartbeats.

The server's stdin is a pipe: however this process ends, the pipe closes and the server stops too. The server
has its own session, so interrupting a notebook cell, which signals the kernel's whole process group, leaves it running.
"""

import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, Queue
from typing import IO

from labkit.bench.launch.python import python
from labkit.platform.children import OWN_GROUP, end_by_stdin

READY = "WebSocket server listening on "
START_S = 40.0  # the first start on a laptop whose antivirus reads every file
STOP_S = 10.0
LOG_LINES = 32


class ServerDied(RuntimeError):
    """The server exited before it was ready; the message contains the end of its log."""


class ServerProcess:
    """One `labkit serve` process."""

    def __init__(self, environment: Mapping[str, str], options: Sequence[str] = ()) -> None:
        """`options` are those of `labkit serve`. Put secrets in `environment`, because process lists show options."""
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self.url = ""
        self.options = list(options)
        self._environment = {**os.environ, **environment}
        self._process: subprocess.Popen[str] | None = None

    def start(self, port: int = 0) -> str:
        """Start the server, wait until it is listening, and return its address. Raises ServerDied."""
        process = self._process = subprocess.Popen(
            self.command(port),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=self._environment,
            **OWN_GROUP,
        )
        first_line: Queue[str] = Queue()
        assert process.stdout is not None and process.stderr is not None
        threading.Thread(target=self._read_output, args=(process.stdout, first_line), daemon=True).start()
        log_reader = threading.Thread(target=_read_lines, args=(process.stderr, self.log.append), daemon=True)
        log_reader.start()
        self.url = self._wait_until_ready(first_line, log_reader)
        return self.url

    def command(self, port: int) -> list[str]:
        """Return the command line that starts the server."""
        return python("labkit", "serve", "--with-parent", "--port", str(port), *self.options)

    def printed(self, line: str) -> None:
        """Handle a line that the server prints after the first; `labkit serve` prints none."""

    @property
    def pid(self) -> int | None:
        """The server's process ID while it is running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def terminate(self) -> int:
        """Close its stdin, wait for the drain, and return the exit code. Kill the server if it does not exit."""
        return self._end(kill=False)

    def kill(self) -> int:
        """Kill the server, so that no connection is closed properly."""
        return self._end(kill=True)

    def _end(self, kill: bool) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            self._kill(process) if kill else self._ask_to_end(process)
        try:
            code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        end_by_stdin(process)
        return code

    def _kill(self, process: "subprocess.Popen[str]") -> None:
        process.kill()

    def _ask_to_end(self, process: "subprocess.Popen[str]") -> None:
        """Start its drain."""
        end_by_stdin(process)

    def _read_output(self, out: IO[str], first_line: "Queue[str]") -> None:
        first_line.put(out.readline().rstrip("\n"))
        _read_lines(out, self.printed)

    def _wait_until_ready(self, first_line: "Queue[str]", log_reader: threading.Thread) -> str:
        line, wordless = "", "(it printed nothing)"
        try:
            line = first_line.get(timeout=START_S)
        except Empty:
            wordless = f"(it printed nothing for {START_S:g} s; end other programs, and try again)"
        if line.startswith(READY):
            return line.removeprefix(READY)
        self.kill()
        log_reader.join(1)
        raise ServerDied("the server did not start:\n" + "\n".join(self.log or [wordless]))


def _read_lines(stream: IO[str], keep: Callable[[str], object]) -> None:
    with stream:
        for line in stream:
            keep(line.rstrip("\n"))
