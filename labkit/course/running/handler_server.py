"""Serve a learner's handler with `websockets` on a free port, and watch it.

Reports errors that the handler raises, coroutines that are never awaited, and calls that block the loop, each with its
line.
"""

import asyncio
import contextlib
import inspect
import logging
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

import websockets
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen

from labkit.course.running import shortage
from labkit.course.running.whose import Codes

Report = Callable[..., None]
NAME = "answer"  # the name of the answer's file, in tracebacks; only ANSWER knows whether it is that
ANSWER = Codes()
LOOK_S = 0.1
BLOCKED_LOOKS = 10  # in a row, each finding the loop still inside the answer
MOST_REPORTS = 20
START_LOOKS = 30  # the most that starting a server may take
_FORGOTTEN = re.compile(r"coroutine '(.+)' was never awaited")
_CREATED = re.compile(rf'File "{NAME}", line (\d+)')


def serve(answer: Any, report: Report, kind: str = "handler") -> None:
    """Serve the handler until the process ends."""
    logging.getLogger("websockets").addHandler(logging.NullHandler())
    logging.getLogger("websockets").propagate = False
    asyncio.run((_serve if kind == "handler" else _start)(answer, _at_most(report)))


async def _start(start: Any, report: Report) -> None:
    """Start a learner's complete server by calling the coroutine function that starts it."""
    watch_awaits(report)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: _report_error(report, context.get("exception")))
    _report_what_is_logged(report)
    threading.Thread(target=_watch_loop, args=(loop, report), daemon=True).start()
    try:
        server = await _started(start(), report)
        port = server.sockets[0].getsockname()[1]
    except SystemExit as error:
        report("fault", kind="exit", text="", line=line_of(error.__traceback__))
    except AttributeError:
        report("fault", kind="no-server", text=type(server).__name__, line=0)
    except Exception as error:
        if shortage.of_ours(error):
            raise
        report("fault", kind="crash", text=f"{type(error).__name__}: {error}"[:300], line=line_of(error.__traceback__))
    else:
        report("ready", port=port)
        await asyncio.Future()


async def _started(given: Any, report: Report) -> Any:
    """Return the server that a call of `start` gives. Reports one that does not return, with the line it waits at."""
    if not inspect.isawaitable(given):
        return given

    async def awaited() -> Any:
        try:
            return await given
        except SystemExit as error:  # which would end the loop
            report("fault", kind="exit", text="", line=line_of(error.__traceback__))
            raise asyncio.CancelledError from error

    starting = asyncio.create_task(awaited())
    for _ in range(START_LOOKS):  # on a busy machine, each of them takes longer
        if not starting.done():
            await asyncio.wait((starting,), timeout=LOOK_S)
    if not starting.done():
        report("fault", kind="start-waits", text="", line=_line_of_task(starting))
    return await starting


def _line_of_task(waiting: asyncio.Future[Any]) -> int:
    """Return the line of the answer at which a task waits: in the innermost coroutine that is the answer's; or 0."""
    line, one = 0, waiting.get_coro() if isinstance(waiting, asyncio.Task) else None
    while one is not None:
        frame = getattr(one, "cr_frame", None)
        if frame is not None and frame.f_code in ANSWER:
            line = frame.f_lineno or line
        one = getattr(one, "cr_await", None)
    return line


def _report_what_is_logged(report: Report) -> None:
    """Report errors that the server's handlers raise, which appear only in the log of `websockets`."""

    class Reported(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1] is not None:
                _report_error(report, record.exc_info[1])

    logging.getLogger("websockets").addHandler(Reported())


async def _serve(handler: Any, report: Report) -> None:
    watch_awaits(report)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: _report_error(report, context.get("exception")))

    async def watched(connection: ServerConnection) -> None:
        try:
            given = handler(connection)
            if not inspect.isawaitable(given):
                report("fault", kind="not-async", text=getattr(handler, "__name__", "it"), line=0)
                return
            await given
        except websockets.ConnectionClosed:
            raise
        except SystemExit as error:
            report("fault", kind="exit", text="", line=line_of(error.__traceback__))
        except Exception as error:
            _report_error(report, error, connection.remote_address[1])
            raise

    async with listen(watched, "127.0.0.1", 0, ping_interval=None, compression=None, close_timeout=1) as server:
        threading.Thread(target=_watch_loop, args=(loop, report), daemon=True).start()
        report("ready", port=server.sockets[0].getsockname()[1])
        await asyncio.Future()


def watch_awaits(report: Report) -> None:
    """Report each coroutine that was never awaited."""
    sys.set_coroutine_origin_tracking_depth(3)
    warnings.simplefilter("always", RuntimeWarning)

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        found = _FORGOTTEN.search(str(message))
        if found is not None:
            created = _CREATED.findall(str(message))
            report("forgotten", text=found[1], line=int(created[-1]) if created else 0)

    warnings.showwarning = show


def _watch_loop(loop: asyncio.AbstractEventLoop, report: Report) -> None:
    """Report when the answer has blocked the event loop for a second, and on which line."""
    turned = threading.Event()
    main, looks = threading.main_thread().ident or 0, 0
    while True:
        turned.clear()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(turned.set)
        time.sleep(LOOK_S)
        line = 0 if turned.is_set() else line_in(sys._current_frames().get(main))
        if not turned.is_set() and not line:  # not the answer's code: the machine is busy
            report("late", late_s=LOOK_S)
        looks = looks + 1 if line else 0
        if looks == BLOCKED_LOOKS:
            report("blocked", text="", line=line)


def _report_error(report: Report, error: BaseException | None, port: int = 0) -> None:
    if error is not None and (why := shortage.of_ours(error)):
        report("fault", kind="no-room", text=why, line=0)
    elif error is not None:
        report("raised", text=f"{type(error).__name__}: {error}"[:300], line=line_of(error.__traceback__), port=port)


def line_of(trace: TracebackType | None) -> int:
    """Return the last line of the answer in a traceback, or 0 if there is none."""
    line = 0
    while trace is not None:
        if trace.tb_frame.f_code in ANSWER:
            line = trace.tb_lineno or 0
        trace = trace.tb_next
    return line


def line_in(frame: FrameType | None) -> int:
    """Return the line of the answer that a frame is at or was called from, or 0 if there is none."""
    while frame is not None and frame.f_code not in ANSWER:
        frame = frame.f_back
    return (frame.f_lineno or 0) if frame is not None else 0  # some instructions belong to no line


def _at_most(report: Report) -> Report:
    left = MOST_REPORTS

    def bounded(event: str, **more: Any) -> None:
        nonlocal left
        left -= event != "late"
        if left >= 0:
            with contextlib.suppress(OSError):
                report(event, **more)

    return bounded
