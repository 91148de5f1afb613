"""The client's turn: broken clients against probes, ours as a process, and what the verb says about it."""

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
from tests.wire.raw import on_a_loop

LONGEST_S = 300


def clients(fault: str) -> str:
    """The command of a broken client."""
    return f"{shlex.quote(sys.executable)} -m labkit.broken_clients {fault}"


async def matrix() -> Found:
    """What was found in each broken client, and in ours."""
    return await calmly("tests.review.clients", [OURS, *CLIENT_FAULTS])


def found_by(fault: str) -> frozenset[str]:
    """The probes that find a fault."""
    return frozenset(broken_client(fault).found_by)


def flips(found: Found) -> dict[str, list[str]]:
    """What differs from the lists."""
    return differing(found, found_by)


@pytest.mark.alone("the time in which a client comes back is measured")
@pytest.mark.timeout(LONGEST_S)
def test_every_planted_fault_of_a_client_is_found_by_exactly_the_probes_listed() -> None:
    """Every probe finds somebody, and nobody finds anything in our own client."""
    assert len(CLIENT_FAULTS) >= 5
    assert {probe for fault in CLIENT_FAULTS for probe in found_by(fault)} == {one.id for one in CLIENT_PROBES}
    found = asyncio.run(matrix())
    assert set(found) == {OURS, *CLIENT_FAULTS}
    assert flips(found) == {}


@pytest.mark.matrix
@pytest.mark.timeout(LONGEST_S)
@pytest.mark.parametrize("round_", range(5))
def test_the_matrix_of_clients_does_not_flip(round_: int) -> None:
    """Five times the same."""
    assert flips(asyncio.run(matrix())) == {}


def test_probes_of_clients_are_numbered_and_say_all_that_a_report_needs() -> None:
    """Ids count from 1 without holes; no title twice; every text is a sentence's worth."""
    for chapter in CLIENT_CHAPTERS:
        ids = [probe.id for probe in CLIENT_PROBES if probe.chapter == chapter]
        assert ids == [f"{chapter}/{number}" for number in range(1, len(ids) + 1)]
    assert len({probe.title for probe in CLIENT_PROBES}) == len(CLIENT_PROBES) >= 8
    for probe in CLIENT_PROBES:
        assert probe.profile == "client"
        for text in (probe.title, probe.requirement, probe.expected, probe.fix, probe.missing_test):
            assert len(text) > 5, probe.id


def test_every_broken_client_says_what_it_is_in_few_lines() -> None:
    """At most 40 lines, and a docstring."""
    for fault in CLIENT_FAULTS:
        assert inspect.getsource(broken_client(fault)).count("\n") <= 40, fault
        assert broken_client(fault).__doc__, fault


@on_a_loop
async def test_a_client_in_a_process_is_started_told_and_ended() -> None:
    """Ours holds; no token is in the report; no process is left."""
    report = await examine_client(clients(OURS), only=["entry", "words/1", "codes/1"])
    assert report.summary == {"held": 5, "broken": 0, "unknown": 0}, report
    told = json.dumps(report.json()) + str([finding.frames for finding in report.findings])
    assert "$LABKIT_TOKEN" in told
    assert "token-" not in told
    assert "resume-" not in told
    assert report["codes/1"].actual == "it ended"


def test_a_broken_client_is_exit_1_with_frames_and_a_line_to_run_it_again() -> None:
    """The reproduction is the review of that one probe."""
    done = CliRunner().invoke(main, ["review", "--client", clients("token_in_the_url"), "--only", "entry/3"])
    assert done.exit_code == 1, done.output
    assert "broken  P0 entry/3" in done.output
    assert "?token=$LABKIT_TOKEN" in done.output
    assert "labkit review --client" in done.output


def test_a_command_that_is_no_client_is_exit_2(tmp_path: Path) -> None:
    """It is not there, it ends, there is no such probe, or there is a URL as well: one line each."""
    silent = tmp_path / "silent.py"
    silent.write_text("raise SystemExit('no idea what to do')")
    for arguments, told in (
        (["--client", "no-such-command-anywhere"], "cannot start"),
        (["--client", f"{shlex.quote(sys.executable)} {silent}"], "no idea what to do"),
        (["--client", "true", "--only", "auth/1"], "there is no client probe"),
        (["--client", "true", "ws://localhost:1"], "one of the two"),
        (["--client", "true", "--pid", "1"], "--pid"),
        (["--client", "unbalanced '"], "quotation"),
    ):
        done = CliRunner().invoke(main, ["review", *arguments])
        assert done.exit_code == 2, (arguments, done.output)
        assert told in done.output, (arguments, done.output)
        assert "Traceback" not in done.output
