"""The order and the sequence numbers of events."""

import asyncio

from labkit.evidence import Outcome, broken, held
from labkit.review.probe import Probe
from labkit.review.promise import DANGER, KIT
from labkit.review.scene import Scene

CHATS, FEW = 20, 5


async def _one_order(scene: Scene) -> Outcome:
    room = scene.room()
    members = [await scene.enter(room) for _ in range(3)]
    receivers = members
    if "chat" in scene.target.dialect.no_answers:  # a sender receives events on two connections, in no fixed order
        receivers = [await scene.enter(room) for _ in range(2)]
    chats = CHATS if scene.is_strict else FEW  # a server may have a lower rate limit
    for number in range(chats):
        for peer in members:
            peer.chat(room, f"{peer.name} {number}")
        await asyncio.sleep(0)
    orders = []
    for peer in receivers:
        orders.append([(await peer.receive("chat"))["text"] for _ in range(3 * chats)])
    if any(order != orders[0] for order in orders):
        return broken("two members received the same events in different orders")
    for peer in members:
        own = [text for text in orders[0] if text.startswith(f"{peer.name} ")]
        if own != [f"{peer.name} {number}" for number in range(chats)]:
            return broken("the chat messages of one member are not in the order in which it sent them")
    return held(f"{len(receivers)} members received {3 * chats} events in one order")


ONE_ORDER = Probe(
    id="rooms/8",
    title="All members receive the same events in the same order",
    severity="P1",
    profile="core",
    promise=DANGER,
    requirement="Everybody receives a room's events in the same order, and each sender's messages in the order sent.",
    expected="one order, complete",
    fix="Give each event its position in one place, and send it to every member from there.",
    missing_test="Let three members chat at the same time, and compare the events that each received.",
    run=_one_order,
)


COUNT = 30


async def _seq(scene: Scene) -> Outcome:
    room = scene.room()
    sender, receiver = await scene.enter(room), await scene.enter(room)
    for number in range(COUNT):
        sender.chat(room, str(number))
    seqs = [(await receiver.receive("chat")).get("seq") for _ in range(COUNT)]
    own = [(await sender.receive("chat")).get("seq") for _ in range(COUNT)]
    is_whole = seqs == own and seqs == list(range(1, COUNT + 1))
    return (held if is_whole else broken)(f"seqs {seqs[0]} to {seqs[-1]}, {len(set(seqs))} distinct")


SEQ = Probe(
    id="rooms/14",
    title="seq has no gaps, so a lost event is noticed",
    severity="P1",
    profile="full",
    promise=KIT,
    requirement="The events of a room have a per-room seq without gaps.",
    expected="1, 2, 3 ... for every member",
    fix="Number a room's events at the moment you accept them.",
    missing_test="Send 30 chats and expect seq 1 to 30.",
    run=_seq,
)
