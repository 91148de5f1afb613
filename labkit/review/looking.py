"""What both reviews do, of a server and of a client: run one probe to its end, and make a finding of what it saw."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from labkit.review.finding import CannotTell, Finding, Seen, broken, unknown
from labkit.review.peer import Ended, Silent
from labkit.review.probe import Probe
from labkit.review.report import Report
from labkit.review.transcript import Transcript

LONGEST_S = 300
OnFinding = Callable[[Finding], None]


async def seen_by(probe: Probe, scene: Any) -> Seen:
    """What a probe sees, whatever happens to it."""
    try:
        async with asyncio.timeout(LONGEST_S):
            return await probe.run(scene)
    except CannotTell as missing:
        return unknown(str(missing))
    except (Ended, Silent) as instead:
        return broken(str(instead))
    except TimeoutError:
        return unknown(f"not done after {LONGEST_S} s")
    except Exception as odd:  # a server that we do not know may answer with anything, and the other probes go on
        return unknown(f"what came could not be judged: {type(odd).__name__}: {odd}")


def finding_of(
    probe: Probe, seen: Seen, transcript: Transcript, reproduce: tuple[str, ...] = (), seconds: float = 0
) -> Finding:
    """What a probe saw, with its evidence."""
    return Finding(
        id=probe.id,
        title=probe.title,
        severity=probe.severity,
        verdict=seen.verdict,
        expected=probe.expected,
        actual=transcript.hide(seen.actual),
        frames=transcript.lines(),
        reproduce=reproduce,
        fix=probe.fix,
        missing_test=probe.missing_test,
        seconds=seconds,
    )


def not_looked(probe: Probe, why: Seen) -> Finding:
    """The finding of a probe that was not run."""
    return finding_of(probe, why, Transcript(""))


def on_a_loop_of_its_own(review: Coroutine[Any, Any, Report]) -> Report:
    """Run a review to its end; in a thread of its own where a loop runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(review)
    places: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Report]]] = []

    async def place() -> Report:
        places.append((asyncio.get_running_loop(), asyncio.ensure_future(review)))
        return await places[0][1]

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, place())
        try:
            return running.result()
        except (
            KeyboardInterrupt
        ):  # of a notebook cell: the thread would review on, and leaving `with` would wait for it
            for loop, task in places:
                loop.call_soon_threadsafe(task.cancel)
            raise
