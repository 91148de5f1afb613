"""The judge's side of one answer's process. `nursery` starts it.

The learner's code runs nowhere else. Whatever it does (loops, dies, prints without end), this side goes on: it reads a
bounded amount, waits a bounded time, and ends the process with all that it started.
"""

import asyncio
import contextlib
import os
import socket
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

from labkit.course.running.packets import HEAD, Opaque, length, packed, unpacked

TICK_S = 0.1  # of a machine that is not busy
PATIENCE_S = 4.0
HARD_S = 60.0  # whatever its clock says
PATIENT = 5  # times as long in all calls together: each may wait too little to be noticed
COMPUTING = 10  # what it computes takes up to so many times as long on a busy machine, and is no waiting
LOOK_S = 0.2
HELD_UP_S = 1.0  # later than this, our own process was stopped, and the answer may have replied long ago
TICKS_OF_LIFE = 2  # one may have been under way when the process died
MOST_PRINTED = 256 * 1024
KEPT_PRINTED = 2000
WORDLESS = "silent-end"
GARBLED = "garbled"


class AnswerFault(NamedTuple):
    """Why an answer cannot be looked at, or no further. `kind` is a key of `course.running.faults.SENTENCES`."""

    kind: str
    text: str = ""
    line: int = 0
    port: int = 0  # of the client whose handler raised it, where that is known


class CallResult(NamedTuple):
    """What one call of a rule came to: a value, or what it raised."""

    value: Any = None
    raised: str | None = None  # "KeyError: 'type'"
    line: int = 0  # where it was raised

    @property
    def shown(self) -> str:
        """For evidence, in one line."""
        text = f"raised {self.raised}" if self.raised is not None else repr(self.value)
        return text if len(text) <= 160 else f"{text[:160]}... ({len(text)} characters)"


class AnswerEnded(Exception):
    """The answer's process can do no more; `process.fault` says why."""


@dataclass(slots=True)
class AnswerProcess:
    """One answer in its process."""

    control: socket.socket
    output: int
    patience_s: float  # how long it may take to load, or a call to return
    fault: AnswerFault | None = None
    port: int = 0
    printed: str = ""
    raised: list[AnswerFault] = field(default_factory=list)  # by the handler, while it served
    ended: asyncio.Event = field(default_factory=asyncio.Event)  # set with `fault`
    _answers: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _count: int = 0
    _ticks: int = 0
    _ticked_at: float = 0.0
    _computed_s: float = 0.0  # of processor time, as it told with its last tick
    _waited: float = 0.0  # seconds, in the calls that came to an end
    _late_s: list[tuple[float, float]] = field(default_factory=list)  # when a tick came, and by how much too late

    @property
    def url(self) -> str:
        """Where a handler is served."""
        return f"ws://127.0.0.1:{self.port}"

    async def load(self, request: dict[str, Any]) -> None:
        """Have the answer loaded; afterwards it is ready, or `fault` says why not."""
        self.control.setblocking(False)
        os.set_blocking(self.output, False)
        asyncio.get_running_loop().add_reader(self.output, self._read_output)
        self._tasks.append(asyncio.create_task(self._listen()))
        await self._say(request)
        answer, _ = await self._answer()
        if answer is None:
            self._end(AnswerFault("hangs-on-load"))
        else:
            self.port = answer.get("port", 0)

    async def call(self, *arguments: Any) -> CallResult:
        """Call a rule. Raises AnswerEnded when it does not return, or ends its process."""
        if self.fault is not None:
            raise AnswerEnded
        await self._say(arguments)
        answer, waited_s = await self._answer()
        self._waited += max(0.0, waited_s)
        if answer is None or self._waited > PATIENT * self.patience_s:
            self._end(AnswerFault("never-returns"))
        elif "stuck" in answer:
            self._end(AnswerFault("stuck", line=answer["stuck"]))
        elif "exit" in answer:
            self._end(AnswerFault("exit", line=answer["exit"]))
        elif "raised" in answer:
            raised = answer["raised"]
            return CallResult(raised=f"{raised['type']}: {raised['text']}", line=raised["line"])
        elif isinstance(answer.get("value"), Opaque) and answer["value"].type == "coroutine":
            self._end(AnswerFault("async-rule"))
        if self.fault is not None:
            raise AnswerEnded
        return CallResult(answer.get("value") if answer else None)

    async def caught_up(self) -> None:
        """Wait until all that it reported so far is noted, its end included: a connection ends before that is told."""
        last, ends = self._ticks + TICKS_OF_LIFE, monotonic() + self.patience_s
        while self.fault is None and self._ticks < last and monotonic() < ends:
            await asyncio.sleep(TICK_S / 4)

    def late_since(self, began: float) -> float:
        """By how many seconds it was late at worst since then: it had less of the machine than it needed."""
        return max((late for at, late in self._late_s if at >= began), default=0.0)

    async def close(self) -> None:
        """Let go of it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # they still use the socket until then
        self._close_output()
        self.control.close()

    async def _say(self, value: Any) -> None:
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(self.control, packed(value))

    async def _answer(self) -> tuple[dict[str, Any] | None, float]:
        """What it reports next, {} when it has ended, None when it has had its time; and how long it was waiting.

        Its time is counted by a thread of its own, so that a busy machine gives it as much as a calm one. What it
        computes is bounded over there, by processor time. When we were stopped ourselves, its time begins again.
        """
        ticks, computed_s, ends = self._ticks, self._computed_s, monotonic() + HARD_S
        answer, ended = asyncio.create_task(self._answers.get()), asyncio.create_task(self.ended.wait())
        done: set[asyncio.Task[Any]] = set()
        try:
            while not done and self._waited_s(ticks, computed_s) < self.patience_s and monotonic() < ends:
                began = monotonic()
                done, _ = await asyncio.wait((answer, ended), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                if monotonic() - began > LOOK_S + HELD_UP_S:
                    await asyncio.sleep(TICK_S)  # takes in all that came meanwhile
                    ticks, computed_s, ends = self._ticks, self._computed_s, monotonic() + HARD_S
        finally:
            for task in (answer, ended):
                task.cancel()
        reported = answer.result() if answer in done else {} if ended in done else None
        return reported, self._waited_s(ticks, computed_s)

    def _waited_s(self, ticks: int, computed_s: float) -> float:
        """How long it has been waiting since then."""
        return (self._ticks - ticks) * TICK_S - COMPUTING * (self._computed_s - computed_s)

    async def _listen(self) -> None:
        """Take in what it reports until it is gone."""
        try:
            while True:
                self._note(unpacked(await self._exactly(length(await self._exactly(HEAD.size)))))
        except (OSError, EOFError):
            self._end(AnswerFault(WORDLESS))
        except Exception:  # the answer can write there too, and whatever it writes ends nothing but itself
            self._end(AnswerFault(GARBLED))

    def _note(self, report: Any) -> None:
        """Take in a report. Raises whatever comes of one that no code of ours has made."""
        event = report.pop("event", "")
        if event == "tick":
            self._computed_s = float(report["computed_s"])
            self._tick(monotonic())
        elif event in ("ready", "returned"):
            self._answers.put_nowait(_checked(report))
        elif event == "raised":
            self.raised.append(AnswerFault("raised", str(report["text"]), int(report["line"]), int(report["port"])))
        else:
            kind = report["kind"] if event == "fault" else event
            self._end(AnswerFault(kind, str(report["text"]), int(report["line"])))

    def _tick(self, now: float) -> None:
        self._ticks += 1
        if self._ticks > 1:
            self._late_s.append((now, now - self._ticked_at - TICK_S))
        self._ticked_at = now

    async def _exactly(self, size: int) -> bytes:
        loop, data = asyncio.get_running_loop(), b""
        while len(data) < size:
            more = await loop.sock_recv(self.control, size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _read_output(self) -> None:
        """Keep the beginning of what it prints, count the rest, and end it when there is no end."""
        try:
            data = os.read(self.output, 65536)
        except BlockingIOError:
            return
        if not data:
            self._close_output()
            return
        self._count += len(data)
        if len(self.printed) < KEPT_PRINTED:
            self.printed += data.decode("utf-8", "replace")[: KEPT_PRINTED - len(self.printed)]
        if self._count > MOST_PRINTED:
            self._close_output()
            self._end(AnswerFault("print-storm", f"{self._count} bytes"))

    def _close_output(self) -> None:
        if self.output >= 0:
            asyncio.get_running_loop().remove_reader(self.output)
            os.close(self.output)
            self.output = -1

    def _end(self, fault: AnswerFault) -> None:
        if self.fault is None:
            self.fault = fault
            self.ended.set()


def _checked(report: dict[str, Any]) -> dict[str, Any]:
    """An answer to the judge, each part of the type that it has. Raises KeyError, TypeError or ValueError."""
    numbers = {name: int(report[name]) for name in ("port", "stuck", "exit") if name in report}
    if "raised" in report:
        raised = report["raised"]
        report["raised"] = {"type": str(raised["type"]), "text": str(raised["text"]), "line": int(raised["line"])}
    return report | numbers
