"""What a check works with: connections to a learner's handler, or calls to a learner's rule. Both record evidence.

A `Stage` is the reviewer's `Scene` with the exercise's settings, so a check reads like a probe, and the reviewer's
probes run on it unchanged (`by_probes`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count
from random import Random
from typing import Any, Literal

from labkit.course.models.situations import Result, Situation
from labkit.course.running.answer_process import AnswerEnded, AnswerProcess, CallResult
from labkit.course.running.faults import at_line
from labkit.course.running.shortage import shortage
from labkit.evidence import NotSeen, Outcome, broken, held, unknown
from labkit.evidence.running import Run, not_finished, outcome_of
from labkit.faults import Proxy
from labkit.review.probes import PROBES
from labkit.review.promised_limits import Promised
from labkit.review.scene import Scene
from labkit.review.target import Target

TOKEN = "dev-token"
PATIENCE_S = 3.0
LONGEST_S = 30.0
MOST_CALLS_SHOWN = 12
CHANGED = "RecordChanged: the answer has changed the list of its results"


class Stage(Scene):
    """Connections to a learner's handler. `process` has the errors that the handler raised."""

    def __init__(
        self, url: str, process: AnswerProcess, rng: Random, promised: dict[str, float], network: Proxy | None = None
    ) -> None:
        target = Target(url=url, tokens=(TOKEN,), promised=Promised.of(promised), patience_s=PATIENCE_S)
        super().__init__(target, rng)
        self.process = process
        self.series: dict[str, tuple[float, ...]] = {}  # numbers to draw, by name
        self._network = network

    def ports(self) -> set[int]:
        """Return the client ports of this stage's connections, as the answer sees them."""
        if self._network is not None:
            return {traffic.port for traffic in self._network.connections}
        return {peer.transport.get_extra_info("sockname")[1] for peer in self._peers}

    async def end_all(self) -> None:
        """End every connection of this stage, and wait until that has happened."""
        for peer in self._peers:
            peer.drop()
        for peer in self._peers:
            await peer.until(lambda peer=peer: peer.is_lost, PATIENCE_S)

    def evidence(self) -> tuple[str, ...]:
        """Return what was sent and received, one line per message."""
        return self.transcript.lines()


Anew = Literal["once", "each", "never"]


class Calls:
    """Calls to a learner's rule."""

    def __init__(self, process: AnswerProcess, rng: Random, name: str, source: str = "") -> None:
        self.process = process
        self.rng = rng
        self.name = name
        self.series: dict[str, tuple[float, ...]] = {}
        self._source = source
        self._calls: list[str] = []
        self._shown: tuple[str, ...] = ()

    async def call(self, *arguments: Any, shown: str | None = None) -> CallResult:
        """Call the answer. `shown`: how the call appears in the evidence. Raises AnswerEnded."""
        look = shown or f"{self.name}({', '.join(_short(one) for one in arguments)})"
        self._calls.append(f"{look} -> did not return")
        called = await self.process.call(*arguments)
        self._calls[-1] = f"{look} -> {called.shown}"
        return called

    async def play(self, situations: Sequence[Situation], anew: Anew, made: str = "") -> list[list[Result]]:
        """Play situations, with the answer loaded `anew` once, for each, or not; return a result per step.

        `made`: the source of the function that makes the answer's objects; without it, the answer does. Raises
        AnswerEnded.
        """
        self.process.noted.clear()
        called = await self.process.call(anew, list(situations), made)
        if called.raised is None and not _is_whole(called.value, situations):
            return [[Result(raised=CHANGED)] * len(one) for one in situations]
        if called.raised is None:
            calls = defaultdict[int, list[Any]](list)
            for step, what in self.process.noted:
                calls[step].append(what)
            steps = count()
            return [[_result(tuple(calls[next(steps)]), *one) for one in came] for came in called.value]
        if len(situations) > 1:  # together, their results are too large for a packet
            return [(await self.play([one], anew, made))[0] for one in situations]
        return [[Result(raised=called.raised, line=called.line)] * len(situations[0])]

    def show(self, lines: Iterable[str]) -> None:
        """Make these lines the evidence: the smallest program that fails."""
        self._shown = tuple(lines)

    def at_line(self, number: int) -> str:
        """Return the location of a line of the answer, to end a clause with; "" for line 0."""
        return at_line(number, self._source)

    def evidence(self) -> tuple[str, ...]:
        """Return the program that fails, or the last calls, each with its result."""
        return self._shown or tuple(self._calls[-MOST_CALLS_SHOWN:])


def _is_whole(results: Any, situations: Sequence[Situation]) -> bool:
    """Whether there is one result for each step. An answer that finds the list may have changed it."""
    if not isinstance(results, list) or not all(isinstance(came, list) for came in results):
        return False
    are_results = all(isinstance(one, tuple) and len(one) in (2, 3) for came in results for one in came)
    return are_results and [*map(len, results)] == [*map(len, situations)]


def _result(calls: tuple[Any, ...], kind: str, value: Any, line: int = 0) -> Result:
    return Result(value, calls=calls) if kind == "value" else Result(None, str(value), int(line), calls)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}... ({len(text)} characters)"


async def run_check(run: Run, stage: Stage | Calls) -> Outcome:
    """Run a check and return its outcome, even if it raises an error. Only a shortage on this machine is raised."""
    try:
        return await outcome_of(run, stage, LONGEST_S, refused=broken, is_raised=_is_no_evidence)
    except AnswerEnded:
        return unknown("the answer's process has ended")


def _is_no_evidence(error: Exception) -> bool:
    """Whether an error is no evidence about the answer."""
    return isinstance(error, AnswerEnded) or bool(shortage(error))


def was_endless(outcome: Outcome) -> bool:
    """Whether a check was ended because it took too long."""
    return outcome.actual == not_finished(LONGEST_S)


def by_probes(*probes: str | Run) -> Run:
    """Return a check that runs probes, given as reviewer ids or as functions. The first failure is its outcome.

    If there is none, but one did not see what it needs, the check did not either.
    """
    known: dict[str, Run] = {probe.id: probe.run for probe in PROBES}
    runs = [known[probe] if isinstance(probe, str) else probe for probe in probes]

    async def run(stage: Any) -> Outcome:
        seen, unseen = held(""), None
        for probe in runs:
            try:
                seen = await probe(stage)
            except NotSeen as instead:
                unseen = unseen or instead
            if seen.verdict != "held":
                return broken(seen.actual, seen.cause)
        if unseen is not None:
            raise unseen
        return seen

    return run
