"""What is said of an answer that cannot be run, each fault in a sentence of its own, with hints in three steps.

They are misconceptions like those of an exercise, and belong to the check that every exercise has: `runs`.
"""

import ast
from contextlib import suppress

from labkit.course.exercise import Misconception
from labkit.course.running.answer_process import GARBLED, AnswerFault
from labkit.course.source.text import lines

RUNS = "runs"
EXPECTED = "the answer loads, and lets others run"

_ALL = (
    Misconception(
        "syntax",
        "Python cannot read the answer.",
        (
            "Look at the line that is named, and at the one above it.",
            "A bracket, a colon or a quote is missing, or the indentation does not fit.",
            "Run the cell by itself: Python puts a mark under the place where it gave up.",
        ),
    ),
    Misconception(
        "crash",
        "The answer raises an error while it is loaded, before anybody connects.",
        (
            "Look at the line that is named: it runs when the answer is loaded.",
            "A name is used before it has a value, an import fails, or a try-out stands at the top level.",
            "Move try-outs into a cell of their own, and define each name before the line that uses it.",
        ),
    ),
    Misconception(
        "exit",
        "The answer ends its process: sys.exit, exit or quit.",
        (
            "Look for exit, quit and SystemExit.",
            "A server that exits takes every other connection along.",
            "End one connection with `await connection.close(...)`, or one function with `return`.",
        ),
    ),
    Misconception(
        "stuck",
        "The answer computes without end.",
        (
            "Look at the loop at the line that is named.",
            "Its condition never becomes false, or what it waits for cannot happen while it loops.",
            "Change what the condition looks at inside the loop, or leave it with `break` or `return`.",
        ),
    ),
    Misconception(
        "blocked",
        "The answer stops the event loop: while it works or sleeps, nobody is served.",
        (
            "Look at the line that is named: for a second, nothing else in the server could run.",
            "It waits without `await` (time.sleep), or it computes for too long at a stretch.",
            "Write `await asyncio.sleep(...)` for time.sleep, and an `await` into each loop that waits.",
        ),
    ),
    Misconception(
        "print-storm",
        "The answer prints without end.",
        (
            "Look for the print that is in a loop.",
            "The loop does not wait for anything and does not end.",
            "Take the print out; then find out why the loop does not end.",
        ),
    ),
    Misconception(
        "forgotten",
        "An await is missing: a coroutine was made and never run.",
        (
            "Look at the line that is named, at what is called there.",
            "Calling an async function only makes a coroutine; it runs when it is awaited.",
            "Write `await` in front of the call.",
        ),
    ),
    Misconception(
        "missing",
        "The answer does not define the name that was asked for.",
        (
            "Look at the name in front of the blank.",
            "The check looks for exactly that name, at the top level.",
            "Keep the `def` line as it was given.",
        ),
    ),
    Misconception(
        "not-callable",
        "The answer is a value, where a function is asked for.",
        (
            "Look at what the name stands for at the end.",
            "A later line gives the name another value, or the function was called instead of named.",
            "Keep the `def` line as it was given, and use another name for the result.",
        ),
    ),
    Misconception(
        "not-async",
        "A handler is a plain function, where an `async def` is asked for.",
        (
            "Look at the `def` line.",
            "The server awaits what the handler returns; a plain function returns at once, with nothing to await.",
            "Write `async def`.",
        ),
    ),
    Misconception(
        "no-server",
        "What comes back is no server that listens.",
        (
            "Look at what your function returns.",
            "It must be the server that `websockets.serve` gives, after it was awaited.",
            '`return await websockets.serve(handle, "127.0.0.1", 0)`',
        ),
    ),
    Misconception(
        "async-rule",
        "A rule is an `async def`, where a plain function is asked for.",
        (
            "Look at the `def` line.",
            "A rule waits for nothing; as a coroutine it is never run.",
            "Write `def` without `async`.",
        ),
    ),
    Misconception(
        "hangs-on-load",
        "The answer does not finish loading: something at the top level waits.",
        (
            "Look at what stands outside of every function.",
            "A server is started there, or something is waited for; the check starts the server itself.",
            'Take `asyncio.run(...)` and the like out of the answer, or put them under `if __name__ == "__main__":`.',
        ),
    ),
    Misconception(
        "never-returns",
        "The answer waits and does not return.",
        (
            "Look for what waits: sleep, input, a lock, a queue.",
            "A rule is told the time and waits for nothing.",
            "Return the value at once.",
        ),
    ),
    Misconception(
        "silent-end",
        "The answer's process ended without a word.",
        (
            "Look for os._exit, for a signal, and for what uses very much memory.",
            "Something ended the process from inside, or it outgrew its limits (2 GiB, 60 s of processor time).",
            "Take it out; a server bounds what it keeps.",
        ),
    ),
    Misconception(
        GARBLED,
        "The answer writes into the line between its process and the check.",
        (
            "Look for what writes to a file descriptor or a socket that the answer did not open.",
            "A number such as 3 was taken for a file, or every open descriptor is written to.",
            "Write only to what the answer has opened itself.",
        ),
    ),
)
SENTENCES = {one.tag: one for one in _ALL}
# Why an answer could not be judged, where that is no fault of the answer's: never a verdict of fail.
UNJUDGED = {
    "too-deep": "Python's own parser gives up on the answer, which is nested too deeply; split what is so deep",
    "null-byte": "The answer holds a null byte, which no Python source does; save it as text in UTF-8",
    "no-text": "The answer holds characters that no text file can hold; type them anew",
    "no-parent": "The process that starts answers is gone, and the answer with it; check again",
    "no-room": "There is no room to run the answer",
}


def misconception(fault: AnswerFault) -> Misconception:
    """What stands behind a fault."""
    return SENTENCES.get(fault.kind, SENTENCES[GARBLED])  # no code of ours tells of another


def sentence(fault: AnswerFault, source: str) -> str:
    """What happened, with the line of the answer where there is one."""
    known = UNJUDGED.get(fault.kind) or misconception(fault).sentence.rstrip(".")
    about = f" ({fault.text})" if fault.text else ""
    return f"{known}{about}{at_line(fault.line, source)}"


def at_line(number: int, source: str) -> str:
    """Where it was, for the end of a sentence; nothing for line 0."""
    every = lines(source)
    if not 0 < number <= len(every):
        return ""
    whose, first = _function_at(number, source)
    return f", at line {number - first + 1} of {whose}: {every[number - 1].strip()[:100]}"


def _function_at(number: int, source: str) -> tuple[str, int]:
    """The innermost function around a line, and its first line: a cell of a notebook knows no other numbers."""
    whose, first = "the answer", 1
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if first <= node.lineno <= number <= (node.end_lineno or 0):
                whose, first = f"`{node.name}`", node.lineno
    return whose, first
