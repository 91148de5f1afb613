"""Judge an answer from its source and return a Result. The learner's code runs in a process of its own (`running`).

A handler's checks run side by side against one process, through a network drawn from the seed. Meanwhile, checks that
are `alone` run one after another, each with its own process. The checks of a rule, and of a handler that is played,
call it one after another.
"""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from time import monotonic
from typing import Any

from labkit.course import blank
from labkit.course.exercise import Check, Exercise, Misconception
from labkit.course.result import VERDICTS, CheckResult, Result, Verdict
from labkit.course.running import faults, shortage
from labkit.course.running.answer_process import HELD_UP_S, AnswerFault, AnswerProcess, CannotStart
from labkit.course.running.answers import Answers
from labkit.course.stage import Calls, Stage, run_check, was_endless
from labkit.evidence import Outcome, unknown
from labkit.evidence.lateness import Lateness
from labkit.evidence.running import MOST_RUNS, run_in_time
from labkit.faults import Proxy

DEFAULT_SEED = 1
AT_ONCE = 8
LATE_S = 0.1
HELD_UP = "this machine was too busy for the check; end other programs, and check again"
NOT_CHECKED = "not checked, because the answer stopped running"
BEGIN = "Fill in the blank, run its cell, then run this one."


async def judge(exercise: Exercise, source: str, *, name: str | None = None, seed: int = DEFAULT_SEED) -> Result:
    """Judge the answer that `source` defines as `name`."""
    began = monotonic()
    name = name or exercise.answer
    if blank.state(source, name) == blank.NOT_STARTED:
        return not_started(exercise)
    if why := shortage.no_room_for_a_check():
        return not_done(exercise, why)
    try:
        return await _Judgement(exercise, source, name, seed).result(began)
    except CannotStart as error:
        return not_done(exercise, str(error), monotonic() - began)
    except Exception as error:
        if why := shortage.shortage(error):
            return not_done(exercise, why, monotonic() - began)
        raise


def not_started(exercise: Exercise) -> Result:
    """Return the result for a blank."""
    return Result(exercise, "inconclusive", _not_checked(exercise), hints=(BEGIN,), state="not started")


def not_done(exercise: Exercise, why: str, seconds: float = 0.0) -> Result:
    """Return the result for an answer that could not be judged through no fault of its own."""
    runs = CheckResult(faults.RUNS, "inconclusive", faults.EXPECTED, why)
    return Result(exercise, "inconclusive", (runs, *_not_checked(exercise)), seconds=seconds)


def _not_checked(exercise: Exercise) -> tuple[CheckResult, ...]:
    return tuple(CheckResult(check.id, "inconclusive", check.expected, "not checked") for check in exercise.checks)


class _Judgement:
    """One run of an exercise's checks."""

    def __init__(self, exercise: Exercise, source: str, name: str, seed: int) -> None:
        self._exercise = exercise
        self._source = source
        self._name = name
        self._seed = seed
        self._outcomes: dict[str, tuple[Outcome, Stage | Calls]] = {}
        self._fault: AnswerFault | None = None
        self._printed = ""
        self._lateness = Lateness()

    async def result(self, began: float) -> Result:
        """Run the checks; return the result."""
        alone = [[check] for check in self._exercise.checks if check.alone]
        together = [check for check in self._exercise.checks if not check.alone]
        async with Answers(1 + len(alone)) as answers, self._lateness:
            beside = asyncio.create_task(self._in_processes(answers, alone))
            try:
                await self._in_processes(answers, [together])
                if self._fault is None and any(not self._missing(check) for [check] in alone):
                    await beside
            finally:
                beside.cancel()
                await asyncio.wait((beside,))
        return self._result(monotonic() - began)

    async def _in_processes(self, answers: Answers, groups: list[list[Check]]) -> None:
        for checks in groups:
            if self._fault is None:
                await self._in_process(answers, checks)

    async def _in_process(self, answers: Answers, checks: list[Check]) -> None:
        """Run these checks against one process."""
        async with answers.start(self._request(checks)) as process:
            if process.fault is None:
                await self._run(checks, process)
                await asyncio.sleep(0)
            self._fault = self._fault or process.fault
        self._printed = self._printed or process.printed  # closed by now, so that its last words have arrived

    async def _run(self, checks: list[Check], process: AnswerProcess) -> None:
        if self._exercise.kind == "rule" or self._exercise.is_played:
            for check in checks:
                if self._exercise.is_played and not check.alone and self._missing(check):
                    continue
                outcome = await self._run_check(check, process, self._calls(check, process))
                if was_endless(outcome):  # the other checks would not be judged either
                    break
            return
        turns = asyncio.Semaphore(AT_ONCE)
        runs = asyncio.gather(*(self._run_on_handler(turns, check, process) for check in checks))
        ended = asyncio.create_task(process.ended.wait())
        await asyncio.wait((runs, ended), return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        runs.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await runs

    async def _run_on_handler(self, turns: asyncio.Semaphore, check: Check, process: AnswerProcess) -> None:
        """Run one check, and repeat it while a busy machine, on our side or the answer's, may explain its failure."""
        began = 0.0

        async def run(turn: int) -> Outcome:
            nonlocal began
            rng = self._rng(check, turn)
            async with self._network(process.url, rng) as network:
                url = process.url if network is None else network.url
                began = monotonic()
                async with Stage(url, process, rng, dict(self._exercise.promised), network) as stage:
                    return await self._run_check(check, process, stage)

        def late_since(began: float) -> float:
            return max(self._lateness.since(began), process.late_since(began))

        async with turns:
            outcome = await run_in_time(run, late_since, LATE_S)
        if outcome.verdict == "broken" and (late_s := self._lateness.since(began)) > HELD_UP_S:
            why = f"{HELD_UP} (late by up to {late_s:.0f} s in each of {MOST_RUNS} runs)"
            self._outcomes[check.id] = unknown(why), self._outcomes[check.id][1]

    @contextlib.asynccontextmanager
    async def _network(self, url: str, rng: Random) -> AsyncIterator[Proxy | None]:
        if self._exercise.network is None:
            yield None
            return
        async with Proxy(url, seed=rng.getrandbits(32)) as proxy:
            faults_of = self._exercise.network(rng)
            proxy.set(down=faults_of.get("down"), up=faults_of.get("up"))
            yield proxy

    async def _run_check(self, check: Check, process: AnswerProcess, stage: Stage | Calls) -> Outcome:
        raised = len(process.raised)
        outcome = await run_check(check.run, stage)
        if outcome.verdict == "broken":
            await process.caught_up()
        if process.fault is not None and outcome.verdict != "held":
            outcome = unknown(NOT_CHECKED)
        elif outcome.verdict == "broken" and (fault := self._raised(process.raised[raised:], stage)) is not None:
            raised_by = f"the answer raised {fault.text}{faults.at_line(fault.line, self._source)}"
            outcome = outcome._replace(actual=f"{outcome.actual}; {raised_by}")
        self._outcomes[check.id] = outcome, stage
        return outcome

    def _raised(self, meanwhile: list[AnswerFault], stage: Stage | Calls) -> AnswerFault | None:
        """Return the first error that this check caused or may have caused: other checks run at the same time."""
        ours = {0} if isinstance(stage, Calls) else {0, *stage.ports()}
        return next((fault for fault in meanwhile if fault.port in ours), None)

    def _rng(self, check: Check, turn: int = 0) -> Random:
        return Random(f"{self._seed} {self._exercise.id} {check.id} {turn}")

    def _calls(self, check: Check, process: AnswerProcess) -> Calls:
        """Return the calls for one check. Another answer gets other situations, so none can be written for them."""
        salt = zlib.crc32(self._source.encode("utf-8", "replace"))
        rng = (
            Random(f"{self._seed} {self._exercise.id} {check.id} {salt}")
            if self._exercise.is_played
            else self._rng(check)
        )
        return Calls(process, rng, self._name, self._source)

    def _request(self, checks: list[Check]) -> dict[str, Any]:
        drive = self._exercise.drive
        settings = dict(self._exercise.settings)
        for check in checks:
            settings |= check.settings
        return {
            "source": self._source,
            "name": self._name,
            "kind": self._exercise.kind,
            "patience_s": self._exercise.patience_s,
            "settings": settings,
            "is_played": self._exercise.is_played,
            "gives": self._exercise.gives,
            "drive": f"{drive.__module__}:{drive.__qualname__}" if drive else None,
        }

    # The verdict

    def _result(self, seconds: float) -> Result:
        checks = [self._runs(), *(self._judged(check) for check in self._exercise.checks)]
        seen = {check.verdict for check in checks}
        verdict: Verdict = "fail" if "fail" in seen else "inconclusive" if "inconclusive" in seen else "pass"
        first = next((check for check in checks if check.verdict == "fail"), None)
        known = misconceptions(self._exercise)
        behind = known.get(first.misconception or "") if first else None
        return Result(
            exercise=self._exercise,
            verdict=verdict,
            checks=tuple(checks),
            why=behind.sentence if behind else "",
            hints=behind.hints if behind else (),
            seconds=seconds,
            printed=self._printed,
        )

    def _runs(self) -> CheckResult:
        if self._fault is None:
            return CheckResult(faults.RUNS, "pass", faults.EXPECTED, "it does")
        sentence = faults.sentence(self._fault, self._source)
        if self._fault.kind in faults.UNJUDGED:
            return CheckResult(faults.RUNS, "inconclusive", faults.EXPECTED, sentence)
        return CheckResult(faults.RUNS, "fail", faults.EXPECTED, sentence, (), faults.misconception(self._fault).tag)

    def _missing(self, check: Check) -> str:
        """Return the first check that this one needs and that does not hold, or ""."""
        held = {name for name, (outcome, _) in self._outcomes.items() if outcome.verdict == "held"}
        return next((need for need in check.needs if need not in held), "")

    def _judged(self, check: Check) -> CheckResult:
        was_cut = self._fault is not None and self._fault.kind in faults.UNJUDGED
        if check.id not in self._outcomes and (missing := self._missing(check)) and self._fault is None:
            return CheckResult(check.id, "inconclusive", check.expected, f"means nothing until {missing} passes")
        if check.id not in self._outcomes or (was_cut and self._outcomes[check.id][0].verdict == "broken"):
            return CheckResult(check.id, "inconclusive", check.expected, NOT_CHECKED)
        outcome, stage = self._outcomes[check.id]
        if (missing := self._missing(check)) and outcome.verdict == "broken":
            outcome = unknown(f"means nothing until {missing} passes")
        tag = (outcome.cause or check.usual).tag if outcome.verdict == "broken" else None
        result = CheckResult(check.id, VERDICTS[outcome.verdict], check.expected, outcome.actual)
        return replace(result, evidence=stage.evidence(), misconception=tag, series=stage.series)


def misconceptions(exercise: Exercise) -> dict[str, Misconception]:
    """Return every misconception that a result of this exercise may name, keyed by tag."""
    return faults.SENTENCES | {one.tag: one for one in exercise.misconceptions}
