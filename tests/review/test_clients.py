"""Reviews of clients: the kill matrix of broken clients, our client as a process, and the command line."""

import asyncio
import inspect
import json
import shlex
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.broken_clients import CLIENT_FAULTS, broken_client
from labkit.cli import main
from labkit.review import examine_client
from labkit.review.client.probes import CLIENT_CHAPTERS, CLIENT_PROBES
from tests.review.calm import calmly
from tests.review.matrix import OURS, Found, differing

LONGEST_S = 300


def clients(fault: str) -> str:
    """Return the command of a broken client."""
    return f"{shlex.quote(sys.executable)} -m labkit.broken_clients {fault}"


async def matrix() -> Found:
    """Review every broken client, and ours; return what was found."""
    return await calmly("tests.review.clients", [OURS, *CLIENT_FAULTS])


def found_by(fault: str) -> frozenset[str]:
    """The probes that find a fault."""
    return frozenset(broken_client(fault).found_by)


def flips(found: Found) -> dict[str, list[str]]:
    """Return the differences from the lists."""
    return differing(found, found_by)


@pytest.mark.alone("it measures when a client reconnects")
@pytest.mark.timeout(LONGEST_S)
def test_client_fault_is_found_by_exactly_the_listed_probes() -> None:
    """Every probe finds a fault, and none finds one in our own client."""
    assert len(CLIENT_FAULTS) >= 5
    assert {probe for fault in CLIENT_FAULTS for probe in found_by(fault)} == {one.id for one in CLIENT_PROBES}
    found = asyncio.run(matrix())
    assert set(found) == {OURS, *CLIENT_FAULTS}
    assert flips(found) == {}


@pytest.mark.matrix
@pytest.mark.timeout(LONGEST_S)
@pytest.mark.parametrize("round_", range(5))
def test_client_matrix_repeated_gives_the_same_result(round_: int) -> None:
    """Five runs agree."""
    assert flips(asyncio.run(matrix())) == {}


def test_client_probes_are_numbered_and_complete() -> None:
    """Ids count from 1 without gaps, no title repeats, and no text is missing."""
    for chapter in CLIENT_CHAPTERS:
        ids = [probe.id for probe in CLIENT_PROBES if probe.chapter == chapter]
        assert ids == [f"{chapter}/{number}" for number in range(1, len(ids) + 1)]
    assert len({probe.title for probe in CLIENT_PROBES}) == len(CLIENT_PROBES) >= 8
    for probe in CLIENT_PROBES:
        assert probe.profile == "client"
        for text in (probe.title, probe.requirement, probe.expected, probe.fix, probe.missing_test):
            assert len(text) > 5, probe.id


def test_every_broken_client_has_few_lines() -> None:
    """At most 40 lines, and a docstring."""
    for fault in CLIENT_FAULTS:
        assert inspect.getsource(broken_client(fault)).count("\n") <= 40, fault
        assert broken_client(fault).__doc__, fault


async def test_client_process_is_reviewed_and_ended() -> None:
    """Our client passes, and the report contains no token."""
    report = await examine_client(clients(OURS), only=["entry", "words/1", "codes/1"])
    assert report.summary == {"held": 5, "broken": 0, "unknown": 0}, report
    text = json.dumps(report.json()) + str([finding.frames for finding in report.findings])
    assert "$LABKIT_TOKEN" in text
    assert "token-" not in text
    assert "resume-" not in text
    assert report["codes/1"].actual == "it ended"


def test_broken_client_exits_1_with_frames_and_a_command() -> None:
    """The reproduction is a review with that one probe."""
    done = CliRunner().invoke(main, ["review", "--client", clients("token_in_the_url"), "--only", "entry/3"])
    assert done.exit_code == 1, done.output
    assert "broken  P0 entry/3" in done.output
    assert "?token=$LABKIT_TOKEN" in done.output
    assert "labkit review --client" in done.output


def test_command_that_is_no_client_exits_2(tmp_path: Path) -> None:
    """The program does not exist or ends, the probe is unknown, or a URL is given too: one line each."""
    silent = tmp_path / "silent.py"
    silent.write_text("raise SystemExit('no idea what to do')")
    for arguments, text in (
        (["--client", "no-such-command-anywhere"], "cannot start"),
        (["--client", f"{shlex.quote(sys.executable)} {silent}"], "no idea what to do"),
        (["--client", "true", "--only", "auth/1"], "there is no client probe"),
        (["--client", "true", "ws://localhost:1"], "either a URL or --client"),
        (["--client", "true", "--pid", "1"], "--pid"),
        (["--client", "unbalanced '"], "quotation"),
    ):
        done = CliRunner().invoke(main, ["review", *arguments])
        assert done.exit_code == 2, (arguments, done.output)
        assert text in done.output, (arguments, done.output)
        assert "Traceback" not in done.output
