"""Output that never blocks on its reader.

A pipe that nobody reads, or a terminal stopped with Ctrl-S, blocks the writing thread. In a server that is the event
loop: the log of 300 connections was enough to stop every member's heartbeat.

    with never_waiting():
        asyncio.run(main())          # its output goes through a thread of its own
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
LAST_WORDS_S = 1.0  # to write what is queued at the end: an unread pipe must not keep the process alive


class Output(TextIOBase):
    """Replaces sys.stdout or sys.stderr: a bounded queue, and a thread that writes.

    Once the queue is full, lines are dropped until it is empty again; then one line gives their number. It has no lock,
    because a finalizer that logs may run in the middle of any of its methods.
    """

    def __init__(self, stream: TextIO) -> None:
        self.about_dropped: Callable[[int], str] = _in_words
        self._stream = stream
        self._is_full = False
        self._dropped = 0
        self._unwritten = self._reported = 0  # used by the thread only
        self._queued = self._handled = 0  # writes; only the thread changes the second
        self._fault: OSError | None = None
        self._is_torn = False
        self._queue: SimpleQueue[bytes | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, name="labkit output", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the underlying stream."""
        return self._stream.encoding or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """The error handler of the underlying stream."""
        return self._stream.errors

    def fileno(self) -> int:
        """Return the file descriptor of the underlying stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether the underlying stream is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Queue text without blocking. Raises UnicodeEncodeError and TypeError, as the underlying stream would."""
        if not isinstance(text, str):  # click tests this way whether a stream takes bytes
            raise TypeError(f"this stream takes text, not {type(text).__name__}")
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
        """Wait up to LAST_WORDS_S until everything is written. Raises OSError when the stream refuses it."""
        late_at = monotonic() + LAST_WORDS_S
        while self._handled < self._queued and monotonic() < late_at:
            sleep(0.002)
        if self._fault is not None:
            raise OSError(self._fault.errno, self._fault.strerror, "standard output")

    def end(self) -> None:
        """Give the thread up to LAST_WORDS_S to write what is queued."""
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
        """Write past the stream's own buffer, because the interpreter waits for that buffer's lock at exit."""
        try:
            write = raw_writer(self._stream)
        except (OSError, ValueError):  # a stream in memory
            with contextlib.suppress(ValueError):
                self._stream.write(data.decode(self.encoding))
            return True
        rest = b"\n" * self._is_torn + data
        try:
            while rest:
                rest = rest[write(rest) :]
                self._is_torn = bool(rest)
        except OSError as error:  # the reader is gone, or the disk is full: the lines are counted as lost
            self._fault = error
            return False
        return True


def _in_words(lines: int) -> str:
    return f"({lines} lines were dropped here, because nobody read them in time)"


def wait_written() -> None:
    """Wait up to LAST_WORDS_S until printed text is written. Raises OSError when standard output refuses it."""
    if isinstance(sys.stdout, Output):
        sys.stdout.wait_written()


@contextmanager
def never_waiting() -> Iterator[None]:
    """Replace sys.stdout and sys.stderr by an `Output` each, for the duration of the block."""
    usual = sys.stdout, sys.stderr
    for stream in filter(None, usual):  # a stream that was closed at start is None
        stream.flush()
    outputs = [stream and Output(stream) for stream in usual]
    sys.stdout, sys.stderr = outputs
    try:
        yield
    finally:
        sys.stdout, sys.stderr = usual
        for output in filter(None, outputs):
            output.end()
