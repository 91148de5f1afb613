"""Run a command, pass its output through, and keep the last step that the output reported.

Nothing here waits for the network. This program exits as the command does.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from time import monotonic
from typing import IO, TextIO

from labkit.platform.children import count_on_exit_codes
from labkit.platform.os_errors import is_closed_pipe, why
from labkit.platform.pipes import has_data
from labkit.platform.signals import on_request
from labkit.platform.standard_streams import raw_writer
from labkit.text.job_output import JobOutput, Step

CHUNK = 65536
GLANCE_S = 0.05
MOST_IN_A_PIPE = 1 << 20  # the largest that Linux allows an ordinary user
LAST_OUTPUT_S = 1.0  # for the output of a killed command, if nobody reads it


class Job:
    """A command, started once. `is_over` turns true when a signal arrives and no command is left to receive it."""

    def __init__(self, command: Sequence[str]) -> None:
        self.command = command
        self.step = Step("started", 0)
        self.is_over = False
        self._process: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []
        self._has_ended = threading.Event()
        self._lock = threading.Lock()

    def start(self, out: TextIO | None, err: TextIO | None) -> None:
        """Start the command, and pass its output to these streams. Raises OSError or ValueError if it cannot start."""
        writers = [_writer(stream) for stream in (out, err)]
        count_on_exit_codes()
        on_request(self._signalled)
        process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        assert process.stdout is not None and process.stderr is not None
        ways = zip((process.stdout, process.stderr), writers)
        self.pumps = [Pump(source, write, self._has_ended, self._reader()) for source, write in ways]
        for pump in self.pumps:
            pump.start()
        self._process = process
        for number in self._early:
            self._signalled(number, False)

    def wait(self) -> int:
        """Return the exit code once all output has been passed on; -n if signal n ended the command."""
        assert self._process is not None
        code = self._process.wait()
        self._has_ended.set()
        self.wait_for(self.pumps, LAST_OUTPUT_S if code < 0 else inf)
        return code

    def wait_for(self, threads: Sequence[threading.Thread], longest_s: float) -> None:
        """Wait until threads have ended, unless the time or a signal ends the wait first."""
        until = monotonic() + longest_s
        for thread in threads:
            while thread.is_alive() and not self.is_over and monotonic() < until:
                thread.join(GLANCE_S)

    def _signalled(self, number: int, is_for_all: bool) -> None:
        if self._process is None:
            self._early.append(number)
        elif self._process.poll() is not None:
            self.is_over = True
        elif not is_for_all:
            with suppress(OSError):  # such as a command that runs as another user
                self._process.send_signal(number)

    def _reader(self) -> Callable[[bytes], None]:
        output = JobOutput(self.step)

        def read(data: bytes) -> None:
            with self._lock:
                output.step = self.step
                self.step = output.feed(data)

        return read


class Pump(threading.Thread):
    """Passes one stream on. When the reader is gone, it closes the pipe, so that the command gets the usual error.

    A process that the command left running may keep the pipe open forever. So the pump also ends once the command has
    ended and its output has been passed on.
    """

    def __init__(
        self,
        source: IO[bytes],
        write: Callable[[bytes], int],
        has_ended: threading.Event,
        read: Callable[[bytes], None],
    ) -> None:
        super().__init__(daemon=True)
        self.fault: str | None = None
        self._source, self._write, self._has_ended, self._read = source, write, has_ended, read
        self._most = MOST_IN_A_PIPE

    def run(self) -> None:
        """Pass everything on."""
        with self._source:
            while data := self._next():
                if not self._has_written(data):
                    break
                self._read(data)

    def _next(self) -> bytes:
        while True:
            has_ended = (
                self._has_ended.is_set()
            )  # checked before reading, so that all the command's output is already in the pipe
            if has_data(self._source.fileno(), 0 if has_ended else GLANCE_S):
                data = os.read(self._source.fileno(), min(CHUNK, self._most))
                self._most -= len(data) if has_ended else 0
                return data
            if has_ended:
                return b""

    def _has_written(self, data: bytes) -> bool:
        try:
            while data:
                data = data[self._write(data) :]
        except OSError as error:
            self.fault = None if is_closed_pipe(error) else why(error)
            return False
        return True


def _writer(stream: TextIO | None) -> Callable[[bytes], int]:
    return len if stream is None else raw_writer(stream)
