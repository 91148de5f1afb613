"""A learner's handler as a `websockets` server on a free port, and a watch over it.

What it raises, what it forgets to await, and where it blocks the event loop is reported, each with its line.
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
from typing import Any

import websockets
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen

from labkit.course.running import shortage

Report = Callable[..., None]
LOOK_S = 0.1
BLOCKED_LOOKS = 10  # in a row, each of which found the loop where the answer had left it
MOST_REPORTS = 20
_FORGOTTEN = re.compile(r"coroutine '(.+)' was never awaited")
_CREATED = re.compile(r'File "answer", line (\d+)')


def serve(answer: Any, report: Report, name: str, kind: str = "handler") -> None:
    """Serve until the process is ended."""
    if not callable(answer):
        report("fault", kind="not-callable", text=type(answer).__name__, line=0)
        return
    logging.getLogger("websockets").addHandler(logging.NullHandler())
    logging.getLogger("websockets").propagate = False
    asyncio.run((_serve if kind == "handler" else _start)(answer, _at_most(report), name))


async def _start(start: Any, report: Report, name: str) -> None:
    """A whole server: a coroutine function that returns one that listens."""
    watch_awaits(report)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: _tell(report, context.get("exception"), name))
    _keep_what_is_logged(report, name)
    threading.Thread(target=_watch_loop, args=(loop, report, name), daemon=True).start()
    try:
        given = start()
        server = await given if inspect.isawaitable(given) else given
        port = server.sockets[0].getsockname()[1]
    except SystemExit as error:
        report("fault", kind="exit", text="", line=_line(error, name))
    except AttributeError:
        report("fault", kind="no-server", text=type(server).__name__, line=0)
    except Exception as error:
        if shortage.of_ours(error):
            raise
        report("fault", kind="crash", text=f"{type(error).__name__}: {error}"[:300], line=_line(error, name))
    else:
        report("ready", port=port)
        await asyncio.Future()


def _keep_what_is_logged(report: Report, name: str) -> None:
    """What a handler raises, `websockets` logs."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1] is not None:
                _tell(report, record.exc_info[1], name)

    logging.getLogger("websockets").addHandler(Kept())


async def _serve(handler: Any, report: Report, name: str) -> None:
    watch_awaits(report)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: _tell(report, context.get("exception"), name))

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
            report("fault", kind="exit", text="", line=_line(error, name))
        except Exception as error:
            _tell(report, error, name, connection.remote_address[1])
            raise

    async with listen(watched, "127.0.0.1", 0, ping_interval=None, compression=None, close_timeout=1) as server:
        threading.Thread(target=_watch_loop, args=(loop, report, name), daemon=True).start()
        report("ready", port=server.sockets[0].getsockname()[1])
        await asyncio.Future()


def watch_awaits(report: Report) -> None:
    """Report each coroutine that nobody awaited."""
    sys.set_coroutine_origin_tracking_depth(3)
    warnings.simplefilter("always", RuntimeWarning)

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        found = _FORGOTTEN.search(str(message))
        if found is not None:
            created = _CREATED.findall(str(message))
            report("forgotten", text=found[1], line=int(created[-1]) if created else 0)

    warnings.showwarning = show


def _watch_loop(loop: asyncio.AbstractEventLoop, report: Report, name: str) -> None:
    """Report when the loop has stood still for a second within the answer, and where."""
    turned = threading.Event()
    main, looks = threading.main_thread().ident, 0
    while True:
        turned.clear()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(turned.set)
        time.sleep(LOOK_S)
        line = 0 if turned.is_set() else _line_now(main, name)
        looks = looks + 1 if line else 0
        if looks == BLOCKED_LOOKS:
            report("blocked", text="", line=line)


def _line_now(thread: int | None, name: str) -> int:
    frame = sys._current_frames().get(thread or 0)
    while frame is not None:
        if frame.f_code.co_filename == name:
            return frame.f_lineno
        frame = frame.f_back
    return 0


def _tell(report: Report, error: BaseException | None, name: str, port: int = 0) -> None:
    if error is not None and (why := shortage.of_ours(error)):
        report("fault", kind="no-room", text=why, line=0)
    elif error is not None:
        report("raised", text=f"{type(error).__name__}: {error}"[:300], line=_line(error, name), port=port)


def _line(error: BaseException, name: str) -> int:
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _at_most(report: Report) -> Report:
    left = MOST_REPORTS

    def bounded(event: str, **more: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            with contextlib.suppress(OSError):
                report(event, **more)

    return bounded
