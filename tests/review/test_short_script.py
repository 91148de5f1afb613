"""The short program of a finding: at most 15 lines of Python or Node that show what the probe saw."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from labkit.broken import broken
from labkit.review import Finding, examine
from labkit.review.short_script import MOST_LINES, language_of
from labkit.wire.server import Server
from tests.e2e.need import NODE_MODULES, node_module, node_path
from tests.review.full_server import promised
from tests.wire.raw import TOKEN

SHOWN = {  # what the program must print, by fault and probe; Node and Python word the end of a connection differently
    ("chat_without_join", "rooms/2"): ("from outside", "from outside"),
    ("closed_connection_acts", "auth/8"): ("sent after the close", "sent after the close"),
    ("guests_before_auth", "auth/1"): ("joined", "joined"),
    ("token_in_the_url", "secrets/1"): ("joined", "joined"),
    ("unmasked_frame_ends_all", "protocol/1"): (
        "the healthy client < ConnectionClosedError",
        "a healthy client < close",
    ),
}


def test_language_is_that_of_the_start_command() -> None:
    commands = {"node server.mjs": "node", "/usr/bin/npm start": "node", "python -m app": "python", "": "python"}
    assert {command: language_of(command) for command in commands} == commands
    assert language_of(None) == "python"
    assert language_of(r"C:\\Tools\\node.exe server.mjs") == "node"


@asynccontextmanager
async def found(fault: str, probe: str) -> AsyncIterator[tuple[Server, Finding]]:
    """Review our server with this fault; yield it, still running, with the finding of this probe."""
    async with broken(fault)(port=0, token=TOKEN) as server:
        report = await examine(server.url, only=[probe], promised=promised(), patience_s=2)
        assert report[probe].verdict == "broken", report
        yield server, report[probe]


async def printed(command: list[str], tmp: Path, **environment: str) -> str:
    """Run a program beside the server in this process; return what it prints."""
    env = {"PATH": os.environ["PATH"], "TOKEN": TOKEN, **environment}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    child = await asyncio.create_subprocess_exec(*command, cwd=tmp, env=env, **streams)
    try:
        out, _ = await asyncio.wait_for(child.communicate(), 30)
    except TimeoutError:
        child.kill()
        out, _ = await child.communicate()
    return out.decode()


@pytest.mark.parametrize(("fault", "probe"), SHOWN)
async def test_short_python_program_shows_the_fault(fault: str, probe: str, tmp_path: Path) -> None:
    async with found(fault, probe) as (_, finding):
        assert 0 < len(finding.short) <= MOST_LINES, finding.frames
        assert TOKEN not in "\n".join(finding.short)
        shown = await printed([sys.executable, "-c", "\n".join(finding.short)], tmp_path)
    assert SHOWN[fault, probe][0] in shown, "\n".join((*finding.short, shown))


async def test_messages_behind_a_refused_one_leave_in_one_write() -> None:
    """A server that closes after the first one would otherwise make the library refuse the next ones."""
    async with found("closed_connection_acts", "auth/8") as (_, finding):
        wrong = [line for line in finding.short if "not-the-token-at-all" in line]
    assert len(wrong) == 1
    assert "send_together(b, " in wrong[0]
    assert "sent after the close" in wrong[0]


@pytest.mark.parametrize(("fault", "probe"), SHOWN)
async def test_short_node_program_shows_the_fault(
    fault: str, probe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node_module("ws")
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    monkeypatch.setattr("labkit.review.server_review.language_of", lambda _: "node")
    async with found(fault, probe) as (_, finding):
        assert 0 < len(finding.short) <= MOST_LINES, finding.frames
        script = "\n".join((*finding.short, "setTimeout(() => process.exit(), 1000);"))
        (tmp_path / "reproduce.mjs").write_text(script)
        shown = await printed([node_path(), "reproduce.mjs"], tmp_path)
    assert SHOWN[fault, probe][1] in shown, "\n".join((*finding.short, shown))


@pytest.mark.parametrize(("fault", "probe"), [("older_connection_stays", "auth/14"), ("token_by_prefix", "auth/7")])
async def test_credential_that_a_program_cannot_know_has_no_short_program(fault: str, probe: str) -> None:
    """One must be read from an answer, the other is almost the token; the long script repeats the steps."""
    async with found(fault, probe) as (_, finding):
        assert finding.short == ()
        assert finding.reproduce
