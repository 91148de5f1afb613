"""rooms/13: joining without end."""

from labkit.review.finding import CannotTell, Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Seen:
    most = int(scene.promised.rooms_per_connection)
    if most > 1000:
        raise CannotTell("rooms_per_connection is off")
    peer = await scene.enter()
    for number in range(most + 1):
        peer.say(type="join", roomId=scene.room(f"r{number}"))
        said = await peer.hear()
        if said.get("type") == "error":
            told = f"room {number + 1} was refused with {said.get('code')}"
            return (held if said.get("code") == "room_limit" and number == most else broken)(told)
    return broken(f"{most + 1} rooms were joined")


PROBE = Probe(
    id="rooms/13",
    title="One connection cannot join rooms without end",
    severity="P1",
    profile="full",
    requirement="More than rooms_per_connection rooms are refused with error room_limit.",
    expected="error room_limit for one room too many",
    fix="Count the rooms of a connection in join.",
    missing_test="Join one room more than allowed and expect room_limit.",
    run=_run,
)
