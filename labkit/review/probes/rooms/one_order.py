"""rooms/8: several speakers at once."""

import asyncio

from labkit.review.finding import Seen, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

EACH = 20


async def _run(scene: Scene) -> Seen:
    room = scene.room()
    members = [await scene.enter(room) for _ in range(3)]
    listeners = members
    if "chat" in scene.target.dialect.no_answers:  # what a member hears comes on two connections, in no order
        listeners = [await scene.enter(room) for _ in range(2)]
    for number in range(EACH):
        for peer in members:
            peer.chat(room, f"{peer.name} {number}")
        await asyncio.sleep(0)
    orders = []
    for peer in listeners:
        orders.append([(await peer.hear("chat"))["text"] for _ in range(3 * EACH)])
    if any(order != orders[0] for order in orders):
        return broken("two members heard the same events in different orders")
    for peer in members:
        mine = [text for text in orders[0] if text.startswith(f"{peer.name} ")]
        if mine != [f"{peer.name} {number}" for number in range(EACH)]:
            return broken("what one member said is not in the order in which it was said")
    return held(f"{len(listeners)} members heard {3 * EACH} events in one order")


PROBE = Probe(
    id="rooms/8",
    title="All members hear the same events in the same order",
    severity="P1",
    profile="core",
    requirement="Room events have one order for everybody, and keep that of each sender.",
    expected="one order, complete",
    fix="Give each event its place in one spot, and send to every member from there.",
    missing_test="Let three members talk at once and compare what they heard.",
    run=_run,
)
