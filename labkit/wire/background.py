"""An event loop in its own thread. `run` runs a coroutine on it from synchronous code.

    labkit.run(room.chat("hi"))

Lab clients run on this loop, so a busy notebook cell cannot stop their heartbeats. Unlike nest_asyncio, this module
neither nests nor patches event loops.
"""

import asyncio
import gc
import sys
import threading
from collections.abc import Awaitable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")
SWITCH_INTERVAL_S = 0.001  # with CPython's 5 ms, a busy cell adds seconds to the p99 latency of 100 messages per second

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_thread: threading.Thread | None = None
_deaths: list[str] = []


def loop() -> asyncio.AbstractEventLoop:
    """Return the background loop, and start it on first use. Its thread ends with the process."""
    global _loop, _thread
    with _lock:
        if _loop is None or _thread is None or not _thread.is_alive():  # a forked process loses the thread
            sys.setswitchinterval(SWITCH_INTERVAL_S)
            _loop = asyncio.new_event_loop()
            watch(_loop)
            _thread = threading.Thread(target=_loop.run_forever, name="labkit background loop", daemon=True)
            _thread.start()
        return _loop


def run(awaitable: Awaitable[Result], timeout: float | None = None) -> Result:
    """Run an awaitable on the background loop and return its result. Ctrl-C cancels it; `timeout` is in seconds.

    Raises the awaitable's own exceptions, TimeoutError, and RuntimeError if called on the background loop itself.
    """
    home = loop()
    if _running_loop() is home:
        _drop(awaitable)
        raise RuntimeError("labkit.run was called on the background loop itself; use await there")
    future = asyncio.run_coroutine_threadsafe(_coroutine(awaitable), home)
    try:
        return future.result(timeout)
    except TimeoutError:
        if future.done():
            raise
        future.cancel()
        raise TimeoutError(f"not finished after {timeout} s; it was cancelled") from None
    except KeyboardInterrupt:
        future.cancel()
        raise


def spawn(awaitable: Awaitable[Result]) -> "Future[Result]":
    """Start an awaitable on the background loop without waiting for it. If it fails, `deaths` lists it."""
    future = asyncio.run_coroutine_threadsafe(_coroutine(awaitable), loop())
    future.add_done_callback(_note_death)
    return future


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """Record tasks that fail unobserved on a loop, such as a notebook kernel's."""
    loop.set_exception_handler(_on_death)


def deaths() -> list[str]:
    """Return the tasks that failed unobserved. Runs the garbage collector first, which makes asyncio report them."""
    gc.collect()
    return list(_deaths)


def forget_deaths() -> None:
    """Clear the list of `deaths`. A new lab does this."""
    _deaths.clear()


def _on_death(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    _deaths.append(f"{context.get('message')}: {context.get('exception')!r}")
    loop.default_exception_handler(context)


def _note_death(future: "Future[Any]") -> None:
    if not future.cancelled() and future.exception() is not None:
        _deaths.append(repr(future.exception()))


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _coroutine(awaitable: Awaitable[Result]) -> Coroutine[Any, Any, Result]:
    async def wait() -> Result:
        return await awaitable

    return awaitable if asyncio.iscoroutine(awaitable) else wait()


def _drop(awaitable: object) -> None:
    if asyncio.iscoroutine(awaitable):
        awaitable.close()
