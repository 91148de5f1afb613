"""rooms/10: a room outside the grants."""

from labkit.review.finding import Outcome, broken
from labkit.review.judge import must_end, must_receive_only
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    room = "private:" + scene.room()[2:10]
    insider = await scene.enter(room)
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    guest.send(type="join", roomId=room)
    response = await guest.receive()
    if response.get("type") != "error" or response.get("code") != "room_denied":
        return broken(f"the response to join was {response.get('type')} {response.get('code', '')}".rstrip())
    guest.chat(room, "from a guest")
    outcome = await must_end(scene, guest, 1008)
    return (
        outcome if outcome.verdict == "broken" else await must_receive_only({"an insider": insider}, insider, room, [])
    )


PROBE = Probe(
    id="rooms/10",
    title="A room outside the grants cannot be joined",
    severity="P0",
    profile="full",
    requirement="A join not covered by the grants is refused with error room_denied.",
    expected="error room_denied; a chat there closes with 1008",
    fix="Check the grants of the session in join, and deny every room that no pattern covers.",
    missing_test="Join a room outside the grants and expect room_denied.",
    run=_run,
)
