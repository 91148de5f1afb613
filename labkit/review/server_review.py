"""Review a server: run every probe once, several at a time if they do not interfere.

    concurrent   several at once, with a canary: a healthy connection that must stay open
    alone        one at a time, each with its own canary: probes that may crash the server or need it quiet

A probe that did not hold while the reviewer itself lagged runs again, because the reviewer may have missed a deadline.
If the canary of the concurrent probes ends, any of them may be the cause, so those that did not hold run again, alone.
If the server is gone, the review restarts it if it can, and otherwise waits once for it to return. If it does not
return, the remaining probes are `unknown`.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from time import monotonic
from typing import Any

from labkit.evidence import CannotTell, broken, unknown
from labkit.evidence.lateness import Lateness
from labkit.evidence.running import run_in_time
from labkit.platform.packages import installed_version
from labkit.review.conversation import converse
from labkit.review.dialect import Dialect, read_dialect
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.finding import CannotReview, Finding
from labkit.review.hosted_server import hosting
from labkit.review.peer import Peer
from labkit.review.planning import estimate_s, missing_premise, plan
from labkit.review.probe import Probe, check_names
from labkit.review.probes import PROBES
from labkit.review.promise import PROFILES
from labkit.review.promised_limits import Promised
from labkit.review.report import Report
from labkit.review.running import OnFinding, finding_of, not_run, run_blocking, run_probe
from labkit.review.scene import NO_ENTRY, Scene
from labkit.review.short_script import language_of
from labkit.review.target import Target, check_url

OnStart = Callable[[tuple[str, ...], float], object]
RETURN_S = 10.0
IMPATIENT_S = 2.0  # for a server that may be gone
LATE = 1 / 4  # of the shortest deadline that a client must meet
HINTS = {  # what to do, by a part of the error
    "your clock says": "then review again",
    "--cafile": "the file must contain certificates in PEM format",
    "--token-command": "run it by itself: what does it print?",
    "web server": "is the port of the URL right?",
    "4403": "is --token the right one?",
    "HTTP": "is the path of the URL right?",
    "CERTIFICATE": "name the certificate to trust with --cafile FILE",
    "waiting for": "if it uses other names, describe them in a file: --dialect FILE",
    "": "does a server listen there?",
}


def select(profile: str = "full", only: Iterable[str] = (), dialect: Dialect | None = None) -> list[Probe]:
    """Select the probes of a profile. `only` names chapters, or single probes of any profile. Raises CannotReview.

    Leaves out probes that do not apply to the dialect, see `not_applicable`.
    """
    wanted_probes = _wanted(profile, only, dialect)
    return [probe for probe in wanted_probes if dialect is None or not missing_premise(probe, dialect)]


def not_applicable(profile: str, only: Iterable[str], dialect: Dialect) -> dict[str, str]:
    """Return the wanted probes whose premise the server lacks, such as a second room, and what it lacks."""
    lacking = {probe.id: missing_premise(probe, dialect) for probe in _wanted(profile, only, dialect)}
    return {name: why for name, why in lacking.items() if why}


def _wanted(profile: str, only: Iterable[str], dialect: Dialect | None) -> list[Probe]:
    wanted = [only] if isinstance(only, str) else list(only)
    check_names([*wanted, *(dialect.without if dialect is not None else ())], PROBES)
    kept = [probe for probe in PROBES if dialect is None or not dialect.leaves_out(probe.id)]
    profiles = PROFILES[: PROFILES.index(profile) + 1]
    chapters = {probe.chapter for probe in kept} if not wanted else set(wanted)
    return [probe for probe in kept if probe.id in wanted or (probe.chapter in chapters and probe.profile in profiles)]


class Review:
    """One review: a run of a list of probes."""

    def __init__(
        self,
        target: Target,
        probes: list[Probe],
        seed: int | None,
        on_finding: OnFinding | None,
        *,
        budget_s: float | None = None,
        on_start: OnStart | None = None,
    ) -> None:
        self._target = target
        self._budget_s = budget_s
        self._on_start = on_start or (lambda *_: None)
        self._plan = plan(probes, target.promised, target.dialect, budget_s)
        self._ends_at = math.inf
        self._probes = probes
        self._seed = SystemRandom().getrandbits(64) if seed is None else seed
        self._rng = Random(self._seed)
        self._runs = Counter[str]()
        self._on_finding = on_finding or (lambda _: None)
        self._findings: dict[str, Finding] = {}
        self._server_versions: tuple[str, ...] = ()
        self.conversation: tuple[str, ...] = ()  # the frames of the conversation check
        self._language = language_of(target.hosted.command if target.hosted else None)
        self._gone_since = ""  # the probe after which the server admits nobody
        self._waits_s = RETURN_S
        self._checking = asyncio.Lock()
        self._returning = asyncio.Lock()
        self._lateness = Lateness()

    async def run(self, profile: str) -> Report:
        """Run all probes. Raises CannotReview if the server does not admit us at the start."""
        began, began_at = monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
        await self._first_visit()
        self._on_start(self.conversation, self._plan.estimate_s(self._target.promised))
        self._ends_at = began + self._budget_s if self._budget_s is not None else math.inf
        for probe in self._probes:
            if probe.id in self._plan.left_out:
                self._report(not_run(probe, unknown(self._plan.left_out[probe.id])))
        async with self._lateness:
            await self._run_concurrently(self._plan.together)
            await self._run_one_by_one(self._plan.alone)
            waiting = asyncio.gather(self._run_concurrently(self._plan.waiting))
            await self._run_quietly(self._plan.quiet)
            await waiting
            await self._run_one_by_one(self._probes)  # those that another probe has disturbed
        found = tuple(self._findings[probe.id] for probe in self._probes)
        versions = (f"labkit {installed_version()}", *self._server_versions)
        conversation = self.conversation
        return Report(self._target.url, profile, found, monotonic() - began, began_at, versions, conversation)

    async def _run_quietly(self, probes: Iterable[Probe]) -> None:
        """Run probes two at a time: they mostly wait. Each has its own canary.

        If the server ends meanwhile, all of their canaries do, so whose fault that is shows only in a run alone.
        """
        turns = asyncio.Semaphore(min(2, self._plan.at_once))

        async def in_turn(probe: Probe) -> None:
            async with turns:
                await self._run_one(probe, beside_others=True)

        await asyncio.gather(*(in_turn(probe) for probe in probes))

    async def _run_one_by_one(self, probes: Iterable[Probe]) -> None:
        """Run those of the probes that have no finding yet, as far as the budget goes."""
        for probe in probes:
            await self._run_one(probe)

    async def _run_one(self, probe: Probe, *, beside_others: bool = False) -> None:
        if probe.id not in self._findings:
            if monotonic() + estimate_s(probe, self._target.promised) > self._ends_at:
                spent = f"left out: the budget of {self._budget_s:g} s was spent on more severe probes"
                self._report(not_run(probe, unknown(spent)))
            else:
                finding = await self._run_in_time(probe, self._run_alone)
                if not (finding.is_crash and beside_others):
                    self._report(finding)

    async def _first_visit(self) -> None:
        async with Scene(self._target, self._rng) as scene:
            try:
                self.conversation = await converse(scene)
                self._server_versions = await _versions(scene)
            except CannotTell as error:
                raise self._cannot_review(error) from None

    def _cannot_review(self, error: CannotTell) -> CannotReview:
        hint = next(hint for part, hint in HINTS.items() if part in str(error))
        return CannotReview(f"cannot review {self._target.url}: {error}; {hint}")

    async def _entered(self, scene: Scene, *rooms: str) -> Peer:
        try:
            return await scene.enter(*rooms)
        except CannotTell as error:
            raise self._cannot_review(error) from None

    async def _run_concurrently(self, probes: Sequence[Probe]) -> None:
        """Run these probes with a canary. Postpone each probe that did not hold and left the canary unhealthy.

        Also postpone probes that could not enter a room, and those whose connection was cut.
        """
        turns = asyncio.Semaphore(self._plan.at_once)

        async def in_turn(probe: Probe) -> None:
            async with turns:
                finding = await self._run_in_time(probe, self._run_probe)
            is_shut_out = finding.verdict == "unknown" and NO_ENTRY in finding.actual
            is_cut = str(ConnectionEnded(1006, "")) in finding.actual  # perhaps because of another probe
            if finding.verdict == "held" or (not is_shut_out and not is_cut and await self._is_healthy(canary)):
                self._report(finding)

        if probes:
            async with Scene(self._target, self._rng) as scene:
                canary = await self._entered(scene)
                await asyncio.gather(*(in_turn(probe) for probe in probes))
                self._gone_since = "" if await self._is_healthy(canary) else "the concurrent probes"

    async def _run_in_time(self, probe: Probe, run: Callable[[Probe], Awaitable[Finding]]) -> Finding:
        """Run a probe. Run it again if it did not hold and the reviewer itself lagged meanwhile.

        A probe that ended the server cannot run again if the server stays gone: then its first finding counts.
        """
        first: Finding | None = None
        is_gone = False

        async def once(_: int) -> Finding:
            nonlocal first, is_gone
            finding = await run(probe)
            is_gone = finding.verdict == "unknown" and bool(self._gone_since)
            if self._gone_since == probe.id and finding.verdict == "broken":
                first = finding
            return first if first is not None and is_gone else finding

        def late_since(began: float) -> float:
            return 0.0 if is_gone else self._lateness.since(began)

        promised = self._target.promised
        late_s = LATE * min(promised.ping_timeout_s, promised.auth_timeout_s, promised.close_deadline_s)
        return await run_in_time(once, late_since, late_s)

    async def _run_alone(self, probe: Probe) -> Finding:
        """Run a probe with its own canary, unless the server admits nobody."""
        async with Scene(self._target, self._rng) as scene:
            canary = await self._canary(scene)
            if canary is None and probe.needs_entry:
                since = f"the server is gone since {self._gone_since} and has not returned"
                hint = "" if self._target.hosted else "; use --start COMMAND to let the review restart it"
                return not_run(probe, unknown(since + hint))
            return await self._run_probe(probe, canary)

    async def _run_probe(self, probe: Probe, canary: Peer | None = None) -> Finding:
        """Run one probe. Its verdict is broken if the canary ends, whatever else it found."""
        began = monotonic()
        self._runs[probe.id] += 1  # by id: the same seed gives the same values in any order
        rng = Random(f"{self._seed} {probe.id} {self._runs[probe.id]}")
        async with Scene(self._target, rng) as scene:
            outcome, crash = await run_probe(probe, scene, max(1.0, self._ends_at - monotonic())), None
            if canary is not None and not await self._is_healthy(canary):
                self._gone_since = probe.id
                scene.transcript.canary_request = scene.upgrade_request()
                parts = [f"a healthy connection beside it ended too ({canary.ended or 'no answer'})", outcome.actual]
                crash = probe.cause or probe.title
                if self._target.hosted is not None:
                    parts.insert(0, await self._target.hosted.how_it_ended())
                    crash = self._target.hosted.why_it_ended() or crash
                outcome = broken("; ".join(filter(None, parts)))
            evidence = scene.transcript, scene.transcript.script(), monotonic() - began
            return finding_of(probe, outcome, *evidence, crash, self._language)

    async def _canary(self, scene: Scene) -> Peer | None:
        """Open a healthy connection, restarting the server if necessary; None if the server admits nobody."""
        if self._gone_since and not await self._returned():
            return None
        try:
            return await scene.enter()
        except CannotTell:
            self._gone_since = "an earlier probe"
            return await scene.enter() if await self._returned() else None

    async def _returned(self) -> bool:
        """Return whether the server is back: restart it if we started it; otherwise wait for it, but only once.

        Of two probes that find it gone, the second finds what the first has started: a restart would end that again.
        """
        async with self._returning:
            return await self._brought_back()

    async def _brought_back(self) -> bool:
        ends, self._waits_s = monotonic() + self._waits_s, 0.0
        if await self._admits():
            return True
        if self._target.hosted is not None:
            try:
                await self._target.hosted.restart()
            except CannotTell:
                return False
            return await self._admits()
        while monotonic() < ends:
            await asyncio.sleep(0.1)
            if await self._admits():
                return True
        return False

    async def _admits(self) -> bool:
        """Return whether the server admits a new client."""
        async with Scene(replace(self._target, patience_s=IMPATIENT_S), self._rng) as scene:
            try:
                await scene.enter()
            except CannotTell:
                return False
        self._gone_since, self._waits_s = "", RETURN_S
        return True

    async def _is_healthy(self, canary: Peer) -> bool:
        async with self._checking:  # one check at a time may read its messages
            try:
                await canary.received_so_far()
            except (ConnectionEnded, ReceiveTimeout):
                return False
            return True

    def _report(self, finding: Finding) -> None:
        self._findings[finding.id] = finding
        self._on_finding(finding)


async def _versions(scene: Scene) -> tuple[str, ...]:
    """Return what the server says about itself in the header of its handshake."""
    peer = await scene.connect()
    lines = peer.head.decode("latin-1").splitlines()
    peer.drop()
    return tuple(line.partition(":")[2].strip()[:80] for line in lines if line.lower().startswith("server:"))


async def examine(
    url: str,
    *,
    profile: str = "full",
    tokens: Iterable[str] = ("dev-token",),
    only: Iterable[str] = (),
    seed: int | None = None,
    start: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    promised: Promised | Mapping[str, float] | None = None,
    dialect: Dialect | Path | str | None = None,
    on_finding: OnFinding | None = None,
    on_start: OnStart | None = None,
    budget_s: float | None = None,
    **given: Any,
) -> Report:
    """Review a server. Raises CannotReview if the server cannot be reached or does not admit us.

    `only`: chapters or probes, such as ["auth", "rooms/4"]. `promised`: the limits that the server runs with, such as
    {"auth_timeout_s": 0.5}; shorter deadlines make the review faster. `start`: the command that starts and restarts
    the server in `folder`, with `environment` added to its variables. `budget_s`: the most time to take, in seconds;
    the most severe probes run first. `on_start` gets the frames of the conversation check, and about how long the
    review takes. `given`: other fields of `target.Target`, such as pid, log and audit.
    """
    if not isinstance(dialect, Dialect):
        dialect = Dialect() if dialect is None else read_dialect(Path(dialect))
    probes = select(profile, only, dialect)
    check_url(url)
    async with hosting(start, url, environment, folder) as hosted:
        tokens = (tokens,) if isinstance(tokens, str) else tuple(tokens)
        limits = Promised().set_lines(f"{name}={value}" for name, value in dialect.limits.items())
        options = {"promised": limits.updated(promised), "dialect": dialect, "hosted": hosted, "profile": profile}
        target = Target.of(url, tokens, **options, **given)
        review = Review(target, probes, seed, on_finding, budget_s=budget_s, on_start=on_start)
        report = await review.run(profile)
        return replace(report, not_applicable=not_applicable(profile, only, dialect))


def run(url: str, **options: Any) -> Report:
    """Call `examine` from a script or a notebook cell."""
    return run_blocking(examine(url, **options))
