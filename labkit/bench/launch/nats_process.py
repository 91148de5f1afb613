"""A NATS server with JetStream, as a process on loopback. It stores its log in a folder, where it survives kill -9."""

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, Queue
from time import monotonic, sleep

from labkit.bench.launch.server_process import START_S, ServerProcess
from labkit.platform.children import end_by_stdin
from labkit.platform.packages import missing
from labkit.platform.tied_program import tied

READY = "Server is ready"  # in its own log: on its port another program may answer


class NoNats(RuntimeError):
    """NATS is not installed or did not start; the message says what to do."""


class NatsProcess(ServerProcess):
    """One NATS server. It keeps its port when it is restarted."""

    def __init__(self, folder: Path, port: int = 0, options: Sequence[str] = ()) -> None:
        """`folder` will hold the stored log; port 0 picks a free port. Raises NoNats."""
        super().__init__({}, options)
        beside = Path(sys.executable).with_name("nats-server")
        program = str(beside) if beside.exists() else shutil.which("nats-server")
        if program is None or find_spec("nats") is None:
            raise NoNats(missing("nats_server"))
        self.port = port or _free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = folder
        self._program = program
        self._nats_pid = 0  # unknown

    @property
    def pid(self) -> int | None:
        """The process ID of NATS itself while it is running."""
        return self._nats_pid if super().pid is not None else None

    def start(self, port: int = 0) -> str:
        """Start NATS, wait until it is ready, and return its address. Raises NoNats."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._nats_pid = 0
        self.log.clear()
        return super().start(port or self.port)

    def command(self, port: int) -> list[str]:
        """Return the command line, which makes NATS end with this process."""
        where = ["-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(self._folder)]
        return tied([self._program, *where, *self.options])

    def _wait_until_ready(self, first_line: "Queue[str]", log_reader: threading.Thread) -> str:
        ends = monotonic() + START_S
        with suppress(Empty, ValueError):
            self._nats_pid = int(first_line.get(timeout=START_S))
        while self.pid and monotonic() < ends:
            if any(READY in line for line in list(self.log)):
                return self.url
            sleep(0.02)
        exit_code = self.kill()
        log_reader.join(1)
        raise NoNats(f"nats-server did not start (exit code {exit_code}):\n" + "\n".join(list(self.log)[-5:]))

    def _kill(self, process: "subprocess.Popen[str]") -> None:
        """Close stdin, which kills NATS at once."""
        end_by_stdin(process)

    def _ask_to_end(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        with suppress(OSError):  # NATS has just ended by itself
            process.stdin.write("end\n")
            process.stdin.flush()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
