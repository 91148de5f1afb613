"""Which fields an event contains."""

from labkit.evidence import Outcome, broken, held
from labkit.review.judge import must_be_well
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE
from labkit.review.scene import Scene


async def _unknown_fields(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    peer.chat(room, "hello", colour="red", __proto__={"admin": True}, constructor=None)
    event = await peer.receive_chat(room)
    extra = sorted({"colour", "__proto__", "constructor", "admin"} & set(event))
    return broken(f"forwarded: {', '.join(extra)}") if extra else await must_be_well(peer)


UNKNOWN_FIELDS = Probe(
    id="validation/7",
    title="Unknown fields are ignored",
    severity="P1",
    profile="article",
    promise=ARTICLE,
    cause="events repeat fields that the client chose",
    requirement="Unknown fields are ignored: neither refused nor forwarded.",
    expected="the event without them",
    fix="Build the event from the fields you know.",
    missing_test="Send a chat message with an extra field and expect an event without it.",
    run=_unknown_fields,
)


async def _request_id(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    for given, wanted in (("short", "short"), ("y" * 150, "y" * 100)):
        peer.chat(room, "hello", requestId=given)
        received = (await peer.receive("chat")).get("requestId")
        if received != wanted:
            return broken(f"requestId of {len(given)} characters came back as {received!r:.40}")
    for odd in (1, None, ["x"], {"x": 1}):
        peer.chat(room, "hello", requestId=odd)
        received = (await peer.receive("chat")).get("requestId")
        if not isinstance(received, str) or not received:
            return broken(f"requestId {odd!r} came back as {received!r:.40}")
    return held("each was kept, cut to 100 characters, or replaced")


REQUEST_ID = Probe(
    id="validation/9",
    title="A requestId is limited in length and always present",
    severity="P2",
    profile="article",
    promise=ARTICLE,
    requirement="requestId is a string of up to 100 UTF-16 units: a longer one is cut, any other value replaced.",
    expected="the same requestId, cut to 100 characters, or a generated one",
    fix="Cut strings to 100 characters and generate an id for everything else.",
    missing_test="Send a requestId of 150 characters, a number, and none at all.",
    run=_request_id,
)


FIELDS = ("type", "id", "requestId", "roomId", "userId", "text", "sentAt")


async def _event_shape(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    peer.chat(room, "one", requestId="r1")
    peer.chat(room, "two", requestId="r2")
    first, second = await peer.receive("chat"), await peer.receive("chat")
    missing = [name for name in FIELDS if not isinstance(first.get(name), str) or not first[name]]
    if missing:
        return broken(f"missing or not a string: {', '.join(missing)}")
    return (held if first["id"] != second["id"] else broken)(f"ids {first['id']} and {second['id']}")


EVENT_SHAPE = Probe(
    id="validation/14",
    title="An event has its own id, its room, its user and its time",
    severity="P1",
    profile="article",
    promise=ARTICLE,
    requirement="A chat event is {type, id, requestId, roomId, userId, text, sentAt}, with a unique id.",
    expected="every field as text, and two ids for two events",
    fix="Generate an id for each event, and take the other fields from the session and the clock.",
    missing_test="Send two chat messages and check the fields of both events.",
    run=_event_shape,
)
