"""Output that never waits for its reader.

A pipe that nobody reads, or a terminal paused with Ctrl-S, blocks the thread that writes to it. In a server, that is
the event loop: logging 300 connections was enough to stop every member's heartbeat.

    with never_waiting():
        asyncio.run(main())          # a separate thread writes its output
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOBase
from queue import SimpleQueue
from time import monotonic, sleep
from typing import TextIO

from labkit.platform.standard_streams import raw_writer

MOST_WAITING = 4096  # lines; about a megabyte of log
LAST_WORDS_S = 1.0  # how long to keep writing at exit; an unread pipe must not keep the process alive


class Output(TextIOBase):
    """A replacement for sys.stdout or sys.stderr, with a bounded queue and a thread that writes.

    Once the queue is full, lines are dropped until it is empty again; then one line says how many. There is no lock,
    because a finalizer that logs may run in the middle of any method here.
    """

    def __init__(self, stream: TextIO) -> None:
        self.about_dropped: Callable[[int], str] = _in_words
        self._stream = stream
        self._is_full = False
        self._dropped = 0
        self._unwritten = self._reported = 0  # used only by the thread
        self._queued = self._handled = 0  # numbers of writes; only the thread changes the second
        self._fault: OSError | None = None
        self._is_torn = False
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="labkit output", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The underlying stream's encoding."""
        return self._stream.encoding or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """The underlying stream's error handler."""
        return self._stream.errors

    def fileno(self) -> int:
        """Return the underlying stream's file descriptor."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether the underlying stream is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Queue text without blocking. Raises UnicodeEncodeError or TypeError, as the underlying stream would."""
        if not isinstance(text, str):  # click tests in this way whether a stream accepts bytes
            raise TypeError(f"this stream accepts text, not {type(text).__name__}")
        data = text.encode(self.encoding, self.errors or "strict")
        if self._queue.empty():
            self._is_full = False
        elif self._queue.qsize() >= MOST_WAITING:
            self._is_full = True
        if self._is_full:
            self._dropped += data.count(b"\n")
        elif data:
            self._queued += 1
            self._queue.put(data)
        return len(text)

    def wait_written(self) -> None:
        """Wait up to LAST_WORDS_S until everything is written. Raises OSError if writing failed."""
        late_at = monotonic() + LAST_WORDS_S
        while self._handled < self._queued and monotonic() < late_at:
            sleep(0.002)
        if self._fault is not None:
            raise OSError(self._fault.errno, self._fault.strerror, "standard output")

    def end(self) -> None:
        """Give the thread up to LAST_WORDS_S to write the rest of the queue."""
        self._queue.put(None)
        self._thread.join(LAST_WORDS_S)

    # In the thread

    def _write_all(self) -> None:
        while (data := self._queue.get()) is not None:
            if not self._write(data):
                self._unwritten += data.count(b"\n")
            self._handled += 1
            if self._queue.empty():
                self._report()
        self._report()

    def _report(self) -> None:
        lost = self._dropped + self._unwritten - self._reported
        if lost and self._write(self.about_dropped(lost).encode(self.encoding) + b"\n"):
            self._reported += lost

    def _write(self, data: bytes) -> bool:
        """Bypass the stream's own buffer, because the interpreter waits for that buffer's lock at exit."""
        try:
            write = raw_writer(self._stream)
        except (OSError, ValueError):  # an in-memory stream
            with contextlib.suppress(ValueError):
                self._stream.write(data.decode(self.encoding))
            return True
        rest = b"\n" * self._is_torn + data
        try:
            while rest:
                rest = rest[write(rest) :]
                self._is_torn = bool(rest)
        except OSError as error:  # the reader is gone, or the disk is full; count the lines as lost
            self._fault = error
            return False
        return True


def _in_words(lines: int) -> str:
    return f"({lines} lines were dropped here, because nothing read them in time)"


def wait_written() -> None:
    """Wait up to LAST_WORDS_S until all printed text is written. Raises OSError if writing failed."""
    if isinstance(sys.stdout, Output):
        sys.stdout.wait_written()


@contextmanager
def never_waiting() -> Iterator[None]:
    """Replace sys.stdout and sys.stderr with an `Output` for the duration of the block."""
    usual = sys.stdout, sys.stderr
    for stream in filter(None, usual):  # None if the process started with the stream closed
        stream.flush()
    outputs = [stream and Output(stream) for stream in usual]
    sys.stdout, sys.stderr = outputs
    try:
        yield
    finally:
        sys.stdout, sys.stderr = usual
        for output in filter(None, outputs):
            output.end()
