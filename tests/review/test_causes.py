"""Findings with one cause are one fault; conventions stand apart; a fault that ends nobody else is less severe."""

from dataclasses import replace

import pytest

from labkit.broken import broken
from labkit.evidence import Outcome
from labkit.review import Finding, Report, examine
from labkit.review.causes import causes
from labkit.review.hosted_server import cause_of
from labkit.review.probes import PROBES
from labkit.review.promise import ARTICLE, DANGER, KIT, is_convention
from labkit.review.running import not_run
from labkit.review.server_review import select
from tests.review.full_server import promised
from tests.wire.raw import TOKEN

NODE_UNHANDLED = """node:events:495
      throw er; // Unhandled 'error' event
      ^
RangeError: Invalid WebSocket frame: MASK must be set
    at Receiver.getInfo (/srv/node_modules/ws/lib/receiver.js:289:15)
"""
NODE_THROWN = """/srv/server.mjs:48
TypeError: Cannot read properties of null (reading 'type')
    at Sender.close (/srv/node_modules/ws/lib/sender.js:201:15)
    at WebSocket.<anonymous> (file:///srv/server.mjs:48:20)
Node.js v20.20.2
"""
GROUP = """Traceback (most recent call last):
RuntimeError: TaskGroup <TaskGroup tasks=1 errors=1 cancelling> is shutting down
  + Exception Group Traceback (most recent call last):
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    |   File "/srv/websockets/frames.py", line 407, in check
    |     raise ProtocolError("control frame too long")
    | websockets.exceptions.ProtocolError: control frame too long
    +------------------------------------
"""


def found(probe_id: str, **changes: object) -> Finding:
    """Return a broken finding of this probe."""
    probe = next(one for one in PROBES if one.id == probe_id)
    return replace(not_run(probe, Outcome("broken", "")), cause=probe.cause, **changes)


def test_findings_with_one_cause_are_one_fault() -> None:
    """Two dangers with one cause are one; a convention with the same cause is another, and comes last."""
    group = causes([found("auth/3"), found("auth/2"), found("auth/1"), found("slow/2"), found("validation/14")])
    assert [(one.severity, one.ids, one.is_convention) for one in group] == [
        ("P0", ["auth/2", "auth/1"], False),
        ("P1", ["slow/2"], False),
        ("P1", ["validation/14"], True),
        ("P2", ["auth/3"], True),
    ]
    assert str(group[0]) == "P0 messages are handled before auth (2 probes show it: auth/2, auth/1)"
    assert causes([replace(found("auth/1"), verdict="held")]) == []


def test_report_tells_causes_and_verdict_first() -> None:
    findings = (found("auth/1"), found("auth/2"), found("heartbeat/6"))
    report = Report("ws://localhost", "article", findings, 2.0, "2026-12-02T05:00:00+00:00", ("labkit 1",))
    lines = str(report).splitlines()
    assert lines[0] == "Review of ws://localhost, profile article, 2026-12-02T05:00:00+00:00, labkit 1, 2.0 s"
    assert lines[1] == (
        "Verdict: 1 danger and 1 difference from what was promised; the worst: P0 messages are handled before auth"
    )
    assert "P0 messages are handled before auth: 2 probes show it" in lines
    apart = lines.index("Differences from what was promised; no danger:")
    assert [line for line in lines[apart:] if line.startswith("broken")] == [
        "broken  P1 heartbeat/6   ping is answered with pong and the time"
    ]
    assert report.json()["causes"][0]["probes"] == ["auth/1", "auth/2"]


def test_no_convention_is_p0_and_core_judges_dangers_alone() -> None:
    assert [one.id for one in PROBES if one.severity == "P0" and is_convention(one.promise)] == []
    core, article = select("core"), select("article")
    assert {one.promise for one in core} - {DANGER} == {one.promise for one in core if "RFC 6455" in one.promise}
    assert {one.promise for one in article if one not in core} == {ARTICLE}
    assert KIT in {one.promise for one in select("full")}
    assert [one.id for one in select("core", ["auth"])] == [one.id for one in core if one.chapter == "auth"]
    assert [one.id for one in select("core", ["auth/13"])] == ["auth/13"]


@pytest.mark.parametrize(
    ("tail", "cause"),
    [
        (NODE_UNHANDLED, "an unhandled error event ends the process"),
        (NODE_THROWN, "an uncaught TypeError at server.mjs:48 ends the process"),
        ("Traceback (most recent call last):\nValueError: no\n", "an uncaught ValueError ends the process"),
        (GROUP, "an uncaught ProtocolError ends the process"),
        ("bye\n", "the process ends with 3"),
    ],
)
def test_last_words_of_a_server_name_the_cause(tail: str, cause: str) -> None:
    assert cause_of(tail, 3) == cause


async def reviewed(fault: str, *only: str) -> Report:
    """Review our server with this fault."""
    async with broken(fault)(port=0, token=TOKEN) as server:
        return await examine(server.url, only=only, promised=promised(), patience_s=2)


async def test_frame_that_breaks_is_marked_and_a_survivor_is_less_severe() -> None:
    """An end of all is P0 and one fault; a refusal with another code, which ends nobody, is P2."""
    report = await reviewed("unmasked_frame_ends_all", "protocol/1", "protocol/6")
    assert [(one.severity, one.ids) for one in report.causes] == [("P0", ["protocol/1", "protocol/6"])]
    assert report["protocol/1"].breaking_frame.startswith("a -> frame opcode=1 masked=False")
    assert any(line.endswith("<== here") for line in report["protocol/1"].frames)
    survived = await reviewed("any_origin", "protocol/13")
    assert [(one.severity, one.is_convention) for one in survived.causes] == [("P1", False)]
    refused = found("protocol/1")
    assert refused.severity == "P2"
    assert replace(refused, promise=ARTICLE).is_convention
    assert not replace(refused, promise=ARTICLE, is_crash=True).is_convention
