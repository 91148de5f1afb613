"""One process that forks an answer's process in no time: the judge's side. `nursery_main` is the other.

async with Nursery() as nursery, nursery.start(request) as process:
    if process.fault is None: ...            # process.url, or await process.call(...)
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from labkit.course.running.answer_process import PATIENCE_S, AnswerProcess
from labkit.course.running.nursery_main import ORDER

END_S = 10


class Nursery:
    """One process that forks an answer's process in no time. `async with`; leaving it ends them all."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    async def __aenter__(self) -> Self:
        ours, theirs = socket.socketpair()
        self._socket = ours
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "labkit.course.running.nursery_main", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        try:
            await asyncio.to_thread(self._process.wait, END_S)
        finally:
            self._process.kill()
            self._process.wait()

    @contextlib.asynccontextmanager
    async def start(self, request: dict[str, Any]) -> AsyncIterator[AnswerProcess]:
        """An answer's process that has loaded the answer, or tells in `fault` why not."""
        ours, theirs = socket.socketpair()
        read, write = os.pipe()
        with theirs:
            try:
                pid = await asyncio.to_thread(self._fork, theirs.fileno(), write)
            finally:
                os.close(write)
        process = AnswerProcess(ours, read, request.get("patience_s", PATIENCE_S))
        try:
            await process.load(request)
            yield process
        finally:
            with contextlib.suppress(OSError):
                self._socket.sendall(ORDER.pack(b"e", pid))
            await process.close()

    def _fork(self, *descriptors: int) -> int:
        with self._lock:
            socket.send_fds(self._socket, [ORDER.pack(b"s", 0)], descriptors)
            answer = self._socket.recv(ORDER.size, socket.MSG_WAITALL)
        return int(ORDER.unpack(answer)[1])
