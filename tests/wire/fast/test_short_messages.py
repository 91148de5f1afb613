"""The quick validation against the plain one: the same message, or the same refusal."""

import json
from random import Random

import pytest

from labkit.rules.messages import InvalidMessage, Message, decode
from labkit.wire.fast.short_messages import _short, decode_quickly
from tests.rules.odd_messages import ROWS

MAX_BYTES = 8192
USUAL = [
    '{"type":"ping"}',
    '{"type":"chat","roomId":"room:demo","text":"hello"}',
    '{"type":"chat","roomId":"a","requestId":"r-1","text":"€ 😀"}',
    ' { "text" : "x" , "type" : "chat" , "roomId" : "a" } ',
    ' { "type" : "ping" } ',
    '{"type":"auth","token":"dev-token"}',
    '{"type":"join","roomId":"room:demo"}',
]
SPECIAL = [
    '{"type":"chat","roomId":"a","text":"say \\"hello\\""}',
    '{"type":"chat","roomId":"a","text":"\\ud800"}',
    '{"type":"chat","roomId":"a","text":"x","requestId":null}',
    '{"type":"chat","roomId":"a","text":"x","requestId":7}',
    '{"type":"chat","roomId":"a","text":"x","more":1}',
    '{"type":"chat","roomId":"a","roomId":"b","text":"x"}',
    '{"type":"chat","roomId":"a\\n","text":"x"}',
    '{"type":"chat","roomId":"a","text":""}',
    json.dumps({"type": "chat", "roomId": "a", "text": "😀" * 501}, ensure_ascii=False),
    json.dumps({"type": "chat", "roomId": "a", "text": "x", "requestId": "r" * 101}),
    json.dumps({"type": "chat", "roomId": "a" * 65, "text": "x"}),
    '{"type":"ping","more":1}',
    '{"type":"join","roomId":"a","since":null}',
    '{"type":"join","roomId":"a","since":{"epoch":"e","seq":1}}',
    '{"type":"join","roomId":"a","x":1}',
    '{"type":"join","roomId":""}',
    '{"type":"auth","token":"dev-token","previous":"p"}',
    '{"type":"auth","token":"short"}',
    '{"type":"auth","tokens":"dev-token"}',
    '{"type":"leave","roomId":"a"}',
    '{"type":"chat","roomId":"a"}',
    '{"typed":"chat","roomId":"a","text":"no type"}',
    "[" * 5_000,
    "\ufeff" + USUAL[1],
]


ODD = [b'"', b"\\", b"{", b"}", b",", b"a", b"\xc3"]


def _said(reader: object, raw: bytes) -> Message | str:
    try:
        return reader(raw, MAX_BYTES)  # type: ignore[operator,no-any-return]
    except InvalidMessage as refusal:
        return str(refusal)


@pytest.mark.parametrize("text", USUAL)
def test_what_is_usual_is_read_quickly(text: str) -> None:
    """And it is what the plain way reads."""
    message = _short(text.encode(), MAX_BYTES)
    assert message is not None and message == decode(text.encode(), MAX_BYTES)


@pytest.mark.parametrize("text", SPECIAL)
def test_what_is_special_is_left_to_the_plain_way(text: str) -> None:
    """Right or wrong."""
    assert _short(text.encode(), MAX_BYTES) is None
    assert _said(decode_quickly, text.encode()) == _said(decode, text.encode())


def test_a_message_too_large_is_refused_as_such() -> None:
    """The limit is looked at before anything is read."""
    raw = USUAL[1].encode()
    assert _short(raw, len(raw)) is not None and _short(raw, len(raw) - 1) is None
    with pytest.raises(InvalidMessage, match="message too large"):
        decode_quickly(raw, len(raw) - 1)


def test_both_ways_read_the_same_in_20000_texts() -> None:
    """The odd messages of the rules, and usual ones with some bytes changed, left out or doubled."""
    texts = [row.frame.encode("utf-8", "surrogatepass") for row in ROWS]
    usual = [text.encode() for text in USUAL]
    texts += [text.encode() for text in SPECIAL if len(text) < 1_000]
    quick = 0
    for seed in range(20_000):
        rng = Random(seed)
        raw = texts[seed] if seed < len(texts) else _changed(rng, rng.choice(usual if seed % 2 else texts))
        assert _said(decode_quickly, raw) == _said(decode, raw), (seed, raw)
        quick += _short(raw, MAX_BYTES) is not None
    assert quick > 400


def _changed(rng: Random, raw: bytes) -> bytes:
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(raw) + 1)
        end = min(len(raw), at + rng.randint(0, 3))
        raw = raw[:at] + rng.choice([b"", raw[at:end] * 2, rng.choice(ODD)]) + raw[end:]
    return raw
