"""The reasons why an answer cannot run: a sentence and three hints for each kind of fault.

They are misconceptions like those of an exercise, and belong to `runs`, a check that every exercise has.
"""

import ast
from contextlib import suppress

from labkit.course.exercise import Misconception
from labkit.course.running.answer_process import GARBLED, AnswerFault
from labkit.course.source.text import lines

RUNS = "runs"
EXPECTED = "the answer loads, and does not block the event loop"


class Trouble(Misconception):
    """Why an answer does not run. That is not what the exercise teaches, so the first hint is the way out."""

    __slots__ = ()

    @property
    def hints(self) -> tuple[str, str, str]:
        """What to do, where to look, what is wrong."""
        return self.line, self.where, self.what


_ALL = (
    Trouble(
        "syntax",
        "Python cannot read the answer.",
        "Look at the line named above, and at the one before it.",
        "A bracket, a colon or a quote is missing, or the indentation is wrong.",
        "Run the cell by itself: Python marks the part that it could not read.",
    ),
    Trouble(
        "crash",
        "The answer raises an error while it loads, before any client connects.",
        "Look at the line that is named: it runs when the answer loads.",
        "A name is used before it has a value, an import fails, or the cell calls the answer to try it out.",
        "Try the answer out in a separate cell, and define each name before the line that uses it.",
    ),
    Trouble(
        "exit",
        "The answer ends its process: sys.exit, exit or quit.",
        "Look for exit, quit and SystemExit.",
        "A server that exits drops every other connection, too.",
        "Remove it. To end one connection, write `await connection.close(...)`; to end a function, `return`.",
    ),
    Trouble(
        "stuck",
        "The answer never stops computing.",
        "Look at the loop on the line named above.",
        "Its condition never becomes false, or it waits for something that cannot happen while it loops.",
        "Inside the loop, change what the condition tests, or leave the loop with `break` or `return`.",
    ),
    Trouble(
        "blocked",
        "The answer blocks the event loop: while it computes or sleeps, no client is served.",
        "Look at the line that is named: for a second, nothing else in the server could run.",
        "It waits without `await` (time.sleep), or it computes for too long without a pause.",
        "Use `await asyncio.sleep(...)` instead of time.sleep, and an `await` in each loop that waits.",
    ),
    Trouble(
        "print-storm",
        "The answer never stops printing.",
        "Look for a print inside a loop.",
        "The loop waits for nothing and never ends.",
        "Remove the print, then find out why the loop does not end.",
    ),
    Trouble(
        "forgotten",
        "An await is missing: a coroutine was created and never ran.",
        "Look at the call on the line that is named.",
        "Calling an async function only creates a coroutine, which runs when it is awaited.",
        "Write `await` in front of the call.",
    ),
    Trouble(
        "missing",
        "The answer does not define the name that the exercise asks for.",
        "Look at the name on the `def` or `class` line of the blank.",
        "The check looks for exactly that name, at the top level.",
        "Keep the `def` line as it was given.",
    ),
    Trouble(
        "not-callable",
        "The answer is a value, not the function that the exercise asks for.",
        "Look at the last value that the name is given.",
        "A later line gives the name another value, or the function is called where only its name should be.",
        "Keep the `def` line as it was given, and use another name for the result.",
    ),
    Trouble(
        "not-async",
        "The handler is a plain function instead of an `async def`.",
        "Look at the `def` line.",
        "The server awaits what the handler returns; a plain function returns at once, with nothing to await.",
        "Write `async def`.",
    ),
    Trouble(
        "no-server",
        "The function does not return a listening server.",
        "Look at what your function returns.",
        "It must be the server that `await websockets.serve(...)` returns.",
        '`return await websockets.serve(handle, "127.0.0.1", 0)`',
    ),
    Trouble(
        "async-rule",
        "The rule is an `async def` instead of a plain function.",
        "Look at the `def` line.",
        "A rule waits for nothing, and the check does not await it.",
        "Write `def` without `async`.",
    ),
    Trouble(
        "hangs-on-load",
        "The answer does not finish loading: something at the top level waits.",
        "Look at the code outside of all functions.",
        "It starts a server or waits for something. The check starts the server itself.",
        'Remove what waits (`asyncio.run(...)`, `time.sleep`, `join`), or move it under `if __name__ == "__main__":`.',
    ),
    Trouble(
        "start-waits",
        "The function does not return: it starts a server and keeps waiting.",
        "Look at the line that is named: the function waits there without end.",
        "`serve_forever`, `wait_closed` or an endless `await` keeps it from returning the server.",
        "Return the server as soon as it listens: `return await websockets.serve(...)`. It runs on by itself.",
    ),
    Trouble(
        "asks-a-person",
        "The answer waits for a person: input, a debugger, or something typed at the terminal.",
        "Look at the line that is named.",
        "The check runs the answer by itself, and nobody is there to type.",
        "Remove that line. To look at a value, print it; what the answer prints is shown with the result.",
    ),
    Trouble(
        "never-returns",
        "The answer waits and does not return.",
        "Look at the line that is named, for something that waits: sleep, a lock, a queue.",
        "A rule receives the time as an argument and never waits.",
        "Remove what waits there, and return the value at once.",
    ),
    Trouble(
        "silent-end",
        "The answer's process ended without an error.",
        "Look for os._exit, os.abort, a signal, and code that uses very much memory.",
        "The answer ended its own process, or exceeded its limits (2 GiB, 60 s of processor time).",
        "Remove it. A server limits what it keeps.",
    ),
    Trouble(
        "memory",
        "The answer takes more than 2 GiB of memory.",
        "Look for a list, a dict, a set or a text that grows in a loop.",
        "Something is kept for each message or each round, and nothing removes it.",
        "Limit what is kept, as `collections.deque(maxlen=...)` does.",
    ),
    Trouble(
        GARBLED,
        "The answer writes to the pipe between its process and the check.",
        "Look for code that writes to a file descriptor or a socket that the answer did not open.",
        "It uses a number such as 3 as a file descriptor, or writes to every open descriptor.",
        "Write only to files and sockets that the answer has opened itself.",
    ),
)
SENTENCES: dict[str, Misconception] = {one.tag: one for one in _ALL}
# Why an answer cannot be judged although it is not at fault: the verdict is inconclusive, never fail.
UNJUDGED = {
    "too-deep": "Python's parser cannot read the answer, which is nested too deeply; split it into smaller parts",
    "null-byte": "The answer contains a null byte, which Python does not allow; save it as text in UTF-8",
    "no-text": "The answer contains characters that no text file can contain; type them again",
    "no-room": "The answer cannot run here",
}


def misconception(fault: AnswerFault) -> Misconception:
    """Return the misconception behind a fault."""
    return SENTENCES.get(fault.kind, SENTENCES[GARBLED])  # an unknown kind: the answer wrote it, not labkit


def sentence(fault: AnswerFault, source: str) -> str:
    """Return a sentence that says what happened, with the line of the answer if it is known."""
    known = UNJUDGED.get(fault.kind) or misconception(fault).sentence.rstrip(".")
    about = f" ({fault.text})" if fault.text else ""
    return f"{known}{about}{at_line(fault.line, source)}"


def at_line(number: int, source: str) -> str:
    """Return the location of a line, to end a sentence with; "" for line 0."""
    every = lines(source)
    if not 0 < number <= len(every):
        return ""
    whose, first = _function_at(number, source)
    return f", at line {number - first + 1} of {whose}: {every[number - 1].strip()[:100]}"


def _function_at(number: int, source: str) -> tuple[str, int]:
    """Return the innermost function that contains a line, and that function's first line.

    A learner can find a line within a function, but a line number in the whole program means nothing in a notebook.
    """
    whose, first = "the answer", 1
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if first <= node.lineno <= number <= (node.end_lineno or 0):
                whose, first = f"`{node.name}`", node.lineno
    return whose, first
