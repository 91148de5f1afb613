"""Recovery of events that were sent while a member was disconnected."""

from labkit.evidence import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.promise import KIT
from labkit.review.scene import Scene


async def _missed_events(scene: Scene) -> Outcome:
    room = scene.room()
    stays = await scene.enter(room)
    away = await scene.enter()
    away.send(type="join", roomId=room)
    position = await away.receive("joined")
    away.drop()
    for text in ("one", "two", "three"):
        stays.chat(room, text)
    await stays.received_so_far()
    back = await scene.enter()
    since = {"epoch": position.get("epoch"), "seq": position.get("seq")}
    back.send(type="join", roomId=room, since=since)
    joined = await back.receive("joined")
    texts = [one.get("text") for one in await back.received_so_far() if one.get("type") == "chat"]
    is_whole = texts == ["one", "two", "three"] and joined.get("gap") is False
    return (held if is_whole else broken)(f"gap {joined.get('gap')}, then {texts!r}")


MISSED_EVENTS = Probe(
    id="rooms/15",
    title="A client that rejoins receives the events it missed",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="join with since is answered with joined and then the missed events, in order.",
    expected="gap false, then one, two, three",
    fix="Keep the latest events of each room, and send the ones after since.",
    missing_test="Disconnect, let another member chat, rejoin with since; expect the missed chats in order.",
    run=_missed_events,
)


async def _gap(scene: Scene) -> Outcome:
    room = scene.room()
    keeper = await scene.enter()
    keeper.send(type="join", roomId=room)
    epoch = (await keeper.receive("joined")).get("epoch")
    for since in ({"epoch": "another-epoch", "seq": 0}, {"epoch": epoch, "seq": 10**6}):
        peer = await scene.enter()
        peer.send(type="join", roomId=room, since=since)
        joined = await peer.receive("joined")
        if joined.get("gap") is not True:
            return broken(f"since {since}: gap {joined.get('gap')}")
    return held("gap true for another epoch and for a seq that does not exist")


GAP = Probe(
    id="rooms/16",
    title="A gap is reported",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="joined has gap: true if the server cannot send all missed events.",
    expected="gap true",
    fix="Compare the epoch, and answer gap: true when since is outside the history.",
    missing_test="Join with an unknown epoch and expect gap: true.",
    run=_gap,
)
