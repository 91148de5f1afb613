"""What every server's command does with its process: TLS files, room for many sockets, signals, and an end."""

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
from labkit.commands.signals import stop_early
from labkit.platform.os_errors import why
from labkit.rules.limits import BadLimit, Limits
from labkit.wire.fast.memory import keep_memory

STDIN = 0
LOOPS = ("asyncio", "uvloop")


def limits_of(settings: tuple[str, ...], from_file: dict[str, object] | None = None) -> Limits:
    """Limits from `--set` lines and from a file."""
    try:
        return Limits().set(from_file or {}).set_lines(settings)
    except BadLimit as error:
        raise CannotRun(str(error)) from None


def tls_of(certfile: Path | None, keyfile: Path | None) -> ssl.SSLContext | None:
    """What a server needs for wss://; None without a certificate."""
    if certfile is None and keyfile is None:
        return None
    if certfile is None:
        raise CannotRun("--keyfile needs --certfile as well")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certfile, keyfile, password="")  # an encrypted key is refused, not asked about
    except (OSError, ssl.SSLError) as error:
        raise CannotRun(f"cannot use the certificate {certfile}: {why(error)}") from None
    return context


def listen_fault(error: OSError, host: str, port: int) -> str:
    """Why a server could not listen, and what to do."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use; stop the other server, or choose another with --port (0 picks one)"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights that this user has not; choose one above 1023"
    return f"cannot listen on {host}:{port}: {why(error)}"


def prepare_process() -> None:
    """Room for 10,000 sockets, memory that stays, and a garbage collector that does not stop a storm of handshakes."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        del soft
    keep_memory()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 1_000)


def run(main: Coroutine[Any, Any, None], loop: str = "asyncio") -> None:
    """Run a server until it ends, on the event loop of that name: one of LOOPS."""
    with asyncio.Runner(loop_factory=_loop_factory(loop)) as runner:
        runner.run(main)


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop is faster with many small messages, asyncio with few large ones: `docs/benchmarks.md` has both."""
    if loop == "asyncio":
        return None
    try:
        import uvloop
    except ImportError:
        raise CannotRun("uvloop is not installed: pip install 'labkit[fast]', or leave --loop away") from None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def stopping() -> asyncio.Event:
    """Set by SIGTERM, SIGHUP or Ctrl-C, as `stop_early` describes."""
    stop = asyncio.Event()
    stop_early(stop.set)
    return stop


def end_with_parent(stop: asyncio.Event) -> None:
    """Set `stop` when stdin closes, as it does when the parent dies."""
    Thread(target=_outlive_stdin, args=(asyncio.get_running_loop(), stop), daemon=True).start()


def _outlive_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """When the other end of stdin is gone, so are we. In a thread, as stdin may be anything; closed, it is None."""
    with contextlib.suppress(OSError):
        while sys.stdin is not None and os.read(STDIN, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has ended before
        loop.call_soon_threadsafe(stop.set)
