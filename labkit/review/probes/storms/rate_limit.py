"""Clients that send too many messages."""

from labkit.evidence import CannotTell, Outcome, broken, held
from labkit.review.endpoint import ConnectionEnded, Message
from labkit.review.probe import Probe
from labkit.review.promise import KIT
from labkit.review.scene import Scene


async def _rate_limit(scene: Scene) -> Outcome:
    burst = scene.promised.message_burst
    if burst > 5000 or scene.promised.messages_per_s > 1e6:
        raise CannotTell("messages_per_s is off")
    room = scene.room()
    peer, other = await scene.enter(room), await scene.enter(room)
    for number in range(int(burst) + 60):
        peer.chat(room, "x", requestId=f"number {number}")
    errors: list[Message] = []
    events = 0
    while len(errors) + events < int(burst) + 60:
        message = await peer.receive()
        errors += [message] if message.get("type") == "error" else []
        events += message.get("type") == "chat"
    if not errors or any(message.get("code") != "rate_limited" or not message.get("requestId") for message in errors):
        return broken(f"{events} events and {len(errors)} errors: {errors[:1]}")
    other.chat(room, "not limited")
    while (await other.receive("chat")).get("text") != "not limited":
        pass
    return held(f"{events} events, {len(errors)} messages refused with rate_limited; another member was not limited")


RATE_LIMIT = Probe(
    id="storms/4",
    title="One connection cannot flood a room",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="Messages over the rate limit are refused with error rate_limited and their requestId.",
    expected="rate_limited for the excess messages; other members are unaffected",
    fix="Give each connection a token bucket.",
    missing_test="Send more messages at once than the burst allows; expect rate_limited.",
    run=_rate_limit,
)


FLOODS = 20


async def _sustained_flood(scene: Scene) -> Outcome:
    burst = scene.promised.message_burst
    if burst > 5000 or scene.promised.messages_per_s > 1e6:
        raise CannotTell("messages_per_s is off")
    peer = await scene.enter()
    try:
        for _ in range(FLOODS):
            for _ in range(int(burst) + 100):
                peer.send(type="ping")
            for _ in range(int(burst) + 100):  # while it is open, each gets a pong or an error
                await peer.receive()
    except ConnectionEnded as ended:
        is_right = ended.code == scene.target.dialect.code(4429) and "retry=" in ended.reason
        return (held if is_right else broken)(str(ended))
    return broken(f"{FLOODS * (int(burst) + 100)} messages in bursts were all answered")


SUSTAINED_FLOOD = Probe(
    id="storms/5",
    title="A client that keeps flooding is closed",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="A client that keeps exceeding the rate limit is closed with 4429 and retry=MS.",
    expected="close 4429 with retry=MS",
    fix="Count the refusals, and close when there are too many in a short time.",
    missing_test="Keep sending over the rate limit, and expect close 4429.",
    run=_sustained_flood,
)
