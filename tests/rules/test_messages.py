"""What a client may say: every field of every message, the reasons of refusal, and the way there and back."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.rules.answers import encode
from labkit.rules.close_codes import MAX_REASON_BYTES
from labkit.rules.messages import (
    BY_TYPE,
    FIELDS,
    Alert,
    Auth,
    Chat,
    Comment,
    Exercise,
    InvalidMessage,
    Join,
    Leave,
    Message,
    Ping,
    Presence,
    Progress,
    Publication,
    Read,
    Refresh,
    Since,
    _as_javascript,
    decode,
    judge,
)
from tests.rules.json_texts import canonical, mutated, random_text

MAX_BYTES = 8192
REASONS = {
    "message too large",
    "invalid JSON",
    "message must be an object",
    "type is required",
    "unsupported type",
    "auth.token is invalid",
    "refresh.token is invalid",
    "previous is invalid",
    "roomId is invalid",
    "since is invalid",
    "text must be 1-1000 chars",
    "jobId must be 1-100 chars",
    "phase must be 1-100 chars",
    "percent must be 0-100",
    "note must be up to 1000 chars",
    "target must be 1-100 chars",
    "upTo must be a seq",
    "severity is unknown",
    "customer must be 1-100 chars",
    "exercise must be 1-100 chars",
    "status is unknown",
    "check must be 1-100 chars",
    "at is invalid",
    "n must be a count",
}
ROOM: dict[str, Any] = {"roomId": "a"}
GOOD: dict[str, dict[str, Any]] = {
    "auth": {"token": "dev-token"},
    "refresh": {"token": "dev-token"},
    "join": ROOM,
    "leave": ROOM,
    "presence": ROOM,
    "ping": {},
    "chat": ROOM | {"text": "hi"},
    "progress": ROOM | {"jobId": "j", "phase": "p", "percent": 5},
    "comment": ROOM | {"target": "t", "text": "hi"},
    "read": ROOM | {"upTo": 3},
    "alert": ROOM | {"severity": "info", "customer": "c", "text": "hi"},
    "exercise": ROOM | {"exercise": "03", "status": "pass", "at": 1, "n": 1},
}
NAMES = st.text(st.characters(codec=None), min_size=1, max_size=50)
TEXTS = st.text(st.characters(codec=None), min_size=1, max_size=500)
ROOMS = st.from_regex(r"[a-zA-Z0-9:_-]{1,64}", fullmatch=True)
COUNTS = st.integers(0, 2**53 - 1)
IDS = st.none() | NAMES
FINITE = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53) + 1, 2**53 - 1)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Auth, token=st.text(min_size=8), previous=st.none() | NAMES),
    st.builds(Refresh, token=st.text(min_size=8)),
    st.builds(Join, room_id=ROOMS, since=st.none() | st.builds(Since, epoch=NAMES, seq=COUNTS)),
    st.builds(Leave, room_id=ROOMS),
    st.builds(Presence, room_id=ROOMS),
    st.just(Ping()),
    st.builds(Chat, room_id=ROOMS, request_id=IDS, text=TEXTS),
    st.builds(
        Progress,
        room_id=ROOMS,
        request_id=IDS,
        job_id=NAMES,
        phase=NAMES,
        percent=st.floats(0, 100) | st.integers(0, 100),
        note=st.none() | TEXTS,
    ),
    st.builds(Comment, room_id=ROOMS, request_id=IDS, target=NAMES, text=TEXTS),
    st.builds(Read, room_id=ROOMS, request_id=IDS, up_to=COUNTS),
    st.builds(
        Alert,
        room_id=ROOMS,
        request_id=IDS,
        severity=st.sampled_from(["info", "warning", "critical"]),
        customer=NAMES,
        text=TEXTS,
    ),
    st.builds(
        Exercise,
        room_id=ROOMS,
        request_id=IDS,
        exercise=NAMES,
        status=st.sampled_from(["started", "fail", "pass", "inconclusive", "help"]),
        check=st.none() | NAMES,
        at=NAMES | FINITE,
        n=COUNTS,
    ),
)


def reason(value: Any) -> str:
    """Why a JSON value is refused; "" when it is not."""
    try:
        judge(value)
    except InvalidMessage as refusal:
        return str(refusal)
    return ""


def verdict(text: str) -> str:
    """The same for a text frame."""
    try:
        decode(text.encode(), MAX_BYTES)
    except InvalidMessage as refusal:
        return str(refusal)
    return ""


def test_the_table_has_every_message_of_the_design() -> None:
    """Twelve types, each with a class, and every reason of the table is on the fixed list."""
    assert set(BY_TYPE) == set(GOOD)
    said = {field.reason for fields in FIELDS.values() for field in fields if field.name != "requestId"}
    assert said <= REASONS
    assert all(len(text.encode()) <= MAX_REASON_BYTES for text in REASONS)


@pytest.mark.parametrize("tag", GOOD)
def test_a_plain_message_of_each_type_is_valid(tag: str) -> None:
    """The smallest message of a type passes, and becomes the class of that type."""
    assert type(judge({"type": tag} | GOOD[tag])) is BY_TYPE[tag]


@pytest.mark.parametrize(("tag", "name"), [(tag, name) for tag, fields in GOOD.items() for name in fields])
@pytest.mark.parametrize("wrong", [None, True, [], {}, ["a"], "", float("nan"), float("inf"), 10**400, -1])
def test_a_required_field_of_a_wrong_type_is_refused(tag: str, name: str, wrong: Any) -> None:
    """A field that is missing, or no text, number or word of its kind, is refused with the reason of that field."""
    expected = next(field.reason for field in FIELDS[BY_TYPE[tag]] if field.name == name)
    assert reason({"type": tag} | GOOD[tag] | {name: wrong}) == ("" if (name, wrong) == ("at", -1) else expected)
    without = {key: value for key, value in GOOD[tag].items() if key != name}
    assert reason({"type": tag} | without) == expected


@pytest.mark.parametrize(
    ("tag", "name", "wrong"),
    [
        ("auth", "previous", [None, "", 5, True, ["c"], "p" * 101]),
        ("join", "since", [None, 5, "e", [], {}, {"epoch": "e"}, {"seq": 1}, {"epoch": 1, "seq": 1}]),
        ("join", "since", [{"epoch": "e", "seq": seq} for seq in (None, True, -1, 1.5, 2**53, "1", float("inf"))]),
        ("join", "since", [{"epoch": epoch, "seq": 1} for epoch in (None, "", "e" * 101, ["e"])]),
        ("progress", "note", [None, 5, "n" * 1001]),
        ("exercise", "check", [None, "", 5, "c" * 101]),
    ],
)
def test_an_optional_field_is_absent_or_right(tag: str, name: str, wrong: list[Any]) -> None:
    """An optional field may be missing; being there, it is judged, and null is not missing."""
    expected = next(field.reason for field in FIELDS[BY_TYPE[tag]] if field.name == name)
    assert {reason({"type": tag} | GOOD[tag] | {name: value}) for value in wrong} == {expected}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"type": "chat"}, "roomId is invalid"),
        ({"type": "chat", "roomId": "a", "text": ""}, "text must be 1-1000 chars"),
        ({"type": "progress", "roomId": "a", "percent": 101}, "jobId must be 1-100 chars"),
        (
            {"type": "progress", "roomId": "a", "jobId": "j", "phase": "p", "percent": 101, "note": 5},
            "percent must be 0-100",
        ),
        ({"type": "exercise", "roomId": "a", "exercise": "e", "status": "done", "n": -1}, "status is unknown"),
        ({"type": "auth", "token": "short", "previous": 5}, "auth.token is invalid"),
    ],
)
def test_several_faults_report_the_first(value: Any, expected: str) -> None:
    """The order of judgement is the order of the fields."""
    assert reason(value) == expected


@pytest.mark.parametrize("value", [{}, {"type": []}, {"type": {}}, {"type": 1}, {"type": None}, {"type": True}])
def test_a_type_that_is_no_text_is_refused(value: Any) -> None:
    """Also one that Python could not look up in a table."""
    assert reason(value) == "type is required"


@settings(max_examples=300)
@given(MESSAGES)
def test_every_message_comes_back_as_it_was_sent(message: Message) -> None:
    """What our client encodes, our server decodes to the same message: no null where the field is left out."""
    sent = encode(message)
    assert None not in json.loads(sent).values()
    received = decode(sent, 100_000)
    # Compared as a browser sees them: two lone surrogates side by side arrive as one character.
    assert canonical(msgspec.to_builtins(received)) == canonical(msgspec.to_builtins(message))


@settings(max_examples=300)
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(GOOD)))
def test_close_reason_never_repeats_input(rng: Any, tag: str) -> None:
    """Whatever is sent, the outcome is a message or a reason of the fixed list."""
    whole = json.dumps({"type": tag} | GOOD[tag], ensure_ascii=rng.random() < 0.5)
    nested = json.dumps({"type": tag} | dict.fromkeys(GOOD[tag], 0)).replace("0", random_text(rng, 2))
    for text in (whole, mutated(rng, whole), nested, mutated(rng, nested), random_text(rng)):
        assert verdict(text) in REASONS | {""}


@given(st.binary(max_size=40))
def test_bytes_that_are_no_text_are_refused_like_any_other(raw: bytes) -> None:
    """No byte sequence raises anything but InvalidMessage."""
    with pytest.raises(InvalidMessage):
        decode(b'{"type":"chat","roomId":"a","text":"' + raw + b'\xff"}', MAX_BYTES)


@settings(max_examples=300)
@given(st.randoms(use_true_random=False))
def test_the_fast_reader_agrees_with_the_exact_one(rng: Any) -> None:
    """Where msgspec takes a text, so does the exact reader, with the same value: the fast path changes no verdict."""
    for text in (random_text(rng), mutated(rng, random_text(rng)), mutated(rng, mutated(rng, random_text(rng)))):
        try:
            fast = msgspec.json.decode(text.encode())
        except msgspec.DecodeError:
            continue
        assert canonical(fast) == canonical(_as_javascript(text))


@pytest.mark.parametrize(("size", "expected"), [(MAX_BYTES, ""), (MAX_BYTES + 1, "message too large")])
def test_size_is_judged_before_anything_else(size: int, expected: str) -> None:
    """A message of exactly the limit passes; one byte more is refused unread, even if it is no JSON."""
    fits = b'{"type":"ping"}'.ljust(size)
    if expected:
        for raw in (fits, b"\xff" * size):
            with pytest.raises(InvalidMessage, match=expected):
                decode(raw, MAX_BYTES)
    else:
        assert decode(fits, MAX_BYTES) == Ping()


@pytest.mark.parametrize("message", [Auth(token="hunter2-hunter2", previous="c-1"), Refresh(token="hunter2-hunter2")])
def test_a_token_is_not_in_the_text_of_its_message(message: Message) -> None:
    """What is printed or logged of a message holds no secret."""
    assert "hunter2" not in f"{message} {message!r}"


def test_a_message_cannot_be_changed() -> None:
    """Messages are values."""
    with pytest.raises(AttributeError):
        Chat(room_id="a", text="hi").text = "ho"  # type: ignore[misc]


def test_numbers_are_what_javascript_would_hold() -> None:
    """A whole number beyond 2**53 is rounded to a double, as the browsers that get it would round it."""
    value = {"type": "exercise"} | GOOD["exercise"] | {"at": 2**53 + 1}
    judged = judge(value)
    assert isinstance(judged, Exercise)
    assert (judged.at, type(judged.at)) == (2.0**53, float)


def test_publication_is_distinct_from_other_messages() -> None:
    """Exactly the six types that become events are publications."""
    publications = {tag for tag, kind in BY_TYPE.items() if issubclass(kind, Publication)}
    assert publications == {"chat", "progress", "comment", "read", "alert", "exercise"}
