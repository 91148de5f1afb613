"""Pipes that nobody reads."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def fill(descriptor: int) -> None:
    """Write until there is no room for one byte more; whoever writes next waits."""
    os.set_blocking(descriptor, False)
    for size in (65536, 1):
        try:
            while True:
                os.write(descriptor, b"." * (size - 1) + b"\n")
        except BlockingIOError:
            pass
    os.set_blocking(descriptor, True)


@contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe that is full."""
    ends = os.pipe()
    try:
        fill(ends[1])
        yield ends
    finally:
        for end in ends:
            os.close(end)
