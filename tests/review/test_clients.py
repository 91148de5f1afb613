"""Reviews of clients: the kill matrix of broken clients, our client as a process, and the command line."""

import asyncio
import inspect
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from labkit.broken_clients import CLIENT_FAULTS, broken_client
from labkit.broken_clients.planted import Planted
from labkit.cli import main
from labkit.review import examine_client
from labkit.review.client.connection import ClientConnection
from labkit.review.client.probes import CLIENT_CHAPTERS, CLIENT_PROBES
from labkit.review.client.reviewed_client import ReviewedClient
from labkit.review.client.starting import Environment
from labkit.review.endpoint import Message
from labkit.review.finding import Finding
from labkit.wire.client.client import Client
from labkit.wire.client.link import Link
from tests.review.calm import calmly
from tests.review.clients import PATIENCE, TaskClient
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


class QuickLink(Link):
    """Of two clients, the first ends a connection that is quiet for a moment, and never asks for a sign of life."""

    made = 0

    async def _watch(self, socket: Any) -> None:
        QuickLink.made += 1
        await asyncio.sleep(0.5 if QuickLink.made == 1 else 60)
        socket.transport.abort()


class GivesUpInSilence(Planted):
    link = QuickLink


async def of_kind(kind: type[Client], only: str) -> Finding:
    """Review a client of this kind with one probe."""

    async def start(environment: Environment) -> TaskClient:
        return TaskClient(kind, environment)

    return (await examine_client("", start=start, only=[only], **PATIENCE))[only]


async def test_client_that_gives_up_without_a_ping_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuickLink, "made", 0)
    finding = await of_kind(GivesUpInSilence, "line/3")
    assert (finding.verdict, "without a ping" in finding.actual) == ("broken", True), finding.actual
    assert (await of_kind(Client, "line/3")).verdict == "held"


async def test_error_in_place_of_a_return_is_no_return(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the four clients comes back in a way that the probe cannot judge."""
    wait_for_join = ReviewedClient.wait_for_join

    async def join(client: ReviewedClient, connection: ClientConnection) -> Message:
        if client.name == "b" and len(client.connections) > 1:
            raise KeyError("join")
        return await wait_for_join(client, connection)

    monkeypatch.setattr(ReviewedClient, "wait_for_join", join)
    assert (await of_kind(Client, "codes/3")).verdict == "unknown"


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
