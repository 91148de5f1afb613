"""rooms/8: several members chatting at once."""

import asyncio

from labkit.review.finding import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.scene import Scene

CHATS = 20


async def _run(scene: Scene) -> Outcome:
    room = scene.room()
    members = [await scene.enter(room) for _ in range(3)]
    receivers = members
    if "chat" in scene.target.dialect.no_answers:  # a sender receives events on two connections, in no fixed order
        receivers = [await scene.enter(room) for _ in range(2)]
    for number in range(CHATS):
        for peer in members:
            peer.chat(room, f"{peer.name} {number}")
        await asyncio.sleep(0)
    orders = []
    for peer in receivers:
        orders.append([(await peer.receive("chat"))["text"] for _ in range(3 * CHATS)])
    if any(order != orders[0] for order in orders):
        return broken("two members received the same events in different orders")
    for peer in members:
        own = [text for text in orders[0] if text.startswith(f"{peer.name} ")]
        if own != [f"{peer.name} {number}" for number in range(CHATS)]:
            return broken("the chats of one member are not in the order in which it sent them")
    return held(f"{len(receivers)} members received {3 * CHATS} events in one order")


PROBE = Probe(
    id="rooms/8",
    title="All members receive the same events in the same order",
    severity="P1",
    profile="core",
    requirement="The events of a room have one order for everybody, which keeps the order of each sender.",
    expected="one order, complete",
    fix="Give each event its position in one place, and send it to every member from there.",
    missing_test="Let three members chat at once, and compare what they received.",
    run=_run,
)
