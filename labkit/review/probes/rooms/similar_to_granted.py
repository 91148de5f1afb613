"""rooms/11: rooms whose names resemble a granted one."""

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

SIMILAR = ("review:ticket2", "review:ticket:sub", "review:ticke", "review:Ticket", "xreview:ticket", "review:ticket_")


async def _run(scene: Scene) -> Outcome:
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    for room in SIMILAR:
        guest.send(type="join", roomId=room)
        response = await guest.receive()
        if response.get("code") != "room_denied":
            return broken(f"{room}: the response was {response.get('type')} {response.get('code', '')}".rstrip())
    return held(f"each of {len(SIMILAR)} rooms was denied")


PROBE = Probe(
    id="rooms/11",
    title="A grant covers no room with a similar name",
    severity="P0",
    profile="full",
    requirement="A grant names an exact room, or a prefix only if it ends in *.",
    expected="error room_denied for each room",
    fix="Compare the whole name, and treat a pattern as a prefix only if it ends in *.",
    missing_test="Grant review:ticket and try review:ticket2; expect room_denied.",
    run=_run,
)
