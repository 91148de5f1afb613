"""Odd texts at a real server: what their senders are answered, and what the browsers of the room read."""

import json
import math

import pytest

from labkit.bench.launch.lab import Health, Lab
from labkit.bench.play.recording import Recording
from labkit.bench.play.talk import PUBLISHED, READS, THROWS, Talk, Verdict, planned, read_by_browser


def chat(text: object) -> str:
    return json.dumps({"type": "chat", "roomId": "room:talk", "text": text})


@pytest.fixture(autouse=True)
def _without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recording, "viewer", None)


async def test_kit_publishes_what_is_valid_and_refuses_the_rest() -> None:
    texts: dict[str, str | bytes] = {"good": chat("hi"), "17": chat(17), "not JSON": "hello", "binary": b"x"}
    texts["join"] = '{"type": "join"}'
    with Lab(name="talk") as lab:
        talk = await lab.talk(texts, seconds=0.5)
        assert lab.health() == Health(0)
    assert [str(verdict) for verdict in talk.verdicts] == [
        "good: published; every browser reads it",
        "17: closed 1008: text must be 1-1000 chars",
        "not JSON: closed 1008: invalid JSON",
        "binary: closed 1003: text only",
        "join: closed 1008: roomId is invalid",
    ]
    assert (talk.wrong, talk.is_over) == ([], True)
    assert talk["17"].is_valid is False
    with pytest.raises(KeyError):
        talk["18"]


def careless(text: str) -> dict[str, object]:
    """Publish anything; a word raises."""
    return json.loads(text)  # type: ignore[no-any-return]


async def test_careless_validator_harms_browsers_and_itself() -> None:
    with Lab(name="talk", validator=careless) as lab:
        talk = await lab.talk({"NaN": chat(math.nan), "word": "hello", "again": "bye", "good": chat("hi")}, seconds=0.4)
    assert (talk["NaN"].answer, talk["NaN"].room) == (PUBLISHED, THROWS)
    assert talk["word"].fault.startswith("careless raised JSONDecodeError")
    assert talk["again"].answer == "closed 1011: internal error"
    assert talk["again"].fault
    assert talk["good"].room == READS
    assert talk.wrong == ["NaN", "word", "again"]


async def test_good_message_that_is_refused_is_wrong() -> None:
    with Lab(name="talk", validator=lambda _: None) as lab:
        talk = await lab.talk({"good": chat("hi")}, seconds=0.1)
    assert talk.wrong == ["good"]


@pytest.mark.parametrize(
    ("answer", "room", "is_valid", "fault", "is_right"),
    [
        (PUBLISHED, READS, True, "", True),
        (PUBLISHED, THROWS, True, "", False),
        (PUBLISHED, READS, False, "", False),
        ("closed 1008: invalid message", "", False, "", True),
        ("closed 1008: invalid message", "", True, "", False),
        ("closed 1011: internal error", "", False, "mine raised KeyError", False),
        ("", "", False, "", False),
    ],
)
def test_verdict_is_right_or_not(answer: str, room: str, is_valid: bool, fault: str, is_right: bool) -> None:
    assert Verdict("x", is_valid, 0.0, answer, room, fault).is_right is is_right


@pytest.mark.parametrize("text", ["[NaN]", "\ufeff[]", "hello"])
def test_browser_refuses_what_is_no_json(text: str) -> None:
    assert not read_by_browser(text)
    assert read_by_browser("[1]")


@pytest.mark.parametrize(("texts", "seconds"), [({}, 1), ({"a": "b"}, 0), ({"a": "b"}, 61)])
def test_impossible_talk_is_refused(texts: dict[str, str], seconds: float) -> None:
    with pytest.raises(ValueError, match=r"texts|seconds"):
        planned(texts, seconds)


def test_talk_names_itself() -> None:
    assert repr(Talk("2 texts", ("a", "b"), [Verdict("a", False, 0, PUBLISHED, READS)])) == "<talk: 2 texts; 1 wrong>"
