"""Signals that end a verb early: SIGTERM, and SIGHUP from a closing terminal, work like Ctrl-C."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


@contextmanager
def interrupting() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP, so that the block cleans up as on Ctrl-C.

    An ignored signal (nohup) stays ignored. Only the first signal counts: a closing terminal may send SIGHUP twice
    while the cleanup runs.
    """
    usual = {number: signal.getsignal(number) for number in ENDS}

    def end(number: int, frame: FrameType | None) -> None:
        for one in usual:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number, handler in usual.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def stop_early(stop: Callable[[], object]) -> None:
    """Call `stop` in the running loop on Ctrl-C, on SIGTERM, and on SIGHUP unless it is ignored (nohup).

    A second Ctrl-C or SIGTERM ends the process at once. A second SIGHUP does not: a closing terminal may send two, and
    systemd sends one right after SIGTERM.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        stop()
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)

    loop.add_signal_handler(signal.SIGINT, end)
    loop.add_signal_handler(signal.SIGTERM, end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, stop)
