"""How a review runs: what it does about a server that ends, one that is not there, and what it says to a person."""

import asyncio
import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

import labkit
from labkit.review import CannotReview, Report, examine
from labkit.review.html import page
from labkit.review.probes import CHAPTERS, PROBES
from tests.review.house import promised
from tests.wire.raw import TOKEN, on_a_loop, serving

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def dying(port_of_ours: int) -> AsyncIterator[str]:
    """In front of our server: everybody's connection ends when anybody sends an unmasked frame, and nobody returns."""
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_client: bool) -> None:
        try:
            while data := await reader.read(65536):
                if is_client and data[0] == 0x81 and not data[1] & 0x80:
                    listener.close()
                    for one in writers:
                        one.transport.abort()
                writer.write(data)
        except ConnectionError:
            pass
        writer.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", port_of_ours)
        writers.extend((writer, up_writer))
        await asyncio.gather(pump(reader, up_writer, True), pump(up_reader, writer, False))

    listener = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


async def reviewed(*only: str) -> Report:
    """Our server, looked at by a few probes."""
    async with serving(limits={"auth_timeout_s": 0.6}) as server:
        return await examine(server.url, only=only, promised=promised())


@on_a_loop
async def test_what_ends_the_whole_server_is_broken_and_the_rest_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canary ended too: broken, whatever the probe itself saw. After it nobody can tell."""
    monkeypatch.setattr("labkit.review.reviewing.RETURN_S", 0.3)
    async with serving(limits={"auth_timeout_s": 2}) as server, dying(server.port) as url:
        report = await examine(url, only=["heartbeat/6", "protocol/1", "protocol/2"], promised=promised())
    assert [(one.id, one.verdict) for one in report] == [
        ("heartbeat/6", "held"),
        ("protocol/1", "broken"),
        ("protocol/2", "unknown"),
    ]
    assert "a healthy connection beside it ended too" in report["protocol/1"].actual
    assert "gone" in report["protocol/2"].actual


@on_a_loop
async def test_a_server_that_is_not_there_or_refuses_us_cannot_be_reviewed() -> None:
    """One line with the way out, before any probe is run."""
    with pytest.raises(CannotReview, match="does a server listen there"):
        await examine("ws://127.0.0.1:9")
    async with serving() as server:
        with pytest.raises(CannotReview, match="--token"):
            await examine(server.url, tokens=["not-the-token"])
        with pytest.raises(CannotReview, match="no probe or chapter 'nothing'"):
            await examine(server.url, only=["nothing"])


def test_probes_are_numbered_in_their_chapters_and_say_all_that_a_report_needs() -> None:
    """Ids count from 1 without holes; no title twice; every text is a sentence's worth."""
    for chapter in CHAPTERS:
        ids = [probe.id for probe in PROBES if probe.chapter == chapter]
        assert ids == [f"{chapter}/{number}" for number in range(1, len(ids) + 1)]
    assert len({probe.title for probe in PROBES}) == len(PROBES) >= 60
    for probe in PROBES:
        for text in (probe.title, probe.requirement, probe.expected, probe.fix, probe.missing_test):
            assert len(text) > 5, probe.id


@on_a_loop
async def test_the_report_is_the_same_in_every_form() -> None:
    """JSON has the contract's keys; JUnit and HTML count the same; nothing in the page asks for anything else."""
    report = await reviewed("auth/1", "heartbeat/6", "auth/15")
    said = report.json()
    assert set(said) == {"target", "profile", "probes", "summary"}
    assert said["summary"] == {"held": 2, "broken": 0, "unknown": 1}
    wanted = {"id", "title", "severity", "verdict", "expected", "actual", "reproduce", "fix", "missing_test", "seconds"}
    assert all(wanted <= set(probe) for probe in said["probes"])
    suite = ET.fromstring(report.junit())
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "0", "1")
    html = page(report)
    assert html.count("<details") == 3
    assert "http" not in html.replace("HTTP", "")
    assert list(report.frame()["verdict"]) == [probe["verdict"] for probe in said["probes"]]


@on_a_loop
async def test_a_reproduction_can_be_pasted_and_shows_what_the_probe_saw() -> None:
    """The script of auth/8 talks to the same server and hears the same close."""
    async with serving(limits={"auth_timeout_s": 2}) as server:
        report = await examine(server.url, only=["auth/8", "rooms/15"], promised=promised())
        outputs = {}
        for finding in report:
            script = "\n".join(finding.reproduce).replace("'the token of --token'", TOKEN)
            shell = await asyncio.create_subprocess_exec("sh", "-c", script, stdout=subprocess.PIPE)
            out, _ = await asyncio.wait_for(shell.communicate(), 30)
            assert shell.returncode == 0
            outputs[finding.id] = out.decode()
    assert "close 4403" in outputs["auth/8"]
    assert '"text":"three"' in outputs["rooms/15"].replace('": "', '":"')


def test_the_door_has_the_reviewer() -> None:
    """`labkit.review.run(url)` and `labkit.Finding`, also in a thread where a loop runs already."""
    assert labkit.review.run is not None

    async def inside() -> Report:
        async with serving(limits={"auth_timeout_s": 2}) as server:
            return await asyncio.to_thread(labkit.review.run, server.url, only=["auth/1"])

    report = asyncio.run(inside())
    assert isinstance(report["auth/1"], labkit.Finding)
    assert json.dumps(report.json())
