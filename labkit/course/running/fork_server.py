"""The judge's side of the fork server, which starts a process for an answer within milliseconds.

async with ForkServer() as fork_server, fork_server.start(request) as process:
    if process.fault is None: ...            # process.url, or await process.call(...)
"""

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import AsyncIterator
from typing import IO, Any, Self

from labkit.bench.launch.python import last_words, python
from labkit.course.running.answer_process import PATIENCE_S, AnswerProcess
from labkit.course.running.fork_server_main import COMMAND

END_S = 10
FORK_S = 30.0  # a fork takes milliseconds: a server that takes so long was stopped


class CannotFork(RuntimeError):
    """A process for an answer cannot start; the message says why."""


class ForkServer:
    """A process that has already loaded the libraries and forks one process per answer.

    Leaving `async with` ends all of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def __aenter__(self) -> Self:
        """Start the fork server. Raises OSError if this machine cannot start a process."""
        ours, theirs = socket.socketpair()
        ours.settimeout(FORK_S)
        self._socket = ours
        with theirs:
            try:
                self._process = subprocess.Popen(
                    python("labkit.course.running.fork_server_main", str(theirs.fileno())),
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                )
            except BaseException:
                ours.close()
                raise
        assert self._process.stderr is not None
        self._errors: IO[bytes] = self._process.stderr
        os.set_blocking(self._errors.fileno(), False)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._socket.close()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.send_signal(signal.SIGCONT)  # an answer may have sent it SIGSTOP
                await asyncio.to_thread(self._process.wait, END_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._errors.close()

    @contextlib.asynccontextmanager
    async def start(self, request: dict[str, Any]) -> AsyncIterator[AnswerProcess]:
        """Start an answer's process and load the answer; `fault` says why that failed. Raises CannotFork, OSError."""
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        with theirs:
            try:
                pid = await asyncio.to_thread(self._fork, theirs.fileno(), write)
            except BaseException:
                ours.close()
                os.close(read)
                raise
            finally:
                os.close(write)
        process = AnswerProcess(ours, read, request.get("patience_s", PATIENCE_S))
        try:
            await process.load(request)
            yield process
        finally:
            with contextlib.suppress(OSError):
                self._socket.sendall(COMMAND.pack(b"e", pid))
            await process.close()

    @property
    def death(self) -> str:
        """How the fork server died; empty while it is running. The processes that it forked end with it."""
        return "" if self._process.poll() is None else f"it died: {last_words(self._errors.read() or b'')}"

    def _fork(self, *descriptors: int) -> int:
        with self._lock:
            try:
                self._process.send_signal(signal.SIGCONT)
                socket.send_fds(self._socket, [COMMAND.pack(b"s", 0)], descriptors)
                kind, number = COMMAND.unpack(self._socket.recv(COMMAND.size, socket.MSG_WAITALL))
            except (OSError, struct.error):
                raise CannotFork(self._why()) from None
        if kind != b"s":
            raise OSError(number, os.strerror(number))
        return int(number)

    def _why(self) -> str:
        """Return why the fork server is not answering."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        return f"the process that starts answers is gone: {self.death or f'no response for {FORK_S:g} s'}; check again"
