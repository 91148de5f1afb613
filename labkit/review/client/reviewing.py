"""A review of a client: every probe once, some at a time, each with clients and a scripted server of its own."""

import asyncio
import shlex
from collections.abc import Iterable
from random import Random, SystemRandom
from time import monotonic
from typing import Any

from labkit.review.client.probes import CLIENT_PROBES
from labkit.review.client.scene import ClientScene, ClientTarget
from labkit.review.client.starting import Start, command
from labkit.review.finding import CannotReview, CannotTell, Finding
from labkit.review.looking import OnFinding, finding_of, on_a_loop_of_its_own, seen_by
from labkit.review.probe import Probe, check_names
from labkit.review.report import Report

AT_ONCE = 4
PROFILE = "client"


def select_client_probes(only: Iterable[str] = ()) -> list[Probe]:
    """All, or those that `only` names. Raises CannotReview."""
    wanted = list(only)
    check_names(wanted, CLIENT_PROBES, "client probe")
    return [probe for probe in CLIENT_PROBES if not wanted or probe.id in wanted or probe.chapter in wanted]


async def examine_client(
    words: str,
    *,
    start: Start | None = None,
    only: Iterable[str] = (),
    seed: int | None = None,
    at_once: int = AT_ONCE,
    on_finding: OnFinding | None = None,
    **patience: float,
) -> Report:
    """Review the client that this command starts, or `start`. Raises CannotReview when it does not connect at all."""
    target = ClientTarget(name=words, start=start or _command(words), **patience)
    rng = SystemRandom() if seed is None else Random(seed)
    probes, began = select_client_probes(only), monotonic()
    await _first_visit(target, rng)
    turns = asyncio.Semaphore(at_once)

    async def look(probe: Probe) -> Finding:
        async with turns:
            finding = await _look(probe, target, Random(rng.getrandbits(64)))
        if on_finding is not None:
            on_finding(finding)
        return finding

    found = await asyncio.gather(*(look(probe) for probe in probes))
    return Report(words, PROFILE, tuple(found), monotonic() - began)


def run_client(words: str, **options: Any) -> Report:
    """As `examine_client`, for a script or a notebook cell."""
    return on_a_loop_of_its_own(examine_client(words, **options))


def _command(words: str) -> Start:
    try:
        return command(words)
    except ValueError as error:
        raise CannotReview(f"cannot start {words!r}: {error}") from None


async def _first_visit(target: ClientTarget, rng: Random) -> None:
    async with ClientScene(target, rng) as scene:
        try:
            await (await scene.client()).visit()
        except CannotTell as error:
            raise CannotReview(f"cannot review {target.name}: {error}") from None


async def _look(probe: Probe, target: ClientTarget, rng: Random) -> Finding:
    began = monotonic()
    async with ClientScene(target, rng) as scene:
        seen = await seen_by(probe, scene)
        again = f"labkit review --client {shlex.quote(target.name)} --only {probe.id}"
        return finding_of(probe, seen, scene.transcript, (again,), monotonic() - began)
