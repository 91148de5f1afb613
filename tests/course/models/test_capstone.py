"""What 10-capstone draws: every boundary, nothing that its text leaves open, and a counter-example that is small."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from labkit.course.exercises import capstone, exercise
from labkit.course.judging import judge
from labkit.course.models.capstone import (
    Members,
    boundary_texts,
    conversation,
    is_judged,
    message_text,
    one_letter_off,
    refusals,
    valid,
    wrong_token,
)
from labkit.rules import messages
from tests.course.answers import known

TOKEN = "dev-token"


def test_wrong_tokens_are_wrong() -> None:
    drawn = [wrong_token(Random(seed), TOKEN) for seed in range(2000)]
    assert TOKEN not in [*drawn, *one_letter_off(TOKEN)]
    assert len(set(one_letter_off(TOKEN))) == len(TOKEN)


def test_drawn_messages_are_judged_as_the_kit_does() -> None:
    """The kit's decoder is permitted in an answer, so the model must agree with it."""
    drawn = [*boundary_texts(), *(message_text(Random(seed)) for seed in range(2000))]
    for text in drawn:
        try:
            kind: str | None = type(messages.decode(text.encode(), max_bytes=8192)).__name__.lower()
        except messages.InvalidMessage:
            kind = None
        wanted = valid(text)
        assert kind == (wanted["type"] if wanted else None), text[:80]
    assert min(sum(valid(one) is None for one in drawn), sum(valid(one) is not None for one in drawn)) > 400


@pytest.mark.parametrize(
    "free",
    [
        '{"type": "leave", "roomId": "r"}',
        '{"type": "chat", "roomId": "r", "text": "x", "requestId": 5}',
        '{"type": "join", "roomId": "r", "since": null}',
        '{"type": "chat", "roomId": "r", "text": "\\ud83d"}',
        '{"type": "join", "roomId": "r", "more": ' + "9" * 4400 + "}",
        '{"type": "join", "roomId": "r", "more": 1e999}',
        '{"type": "join", "roomId": "r", "more": ' + "[" * 3000 + "]" * 3000 + "}",
    ],
)
def test_what_the_text_leaves_open_is_not_judged(free: str) -> None:
    assert not is_judged(free)


def test_boundaries_are_judged_and_more_bytes_may_be_closed_with_1009() -> None:
    assert all(map(is_judged, boundary_texts()))
    assert [refusals(one) for one in boundary_texts()[:2]] == [(1008,), (1008, 1009)]


def test_conversations_have_members_strangers_and_ends() -> None:
    chats = {True: 0, False: 0}
    for seed in range(100):
        members = Members()
        for verb, _, (client, room, _) in conversation(Random(seed)):
            if verb == "join":
                members.join(client, room)
            if verb == "chat":
                chats[members.has(client, room)] += 1
            if verb == "end":
                members.open.discard(client)
    assert chats[True] > 200
    assert chats[False] > 20


def test_counter_example_of_rooms_is_small() -> None:
    """One join and one chat in another room are enough, and what was tried before is not shown."""
    wrong = next(one for one in known("10-capstone") if one.stem == "former_rooms_only")
    only = replace(exercise("10-capstone"), checks=(replace(capstone.EXERCISE.check("rooms"), needs=()),))
    first = asyncio.run(judge(only, wrong.source)).first_failed
    assert first is not None
    assert "which" in first.actual
    assert sum('"type":"join"' in line for line in first.evidence) == 1
    assert sum('"type":"chat"' in line for line in first.evidence) == 1
