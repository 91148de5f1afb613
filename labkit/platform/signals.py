"""Signals that end a program early: what the system sends when it, a terminal or a person wants it to end.

Windows has Ctrl-C, Ctrl-Break and the closing of a console, which arrives as Ctrl-Break. Its event loops take no signal
handlers, and no process can send SIGTERM to another: to end a program of ours, close its stdin.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

ENDS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
_OF_A_TERMINAL = [getattr(signal, name) for name in ("SIGINT", "SIGQUIT", "SIGBREAK") if hasattr(signal, name)]
_REQUESTS = {
    *ENDS,
    *_OF_A_TERMINAL,
    *(getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name)),
}
_SECOND_ENDS = [signal.SIGINT, *(number for number in ENDS if number.name != "SIGHUP")]


@contextmanager
def interrupting() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, SIGHUP and Ctrl-Break, so that the block cleans up as on Ctrl-C.

    An ignored signal (nohup) stays ignored. Only the first signal counts: a closing terminal may send SIGHUP twice
    while the cleanup runs. In a running loop the exception is raised by a callback of its own, so that no other is
    left half done.
    """
    usual = {number: signal.getsignal(number) for number in ENDS}

    def end(number: int, frame: FrameType | None) -> None:
        for one in usual:
            signal.signal(one, signal.SIG_IGN)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            raise KeyboardInterrupt from None
        loop.call_soon_threadsafe(_interrupt)

    for number, handler in usual.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def _interrupt() -> None:
    raise KeyboardInterrupt


def stop_early(stop: Callable[[], object]) -> None:
    """Call `stop` in the running loop on Ctrl-C, Ctrl-Break, SIGTERM, and SIGHUP unless it is ignored (nohup).

    A second Ctrl-C or SIGTERM ends the process at once. A second SIGHUP does not: a closing terminal may send two, and
    systemd sends one right after SIGTERM.
    """

    def end() -> None:
        stop()
        for number in _SECOND_ENDS:
            forget(number)

    for number in _SECOND_ENDS:
        on_signal(number, end)
    for number in set(ENDS) - set(_SECOND_ENDS):
        if signal.getsignal(number) is not signal.SIG_IGN:
            on_signal(number, stop)


def on_signal(number: int, action: Callable[[], object]) -> None:
    """Call `action` in the running loop, in this main thread, whenever the signal arrives."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, action)
    except NotImplementedError:  # Windows: a plain handler runs between two steps of the loop, which it wakes
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(action))


def forget(number: int) -> None:
    """Undo `on_signal`: the signal does what it does in any Python program."""
    try:
        asyncio.get_running_loop().remove_signal_handler(number)
    except NotImplementedError:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def hang_up_ends() -> None:
    """Let a closing terminal end this program as SIGTERM does, unless it ignores that (nohup)."""
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))


def on_request(action: Callable[[int, bool], object]) -> None:
    """Call `action(number, is_for_all)` in the main thread for each signal by which someone ends or asks this program.

    `is_for_all`: a terminal has sent it, to this program and to all that it has started. An ignored signal (nohup)
    stays ignored.
    """

    def act(number: int, frame: FrameType | None) -> None:
        action(number, number in _OF_A_TERMINAL and _is_in_foreground())

    for number in _REQUESTS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, act)


if sys.platform == "win32":

    def _is_in_foreground() -> bool:
        return True

else:

    def _is_in_foreground() -> bool:
        """Return whether Ctrl-C in a terminal reaches this program."""
        try:
            terminal = os.open("/dev/tty", os.O_RDONLY)
        except OSError:
            return False
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        except OSError:
            return False
        finally:
            os.close(terminal)
