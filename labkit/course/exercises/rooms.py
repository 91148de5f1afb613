"""03-rooms: a client receives messages from a room that it never joined."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

from labkit.course.exercise import Exercise, Misconception
from labkit.course.models.clients import acts, arrived, has_raised, properties_of_handler, wrong
from labkit.course.models.property import Property, Wrong
from labkit.course.models.rooms import (
    Reference,
    draw_apart,
    draw_counted,
    draw_heard,
    draw_identity,
    draw_leave,
    draw_refused,
    draw_survives,
    draw_twice,
    draw_unjoined,
    each_alike,
    permits,
)
from labkit.course.models.situations import Result, Situation, Step

NOT_RECEIVED = Misconception(
    "members-hear-nothing",
    "A chat message does not reach every member of the room, the sender included.",
    "Two members are in a room. Follow one chat message: to whom is it sent?",
    "The room is looked up under another name, only the other members get the chat message, or `joined` is never sent.",
    "`for member in list(members.get(room, ())): await tell(member, ...)`, the sender among them.",
)
LEAKS = Misconception(
    "rooms-leak",
    "A chat message of one room reaches members of another.",
    "Which connections does your loop over the members visit?",
    "All connections, or all whose room name starts the same, instead of the members of this room.",
    "A dict from roomId to a set of connections, looked up by the whole name.",
)
UNJOINED = Misconception(
    "chat-without-join",
    "A client can send to a room that it has not joined.",
    "What do you check before you pass a chat message on?",
    "You trust the roomId in the message, and any client can write any room there.",
    '`if room not in joined: return await connection.close(1008, "join first")`, with this connection\'s own set.',
)
LEAVE_SAID = Misconception(
    "leave-is-only-said",
    "`leave` gets the reply `left`, but changes nothing, or works in one direction only.",
    "After leave, what is in the room's set of members, and what is in the connection's own set?",
    "One of the two was forgotten: the client still receives chats, or can still send them.",
    "`joined.discard(room)` and `members[room].discard(connection)`, both.",
)
SPREAD = Misconception(
    "sender-chooses-who-it-is",
    "The event takes userId, or another field that only the server may set, from the client's message.",
    "Where does the userId of an event come from?",
    "The message is passed on unchanged, or unpacked into the event.",
    '`await tell(member, type="chat", roomId=room, userId=user, text=message["text"])`, field by field.',
)
TWICE = Misconception(
    "members-in-a-list",
    "A client that joins twice receives everything twice.",
    "What does a second join of the same room do to your members?",
    "They are in a list, which takes the same connection again.",
    "Keep them in a set.",
)
GONE_STAYS = Misconception(
    "gone-are-still-members",
    "A member that has disconnected still counts, so the room only ever grows.",
    "A connection ends, with or without a close frame. Which line runs then?",
    "The loop ends and nothing removes the member, or only `leave` does.",
    "`try: ... finally: for room in joined: members[room].discard(connection)`",
)
ONE_FOR_ALL = Misconception(
    "one-gone-ends-the-others",
    "When one member is gone, the members after it receive nothing, or the sender is closed.",
    "What happens when you send to a connection that is gone, and what catches it?",
    "`send` raises ConnectionClosed in the sender's own handler.",
    "Use `tell`, which skips connections that are gone.",
)


RAISES = Misconception(
    "handler-raises",
    "The handler raises an error, so a client that did nothing wrong is closed with 1011.",
    "Look at the line that is named. What does it expect of your table?",
    "A room that nobody has joined yet is not in the dict, and a client may leave a room that it is not in.",
    "`members.get(room, set()).discard(connection)`; `discard` raises nothing, and `remove` does.",
)
REFUSED_IN = Misconception(
    "refused-client-takes-part",
    "A client that `enter` has refused still joins and sends.",
    "What does your handler do when `enter` returns None?",
    "What the client sent behind its wrong token has already arrived, and `messages` yields it.",
    "`if user is None: return`",
)
CHAT = ("type", "roomId", "userId", "text")
Fault = tuple[str, Misconception] | None


def model(wanted: Sequence[Misconception], situation: Situation, results: Sequence[Result]) -> Wrong | None:
    """Compare an answer with the reference. Return its first fault of one of these kinds, or of any by default."""
    reference, users = Reference(), dict[str, Any]()
    for number, (step, result) in enumerate(zip(situation, results)):
        before = {client: set(rooms) for client, rooms in reference.rooms.items()}
        expected, came = reference.step(step), arrived(result)
        users |= {client: one.get("userId") for client, some in came.items() for one in some if _is(one, "auth_ok")}
        if result.raised is not None:
            return wrong(number, result, "no error", RAISES)
        for client in dict.fromkeys([*expected, *came]):
            if client in _ended(step):
                continue
            fault = _fault(expected.get(client, []), came.get(client, []), step, users)
            if fault is None:
                continue
            shows = _shown(fault, client, step, result, reference, before)
            if not wanted or shows in wanted:
                return wrong(number, result, f"{_listed(expected.get(client, []))} for {client}", shows)
            if shows is not GONE_STAYS:  # from here on, the reference does not know who is where
                return None
    return None


def _is(one: Any, kind: str) -> bool:
    return isinstance(one, dict) and one.get("type") == kind


def _ended(step: Step) -> set[str]:
    """Return the clients that end in a step: what arrives at them does not count."""
    return {act[1] for act in acts(step) if act[0] in ("close", "vanish")}


def _listed(expected: Sequence[Any]) -> str:
    return ", ".join(str(one) for one in expected) or "nothing"


def _fault(expected: Sequence[Any], came: Sequence[Any], step: Step, users: Mapping[str, Any]) -> str | None:
    """Return in which way this is not what was expected: a word; None if it is right.

    The chat messages of different senders may come in any order.
    """
    if step[1] == "server.at_once":
        expected, came = (sorted(some, key=partial(_sender, users)) for some in (expected, came))
    for right, one in zip(expected, came):
        if (fault := _difference(right, one, step, users)) is not None:
            return fault
    if len(came) > len(expected):
        return "twice" if came[-1] in came[: len(expected)] else "more"
    return "missing" if len(came) < len(expected) else None


def _sender(users: Mapping[str, Any], one: Any) -> str:
    name = str(one.get("userId") if isinstance(one, dict) else one)
    return str(users.get(name, name))


def _difference(right: Any, came: Any, step: Step, users: Mapping[str, Any]) -> str | None:
    if isinstance(right, str) or isinstance(came, str):
        is_right = isinstance(right, str) and isinstance(came, str) and came.startswith(right)
        return None if is_right else "closed" if isinstance(came, str) else "open"
    if not isinstance(came, dict) or came.get("type") != right["type"]:
        return "other"
    if right["type"] == "chat":
        return _difference_in_chat(right, came, step, users)
    if came.get("roomId") != right.get("roomId") and "roomId" in right:
        return "room"
    count = came.get("members")
    is_counted = "members" not in right or (type(count) is int and count == right["members"])
    return None if is_counted else "count"


def _difference_in_chat(
    right: Mapping[str, Any], came: Mapping[str, Any], step: Step, users: Mapping[str, Any]
) -> str | None:
    if came.get("userId") != users.get(str(right["userId"])):
        return "spread"
    if came.get("roomId") != right["roomId"]:
        return "room"
    if came.get("text") != right["text"]:
        return "other"
    sent = {(key, repr(value)) for one in _sent(step) for key, value in one.items()}
    is_spread = any((key, repr(value)) in sent for key, value in came.items() if key not in CHAT)
    return "spread" if is_spread else None


def _sent(step: Step) -> list[dict[str, Any]]:
    return [one for act in acts(step) for one in act[2:] if isinstance(one, dict)]


def _shown(
    fault: str, client: str, step: Step, result: Result, reference: Reference, before: Mapping[str, set[str]]
) -> Misconception:
    """Return what a fault shows at a client: `before` is where everybody was, and the reference where they are now."""
    sender = next((act[1] for act in acts(step) if act[0] == "send"), client)
    sent = _sent(step)
    rooms = {one.get("roomId") for one in sent if one["type"] == "chat"}
    has_left = {who for who, room in reference.left}
    if fault == "count":
        return GONE_STAYS
    if sender in reference.refused:
        return REFUSED_IN
    if fault in ("spread", "room"):
        return SPREAD if fault == "spread" else LEAKS
    if sender in before and rooms - before[sender] and sender not in reference.rooms:
        return LEAVE_SAID if any((sender, room) in reference.left for room in rooms) else UNJOINED
    if has_raised(result) and not reference.has_ended:
        return RAISES
    if fault == "twice":
        return TWICE
    if fault == "more":
        return LEAVE_SAID if any((client, room) in reference.left for room in rooms) else LEAKS
    if reference.has_ended:
        return ONE_FOR_ALL
    is_of_leave = any(one["type"] == "leave" for one in sent)
    return LEAVE_SAID if is_of_leave or {client, sender} & has_left else NOT_RECEIVED


make = properties_of_handler(permits=permits)


def property_of(
    name: str,
    expected: str,
    wanted: tuple[Misconception, ...],
    draw: Callable[[Random], Situation],
    *enforces: str,
    **more: Any,
) -> Property:
    """Return a property of this exercise. It fails by these misconceptions alone; none: by any."""
    usual = wanted[0] if wanted else GONE_STAYS
    return make(name, expected, usual, draw, *enforces, model=partial(model, wanted), **more)


RECEIVED = "heard"
NEEDS = (RECEIVED,)
APART = (RECEIVED, "apart")
PROPERTIES = (
    property_of(
        RECEIVED,
        "a chat message reaches every member of its room, the sender included",
        (NOT_RECEIVED, RAISES),
        draw_heard,
        "every member of this room gets",
        "the sender too",
        "The text may be any string, also an empty one.",
    ),
    property_of(
        "apart",
        "a chat message reaches nobody else, not even in a room with a similar name",
        (LEAKS,),
        draw_apart,
        "Nobody else gets it.",
        "Two rooms are the same only if their names are equal.",
        always=each_alike(),
        needs=NEEDS,
    ),
    property_of(
        "refused",
        "a client that enter refused takes part in nothing",
        (REFUSED_IN,),
        draw_refused,
        "If `user` is `None`, nothing that this client sends counts.",
        needs=APART,
    ),
    property_of(
        "join-first",
        "a chat message without join: close 1008, and it reaches nobody",
        (UNJOINED,),
        draw_unjoined,
        "`chat` to a room that this connection is not in: close with **1008**, and nobody gets it.",
        needs=APART,
    ),
    property_of(
        "leave",
        "after leave a client neither receives nor sends",
        (LEAVE_SAID, RAISES),
        draw_leave,
        "it is no longer in this room, and still in all others",
        "also when it was not in the room",
        needs=(*APART, "join-first"),
    ),
    property_of(
        "identity",
        "the server sets the userId of an event; the client cannot",
        (SPREAD,),
        draw_identity,
        "`userId` is the `user` of the sender, and nothing else that the client sent is in it.",
        needs=APART,
    ),
    property_of(
        "twice",
        "a client that joins twice receives each chat message once",
        (TWICE, LEAVE_SAID),
        draw_twice,
        "A connection that joins twice is in it once",
        needs=(*APART, "leave"),
    ),
    property_of(
        "survives",
        "members that vanish disturb nobody else",
        (ONE_FOR_ALL,),
        draw_survives,
        "Its end disturbs nobody else",
        needs=APART,
    ),
    property_of(
        "counted",
        "joined counts the members that are connected now",
        (),
        draw_counted,
        "`n` is how many connections are in the room now, this one included",
        "A connection that ends, however it ends, is in no room any more",
        needs=(*APART, "refused", "join-first", "leave", "identity", "twice", "survives"),
    ),
)
EXERCISE = Exercise(
    id="03-rooms",
    title="A member receives messages from a room it never joined",
    lesson="03_rooms",
    kind="handler",
    answer="handler",
    is_played=True,
    gives=("labkit.course.given",),
    patience_s=2,
    checks=tuple(one.check() for one in PROPERTIES),
    more=(RAISES,),
)
