"""SIGHUP for those that a test starts: under nohup they would inherit that it is ignored."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeded() -> Iterator[None]:
    """Who is started meanwhile ends with its terminal, as usual."""
    usual = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, usual)
