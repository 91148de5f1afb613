"""Short messages for a cell that was interrupted or ran too early, and tracebacks for all other errors."""

import asyncio
import sys
from types import SimpleNamespace, TracebackType
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from labkit.views import sentences


class Shown(SimpleNamespace):
    """A shell that keeps what it shows; its tracebacks have forty lines."""

    InteractiveTB = SimpleNamespace(structured_traceback=lambda *_, **__: ["Traceback"] * 40)

    def _showtraceback(self, kind: type[BaseException], error: BaseException, lines: list[str]) -> None:
        self.lines = lines


def caught(code: str, name: str) -> tuple[NameError, TracebackType | None]:
    """The error of a piece of code that runs in a module of this name."""
    with pytest.raises(NameError) as caught:
        exec(code, {"__name__": name})
    return caught.value, caught.value.__traceback__


def shown(error: BaseException, trace: Any = None) -> list[str]:
    shell = Shown()
    assert sentences.show_error(shell, type(error), error, trace) == shell.lines
    return list(shell.lines)


def test_name_missing_says_which_cells_to_run() -> None:
    lines = shown(*caught("x = 1\nben_room.chat('hi')", "__main__"))
    assert lines[0] == "name 'ben_room' is not defined, in line 2 of the cell."
    assert "Run All Above Selected Cell" in lines[2]


def test_cell_interrupted_says_so() -> None:
    for error in (KeyboardInterrupt(), asyncio.CancelledError()):
        assert shown(error) == [sentences.INTERRUPTED]


def test_error_in_code_keeps_traceback() -> None:
    """A name missing in a library is not a cell that did not run."""
    assert len(shown(*caught("no_such_name", "some.library"))) == 40


def test_shell_shows_message_and_cell_fails() -> None:
    """IPython counts the cell as failed, so that Run All stops there."""
    shell = InteractiveShell()
    showing: list[list[str]] = []
    shell._showtraceback = lambda kind, error, lines: showing.append(lines)  # type: ignore[method-assign]
    sentences.install(shell)
    hook = sys.excepthook
    done = shell.run_cell("ben_room")
    assert sys.excepthook is hook
    assert isinstance(done.error_in_exec, NameError)
    assert showing == [["name 'ben_room' is not defined, in line 1 of the cell.", *sentences.NOT_YET.splitlines()]]
