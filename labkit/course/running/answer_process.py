"""The judge's side of one answer's process.

The learner's code runs nowhere else. Whatever it does (loop, die, print without end), this side keeps running: it reads
a limited amount, waits for a limited time, and kills the process along with everything that it started.
"""

import asyncio
import contextlib
from time import monotonic
from typing import Any, NamedTuple

import psutil

from labkit.bench.launch.python import last_words
from labkit.course.running import shortage
from labkit.course.running.packets import Opaque, packed, unpacked
from labkit.course.running.pipes import MOST_PRINTED, Pipes
from labkit.evidence.lateness import STEP_S, Lag, worst
from labkit.platform.os_errors import describe

TICK_S = 0.1  # between the ticks of a process on a machine that is not busy
PATIENCE_S = 4.0
HARD_S = 60.0  # the most that one reply may take, whatever its ticks say
PATIENT = 5  # all calls together may wait this many times the limit of one: each may stay just below it
SHORT = 1  # the ticks in a call that are no waiting: on a busy machine, any of many short calls may see one
COMPUTING = 10  # a second of processor time takes up to this many seconds on a busy machine, and is not waiting
LOOK_S = 0.2
HELD_UP_S = 1.0  # when we wake up this late, our own process was stopped, and the reply may have come long ago
TICKS_OF_LIFE = 2  # one tick may have been on its way when the process died
DEAF_CPU_S = 2.0  # of processor time without a tick: the answer is inside one call that lets no thread run
KEPT_PRINTED = 2000
MOST_NOTED = 50_000  # during one call, which notes some hundred
WORDLESS = "silent-end"
GARBLED = "garbled"


class CannotStart(RuntimeError):
    """No process for an answer can start; the message says why."""


class AnswerFault(NamedTuple):
    """Why an answer cannot run or continue. `kind`: a key of `running.faults.SENTENCES` or `UNJUDGED`."""

    kind: str
    text: str = ""
    line: int = 0
    port: int = 0  # of the client whose handler raised it; 0 when that is not known


class CallResult(NamedTuple):
    """The result of one call of a rule: its value, or the error that it raised."""

    value: Any = None
    raised: str | None = None  # "KeyError: 'type'"
    line: int = 0  # where it was raised

    @property
    def shown(self) -> str:
        """The result of the call in one line, for the evidence."""
        text = f"raised {self.raised}" if self.raised is not None else repr(self.value)
        return text if len(text) <= 160 else f"{text[:160]}... ({len(text)} characters)"


class AnswerEnded(Exception):
    """The answer's process has ended or cannot continue; `process.fault` says why."""


class AnswerProcess:
    """One answer in a process of its own."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        """Start it; loading the answer, or one call, may take `patience_s`. Raises CannotStart, RuntimeError."""
        self.fault: AnswerFault | None = None
        self.port = 0
        self.printed = ""
        self.raised: list[AnswerFault] = []  # by the handler, while it served clients
        self.noted: list[tuple[int, Any]] = []  # what the answer called while situations were played, during which step
        self.ended = asyncio.Event()  # set with `fault`
        self._patience_s = patience_s
        self._endless = "never-returns", "stuck"  # the kinds of fault of a call that waits, or computes, without end
        self._replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._count = 0
        self._last_printed = b""
        self._ticks = 0
        self._ticked_at = 0.0
        self._line = 0  # of the answer, at the last tick; 0 outside of it
        self._computed_s = 0.0  # the processor time that its last tick reported
        self._waited = 0.0  # seconds, in all calls that returned
        self._late_s: list[Lag] = []  # of its ticks
        self._loop_late_s: list[Lag] = []  # of its event loop, outside the answer's code
        self._pipes = self._started()
        self._watching = asyncio.create_task(self._watch())

    def _started(self) -> Pipes:
        try:
            return Pipes(self._take, self._keep)
        except OSError as error:
            why = f"the answer's process did not start: {describe(error)}; check again, or run `labkit doctor`"
            raise CannotStart(shortage.shortage(error) or why) from error

    @property
    def url(self) -> str:
        """The address of the server that runs the handler."""
        return f"ws://127.0.0.1:{self.port}"

    async def load(self, request: dict[str, Any]) -> None:
        """Load the answer. Afterwards it is ready, or `fault` says why not. Raises CannotStart."""
        self._patience_s = request.get("patience_s", self._patience_s)
        if request.get("kind") == "handler":
            self._endless = "blocked", "blocked"
        self._pipes.send(packed(request))
        reply, _ = await self._reply()
        if not self._pipes.has_begun:
            await self.close()
            raise CannotStart(f"the answer's process did not start: {last_words(self._last_printed)}; check again")
        if reply is None:
            self._end(AnswerFault("hangs-on-load", line=self._line))
        else:
            self.port = reply.get("port", 0)

    async def call(self, *arguments: Any) -> CallResult:
        """Call the rule. Raises AnswerEnded if it does not return or its process ends."""
        if self.fault is not None:
            raise AnswerEnded
        self._pipes.send(packed(arguments))
        reply, waited_s = await self._reply()
        took = (reply or {}).get("took")
        self._waited += max(0.0, waited_s if took is None else _waiting(max(0, took[0] - SHORT), took[1]))
        if reply is None or self._waited > PATIENT * self._patience_s:
            self._end(AnswerFault(self._endless[0], line=self._line))
        elif "stuck" in reply:
            self._end(AnswerFault(self._endless[1], line=reply["stuck"]))
        elif "exit" in reply:
            self._end(AnswerFault("exit", line=reply["exit"]))
        elif "raised" in reply:
            raised = reply["raised"]
            return CallResult(raised=f"{raised['type']}: {raised['text']}", line=raised["line"])
        elif isinstance(reply.get("value"), Opaque) and reply["value"].type == "coroutine":
            self._end(AnswerFault("async-rule"))
        if self.fault is not None:
            raise AnswerEnded
        return CallResult(reply.get("value") if reply else None)

    async def caught_up(self) -> None:
        """Wait until everything that it reported so far has arrived: a connection closes before the report of why."""
        last, ends = self._ticks + TICKS_OF_LIFE, monotonic() + PATIENT * self._patience_s
        while self.fault is None and self._ticks < last and monotonic() < ends:
            await asyncio.sleep(TICK_S / 4)

    def late_since(self, began: float) -> float:
        """Return the largest lag of its ticks or its loop since then: the machine was too busy for the process."""
        return max(worst(lag for lag in late_s if lag[0] >= began) for late_s in (self._late_s, self._loop_late_s))

    async def close(self) -> None:
        """End the process and everything that it started. Idempotent."""
        self._watching.cancel()
        await asyncio.to_thread(self._pipes.end)
        await asyncio.sleep(0)  # until the last that it printed is here

    async def _reply(self) -> tuple[dict[str, Any] | None, float]:
        """Return the next reply ({} if the process has ended, None if its time is up) and how long the process waited.

        A thread in the answer's process counts time in ticks, so the answer has as much time on a busy machine as on an
        idle one. That process also limits its processor time. If our own process was stopped, the time starts again.
        """
        ticks, computed_s, ends = self._ticks, self._computed_s, monotonic() + HARD_S
        reply, ended = asyncio.create_task(self._replies.get()), asyncio.create_task(self.ended.wait())
        done: set[asyncio.Task[Any]] = set()
        try:
            while not done and self._waited_s(ticks, computed_s) < self._patience_s and monotonic() < ends:
                began = monotonic()
                done, _ = await asyncio.wait((reply, ended), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                if monotonic() - began > LOOK_S + HELD_UP_S:
                    await asyncio.sleep(TICK_S)  # so that everything that came meanwhile is read
                    ticks, computed_s, ends = self._ticks, self._computed_s, monotonic() + HARD_S
        finally:
            for task in (reply, ended):
                task.cancel()
        reported = reply.result() if reply in done else {} if ended in done else None
        return reported, self._waited_s(ticks, computed_s)

    def _waited_s(self, ticks: int, computed_s: float) -> float:
        """Return how many seconds the process has waited since then: its ticks minus the time spent computing."""
        return _waiting(self._ticks - ticks, self._computed_s - computed_s)

    async def _watch(self) -> None:
        """End it when it takes too much memory, or computes in a way that no thread there can interrupt."""
        deaf = False
        while self.fault is None:
            await asyncio.sleep(LOOK_S)
            was_deaf, deaf = deaf, self._is_deaf()
            if self._rss() > shortage.MEMORY:
                self._end(AnswerFault("memory"))
            elif deaf and was_deaf:  # in one look alone, ticks may be waiting to be read
                self._end(AnswerFault("stuck"))

    def _is_deaf(self) -> bool:
        if monotonic() - self._ticked_at < DEAF_CPU_S or self._pipes.leader is None:
            return False
        with contextlib.suppress(psutil.Error):
            spent = self._pipes.leader.cpu_times()
            return float(spent.user + spent.system) - self._computed_s > DEAF_CPU_S
        return False

    def _rss(self) -> int:
        with contextlib.suppress(psutil.Error):
            return int(self._pipes.leader.memory_info().rss) if self._pipes.leader else 0
        return 0

    def _take(self, packet: bytes | None) -> None:
        """Handle a report, or the end of them."""
        if packet is None:
            self._end(AnswerFault(WORDLESS))
            return
        try:
            self._note(unpacked(packet))
        except Exception:  # the answer can write to the pipe, too; nonsense ends only the answer
            self._end(AnswerFault(GARBLED))

    def _note(self, report: Any) -> None:
        """Handle one report from the process. May raise any error if labkit did not write the report."""
        event = report.pop("event", "")
        if event == "hello":
            self._pipes.meet(int(report["pid"]))
        elif event == "tick":
            self._computed_s, self._line = float(report["computed_s"]), int(report.get("line", 0))
            self._tick(monotonic())
        elif event == "late":
            self._loop_late_s.append((monotonic(), float(report["late_s"])))
        elif event in ("ready", "returned"):
            self._replies.put_nowait(_checked(report))
        elif event == "noted":
            self.noted.append((int(report["step"]), report["what"]))
            if len(self.noted) > MOST_NOTED:
                self._end(AnswerFault("stuck", line=self._line))
        elif event == "raised":
            self.raised.append(AnswerFault("raised", str(report["text"]), int(report["line"]), int(report["port"])))
        else:
            kind = report["kind"] if event == "fault" else event
            self._end(AnswerFault(kind, str(report["text"]), int(report["line"])))

    def _tick(self, now: float) -> None:
        self._ticks += 1
        if self._ticks > 1 and (late_s := now - self._ticked_at - TICK_S) > STEP_S:
            self._late_s.append((now, late_s))
        self._ticked_at = now

    def _keep(self, data: bytes) -> None:
        """Keep the beginning of what it prints, count the rest, and end it when that is too much."""
        self._count += len(data)
        self._last_printed = (self._last_printed + data)[-KEPT_PRINTED:]
        if len(self.printed) < KEPT_PRINTED:
            self.printed += data.decode("utf-8", "replace")[: KEPT_PRINTED - len(self.printed)]
        if self._count > MOST_PRINTED:
            self._end(AnswerFault("print-storm", f"{self._count} bytes"))

    def _end(self, fault: AnswerFault) -> None:
        if self.fault is None:
            self.fault = fault
            self.ended.set()


def _waiting(ticks: int, computed_s: float) -> float:
    return ticks * TICK_S - COMPUTING * computed_s


def _checked(report: dict[str, Any]) -> dict[str, Any]:
    """Return a reply with each part converted to its type. Raises KeyError, TypeError or ValueError."""
    numbers = {name: int(report[name]) for name in ("port", "stuck", "exit") if name in report}
    if "raised" in report:
        raised = report["raised"]
        report["raised"] = {"type": str(raised["type"]), "text": str(raised["text"]), "line": int(raised["line"])}
    if "took" in report:
        ticks, computed_s = report["took"]
        report["took"] = int(ticks), float(computed_s)
    return report | numbers
