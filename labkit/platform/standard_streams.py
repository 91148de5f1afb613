"""Standard input, output and error: closed by some supervisors, or a pipe, a file or a console."""

import os
import select
import sys
from collections.abc import Callable
from typing import TextIO

LAST = 2  # stderr


def fill_standard_streams() -> None:
    """Open the null device on each standard descriptor that is closed.

    Otherwise the next socket or audit file would get that number, and receive any output that bypasses `sys.stdout`.
    uvloop aborts the process when it closes such a socket. `sys.stdin` and the others stay None.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= LAST:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def raw_writer(stream: TextIO) -> Callable[[bytes], int]:
    """Return what writes bytes past the stream's buffers, and returns how many. Raises OSError without a descriptor.

    A console of Windows shows bytes in its own old encoding: there Python's lowest layer has to translate.
    """
    descriptor = stream.fileno()
    if sys.platform == "win32" and stream.isatty():
        raw = stream.buffer.raw  # type: ignore[attr-defined]
        return lambda data: raw.write(data) or 0

    def write(data: bytes) -> int:
        try:
            return os.write(descriptor, data)
        except BlockingIOError:  # another process has made this shared pipe non-blocking
            select.select([], [descriptor], [])
            return 0

    return write


def speak_utf8() -> None:
    """Write UTF-8 to pipes and files too, where the system would have an older encoding for them."""
    if sys.platform == "win32" and not os.environ.get("PYTHONIOENCODING"):
        for stream in filter(None, (sys.stdin, sys.stdout, sys.stderr)):
            if not stream.isatty() and hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8")
