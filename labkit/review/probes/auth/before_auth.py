"""Messages that a client sends before auth."""

from labkit.evidence import Outcome
from labkit.review.judge import must_end, must_receive_only
from labkit.review.probe import Probe
from labkit.review.promise import ARTICLE, DANGER
from labkit.review.scene import Scene


async def _join_before_auth(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="join", roomId=scene.room())
    return await must_end(scene, peer, 4403)


JOIN_BEFORE_AUTH = Probe(
    id="auth/1",
    title="A join before auth is refused",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="messages are handled before auth",
    requirement="Before auth, any other valid message closes the connection with 4403.",
    expected="close 4403, and no `joined` message",
    fix="Check the state of the connection for every message: before auth, accept only auth.",
    missing_test="Send join as the first message and expect close 4403.",
    run=_join_before_auth,
)


async def _chat_before_auth(scene: Scene) -> Outcome:
    room = scene.room()
    member = await scene.enter(room)
    stranger = await scene.connect()
    stranger.chat(room, "from a stranger")
    outcome = await must_end(scene, stranger, 4403)
    return outcome if outcome.verdict == "broken" else await must_receive_only({"the member": member}, member, room, [])


CHAT_BEFORE_AUTH = Probe(
    id="auth/2",
    title="A chat message before auth reaches nobody",
    severity="P0",
    profile="core",
    promise=DANGER,
    cause="messages are handled before auth",
    requirement="Before auth, any other valid message closes the connection with 4403 and has no effect.",
    expected="close 4403, and the room receives nothing",
    fix="Check for an authenticated user once, before any message is handled, not in each handler.",
    missing_test="With a member in the room, send chat on a fresh connection; expect 4403 and no event in the room.",
    run=_chat_before_auth,
)


async def _ping_before_auth(scene: Scene) -> Outcome:
    peer = await scene.connect()
    peer.send(type="ping")
    return await must_end(scene, peer, 4403)


PING_BEFORE_AUTH = Probe(
    id="auth/3",
    title="A ping message before auth is refused",
    severity="P2",
    profile="article",
    promise=ARTICLE,
    cause="messages are handled before auth",
    requirement="Before auth, any other valid message closes the connection with 4403.",
    expected="close 4403, and no pong",
    fix="Make no exception for harmless messages: before auth, accept only auth.",
    missing_test="Send ping as the first message and expect close 4403.",
    run=_ping_before_auth,
)
