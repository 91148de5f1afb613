"""The answer's own process: load the answer, then serve it (a handler) or call it (a rule), and report.

A report is a dict with an "event". The first is {"event": "ready", ...} or {"event": "fault", "kind", "text", "line"}.
After that, {"event": "raised" | "forgotten" | "blocked", "text", "line"} may come at any time, and "tick", with the
processor time used so far, comes ten times per second.
"""

import contextlib
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from types import CodeType, FrameType
from typing import Any, NoReturn

from labkit.bench import working_copy
from labkit.course.running import handler_server, shortage
from labkit.course.running.handler_server import NAME, line_in, line_of
from labkit.course.running.packets import HEAD, BadPacket, length, packed, unpacked

TICK_S = 0.1
TOO_MANY = "too many "  # nested parentheses, indentation levels and so on: limits of Python's parser
STUCK_S = 1.0  # of processor time
MOST_CPU_S = 60


class Stuck(BaseException):
    """Raised inside an answer that has used too much processor time without a pause."""


def main(control: int, output: int) -> NoReturn:
    """Run the answer's process, from the fork until it ends."""
    link = Link(socket.socket(fileno=control))
    try:
        _settle_in(output)
        threading.Thread(target=link.tick, daemon=True).start()
        work(link, link.receive())
    except Exception as error:
        with contextlib.suppress(Exception):
            link.no_room(error)
    finally:
        os._exit(0)


def _settle_in(output: int) -> None:
    os.setsid()  # so that every process that it starts can be ended with it
    _die_with_the_fork_server()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, number)
    os.close(output)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for limit, most in (
        (resource.RLIMIT_CPU, MOST_CPU_S),
        (resource.RLIMIT_AS, shortage.MEMORY),
        (resource.RLIMIT_NOFILE, shortage.FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _die_with_the_fork_server() -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Link:
    """The socket that connects to the judge. Any thread may call `send`."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._lock = threading.Lock()

    def send(self, event: str, **more: Any) -> None:
        """Send a report. Raises OSError if the judge is gone."""
        try:
            packet = packed({"event": event} | more)
        except BadPacket as error:
            packet = packed({"event": event, "raised": {"type": "BadPacket", "text": str(error), "line": 0}})
        with self._lock:
            self.sock.sendall(packet)

    def tick(self) -> None:
        """Report time as this process experiences it, which on a busy machine is slower than real time."""
        with contextlib.suppress(OSError):
            while True:
                time.sleep(TICK_S)
                self.send("tick", computed_s=time.process_time())

    def no_room(self, error: BaseException) -> None:
        """If the error is a shortage that the answer did not cause, report it and exit."""
        if why := shortage.of_ours(error):
            self.send("fault", kind="no-room", text=why, line=0)
            os._exit(0)

    def receive(self) -> Any:
        """Return the next request. Raises EOFError if the judge is gone."""
        return unpacked(self._exactly(length(self._exactly(HEAD.size))))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise EOFError("the judge is gone")
            data += more
        return data


def work(link: Link, request: dict[str, Any]) -> None:
    """Load the answer in a request, then serve or call it."""
    answer = load(link, request)
    if answer is None:
        return
    if request["kind"] != "rule":
        handler_server.serve(answer, link.send, request["kind"])
        return
    handler_server.watch_awaits(link.send)
    link.send("ready")
    drive = _drive(request["drive"])
    while True:
        arguments = link.receive()
        link.send("returned", **_called(link, drive, answer, arguments))


def load(link: Link, request: dict[str, Any]) -> Any:
    """Return the answer, or None after reporting its fault."""
    name = request["name"]
    code = _compiled(link, request["source"])
    if code is None:
        return None
    space: dict[str, Any] = {"__name__": NAME, "__builtins__": __builtins__}
    _let_it_import_its_own()
    try:
        sys.settrace(None)
        with time_limit(lambda line: link.send("fault", kind="stuck", text="", line=line)):
            exec(code, space)
    except SystemExit:
        link.send("fault", kind="exit", text="", line=line_of(sys.exc_info()[2]))
        return None
    except Stuck:
        link.send("fault", kind="stuck", text="", line=line_of(sys.exc_info()[2]))
        return None
    except BaseException as error:
        link.no_room(error)
        text = f"{type(error).__name__}: {error}"[:300]
        link.send("fault", kind="crash", text=text, line=line_of(error.__traceback__))
        return None
    if name not in space:
        link.send("fault", kind="missing", text=name, line=0)
        return None
    space |= request["settings"]
    return space[name]


def _compiled(link: Link, source: str) -> CodeType | None:
    """Return the compiled answer, or None after reporting its fault."""
    if "\0" in source:
        link.send("fault", kind="null-byte", text="", line=source.count("\n", 0, source.index("\0")) + 1)
        return None
    try:
        return compile(source, NAME, "exec", dont_inherit=True)
    except SyntaxError as error:
        kind = "too-deep" if error.msg.startswith(TOO_MANY) else "syntax"
        link.send("fault", kind=kind, text=error.msg, line=error.lineno or 0)
    except (MemoryError, RecursionError) as error:  # what the parser raises when it gives up
        link.send("fault", kind="too-deep", text=type(error).__name__, line=0)
    except ValueError as error:  # half of a surrogate pair, which JSON can contain
        link.send("fault", kind="no-text", text=str(error)[:300], line=0)
    return None


def _let_it_import_its_own() -> None:
    """Let the answer import modules from the current folder. It comes last, so that no module replaces a library."""
    sys.path += [str(working_copy.here()), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def _drive(address: str | None) -> Callable[..., Any]:
    if address is None:
        return lambda answer, *arguments: answer(*arguments)
    module, _, name = address.partition(":")
    drive: Callable[..., Any] = getattr(import_module(module), name)
    return drive


def _called(link: Link, drive: Callable[..., Any], answer: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    try:
        with time_limit(lambda line: link.send("returned", stuck=line)):
            value = drive(answer, *arguments)
        if hasattr(value, "close") and hasattr(value, "cr_frame"):
            value.close()  # a coroutine, which is not awaited here
        return {"value": value}
    except Stuck:
        return {"stuck": line_of(sys.exc_info()[2])}
    except SystemExit:
        return {"exit": line_of(sys.exc_info()[2])}
    except BaseException as error:
        link.no_room(error)
        line = line_of(error.__traceback__)
        return {"raised": {"type": type(error).__name__, "text": str(error)[:300], "line": line}}


@contextlib.contextmanager
def time_limit(on_stuck: Callable[[int], None]) -> Any:
    """Raise Stuck in an answer that computes for too long. If it catches that, call `on_stuck` and end the process."""
    rings = 0

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal rings
        rings += 1
        if rings == 1:
            raise Stuck
        on_stuck(line_in(frame))
        os._exit(0)

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, STUCK_S, STUCK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
