"""A review: every probe run once against a server, many at a time where they do not disturb each other.

    calm     several at once, beside a canary: a connection that must stay well
    alone    one at a time, each with a canary of its own: what may end the whole server, or needs it quiet

When the canary of the calm ones dies, nobody can tell who killed it, so those that did not hold are run again, alone.
When the whole server is gone it is waited for, as somebody may restart it; what is left is `unknown` otherwise.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from random import Random, SystemRandom
from time import monotonic, time
from typing import Any

from labkit.review.finding import CannotTell, Finding, Seen, broken, unknown
from labkit.review.peer import Ended, Peer, Silent
from labkit.review.probe import Probe
from labkit.review.probes import PROBES
from labkit.review.report import Report
from labkit.review.scene import Scene, Target

AT_ONCE = 8
LONGEST_S = 300
RETURN_S = 10.0
OnFinding = Callable[[Finding], None]


class CannotReview(Exception):
    """There is no server that lets us in; the message says what to do."""


def select(profile: str = "full", only: Iterable[str] = (), without: Callable[[str], bool] = bool) -> list[Probe]:
    """The probes of a profile; `only` names chapters or probes, whatever the profile. Raises CannotReview."""
    wanted = list(only)
    for name in wanted:
        if not any(name in (probe.id, probe.chapter) for probe in PROBES):
            chapters = dict.fromkeys(probe.chapter for probe in PROBES)
            raise CannotReview(f"there is no probe or chapter {name!r}; the chapters are {', '.join(chapters)}")
    if wanted:
        return [probe for probe in PROBES if probe.id in wanted or probe.chapter in wanted]
    return [probe for probe in PROBES if profile == "full" or probe.profile == "core"]


class Review:
    """One run over a list of probes."""

    def __init__(self, target: Target, probes: list[Probe], seed: int | None, on_finding: OnFinding | None) -> None:
        self._target = target
        self._probes = probes
        self._rng = SystemRandom() if seed is None else Random(seed)
        self._on_finding = on_finding or (lambda _: None)
        self._findings: dict[str, Finding] = {}
        self._is_gone = False

    async def run(self, profile: str) -> Report:
        """Run them all. Raises CannotReview when the server does not let us in at the start."""
        began = monotonic()
        await self._first_visit()
        again = await self._run_calm([probe for probe in self._probes if not probe.alone])
        for probe in self._probes:
            if probe.alone or probe in again:
                await self._run_alone(probe)
        found = tuple(self._findings[probe.id] for probe in self._probes)
        return Report(self._target.url, profile, found, monotonic() - began)

    async def _first_visit(self) -> None:
        async with Scene(self._target, self._rng) as scene:
            try:
                await scene.enter(scene.room())
            except CannotTell as error:
                hint = "is --token the right one?" if "4403" in str(error) else "does a server listen there?"
                raise CannotReview(f"cannot review {self._target.url}: {error}; {hint}") from None

    async def _run_calm(self, probes: list[Probe]) -> list[Probe]:
        """Run these beside a canary; those to run again, as it died."""
        turns = asyncio.Semaphore(AT_ONCE)
        async with Scene(self._target, self._rng) as scene:
            canary = await scene.enter()
            findings = await asyncio.gather(*(self._look_in_turn(turns, probe) for probe in probes))
            is_well = await _is_well(canary)
        doubtful = {finding.id: finding for finding in findings if finding.verdict != "held"}
        if not is_well:
            return [probe for probe in probes if probe.id in doubtful]
        for finding in doubtful.values():
            self._tell(finding)
        return []

    async def _look_in_turn(self, turns: asyncio.Semaphore, probe: Probe) -> Finding:
        async with turns:
            finding = await self._look(probe)
        if finding.verdict == "held":
            self._tell(finding)
        return finding

    async def _run_alone(self, probe: Probe) -> None:
        if self._is_gone and not await self._returned():
            self._tell(_finding(probe, unknown("the server is gone since an earlier probe; start it again"), None, 0))
            return
        async with Scene(self._target, self._rng) as scene:
            try:
                canary = await scene.enter()
            except CannotTell as error:
                self._tell(_finding(probe, unknown(str(error)), None, 0))
                return
            finding = await self._look(probe, canary)
        self._tell(finding)

    async def _look(self, probe: Probe, canary: Peer | None = None) -> Finding:
        """Run one probe. What ends a healthy connection beside it is broken, whatever else it saw."""
        began = monotonic()
        async with Scene(self._target, Random(self._rng.getrandbits(64))) as scene:
            seen = await _run(probe, scene)
            if canary is not None and not await _is_well(canary):
                self._is_gone = True
                seen = broken(
                    f"a healthy connection beside it ended too ({canary.ended or 'no answer'}); {seen.actual}"
                )
            return _finding(probe, seen, scene, monotonic() - began)

    async def _returned(self) -> bool:
        """Whether the server is back, or comes back in time."""
        ends = time() + RETURN_S
        while time() < ends:
            async with Scene(self._target, self._rng) as scene:
                try:
                    await scene.enter()
                except CannotTell:
                    await asyncio.sleep(0.1)
                else:
                    self._is_gone = False
                    return True
        return False

    def _tell(self, finding: Finding) -> None:
        self._findings[finding.id] = finding
        self._on_finding(finding)


async def _run(probe: Probe, scene: Scene) -> Seen:
    try:
        async with asyncio.timeout(LONGEST_S):
            return await probe.run(scene)
    except CannotTell as missing:
        return unknown(str(missing))
    except (Ended, Silent) as instead:
        return broken(str(instead))
    except TimeoutError:
        return unknown(f"not done after {LONGEST_S} s")


async def _is_well(canary: Peer) -> bool:
    try:
        await canary.everything()
    except (Ended, Silent):
        return False
    return True


def _finding(probe: Probe, seen: Seen, scene: Scene | None, seconds: float) -> Finding:
    transcript = None if scene is None else scene.transcript
    return Finding(
        id=probe.id,
        title=probe.title,
        severity=probe.severity,
        verdict=seen.verdict,
        expected=probe.expected,
        actual=seen.actual if transcript is None else transcript.hide(seen.actual),
        frames=() if transcript is None else transcript.lines(),
        reproduce=() if transcript is None else transcript.script(),
        fix=probe.fix,
        missing_test=probe.missing_test,
        seconds=seconds,
    )


async def examine(
    url: str,
    *,
    profile: str = "full",
    tokens: Iterable[str] = ("dev-token",),
    only: Iterable[str] = (),
    seed: int | None = None,
    on_finding: OnFinding | None = None,
    **given: Any,
) -> Report:
    """Review a server. `given`: what else `scene.Target` takes, such as pid, log, audit. Raises CannotReview."""
    log = given.get("log")
    starts_at = log.stat().st_size if log is not None and log.exists() else 0
    target = Target(url=url, tokens=tuple(tokens), log_starts_at=starts_at, **given)
    probes = [probe for probe in select(profile, only) if not target.dialect.leaves_out(probe.id)]
    return await Review(target, probes, seed, on_finding).run(profile)


def run(url: str, **options: Any) -> Report:
    """As `examine`, for a script or a notebook cell; in a thread of its own where a loop runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(examine(url, **options))
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, examine(url, **options)).result()
