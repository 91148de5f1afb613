"""rooms/13: the number of rooms per connection."""

from labkit.review.finding import CannotTell, Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene


async def _run(scene: Scene) -> Outcome:
    limit = int(scene.promised.rooms_per_connection)
    if limit > 1000:
        raise CannotTell("rooms_per_connection is off")
    peer = await scene.enter()
    for number in range(limit + 1):
        peer.send(type="join", roomId=scene.room(f"r{number}"))
        response = await peer.receive()
        if response.get("type") == "error":
            summary = f"room {number + 1} was refused with {response.get('code')}"
            return (held if response.get("code") == "room_limit" and number == limit else broken)(summary)
    return broken(f"{limit + 1} rooms were joined")


PROBE = Probe(
    id="rooms/13",
    title="A connection can join a limited number of rooms",
    severity="P1",
    profile="full",
    requirement="A join beyond rooms_per_connection is refused with error room_limit.",
    expected="error room_limit for the first room over the limit",
    fix="Count the rooms of a connection in join.",
    missing_test="Join one room more than allowed and expect room_limit.",
    run=_run,
)
