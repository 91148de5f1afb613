"""A review: every probe run once against a server, many at a time where they do not disturb each other.

    calm     several at once, beside a canary: a connection that must stay well
    alone    one at a time, each with a canary of its own: what may end the whole server, or needs it quiet

What does not hold while the reviewer itself was late is looked at again: the deadline missed may be its own.
When the canary of the calm ones dies, nobody can tell who killed it, so those that did not hold are run again, alone.
When the whole server is gone it is started again where the review started it, and waited for where somebody else may
have; what is left is `unknown` otherwise.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random, SystemRandom
from time import monotonic
from typing import Any

from labkit.review.dialect import Dialect, read_dialect
from labkit.review.finding import CannotReview, CannotTell, Finding, broken, unknown
from labkit.review.hosted import Hosted
from labkit.review.lateness import Lateness
from labkit.review.looking import OnFinding, finding_of, not_looked, on_a_loop_of_its_own, seen_by
from labkit.review.peer import Ended, Peer, Silent
from labkit.review.probe import Probe, check_names
from labkit.review.probes import PROBES
from labkit.review.promised import Promised
from labkit.review.report import Report
from labkit.review.scene import NO_ENTRY, Scene
from labkit.review.target import Target, check_url

AT_ONCE = 8
RETURN_S = 10.0
IMPATIENT_S = 2.0  # for a server that may be gone
LOOKS = 4  # at most, where the reviewer was late each time
LATE = 1 / 4  # of the shortest deadline that a peer must keep
HINTS = {  # the way out, by what the fault says
    "your clock says": "then review again",
    "--cafile": "it holds certificates as PEM",
    "--token-command": "what does that print by itself?",
    "web server": "is the port of the URL right?",
    "4403": "is --token the right one?",
    "HTTP": "is the path of the URL right?",
    "CERTIFICATE": "name the certificate that you trust: --cafile FILE",
    "waiting for": "does it use other names? A file can say them: --dialect FILE",
    "": "does a server listen there?",
}


def select(profile: str = "full", only: Iterable[str] = (), dialect: Dialect | None = None) -> list[Probe]:
    """The probes of a profile; `only` names chapters or probes, whatever the profile. Raises CannotReview.

    Those that make no sense in a dialect are left out.
    """
    wanted = [only] if isinstance(only, str) else list(only)
    check_names([*wanted, *(dialect.without if dialect is not None else ())], PROBES)
    kept = [probe for probe in PROBES if dialect is None or not dialect.leaves_out(probe.id)]
    if wanted:
        return [probe for probe in kept if probe.id in wanted or probe.chapter in wanted]
    return [probe for probe in kept if profile == "full" or probe.profile == "core"]


class Review:
    """One run over a list of probes."""

    def __init__(self, target: Target, probes: list[Probe], seed: int | None, on_finding: OnFinding | None) -> None:
        self._target = target
        self._probes = probes
        self._seed = SystemRandom().getrandbits(64) if seed is None else seed
        self._rng = Random(self._seed)
        self._looks = Counter[str]()
        self._on_finding = on_finding or (lambda _: None)
        self._findings: dict[str, Finding] = {}
        self._gone_since = ""  # the probe since which nobody is let in
        self._waits_s = RETURN_S
        self._asking = asyncio.Lock()
        self._lateness = Lateness()

    async def run(self, profile: str) -> Report:
        """Run them all. Raises CannotReview when the server does not let us in at the start."""
        began = monotonic()
        await self._first_visit()
        async with self._lateness:
            await self._run_calm([probe for probe in self._probes if not probe.alone])
            for probe in self._probes:
                if probe.id not in self._findings:
                    self._tell(await self._look_in_time(probe, self._look_alone))
        found = tuple(self._findings[probe.id] for probe in self._probes)
        return Report(self._target.url, profile, found, monotonic() - began)

    async def _first_visit(self) -> None:
        async with Scene(self._target, self._rng) as scene:
            await self._entered(scene, scene.room())

    async def _entered(self, scene: Scene, *rooms: str) -> Peer:
        try:
            return await scene.enter(*rooms)
        except CannotTell as error:
            hint = next(hint for told, hint in HINTS.items() if told in str(error))
            raise CannotReview(f"cannot review {self._target.url}: {error}; {hint}") from None

    async def _run_calm(self, probes: list[Probe]) -> None:
        """Run these beside a canary. What did not hold, and after which it was not well, is left for later.

        So is what could not be looked at, as nobody was let in, and what saw a connection cut.
        """
        turns = asyncio.Semaphore(AT_ONCE)

        async def in_turn(probe: Probe) -> None:
            async with turns:
                finding = await self._look_in_time(probe, self._look)
            is_shut_out = finding.verdict == "unknown" and NO_ENTRY in finding.actual
            is_cut = str(Ended(1006, "")) in finding.actual  # perhaps by a server that another probe upset
            if finding.verdict == "held" or (not is_shut_out and not is_cut and await self._is_well(canary)):
                self._tell(finding)

        if probes:
            async with Scene(self._target, self._rng) as scene:
                canary = await self._entered(scene)
                await asyncio.gather(*(in_turn(probe) for probe in probes))
                self._gone_since = "" if await self._is_well(canary) else "those that ran at once"

    async def _look_in_time(self, probe: Probe, look: Callable[[Probe], Awaitable[Finding]]) -> Finding:
        """Look; and again, when it was our own lateness that was seen."""
        promised = self._target.promised
        late_s = LATE * min(promised.ping_timeout_s, promised.auth_timeout_s, promised.close_deadline_s)
        for _ in range(LOOKS):
            began = monotonic()
            finding = await look(probe)
            if finding.verdict == "held" or self._lateness.since(began) < late_s:
                break
        return finding

    async def _look_alone(self, probe: Probe) -> Finding:
        """Look beside a canary, unless nobody is let in."""
        async with Scene(self._target, self._rng) as scene:
            canary = await self._canary(scene)
            if canary is None and probe.needs_entry:
                since = f"the server is gone since {self._gone_since}, and has not come back"
                hint = "" if self._target.hosted else "; with --start COMMAND the review starts it again"
                return not_looked(probe, unknown(since + hint))
            return await self._look(probe, canary)

    async def _look(self, probe: Probe, canary: Peer | None = None) -> Finding:
        """Run one probe. What ends a healthy connection beside it is broken, whatever else it saw."""
        began = monotonic()
        self._looks[probe.id] += 1  # by name, not by turn: the same seed draws the same, whoever comes first
        rng = Random(f"{self._seed} {probe.id} {self._looks[probe.id]}")
        async with Scene(self._target, rng) as scene:
            seen = await seen_by(probe, scene)
            if canary is not None and not await self._is_well(canary):
                self._gone_since = probe.id
                scene.transcript.beside = scene.upgrade()
                told = [f"a healthy connection beside it ended too ({canary.ended or 'no answer'})", seen.actual]
                if self._target.hosted is not None:
                    told.insert(0, await self._target.hosted.how_it_ended())
                seen = broken("; ".join(filter(None, told)))
            return finding_of(probe, seen, scene.transcript, scene.transcript.script(), monotonic() - began)

    async def _canary(self, scene: Scene) -> Peer | None:
        """A healthy connection to a server that is there, or is back; None where nobody is let in."""
        if self._gone_since and not await self._returned():
            return None
        try:
            return await scene.enter()
        except CannotTell:
            self._gone_since = "an earlier probe"
            return await scene.enter() if await self._returned() else None

    async def _returned(self) -> bool:
        """Whether the server is back: started again where we may, waited for where somebody else may, but once."""
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
        """Whether a newcomer is let in, after all."""
        async with Scene(replace(self._target, patience_s=IMPATIENT_S), self._rng) as scene:
            try:
                await scene.enter()
            except CannotTell:
                return False
        self._gone_since, self._waits_s = "", RETURN_S
        return True

    async def _is_well(self, canary: Peer) -> bool:
        async with self._asking:  # its answers are for one who asks
            try:
                await canary.everything()
            except (Ended, Silent):
                return False
            return True

    def _tell(self, finding: Finding) -> None:
        self._findings[finding.id] = finding
        self._on_finding(finding)


async def examine(
    url: str,
    *,
    profile: str = "full",
    tokens: Iterable[str] = ("dev-token",),
    only: Iterable[str] = (),
    seed: int | None = None,
    start: str | None = None,
    promised: Promised | Mapping[str, float] | None = None,
    dialect: Dialect | Path | str | None = None,
    on_finding: OnFinding | None = None,
    **given: Any,
) -> Report:
    """Review a server. Raises CannotReview when there is none that lets us in.

    `only`: chapters or probes, such as ["auth", "rooms/4"]: the review takes as long as these take. `promised`: what
    the server was served with, such as {"auth_timeout_s": 0.5}: deadlines that are shorter are seen sooner. `start`:
    the command that starts the server, and starts it again. `given`: what else `target.Target` takes, such as pid, log
    and audit.
    """
    if not isinstance(dialect, Dialect):
        dialect = Dialect() if dialect is None else read_dialect(Path(dialect))
    probes = select(profile, only, dialect)
    check_url(url)
    async with AsyncExitStack() as stack:
        hosted = None
        if start is not None:
            try:
                hosted = await stack.enter_async_context(Hosted(start, url))
            except CannotTell as error:
                raise CannotReview(str(error)) from None
        tokens = (tokens,) if isinstance(tokens, str) else tuple(tokens)
        told = {"promised": Promised.of(promised), "dialect": dialect, "hosted": hosted}
        return await Review(Target.of(url, tokens, **told, **given), probes, seed, on_finding).run(profile)


def run(url: str, **options: Any) -> Report:
    """As `examine`, for a script or a notebook cell."""
    return on_a_loop_of_its_own(examine(url, **options))
