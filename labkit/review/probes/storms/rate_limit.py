"""storms/4: more messages than the rate limit allows."""

from labkit.review.endpoint import Message
from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
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


PROBE = Probe(
    id="storms/4",
    title="One connection cannot flood a room",
    severity="P1",
    profile="full",
    requirement="Messages over the rate limit are refused with error rate_limited and their requestId.",
    expected="rate_limited for the excess messages; other members are unaffected",
    fix="Give each connection a token bucket.",
    missing_test="Send more messages at once than the burst allows; expect rate_limited.",
    run=_run,
)
