"""A review of a server: servers that crash, are absent or send odd answers, and the forms of the report."""

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
from labkit.evidence import Outcome, broken, held
from labkit.review import CannotReview, Report, examine
from labkit.review.frames import TEXT, FrameReader, frame
from labkit.review.html import page, part
from labkit.review.probes import CHAPTERS, PROBES
from labkit.review.scene import Scene
from labkit.review.server_review import Review
from labkit.review.target import Target
from tests.review.full_server import promised
from tests.wire.raw import TOKEN, serving

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def crashing(port_of_ours: int, *, is_silent: bool = False) -> AsyncIterator[str]:
    """Run a proxy that cuts all connections, for good, when a client sends an unmasked frame.

    `is_silent`: it keeps the connections and forwards nothing any more.
    """
    writers: list[asyncio.StreamWriter] = []
    is_over = asyncio.Event()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_client: bool) -> None:
        try:
            while data := await reader.read(65536):
                if is_client and data[0] == 0x81 and not data[1] & 0x80:
                    is_over.set()
                if is_over.is_set() and is_silent:
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
    """Review our server with a few probes."""
    async with serving(limits={"auth_timeout_s": 0.6}) as server:
        return await examine(server.url, only=only, promised=promised())


async def test_crash_of_the_server_is_broken_and_the_rest_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canary ended too, so the probe is broken; the probes after it cannot run."""
    monkeypatch.setattr("labkit.review.server_review.RETURN_S", 0.3)
    async with serving(limits={"auth_timeout_s": 2}) as server, crashing(server.port) as url:
        report = await examine(url, only=["heartbeat/6", "protocol/1", "protocol/2"], promised=promised())
    assert [(one.id, one.verdict) for one in report] == [
        ("heartbeat/6", "held"),
        ("protocol/1", "broken"),
        ("protocol/2", "unknown"),
    ]
    assert "a healthy connection beside it ended too" in report["protocol/1"].actual
    assert "gone" in report["protocol/2"].actual


async def test_probe_during_lag_of_the_reviewer_runs_again() -> None:
    """A run during lag proves nothing; a fault without lag is reported at once."""
    looks: list[str] = []

    async def late(_scene: Scene) -> Outcome:
        looks.append("late")
        if len(looks) == 1:
            time.sleep(0.5)
            await asyncio.sleep(0.1)
        return held("in time") if looks.count("late") > 1 else broken("too late")

    async def wrong(_scene: Scene) -> Outcome:
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


async def test_absent_or_refusing_server_cannot_be_reviewed() -> None:
    """The error is one line with a hint, before any probe runs."""
    with pytest.raises(CannotReview, match="does a server listen there"):
        await examine("ws://127.0.0.1:9")
    async with serving() as server:
        with pytest.raises(CannotReview, match="--token"):
            await examine(server.url, tokens=["not-the-token"])
        with pytest.raises(CannotReview, match="no probe or chapter named 'nothing'"):
            await examine(server.url, only=["nothing"])


def test_probes_are_numbered_and_complete() -> None:
    """Ids count from 1 without gaps, no title repeats, and no text is missing."""
    for chapter in CHAPTERS:
        ids = [probe.id for probe in PROBES if probe.chapter == chapter]
        assert ids == [f"{chapter}/{number}" for number in range(1, len(ids) + 1)]
    assert len({probe.title for probe in PROBES}) == len(PROBES) >= 60
    for probe in PROBES:
        for text in (probe.title, probe.requirement, probe.expected, probe.fix, probe.missing_test):
            assert len(text) > 5, probe.id


async def test_report_is_the_same_in_every_form() -> None:
    """JSON has the keys of the contract, JUnit and HTML have the same counts, and the page needs no other file."""
    report = await reviewed("auth/1", "heartbeat/6", "auth/15")
    output = report.json()
    as_broken = replace(report, findings=(replace(report["auth/1"], verdict="broken"),))
    assert "Reproduce: paste this into a shell" in page(as_broken)
    hidden = ("class Peer", "GET /", report.target.rpartition(":")[2])
    assert "reproduce, sep" in part(as_broken)
    assert [(word in page(as_broken), word in part(as_broken)) for word in hidden] == [(True, False)] * 3
    assert "0 held, 1 broken (1 P0), 0 unknown" in str(as_broken)
    assert {"target", "profile", "probes", "summary", "date", "versions", "seconds", "verdict", "causes"} <= set(output)
    assert output["summary"] == {"held": 2, "broken": 0, "unknown": 1}
    assert {one.severity for one in report} <= {"P0", "P1", "P2"}
    wanted = {"id", "title", "severity", "verdict", "expected", "actual", "reproduce", "fix", "missing_test", "seconds"}
    assert all(wanted <= set(probe) for probe in output["probes"])
    suite = ET.fromstring(report.junit())
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "0", "1")
    html = page(report)
    assert html.count("<details><summary>") == 3
    assert [html.count(group) for group in ("broken: 0<", "unknown: 1<", "held: 2<")] == [1, 1, 1]
    assert "<script" not in html
    assert "http" not in html.replace("HTTP", "")
    assert list(report.frame()["verdict"]) == [probe["verdict"] for probe in output["probes"]]


@pytest.mark.parametrize("late_s", [0.0, 60.0], ids=["in time", "while we lag"])
async def test_server_that_stops_responding_delays_once(monkeypatch: pytest.MonkeyPatch, late_s: float) -> None:
    """The review waits for it once; the remaining probes are unknown at once. What ended it is broken in any case."""
    monkeypatch.setattr("labkit.evidence.lateness.Lateness.since", lambda *_: late_s)
    monkeypatch.setattr("labkit.review.server_review.RETURN_S", 0.3)
    monkeypatch.setattr("labkit.review.server_review.IMPATIENT_S", 0.1)
    async with serving(limits={"auth_timeout_s": 2}) as server, crashing(server.port, is_silent=True) as url:
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
def test_invalid_websocket_url_is_refused_with_an_example(url: str) -> None:
    """The check comes before any connection."""
    with pytest.raises(CannotReview, match="ws://localhost:8080"):
        labkit.review.run(url)


def test_ctrl_c_ends_the_review_with_the_findings_so_far(tmp_path: Path) -> None:
    """Exit 2; it prints and writes the findings so far, and the others are unknown."""
    file = tmp_path / "report.json"

    async def interrupted() -> tuple[int | None, str]:
        async with serving(limits={"auth_timeout_s": 30}) as server:
            words = ["review", server.url, "--only", "auth/1", "--only", "auth/4", "--json", str(file)]
            streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
            child = await asyncio.create_subprocess_exec(sys.executable, "-m", "labkit", *words, **streams)
            assert child.stdout is not None
            first = b""
            while b"auth/1" not in first:
                first += await asyncio.wait_for(child.stdout.readline(), 30)
            child.send_signal(signal.SIGINT)
            out, _ = await asyncio.wait_for(child.communicate(), 30)
            return child.returncode, (first + out).decode()

    code, output = asyncio.run(interrupted())
    assert code == 2
    assert "interrupted: 1 of 2 probes finished" in output
    assert "Traceback" not in output
    verdicts = [(one["id"], one["verdict"]) for one in json.loads(file.read_text())["probes"]]
    assert verdicts == [("auth/1", "held"), ("auth/4", "unknown")]


def test_labkit_exports_the_reviewer() -> None:
    """`labkit.review.run(url)` and `labkit.Finding` work, also in a thread beside an event loop."""
    assert labkit.review.run is not None

    async def inside() -> Report:
        async with serving(limits={"auth_timeout_s": 2}) as server:
            return await asyncio.to_thread(labkit.review.run, server.url, only=["auth/1"])

    report = asyncio.run(inside())
    assert isinstance(report["auth/1"], labkit.Finding)
    assert json.dumps(report.json())


@asynccontextmanager
async def answering(head: bytes, chat: str = '{"type":"chat"}') -> AsyncIterator[str]:
    """Run a foreign server with an odd response head; with an empty `head`, one that sends odd messages.

    It understands the conversation check, whose text begins with a greeting.
    """
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        output = await reader.readuntil(b"\r\n\r\n")
        accept = "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
        writer.write(head or accept.encode())
        writers.append(writer)
        answers = {"auth": '{"type":"auth_ok","connectionId":"1"}', "join": '{"type":"joined"}', "chat": chat}
        frames, taken = FrameReader(), b""
        while not head and (taken := await reader.read(65536)):
            for one in frames.feed(taken):
                with suppress(ValueError):
                    output = json.loads(one.payload)
                    if str(output.get("text")).startswith("hello "):
                        for each in writers:
                            each.write(frame(TEXT, one.payload, masked=False))
                        continue
                    body = answers.get(output["type"], '{"type":"pong","sentAt":"2026-01-01T00:00:00Z"}').encode()
                    writer.write(frame(TEXT, b'{"type":"reconnect","windowMs":"1s"}', masked=False))
                    writer.write(frame(TEXT, body, masked=False))
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_odd_answers_of_a_server_do_not_end_the_review() -> None:
    """A server without HTTP gets a one-line error; a probe that cannot judge is `unknown`, and the others run."""
    for head in (b"220 smtp ready\r\n\r\n", b"x\r\n\r\n", b"\r\n\r\n"):
        async with answering(head) as url:
            with pytest.raises(CannotReview, match=r"no web server answered.*port of the URL"):
                await examine(url)
    async with answering(b"") as url:
        report = await examine(url, only=["rooms/8", "storms/1", "heartbeat/6"], patience_s=1)
    assert report["rooms/8"].actual == "cannot judge what it received: KeyError: 'text'"
    assert report["heartbeat/6"].verdict == "held"
    async with answering(b"", '{"type":["error"]}') as url:
        report = await examine(url, only=["validation/1", "rooms/7"], patience_s=1)
    assert {one.verdict for one in report} == {"broken"}, str(report)


async def test_missing_file_is_an_error_of_the_user(tmp_path: Path) -> None:
    """The error comes before any probe, and it is not a fault of the server."""
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
        with pytest.raises(CannotReview, match=r"run it by itself"):
            await examine(server.url, tokens=(), token_command="false")
