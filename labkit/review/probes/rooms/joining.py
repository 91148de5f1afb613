"""Joining twice, rooms with odd names, and too many rooms."""

from labkit.evidence import CannotTell, NotSeen, Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.judge import is_joined, must_be_refusal
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene


async def _joined_twice(scene: Scene) -> Outcome:
    room = scene.room()
    receiver, sender = await scene.enter(room), await scene.enter(room)
    receiver.send(type="join", roomId=room)
    unread: ReceiveTimeout | None = None
    try:
        await receiver.received_so_far()  # the sender's chat must come after the second join
    except ReceiveTimeout as timeout:
        unread = timeout
    except ConnectionEnded as ended:
        must_be_refusal(scene, ended)
        return (broken if scene.is_strict else held)(f"the second join was refused: {ended}")
    sender.chat(room, "once")
    sender.chat(room, "the last chat")
    texts: list[str] = []
    while "the last chat" not in texts:
        texts.append((await receiver.receive("chat"))["text"])
    if texts != ["once", "the last chat"]:
        return broken(f"received {texts!r}")
    if unread is not None:
        raise NotSeen(f"each message came once, but perhaps before the second join, whose end was not seen: {unread}")
    return held(f"received {texts!r}")


JOINED_TWICE = Probe(
    id="rooms/7",
    title="Joining twice does not duplicate events",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="A connection is in a room only once, however often it joins.",
    expected="each event once",
    fix="Keep members in a set, not in a list.",
    missing_test="Join a room twice and expect each chat message once.",
    run=_joined_twice,
)


NAMES = ("__proto__", "constructor", "toString", "hasOwnProperty", "__class__", "null", "undefined", "0", "-1")


async def _odd_names(scene: Scene) -> Outcome:
    if not scene.is_strict and not await is_joined(scene, NAMES[0]):
        return held(f"the server accepts no room named {NAMES[0]}")
    sender, receiver = await scene.enter(NAMES[0]), await scene.enter(NAMES[0])
    names = [name for name in NAMES if scene.is_strict or await is_joined(scene, name)]
    for name in names:
        if name != NAMES[0]:  # one at a time: some servers allow one room per connection
            await scene.join(sender, name)
            await scene.join(receiver, name)
        text = scene.room(name)
        sender.chat(name, text)
        while (event := await receiver.receive("chat")).get("text") != text:
            pass
        if event.get("roomId", name) != name:
            return broken(f"a chat message in {name} arrived as a chat message in {event.get('roomId')}")
    return held(f"each of {len(names)} odd names works as a room")


ODD_NAMES = Probe(
    id="rooms/9",
    title="A room may be named __proto__",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="Every name that matches the pattern is a valid room.",
    expected="the join and the chat message succeed",
    fix="Keep rooms in a Map or a dict, never as properties of an object.",
    missing_test="Join and chat in __proto__ and constructor.",
    run=_odd_names,
)


async def _room_limit(scene: Scene) -> Outcome:
    limit = int(scene.promised.rooms_per_connection)
    if limit > 1000:
        raise CannotTell("rooms_per_connection is off")
    peer = await scene.enter()
    for number in range(limit + 1):
        peer.send(type="join", roomId=scene.room(f"r{number}"))
        response = await peer.receive()
        if response.get("type") == "error":
            summary = f"room {number + 1} was refused with {response.get('code')}"
            return (held if response.get("code") == "room_limit" and number == limit else broken)(summary)
    return broken(f"{limit + 1} rooms were joined")


ROOM_LIMIT = Probe(
    id="rooms/13",
    title="A connection can join a limited number of rooms",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="A join beyond rooms_per_connection is refused with error room_limit.",
    expected="error room_limit for the first room over the limit",
    fix="Count a connection's rooms on every join.",
    missing_test="Join one more room than is allowed and expect room_limit.",
    run=_room_limit,
)
