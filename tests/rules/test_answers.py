"""What a server says: every shape, letter for letter, and bytes that any JavaScript reads."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.rules import answers
from labkit.rules.answers import encode, iso
from labkit.rules.messages import Alert, Chat, Comment, Exercise, Progress, Publication, Read, parse_json
from tests.rules.json_texts import canonical

AT = 1_795_421_650.123
MADE = {"event_id": "e-1", "request_id": "r-1", "user_id": "ann", "now": AT, "seq": 7}
HEAD = '"id":"e-1","requestId":"r-1","roomId":"a","userId":"ann",'
TAIL = ',"sentAt":"2026-11-23T08:14:10.123Z","seq":7}'


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (
            answers.auth_ok("c-1", "ann", "r.k.p.s", AT, 30_000, 4, None),
            '{"type":"auth_ok","connectionId":"c-1","userId":"ann","resume":"r.k.p.s",'
            '"expiresAt":"2026-11-23T08:14:10.123Z","pingMs":30000,"reconnect":{"windowMs":4}}',
        ),
        (
            answers.auth_ok("c-2", "ann", "r", AT, 0, 4, answers.closed_before(1013, "slow", AT)),
            '{"type":"auth_ok","connectionId":"c-2","userId":"ann","resume":"r",'
            '"expiresAt":"2026-11-23T08:14:10.123Z","pingMs":0,"reconnect":{"windowMs":4},'
            '"previousClose":{"code":1013,"reason":"slow","at":"2026-11-23T08:14:10.123Z"}}',
        ),
        (
            answers.joined("a", "e1", 7, False, "rw"),
            '{"type":"joined","roomId":"a","epoch":"e1","seq":7,"gap":false,"access":"rw"}',
        ),
        (answers.left("a"), '{"type":"left","roomId":"a"}'),
        (answers.presence("a", []), '{"type":"presence","roomId":"a","members":[]}'),
        (
            answers.presence("a", [("ann", AT)]),
            '{"type":"presence","roomId":"a","members":[{"userId":"ann","since":"2026-11-23T08:14:10.123Z"}]}',
        ),
        (answers.entered("a", "ann"), '{"type":"entered","roomId":"a","userId":"ann"}'),
        (answers.gone("a", "ann"), '{"type":"gone","roomId":"a","userId":"ann"}'),
        (answers.pong(AT), '{"type":"pong","sentAt":"2026-11-23T08:14:10.123Z"}'),
        (answers.reconnect(40_000), '{"type":"reconnect","windowMs":40000}'),
        (
            answers.error("read_only", "r-1", "a"),
            '{"type":"error","code":"read_only","message":"your grants do not let you write to this room",'
            '"requestId":"r-1","roomId":"a"}',
        ),
        (
            answers.error("rate_limited"),
            '{"type":"error","code":"rate_limited","message":"too many messages; slow down and send this one again"}',
        ),
    ],
    ids=lambda given: given["type"] if isinstance(given, dict) else "",
)
def test_an_answer_on_the_wire(answer: answers.Answer, text: str) -> None:
    """Names, order and form of every answer; what is not there is left out."""
    assert encode(answer).decode() == text


@pytest.mark.parametrize(
    ("message", "kind", "own"),
    [
        (Chat(room_id="a", text="hi"), "chat", '"text":"hi"'),
        (
            Progress(room_id="a", job_id="j", phase="p", percent=5, note="n"),
            "progress",
            '"jobId":"j","phase":"p","percent":5,"note":"n"',
        ),
        (Progress(room_id="a", job_id="j", phase="p", percent=5), "progress", '"jobId":"j","phase":"p","percent":5'),
        (Comment(room_id="a", target="t", text="why"), "comment", '"target":"t","text":"why"'),
        (Read(room_id="a", up_to=3), "read", '"upTo":3'),
        (
            Alert(room_id="a", severity="info", customer="c", text="down"),
            "alert",
            '"severity":"info","customer":"c","text":"down"',
        ),
        (
            Exercise(room_id="a", exercise="03", status="pass", check="acl", at=5, n=4),
            "exercise",
            '"exercise":"03","status":"pass","check":"acl","at":5,"n":4',
        ),
        (
            Exercise(room_id="a", exercise="03", status="pass", at="now", n=4),
            "exercise",
            '"exercise":"03","status":"pass","at":"now","n":4',
        ),
    ],
)
def test_an_event_on_the_wire(message: Publication, kind: str, own: str) -> None:
    """The event of each publication: the article's fields in the article's order, then the seq."""
    assert encode(answers.event(message, **MADE)).decode() == f'{{"type":"{kind}",{HEAD}{own}{TAIL}'  # type: ignore[arg-type]


def test_a_duplicate_is_the_same_event_marked() -> None:
    """Nothing changes but the mark at the end."""
    body = encode(answers.event(Chat(room_id="a", text='}"\\'), **MADE))  # type: ignore[arg-type]
    again = json.loads(answers.duplicate(body))
    assert again.pop("duplicate") is True
    assert again == json.loads(body)


def test_the_errors_are_those_of_the_design() -> None:
    """Six codes, each with a message; a seventh is a bug of the caller."""
    codes = {"room_denied", "room_limit", "rate_limited", "read_only", "unavailable", "duplicate_join"}
    assert set(answers.ERRORS) == codes
    with pytest.raises(KeyError):
        answers.error("unknown")


@given(st.recursive(st.text(st.characters(codec=None)) | st.integers() | st.booleans(), st.lists, max_leaves=8))
def test_any_text_is_encoded_unchanged(value: Any) -> None:
    """Lone surrogates too: the bytes are UTF-8 and JSON, and a browser reads the same text."""
    body = encode({"type": "chat", "text": value})
    assert canonical(parse_json(body)) == canonical({"type": "chat", "text": value})


def test_a_message_with_a_lone_surrogate_keeps_its_form() -> None:
    """The slower way that such a text takes leaves out what is not there, as the fast way does."""
    assert encode(Chat(room_id="a", text="\ud83d")) == b'{"type":"chat","roomId":"a","text":"\\ud83d"}'


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (0.9999, "1970-01-01T00:00:00.999Z"),
        (1_795_421_650, "2026-11-23T08:14:10.000Z"),
        (4_102_444_800.5, "2100-01-01T00:00:00.500Z"),
    ],
)
def test_a_time_looks_as_a_browser_writes_it(now: float, text: str) -> None:
    """As toISOString: UTC, milliseconds always, and a Z."""
    assert iso(now) == text


@given(st.floats(0, 1e10))
def test_iso_time_parses_back_to_the_moment(now: float) -> None:
    """Read back, it is the same millisecond."""
    assert math.isclose(datetime.fromisoformat(iso(now)).astimezone(UTC).timestamp(), now, abs_tol=0.0011)
