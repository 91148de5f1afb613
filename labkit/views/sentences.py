"""What a notebook says instead of a traceback when nothing is wrong with the code, but with how it was run.

An interrupted cell, and a name that a cell above would have made: both happen to everybody, and forty lines of
traceback explain neither. Any other error looks as Python shows it. `shown.register` installs it in a kernel.
"""

import asyncio
from types import TracebackType
from typing import Any

INTERRUPTED = (
    "Interrupted. What was started goes on, and nothing needs to be tidied up: run this cell again, or go on below."
)
NOT_YET = (
    "A cell above makes it, and has not been run since the kernel started.\n"
    "Menu Run > Run All Above Selected Cell, then this cell again."
)
SAID = (KeyboardInterrupt, asyncio.CancelledError, NameError)


def install(shell: Any) -> None:
    """Have a kernel's shell say it so."""
    shell.set_custom_exc(SAID, say)


def say(
    shell: Any, kind: type[BaseException], error: BaseException, trace: TracebackType, tb_offset: int | None = None
) -> list[str]:
    """Show the sentence, where one fits, or the traceback; returns the lines that were shown."""
    sentence = sentence_for(error, trace)
    if sentence is None:
        lines = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=1)
    else:
        lines = sentence.splitlines()
    shell._showtraceback(kind, error, lines)  # as IPython's own showtraceback does; a handler has to show by itself
    return list(lines)


def sentence_for(error: BaseException, trace: TracebackType | None) -> str | None:
    """The sentence; None for an error of the code itself."""
    if not isinstance(error, NameError):
        return INTERRUPTED
    frames = []
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    if not frames or frames[-1].tb_frame.f_globals.get("__name__") != "__main__":
        return None
    return f"{error}, in line {frames[-1].tb_lineno} of the cell.\n{NOT_YET}"
