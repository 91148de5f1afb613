"""Clients that do not answer pings."""

from labkit.evidence import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene
from labkit.review.unresponsive import ping_interval_s, watch_unresponsive


async def _unresponsive(scene: Scene) -> Outcome:
    return (await watch_unresponsive(scene, answering=False)).outcome


UNRESPONSIVE = Probe(
    id="heartbeat/2",
    title="An unresponsive connection is closed, a healthy one is kept",
    severity="P1",
    profile="core",
    promise=DANGER,
    cause="there is no working heartbeat",
    requirement="A connection that does not answer pings is closed; one that does is kept.",
    expected="the unresponsive connection is closed; the healthy one, pinged just as often, is not",
    fix="Remember that a ping is outstanding, and close the connection if its pong does not arrive in time.",
    missing_test="Leave pings unanswered on one connection and answer them on another; only the first may be closed.",
    run=_unresponsive,
)


async def _close_code(scene: Scene) -> Outcome:
    ended = (await watch_unresponsive(scene, answering=False)).ended
    if ended is None:
        return broken("the unresponsive connection was never closed")
    return (held if ended.code == scene.target.dialect.code(4408) else broken)(str(ended))


CLOSE_CODE = Probe(
    id="heartbeat/3",
    title="A client that answers no ping is closed with 4408",
    severity="P2",
    profile="full",
    promise=KIT,
    cause="there is no working heartbeat",
    requirement="A missing pong closes the connection with 4408: the client may reconnect and resume.",
    expected="close 4408",
    fix="Send a close frame with 4408 before you end the connection.",
    missing_test="Leave a ping unanswered and expect close 4408.",
    run=_close_code,
)


async def _unmatched_pong(scene: Scene) -> Outcome:
    return (await watch_unresponsive(scene, answering=True)).outcome


UNMATCHED_PONG = Probe(
    id="heartbeat/4",
    title="An unmatched pong does not keep a connection alive",
    severity="P2",
    profile="full",
    promise=KIT,
    cause="there is no working heartbeat",
    requirement="Only a pong with the payload of the latest ping counts.",
    expected="a connection that sends pongs with the wrong payload is closed like an unresponsive one",
    fix="Put a fresh payload into each ping and compare the payload of the pong with it.",
    missing_test="Answer each ping with a pong that has a different payload, and expect the connection to be closed.",
    run=_unmatched_pong,
)


async def _leaves_rooms(scene: Scene) -> Outcome:
    room = scene.room()
    watcher, unresponsive = await scene.enter(room), await scene.enter(room)
    unresponsive.answers_pings = unresponsive.answers_close = False
    watcher.send(type="presence", roomId=room)
    await watcher.receive("presence")
    allowed_s = 1.5 * ping_interval_s(scene, unresponsive) + scene.promised.ping_timeout_s + 3
    if not await unresponsive.until_ended(allowed_s):
        return broken("the unresponsive member was never closed")
    gone = await watcher.receive("gone")
    is_right = gone.get("userId") == unresponsive.ok.get("userId")
    return (held if is_right else broken)(
        f"gone for {gone.get('userId')}; the unresponsive member was {unresponsive.ok.get('userId')}"
    )


LEAVES_ROOMS = Probe(
    id="heartbeat/8",
    title="An unresponsive member is removed from its rooms",
    severity="P1",
    profile="full",
    promise=KIT,
    cause="there is no working heartbeat",
    requirement="A closed connection leaves its rooms at once, whether or not it answers the close.",
    expected="gone for the unresponsive member",
    fix="Leave all rooms when the server decides to close, not when TCP reports the end.",
    missing_test="Let a member leave pings unanswered, and expect gone in the room.",
    run=_leaves_rooms,
)
