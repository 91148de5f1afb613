"""09-find-fault-1: one member's connection dies, and the whole room stops receiving."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.clients import MADE, acts, arrived, shorter, wrong
from labkit.course.models.find_fault import (
    Expected,
    Reference,
    draw_apart,
    draw_dead,
    draw_ghosts,
    draw_moves,
    draw_talks,
    each_order,
    permits,
    plainer,
    seen,
)
from labkit.course.models.property import Property, Wrong
from labkit.course.models.situations import Result, Situation, Step

DOES_NOT_TALK = Misconception(
    "repair-broke-the-room",
    "After the repair, join, chat or who no longer work as before.",
    "Let two members join and chat, and compare with what the faulty server sent.",
    "A message was lost in the repair, or goes to the other members but not to the sender.",
    "Each chat goes to every member of the room, the sender included.",
)
SENDER_PAYS = Misconception(
    "dead-member-ends-the-speaker",
    "Sending to a member that is gone raises in the sender's handler, so the sender loses its connection.",
    "Who is closed, and with which code, when a member sends to a room with a dead member?",
    "`send` raises ConnectionClosed for the dead member, in the handler of the sender.",
    "`with contextlib.suppress(websockets.ConnectionClosed): await member.send(...)`, for each member.",
)
REST_UNTOLD = Misconception(
    "dead-member-hides-the-rest",
    "The error about one member is caught around the whole loop, so the members after it receive nothing.",
    "Which members receive a chat message when one in the middle is dead?",
    "The `try` is around the loop, so the first error ends the loop.",
    "Put the `try`, or the `suppress`, inside the loop, around one `send`.",
)
GHOSTS = Misconception(
    "members-become-ghosts",
    "A member that vanishes without a close frame stays in the room forever.",
    "Send `who` after a member has gone. How many members are there, with a close frame and without one?",
    "When the connection dies, the loop over its messages raises, and the code after the loop never runs.",
    "`try: ... finally: rooms[room].discard(connection)`",
)
TWO_ROOMS = Misconception(
    "old-room-is-not-left",
    "A member that joins another room stays in the old one as well, and keeps receiving its chats.",
    "Follow `room` when a client joins a second time.",
    "The name is overwritten; the old room's set still contains the connection.",
    "Before the new `add`: `rooms[room].discard(connection)`.",
)
REJOIN = Misconception(
    "joining-again-throws-out",
    "A member that joins the room that it is already in drops out of it.",
    "Join the same room twice, then send `who`.",
    "The connection is added to the new room, and then removed from the old one, which is the same.",
    'First `rooms[room].discard(connection)`, then `rooms[said["roomId"]].add(connection)`.',
)
LEAK = Misconception(
    "rooms-run-together",
    "A chat message of one room reaches members of another.",
    "Which members do you send to? Which set does the loop visit?",
    "The members of all rooms, or all rooms share one set.",
    "Loop over `rooms[room]`, the sender's own room.",
)
SET_CHANGES = Misconception(
    "members-change-in-the-round",
    "While the loop over the members waits in `send`, another handler changes the set, and the loop raises.",
    "Which other handlers run while `send` waits, and what do they change?",
    "A member ends while you send to it, and its own handler removes it from the set that you are looping over.",
    "Loop over a copy: `for member in list(members[room]):`",
)


def model(wanted: tuple[Misconception, ...], situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the text. Only faults that show one of `wanted` count; none given: all do."""
    reference = Reference()
    for number, (step, result) in enumerate(zip(situation, results)):
        if result.raised is not None:
            return wrong(number, result, "no error", DOES_NOT_TALK)
        expected = reference.do(step)
        came = {name: [seen(one) for one in messages] for name, messages in arrived(result).items()}
        if (first := _first_wrong(expected, came)) is not None:
            shows = _shown(reference, step, result, first, expected, came)
            counts = not wanted or shows in wanted
            return wrong(number, result, _listed(first, expected), shows) if counts else None
    return None


def _first_wrong(expected: Mapping[str, Expected], came: Mapping[str, list[Any]]) -> str | None:
    """Return a client at which something else came, first one that was closed."""
    faulty = [name for name, one in expected.items() if not one.allows(came.get(name, []))]
    return next((name for name in faulty if _is_closed(came.get(name, []))), next(iter(faulty), None))


def _is_closed(came: Sequence[Any]) -> bool:
    return any(isinstance(one, str) for one in came)


def _listed(name: str, expected: Mapping[str, Expected]) -> str:
    words = [" ".join((kind, *map(repr, more))) for kind, *more in expected[name].messages]
    return f"{', '.join(words) or 'nothing'} for {name}"


def _shown(
    reference: Reference,
    step: Step,
    result: Result,
    name: str,
    expected: Mapping[str, Expected],
    came: Mapping[str, list[Any]],
) -> Misconception:
    """Return what it shows that something else came at this client."""
    dead = [one for one in reference.clients.values() if not one.is_alive]
    if any(one[0] == "raised" and "during iteration" in str(one[1]) for one in result.calls):
        return SET_CHANGES
    if _is_closed(came.get(name, [])):
        return SENDER_PAYS if dead else DOES_NOT_TALK
    client, got = reference.clients[name], came.get(name, [])
    counts = next((one for one in zip(_whos(got), _whos(expected[name].messages)) if one[0] != one[1]), None)
    if counts is not None:
        return _shown_by_count(reference, client.room, *counts)
    if [one for one in got if one not in [*expected[name].messages, *expected[name].maybe]]:
        speakers = {reference.clients[who].room for kind, who, *_ in acts(step) if kind == "send"}
        return TWO_ROOMS if speakers & client.earlier else LEAK
    if any(one.has_rejoined for one in (client, *_speakers(reference, step))):
        return REJOIN
    return REST_UNTOLD if dead else DOES_NOT_TALK


def _whos(messages: Sequence[Any]) -> list[Any]:
    return [one[1] for one in messages if one[0] == "who"]


def _speakers(reference: Reference, step: Step) -> list[Any]:
    return [reference.clients[who] for kind, who, *_ in acts(step) if kind == "send"]


def _shown_by_count(reference: Reference, room: str | None, came: float, expected: float) -> Misconception:
    """Return what a wrong count of members shows."""
    clients = reference.clients.values()
    if came < expected:
        return REJOIN if any(one.has_rejoined and one.room == room for one in clients) else DOES_NOT_TALK
    if any(room in one.earlier and one.room != room for one in clients):
        return TWO_ROOMS
    return GHOSTS if any(one.room == room and not one.is_alive for one in clients) else DOES_NOT_TALK


def property_of(
    name: str,
    expected: str,
    wanted: tuple[Misconception, ...],
    draw: Callable[[Random], Situation],
    *enforces: str,
    usual: Misconception | None = None,
    **more: Any,
) -> Property:
    """Return a property of this exercise. It fails by these misconceptions alone; none: by any."""
    return Property(
        id=name,
        expected=expected,
        usual=usual or wanted[0],
        draw=draw,
        enforces=enforces,
        model=partial(model, wanted),
        permits=permits,
        simpler=plainer,
        smaller=shorter,
        made=MADE,
        drawn=60,
        again=0,
        is_alone=True,
        **more,
    )


TALKS = "talks"
PROPERTIES = (
    property_of(
        TALKS,
        "join, chat and who still work",
        (),
        draw_talks,
        "`handler` does what the table says",
        "in the order in which it was sent",
        "A message of any other type is ignored.",
        usual=DOES_NOT_TALK,
    ),
    property_of(
        "dead-member",
        "a dead member affects neither the sender nor the others",
        (SENDER_PAYS, REST_UNTOLD, SET_CHANGES),
        draw_dead,
        "The sender stays connected, and every other member receives the chat message.",
        always=(each_order(),),
        needs=(TALKS,),
    ),
    property_of(
        "ghosts",
        "a member that has gone is not in the room",
        (GHOSTS,),
        draw_ghosts,
        "A member that has gone, with or without a close frame, is no longer in its room.",
        needs=(TALKS,),
    ),
    property_of(
        "apart",
        "a chat message reaches its own room only",
        (LEAK,),
        draw_apart,
        "A chat message goes to every member of the room, the sender included, and to nobody else.",
        needs=(TALKS,),
    ),
    property_of(
        "two-rooms",
        "joining another room leaves the first; a member is in the room that it joined last",
        (),
        draw_moves,
        "A client that joins another room has left the first one.",
        "A client that joins its own room again is still in it, once.",
        usual=TWO_ROOMS,
        needs=(TALKS, "ghosts", "apart"),
    ),
)
EXERCISE = Exercise(
    id="09-find-fault-1",
    title="One phone loses its network, and the whole room falls silent",
    lesson="09_review_your_own_server",
    kind="handler",
    answer="handler",
    is_played=True,
    gives=("labkit.course.trying",),
    checks=tuple(one.check() for one in PROPERTIES),
    more=(REST_UNTOLD, REJOIN, SET_CHANGES),
)
