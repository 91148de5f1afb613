"""Show short messages instead of tracebacks when the error is in how a notebook was run, not in its code.

They cover an interrupted cell, and a name defined in a cell above that has not run. Python shows every other error as
usual. `display_hooks.register` installs this in a kernel.
"""

import asyncio
from types import TracebackType
from typing import Any

INTERRUPTED = (
    "Interrupted. Servers and clients keep running, and you need not clean up: run this cell again, or continue below."
)
NOT_YET = (
    "A cell above defines it but has not run since the kernel started.\n"
    "Choose Run > Run All Above Selected Cell, then run this cell again."
)
HANDLED = (KeyboardInterrupt, asyncio.CancelledError, NameError)


def install(shell: Any) -> None:
    """Install the handler in a kernel's shell."""
    shell.set_custom_exc(HANDLED, show_error)


def show_error(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType, tb_offset: int | None = None
) -> list[str]:
    """Show the short message for an error, or its traceback. Returns the lines that were shown."""
    sentence = sentence_for(error, trace)
    if sentence is None:
        lines = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=1)
    else:
        lines = sentence.splitlines()
    shell._showtraceback(
        kind, error, lines
    )  # as IPython's own showtraceback does; a custom handler must show its output itself
    return list(lines)


def sentence_for(error: BaseException, trace: TracebackType | None) -> str | None:
    """Return the short message, or None if the error is in the code itself."""
    if not isinstance(error, NameError):
        return INTERRUPTED
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    if not frames or frames[-1].tb_frame.f_globals.get("__name__") != "__main__":
        return None
    return f"{error}, in line {frames[-1].tb_lineno} of the cell.\n{NOT_YET}"
