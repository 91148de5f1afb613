"""How a review runs: what it does about a server that ends, one that is not there, and what it says to a person."""

import asyncio
import json
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

import labkit
from labkit.review import CannotReview, Report, examine
from labkit.review.finding import Seen, broken, held
from labkit.review.frames import FrameReader
from labkit.review.html import page, part
from labkit.review.probes import CHAPTERS, PROBES
from labkit.review.reviewing import Review
from labkit.review.scene import Scene
from labkit.review.target import Target
from tests.review.house import promised
from tests.wire.raw import TEXT, TOKEN, frame, on_a_loop, serving

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def dying(port_of_ours: int, *, is_mute: bool = False) -> AsyncIterator[str]:
    """In front of our server: everybody's connection ends when anybody sends an unmasked frame, and nobody returns.

    `is_mute`: nobody's ends, and nobody is answered any more.
    """
    writers: list[asyncio.StreamWriter] = []
    is_over = asyncio.Event()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_client: bool) -> None:
        try:
            while data := await reader.read(65536):
                if is_client and data[0] == 0x81 and not data[1] & 0x80:
                    is_over.set()
                if is_over.is_set() and is_mute:
                    continue
                if is_over.is_set():
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
async def test_what_a_late_reviewer_saw_is_looked_at_again() -> None:
    """The first look of a loop that stood still shows nothing; a fault that is seen in time is one at once."""
    looks: list[str] = []

    async def late(_scene: Scene) -> Seen:
        looks.append("late")
        if len(looks) == 1:
            time.sleep(0.5)
            await asyncio.sleep(0.1)
        return held("in time") if looks.count("late") > 1 else broken("too late")

    async def wrong(_scene: Scene) -> Seen:
        looks.append("wrong")
        return broken("as ever")

    probes = [replace(PROBES[0], id=f"auth/{number}", run=run) for number, run in ((1, late), (2, wrong))]
    async with serving() as server:
        for alone in (False, True):
            looks.clear()
            run = [replace(probe, alone=alone) for probe in probes]
            report = await Review(Target(url=server.url, tokens=(TOKEN,)), run, 1, None).run("full")
            assert [one.verdict for one in report] == ["held", "broken"]
            assert looks.count("late") == 2


@on_a_loop
async def test_a_server_that_is_not_there_or_refuses_us_cannot_be_reviewed() -> None:
    """One line with the way out, before any probe is run."""
    with pytest.raises(CannotReview, match="does a server listen there"):
        await examine("ws://127.0.0.1:9")
    async with serving() as server:
        with pytest.raises(CannotReview, match="--token"):
            await examine(server.url, tokens=["not-the-token"])
        with pytest.raises(CannotReview, match="no probe or chapter named 'nothing'"):
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
    as_broken = replace(report, findings=(replace(report["auth/1"], verdict="broken"),))
    assert "Reproduce: paste this into a shell" in page(as_broken)
    hidden = ("class Peer", "GET /", report.target.rpartition(":")[2])
    assert "reproduce, sep" in part(as_broken)
    assert [(word in page(as_broken), word in part(as_broken)) for word in hidden] == [(True, False)] * 3
    assert "0 held, 1 broken (1 P0), 0 unknown" in str(as_broken)
    assert set(said) == {"target", "profile", "probes", "summary"}
    assert said["summary"] == {"held": 2, "broken": 0, "unknown": 1}
    assert {one.severity for one in report} <= {"P0", "P1", "P2"}
    wanted = {"id", "title", "severity", "verdict", "expected", "actual", "reproduce", "fix", "missing_test", "seconds"}
    assert all(wanted == set(probe) for probe in said["probes"])
    suite = ET.fromstring(report.junit())
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "0", "1")
    html = page(report)
    assert html.count("<details><summary>") == 3
    assert [html.count(group) for group in ("broken: 0<", "unknown: 1<", "held: 2<")] == [1, 1, 1]
    assert "<script" not in html
    assert "http" not in html.replace("HTTP", "")
    assert list(report.frame()["verdict"]) == [probe["verdict"] for probe in said["probes"]]


@on_a_loop
async def test_a_server_that_goes_silent_midway_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is waited for once; what is left is unknown at once."""
    monkeypatch.setattr("labkit.review.reviewing.RETURN_S", 0.3)
    monkeypatch.setattr("labkit.review.reviewing.IMPATIENT_S", 0.1)
    async with serving(limits={"auth_timeout_s": 2}) as server, dying(server.port, is_mute=True) as url:
        began = time.monotonic()
        report = await examine(url, only=["protocol"], promised=promised(), patience_s=1)
    assert report["protocol/1"].verdict == "broken"
    left = [one for one in report if int(one.id.partition("/")[2]) in (2, 3, 5, 6, 7, 8, 9, 14, 15)]
    assert {one.verdict for one in left} == {"unknown"}
    assert "gone since protocol/1" in left[0].actual
    assert "--start" in left[0].actual
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    "url", ["localhost:8080", "http://localhost:8080", "ws://", "ws://localhost:99999", "ws://" + "x" * 70, ""]
)
def test_what_is_no_url_of_a_websocket_is_refused_with_an_example(url: str) -> None:
    """Before anything is connected to."""
    with pytest.raises(CannotReview, match="ws://localhost:8080"):
        labkit.review.run(url)


def test_ctrl_c_ends_it_with_what_is_known_so_far(tmp_path: Path) -> None:
    """Exit 2; the findings so far are printed and written, the others are unknown."""
    file = tmp_path / "report.json"

    async def interrupted() -> tuple[int | None, str]:
        async with serving(limits={"auth_timeout_s": 30}) as server:
            words = ["review", server.url, "--only", "auth/1", "--only", "auth/4", "--json", str(file)]
            streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            child = await asyncio.create_subprocess_exec(sys.executable, "-m", "labkit", *words, **streams)
            assert child.stdout is not None
            first = await asyncio.wait_for(child.stdout.readline(), 30)
            child.send_signal(signal.SIGINT)
            out, _ = await asyncio.wait_for(child.communicate(), 30)
            return child.returncode, (first + out).decode()

    code, said = asyncio.run(interrupted())
    assert code == 2
    assert "interrupted after 1 of 2 probes" in said
    assert "Traceback" not in said
    verdicts = [(one["id"], one["verdict"]) for one in json.loads(file.read_text())["probes"]]
    assert verdicts == [("auth/1", "held"), ("auth/4", "unknown")]


def test_the_door_has_the_reviewer() -> None:
    """`labkit.review.run(url)` and `labkit.Finding`, also in a thread where a loop runs already."""
    assert labkit.review.run is not None

    async def inside() -> Report:
        async with serving(limits={"auth_timeout_s": 2}) as server:
            return await asyncio.to_thread(labkit.review.run, server.url, only=["auth/1"])

    report = asyncio.run(inside())
    assert isinstance(report["auth/1"], labkit.Finding)
    assert json.dumps(report.json())


@asynccontextmanager
async def answering(head: bytes, chat: str = '{"type":"chat"}') -> AsyncIterator[str]:
    """A server of somebody else, with an odd head, or with odd messages behind one that is right ("" here)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.readuntil(b"\r\n\r\n")
        accept = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
        writer.write(head or accept.encode())
        answers = {"auth": '{"type":"auth_ok","connectionId":"1"}', "join": '{"type":"joined"}', "chat": chat}
        frames, taken = FrameReader(), b""
        while not head and (taken := await reader.read(65536)):
            for one in frames.feed(taken):
                with suppress(ValueError):
                    said = json.loads(one.payload)
                    body = answers.get(said["type"], '{"type":"pong","sentAt":"2026-01-01T00:00:00Z"}').encode()
                    writer.write(frame(TEXT, b'{"type":"reconnect","windowMs":"1s"}', masked=False))
                    writer.write(frame(TEXT, body, masked=False))
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@on_a_loop
async def test_odd_answers_of_a_server_that_we_do_not_know_end_no_review() -> None:
    """What is no web server is said in a line; what a probe cannot read is its own `unknown`, and the others go on."""
    for head in (b"220 smtp ready\r\n\r\n", b"x\r\n\r\n", b"\r\n\r\n"):
        async with answering(head) as url:
            with pytest.raises(CannotReview, match=r"no web server answered.*port of the URL"):
                await examine(url)
    async with answering(b"") as url:
        report = await examine(url, only=["rooms/8", "storms/1", "heartbeat/6"], patience_s=1)
    assert report["rooms/8"].actual == "what came could not be judged: KeyError: 'text'"
    assert report["heartbeat/6"].verdict == "held"
    async with answering(b"", '{"type":["error"]}') as url:
        report = await examine(url, only=["validation/1", "rooms/7"], patience_s=1)
    assert {one.verdict for one in report} == {"broken"}, str(report)


@on_a_loop
async def test_a_file_that_is_not_there_cannot_be_looked_at(tmp_path: Path) -> None:
    """It is a mistake of who asks, said before any probe, and no fault of the server."""
    (tmp_path / "no.pem").write_text("no certificate")
    async with serving() as server:
        for name in ("log", "audit", "cafile"):
            with pytest.raises(CannotReview, match=f"--{name}: there is no file"):
                await examine(server.url, only=["audit"], **{name: tmp_path / "missing"})
        target = Target(url=server.url, tokens=(TOKEN,), log=tmp_path / "missing", audit=tmp_path / "missing")
        probes = [probe for probe in PROBES if probe.id in ("audit/1", "secrets/4")]
        report = await Review(target, probes, 1, None).run("full")
        assert {(one.verdict, "there is no file" in one.actual) for one in report} == {("unknown", True)}, str(report)
        with pytest.raises(CannotReview, match=r"--cafile .*PEM"):
            await examine(server.url.replace("ws:", "wss:"), cafile=tmp_path / "no.pem")
        with pytest.raises(CannotReview, match=r"what does that print by itself"):
            await examine(server.url, tokens=(), token_command="false")
