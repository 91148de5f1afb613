"""Review our own server: everything holds, and each probe that cannot run says why."""

import json
from pathlib import Path

from labkit.review import examine
from labkit.review.probes import PROBES
from tests.review.full_server import full_server, promised
from tests.wire.raw import serving

NEEDS = {
    "--token-command": ["auth/15", "rooms/10", "rooms/11", "rooms/12"],
    "--audit": ["audit/2", "audit/3", "audit/4", "audit/5", "audit/6"],
    "--log": ["secrets/4", "audit/1"],
    "--pid": ["slow/6"],
    "OPS_TOKEN": ["auth/20"],
}


async def test_our_server_passes_every_probe(tmp_path: Path) -> None:
    """With profile full, all options and shortened limits nothing is broken or unknown, within a minute."""
    async with full_server(tmp_path) as (url, options):
        report = await examine(url, **options)
    assert report.ids("broken") == [], report
    assert report.ids("unknown") == [], report
    assert len(report.findings) == len(PROBES) >= 60
    assert report.seconds < 60
    text = json.dumps(report.json())
    assert options["ops_token"] not in text
    assert "dev-toke" not in text


async def test_probe_without_its_option_is_unknown_and_names_it() -> None:
    """Without options, each of these probes names the option that it needs; none is broken."""
    missing = {probe: option for option, probes in NEEDS.items() for probe in probes}
    async with serving(limits=_short()) as server:
        report = await examine(server.url, only=list(missing), promised=promised())
    assert report.ids("unknown") == [finding.id for finding in report]
    assert {finding.id for finding in report} == set(missing)
    assert [finding.id for finding in report if missing[finding.id] not in finding.actual] == []


def _short() -> dict[str, float]:
    return {name: float(value) for name, value in (("auth_timeout_s", "0.6"), ("ping_interval_s", "0.6"))}
