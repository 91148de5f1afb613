"""Messages sent right after auth, and a second auth."""

from labkit.evidence import Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded
from labkit.review.judge import must_be_refusal, must_be_well, must_receive_only, refused_or_served
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, DANGER
from labkit.review.scene import Scene


async def _join_right_after_auth(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="auth", token=await scene.token())
    peer.send(type="join", roomId=scene.room())
    peer.send(type="ping")
    order = [str((await peer.receive()).get("type")) for _ in range(3)]
    return (held if order == ["auth_ok", "joined", "pong"] else broken)(f"the responses were {', '.join(order)}")


JOIN_RIGHT_AFTER_AUTH = Probe(
    id="auth/11",
    title="A join sent right after auth waits for auth to finish",
    severity="P1",
    profile="article",
    promise=ARTICLE,
    requirement="On one connection, responses keep the order of the messages that caused them.",
    expected="auth_ok, joined, pong",
    fix="If verifying a credential takes time, queue the messages that follow instead of handling them too early.",
    missing_test="Send auth, join and ping in one write and expect auth_ok, joined, pong.",
    run=_join_right_after_auth,
)


RETRY_S = 3.0


async def _auth_after_failed_auth(scene: Scene) -> Outcome:
    room = scene.room()
    member = await scene.enter(room)
    intruder = await scene.connect()
    intruder.send(type="auth", token="not-the-token-at-all")
    intruder.send(type="auth", token=await scene.token())
    intruder.send(type="join", roomId=room)
    intruder.chat(room, "sent after the close")
    ended = await refused_or_served(scene, intruder, RETRY_S)
    if scene.is_strict and (ended is None or ended.code != scene.target.dialect.code(4403)):
        return broken(f"{ended or 'the connection stays open'}")
    if ended is None:
        return held("the server lets a client try again after a failed auth")
    return await must_receive_only({"the member": member}, member, room, [])


AUTH_AFTER_FAILED_AUTH = Probe(
    id="auth/8",
    title="After a failed auth the server ignores all further messages",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="messages are still handled after the server has closed the connection",
    requirement="After a close, the server ignores everything that the client still sends.",
    expected="close 4403, and the room receives nothing",
    fix="Mark the connection as closing before you send the close frame, and drop every message after that.",
    missing_test="Send auth(wrong), auth(right), join and chat in one write; the room must receive nothing.",
    run=_auth_after_failed_auth,
)


async def _second_auth(scene: Scene) -> Outcome:
    room = scene.room()
    peer = await scene.enter(room)
    peer.chat(room, "the user before")
    user = peer.ok.get("userId", (await peer.receive("chat")).get("userId"))
    peer.send(type="auth", token="not-the-token-at-all")
    peer.chat(room, "still the same user")
    try:
        event = await peer.receive("chat")
    except ConnectionEnded as ended:
        if scene.is_strict:
            return broken(str(ended))
        must_be_refusal(scene, ended)
        return held(str(ended))
    if event.get("userId") != user:
        return broken(f"its userId is now {event.get('userId')}; it was {user}")
    return await must_be_well(peer) if scene.is_strict else held("the user stays the same")


SECOND_AUTH = Probe(
    id="auth/9",
    title="A second auth changes nothing",
    severity="P2",
    profile="core",
    promise=DANGER,
    requirement="A second auth on one connection is ignored.",
    expected="the connection stays open, as the same user",
    fix="Ignore auth once a connection is authenticated; refresh renews a credential.",
    missing_test="Send auth twice and expect one auth_ok and the same userId afterwards.",
    run=_second_auth,
)
