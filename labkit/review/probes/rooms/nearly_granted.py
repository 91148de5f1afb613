"""rooms/11: rooms whose names only begin like a granted one."""

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

NEAR = ("review:ticket2", "review:ticket:sub", "review:ticke", "review:Ticket", "xreview:ticket", "review:ticket_")


async def _run(scene: Scene) -> Seen:
    guest = await scene.enter("review:ticket", token=await scene.ticket())
    for room in NEAR:
        guest.say(type="join", roomId=room)
        said = await guest.hear()
        if said.get("code") != "room_denied":
            return broken(f"{room}: answered with {said.get('type')} {said.get('code', '')}".rstrip())
    return held(f"each of {len(NEAR)} rooms was denied")


PROBE = Probe(
    id="rooms/11",
    title="A grant for a room is no grant for its namesakes",
    severity="P0",
    profile="full",
    requirement="A grant is an exact room, or a prefix only where it ends in *.",
    expected="error room_denied for each",
    fix="Compare the whole name, and treat a pattern as a prefix only when it says so.",
    missing_test="Grant review:ticket and try review:ticket2; expect room_denied.",
    run=_run,
)
