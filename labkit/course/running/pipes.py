"""The pipes to one answer's process: packets to it, packets from it, and what it prints.

Threads read and write them, because an event loop cannot do that on every system.
"""

import asyncio
import contextlib
import hmac
import queue
import secrets
import threading
from collections.abc import Callable
from typing import IO, Any

import psutil

from labkit.bench.launch.python import python
from labkit.course.running import shortage
from labkit.course.running.packets import HEAD, KEY_BYTES, SEAL_BYTES, BadPacket, Seal, length
from labkit.platform import confined

MOST_CPU_S = 60
MOST_PRINTED = 8 * 1024 * 1024  # a check calls a rule some thousand times, and each call may print a little
JOIN_S = 1.0


class Pipes:
    """One process, from its start to its end."""

    def __init__(self, on_packet: Callable[[bytes | None], None], on_printed: Callable[[bytes], None]) -> None:
        """Start it. The running loop calls `on_packet` with each packet, then with None. Raises OSError, RuntimeError.

        `on_printed` gets no more than MOST_PRINTED bytes and one part.
        """
        loop = asyncio.get_running_loop()
        self.has_begun = False
        self.leader: psutil.Process | None = None  # the answer's own process, if it lives
        self._packets: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._process = confined.start(
            python("labkit.course.running.answer_main"),
            cpu_s=MOST_CPU_S,
            memory=shortage.MEMORY,
            files=shortage.FILES,
        )
        self._threads: list[threading.Thread] = []
        key = secrets.token_bytes(KEY_BYTES)
        self._packets.put(key)
        try:
            self._begin(_write, self._process.stdin, self._packets)
            self._begin(_read, self._process.stdout, loop, on_packet, Seal(key))
            self._begin(_copy, self._process.stderr, loop, on_printed)
        except BaseException:
            self.end()
            raise

    def meet(self, pid: int) -> None:
        """Note the pid of the answer's own process. Only the first one counts: an answer could report any."""
        if not self.has_begun:
            self.has_begun = True
            with contextlib.suppress(psutil.Error):
                self.leader = psutil.Process(pid)

    def send(self, packet: bytes) -> None:
        """Send a packet, at once or when the process reads."""
        self._packets.put(packet)

    def end(self) -> None:
        """End the process and everything that it started. Idempotent."""
        confined.end(self._process, self.leader)
        self._packets.put(None)
        for thread in self._threads:
            thread.join(JOIN_S)

    def _begin(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)


def _write(stream: IO[bytes], packets: "queue.SimpleQueue[bytes | None]") -> None:
    with contextlib.suppress(OSError), stream:
        while packet := packets.get():
            stream.write(packet)
            stream.flush()


def _read(stream: IO[bytes], loop: asyncio.AbstractEventLoop, give: Callable[[bytes | None], None], seal: Seal) -> None:
    with contextlib.suppress(OSError, RuntimeError), stream:  # RuntimeError: the loop is closed
        try:
            while len(start := stream.read(SEAL_BYTES + HEAD.size)) == SEAL_BYTES + HEAD.size:
                head = start[SEAL_BYTES:]
                body = stream.read(size := length(head))
                if len(body) < size:
                    break
                is_ours = hmac.compare_digest(start[:SEAL_BYTES], seal.of(head + body))
                loop.call_soon_threadsafe(give, body if is_ours else b"")
                if not is_ours:
                    break
        except BadPacket:
            loop.call_soon_threadsafe(give, b"")
        loop.call_soon_threadsafe(give, None)


def _copy(stream: IO[bytes], loop: asyncio.AbstractEventLoop, give: Callable[[bytes], None]) -> None:
    left = MOST_PRINTED
    with contextlib.suppress(OSError, RuntimeError), stream:
        while left >= 0 and (data := stream.read1(65536)):  # type: ignore[attr-defined]
            loop.call_soon_threadsafe(give, data)
            left -= len(data)
