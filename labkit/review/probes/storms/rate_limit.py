"""storms/4: more messages than the rate."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.peer import Said
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    burst = scene.promised.message_burst
    if burst > 5000 or scene.promised.messages_per_s > 1e6:
        raise CannotTell("messages_per_s is off")
    room = scene.room()
    peer, other = await scene.enter(room), await scene.enter(room)
    for number in range(int(burst) + 60):
        peer.chat(room, "x", requestId=f"number {number}")
    errors: list[Said] = []
    events = 0
    while len(errors) + events < int(burst) + 60:
        said = await peer.hear()
        errors += [said] if said.get("type") == "error" else []
        events += said.get("type") == "chat"
    if not errors or any(said.get("code") != "rate_limited" or not said.get("requestId") for said in errors):
        return broken(f"{events} events and {len(errors)} errors: {errors[:1]}")
    other.chat(room, "not limited")
    while (await other.hear("chat")).get("text") != "not limited":
        pass
    return held(f"{events} events, {len(errors)} refused with rate_limited; another member was not limited")


PROBE = Probe(
    id="storms/4",
    title="One connection cannot flood a room",
    severity="P1",
    profile="full",
    requirement="Messages over the rate are refused with error rate_limited and their requestId.",
    expected="rate_limited for the excess, and other members unaffected",
    fix="Give each connection a token bucket.",
    missing_test="Send more than the burst at once and expect rate_limited.",
    run=_run,
)
