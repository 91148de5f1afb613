"""Review a client: run every probe once, several at a time, each with its own clients and scripted server."""

import asyncio
from collections.abc import Iterable
from random import Random, SystemRandom
from time import monotonic
from typing import Any

from labkit.evidence import CannotTell
from labkit.platform import shell
from labkit.review.client.probes import CLIENT_PROBES
from labkit.review.client.scene import ClientScene, ClientTarget
from labkit.review.client.starting import Start, command
from labkit.review.finding import CannotReview, Finding
from labkit.review.probe import Probe, check_names
from labkit.review.report import Report
from labkit.review.running import OnFinding, finding_of, run_blocking, run_probe

AT_ONCE = 4
PROFILE = "client"


def select_client_probes(only: Iterable[str] = ()) -> list[Probe]:
    """Select the client probes named in `only`, or all of them. Raises CannotReview for an unknown name."""
    wanted = list(only)
    check_names(wanted, CLIENT_PROBES, "client probe")
    return [probe for probe in CLIENT_PROBES if not wanted or probe.id in wanted or probe.chapter in wanted]


async def examine_client(
    command_line: str,
    *,
    start: Start | None = None,
    only: Iterable[str] = (),
    seed: int | None = None,
    at_once: int = AT_ONCE,
    on_finding: OnFinding | None = None,
    **patience: float,
) -> Report:
    """Review a client, started by a command or by calling `start`. Raises CannotReview if it never connects."""
    target = ClientTarget(name=command_line, start=start or _command(command_line), **patience)
    rng = SystemRandom() if seed is None else Random(seed)
    probes, began = select_client_probes(only), monotonic()
    await _check_connects(target, rng)
    turns = asyncio.Semaphore(at_once)

    async def run(probe: Probe) -> Finding:
        async with turns:
            finding = await _run_probe(probe, target, Random(rng.getrandbits(64)))
        if on_finding is not None:
            on_finding(finding)
        return finding

    found = await asyncio.gather(*(run(probe) for probe in probes))
    return Report(command_line, PROFILE, tuple(found), monotonic() - began)


def run_client(command_line: str, **options: Any) -> Report:
    """Call `examine_client` from a script or a notebook cell."""
    return run_blocking(examine_client(command_line, **options))


def _command(command_line: str) -> Start:
    try:
        return command(command_line)
    except ValueError as error:
        raise CannotReview(f"cannot start {command_line!r}: {error}") from None


async def _check_connects(target: ClientTarget, rng: Random) -> None:
    async with ClientScene(target, rng) as scene:
        try:
            await (await scene.client()).next_connection()
        except CannotTell as error:
            raise CannotReview(f"cannot review {target.name}: {error}") from None


async def _run_probe(probe: Probe, target: ClientTarget, rng: Random) -> Finding:
    began = monotonic()
    async with ClientScene(target, rng) as scene:
        outcome = await run_probe(probe, scene)
        rerun = f"labkit review --client {shell.quote(target.name)} --only {probe.id}"
        return finding_of(probe, outcome, scene.transcript, (rerun,), monotonic() - began)
