"""rooms/10: a room outside the grants."""

from labkit.review.finding import Seen, broken
from labkit.review.judge import must_end, must_hear_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    room = "private:" + scene.room()[2:10]
    insider = await scene.enter(room)
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    guest.say(type="join", roomId=room)
    said = await guest.hear()
    if said.get("type") != "error" or said.get("code") != "room_denied":
        return broken(f"the join was answered with {said.get('type')} {said.get('code', '')}".rstrip())
    guest.chat(room, "from a guest")
    seen = await must_end(scene, guest, 1008)
    return seen if seen.verdict == "broken" else await must_hear_only({"an insider": insider}, insider, room, [])


PROBE = Probe(
    id="rooms/10",
    title="A room outside the grants stays closed",
    severity="P0",
    profile="full",
    requirement="A join that the grants do not cover is refused with error room_denied.",
    expected="error room_denied; a chat there closes with 1008",
    fix="Check the grants of the session in join, and deny what no pattern covers.",
    missing_test="Join a room outside the grants and expect room_denied.",
    run=_run,
)
