"""What an answer asks of a person, and how it ends its own process: nobody is there, so each is reported with its line.

An answer that reads its standard input, stops in a debugger or ends its process would wait without end, or vanish
without a word.
"""

import builtins
import os
import sys
from collections.abc import Callable
from io import UnsupportedOperation
from typing import Any, NoReturn

from labkit.course.running.handler_server import line_in

ASKS, ENDS = "asks-a-person", "silent-end"
Report = Callable[..., None]


class _Nobody:
    """A standard input at which nobody types."""

    encoding, errors, closed = "utf-8", "strict", False

    def __init__(self, report: Report, name: str = "sys.stdin") -> None:
        self._report, self._name = report, name

    def _read(self, *_: object) -> NoReturn:
        self._report(ASKS, text=self._name, line=_line())
        raise EOFError(f"nobody types at {self._name}")

    read = readline = readlines = read1 = readinto = __next__ = _read

    def __iter__(self) -> Any:
        return self

    @property
    def buffer(self) -> "_Nobody":
        """The same, for bytes."""
        return self

    def readable(self) -> bool:
        """It can be read, in vain."""
        return True

    def isatty(self) -> bool:
        """Nobody is at a terminal."""
        return False

    def fileno(self) -> NoReturn:
        """There is no file."""
        raise UnsupportedOperation("the answer has no standard input")

    def close(self) -> None:
        """There is nothing to close."""


def is_here(report: Report) -> None:
    """From now on, report what asks a person for something, and what ends this process."""
    own, end = os.getpid(), os._exit

    def asks(what: str) -> NoReturn:
        report(ASKS, text=what, line=_line())
        raise EOFError(f"{what} waits for a person, and there is none; remove it")

    def ends(*given: Any) -> NoReturn:
        if os.getpid() == own:  # a child may end as it likes
            report(ENDS, text="", line=_line())
        end(*given or (1,))

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "sys.settrace" and sys._getframe(1).f_globals.get("__name__") == "bdb":
            asks("a debugger")
        if event == "os.kill" and arguments[0] == own:
            report(ENDS, text=f"signal {arguments[1]}", line=_line())

    sys.stdin = _Nobody(report)
    builtins.input = lambda *_: asks("input()")
    sys.breakpointhook = lambda *_, **__: asks("breakpoint()")
    os._exit = os.abort = ends  # type: ignore[assignment]
    sys.addaudithook(look)


def _line() -> int:
    """Return the line of the answer that is running, or 0."""
    return line_in(sys._getframe())
