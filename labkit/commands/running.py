"""Setup shared by the verbs that run a server: limits, TLS files, process settings, the event loop and shutdown."""

import asyncio
import contextlib
import errno
import gc
import os
import ssl
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from threading import Thread
from typing import Any

from labkit.commands.failing import CannotRun
from labkit.platform import open_files
from labkit.platform.loops import NO_UVLOOP
from labkit.platform.os_errors import why
from labkit.platform.signals import stop_early
from labkit.rules.limits import BadLimit, Limits
from labkit.wire.fast.memory import keep_memory

STDIN = 0
LOOPS = ("asyncio", "uvloop")


def limits_of(settings: tuple[str, ...], from_file: dict[str, object] | None = None) -> Limits:
    """Return the limits from a file, overridden by `--set` options. Raises CannotRun."""
    try:
        return Limits().set(from_file or {}).set_lines(settings)
    except BadLimit as error:
        raise CannotRun(str(error)) from None


def tls_of(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    """Load the certificate for wss://, or return None if none is given. Raises CannotRun."""
    if certfile is None and keyfile is None:
        return None
    if certfile is None:
        raise CannotRun("--keyfile has no effect without --certfile; give both")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certfile, keyfile, password="")  # refuses an encrypted key instead of prompting
    except (OSError, ssl.SSLError) as error:
        raise CannotRun(f"cannot use the certificate {certfile}: {why(error)}") from None
    return context


def listen_fault(error: OSError, host: str, port: int) -> str:
    """Explain why a server could not listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop the other server, or choose another with --port (0 picks one)"
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for root; choose one above 1023 with --port"
    return f"cannot listen on {host}:{port}: {why(error)}"


def prepare_process() -> None:
    """Allow 10,000 sockets, keep freed memory, and collect garbage rarely enough not to slow a reconnect storm."""
    open_files.raise_limit()
    keep_memory()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 1_000)


def run(main: Coroutine[Any, Any, None], loop: str = "asyncio") -> None:
    """Run a server until it stops. `loop`: one of LOOPS. Raises CannotRun if that loop is not installed."""
    try:
        factory = _loop_factory(loop)
    except CannotRun:
        main.close()  # otherwise Python warns that it was never awaited
        raise
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return the factory of the event loop, or None for asyncio's own. `docs/benchmarks.md` compares the two."""
    if loop == "asyncio":
        return None
    try:
        import uvloop
    except ImportError:
        raise CannotRun(NO_UVLOOP) from None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def stopping() -> asyncio.Event:
    """Return an event that is set on SIGTERM, SIGHUP or Ctrl-C, as `stop_early` describes."""
    stop = asyncio.Event()
    stop_early(stop.set)
    return stop


def end_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` when stdin closes, as it does when the parent process dies."""
    Thread(target=_outlive_stdin, args=(asyncio.get_running_loop(), stop), daemon=True).start()


def _outlive_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Wait until stdin closes. Uses a thread, because stdin may be a file or a terminal; None means it is closed."""
    with contextlib.suppress(OSError):
        while sys.stdin is not None and os.read(STDIN, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has already ended
        loop.call_soon_threadsafe(stop.set)
