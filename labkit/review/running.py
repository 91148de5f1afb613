"""Run one server or client probe, and turn its outcome into a finding."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from labkit.evidence import Outcome
from labkit.evidence.running import outcome_of
from labkit.review.finding import Finding
from labkit.review.probe import Probe
from labkit.review.recording import recorded
from labkit.review.short_script import short_script
from labkit.review.transcript import Transcript

TIMEOUT_S = 300
Result = TypeVar("Result")
OnFinding = Callable[[Finding], None]


async def run_probe(probe: Probe, scene: Any, limit_s: float = TIMEOUT_S) -> Outcome:
    """Run a probe for at most `limit_s` seconds, and turn any exception into an outcome."""
    return await outcome_of(probe.run, scene, min(limit_s, TIMEOUT_S))


def finding_of(
    probe: Probe,
    outcome: Outcome,
    transcript: Transcript,
    reproduce: tuple[str, ...] = (),
    seconds: float = 0,
    crash: str | None = None,
    language: str = "python",
) -> Finding:
    """Build a finding from an outcome and its evidence, with credentials removed.

    `crash`: the cause, if the probe ended other connections; `language`: of the short program.
    """
    is_broken = outcome.verdict == "broken"
    if is_broken and transcript.marked is None:
        transcript.mark()
    elif not is_broken:
        transcript.marked = None
    return Finding(
        id=probe.id,
        title=probe.title,
        severity=(probe.if_alive or probe.severity) if is_broken and crash is None else probe.severity,
        verdict=outcome.verdict,
        expected=probe.expected,
        actual=transcript.hide(outcome.actual),
        frames=transcript.lines(),
        reproduce=reproduce,
        fix=probe.fix,
        missing_test=probe.missing_test,
        seconds=seconds,
        promise=probe.promise,
        cause=probe.cause if crash is None else crash,
        is_crash=crash is not None,
        short=short_script(transcript, language) if is_broken and transcript.url else (),
        recording=recorded(transcript),
    )


def not_run(probe: Probe, why: Outcome) -> Finding:
    """Return the finding for a probe that did not run."""
    return finding_of(probe, why, Transcript(""))


def run_blocking(review: Coroutine[Any, Any, Result]) -> Result:
    """Run a review to its end, in a separate thread if this thread already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(review)
    started: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Result]]] = []

    async def run() -> Result:
        started.append((asyncio.get_running_loop(), asyncio.ensure_future(review)))
        return await started[0][1]

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, run())
        try:
            return running.result()
        except KeyboardInterrupt:  # leaving `with` waits for the thread, which would otherwise continue the review
            for loop, task in started:
                loop.call_soon_threadsafe(task.cancel)
            raise
