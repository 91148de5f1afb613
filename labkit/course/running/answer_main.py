"""The answer's own process: load the answer, then serve it (a handler) or call it (a rule), and report.

A report is a dict with an "event". The first is {"event": "ready", ...} or {"event": "fault", "kind", "text", "line"}.
After that, {"event": "raised" | "forgotten" | "blocked", "text", "line"} may come at any time, and "tick", with the
processor time used so far, comes ten times per second.
"""

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from math import inf
from types import CodeType, FrameType, ModuleType
from typing import Any, NoReturn

from labkit.bench import working_copy
from labkit.course.running import allowed, handler_server, nobody, player, shortage
from labkit.course.running.handler_server import ANSWER, NAME, line_in, line_of
from labkit.course.running.packets import HEAD, KEY_BYTES, BadPacket, Seal, Tagged, length, packed, unpacked
from labkit.course.simulated import NotAwaitable

TICK_S = 0.1
TOO_MANY = "too many "  # nested parentheses, indentation levels and so on: limits of Python's parser
STUCK_S = 1.0  # of processor time
END = os._exit  # before an answer's is another one
RING = signal.SIGFPE  # of the signals that every system has, the one that an answer needs least


class Stuck(BaseException):
    """Raised inside an answer that has used too much processor time without a pause."""


def main() -> NoReturn:
    """Run the answer's process, to its end."""
    link = Link(*_own_pipes())
    try:
        link.send("hello", pid=os.getpid())
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=link.tick, daemon=True).start()
        work(link, link.receive())
    except Exception as error:
        with contextlib.suppress(Exception):
            link.no_room(error)
    finally:
        END(0)


def _own_pipes() -> tuple[int, int]:
    """Return the descriptors of the requests and the reports, and point those that every program knows elsewhere."""
    requests, reports = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", errors="backslashreplace", newline="\n", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", newline="\n", closefd=False)
    return requests, reports


class Link:
    """The pipes to the judge. Any thread may call `send`."""

    def __init__(self, requests: int, reports: int) -> None:
        self._requests = requests
        self._reports = reports
        self._lock = threading.Lock()
        self._seal = Seal(self._exactly(KEY_BYTES))
        self._rings_at = inf  # of processor time
        self.ticks = 0
        self._main = threading.main_thread().ident or 0

    def send(self, event: str, **more: Any) -> None:
        """Send a report. Raises OSError if the judge is gone."""
        try:
            packet = packed({"event": event} | more)
        except BadPacket as error:
            packet = packed({"event": event, "raised": {"type": "BadPacket", "text": str(error), "line": 0}})
        with self._lock:
            packet = self._seal.of(packet) + packet
            while packet:
                packet = packet[os.write(self._reports, packet) :]

    def tick(self) -> None:
        """Report time as it passes here: on a busy machine, slower than outside. Ends the process with the judge."""
        with contextlib.suppress(OSError):
            while True:
                time.sleep(TICK_S)
                computed_s = time.process_time()
                self.ticks += 1
                self.send("tick", computed_s=computed_s, line=line_in(sys._current_frames().get(self._main)))
                if computed_s >= self._rings_at:
                    self._rings_at += STUCK_S
                    _thread.interrupt_main(RING)
        END(0)

    @contextlib.contextmanager
    def time_limit(self, on_stuck: Callable[[int], None]) -> Iterator[None]:
        """Raise Stuck in an answer that computes for too long; if it catches that, call `on_stuck` and end it."""
        rings, is_over = 0, False

        def ring(number: int, frame: FrameType | None) -> None:
            nonlocal rings
            if is_over or self._lock.locked():  # a report that is cut off would be nonsense; it rings again
                return
            rings += 1
            if rings == 1:
                raise Stuck
            on_stuck(line_in(frame))
            END(0)

        signal.signal(RING, ring)
        self._rings_at = time.process_time() + STUCK_S
        try:
            yield
        finally:
            is_over, self._rings_at = True, inf

    def no_room(self, error: BaseException) -> None:
        """If the error is a shortage that the answer did not cause, report it and exit."""
        if why := shortage.of_ours(error):
            self.send("fault", kind="no-room", text=why, line=0)
            END(0)

    def receive(self) -> Any:
        """Return the next request. Raises EOFError if the judge is gone."""
        return unpacked(self._exactly(length(self._exactly(HEAD.size))))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = os.read(self._requests, size - len(data))
            if not more:
                raise EOFError("the judge is gone")
            data += more
        return data


def work(link: Link, request: dict[str, Any]) -> None:
    """Load the answer in a request, then serve or call it."""
    is_called = request["drive"] or not request.get("is_played")
    drive = _drive(request["drive"]) if is_called else None  # the first call must not pay for imports
    if request.get("gives") is not None:
        allowed.only(request["gives"])
    nobody.is_here(lambda kind, **more: link.send("fault", kind=kind, **more))
    answer = load(link, request)
    if answer is None:
        return
    if request["kind"] != "rule" and not callable(answer):
        link.send("fault", kind="not-callable", text=type(answer).__name__, line=0)
        return
    if request["kind"] != "rule" and not request.get("is_played"):
        handler_server.serve(answer, link.send, request["kind"])
        return
    handler_server.watch_awaits(link.send)
    link.send("ready")
    if drive is None:
        _play(link, request, answer)
    while True:
        arguments = link.receive()
        link.send("returned", **_called(link, drive, answer, arguments))


def _play(link: Link, request: dict[str, Any], answer: Any) -> NoReturn:
    """Play the situations of each request, to the end, with the answer loaded anew once, for each, or not at all."""

    def played(_: Any, anew: str, situations: Any, made: str) -> Tagged:
        nonlocal answer
        results = []
        step = 0

        def note(what: Any) -> None:
            nonlocal step
            if what is None:
                step += 1
            else:
                link.send("noted", step=step, what=Tagged(what))

        for number, situation in enumerate(situations):
            if anew == "each" or (anew == "once" and number == 0):
                answer = (_run(request["code"]) | request["settings"])[request["name"]]
            start = player.within(made, request["name"], answer, note) if made else answer
            try:
                results.append(player.play(start, situation, lambda error: _is_ours(link, error), note))
            except NotAwaitable as error:
                link.send("fault", kind="not-async", text=str(error), line=0)
                raise
        return Tagged(results)

    while True:
        link.send("returned", **_called(link, played, None, link.receive()))


def _is_ours(link: Link, error: BaseException) -> bool:
    """Whether an error ends the answer's process instead of being a result."""
    link.no_room(error)
    return isinstance(error, Stuck | SystemExit | NotAwaitable)


def load(link: Link, request: dict[str, Any]) -> Any:
    """Return the answer, or None after reporting its fault."""
    name = request["name"]
    code = _compiled(link, request["source"])
    if code is None:
        return None
    ANSWER.are_of(code)
    _let_it_import_its_own()
    space: dict[str, Any] = {}
    try:
        sys.settrace(None)
        with link.time_limit(lambda line: link.send("fault", kind="stuck", text="", line=line)):
            space = _run(code)
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
    request["code"] = code
    return space[name]


def _run(code: CodeType) -> dict[str, Any]:
    """Run the answer in a new module, and return what it defines."""
    sys.modules[NAME] = module = ModuleType(NAME)  # where a dataclass, a pickle or a type hint looks for its module
    exec(code, vars(module))
    return vars(module)


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
    own = [str(working_copy.here()), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    sys.path += [path for path in own if path not in sys.path]


def _drive(address: str | None) -> Callable[..., Any]:
    if address is None:
        return lambda answer, *arguments: answer(*arguments)
    module, _, name = address.partition(":")
    drive: Callable[..., Any] = getattr(import_module(module), name)
    return drive


def _called(link: Link, drive: Callable[..., Any], answer: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    """Call the answer; return its reply, with the ticks and the processor time that it took here.

    Outside, a judge that is busy itself reads the reply late, and would take that for waiting.
    """
    ticks, computed_s = link.ticks, time.process_time()
    reply = _reply_of(link, drive, answer, arguments)
    return reply | {"took": (link.ticks - ticks, time.process_time() - computed_s)}


def _reply_of(link: Link, drive: Callable[..., Any], answer: Any, arguments: tuple[Any, ...]) -> dict[str, Any]:
    try:
        with link.time_limit(lambda line: link.send("returned", stuck=line)):
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


if __name__ == "__main__":
    main()
