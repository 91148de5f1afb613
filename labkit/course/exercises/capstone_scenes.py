"""The scenes of 10-capstone in which a server is compared with the exercise's model, in situations that are drawn.

A situation that fails is played again with less in it, until nothing more can be left out; the smallest is recorded.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from labkit.course.exercise import Misconception
from labkit.course.models.capstone import (
    CLIENTS,
    Members,
    auth_text,
    boundary_texts,
    conversation,
    is_judged,
    message_text,
    one_letter_off,
    refusals,
    room_names,
    valid,
    wrong_token,
)
from labkit.course.models.shrinking import Simpler, nothing_more, smallest
from labkit.course.models.situations import Situation, ask
from labkit.course.models.validator import simpler_text
from labkit.evidence import Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded, Message, ReceiveTimeout
from labkit.review.judge import must_end

TOKENS, MESSAGES, CONVERSATIONS = 16, 60, 12
MOST_TRIES = 60
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
CLOCKS_APART = timedelta(minutes=1)
EVENT = ("type", "id", "requestId", "roomId", "userId", "text", "sentAt")
Play = Callable[[Any, Situation], Awaitable[Outcome]]

REFUSED = Misconception(
    "valid-message-refused",
    "A valid message is refused, or gets another answer than the one that the text asks for.",
    "Look at what your server does with the message that is shown. Which of your conditions does it not meet?",
    "A limit is off by one or counts something else, or an unknown field, white space or an escape is refused.",
    "`messages.decode(raw, max_bytes=8192)` accepts exactly what is asked.",
)
INCOMPLETE = Misconception(
    "event-incomplete",
    "An event lacks something that its receivers need: an id of its own, its requestId, its user or its time.",
    "Compare the event that arrived with the one in the text, field by field.",
    "A requestId is dropped or is null, an id comes twice, sentAt is no time, or the members receive different events.",
    '`"requestId": said.request_id or str(uuid.uuid4())`, and `"sentAt": datetime.now(UTC).isoformat()`',
)
NO_TIME = Misconception(
    "pong-without-the-time",
    "The answer to a ping does not say what time it is, so a client cannot tell how far its clock is off.",
    "Look at the fields of your pong.",
    "sentAt is missing, or it is not the time now in ISO 8601, with its offset from UTC.",
    '`{"type": "pong", "sentAt": datetime.now(UTC).isoformat()}`',
)


# Each scene draws its situations from the stage's generator.


async def tokens(stage: Any) -> Outcome:
    """Authenticate with wrong tokens and the right one, each time written as JSON in another way."""
    right = stage.target.tokens[0]
    wrong = [*one_letter_off(right), *(wrong_token(stage.rng, right) for _ in range(TOKENS))]
    outcome = await _each(stage, [auth_text(stage.rng, one) for one in wrong], _wrong_token)
    if outcome.verdict == "broken":
        return outcome
    return await _each(stage, [auth_text(stage.rng, right) for _ in range(TOKENS // 4)], _right_token)


async def first_messages(stage: Any) -> Outcome:
    """Begin with another message than auth."""
    return await _each(stage, [message_text(stage.rng) for _ in range(TOKENS)], _first_message, simpler_text)


async def drawn_messages(stage: Any) -> Outcome:
    """Send messages as a member: each is answered or refused, as the text says."""
    texts = [*boundary_texts(), *(message_text(stage.rng) for _ in range(MESSAGES))]
    return await _each(stage, texts, _message, simpler_text)


async def conversations(stage: Any) -> Outcome:
    """Let a few clients join, chat and go in a few rooms, and compare what each of them receives."""
    drawn = [conversation(stage.rng) for _ in range(CONVERSATIONS)]
    return await _all(stage, drawn, _conversation)


async def events(stage: Any) -> Outcome:
    """Compare the events of a few chats, field by field, for the sender and for another member."""
    room = stage.room()
    sender, other = await stage.enter(room), await stage.enter(room)
    given = [f"mine {stage.rng.randrange(10**6)}", None, None]
    for number, request in enumerate(given):
        sender.chat(room, f"hello {number}", **({} if request is None else {"requestId": request}))
    received = [await sender.receive("chat") for _ in given]
    for number, event in enumerate(received):
        odd = [name for name in EVENT if not isinstance(event.get(name), str) or not event[name]]
        if odd:
            return broken(f"of an event, missing or no string: {', '.join(odd)}", INCOMPLETE)
        if not _is_now(event["sentAt"]):
            return broken(f"the event's sentAt is {event['sentAt']!r:.40}", INCOMPLETE)
        if (same := await other.receive("chat")) != event:
            changed = sorted(name for name in {*event, *same} if event.get(name) != same.get(name))
            return broken(f"chat {number + 1} came to two members with another {', '.join(changed)}", INCOMPLETE)
    if received[0]["requestId"] != given[0]:
        return broken(f"the requestId {given[0]!r} came back as {received[0]['requestId']!r:.40}", INCOMPLETE)
    for name in ("id", "requestId"):
        if len({event[name] for event in received}) < len(received):
            return broken(f"two chat messages got the same {name}", INCOMPLETE)
    other.chat(room, "hello from another client", requestId=given[0])  # its clients choose it: two may be equal
    if (await sender.receive("chat"))["id"] in {event["id"] for event in received}:
        return broken("two chat messages with one requestId, of two clients, got the same id", INCOMPLETE)
    return held("each event has its fields, and every member received the same")


async def pong(stage: Any) -> Outcome:
    """Expect a pong with the time now."""
    peer = await stage.enter()
    peer.send(type="ping")
    message = await peer.receive()
    summary = f"the response was {message.get('type')}, sentAt {message.get('sentAt')}"
    is_right = message.get("type") == "pong" and _is_now(message.get("sentAt"))
    return held(summary) if is_right else broken(summary, NO_TIME)


def _is_now(value: Any) -> bool:
    if not isinstance(value, str) or not TIME.fullmatch(value):
        return False
    try:
        return abs(datetime.fromisoformat(value) - datetime.now(UTC)) < CLOCKS_APART
    except ValueError:
        return False


# How one situation is played


async def _wrong_token(stage: Any, situation: Situation) -> Outcome:
    peer = await stage.connect()
    peer.send_text(_text(situation))
    return _named(situation, await must_end(stage, peer, 4403, 1008))


async def _right_token(stage: Any, situation: Situation) -> Outcome:
    peer = await stage.connect()
    peer.send_text(_text(situation))
    try:
        kind = (await peer.receive()).get("type")
    except (ConnectionEnded, ReceiveTimeout) as instead:
        return _named(situation, broken(str(instead)))
    return _named(situation, (held if kind == "auth_ok" else broken)(f"the response was {kind}"))


async def _first_message(stage: Any, situation: Situation) -> Outcome:
    text = _text(situation)
    peer = await stage.connect()
    peer.send_text(text)
    codes = (4403,) if valid(text) else (4403, *refusals(text))
    return _named(situation, await must_end(stage, peer, *codes))


async def _message(stage: Any, situation: Situation) -> Outcome:
    text = _text(situation)
    wanted = valid(text)
    peer = await stage.enter(*([wanted["roomId"]] if wanted and wanted["type"] == "chat" else []))
    peer.send_text(text)
    if wanted is None:
        return _named(situation, await must_end(stage, peer, *refusals(text)))
    kind = {"join": "joined", "chat": "chat"}[wanted["type"]]
    try:
        answer = await peer.receive()
    except (ConnectionEnded, ReceiveTimeout) as instead:
        return _named(situation, broken(f"{instead}, expected {kind}", REFUSED))
    fields = ("roomId", "text") if kind == "chat" else ("roomId",)
    if answer.get("type") == kind and all(answer.get(name) == wanted[name] for name in fields):
        return held(f"answered with {kind}")
    return _named(situation, broken(f"the response was {answer!r:.100}, expected {kind} with its fields", REFUSED))


async def _conversation(stage: Any, situation: Situation) -> Outcome:
    names = room_names(stage.room(f"c{stage.rng.randrange(10**6)}"))
    peers = [await stage.enter() for _ in range(CLIENTS)]
    members, outcome = Members(), held("nothing was said")
    for verb, _, (client, room, text) in situation:
        if client not in members.open:
            continue
        peer, name = peers[client], names[room]
        if verb == "end":
            peer.drop()
            members.open.discard(client)
        elif verb == "auth":
            peer.send(type="auth", token=f"not the token {text}")
        elif verb == "join":
            peer.send(type="join", roomId=name)
            if not members.has(client, room) and (answer := await peer.receive("joined")).get("roomId") != name:
                return broken(f"the answer to the join of {name} was {answer!r:.80}")
            members.join(client, room)
        elif members.has(client, room):
            peer.chat(name, text)
        else:
            peer.chat(name, text)
            outcome = await must_end(stage, peer, 1008)
            if outcome.verdict == "broken":
                return broken(f"a chat message to {name}, which {peer.name} has not joined: {outcome.actual}")
            members.open.discard(client)
            verb = "end"
        wanted = {"roomId": name, "userId": peer.ok.get("userId"), "text": text} if verb == "chat" else None
        receivers = members.of(room) if wanted else set()
        for number in sorted(members.open, key=lambda number: number != client):
            outcome = await _received(peers[number], wanted if number in receivers else None)
            if outcome.verdict == "broken":
                return outcome
    return held("each client received what its rooms said")


async def _received(peer: Any, wanted: Message | None) -> Outcome:
    """Expect one event, or none, and an answer to a ping."""
    chats: list[Message] = []
    try:
        if wanted is not None:
            chats.append(await peer.receive("chat"))
        chats += [one for one in await peer.received_so_far() if one.get("type") == "chat"]
    except (ConnectionEnded, ReceiveTimeout) as instead:
        return broken(f"{peer.name}: {instead}")
    came = [{name: one.get(name) for name in ("roomId", "userId", "text")} for one in chats]
    if came == ([] if wanted is None else [wanted]):
        return held("as expected")
    return broken(f"{peer.name} received {came or 'nothing'!r:.200}, expected {wanted or 'nothing'!r}")


def _text(situation: Situation) -> str:
    return str(situation[0][2][0])


def _named(situation: Situation, outcome: Outcome) -> Outcome:
    text = _text(situation)
    shown = text if len(text) <= 80 else f"{text[:80]}... ({len(text.encode())} bytes)"
    return outcome._replace(actual=f"{shown or 'an empty message'}: {outcome.actual}")


# How many are played


async def _each(stage: Any, texts: Iterable[str], play: Play, simpler: Simpler = nothing_more) -> Outcome:
    return await _all(stage, [(ask(text),) for text in texts], play, simpler, permits=lambda one: is_judged(_text(one)))


async def _all(
    stage: Any,
    situations: Sequence[Situation],
    play: Play,
    simpler: Simpler = lambda value: _fewer(value),
    permits: Callable[[Situation], bool] = lambda situation: True,
) -> Outcome:
    with stage.transcript.paused():
        for situation in situations:
            seen = await _tried(stage, situation, play)
            if seen.verdict == "broken":
                break
        else:
            return held(f"{len(situations)} situations")
        least = await _smallest(stage, situation, seen, play, simpler, permits)
    again = await play(stage, least)
    return again if again.verdict == "broken" else seen


async def _tried(stage: Any, situation: Situation, play: Play) -> Outcome:
    """Play a situation that is not recorded, and end its connections before anything is."""
    seen = await play(stage, situation)
    await stage.end_all()
    return seen


def _fewer(value: Any) -> Iterator[Any]:
    if isinstance(value, int) and value:
        yield 0


async def _smallest(
    stage: Any,
    start: Situation,
    seen: Outcome,
    play: Play,
    simpler: Simpler,
    permits: Callable[[Situation], bool],
) -> Situation:
    """Return the smallest situation that fails with the same misconception, within a number of tries."""
    tries = 0

    async def failing(candidates: Sequence[Situation]) -> int | None:
        nonlocal tries
        for number, candidate in enumerate(candidates):
            tries += 1
            if not candidate or tries > MOST_TRIES:
                return None
            again = await _tried(stage, candidate, play)
            if again.verdict == "broken" and again.cause is seen.cause:
                return number
        return None

    return await smallest(start, failing, lambda one: bool(one) and tries <= MOST_TRIES and permits(one), simpler)
